"""What does each method make of one group, clean and with something planted? One task is one group; any process can do it."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from benchmarks import fleets, references
from benchmarks.fleets import HELD, NOW, Drawn, Planting, Population
from benchmarks.references import Fact, Scored
from bot import packs
from bot.analysis import Case, judge_folded
from bot.model import Group, Method, Pack, Report, Row, RunInfo

OURS = (
    ("peers", Method.PEERS, 0),
    ("baseline of 1", Method.BASELINE, 1),
    ("baseline of 5", Method.BASELINE, 5),
    ("both, of 5", Method.BOTH, 5),
)
FEW_PEERS = 3  # hosts from which the references have something to compare
CLEAN, ONE, SEVERAL, MAJORITY = "clean", "one", "several", "majority"
GROUP_NOTES = ("Most of the group changed", "Beside it", "The group is split")  # how such notes begin


@dataclass(frozen=True, slots=True)
class Task:
    """One group and what is planted into it, one after the other: names of attacks, and on how many hosts.

    Attributes:
        singles: Planted on one host each.
        several: Attack and number of hosts.
        outsiders: Whether the outlier libraries judge too.
        methods: Which of ours judge; all of them when empty.
        oddness: How many hosts show something honest of their own, as a multiple of the usual share.
    """

    population: str
    kind: str
    size: int
    number: int
    pack: str
    singles: tuple[str, ...]
    several: tuple[tuple[str, int], ...] = ()
    references: bool = True
    outsiders: bool = True
    methods: tuple[str, ...] = ()
    oddness: float = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one method made of one planting.

    Attributes:
        form: CLEAN, ONE, SEVERAL or MAJORITY.
        victims: How many hosts have the attack.
        ranks: The places of the compromised hosts, first ones first; hosts of equal score count as before them.
        planted: Rows that show the attack, over all victims. With none of them nothing asked shows it.
        shown: How many of these are among what the method shows of the victim; None: it shows no rows.
        caught: Victims that are marked.
        clean: How many hosts have nothing.
        marked: For each of these that is marked, the name of its honest one-off; empty for one that shows none.
        odd: How many of these show an honest one-off.
        findings: How many findings are shown of the clean hosts: number to hosts; None as above.
        named: A note says that just so many hosts changed as did, without a baseline that the group is split; of a
            clean group: any such note.
        sides: Planted rows shown as such or as missing on the others: either side of a group that is split.
        oddness: That of the task.
    """

    form: str
    size: int
    kind: str
    group: int
    attack: str
    method: str
    victims: int
    ranks: tuple[int, ...]
    planted: int
    shown: int | None
    caught: int
    clean: int
    marked: tuple[str, ...]
    odd: int
    findings: tuple[tuple[int, int], ...] | None
    named: bool = False
    sides: int = 0
    oddness: float = 1.0


@dataclass(slots=True)
class Work:
    """What a task brought: outcomes, and seconds of processor time by what they went to."""

    outcomes: list[Outcome] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.process_time)

    def spent(self, what: str) -> None:
        """Book the time since the last call."""
        now = time.process_time()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - self._since
        self._since = now


def do(task: Task) -> Work:
    """Return the outcomes of a task: the same for the same task."""
    population, pack, work = _population(task.population), packs.load(task.pack), Work()
    drawn = fleets.draw(population, task.kind, task.size, task.number, pack, task.oddness)
    work.spent("drawing groups and asking them")
    untouched = Planting(drawn.group, drawn.said, {}, {})
    _judge_all(task, drawn, untouched, "", pack, work)
    plantings = [(name, 1) for name in task.singles] + list(task.several)
    for index, (name, count) in enumerate(plantings):
        rng = random.Random(f"{task.kind} {task.size} {task.number} {index} {name}")
        places = fleets.victims(drawn, count, rng)
        planting = fleets.plant(drawn, population.attacks[name], places, rng, pack)
        work.spent("planting")
        _judge_all(task, drawn, planting, name, pack, work)
    return work


def form_of(victims: int, size: int) -> str:
    """Return what is measured when that many of ``size`` hosts are compromised."""
    if victims < 2:
        return ONE if victims else CLEAN
    return MAJORITY if 2 * victims > size else SEVERAL


def _judge_all(task: Task, drawn: Drawn, planting: Planting, attack: str, pack: Pack, work: Work) -> None:
    if attack and not planting.planted:  # no query shows it on this kind of host
        work.outcomes.append(_blind(task, planting, attack))
        return
    for name, method, snapshots in OURS:
        if (task.size == 1 and method is not Method.BASELINE) or (task.methods and name not in task.methods):
            continue
        report = judge_folded(case_of(drawn, pack, method), drawn.fold, planting.group, drawn.baseline[:snapshots])  # fmt: skip
        work.outcomes.append(by_report(task, name, planting, attack, drawn, report))
        work.spent(f"judging: {name}")
    if not task.references or task.size < FEW_PEERS:
        return
    said = planting.said
    scored = {
        "JSON diff": references.diff([each.rows for each in said]),
        "stacking": references.stacking(said),
    }
    work.spent("JSON diff and stacking")
    if task.outsiders:
        matrix = references.one_hot(said)
        scored["isolation forest"] = references.isolation_forest(matrix, task.number)
        scored["ECOD"] = references.ecod(matrix)
        work.spent("isolation forest and ECOD")
    for name, each in scored.items():
        work.outcomes.append(by_scores(task, name, planting, attack, drawn, each))


def by_report(
    task: Task, method: str, planting: Planting, attack: str, drawn: Drawn, report: Report
) -> Outcome:
    """Return the outcome of a report of ours."""
    named = drawn.numbers.named
    ids = [each.host for each in planting.said]
    verdicts = {verdict.id: verdict for verdict in report.hosts}
    order = [(not verdicts[name].outlier, -verdicts[name].score) for name in ids]
    shown = Counter(name for finding in report.findings for name in finding.hosts)
    victims = set(planting.added)
    rows = {
        place: (_rows(report, ids[place], expected=False), _rows(report, ids[place], expected=True))
        for place in victims
    }
    everything = _rows(report, "", expected=True)
    planted = [(place, named[fact]) for place, facts in planting.added.items() for fact in facts]
    gone = [(place, named[fact]) for place, facts in planting.gone.items() for fact in facts]
    return Outcome(
        **_head(task, planting, attack, method),
        ranks=_ranks(order, victims),
        shown=sum(_holds(rows[place][0], fact) for place, fact in planted)
        + sum(_holds(rows[place][1], fact) for place, fact in gone),
        caught=sum(verdicts[ids[place]].outlier for place in victims),
        marked=_names(drawn, victims, [verdicts[name].outlier for name in ids]),
        odd=len(drawn.odd.keys() - victims),
        findings=_tally(shown[name] for place, name in enumerate(ids) if place not in victims),
        named=_named(report, planting),
        sides=sum(_holds(everything, fact) for _, fact in (*planted, *gone)),
    )


def by_scores(
    task: Task, method: str, planting: Planting, attack: str, drawn: Drawn, scored: Scored
) -> Outcome:
    """Return the outcome of a reference."""
    victims = set(planting.added)
    facts = [(place, fact) for place in victims for fact in (*planting.added[place], *planting.gone[place])]
    shows = {"JSON diff": references.shows_by_diff, "stacking": references.shows_by_stacking}.get(method)
    clean = [place for place in range(task.size) if place not in victims]
    return Outcome(
        **_head(task, planting, attack, method),
        ranks=_ranks([(False, -score) for score in scored.scores], victims),
        shown=sum(shows(planting.said, place, fact) for place, fact in facts) if shows else None,
        caught=sum(scored.marked[place] for place in victims),
        marked=_names(drawn, victims, scored.marked),
        odd=len(drawn.odd.keys() - victims),
        findings=_tally(scored.shown[place] for place in clean) if scored.shown is not None else None,
    )


def case_of(drawn: Drawn, pack: Pack, method: Method) -> Case:
    """Return what is asked of a group; its snapshots are in the fold."""
    run = RunInfo("r-bench", "bench", method, "for the benchmark", pack.name, "cli", NOW, NOW + timedelta(seconds=9))  # fmt: skip
    hosts = tuple(drawn.fold.snapshots[number].host for number in drawn.group)
    return Case(run, Group("bench", hosts, known=hosts), (), (), pack, method)


def _head(task: Task, planting: Planting, attack: str, method: str) -> dict[str, Any]:
    victims = len(planting.added)
    return {
        "form": form_of(victims, task.size),
        "size": task.size,
        "kind": task.kind,
        "group": task.number,
        "attack": attack,
        "method": method,
        "victims": victims,
        "planted": planting.planted,
        "clean": task.size - victims,
        "oddness": task.oddness,
    }


def _blind(task: Task, planting: Planting, attack: str) -> Outcome:
    return Outcome(
        **_head(task, planting, attack, ""), ranks=(), shown=0, caught=0, marked=(), odd=0, findings=None
    )


def _names(drawn: Drawn, victims: Collection[int], marked: Sequence[bool]) -> tuple[str, ...]:
    return tuple(
        drawn.odd.get(place, "") for place, each in enumerate(marked) if each and place not in victims
    )


def _ranks(order: Sequence[tuple[bool, float]], victims: Collection[int]) -> tuple[int, ...]:
    """Return the places of the victims; a clean host of equal score counts as before them, a fellow victim does not."""
    ahead = sorted(
        (mine, sum(other <= mine for place, other in enumerate(order) if place not in victims))
        for mine in (order[victim] for victim in victims)
    )
    return tuple(clean + place for place, (_, clean) in enumerate(ahead, start=1))


def _rows(report: Report, host: str, *, expected: bool) -> list[tuple[str, Row]]:
    """Return query and row of all that is shown of a host (of any when empty), with what is expected in its place or not."""
    found: list[tuple[str, Row]] = []
    for finding in report.findings:
        if not host or host in finding.hosts:
            found.extend((finding.query, row) for row in (finding.row, *finding.rows))
            behind = (*finding.shared, *finding.also)
            found.extend((fact.query, row) for fact in behind for row in (fact.row, *fact.rows))
            if expected:
                usual = [(finding.query, finding.expected), *((fact.query, fact.expected) for fact in behind)]
                found.extend((query, row) for query, row in usual if row is not None)
    return found


def _holds(rows: Iterable[tuple[str, Row]], fact: Fact) -> bool:
    query, wanted = fact
    return any(name == query and all(row.get(k) == v for k, v in wanted) for name, row in rows)


def _named(report: Report, planting: Planting) -> bool:
    """Whether a note speaks of a change of the whole group or of a split, with just the number of hosts that changed."""
    notes = [note for note in report.notes if note.startswith(GROUP_NOTES)]
    count = f"{len(planting.added)} of {len(planting.group)} hosts"
    return any(re.search(rf"\b{count}\b", note) for note in notes) if planting.added else bool(notes)


def _tally(counts: Iterable[int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(Counter(counts).items()))


@cache
def _population(name: str) -> Population:
    found = fleets.held() if name == HELD else fleets.seen()
    if found is None:
        raise LookupError(f"There are no trials that are {name}: benchmarks/held is not here.")
    return found
