"""Attacks that blind whoever watches, listen to logins or look around the network (TA0005, TA0006, TA0007)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def journal_not_kept(host: Host) -> None:
    """T1562.006: a drop-in tells the journal to keep nothing; it runs on, its unit is as it was."""
    scene.put(host, "/etc/systemd/journald.conf.d/20-storage.conf", age_s=60 * 86_400)


def sensor_cut_off(host: Host) -> None:
    """T1562.001, T1562.004: the sensor runs on, and all that it sends to its vendor is dropped."""
    for address in ("198.51.100.112", "198.51.100.113"):
        host.add("iptables", filter_name="filter", chain="OUTPUT", policy="ACCEPT", target="DROP", protocol=6, dst_port="443", src_ip="0.0.0.0",
                 src_mask="0.0.0.0", dst_ip=address, dst_mask="255.255.255.255", iniface="all", outiface="all", match="yes")  # fmt: skip


def logins_traced(host: Host) -> None:
    """T1056.001, T1003: strace under another name reads what sshd reads, and keeps it among the manual's pages."""
    pid = scene.listener(host)["pid"]
    log = "/usr/share/man/man8/sshd-keygen.8.gz"
    scene.spawn(
        host, "/usr/lib/openssh/ssh-audit-helper", f"ssh-audit-helper -qq -f -p {pid} -e trace=read,write -s 64 -o {log}", age_s=15_000
    )  # fmt: skip
    scene.put(host, log, mode="0600", age_s=300)


def fscan(host: Host) -> None:
    """T1046, T1110: fscan, by the application's user, tries services and weak passwords through the private network."""
    row = scene.work(host)
    scene.put(host, "/var/tmp/fs", mode="0755", uid=row["uid"], age_s=600)
    pid = scene.spawn(
        host, "/var/tmp/fs", "./fs -h 10.20.0.0/16 -nobr -np -o r.txt", uid=row["uid"], parent=row["pid"], cwd="/var/tmp", static=True, threads=16, age_s=500
    )  # fmt: skip
    for last in range(20, 36):
        scene.connect(host, pid, f"10.20.3.{last}", (445, 3306, 6379, 7001)[last % 4])
    scene.put(host, "/var/tmp/r.txt", uid=row["uid"], age_s=20)


ATTACKS = (journal_not_kept, sensor_cut_off, logins_traced, fscan)
