"""What does an Amazon Linux 2023 host of EC2 hold before it is given any work?"""

from __future__ import annotations

from bot.sandbox.fleet.base import lay_certificates, lay_chrony, lay_kernel, lay_machine, lay_ssm_agent
from bot.sandbox.fleet.draft import UDP, Draft, digest
from bot.sandbox.fleet.schema import data

KERNEL = "6.1.141-155.222.amzn2023.x86_64"
NOLOGIN = "/sbin/nologin"

USERS = (
    ("root", 0, "/root", "/bin/bash"),
    ("bin", 1, "/bin", NOLOGIN),
    ("daemon", 2, "/sbin", NOLOGIN),
    ("adm", 3, "/var/adm", NOLOGIN),
    ("lp", 4, "/var/spool/lpd", NOLOGIN),
    ("sync", 5, "/sbin", "/bin/sync"),
    ("shutdown", 6, "/sbin", "/sbin/shutdown"),
    ("halt", 7, "/sbin", "/sbin/halt"),
    ("mail", 8, "/var/spool/mail", NOLOGIN),
    ("operator", 11, "/root", NOLOGIN),
    ("games", 12, "/usr/games", NOLOGIN),
    ("ftp", 14, "/var/ftp", NOLOGIN),
    ("nobody", 65534, "/", NOLOGIN),
    ("dbus", 81, "/", NOLOGIN),
    ("systemd-network", 192, "/", NOLOGIN),
    ("systemd-oom", 999, "/", NOLOGIN),
    ("systemd-resolve", 193, "/", NOLOGIN),
    ("sshd", 74, "/usr/share/empty.sshd", NOLOGIN),
    ("rpc", 32, "/var/lib/rpcbind", NOLOGIN),
    ("libstoragemgmt", 997, "/", NOLOGIN),
    ("systemd-coredump", 996, "/", NOLOGIN),
    ("systemd-timesync", 995, "/", NOLOGIN),
    ("chrony", 994, "/var/lib/chrony", NOLOGIN),
    ("ec2-instance-connect", 993, "/home/ec2-instance-connect", NOLOGIN),
    ("rpcuser", 29, "/var/lib/nfs", NOLOGIN),
    ("tcpdump", 72, "/", NOLOGIN),
    ("ec2-user", 1000, "/home/ec2-user", "/bin/bash"),
    ("deploy", 1001, "/home/deploy", "/bin/bash"),
    ("metrics", 992, "/var/lib/metrics", NOLOGIN),
)
GROUPS = "root:0 bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 wheel:10 mail:12 systemd-journal:190 shadow:998 ec2-user:1000 deploy:1001 metrics:992 nobody:65534".split()
MEMBERS = {"ec2-user": (4, 10, 190), "deploy": (1001,), "metrics": (190,)}

SUID = "/usr/bin/at /usr/bin/chage /usr/bin/chfn /usr/bin/chsh /usr/bin/crontab /usr/bin/gpasswd /usr/bin/mount /usr/bin/newgrp /usr/bin/passwd /usr/bin/su /usr/bin/sudo /usr/bin/umount /usr/sbin/grub2-set-bootflag /usr/sbin/mount.nfs /usr/sbin/pam_timestamp_check /usr/sbin/unix_chkpwd".split()

RUNNING = "atd auditd chronyd crond dbus-broker gssproxy libstoragemgmt rngd rpcbind sshd systemd-homed systemd-journald systemd-logind systemd-networkd systemd-resolved systemd-udevd systemd-userdbd amazon-ssm-agent getty@tty1 serial-getty@ttyS0".split()
ONCE = "cloud-config cloud-final cloud-init cloud-init-local hibinit-agent kdump-early:disabled ldconfig:static nfs-utils:static policy-routes@ens5:enabled-runtime refresh-policy-routes@ens5:static sysstat systemd-boot-update systemd-sysctl:static systemd-tmpfiles-setup:static systemd-update-done:static update-motd user-runtime-dir@1000:static".split()
TIMERS = "fstrim logrotate man-db-cache-update:static refresh-policy-routes@ens5 sysstat-collect sysstat-summary systemd-tmpfiles-clean update-motd unbound-anchor:disabled".split()
SOCKETS = "dbus gssproxy rpcbind sssd-kcm systemd-journald systemd-udevd-control systemd-udevd-kernel systemd-networkd systemd-userdbd".split()

PAM = "chfn chsh config-util crond fingerprint-auth login other passwd password-auth polkit-1 postlogin remote runuser runuser-l smartcard-auth sshd su su-l sudo sudo-i system-auth systemd-user vlock".split()
PAM_MODULES = "access cap chroot cracklib debug deny echo env exec faildelay faillock filter keyinit lastlog limits listfile localuser loginuid mail mkhomedir motd namespace nologin permit pwquality rootok securetty selinux succeed_if systemd time umask unix userdb warn wheel".split()
CONFIG = (
    "/etc/bashrc /etc/crontab /etc/environment /etc/group /etc/ld.so.conf /etc/nsswitch.conf /etc/passwd /etc/profile /etc/anacrontab "
    "/etc/ssh/sshd_config /etc/ssh/sshd_config.d/50-redhat.conf /etc/ssh/ssh_config /etc/sudo.conf /etc/sysctl.conf /etc/rc.d/rc.local "
    "/etc/ld.so.conf.d/dyninst-x86_64.conf /etc/profile.d/bash_completion.sh /etc/profile.d/colorgrep.sh /etc/profile.d/colorls.sh "
    "/etc/profile.d/lang.sh /etc/profile.d/less.sh /etc/profile.d/vim.sh /etc/profile.d/which2.sh /etc/profile.d/debuginfod.sh "
    "/etc/udev/rules.d/60-cdrom_id.rules /etc/audit/auditd.conf /etc/audit/rules.d/audit.rules /etc/cron.d/0hourly /etc/cron.hourly/0anacron "
    "/etc/update-motd.d/30-banner /etc/update-motd.d/70-available-updates /etc/modprobe.d/nodccp.conf /etc/systemd/journald.conf "
    "/etc/systemd/system.conf /root/.bashrc /root/.bash_profile /home/ec2-user/.bashrc /home/ec2-user/.bash_profile /home/deploy/.bashrc"
).split()  # fmt: skip


def lay_amazon(draft: Draft) -> None:
    """Add the system: accounts, packages, daemons, units, schedules, files."""
    draft.add(
        "os_version", name="Amazon Linux", version="2023", major=2023, minor=0, patch=0, platform="amzn", platform_like="fedora", arch="x86_64"
    )  # fmt: skip
    root = digest(draft.image, 32)
    lay_kernel(
        draft,
        version=KERNEL,
        arguments=f"BOOT_IMAGE=(hd0,gpt1)/boot/vmlinuz-{KERNEL} root=UUID={root[:8]}-{root[8:12]}-4{root[13:16]}-{root[16:20]}-{root[20:]} ro console=tty0 console=ttyS0,115200n8 nvme_core.io_timeout=4294967295 rd.emergency=poweroff rd.shell=0 selinux=1 security=selinux quiet",
        extra_modules=("xfs", "libcrc32c", "zram"),
    )
    for name, value in (
        ("kernel.yama.ptrace_scope", "0"),
        ("kernel.kptr_restrict", "0"),
        ("kernel.dmesg_restrict", "0"),
        ("kernel.sysrq", "16"),
    ):
        next(row for row in draft.tables["system_controls"] if row["name"] == name)["current_value"] = value
    _accounts(draft)
    lay_machine(draft)
    _units(draft)
    _files(draft)
    lay_certificates(draft, "/etc/pki/tls/certs/ca-bundle.crt")
    for name, version, release, arch in data("amazon_packages"):
        draft.add(
            "rpm_packages",
            name=name,
            version=version,
            release=release,
            arch=arch,
            size=int(digest(name, 4), 16) * 9,
            install_time=draft.booted - 40 * 86400,
            vendor="Amazon Linux",
            source=f"{name.split('-')[0]}-{version}-{release}.src.rpm",
        )
    _daemons(draft)
    lay_ssm_agent(draft, "/usr/bin")


def _accounts(draft: Draft) -> None:
    for name, uid, home, shell in USERS:
        draft.user(name, uid, home, shell)
    for entry in GROUPS:
        name, gid = entry.split(":")
        draft.add("groups", gid=gid, gid_signed=gid, groupname=name)
    for member, gids in MEMBERS.items():
        for gid in gids:
            draft.add("user_groups", uid=draft.uid(member), gid=gid)
    for user, comment, home in (
        ("ec2-user", "ops-fleet-2025", "/home/ec2-user"),
        ("deploy", "deploy@ci", "/home/deploy"),
    ):
        draft.add(
            "authorized_keys",
            uid=draft.uid(user),
            algorithm="ssh-ed25519",
            key=f"AAAAC3NzaC1lZDI1NTE5AAAAI{digest(comment, 43)}",
            options="",
            comment=comment,
            key_file=f"{home}/.ssh/authorized_keys",
        )
        draft.file(f"{home}/.ssh/authorized_keys", f"key {comment}", mode="0600", uid=draft.uid(user))
    for source, header, rule in (
        ("/etc/sudoers", "Defaults", "!visiblepw"),
        ("/etc/sudoers", "Defaults", "always_set_home"),
        ("/etc/sudoers", "Defaults", "env_reset"),
        ("/etc/sudoers", "Defaults", "secure_path = /sbin:/bin:/usr/sbin:/usr/bin"),
        ("/etc/sudoers", "root", "ALL=(ALL) ALL"),
        ("/etc/sudoers", "%wheel", "ALL=(ALL) ALL"),
        ("/etc/sudoers", "#includedir", "/etc/sudoers.d"),
        ("/etc/sudoers.d/90-cloud-init-users", "ec2-user", "ALL=(ALL) NOPASSWD:ALL"),
    ):
        draft.add("sudoers", source=source, header=header, rule_details=rule)
    for path in ("/etc/sudoers", "/etc/sudoers.d/90-cloud-init-users"):
        draft.file(path, mode="0440")
    for days in range(draft.rng.randrange(2)):
        draft.add(
            "last",
            username="ec2-user",
            tty="pts/0",
            pid=draft.rng.randrange(1000, 30000),
            type=7,
            type_name="user-process",
            time=max(draft.booted, draft.now - days * 86400 - 50000),
            host="10.20.0.8",
        )


def _units(draft: Draft) -> None:
    for name in RUNNING:
        draft.unit(
            f"{name}.service",
            name,
            fragment=f"/usr/lib/systemd/system/{name.split('@')[0]}{'@' if '@' in name else ''}.service",
        )
    for entry in ONCE:
        name, _, state = entry.partition(":")
        draft.unit(
            f"{name}.service",
            name,
            active="inactive" if state in ("static", "disabled") else "active",
            sub="dead" if state in ("static", "disabled") else "exited",
            state=state or "enabled",
            fragment=f"/usr/lib/systemd/system/{name}.service",
        )
    for entry in TIMERS:
        name, _, state = entry.partition(":")
        draft.unit(
            f"{name}.timer",
            f"{name} timer",
            sub="waiting" if state != "disabled" else "dead",
            active="active" if state != "disabled" else "inactive",
            state=state or "enabled",
            fragment=f"/usr/lib/systemd/system/{name}.timer",
        )
    for name in SOCKETS:
        draft.unit(
            f"{name}.socket",
            f"{name} socket",
            state="enabled",
            fragment=f"/usr/lib/systemd/system/{name}.socket",
        )
    for target in (
        "basic",
        "local-fs",
        "multi-user",
        "network",
        "network-online",
        "remote-fs",
        "sockets",
        "sysinit",
        "timers",
    ):
        draft.unit(
            f"{target}.target",
            target,
            sub="active",
            state="static",
            fragment=f"/usr/lib/systemd/system/{target}.target",
        )


def _files(draft: Draft) -> None:
    for path in CONFIG:
        runs = any(part in path for part in ("/cron.hourly/", "/update-motd.d/"))
        owner = draft.uid(path.split("/")[2]) if path.startswith("/home/") else 0
        draft.file(path, mode="0755" if runs else "0644", uid=owner)
    for name in PAM:
        draft.file(f"/etc/pam.d/{name}")
    for name in PAM_MODULES:
        draft.file(f"/usr/lib64/security/pam_{name}.so", f"amazon:pam:{name}", mode="0755")
    for path in SUID:
        draft.add("suid_bin", path=path, username="root", groupname="root", permissions="S")
        draft.file(path, "amazon:" + path, mode="4755")
    for path, permissions, group in (("/usr/bin/write", "G", "tty"), ("/usr/bin/locate", "G", "slocate")):
        draft.add("suid_bin", path=path, username="root", groupname=group, permissions=permissions)
        draft.file(path, "amazon:" + path, mode="2755")
    for path, caps in (
        ("/usr/bin/newgidmap", "cap_setgid=ep"),
        ("/usr/bin/newuidmap", "cap_setuid=ep"),
        ("/usr/sbin/arping", "cap_net_raw=p"),
        ("/usr/sbin/clockdiff", "cap_net_raw=p"),
    ):
        draft.add(
            "extended_attributes",
            path=path,
            directory=path.rpartition("/")[0],
            key="security.capability",
            value=caps,
            base64=0,
        )
    for name in (
        "multi-user.target.wants/crond.service",
        "multi-user.target.wants/sshd.service",
        "multi-user.target.wants/amazon-ssm-agent.service",
    ):
        draft.file(f"/etc/systemd/system/{name}", target=f"/usr/lib/systemd/system/{name.rpartition('/')[2]}")
    draft.cron("/etc/cron.d/0hourly", "01 * * * *", "root run-parts /etc/cron.hourly")
    draft.add(
        "mounts",
        device="/dev/nvme0n1p1",
        device_alias="/dev/nvme0n1p1",
        path="/",
        type="xfs",
        flags="rw,seclabel,noatime,attr2,inode64,logbufs=8,logbsize=32k,sunit=1024,swidth=1024,noquota",
        blocks=8_000_000,
        blocks_free=draft.rng.randrange(1_000_000, 6_000_000),
    )
    draft.add(
        "mounts",
        device="/dev/nvme0n1p128",
        device_alias="/dev/nvme0n1p128",
        path="/boot/efi",
        type="vfat",
        flags="rw,noatime,fmask=0077,dmask=0077",
    )
    for name, base in (
        ("Amazon Linux 2023 repository", "core/mirrors/2023.7.20250609"),
        ("Amazon Linux 2023 Kernel Livepatch repository", "kernel-livepatch/mirrors/al2023"),
    ):
        draft.add(
            "yum_sources",
            name=name,
            source="/etc/yum.repos.d/amazonlinux.repo",
            mirrorlist=f"https://al2023-repos-eu-west-1-de612dc2.s3.dualstack.eu-west-1.amazonaws.com/{base}/x86_64/mirror.list",
            enabled=1,
            gpgcheck=1,
        )


def _daemons(draft: Draft) -> None:
    draft.spawn(
        "systemd",
        "/usr/lib/systemd/systemd",
        "/usr/lib/systemd/systemd --switched-root --system --deserialize=32",
        parent=0,
        pid=1,
        after_boot_s=0,
    )
    for name, path, cmdline, user in (
        ("systemd-journal", "/usr/lib/systemd/systemd-journald", "/usr/lib/systemd/systemd-journald", "root"),
        ("systemd-udevd", "/usr/bin/udevadm", "/usr/lib/systemd/systemd-udevd", "root"),
        ("auditd", "/usr/sbin/auditd", "/sbin/auditd", "root"),
        (
            "systemd-resolve",
            "/usr/lib/systemd/systemd-resolved",
            "/usr/lib/systemd/systemd-resolved",
            "systemd-resolve",
        ),
        (
            "systemd-network",
            "/usr/lib/systemd/systemd-networkd",
            "/usr/lib/systemd/systemd-networkd",
            "systemd-network",
        ),
        (
            "dbus-broker-lau",
            "/usr/bin/dbus-broker-launch",
            "/usr/bin/dbus-broker-launch --scope system --audit",
            "dbus",
        ),
        ("systemd-homed", "/usr/lib/systemd/systemd-homed", "/usr/lib/systemd/systemd-homed", "root"),
        ("lsmd", "/usr/bin/lsmd", "/usr/bin/lsmd -d", "libstoragemgmt"),
        ("rngd", "/usr/sbin/rngd", "/usr/sbin/rngd -f -x pkcs11 -x nist", "root"),
        ("systemd-logind", "/usr/lib/systemd/systemd-logind", "/usr/lib/systemd/systemd-logind", "root"),
        ("gssproxy", "/usr/sbin/gssproxy", "/usr/sbin/gssproxy -D", "root"),
        ("atd", "/usr/sbin/atd", "/usr/sbin/atd -f", "root"),
        ("crond", "/usr/sbin/crond", "/usr/sbin/crond -n", "root"),
        ("agetty", "/usr/sbin/agetty", "/sbin/agetty -o -p -- \\u --noclear - linux", "root"),
        (
            "agetty",
            "/usr/sbin/agetty",
            "/sbin/agetty -o -p -- \\u --keep-baud 115200,57600,38400,9600 - vt220",
            "root",
        ),
    ):
        pid = draft.spawn(name, path, cmdline, user=user, unit=f"{name}.service")
        draft.file(path, "amazon:" + path, mode="0755")
        if name == "systemd-network":
            draft.listen(pid, 68, draft.ip, UDP)
        if name == "systemd-resolve":
            for address in ("127.0.0.53", "127.0.0.54"):
                draft.listen(pid, 53, address)
                draft.listen(pid, 53, address, UDP)
    sshd = draft.spawn(
        "sshd",
        "/usr/sbin/sshd",
        "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        unit="sshd.service",
    )
    for address in ("0.0.0.0", "::"):
        draft.listen(sshd, 22, address)
    rpc = draft.spawn(
        "rpcbind", "/usr/bin/rpcbind", "/usr/bin/rpcbind -w -f", user="rpc", unit="rpcbind.service"
    )
    for address in ("0.0.0.0", "::"):
        draft.listen(rpc, 111, address)
        draft.listen(rpc, 111, address, UDP)
    lay_chrony(draft, "chrony", "/usr/sbin/chronyd")
    for path in (
        "/usr/sbin/sshd",
        "/usr/bin/rpcbind",
        "/usr/sbin/chronyd",
        "/usr/lib/systemd/systemd",
        "/usr/bin/amazon-ssm-agent",
        "/usr/bin/ssm-agent-worker",
        "/usr/bin/ssm-document-worker",
        "/usr/bin/bash",
        "/opt/osquery/bin/osqueryd",
        "/usr/bin/curl",
        "/usr/bin/ssh",
    ):
        draft.file(path, "amazon:" + path, mode="0755")
