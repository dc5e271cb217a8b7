"""Who started a process, by process ids? A name is chosen by whoever starts it; its parent is not.

Only hosts of which something is claimed are looked at: their processes are laid out as a tree, and a claim ("belongs
to the session of somebody logged in") is confirmed when the tree leads there, refuted when it leads elsewhere, and left
open where the pack asks no parents or a link is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum

from bot.analysis.fold import Chosen, decode, members
from bot.analysis.places import SCHEDULER, SYSTEM_PATH
from bot.analysis.tables import Values
from bot.analysis.volatile import Facts
from bot.model import Row

LONGEST_S = 300  # a command runs for four minutes at most: EXECUTION_TIMEOUT_S of bot.collection.script
DEEPEST = 64  # steps towards the first process; a loop ends there too


class Proof(Enum):
    """What the tree says of a claim."""

    CONFIRMED = 1.0
    OPEN = 0.5
    REFUTED = 0.0


@dataclass(slots=True)
class Tree:
    """The processes of one host by pid. A pack that groups equal processes shows one pid of each."""

    processes: dict[str, Row] = field(default_factory=dict)

    def above(self, pid: str) -> tuple[list[Row], bool]:
        """Return the process and those it descends from, nearest first, and whether the first process was reached."""
        found: list[Row] = []
        for _ in range(DEEPEST):
            row = self.processes.get(pid)
            if row is None:
                return found, pid in ("0", "1", "2")
            found.append(row)
            if pid == "1":
                return found, True
            pid = row["parent"]
        return found, False


def trees(chosen: Chosen, hosts: int) -> dict[int, Tree]:
    """Return the processes of each of ``hosts`` (a mask), from every query that gives a pid and a parent."""
    found = {host: Tree() for host in members(hosts)} if hosts else {}
    for query in sorted(chosen.fold.counts) if hosts else ():
        counts = chosen.fold.counts[query]
        wanted = {number for shape, number in counts.shapes.items() if {"pid", "parent"} <= set(shape)}
        if not wanted:
            continue
        said = [
            (raw, mask & hosts)
            for row, raw, mask in chosen.rows_of(query)
            if mask & hosts and counts.shape_of[row] in wanted
        ]
        for raw, mask in sorted(said):
            row = decode(raw)
            for host in members(mask):
                found[host].processes.setdefault(row["pid"], row)
    return found


class Pids:
    """Finds the process ids behind a compared value of one host."""

    def __init__(self, tables: Sequence[Facts]):
        self._facts = {facts.table.query.name: facts for facts in tables}

    def of(self, query: str, values: Iterable[Values], host: int) -> tuple[str, ...]:
        """Return the pids of the rows as collected; a row without one (a file) gives none."""
        facts = self._facts[query]
        raw = {each for value in values for each in (value, *facts.behind.get(value, ()))}
        rows = facts.table.raw_rows(sorted(raw), host)
        return tuple(row["pid"] for row in rows if row.get("pid", "").isdecimal())


def in_session(tree: Tree, pids: Sequence[str], sessions: Set[str], path: str) -> Proof:
    """Whether a process leads to, or carries, the process of a login that is registered as open.

    The manager that the first process starts for a user who logs in (``systemd --user``) is the same program as it.
    """
    if not pids or not sessions:
        return Proof.OPEN
    first = tree.processes.get("1", {}).get("path", "")
    if first and path == first:
        return Proof.CONFIRMED
    carriers = {row["pid"] for leader in sessions for row in tree.above(leader)[0]}
    return _all(
        tree, pids, lambda rows: any(row["pid"] in sessions for row in rows) or rows[0]["pid"] in carriers
    )


def on_schedule(tree: Tree, pids: Sequence[str], programs: Set[str]) -> Proof:
    """Whether a process leads to the schedule's daemon, which most hosts run (``programs``)."""
    if not pids:
        return Proof.OPEN
    return _all(tree, pids, lambda rows: any(_schedules(row, programs) for row in rows[1:]))


def _schedules(row: Row, programs: Set[str]) -> bool:
    path = row.get("path", "")
    return bool(SCHEDULER.search(path)) and path in programs


def timers_above(tree: Tree, pids: Sequence[str], timers: Set[str]) -> Set[str]:
    """Return the timers that bear the name of a program of the system from which all of the processes descend."""
    found: list[set[str]] = []
    for pid in pids:
        paths = [row.get("path", "") for row in tree.above(pid)[0][1:]]
        found.append({path.rsplit("/", 1)[-1] for path in paths if SYSTEM_PATH.match(path)} & timers)
    return set.intersection(*found) if found else set()


def own_footprint(tree: Tree, osquery: str) -> frozenset[str]:
    """Return the pids of the command that asked this host: the osquery that answered, and what it descends from.

    What runs for longer than a command may (the agent, the first process) only started it.
    """
    above, _ = tree.above(osquery)
    began = _started(above[0]) if above else None
    if began is None:
        return frozenset()
    found: set[str] = set()
    for row in above:
        at = _started(row)
        if at is None or at < began - LONGEST_S:
            break
        found.add(row["pid"])
    return frozenset(found)


def of_own(tree: Tree, pids: Sequence[str], own: Set[str]) -> bool:
    """Whether all of the processes belong to the command that asked."""
    return bool(pids) and all(any(row["pid"] in own for row in tree.above(pid)[0]) for pid in pids)


def _started(row: Row) -> int | None:
    text = row.get("start_time", "")
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _all(tree: Tree, pids: Sequence[str], leads: Callable[[list[Row]], bool]) -> Proof:
    answers: list[Proof] = []
    for pid in pids:
        rows, whole = tree.above(pid)
        if rows and leads(rows):
            answers.append(Proof.CONFIRMED)
        else:
            answers.append(Proof.REFUTED if whole and rows else Proof.OPEN)
    return min(answers, key=lambda proof: proof.value)
