"""Who started a process, by process ids? A name is chosen by whoever starts it; its parent is not.

Only hosts of which something is claimed are looked at: their processes are laid out as a tree, and a claim ("belongs
to the session of somebody logged in") is confirmed when the tree leads there, refuted when it leads elsewhere, and left
open where the pack asks no parents or a link is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum

import msgspec

from bot.analysis.fold import Chosen, decode, members
from bot.analysis.places import SCHEDULER, SYSTEM_PATH, is_tool
from bot.analysis.tables import Values
from bot.analysis.volatile import Facts

LONGEST_S = 300  # a command runs for four minutes at most: EXECUTION_TIMEOUT_S of bot.collection.script
DEEPEST = 64  # steps towards the first process; a loop ends there too


class Proof(Enum):
    """What the tree says of a claim."""

    CONFIRMED = 1.0
    OPEN = 0.5
    REFUTED = 0.0


class Process(msgspec.Struct, frozen=True, gc=False):
    """What a tree needs of a row."""

    pid: str
    parent: str
    path: str = ""
    start_time: str = ""


_PROCESS = msgspec.json.Decoder(Process)


@dataclass(slots=True)
class Tree:
    """The processes of one host by pid. A pack that groups equal processes shows one pid of each."""

    processes: dict[str, Process] = field(default_factory=dict)

    def above(self, pid: str) -> tuple[list[Process], bool]:
        """Return the process and those it descends from, nearest first, and whether the first process was reached."""
        found: list[Process] = []
        for _ in range(DEEPEST):
            row = self.processes.get(pid)
            if row is None:
                return found, pid in ("0", "1", "2")
            found.append(row)
            if pid == "1":
                return found, True
            pid = row.parent
        return found, False


class Forest:
    """Grows the tree of one host after the other, from every query that gives a pid and a parent.

    Args:
        hosts: The hosts whose trees are wanted, as a mask.
    """

    def __init__(self, chosen: Chosen, hosts: int) -> None:
        self._said: list[dict[int, list[bytes]]] = []
        for query in sorted(chosen.fold.counts) if hosts else ():
            counts = chosen.fold.counts[query]
            wanted = {number for shape, number in counts.shapes.items() if {"pid", "parent"} <= set(shape)}
            if not wanted:
                continue
            said: dict[int, list[bytes]] = {}
            for row, raw, mask in chosen.rows_of(query):  # one at a time: masks of many hosts are long
                if counts.shape_of[row] in wanted:
                    for host in members(mask & hosts):
                        said.setdefault(host, []).append(raw)
            self._said.append(said)

    def tree(self, host: int) -> Tree:
        """Return the processes of a host; of two rows with one pid the first query's counts."""
        found: dict[str, Process] = {}
        for said in self._said:
            rows = said.get(host, [])
            more = {row.pid: row for row in map(_process, rows)}
            if len(more) < len(rows):  # of two rows with one pid that counts whose bytes come first
                more = {row.pid: row for row in map(_process, sorted(rows, reverse=True))}
            found = more | found
        return Tree(found)


def _process(bare: bytes) -> Process:
    try:
        return _PROCESS.decode(b"{%b}" % bare)
    except msgspec.ValidationError:  # numbers instead of texts
        return msgspec.convert(decode(bare), Process)


class Pids:
    """Finds the process ids behind a compared value of one host."""

    def __init__(self, tables: Sequence[Facts]):
        self._facts = {facts.table.query.name: facts for facts in tables}

    def of(self, query: str, values: Iterable[Values], host: int) -> tuple[str, ...]:
        """Return the pids of the rows as collected; a row without one (a file) gives none."""
        facts = self._facts[query]
        raw = {each for value in values for each in (value, *facts.behind.get(value, ()))}
        [rows] = facts.table.raw_rows(raw, [host])
        return tuple(row["pid"] for row in rows if row.get("pid", "").isdecimal())


def in_session(tree: Tree, pids: Sequence[str], sessions: Set[str], path: str) -> Proof:
    """Whether a process leads to, or carries, the process of a login that is registered as open.

    The manager that the first process starts for a user who logs in (``systemd --user``) is the same program as it.
    """
    if not pids or not sessions:
        return Proof.OPEN
    first = tree.processes.get("1")
    if first and first.path and path == first.path:
        return Proof.CONFIRMED
    carriers = {row.pid for leader in sessions for row in tree.above(leader)[0]}
    return _all(tree, pids, lambda rows: any(row.pid in sessions for row in rows) or rows[0].pid in carriers)


def on_schedule(tree: Tree, pids: Sequence[str], programs: Set[str]) -> Proof:
    """Whether a process leads to the schedule's daemon, which most hosts run (``programs``)."""
    if not pids:
        return Proof.OPEN
    return _all(tree, pids, lambda rows: any(_schedules(row, programs) for row in rows[1:]))


def _schedules(row: Process, programs: Set[str]) -> bool:
    return bool(SCHEDULER.search(row.path)) and row.path in programs


def by_few(tree: Tree, pids: Sequence[str], programs: Set[str]) -> Proof:
    """Whether processes are of programs that most hosts do not run (``programs`` are those that they do)."""
    run = [tree.processes[pid].path for pid in pids if pid in tree.processes]
    if not pids or len(run) < len(pids):
        return Proof.OPEN
    return Proof.REFUTED if set(run) & programs else Proof.CONFIRMED


def timers_above(tree: Tree, pids: Sequence[str], timers: Set[str]) -> Set[str]:
    """Return the timers that bear the name of a program of the system from which all of the processes descend."""
    found: list[set[str]] = []
    for pid in pids:
        paths = [row.path for row in tree.above(pid)[0][1:]]
        found.append({path.rsplit("/", 1)[-1] for path in paths if SYSTEM_PATH.match(path)} & timers)
    return set.intersection(*found) if found else set()


def service_above(tree: Tree, pids: Sequence[str], programs: Set[str]) -> str:
    """Return the nearest program that most hosts run (``programs``) from which all of the processes descend; empty if none.

    Neither a tool that does as it is told nor the first process is one.
    """
    first = tree.processes["1"].path if "1" in tree.processes else ""
    found: set[str] = set()
    for pid in pids:
        above = (row.path for row in tree.above(pid)[0][1:])
        found.add(
            next((path for path in above if path in programs and path != first and not is_tool(path)), "")
        )
    return found.pop() if len(found) == 1 else ""


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
        found.add(row.pid)
    return frozenset(found)


def of_own(tree: Tree, pids: Sequence[str], own: Set[str]) -> bool:
    """Whether all of the processes belong to the command that asked."""
    return bool(pids) and all(any(row.pid in own for row in tree.above(pid)[0]) for pid in pids)


def _started(row: Process) -> int | None:
    text = row.start_time
    return int(text) if text.isdecimal() and len(text) < 12 else None


def _all(tree: Tree, pids: Sequence[str], leads: Callable[[list[Process]], bool]) -> Proof:
    answers: list[Proof] = []
    for pid in pids:
        rows, whole = tree.above(pid)
        if rows and leads(rows):
            answers.append(Proof.CONFIRMED)
        else:
            answers.append(Proof.REFUTED if whole and rows else Proof.OPEN)
    return min(answers, key=lambda proof: proof.value)
