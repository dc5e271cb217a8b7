"""Honest one-offs of a host's state: replaced, grown, open, allowed."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.held.upkeep import booted
from benchmarks.known import moves, scene

OFTEN_MENDED = ("bind9-", "curl", "expat", "git", "gnutls", "jq", "krb5-libs", "libcurl", "libexpat", "libgnutls", "libkrb5", "libxml2", "perl", "rsync", "tar", "tzdata", "vim", "wget")  # fmt: skip
"""What packages begin with that have updates for security in most months."""


def replaced_an_hour_ago(host: Host, rng: random.Random) -> None:
    """The group replaced an instance that failed its health check: a young host, updated at its first boot, where nobody was yet."""
    up_s = rng.randrange(1_500, 7_000)
    booted(host, up_s)
    host.tables["last"] = [row for row in host.tables["last"] if row["type"] == "2"]
    host.tables["known_hosts"] = []
    when = str(scene.now(host) - up_s + 20)
    for kind in ("ecdsa", "ed25519", "rsa"):
        for path in (f"/etc/ssh/ssh_host_{kind}_key", f"/etc/ssh/ssh_host_{kind}_key.pub"):
            host.change("file", {"path": path}, mtime=when, ctime=when)
    for path in ("/etc/hostname", "/etc/machine-id", "/etc/resolv.conf"):
        host.change("file", {"path": path}, mtime=when, ctime=when)
    names = sorted({row["name"] for row in moves.packages(host) if row["name"].startswith(OFTEN_MENDED)})
    mended = rng.sample(names, rng.randrange(2, min(9, len(names))))
    moves.update(host, *mended, age_s=up_s - 60)
    for name in mended:
        moves.content(
            host, f"/usr/bin/{name.removesuffix('-minimal')}", "a patch level later", age_s=up_s - 60
        )
    scene.put(host, "/var/lib/cloud/instance/boot-finished", when, age_s=up_s - 90)


def log_deleted_while_open(host: Host, rng: random.Random) -> None:
    """A log was rotated and deleted, but the work was not told and writes on into the deleted file."""
    work = scene.work(host)
    for place in range(rng.randrange(1, 4)):
        path = f"/var/log/{work['name'].lower()}/{rng.choice(('access', 'error', 'app'))}.log.{place + 1} (deleted)"
        host.add("process_open_files", pid=work["pid"], fd=5 + 3 * place, path=path)


def core_dumps_allowed(host: Host, rng: random.Random) -> None:
    """After crashes that nobody understands the host may write cores, and has written one."""
    work, folder = scene.work(host), rng.choice(("/var/crash", "/var/tmp", "/data/cores"))
    scene.control(host, "kernel.core_pattern", f"{folder}/core.%e.%p.%t")
    scene.control(host, "fs.suid_dumpable", "2")
    unit = work["cgroup_path"].rpartition("/")[2] or "ssh.service"
    age_s = rng.randrange(20_000, 400_000)
    scene.put(host, f"/etc/systemd/system/{unit}.d/core.conf", "LimitCORE=infinity", age_s=age_s)
    if rng.random() < 0.6:
        died = scene.now(host) - age_s // 3
        scene.put(host, f"{folder}/core.{work['name'][:15]}.{rng.randrange(2_000, 90_000)}.{died}", mode="0600", uid=work["uid"], age_s=age_s // 3)  # fmt: skip


def root_volume_grown(host: Host, rng: random.Random) -> None:
    """The root volume was made larger when it was nearly full, and its file system grown."""
    times = rng.choice((2, 3, 4))
    for row in host.tables["mounts"]:
        if row["path"] == "/":
            more = int(row["blocks"] or 5_000_000) * (times - 1)
            row.update(blocks=str(int(row["blocks"] or 5_000_000) + more), blocks_free=str(int(row["blocks_free"] or 900_000) + more))  # fmt: skip


ONE_OFFS = (
    replaced_an_hour_ago,
    log_deleted_while_open,
    core_dumps_allowed,
    root_volume_grown,
)
