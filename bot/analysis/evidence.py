"""What does a host's own collection offer as explanation for its differences, and what does most of the group have?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field

from bot.analysis.fold import Chosen, members, rows_with
from bot.analysis.places import SYSTEM_PATH, program
from bot.analysis.semantics import Kind
from bot.analysis.stems import Stems
from bot.model import Change, Row

_WORD = re.compile(r"[a-z][a-z0-9+]{2,}")
_DULL = frozenset(
    "usr bin sbin lib etc opt local share service timer socket daemon server common linux core libexec x86 gnu amd64 "
    "arm64 python python3 snap conf conf.d system systemd modules boot image headers data doc base utils tools run var "
    "sh".split()
)
_FRESH_S = 3600.0
_UPTIME = frozenset({"uptime_s", "total_seconds"})
_PACKAGE_MANAGER = re.compile(
    r"^(?:/usr)?/s?bin/(?:dpkg|apt|apt-get|yum|dnf[\d.-]*|rpm|zypper|unattended-upgrade)$"
)


@dataclass(slots=True)
class Evidence:
    """What one host's collection offers as explanation.

    Attributes:
        packages: Words of the packages that others have at another version, and the hosts with the same change.
        new_packages: The same of packages that others do not have: whoever may install one chooses its name.
        brought: Names of the packages that others have at another version, and the hosts with the same change.
        any_package: The hosts of the rarest change of a system package here; 0: none changed.
        packages_known: Whether the host said which system packages it has: else that none changed is not known.
        sessions: Accounts that are logged in.
        fresh: Whether the host booted within the last hour.
        alone: What this host alone has by the cloud's word ("template": "13"); empty when it has company.
        installing: Whether a package manager is at work.
        live_patched: Whether the kernel says that it was patched while running, and nothing worse.
        untainted: Whether the kernel says that nothing unsigned was ever loaded.
        usual_taint: Whether it says of itself just what most kernels of the group say.
        explained_programs: Programs of processes that have an honest cause here.
        leaders: Pids of the processes that open logins are registered with.
        osquery: Pid of the osquery that answered.
        active: Services that the service manager says are at work now; None where the pack does not ask.
        shares: Addresses from which the host has mounted a share.
        no_shell: Accounts that are odd here and whose shell lets nobody in.
    """

    packages: Stems = field(default_factory=Stems)
    new_packages: Stems = field(default_factory=Stems)
    brought: dict[str, int] = field(default_factory=dict)
    any_package: int = 0
    sessions: set[str] = field(default_factory=set)
    fresh: bool = False
    alone: dict[str, str] = field(default_factory=dict)
    installing: bool = False
    live_patched: bool = False
    untainted: bool = False
    usual_taint: bool = False
    packages_known: bool = False
    explained_programs: set[str] = field(default_factory=set)
    leaders: set[str] = field(default_factory=set)
    osquery: str = ""
    active: set[str] | None = None
    shares: set[str] = field(default_factory=set)
    no_shell: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Shared:
    """What most of the group has, for the lineage of what one host has.

    Attributes:
        commands: Paths and names of what scheduled jobs start.
        timers: Names of timers.
        programs: Paths of running programs.
        new_unit_files: Paths of unit files that differ somewhere.
        files: Paths of files that hold the same everywhere.
        contents: The same with the digest of what they hold.
        mapped: Paths of libraries in use.
    """

    commands: frozenset[str] = frozenset()
    timers: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    new_unit_files: frozenset[str] = frozenset()
    files: frozenset[str] = frozenset()
    contents: frozenset[tuple[str, str]] = frozenset()
    mapped: frozenset[str] = frozenset()


def gather(chosen: Chosen, hosts: int) -> list[Evidence]:
    """Return what each of the first ``hosts`` snapshots offers as explanation; packages are added once facts are known."""
    found = [Evidence() for _ in range(hosts)]
    group = (1 << hosts) - 1
    for _, row, mask in rows_with(chosen, _UPTIME):
        uptime = row.get("uptime_s") or row.get("total_seconds") or ""
        if uptime.isdecimal() and len(uptime) < 12 and float(uptime) < _FRESH_S:
            for host in members(mask & group):
                found[host].fresh = True
    for _, row, mask in rows_with(chosen, frozenset({"current_value"}), b"kernel.tainted"):
        if row.get("name") == "kernel.tainted":
            for host in members(mask & group):
                found[host].live_patched = row["current_value"] == "32768"
                found[host].untainted = row["current_value"] == "0"
                found[host].usual_taint = 2 * (mask & group).bit_count() > hosts
    for _, row, mask in rows_with(chosen, frozenset({"device", "type"}), b"nfs"):
        if row["type"].startswith("nfs"):
            for host in members(mask & group):
                found[host].shares.add(row["device"].rpartition(":")[0].strip("[]"))
    for _, row, mask in rows_with(chosen, frozenset({"tty"})):
        name = row.get("user") or row.get("username", "")
        if name and row.get("type", "user") == "user":  # a login of the past explains nothing
            for host in members(mask & group):
                found[host].sessions.add(name)
                if row.get("pid", "").isdecimal():
                    found[host].leaders.add(row["pid"])
    for _, row, mask in rows_with(chosen, frozenset({"osquery_pid"})):
        for host in members(mask & group):
            found[host].osquery = row["osquery_pid"]
    return found


def at_work(chosen: Chosen, evidence: Sequence[Evidence], timers: Set[str]) -> None:
    """Note, for each host, which of the services that a timer of the group starts are at work now."""
    for _, row, mask in rows_with(chosen, frozenset({"active_state"})):
        stem, _, kind = row.get("id", "").rpartition(".")
        if kind != "service" or stem not in timers:
            continue
        for host in members(mask & ((1 << len(evidence)) - 1)):
            active = evidence[host].active
            evidence[host].active = active = set() if active is None else active
            if row["active_state"] in ("active", "activating", "reloading", "deactivating"):
                active.add(stem)


OFFERS = (Kind.PACKAGE, Kind.PROCESS, Kind.USER)
"""Kinds of which ``note`` takes notice."""


def note(evidence: Evidence, kind: Kind, row: Row, change: Change, hosts: int) -> None:
    """Add what one differing row of the host, shared by ``hosts``, offers as explanation for others."""
    if kind is Kind.PACKAGE:
        named = evidence.packages if change is Change.CHANGED else evidence.new_packages
        name = row.get("name", "")
        if change is Change.CHANGED:
            evidence.brought[name] = rarer(evidence.brought.get(name, 0), hosts)
        for word in words_of(name):
            named[word] = rarer(named.get(word, 0), hosts)
        evidence.any_package = rarer(evidence.any_package, hosts)
    elif kind is Kind.PROCESS and change is not Change.REMOVED:
        path = program(row, kind)
        if _PACKAGE_MANAGER.match(path):
            evidence.installing = True
    elif kind is Kind.USER and row.get("shell", "").rsplit("/", 1)[-1] in ("nologin", "false"):
        evidence.no_shell.add(row.get("username", ""))


def rarer(one: int, other: int) -> int:
    """Return the smaller of two sets of hosts, of equal ones the lower; an empty one is none."""
    if not one or not other:
        return one or other
    return min(one, other, key=lambda mask: (mask.bit_count(), mask))


def covers(cause: int, hosts: int) -> bool:
    """Whether a cause on some hosts explains a fact on ``hosts``: at least half of those with the cause show the fact.

    What many others have as well, without showing the fact, does not explain it.
    """
    return cause != 0 and 2 * (cause & hosts).bit_count() >= cause.bit_count()


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
