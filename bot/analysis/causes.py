"""Which honest cause, seen in the same collection, lowers a difference? Causes lower, they never hide."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.analysis.fold import Chosen, members, rows_with
from bot.analysis.places import SYSTEM_PATH, is_tool, program
from bot.analysis.semantics import Kind
from bot.model import Change, Row, ScorePart

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
_UPTIME = frozenset({"uptime_s", "total_seconds"})


@dataclass(slots=True)
class Evidence:
    """What one host's collection offers as explanation.

    Attributes:
        packages: Words of the packages whose version differs here.
        any_package: Whether any system package differs here.
        sessions: Accounts that are logged in.
        fresh: Whether the host booted within the last hour.
        alone: What this host alone has by the cloud's word ("template": "13"); empty when it has company.
        installing: Whether a package manager is at work.
        live_patched: Whether the kernel says that it was patched while running, and nothing worse.
        untainted: Whether the kernel says that nothing unsigned was ever loaded.
        explained_programs: Programs of processes that have an honest cause here.
    """

    packages: set[str] = field(default_factory=set)
    any_package: bool = False
    sessions: set[str] = field(default_factory=set)
    fresh: bool = False
    alone: dict[str, str] = field(default_factory=dict)
    installing: bool = False
    live_patched: bool = False
    untainted: bool = False
    explained_programs: set[str] = field(default_factory=set)
    _sorted: list[str] = field(default_factory=list)
    _lengths: list[int] = field(default_factory=list)

    def names_package(self, words: set[str]) -> bool:
        """Whether a word of a changed package begins, or is begun by, one of ``words``: chrony and chronyd.

        A host may say that thousands of packages changed beside thousands of files: no word is held against all others.
        """
        if self.packages & words:
            return True
        if len(self._sorted) != len(self.packages):
            self._sorted = sorted(self.packages)
            self._lengths = sorted({len(package) for package in self.packages if len(package) > 3})
        for word in words:
            if len(word) <= 3:
                continue
            at = bisect_left(self._sorted, word)
            if at < len(self._sorted) and self._sorted[at].startswith(word):
                return True
            if any(
                word[:length] in self.packages
                for length in self._lengths[: bisect_right(self._lengths, len(word))]
            ):
                return True
        return False


def gather(chosen: Chosen, hosts: int) -> list[Evidence]:
    """Return what each of the first ``hosts`` snapshots offers as explanation; packages are added once facts are known."""
    found = [Evidence() for _ in range(hosts)]
    group = (1 << hosts) - 1
    for _, row, mask in rows_with(chosen, _UPTIME):
        uptime = row.get("uptime_s") or row.get("total_seconds") or ""
        if uptime.isdecimal() and len(uptime) < 12 and float(uptime) < _FRESH_S:
            for host in members(mask & group):
                found[host].fresh = True
    for _, row, mask in rows_with(chosen, frozenset({"name"}), b"kernel.tainted"):
        if row["name"] == "kernel.tainted":
            for host in members(mask & group):
                found[host].live_patched = row.get("current_value") == "32768"
                found[host].untainted = row.get("current_value") == "0"
    for _, row, mask in rows_with(chosen, frozenset({"tty"})):
        name = row.get("user") or row.get("username", "")
        if name and row.get("type", "user") in ("user", "7"):
            for host in members(mask & group):
                found[host].sessions.add(name)
    return found


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


def timer_names(rows: Iterable[Row]) -> frozenset[str]:
    """Return the names of the timers that most hosts have, without their suffix: what runs now and then, everywhere."""
    return frozenset(row["id"].removesuffix(".timer") for row in rows if row.get("id", "").endswith(".timer"))


@dataclass(frozen=True, slots=True)
class Shared:
    """What most of the group has, for the lineage of what one host has."""

    commands: frozenset[str] = frozenset()
    timers: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()


OFFERS = (
    Kind.PACKAGE,
    Kind.LIBRARY,
    Kind.PROCESS,
)  # kinds of which ``note`` or ``explain_programs`` take notice


def note(evidence: Evidence, kind: Kind, row: Row, change: Change) -> None:
    """Add what one differing row of the host offers as explanation for others."""
    if kind in (Kind.PACKAGE, Kind.LIBRARY):
        evidence.packages |= words_of(row.get("name", ""))
        evidence.any_package = evidence.any_package or kind is Kind.PACKAGE
    elif kind is Kind.PROCESS and change is not Change.REMOVED:
        path = program(row, kind)
        if _PACKAGE_MANAGER.match(path):
            evidence.installing = True


_PACKAGE_MANAGER = re.compile(
    r"^(?:/usr)?/s?bin/(?:dpkg|apt|apt-get|yum|dnf[\d.-]*|rpm|zypper|unattended-upgrade)$"
)


def lowering(
    kind: Kind, row: Row, change: Change, evidence: Evidence, shared: Shared, *, version: bool
) -> Sequence[ScorePart]:
    """Return the parts (negative bits) that honest causes take off a fact; one adds, where a cause is missing.

    Args:
        version: Most others have the same row with another number in it, and this host lacks theirs.
    """
    parts: list[ScorePart] = []
    path = program(row, kind) or row.get("path", "") or row.get("fragment_path", "")
    if version:
        parts.append(ScorePart("the same thing at another version", -5.0))
    words = words_of(" ".join((path, row.get("name", ""), row.get("id", ""), row.get("subject", ""))))
    if kind not in (Kind.PACKAGE, Kind.LIBRARY):
        if evidence.names_package(words):
            parts.append(ScorePart("a package of that name changed on the same host", -3.0))
        elif evidence.any_package and kind in _PACKAGED and SYSTEM_PATH.match(path):
            parts.append(ScorePart("packages changed on the same host", -1.0))
        elif (
            change is Change.CHANGED
            and kind in (Kind.PROGRAM, Kind.PRIVILEGED_FILE)
            and SYSTEM_PATH.match(path)
        ):
            parts.append(ScorePart("a program of the system changed, and no package with it", 1.5))
    if kind in _RUNNING:
        parts.extend(_lineage(row, path, evidence, shared))
        if evidence.installing and SYSTEM_PATH.match(path):
            parts.append(ScorePart("a package manager is at work", -1.0))
    elif kind is Kind.ENVIRONMENT:
        parts.extend(_session(row, path, evidence))
    if kind in (Kind.RAW_SOCKET, Kind.INTERFACE) and evidence.sessions and evidence.explained_programs:
        parts.append(ScorePart("somebody logged in runs tools there", -2.0))
    if evidence.live_patched and kind in (Kind.MODULE, Kind.SYSCTL):
        parts.append(ScorePart("the kernel was patched while running, and says nothing worse", -3.0))
    elif evidence.untainted and kind is Kind.MODULE:
        parts.append(ScorePart("the kernel says that nothing unsigned was loaded", -2.0))
    if kind is Kind.PROCESS and path in shared.programs and not is_tool(path):
        parts.append(ScorePart("most hosts run the same program", -2.5))
    for word, value in sorted(evidence.alone.items()):
        if kind in (_OF_ZONE if word in ("zone", "type") else _OF_IMAGE):
            parts.append(ScorePart(f"the only host of {word} {value}", -2.0))
            break
    if evidence.fresh and kind in (*_RUNNING, Kind.UNIT, Kind.MOUNT):
        parts.append(ScorePart("the host booted within the hour", -1.5))
    return parts


_RUNNING = (Kind.PROCESS, Kind.PROGRAM, Kind.CONNECTION, Kind.RAW_SOCKET)
_PACKAGED = (Kind.PROGRAM, Kind.MODULE, Kind.PRIVILEGED_FILE, Kind.PROCESS)
_OF_ZONE = (Kind.NAMES, Kind.ROUTE, Kind.MOUNT, Kind.CONNECTION, Kind.PACKAGE_SOURCE)
_OF_IMAGE = (
    Kind.LOGIN_CONFIG,
    Kind.AUTOSTART,
    Kind.LOADER,
    Kind.PRIVILEGED_FILE,
    Kind.CRON,
    Kind.PACKAGE,
    Kind.LIBRARY,
    Kind.PROGRAM,
    Kind.UNIT,
    Kind.FILE,
    Kind.PROCESS,
    Kind.MODULE,
)


def _lineage(row: Row, path: str, evidence: Evidence, shared: Shared) -> Iterable[ScorePart]:
    cmdline, parent = row.get("cmdline", ""), row.get("parent_name", "") or row.get("parent_path", "")
    started = set(re.split(r"[\s;&|()<>\"']+", cmdline[:2048])) | {path}
    base = {part.rsplit("/", 1)[-1] for part in started if SYSTEM_PATH.match(part)}
    if started & shared.commands or parent.rsplit("/", 1)[-1] in shared.commands:
        yield ScorePart("started by a scheduled job that most hosts have", -3.5)
    elif base & shared.timers:
        yield ScorePart("started by a timer that most hosts have", -2.5)
    elif path in evidence.explained_programs:
        yield ScorePart("the program of a process with an honest cause", -2.5)
    yield from _session(row, path, evidence)


def _session(row: Row, path: str, evidence: Evidence) -> Iterable[ScorePart]:
    cmdline, parent = row.get("cmdline", ""), row.get("parent_name", "")
    user = row.get("username", "") or row.get("user", "")
    login = re.match(r"^sshd(?:-session)?: (\S+)", cmdline)
    if (
        evidence.sessions
        and SYSTEM_PATH.match(path)
        and (
            user in evidence.sessions
            or (login and login.group(1).split("@")[0] in evidence.sessions)
            or "sudo" in (parent, path.rsplit("/", 1)[-1])
        )
    ):
        yield ScorePart("belongs to the session of somebody logged in", -3.0)


def explain_programs(rows: Iterable[tuple[Kind, Row]], evidence: Evidence, shared: Shared) -> None:
    """Remember the programs of processes that a schedule, a service or a session explains."""
    for kind, row in rows:
        if kind is Kind.PROCESS and any(True for _ in _lineage(row, program(row, kind), evidence, shared)):
            evidence.explained_programs.add(program(row, kind))
