"""Which honest cause, seen in the same collection, lowers a difference? Causes lower, they never hide."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.analysis.semantics import Kind
from bot.analysis.traits import SYSTEM_PATH, program
from bot.model import Row, ScorePart, Snapshot

_WORD = re.compile(r"[a-z][a-z0-9+]{2,}")
_DULL = frozenset(
    [
        "usr",
        "bin",
        "sbin",
        "lib",
        "etc",
        "opt",
        "local",
        "share",
        "service",
        "timer",
        "socket",
        "daemon",
        "server",
        "common",
        "linux",
        "core",
        "libexec",
        "x86",
        "gnu",
        "amd64",
        "arm64",
        "python",
        "python3",
        "snap",
        "conf",
        "conf.d",
        "system",
        "systemd",
        "modules",
        "boot",
        "image",
        "headers",
        "data",
        "doc",
        "base",
        "utils",
        "tools",
        "run",
        "var",
        "sh",
    ]
)
_FRESH_S = 3600.0


@dataclass(slots=True)
class Evidence:
    """What one host's collection offers as explanation.

    Attributes:
        packages: Words of the packages whose version differs here.
        any_package: Whether any system package differs here.
        sessions: Accounts that are logged in.
        fresh: Whether the host booted within the last hour.
        alone: What this host alone has by the cloud's word: "template 13"; empty when it has company.
    """

    packages: set[str] = field(default_factory=set)
    any_package: bool = False
    sessions: set[str] = field(default_factory=set)
    fresh: bool = False
    alone: str = ""


def gather(snapshot: Snapshot) -> Evidence:
    """Return what the context answers of one host explain; packages are added once facts are known."""
    evidence = Evidence()
    for answer in snapshot.answers:
        for row in answer.rows[:200]:
            uptime = row.get("uptime_s") or row.get("total_seconds") or ""
            if uptime.isdigit() and len(uptime) < 12 and float(uptime) < _FRESH_S:
                evidence.fresh = True
            if "tty" in row and (row.get("type", "user") in ("user", "7")):
                name = row.get("user") or row.get("username", "")
                if name:
                    evidence.sessions.add(name)
    return evidence


def words_of(text: str) -> set[str]:
    """Return the telling words of a package name, path or unit name."""
    return set(_WORD.findall(text.lower())) - _DULL


def scheduled_commands(rows: Iterable[Row]) -> frozenset[str]:
    """Return the program paths and names that common cron lines start; ``rows`` are held by most hosts."""
    found: set[str] = set()
    for row in rows:
        for part in re.split(r"[\s;&|()<>\"']+", row.get("command", "")[:2048]):
            if (part.startswith("/") and not SYSTEM_PATH.match(part + "/")) or re.search(
                r"\.(?:sh|py|pl)$", part
            ):
                found.add(part)
                found.add(part.rsplit("/", 1)[-1])
    return frozenset(found - {"", "null", "/dev/null"})


def unit_names(rows: Iterable[Row]) -> frozenset[str]:
    """Return the names of the service and timer units that most hosts have, without their suffix."""
    return frozenset(
        row["id"].rsplit(".", 1)[0].split("@", 1)[0]
        for row in rows
        if row.get("id", "").endswith((".service", ".timer"))
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """What most of the group has, for the lineage of what one host has."""

    commands: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()


def lowering(kind: Kind, row: Row, evidence: Evidence, shared: Shared, *, twin: bool) -> Sequence[ScorePart]:
    """Return the parts (negative bits) that honest causes take off a fact.

    Args:
        twin: Most others have the same row with another number in it, and this host lacks theirs: another version.
    """
    parts: list[ScorePart] = []
    path = program(row, kind) or row.get("path", "") or row.get("fragment_path", "")
    if twin:
        parts.append(ScorePart("the same thing at another version", -3.0))
    words = words_of(" ".join((path, row.get("name", ""), row.get("id", ""), row.get("subject", ""))))
    if kind not in (Kind.PACKAGE, Kind.LIBRARY):
        if evidence.packages & words:
            parts.append(ScorePart("a package of that name changed on the same host", -2.5))
        elif (
            evidence.any_package
            and kind in (Kind.PROGRAM, Kind.MODULE, Kind.PRIVILEGED_FILE)
            and SYSTEM_PATH.match(path)
        ):
            parts.append(ScorePart("packages changed on the same host", -1.0))
    if kind in (Kind.PROCESS, Kind.PROGRAM, Kind.CONNECTION, Kind.RAW_SOCKET):
        parts.extend(_lineage(row, path, evidence, shared))
    if evidence.alone and kind in (
        Kind.PACKAGE,
        Kind.LIBRARY,
        Kind.PROGRAM,
        Kind.UNIT,
        Kind.FILE,
        Kind.PROCESS,
        Kind.MODULE,
    ):
        parts.append(ScorePart(f"the only host of {evidence.alone}", -1.5))
    if evidence.fresh and kind in (Kind.PROCESS, Kind.PROGRAM, Kind.UNIT, Kind.MOUNT):
        parts.append(ScorePart("the host booted within the hour", -1.5))
    return parts


def _lineage(row: Row, path: str, evidence: Evidence, shared: Shared) -> Iterable[ScorePart]:
    cmdline, parent = row.get("cmdline", ""), row.get("parent_name", "") or row.get("parent_path", "")
    started = set(re.split(r"[\s;&|()<>\"']+", cmdline[:2048])) | {path}
    if started & shared.commands or parent.rsplit("/", 1)[-1] in shared.commands:
        yield ScorePart("started by a scheduled job that most hosts have", -3.0)
    elif SYSTEM_PATH.match(path) and path.rsplit("/", 1)[-1] in shared.units:
        yield ScorePart("the program of a service that most hosts have", -2.0)
    user = row.get("username", "") or row.get("user", "")
    login = re.match(r"^sshd: (\S+)", cmdline)
    if (
        evidence.sessions
        and SYSTEM_PATH.match(path)
        and (user in evidence.sessions or (login and login.group(1).split("@")[0] in evidence.sessions))
    ):
        yield ScorePart("belongs to the session of somebody logged in", -2.5)
