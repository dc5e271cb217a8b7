"""What does a Debian 12 host of EC2 hold before it is given any work?"""

from __future__ import annotations

from bot.sandbox.fleet.base import lay_certificates, lay_chrony, lay_kernel, lay_machine, lay_ssm_agent
from bot.sandbox.fleet.draft import UDP, Draft, digest
from bot.sandbox.fleet.schema import data

KERNEL = "6.1.0-37-cloud-amd64"
NOLOGIN = "/usr/sbin/nologin"
LIB = "/usr/lib/x86_64-linux-gnu"

USERS = (
    ("root", 0, "/root", "/bin/bash"),
    ("daemon", 1, "/usr/sbin", NOLOGIN),
    ("bin", 2, "/bin", NOLOGIN),
    ("sys", 3, "/dev", NOLOGIN),
    ("sync", 4, "/bin", "/bin/sync"),
    ("games", 5, "/usr/games", NOLOGIN),
    ("man", 6, "/var/cache/man", NOLOGIN),
    ("lp", 7, "/var/spool/lpd", NOLOGIN),
    ("mail", 8, "/var/mail", NOLOGIN),
    ("news", 9, "/var/spool/news", NOLOGIN),
    ("uucp", 10, "/var/spool/uucp", NOLOGIN),
    ("proxy", 13, "/bin", NOLOGIN),
    ("www-data", 33, "/var/www", NOLOGIN),
    ("backup", 34, "/var/backups", NOLOGIN),
    ("list", 38, "/var/list", NOLOGIN),
    ("irc", 39, "/run/ircd", NOLOGIN),
    ("_apt", 42, "/nonexistent", NOLOGIN),
    ("nobody", 65534, "/nonexistent", NOLOGIN),
    ("systemd-network", 998, "/", NOLOGIN),
    ("messagebus", 100, "/nonexistent", NOLOGIN),
    ("sshd", 102, "/run/sshd", NOLOGIN),
    ("_chrony", 103, "/var/lib/chrony", NOLOGIN),
    ("polkitd", 997, "/nonexistent", NOLOGIN),
    ("tcpdump", 104, "/nonexistent", NOLOGIN),
    ("_rpc", 105, "/run/rpcbind", NOLOGIN),
    ("statd", 106, "/var/lib/nfs", NOLOGIN),
    ("admin", 1000, "/home/admin", "/bin/bash"),
    ("deploy", 1001, "/home/deploy", "/bin/bash"),
    ("metrics", 995, "/var/lib/metrics", NOLOGIN),
)

GROUPS = "root:0 daemon:1 bin:2 sys:3 adm:4 tty:5 disk:6 mail:8 sudo:27 shadow:42 www-data:33 backup:34 users:100 docker:996 systemd-journal:999 admin:1000 deploy:1001 metrics:995".split()
MEMBERS = {"admin": (4, 27, 30), "deploy": (1001,), "metrics": (999,)}

SUID = {
    "/usr/bin/chfn": "root",
    "/usr/bin/chsh": "root",
    "/usr/bin/fusermount3": "root",
    "/usr/bin/gpasswd": "root",
    "/usr/bin/mount": "root",
    "/usr/bin/newgrp": "root",
    "/usr/bin/passwd": "root",
    "/usr/bin/pkexec": "root",
    "/usr/bin/su": "root",
    "/usr/bin/sudo": "root",
    "/usr/bin/umount": "root",
    "/usr/sbin/mount.nfs": "root",
}
SGID = {"/usr/bin/chage": "shadow", "/usr/bin/expiry": "shadow", "/usr/bin/crontab": "crontab", "/usr/bin/ssh-agent": "_ssh", "/usr/bin/wall": "tty", "/usr/sbin/unix_chkpwd": "shadow"}  # fmt: skip

SERVICES = (
    "apparmor auditd chrony cloud-config cloud-final cloud-init cloud-init-local console-getty:disabled cron dbus "
    "e2scrub_reap fstrim:static getty@tty1 grub-common ifupdown-pre:static kmod-static-nodes:static logrotate:static "
    "lvm2-monitor man-db:static networking nfs-utils:static polkit:static rc-local:static rpcbind rsyslog serial-getty@ttyS0 "
    "ssh sysstat systemd-binfmt:static systemd-journal-flush:static systemd-journald:static systemd-logind:static "
    "systemd-modules-load:static systemd-networkd systemd-pstore systemd-random-seed:static systemd-remount-fs "
    "systemd-sysctl:static systemd-sysusers:static systemd-tmpfiles-clean:static systemd-tmpfiles-setup:static "
    "systemd-udevd:static systemd-update-utmp:static systemd-user-sessions:static ufw unattended-upgrades "
    "amazon-ssm-agent apt-daily:static apt-daily-upgrade:static dpkg-db-backup:static needrestart:static "
    "debug-shell:disabled rsync:disabled nftables:disabled systemd-pcrphase:static"
).split()
RUNNING = "auditd chrony cron dbus getty@tty1 polkit rpcbind rsyslog serial-getty@ttyS0 ssh systemd-journald systemd-logind systemd-networkd systemd-udevd unattended-upgrades amazon-ssm-agent".split()
TIMERS = "apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all fstrim logrotate man-db systemd-tmpfiles-clean sysstat-collect sysstat-summary".split()
SOCKETS = "dbus rpcbind syslog systemd-journald systemd-journald-dev-log systemd-udevd-control systemd-udevd-kernel systemd-networkd".split()

PAM = "chfn chpasswd chsh common-account common-auth common-password common-session common-session-noninteractive cron login newusers other passwd polkit-1 runuser runuser-l sshd su su-l sudo sudo-i".split()
PAM_MODULES = "access cap deny echo env exec faildelay faillock filter keyinit lastlog limits listfile localuser loginuid mail mkhomedir motd namespace nologin permit pwhistory rootok securetty selinux succeed_if systemd time umask unix userdb warn wheel".split()
CONFIG = (
    "/etc/bash.bashrc /etc/crontab /etc/environment /etc/group /etc/ld.so.conf /etc/nsswitch.conf /etc/passwd /etc/profile "
    "/etc/ssh/sshd_config /etc/ssh/ssh_config /etc/sudo.conf /etc/apt/sources.list /etc/modules /etc/sysctl.conf /etc/rsyslog.conf "
    "/etc/ld.so.conf.d/libc.conf /etc/ld.so.conf.d/x86_64-linux-gnu.conf /etc/profile.d/bash_completion.sh /etc/profile.d/Z99-cloud-locale-test.sh "
    "/etc/profile.d/Z99-cloudinit-warnings.sh /etc/init.d/auditd /etc/init.d/chrony /etc/init.d/cron /etc/init.d/dbus /etc/init.d/networking "
    "/etc/init.d/procps /etc/init.d/rpcbind /etc/init.d/rsyslog /etc/init.d/ssh /etc/init.d/sudo /etc/init.d/udev /etc/init.d/unattended-upgrades "
    "/etc/update-motd.d/10-uname /etc/update-motd.d/92-unattended-upgrades /etc/udev/rules.d/70-ec2-nvme-devices.rules /etc/audit/auditd.conf "
    "/etc/audit/rules.d/audit.rules /etc/cron.d/e2scrub_all /etc/cron.d/sysstat /etc/cron.daily/apt-compat /etc/cron.daily/dpkg "
    "/etc/cron.daily/logrotate /etc/cron.daily/man-db /etc/cron.weekly/man-db /etc/modprobe.d/blacklist.conf /etc/rc.local "
    "/etc/systemd/journald.conf /etc/systemd/system.conf /etc/apt/apt.conf.d/20auto-upgrades /etc/apt/apt.conf.d/50unattended-upgrades "
    "/root/.bashrc /root/.profile /home/admin/.bashrc /home/admin/.profile /home/deploy/.bashrc /home/deploy/.profile"
).split()  # fmt: skip


def lay_debian(draft: Draft) -> None:
    """Add the system: accounts, packages, daemons, units, schedules, files."""
    draft.add(
        "os_version", name="Debian GNU/Linux", version="12 (bookworm)", major=12, minor=0, patch=0, platform="debian",
        codename="bookworm", arch="x86_64",
    )  # fmt: skip
    root = digest(draft.image, 32)
    lay_kernel(
        draft,
        version=KERNEL,
        arguments=f"BOOT_IMAGE=/boot/vmlinuz-{KERNEL} root=PARTUUID={root[:8]}-{root[8:12]}-4{root[13:16]}-{root[16:20]}-{root[20:]} ro console=tty0 console=ttyS0,115200 earlyprintk=ttyS0,115200 nvme_core.io_timeout=4294967295",
    )
    _accounts(draft)
    lay_machine(draft)
    _units(draft)
    _files(draft)
    lay_certificates(draft, "/etc/ssl/certs/ca-certificates.crt")
    for name, version, arch in data("debian_packages"):
        draft.add(
            "deb_packages",
            name=name,
            version=version,
            arch=arch,
            status="install ok installed",
            revision=version.rpartition("-")[2],
            admindir="/var/lib/dpkg",
            size=int(digest(name, 4), 16),
        )
    _daemons(draft)
    lay_ssm_agent(draft, "/usr/bin")


def _accounts(draft: Draft) -> None:
    for name, uid, home, shell in USERS:
        draft.user(
            name, uid, home, shell, gid=65534 if name in ("sync", "_apt", "sshd", "_rpc", "statd") else None
        )
    for entry in GROUPS:
        name, gid = entry.split(":")
        draft.add("groups", gid=gid, gid_signed=gid, groupname=name)
    for member, gids in MEMBERS.items():
        for gid in gids:
            draft.add("user_groups", uid=draft.uid(member), gid=gid)
    for user, comment, home in (
        ("admin", "ops-fleet-2025", "/home/admin"),
        ("deploy", "deploy@ci", "/home/deploy"),
        ("root", "ops-fleet-2025", "/root"),
    ):
        options = (
            'no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo \'Please login as the user \\"admin\\" rather than the user \\"root\\".\';sleep 10;exit 142"'
            if user == "root"
            else ""
        )
        draft.add(
            "authorized_keys",
            uid=draft.uid(user),
            algorithm="ssh-ed25519",
            key=f"AAAAC3NzaC1lZDI1NTE5AAAAI{digest(comment, 43)}",
            options=options,
            comment=comment,
            key_file=f"{home}/.ssh/authorized_keys",
        )
        draft.file(
            f"{home}/.ssh/authorized_keys", f"key {comment} {options}", mode="0600", uid=draft.uid(user)
        )
    for source, header, rule in (
        ("/etc/sudoers", "Defaults", "env_reset"),
        ("/etc/sudoers", "Defaults", "mail_badpass"),
        (
            "/etc/sudoers",
            "Defaults",
            'secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
        ),
        ("/etc/sudoers", "Defaults", "use_pty"),
        ("/etc/sudoers", "root", "ALL=(ALL:ALL) ALL"),
        ("/etc/sudoers", "%sudo", "ALL=(ALL:ALL) ALL"),
        ("/etc/sudoers", "@includedir", "/etc/sudoers.d"),
        ("/etc/sudoers.d/90-cloud-init-users", "admin", "ALL=(ALL) NOPASSWD:ALL"),
        ("/etc/sudoers.d/deploy", "deploy", "ALL=(root) NOPASSWD: /usr/bin/systemctl restart webapp.service"),
    ):
        draft.add("sudoers", source=source, header=header, rule_details=rule)
    for path in (
        "/etc/sudoers",
        "/etc/sudoers.d/90-cloud-init-users",
        "/etc/sudoers.d/deploy",
        "/etc/sudoers.d/README",
    ):
        draft.file(path, mode="0440")
    for user, host in (("admin", "10.20.0.8"), ("deploy", "10.20.0.31")):
        for days in range(draft.rng.randrange(3)):
            draft.add(
                "last",
                username=user,
                tty="pts/0",
                pid=draft.rng.randrange(1000, 30000),
                type=7,
                type_name="user-process",
                time=max(draft.booted, draft.now - days * 86400 - 40000),
                host=host,
            )


def _units(draft: Draft) -> None:
    for entry in SERVICES:
        name, _, state = entry.partition(":")
        live = name in RUNNING
        once = not live and not state
        draft.unit(
            f"{name}.service",
            name.replace("-", " ").capitalize(),
            active="active" if live or once else "inactive",
            sub="running" if live else "exited" if once else "dead",
            state=state or "enabled",
            fragment=f"/lib/systemd/system/{name.split('@')[0]}{'@' if '@' in name else ''}.service",
        )
    for name in TIMERS:
        draft.unit(f"{name}.timer", f"{name} timer", sub="waiting")
    for name in SOCKETS:
        draft.unit(f"{name}.socket", f"{name} socket", sub="running", state="static")
    for name in ("systemd-ask-password-console", "systemd-ask-password-wall"):
        draft.unit(f"{name}.path", name, sub="waiting", state="static")
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
        draft.unit(f"{target}.target", target, sub="active", state="static")


def _files(draft: Draft) -> None:
    for path in CONFIG:
        runs = any(
            part in path
            for part in ("/init.d/", "/update-motd.d/", "/cron.daily/", "/cron.weekly/", "rc.local")
        )
        owner = draft.uid(path.split("/")[2]) if path.startswith("/home/") else 0
        draft.file(path, mode="0755" if runs else "0644", uid=owner)
    for name in PAM:
        draft.file(f"/etc/pam.d/{name}")
    for name in PAM_MODULES:
        draft.file(f"{LIB}/security/pam_{name}.so", "debian:libpam-modules:" + name)
    for path, owner in {**SUID, **SGID}.items():
        user = "root" if path in SUID else "root"
        draft.add(
            "suid_bin",
            path=path,
            username=user,
            groupname="root" if path in SUID else owner,
            permissions="S" if path in SUID else "G",
        )
        draft.file(path, "debian:" + path, mode="4755" if path in SUID else "2755")
    for path, caps in (
        ("/usr/bin/ping", "cap_net_raw=ep"),
        ("/usr/lib/x86_64-linux-gnu/gstreamer1.0/gst-ptp-helper", "cap_net_bind_service,cap_net_admin=ep"),
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
        "multi-user.target.wants/cron.service",
        "multi-user.target.wants/ssh.service",
        "multi-user.target.wants/chrony.service",
        "sshd.service",
    ):
        draft.file(f"/etc/systemd/system/{name}", target=f"/lib/systemd/system/{name.rpartition('/')[2]}")
    for minute, command in (
        ("5-55/10 * * * *", "command -v debian-sa1 > /dev/null && debian-sa1 1 1"),
        ("59 23 * * *", "command -v debian-sa1 > /dev/null && debian-sa1 60 2"),
    ):
        draft.cron("/etc/cron.d/sysstat", minute, f"root {command}")
    draft.cron(
        "/etc/cron.d/e2scrub_all",
        "30 3 * * 0",
        "root test -e /run/systemd/system || SERVICE_MODE=1 /usr/lib/x86_64-linux-gnu/e2fsprogs/e2scrub_all_cron",
    )
    for when, folder in (
        ("17 * * * *", "hourly"),
        ("25 6 * * *", "daily"),
        ("47 6 * * 7", "weekly"),
        ("52 6 1 * *", "monthly"),
    ):
        draft.cron("/etc/crontab", when, f"root cd / && run-parts --report /etc/cron.{folder}")
    draft.add(
        "mounts",
        device="/dev/nvme0n1p1",
        device_alias="/dev/nvme0n1p1",
        path="/",
        type="ext4",
        flags="rw,relatime,discard,errors=remount-ro",
        blocks=5_000_000,
        blocks_free=draft.rng.randrange(1_000_000, 3_000_000),
    )
    draft.add(
        "mounts",
        device="/dev/nvme0n1p15",
        device_alias="/dev/nvme0n1p15",
        path="/boot/efi",
        type="vfat",
        flags="rw,relatime,fmask=0022,dmask=0022",
    )
    for release, source in (
        ("bookworm", "deb.debian.org/debian"),
        ("bookworm-updates", "deb.debian.org/debian"),
        ("bookworm-security", "security.debian.org/debian-security"),
    ):
        draft.add(
            "apt_sources",
            name=f"{source.partition('/')[0]} {release}",
            source="/etc/apt/sources.list",
            base_uri=f"http://cdn-aws.{source}" if "security" not in source else f"http://{source}",
            release=release,
            components="main",
            architectures="amd64 all",
        )


def _daemons(draft: Draft) -> None:
    draft.spawn("systemd", "/usr/lib/systemd/systemd", "/sbin/init", parent=0, pid=1, unit="", after_boot_s=0)
    for name, path, cmdline, user in (
        ("systemd-journal", "/usr/lib/systemd/systemd-journald", "/lib/systemd/systemd-journald", "root"),
        ("systemd-udevd", "/usr/bin/udevadm", "/lib/systemd/systemd-udevd", "root"),
        ("systemd-network", "/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd", "systemd-network"),
        ("auditd", "/usr/sbin/auditd", "/sbin/auditd", "root"),
        ("dbus-daemon", "/usr/bin/dbus-daemon", "/usr/bin/dbus-daemon --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only", "messagebus"),
        ("polkitd", "/usr/lib/polkit-1/polkitd", "/usr/lib/polkit-1/polkitd --no-debug", "polkitd"),
        ("systemd-logind", "/usr/lib/systemd/systemd-logind", "/lib/systemd/systemd-logind", "root"),
        ("cron", "/usr/sbin/cron", "/usr/sbin/cron -f", "root"),
        ("rsyslogd", "/usr/sbin/rsyslogd", "/usr/sbin/rsyslogd -n -iNONE", "root"),
        ("agetty", "/usr/sbin/agetty", "/sbin/agetty -o -p -- \\u --noclear - linux", "root"),
        ("agetty", "/usr/sbin/agetty", "/sbin/agetty -o -p -- \\u --keep-baud 115200,57600,38400,9600 - vt220", "root"),
        ("unattended-upgr", "/usr/bin/python3.11", "/usr/bin/python3 /usr/share/unattended-upgrades/unattended-upgrade-shutdown --wait-for-signal", "root"),
    ):  # fmt: skip
        pid = draft.spawn(name, path, cmdline, user=user, unit=f"{name}.service")
        draft.file(path, "debian:" + path, mode="0755")
        if name == "systemd-network":
            draft.listen(pid, 68, draft.ip, UDP)
    sshd = draft.spawn(
        "sshd",
        "/usr/sbin/sshd",
        "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups",
        unit="ssh.service",
    )
    for address in ("0.0.0.0", "::"):
        draft.listen(sshd, 22, address)
    rpc = draft.spawn(
        "rpcbind", "/usr/sbin/rpcbind", "/sbin/rpcbind -f -w", user="_rpc", unit="rpcbind.service"
    )
    for protocol in ("6", "17"):
        draft.listen(rpc, 111, "0.0.0.0", protocol)
        draft.listen(rpc, 111, "::", protocol)
    lay_chrony(draft, "_chrony", "/usr/sbin/chronyd")
    for path in (
        "/usr/sbin/sshd",
        "/usr/sbin/rpcbind",
        "/usr/sbin/chronyd",
        "/usr/lib/systemd/systemd",
        "/usr/bin/amazon-ssm-agent",
        "/usr/bin/ssm-agent-worker",
        "/usr/bin/ssm-document-worker",
        "/usr/bin/dash",
        "/usr/bin/bash",
        "/opt/osquery/bin/osqueryd",
        "/usr/bin/curl",
        "/usr/bin/ssh",
        "/usr/bin/nc.openbsd",
    ):
        draft.file(path, "debian:" + path, mode="0755")
