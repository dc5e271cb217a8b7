"""Attacks on what would tell of them: logs, audit, kernel controls, tools, names and certificates (TA0005)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def bpf_for_all(host: Host) -> None:
    """T1562: users may load BPF programs and read all events again."""
    scene.control(host, "kernel.unprivileged_bpf_disabled", "0")
    scene.control(host, "kernel.perf_event_paranoid", "-1")


def pinned_bpf(host: Host) -> None:
    """T1205.002: an eBPF program pinned below /sys/fs/bpf; its loader has ended."""
    scene.put(host, "/sys/fs/bpf/ip/globals/ct_fallback", mode="0600")


def journal_stopped(host: Host) -> None:
    """T1562.006: the journal and its sockets stopped; nothing is logged until the next start."""
    for name in ("systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"):
        host.change("systemd_units", {"id": name}, active_state="inactive", sub_state="dead")
    scene.stop(host, "systemd-journal")


def mandatory_access_off(host: Host) -> None:
    """T1562.001: SELinux permissive, or AppArmor disabled, from the next start."""
    if scene.debian(host):
        host.change("systemd_units", {"id": "apparmor.service"}, unit_file_state="disabled", active_state="inactive", sub_state="dead")  # fmt: skip
    else:
        scene.put(host, "/etc/selinux/config", "SELINUX=permissive", age_s=300_000)


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


def proxy_everywhere(host: Host) -> None:
    """T1557: a proxy in /etc/environment for everything that starts from now on."""
    scene.put(host, "/etc/environment", "https_proxy=http://198.51.100.8:3128", age_s=100_000)


def replaced_tools(host: Host) -> None:
    """T1554: ps, ss and ls themselves replaced, the honest ones kept under a dot beside them."""
    for name in ("ps", "ss", "ls"):
        scene.replace(host, f"/usr/bin/{name}")
        scene.put(host, f"/usr/bin/.{name}", mode="0755", age_s=200 * 86_400)


def replaced_in_place(host: Host) -> None:
    """T1554: ps replaced, nothing kept, times put back; the file is not running when it is asked."""
    scene.replace(host, "/usr/bin/ps")


def agent_replaced(host: Host) -> None:
    """T1554: the exporter of metrics, which runs on every host, has another content."""
    scene.replace(host, "/usr/local/bin/node_exporter")


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


def sensor_stopped(host: Host) -> None:
    """T1562.001: the exporter of metrics and the daemon of audit are stopped and disabled before the work begins."""
    for name in ("node_exporter.service", "auditd.service"):
        host.change("systemd_units", {"id": name}, unit_file_state="disabled", active_state="inactive", sub_state="dead")  # fmt: skip
    scene.stop(host, "auditd", "node_exporter")


ATTACKS = (
    bpf_for_all,
    pinned_bpf,
    journal_stopped,
    mandatory_access_off,
    firewall_flushed,
    vendors_blocked,
    proxy_everywhere,
    replaced_tools,
    replaced_in_place,
    agent_replaced,
    logs_sent_on,
    loader_folder,
    sensor_stopped,
)
