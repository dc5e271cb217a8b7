"""How well are compromised hosts found? Prints a table of figures; asserts nothing.

    python -m benchmarks.detection --sizes 3,5,10,24 --trials 60 --half odd

Each trial draws a group of one of five kinds from a seed, with a rolling deploy and honest one-offs on other hosts,
plants one attack on one host, asks the pack's SQL of each host, and lets each method judge the same answers. The
attacks are the sandbox's labelled scenarios on one host and those of ``attacks``; the one-offs are the sandbox's too.
Weights were set while looking at trials below number 1,000; ``--start`` draws groups that were never looked at. The
attacks themselves were all seen, so what fresh seeds measure is the noise, not attacks of another kind.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.attacks import ATTACKS, Host
from benchmarks.references import json_diff, stacking
from bot import packs
from bot.analysis import Case, judge
from bot.collection import recorded
from bot.model import Compare, Group, Method, Pack, Report, RunInfo, Snapshot
from bot.model import Host as HostModel
from bot.sandbox.fleet import GroupPlan, HostPlan, SimHost, answer, build_group, invent
from bot.sandbox.fleet.oddities import ODDITIES
from bot.sandbox.fleet.scenarios import Scenario, apply_scenario, scenarios

NOW = datetime(2026, 3, 3, 10, 20, tzinfo=UTC)
DAY_S = 86_400
KINDS = ("web", "jvm", "database", "container", "batch")
ODD_SHARE = 0.3
DEBIAN_ONLY = frozenset({"backup"})
PLANNED = tuple(
    s for s in scenarios() if s.kind == "malicious" and s.scope == "one" and s.expected == "finding"
)
ONE_OFFS = tuple(
    s for s in scenarios() if s.kind == "benign" and s.scope in ("one", "few") and s.expected != "cohort"
)
EVERYWHERE = tuple(s for s in scenarios() if s.kind == "benign" and s.scope == "all_distinct")
CHOICES: tuple[Scenario | Callable[[Host], None], ...] = (*PLANNED, *ATTACKS)
METHODS = (
    ("peers", Method.PEERS, 0),
    ("baseline of 1", Method.BASELINE, 1),
    ("baseline of 5", Method.BASELINE, 5),
    ("both, of 1", Method.BOTH, 1),
    ("both, of 5", Method.BOTH, 5),
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One drawn group: snapshots, baseline, the compromised host, and the rows that only it has because of it."""

    snapshots: tuple[Snapshot, ...]
    baseline: tuple[Snapshot, ...]
    victim: str
    planted: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(slots=True)
class Figures:
    """What one method reached over the trials of one size."""

    trials: int = 0
    first: int = 0
    among_three: int = 0
    planted: int = 0
    shown: int = 0
    on_clean: list[int] = field(default_factory=list)
    marked: int = 0
    clean: int = 0

    def line(self) -> str:
        """Return the figures as one line of the table."""
        return (
            f"{self.first / self.trials:6.2f} {self.among_three / self.trials:6.2f} "
            f"{self.shown / max(1, self.planted):8.2f} {statistics.median(self.on_clean):9.1f} "
            f"{self.marked / max(1, self.clean):8.3f}"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default="3,5,10,24")
    parser.add_argument("--trials", type=int, default=40, help="per size")
    parser.add_argument("--half", choices=("even", "odd", "all"), default="all")
    parser.add_argument("--start", type=int, default=0, help="number of the first trial")
    parser.add_argument("--pack", default=packs.DEFAULT)
    parser.add_argument("--lost", action="store_true", help="name the attacks whose host did not come first")
    chosen = parser.parse_args(arguments)
    pack = packs.load(chosen.pack)
    print(f"{'n':>3} {'method':<16} {'hit@1':>6} {'hit@3':>6} {'planted':>8} {'per clean':>9} {'marked':>8}")
    for size in map(int, chosen.sizes.split(",")):
        for name, figures, lost in measure(size, _numbers(chosen.start, chosen.trials, chosen.half), pack):
            print(
                f"{size:3} {name:<16} {figures.line()}" + (f"  {' '.join(lost)}" if chosen.lost else ""),
                flush=True,
            )


def measure(size: int, numbers: Iterable[int], pack: Pack) -> list[tuple[str, Figures, list[str]]]:
    """Return the figures of each method over the numbered groups of ``size`` hosts, and the attacks it lost."""
    figures = {name: Figures() for name in (*(m[0] for m in METHODS), "JSON diff", "stacking")}
    lost: dict[str, list[str]] = {name: [] for name in figures}
    for number in numbers:
        attack = CHOICES[number % len(CHOICES)]
        trial = draw(KINDS[number % len(KINDS)], size, number, pack)
        if not trial.planted:
            continue  # no query of this pack shows it on this kind of host
        for name, method, snapshots in METHODS:
            if not _count(figures[name], trial, judge(_case(trial, pack, method, snapshots))):
                lost[name].append(attack.id if isinstance(attack, Scenario) else attack.__name__)
        for name, scores in (
            ("JSON diff", json_diff(trial.snapshots)),
            ("stacking", stacking(trial.snapshots, pack)),
        ):
            _count_reference(figures[name], trial, scores)
    return [(name, each, lost[name]) for name, each in figures.items() if each.trials]


def _numbers(start: int, trials: int, half: str) -> range:
    step = 1 if half == "all" else 2
    first = start + (start % 2 if half == "even" else 1 - start % 2 if half == "odd" else 0)
    return range(first, first + trials * step, step)


def draw(kind: str, size: int, number: int, pack: Pack) -> Trial:
    """Return the trial of that number: the same for the same arguments."""
    rng = random.Random(f"{kind} {size} {number}")
    newer = rng.choice((0, size // 3, size // 2)) if size > 3 else 0
    hosts = _build(kind, size, newer, number, rng)
    victim = rng.randrange(size)
    asked: dict[str, Any] = {"queries": [{"name": query.name, "sql": query.sql} for query in pack.queries]}
    before = _snapshot(hosts[victim], asked)
    hosts[victim] = replace(hosts[victim], tables=copy.deepcopy(hosts[victim].tables))
    attack = CHOICES[number % len(CHOICES)]
    if isinstance(attack, Scenario):
        apply_scenario(hosts[victim].tables, attack, rng, hosts[victim].identity)
    else:
        attack(Host(hosts[victim].tables))
    snapshots = tuple(_snapshot(host, asked) for host in hosts)
    normal = tuple(
        _snapshot(host, asked) for host in _build(kind, 7, min(newer, 2), 10_000 + number, rng)[:5]
    )
    return Trial(snapshots, normal, snapshots[victim].host.id, _new_rows(before, snapshots[victim], pack))


def _build(kind: str, size: int, newer: int, seed: int, rng: random.Random) -> list[SimHost]:
    suited = sorted(set(ODDITIES) - (DEBIAN_ONLY if kind in ("jvm", "container") else set()))
    plans = tuple(
        HostPlan(
            template_version="13" if index >= size - newer else "12",
            image_id="ami-0d1f6b2a7c4e85d02" if index >= size - newer else "ami-0d1f6b2a7c4e85d01",
            zone=f"eu-west-1{'abc'[index % 3]}",
            instance_type="m6i.large",
            launched_s_ago=(1 if index >= size - newer else 19) * DAY_S + index * 700,
            oddity=rng.choice(suited) if rng.random() < ODD_SHARE else "",
        )
        for index in range(size)
    )
    group = GroupPlan("bench", kind, plans)
    hosts = build_group(group, invent(group, seed=seed, now=NOW), seed, now=NOW)
    for host in hosts:
        for each in EVERYWHERE:
            apply_scenario(host.tables, each, rng, host.identity)
        if rng.random() < ODD_SHARE / 2:
            apply_scenario(host.tables, rng.choice(ONE_OFFS), rng, host.identity)
    return hosts


def _snapshot(host: SimHost, asked: dict[str, Any]) -> Snapshot:
    about = HostModel(
        id=host.identity.instance_id,
        group="bench",
        private_ip=host.identity.private_ip,
        hostname=host.identity.hostname,
        zone=host.identity.availability_zone,
        image_id=host.identity.image_id,
        template_version=host.identity.launch_template_version,
        instance_type=host.identity.instance_type,
        launch_time=datetime.fromisoformat(host.identity.launch_time),
    )
    return replace(recorded.from_json(json.dumps(answer(host, asked)).encode(), about=about), taken_at=NOW)


def _new_rows(
    before: Snapshot, after: Snapshot, pack: Pack
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the rows that the attack added: query and row, columns that are never compared left out."""
    was = {answer.query: answer.rows for answer in before.answers}
    found: list[tuple[str, tuple[tuple[str, str], ...]]] = []
    for given in after.answers:
        query = pack.query(given.query)
        if query.compare is Compare.CONTEXT:
            continue
        ignore = {*query.ignore, "pid", "instances"}
        old = {
            tuple(sorted((k, v) for k, v in row.items() if k not in ignore))
            for row in was.get(given.query, ())
        }
        new = {tuple(sorted((k, v) for k, v in row.items() if k not in ignore)) for row in given.rows}
        found.extend((given.query, row) for row in sorted(new - old))
    return tuple(found)


def _case(trial: Trial, pack: Pack, method: Method, snapshots: int) -> Case:
    run = RunInfo(
        "r-bench", "bench", method, "for the benchmark", pack.name, "cli", NOW, NOW + timedelta(seconds=9)
    )
    hosts = tuple(snapshot.host for snapshot in trial.snapshots)
    return Case(
        run, Group("bench", hosts, known=hosts), trial.snapshots, (), pack, method, trial.baseline[:snapshots]
    )


def _count(figures: Figures, trial: Trial, report: Report) -> bool:
    rank = next(host.rank for host in report.hosts if host.id == trial.victim)
    rows = [(f.query, row) for f in report.findings if trial.victim in f.hosts for row in (f.row, *f.rows)]
    figures.trials += 1
    figures.first += rank == 1
    figures.among_three += rank <= 3
    figures.planted += len(trial.planted)
    figures.shown += sum(
        any(query == name and all(row.get(k) == v for k, v in wanted) for name, row in rows)
        for query, wanted in trial.planted
    )
    clean = [host for host in report.hosts if host.id != trial.victim]
    figures.on_clean.extend(sum(host.id in f.hosts for f in report.findings) for host in clean)
    figures.marked += sum(host.outlier for host in clean)
    figures.clean += len(clean)
    return rank == 1


def _count_reference(figures: Figures, trial: Trial, scores: dict[str, tuple[float, int]]) -> None:
    mine = scores[trial.victim][0]
    rank = 1 + sum(score >= mine for host, (score, _) in scores.items() if host != trial.victim)
    figures.trials += 1
    figures.first += rank == 1
    figures.among_three += rank <= 3
    figures.planted += 1
    figures.shown += scores[trial.victim][1] > 0
    clean = [count for host, (_, count) in scores.items() if host != trial.victim]
    figures.on_clean.extend(clean)
    figures.marked += sum(count > 0 for count in clean)
    figures.clean += len(clean)


if __name__ == "__main__":
    main()
