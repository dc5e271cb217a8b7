"""Honest one-offs of a host's state: replaced, grown, open, allowed."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.held.upkeep import booted
from benchmarks.known import moves, scene
from benchmarks.known.upkeep import SOURCES

MENDED = {
    **SOURCES,
    "gnutls": ("gnutls", "libgnutls30"),
    "libxml2": ("libxml2",),
    "vim": ("vim", "vim-common", "vim-runtime", "vim-tiny", "xxd", "vim-data", "vim-enhanced", "vim-filesystem", "vim-minimal"),
    "bind9": ("bind9-host", "bind9-dnsutils", "bind9-libs", "bind-utils", "bind-libs", "bind-license"),
    "krb5": ("krb5-libs", "krb5-locales", "libgssapi-krb5-2", "libk5crypto3", "libkrb5-3", "libkrb5support0"),
}  # fmt: skip
"""Packages by their source, of what has updates for security often."""


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
    here = [name for name in sorted(MENDED) if any(moves.installed(host, each) for each in MENDED[name])]
    for name in rng.sample(here, rng.randrange(1, 5)):
        moves.update(host, *MENDED[name], age_s=up_s - 60)
        if name in ("curl", "wget", "less"):
            moves.content(host, f"/usr/bin/{name}", "a patch level later", age_s=up_s - 60)
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
