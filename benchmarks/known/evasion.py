"""Attacks on what would tell of them: logs, audit, kernel controls, tools, names and certificates (TA0005)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def loader_path(host: Host) -> None:
    """T1546: kernel.modprobe names another program: it runs as root when an unknown file is executed."""
    scene.control(host, "kernel.modprobe", "/usr/local/lib/mp")


def forwarding(host: Host) -> None:
    """T1090: the host routes for others. On hosts that route already, the check of sources is off instead."""
    controls = {row["name"]: row["current_value"] for row in host.tables["system_controls"]}
    if controls.get("net.ipv4.ip_forward") == "1":
        scene.control(host, "net.ipv4.conf.all.rp_filter", "0")
    else:
        scene.control(host, "net.ipv4.ip_forward", "1")


def audit_exclusion(host: Host) -> None:
    """T1562.012: one more file of audit rules says never for one program; auditing runs on."""
    scene.put(host, "/etc/audit/rules.d/05-performance.rules", mode="0640", age_s=600_000)


def logins_wiped(host: Host) -> None:
    """T1070.002, T1070.003: wtmp emptied, and a shell that keeps no history."""
    host.tables["last"] = []
    pid = scene.spawn(host, "/usr/bin/bash", "-bash", uid=scene.uid_of(host, scene.login(host)))
    scene.variable(host, pid, HISTFILE="/dev/null")


def search_domain(host: Host) -> None:
    """T1557: one more search domain: short names are asked of somebody else's zone."""
    host.add("dns_resolvers", id=1, type="search", address="svc.updates.example", options=705)


def shadowing_tools(host: Host) -> None:
    """T1554: ps and ss in /usr/local/bin come first in the path and leave out what they should."""
    for name in ("ps", "ss"):
        scene.put(host, f"/usr/local/bin/{name}", mode="0755", age_s=50 * 86_400)


def program_replaced(host: Host) -> None:
    """T1554: the program of the host's own work has another content, under its own name, and runs."""
    scene.replace(host, scene.work(host)["path"])


def updates_masked(host: Host) -> None:
    """T1562.001: what would bring updates is masked; a way in stays open."""
    names = ("apt-daily.timer", "apt-daily-upgrade.timer", "unattended-upgrades.service", "update-motd.timer", "dnf-makecache.timer")  # fmt: skip
    for name in names:
        host.change("systemd_units", {"id": name}, load_state="masked", unit_file_state="masked", active_state="inactive", sub_state="dead")  # fmt: skip
    scene.stop(host, "unattended-upgr")


def leaf_certificate(host: Host) -> None:
    """T1553.004: one more authority in the trust store, named like the company's own."""
    host.add("certificates", common_name="Example Internal Issuing CA 2", subject="/O=Example/CN=Example Internal Issuing CA 2",
             issuer="/O=Example/CN=Example Internal Issuing CA 2", ca=1, self_signed=1, sha1=scene.digest("issuing 2", 40),
             path="/etc/ssl/certs/ca-certificates.crt", serial="02", not_valid_after="2080000000")  # fmt: skip


ATTACKS = (
    loader_path,
    forwarding,
    audit_exclusion,
    logins_wiped,
    search_domain,
    shadowing_tools,
    program_replaced,
    updates_masked,
    leaf_certificate,
)
