"""Attacks on what would tell of them: logs, audit, kernel controls, tools, names and certificates (TA0005)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.held import scene


def loader_path(host: Host) -> None:
    """T1546: kernel.modprobe names another program: it runs as root when an unknown file is executed."""
    scene.control(host, "kernel.modprobe", "/usr/local/lib/mp")


def bpf_for_all(host: Host) -> None:
    """T1562: users may load BPF programs and read all events again."""
    scene.control(host, "kernel.unprivileged_bpf_disabled", "0")
    scene.control(host, "kernel.perf_event_paranoid", "-1")


def forwarding(host: Host) -> None:
    """T1090: the host routes for others. On hosts that route already, the check of sources is off instead."""
    controls = {row["name"]: row["current_value"] for row in host.tables["system_controls"]}
    if controls.get("net.ipv4.ip_forward") == "1":
        scene.control(host, "net.ipv4.conf.all.rp_filter", "0")
    else:
        scene.control(host, "net.ipv4.ip_forward", "1")


def pinned_bpf(host: Host) -> None:
    """T1205.002: an eBPF program pinned below /sys/fs/bpf; its loader has ended."""
    scene.put(host, "/sys/fs/bpf/ip/globals/ct_fallback", mode="0600")


def journal_stopped(host: Host) -> None:
    """T1562.006: the journal and its sockets stopped; nothing is logged until the next start."""
    for name in ("systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"):
        host.change("systemd_units", {"id": name}, active_state="inactive", sub_state="dead")
    scene.stop(host, "systemd-journal")


def audit_exclusion(host: Host) -> None:
    """T1562.012: one more file of audit rules says never for one program; auditing runs on."""
    scene.put(host, "/etc/audit/rules.d/05-performance.rules", mode="0640", age_s=600_000)


def mandatory_access_off(host: Host) -> None:
    """T1562.001: SELinux permissive, or AppArmor disabled, from the next start."""
    if scene.debian(host):
        host.change("systemd_units", {"id": "apparmor.service"}, unit_file_state="disabled", active_state="inactive", sub_state="dead")  # fmt: skip
    else:
        scene.put(host, "/etc/selinux/config", "SELINUX=permissive", age_s=300_000)


def logins_wiped(host: Host) -> None:
    """T1070.002, T1070.003: wtmp emptied, and a shell that keeps no history."""
    host.tables["last"] = []
    pid = scene.spawn(host, "/usr/bin/bash", "-bash", uid=scene.uid_of(host, scene.login(host)))
    scene.variable(host, pid, HISTFILE="/dev/null")


def firewall_flushed(host: Host) -> None:
    """T1562.004: all rules gone; where there were none, one that lets a single address in first."""
    if host.tables["iptables"]:
        host.tables["iptables"] = []
        return
    host.add("iptables", filter_name="filter", chain="INPUT", policy="ACCEPT", target="ACCEPT", protocol=6, src_ip="203.0.113.77",
             src_mask="255.255.255.255", dst_ip="0.0.0.0", dst_mask="0.0.0.0", iniface="all", outiface="all", match="no")  # fmt: skip


def vendors_blocked(host: Host) -> None:
    """T1562.006: names of update and security services lead nowhere, as miners write into /etc/hosts."""
    for name in ("security.debian.org", "cdn.amazonlinux.com", "updates.vendor.example", "sensor.vendor.example", "aegis.vendor.example"):  # fmt: skip
        host.add("etc_hosts", address="0.0.0.0", hostnames=name)


def search_domain(host: Host) -> None:
    """T1557: one more search domain: short names are asked of somebody else's zone."""
    host.add("dns_resolvers", id=1, type="search", address="svc.updates.example", options=705)


def proxy_everywhere(host: Host) -> None:
    """T1557: a proxy in /etc/environment for everything that starts from now on."""
    scene.put(host, "/etc/environment", "https_proxy=http://198.51.100.8:3128", age_s=100_000)


def shadowing_tools(host: Host) -> None:
    """T1554: ps and ss in /usr/local/bin come first in the path and leave out what they should."""
    for name in ("ps", "ss"):
        scene.put(host, f"/usr/local/bin/{name}", mode="0755", age_s=50 * 86_400)


def replaced_tools(host: Host) -> None:
    """T1554: ps, ss and ls themselves replaced, the honest ones kept under a dot beside them."""
    for name in ("ps", "ss", "ls"):
        scene.replace(host, f"/usr/bin/{name}")
        scene.put(host, f"/usr/bin/.{name}", mode="0755", age_s=200 * 86_400)


def replaced_in_place(host: Host) -> None:
    """T1554: ps replaced, nothing kept, times put back; the file is not running when it is asked."""
    scene.replace(host, "/usr/bin/ps")


def program_replaced(host: Host) -> None:
    """T1554: the program of the host's own work has another content, under its own name, and runs."""
    scene.replace(host, scene.work(host)["path"])


def agent_replaced(host: Host) -> None:
    """T1554: the exporter of metrics, which runs on every host, has another content."""
    scene.replace(host, "/usr/local/bin/node_exporter")


def updates_masked(host: Host) -> None:
    """T1562.001: what would bring updates is masked; a way in stays open."""
    names = ("apt-daily.timer", "apt-daily-upgrade.timer", "unattended-upgrades.service", "update-motd.timer", "dnf-makecache.timer")  # fmt: skip
    for name in names:
        host.change("systemd_units", {"id": name}, load_state="masked", unit_file_state="masked", active_state="inactive", sub_state="dead")  # fmt: skip
    scene.stop(host, "unattended-upgr")


def logs_sent_on(host: Host) -> None:
    """T1020: the system's log is copied to an outsider by one more file of rsyslog, or by a drop-in of the journal."""
    if scene.debian(host):
        scene.put(host, "/etc/rsyslog.d/60-remote.conf", age_s=400_000)
        for row in scene.named(host, "rsyslogd"):
            scene.connect(host, row["pid"], "192.0.2.19", 514)
    else:
        scene.unit(host, "systemd-journal-upload.service", "Journal Remote Upload Service", folder="/usr/lib/systemd/system")  # fmt: skip
        pid = scene.spawn(host, "/usr/lib/systemd/systemd-journal-upload", "/usr/lib/systemd/systemd-journal-upload --save-state")  # fmt: skip
        scene.connect(host, pid, "192.0.2.19", 19_532)


def loader_folder(host: Host) -> None:
    """T1574: a folder that the loader searches first, with a library named like one of the system's."""
    scene.put(host, "/etc/ld.so.conf.d/00-compat.conf", age_s=20 * 86_400)
    scene.put(host, "/usr/local/lib/libz.so.1", mode="0755", age_s=20 * 86_400)
    scene.load(host, scene.work(host)["pid"], "/usr/local/lib/libz.so.1")


def leaf_certificate(host: Host) -> None:
    """T1553.004: one more authority in the trust store, named like the company's own."""
    host.add("certificates", common_name="Example Internal Issuing CA 2", subject="/O=Example/CN=Example Internal Issuing CA 2",
             issuer="/O=Example/CN=Example Internal Issuing CA 2", ca=1, self_signed=1, sha1=scene.digest("issuing 2", 40),
             path="/etc/ssl/certs/ca-certificates.crt", serial="02", not_valid_after="2080000000")  # fmt: skip


def sensor_stopped(host: Host) -> None:
    """T1562.001: the exporter of metrics and the daemon of audit are stopped and disabled before the work begins."""
    for name in ("node_exporter.service", "auditd.service"):
        host.change("systemd_units", {"id": name}, unit_file_state="disabled", active_state="inactive", sub_state="dead")  # fmt: skip
    scene.stop(host, "auditd", "node_exporter")


ATTACKS = (
    loader_path, bpf_for_all, forwarding, pinned_bpf, journal_stopped, audit_exclusion, mandatory_access_off, logins_wiped,
    firewall_flushed, vendors_blocked, search_domain, proxy_everywhere, shadowing_tools, replaced_tools, replaced_in_place,
    program_replaced, agent_replaced, updates_masked, logs_sent_on, loader_folder, leaf_certificate, sensor_stopped,
)  # fmt: skip
