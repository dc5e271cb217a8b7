"""Which findings speak of one thing, and are told as one: the sharpest leads, the others stand behind it?

A program that runs, the address it is connected to and its file are three rows with one cause. Only rows of the same
hosts are joined that name the same program, file, unit, account or key file; what merely starts another thing stays apart.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from bot.analysis.places import ENABLES, HOSTS_OTHERS, SYSTEM_PATH, is_tool, program
from bot.analysis.semantics import Kind
from bot.analysis.slots import VARIES
from bot.analysis.tables import MISSING
from bot.analysis.volatile import as_row
from bot.analysis.weighing import Weighed
from bot.model import Change, Row

MOST_BEHIND = 20  # facts behind one finding; further ones are told as a finding of their own

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """The thing that a row speaks of, and what rows that know less of it may call it: a file, a process id."""

    thing: Key
    names: frozenset[Key] = frozenset()


def subject(kind: Kind, row: Row, change: Change) -> Subject | None:
    """Return what a row speaks of; None for a row that nothing else is joined to."""
    if kind in _RUNS:
        return _running(kind, row)
    if kind is Kind.UNIT and row.get("id"):
        return Subject(("unit", row["id"]), _files(row.get("fragment_path", "")))
    if kind is Kind.SUDO and row.get("source"):
        return Subject(("sudo", row["source"], row.get("header", "")), _files(row["source"]))
    if kind in (Kind.USER, Kind.MEMBERSHIP):
        return Subject(("account", row["username"])) if row.get("username") else None
    path = row.get("key_file", "") or row.get("path", "")
    if kind not in _FILES or not path.startswith("/"):
        return None
    if kind is Kind.LOADER:
        path = path.removesuffix(" (deleted)")  # as the kernel writes it; a program's own path comes without
    if kind is Kind.PROGRAM and change is not Change.CHANGED and _acts_for_others(path):
        return Subject(("tool", path))  # not what the file holds is odd, but that it runs
    enabled = ENABLES.match(path)
    return Subject(("unit", enabled[1]) if enabled else ("file", path))


def alike(each: Weighed) -> Hashable:
    """Return what differences must have in common to be told together, so that what is said of one is true of all."""
    oddity = each.oddity
    return oddity.hosts, oddity.quadrant, oddity.change is Change.REMOVED, oddity.unsure, oddity.follows


def thing_of(each: Weighed) -> Hashable | None:
    """Return the thing of a difference as its compared values tell, before its rows are looked up; None where they do not."""
    oddity = each.oddity
    values = oddity.value if oddity.value is not None else oddity.expected or ()
    about = subject(each.kind, as_row(oddity.slot.columns, values), oddity.change)
    if about is None or any(VARIES in part or MISSING in part for part in about.thing):
        return None
    return alike(each), about.thing


def things(subjects: Sequence[tuple[Hashable, Subject | None]]) -> list[list[int]]:
    """Return the places of ``subjects`` in groups that are told together; groups and places in the order given.

    What is known by a name only, such as a process id, joins the one thing that has this name; of several it joins none. No
    group is larger than one fact and ``MOST_BEHIND``.

    Args:
        subjects: Each with what it must have in common with others (``alike``).
    """
    named: dict[Hashable, set[Key]] = {}
    for where, each in subjects:
        for name in each.names if each else ():
            named.setdefault((where, name), set()).add(each.thing if each else name)
    groups: dict[Hashable, list[int]] = {}
    met: Counter[Hashable] = Counter()
    for place, (where, each) in enumerate(subjects):
        if each is None:
            groups[place] = [place]
            continue
        bearers = named.get((where, each.thing), set())
        thing = (where, next(iter(bearers)) if len(bearers) == 1 else each.thing)
        groups.setdefault((thing, met[thing] // (1 + MOST_BEHIND)), []).append(place)
        met[thing] += 1
    return sorted(groups.values())


def _running(kind: Kind, row: Row) -> Subject | None:
    """A program is known by its path; one that does what others tell it by path, command and account, or by process id."""
    path, command = program(row, kind), row.get("cmdline", "")
    if path.startswith("/") and not _acts_for_others(path) and row.get("root", "") in ("", "/"):
        return Subject(("file", path))
    pid = row.get("pid", "")
    process = {("process", path, pid)} if pid not in ("", "-1", "0", "1") else set[Key]()
    if command:
        run = ("run", path, command, row.get("username", ""))
        return Subject(run, frozenset(process | {("tool", path)}))
    return Subject(process.pop()) if process else None


def _acts_for_others(path: str) -> bool:
    base = path.rsplit("/", 1)[-1]
    return is_tool(path) or bool(
        HOSTS_OTHERS.match(base) or (SYSTEM_PATH.match(path) and _FOR_OTHERS.match(base))
    )


def _files(path: str) -> frozenset[Key]:
    return frozenset({("file", path)} if path.startswith("/") else ())


_FOR_OTHERS = re.compile(
    r"^(?:sshd.*|ssh-agent|su|sudo|doas|login|env|nohup|setsid|timeout|xargs|screen|tmux.*|"
    r"crond?|anacron|atd|containerd.*|docker.*|runc|crun|conmon|podman)$"
)
"""Programs that start what somebody else chose: two rows of one may have nothing to do with each other."""
_RUNS = frozenset({Kind.PROCESS, Kind.LISTENER, Kind.CONNECTION, Kind.RAW_SOCKET, Kind.ENVIRONMENT})
_FILES = frozenset(
    {
        Kind.PROGRAM,
        Kind.LOADER,
        Kind.CRON,
        Kind.UNIT,
        Kind.AUTOSTART,
        Kind.LOGIN_KEY,
        Kind.SUDO,
        Kind.LOGIN_CONFIG,
        Kind.PRIVILEGED_FILE,
        Kind.FILE,
    }
)
