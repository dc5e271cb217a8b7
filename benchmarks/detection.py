"""How well are compromised hosts found? Prints tables of figures; asserts nothing.

    python -m benchmarks.detection                       everything, on two processor cores in under 20 minutes
    python -m benchmarks.detection --quick --half odd    under a minute: our own methods, fewer groups
    python -m benchmarks.detection --quick --lost        and which attacks' hosts did not come first
    python -m benchmarks.detection --json figures.json   the figures as JSON too
    python -m benchmarks.detection --from figures.json --into docs/detection.md    renew the page's tables from such a file

A task is one group of one kind, drawn from a number, with a rolling deploy, per-host noise and honest one-offs.
It is judged clean, and then with one attack after the other on one of its hosts, on several, on most. Only the host that
was changed is asked and folded anew; each method judges the same answers. Counts, not the clock, say how much is tried.

Figures come twice: of the attacks, kinds and seeds that were seen while weights were set, and of those kept away
(``benchmarks.held``). Which of the latter are lost is never printed.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import detection_tables, figures, fleets, references
from benchmarks.fleets import HELD, HELD_FROM, NOW, SEEN, Population
from benchmarks.trials import OURS, Task, Work, do
from bot import packs

__all__ = ["NOW", "main", "tasks_of"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is tried at one size.

    Attributes:
        groups: How many groups are drawn; each is judged clean once.
        singles: Plantings on one host, for each group.
        several: Numbers of hosts that one planting each changes, for each group.
    """

    groups: int
    singles: int
    several: tuple[int, ...] = ()


# Trials of one group lean on the same honest one-offs, so more groups say more than more trials of each.
WHOLE = {
    1: Counts(24, 5),
    2: Counts(24, 5),
    3: Counts(80, 6),
    5: Counts(80, 6),
    10: Counts(80, 6, (7,)),
    30: Counts(25, 8, (3, 21)),
    100: Counts(5, 6, (2, 10, 70)),
}
QUICK = {
    3: Counts(10, 4),
    10: Counts(16, 4, (7,)),
    30: Counts(5, 5, (3, 21)),
}
CALM = {10: Counts(42, 6), 30: Counts(12, 8)}
CALMER = 0.25  # of the usual share of hosts show something honest of their own: about one host of ten
OF_CALM = ("peers", "both, of 5")
KEPT_SHARE = 2 / 3  # groups drawn of what is kept away, for each one drawn of what was seen
OUTSIDERS = 5  # the outlier libraries, slow and far from the aims, judge every fifth group


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.into and not chosen.read:
        parser.error("--into renews the tables of a page from a file of figures: name that file with --from.")
    if chosen.read:
        try:
            detection_tables.show(chosen.read, chosen.into)
        except detection_tables.Unusable as error:
            print(error, file=sys.stderr)
            sys.exit(2)
        return
    if chosen.start + 1_000 > HELD_FROM:
        sys.exit(f"Groups from {HELD_FROM:,} on belong to what is kept away: choose a smaller --start.")
    outsiders = not chosen.quick
    if outsiders and (missing := references.missing_libraries()):
        outsiders = False
        print(
            f"Isolation forest and ECOD are left out: {missing} not installed (make bench-detection does it)."
        )
    result: dict[str, list[dict[str, Any]]] = {"populations": []}
    for population in _populations(chosen):
        result["populations"].append(_measure(population, chosen, outsiders=outsiders))
        print(detection_tables.text(result["populations"][-1]), flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


def tasks_of(
    population: Population,
    counts: dict[int, Counts],
    *,
    start: int = 0,
    half: str = "all",
    kinds: Sequence[str] = (),
    pack: str = packs.DEFAULT,
    quick: bool = False,
    outsiders: bool = True,
    methods: tuple[str, ...] = (),
    oddness: float = 1.0,
) -> Iterator[Task]:
    """Yield the tasks, largest groups first: the same for the same arguments. Attacks come round evenly, kinds too.

    Args:
        methods: Which of ours judge; all of them when empty.
        oddness: How many hosts show something honest of their own, as a multiple of the usual share.
    """
    of_kind = [kind for kind in population.kinds if not kinds or kind in kinds]
    for size, count in sorted(counts.items(), reverse=True):
        attacks = _rounds(population, size)
        step = 1 if half == "all" else 2
        first = start + (start % 2 if half == "even" else 1 - start % 2 if half == "odd" else 0)
        for index in range(count.groups):
            number = first + index * step
            yield Task(
                population.name,
                of_kind[index % len(of_kind)],
                size,
                population.first + number,
                pack,
                singles=tuple(next(attacks) for _ in range(count.singles)),
                several=tuple((next(attacks), victims) for victims in count.several),
                references=not quick,
                outsiders=outsiders and index % OUTSIDERS == 0,
                methods=methods,
                oddness=oddness,
            )


def _rounds(population: Population, size: int) -> Iterator[str]:
    """Yield names of attacks, all of them in each round, in an order of its own."""
    rng = random.Random(f"{population.name} {size}")
    names = sorted(population.attacks)
    while True:
        rng.shuffle(names)
        yield from names


def _counts(population: Population, chosen: argparse.Namespace) -> dict[int, Counts]:
    """Return how much is tried of a population, by size."""
    counts = QUICK if chosen.quick else WHOLE
    if chosen.sizes:
        wanted = [int(word) for word in chosen.sizes.split(",")]
        counts = {n: counts.get(n) or counts[max(m for m in counts if m <= max(n, 3))] for n in wanted}
    return _scaled(counts, population, chosen)


def _scaled(
    counts: dict[int, Counts], population: Population, chosen: argparse.Namespace
) -> dict[int, Counts]:
    share = chosen.share * (KEPT_SHARE if population.name == HELD else 1.0)
    return {
        size: replace(
            count,
            groups=max(1, round(chosen.trials / count.singles if chosen.trials else count.groups * share)),
        )
        for size, count in counts.items()
    }


def _measure(population: Population, chosen: argparse.Namespace, *, outsiders: bool) -> dict[str, Any]:
    tasks = list(
        tasks_of(
            population,
            _counts(population, chosen),
            start=chosen.start,
            half=chosen.half,
            kinds=chosen.kinds.split(",") if chosen.kinds else (),
            pack=chosen.pack,
            quick=chosen.quick,
            outsiders=outsiders,
        )
    )
    calmer = () if chosen.quick or chosen.sizes else tasks_of(
        population, _scaled(CALM, population, chosen), start=chosen.start, half=chosen.half, pack=chosen.pack,
        quick=True, methods=OF_CALM, oddness=CALMER,
    )  # fmt: skip
    began = time.monotonic()
    done = list(_all_done([*tasks, *calmer], chosen.jobs))
    outcomes = [outcome for work in done[: len(tasks)] for outcome in work.outcomes]
    calm = [outcome for work in done[len(tasks) :] for outcome in work.outcomes]
    seconds: dict[str, float] = {}
    for work in done:
        for what, took in work.seconds.items():
            seconds[what] = seconds.get(what, 0.0) + took
    blind = dict(figures.blind(outcomes))
    if population.name == HELD:
        blind["attacks"] = len(blind["attacks"])
    result = {
        "name": population.name,
        "attacks": len(population.attacks),
        "kinds": len(population.kinds),
        "one_offs": len(population.one_offs),
        "share": chosen.share,
        "first_group": tasks[0].number if tasks else 0,
        "aims": figures.aims(outcomes),
        "cells": figures.cells(outcomes),
        "by_oddness": figures.by_oddness([*outcomes, *calm]),
        "by_kind": figures.by_kind(outcomes, lambda kind: kind if population.name == SEEN else _origin(kind)),
        "blind": blind,
        "seconds": seconds,
        "wall_s": time.monotonic() - began,
    }
    if chosen.lost and population.name == SEEN:
        result["lost"] = {name: figures.lost(outcomes, name).most_common() for name, *_ in OURS}
        result["marked"] = {name: figures.marked(outcomes, name).most_common() for name, *_ in OURS}
    plain: dict[str, Any] = json.loads(json.dumps(result, default=_plain))
    return plain


def _origin(kind: str) -> str:
    return "the five kinds that were seen" if kind in fleets.KINDS else "other kinds"


def _all_done(tasks: Sequence[Task], jobs: int) -> Iterator[Work]:
    """Yield the work of every task, in their order, and say on standard error how far it is."""
    with ExitStack() as stack:
        pool = stack.enter_context(ProcessPoolExecutor(max_workers=jobs)) if jobs > 1 else None
        for index, work in enumerate((pool.map if pool else map)(do, tasks), start=1):
            yield work
            if sys.stderr.isatty():
                print(f"\r{index} of {len(tasks)} groups", end="\n" if index == len(tasks) else "", file=sys.stderr)  # fmt: skip


def _populations(chosen: argparse.Namespace) -> list[Population]:
    wanted = chosen.held or ("none" if chosen.quick else "both")
    found = [] if wanted == "only" else [fleets.seen()]
    if wanted != "none":
        held = fleets.held()
        if held is None:
            print("There is nothing kept away to measure: benchmarks/held is not here.")
        else:
            found.append(held)
    return found


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{value!r} cannot be written as JSON")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="under a minute: fewer groups, no references, nothing kept away")  # fmt: skip
    parser.add_argument("--sizes", default="", help="such as 3,10,30")
    parser.add_argument("--share", type=float, default=1.0, help="of the groups; below 0.2 not every kind is met")  # fmt: skip
    parser.add_argument("--trials", type=int, default=0, help="plantings on one host, for each size")
    parser.add_argument(
        "--half", choices=("even", "odd", "all"), default="all", help="of the groups' numbers"
    )
    parser.add_argument("--start", type=int, default=0, help="number of the first group")
    parser.add_argument("--kinds", default="", help=f"of {', '.join(fleets.KINDS)}")
    parser.add_argument("--pack", default=packs.DEFAULT)
    parser.add_argument("--lost", action="store_true", help="name the seen attacks whose host did not come first, and one-offs that were marked")  # fmt: skip
    parser.add_argument("--held", choices=("both", "none", "only"), help="what is kept away: measured too, not at all, alone")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--from", dest="read", type=Path, metavar="FILE", help="print the table of such a file"
    )
    parser.add_argument(
        "--into", type=Path, metavar="PAGE", help="with --from: renew the tables in that page"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser


if __name__ == "__main__":
    main()
