"""How do outcomes become figures with intervals? Plain arithmetic.

Trials are not independent: those of one group share its hosts, those of one attack share its rows. A share is taken as
a ratio whose variance is summed over both clusterings (Cameron, Gelbach, Miller: Robust inference with multiway
clustering, 2011), and its interval is Wilson's with the number of independent trials that would have that variance.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.trials import CLEAN, MAJORITY, ONE, SEVERAL, Outcome

Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the 95 % interval around it; ``of`` trials, hosts or rows went in."""

    value: float
    low: float
    high: float
    of: int


@dataclass(frozen=True, slots=True)
class Part:
    """One contribution to a ratio, and the clusters that it belongs to."""

    part: float
    whole: float
    clusters: tuple[Hashable, ...]


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return the interval of a share of ``count`` independent trials (Wilson 1927); count may be a fraction, above 0."""
    scale = 1 + Z * Z / count
    centre = (share + Z * Z / (2 * count)) / scale
    half = Z / scale * math.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return max(0.0, centre - half), min(1.0, centre + half)


def share(parts: Sequence[Part], most: int | None = None) -> Estimate:
    """Return the sum of parts by the sum of wholes, between 0 and 1, with Wilson's interval.

    It is too wide, if anything, where parts are fractions: of all that lies between 0 and 1, zeros and ones vary most.

    Args:
        most: How many independent trials there can be at most; by default the number of parts with a whole.
    """
    parts = [each for each in parts if each.whole]
    whole = sum(each.whole for each in parts)
    if not whole:
        return Estimate(math.nan, math.nan, math.nan, 0)
    ratio = sum(each.part for each in parts) / whole
    variance = _variance(parts, ratio, whole)
    count = float(most if most is not None else len(parts))
    if variance > 0:
        count = min(count, ratio * (1 - ratio) / variance)
    return Estimate(ratio, *wilson(ratio, max(count, 1.0)), round(whole))


def _variance(parts: Sequence[Part], ratio: float, whole: float) -> float:
    """Return the variance of a ratio under one or two clusterings; never less than under any of them alone."""
    left = [each.part - ratio * each.whole for each in parts]
    alone = sum(rest * rest for rest in left)
    sums: list[float] = []
    for index in range(max((len(each.clusters) for each in parts), default=0)):
        by: dict[Hashable, float] = defaultdict(float)
        for each, rest in zip(parts, left, strict=True):
            by[each.clusters[index]] += rest
        sums.append(sum(rest * rest for rest in by.values()))
    both = sum(sums) - alone * (len(sums) - 1) if sums else alone
    return max(both, alone, *sums) / (whole * whole)


def cells(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Return the figures of each form, size, number of victims and method, in the order in which they were met."""
    met: dict[tuple[str, int, int, str], list[Outcome]] = {}
    for each in outcomes:
        if each.method:
            met.setdefault((each.form, each.size, each.victims, each.method), []).append(each)
    found = []
    for (form, size, victims, method), members in sorted(met.items(), key=lambda item: item[0][:3]):
        cell = {"form": form, "hosts": size, "compromised": victims, "method": method, "trials": len(members)}
        found.append(cell | _FIGURES[form](members) | _of_clean_hosts(members))
    return found


def by_kind(outcomes: Iterable[Outcome], name: Callable[[str], str]) -> list[dict[str, Any]]:
    """Return, by name of the kind of group and method, how one host among others (three or more) was found."""
    met: dict[tuple[str, str], list[Outcome]] = {}
    for each in outcomes:
        if each.form == ONE and each.method and each.size > 2:
            met.setdefault((name(each.kind), each.method), []).append(each)
    return [
        {"kind": kind, "method": method, "trials": len(members)} | _one(members) | _of_clean_hosts(members)
        for (kind, method), members in sorted(met.items(), key=lambda item: item[0][0])
    ]


def by_oddness(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return how one host among others was found where fewer hosts show something honest of their own, and where as many as usual.

    Of the sizes and methods that were tried with fewer.
    """
    tried = {(each.size, each.method) for each in outcomes if each.oddness != 1.0 and each.method}
    found: list[dict[str, Any]] = []
    for size, method in sorted(tried):
        for oddness in sorted({each.oddness for each in outcomes}):
            here = [e for e in outcomes if (e.oddness, e.size, e.method) == (oddness, size, method)]
            single, clean = [e for e in here if e.form == ONE], [e for e in here if e.form == CLEAN]
            if single and clean:
                odd = share(_parts(clean, lambda e: e.odd, lambda e: e.clean))
                cell = {"odd_share": odd, "hosts": size, "method": method, "trials": len(single)}
                found.append(cell | _one(single) | _of_clean_hosts(clean))
    return found


def aims(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return what detection is meant to reach, over all sizes, and what it reached; each trial weighs the same."""

    def of(form: str, least: int, *methods: str) -> list[Outcome]:
        return [e for e in outcomes if e.form == form and e.size >= least and e.method in methods]

    fullest, peers, clean = of(ONE, 3, "both, of 5"), of(ONE, 5, "peers"), of(CLEAN, 3, "both, of 5")
    majority = of(MAJORITY, 3, "baseline of 5", "both, of 5")
    found: list[tuple[str, str, Any]] = []
    if fullest:
        found.append(("hit@1 with both, baseline of 5, from 3 hosts", "≥ 0.97", _one(fullest)["hit_1"]))
    if peers:
        found.append(("hit@1 with peers alone, from 5 hosts", "≥ 0.90", _one(peers)["hit_1"]))
    if fullest:
        found.append(("planted rows shown, both", "≥ 0.99", _planted(fullest)["planted_shown"]))
    if clean:
        of_clean = _of_clean_hosts(clean)
        found.append(("findings per clean host (median), both", "≤ 3", of_clean["findings_per_clean"]))
        found.append(("hosts of clean groups marked, both", "≤ 0.02", of_clean["clean_marked"]))
    if majority:
        found.append(("majority named as such, baseline of 5", "1.00", _majority(majority)["named"]))
    return [{"aim": aim, "wanted": wanted, "reached": reached} for aim, wanted, reached in found]


def blind(outcomes: Iterable[Outcome]) -> Mapping[str, Any]:
    """Return how many plantings no query shows, of how many, and by attack on which kinds of group."""
    plantings = {(e.form, e.size, e.kind, e.group, e.attack, e.victims): not e.method for e in outcomes if e.attack}  # fmt: skip
    unseen: dict[str, set[str]] = defaultdict(set)
    for (_, _, kind, _, attack, _), nothing in plantings.items():
        if nothing:
            unseen[attack].add(kind)
    return {
        "plantings": len(plantings),
        "blind": sum(plantings.values()),
        "attacks": {attack: sorted(kinds) for attack, kinds in sorted(unseen.items())},
    }


def lost(outcomes: Iterable[Outcome], method: str) -> Counter[str]:
    """Return how often each attack's host did not come first, of one host among others."""
    return Counter(
        f"{each.attack} ({each.kind})"
        for each in outcomes
        if each.form == ONE and each.method == method and each.size > 2 and each.ranks[0] > 1
    )


def marked(outcomes: Iterable[Outcome], method: str) -> Counter[str]:
    """Return which honest one-offs had their host marked in clean groups."""
    return Counter(
        f"{name or 'none'} ({each.kind})"
        for each in outcomes
        if each.form == CLEAN and each.method == method
        for name in each.marked
    )


def _one(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "hit_1": share(_parts(outcomes, lambda e: e.ranks[0] == 1)),
        "hit_3": share(_parts(outcomes, lambda e: e.ranks[0] <= 3)),
        "reciprocal_rank": share(_parts(outcomes, lambda e: 1 / e.ranks[0])),
        "caught": share(_parts(outcomes, lambda e: e.caught)),
        "nobody_marked": share(_parts(outcomes, lambda e: not e.caught and not e.marked)),
        "sides_shown": share(_parts(outcomes, lambda e: e.sides, lambda e: e.planted)),
        **_planted(outcomes),
    }


def _several(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "all_first": share(_parts(outcomes, lambda e: e.ranks[-1] <= e.victims)),
        "share_first": share(
            _parts(outcomes, lambda e: sum(rank <= e.victims for rank in e.ranks), lambda e: e.victims),
            most=len(outcomes),
        ),
        "caught": share(_parts(outcomes, lambda e: e.caught, lambda e: e.victims), most=len(outcomes)),
        **_planted(outcomes),
    }


def _majority(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "named": share(_parts(outcomes, lambda e: e.named)),
        "clean_blamed": share(_parts(outcomes, lambda e: bool(e.marked))),
        "sides_shown": share(_parts(outcomes, lambda e: e.sides > 0)),
        **_planted(outcomes),
    }


def _clean(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "marked_per_fleet": statistics.fmean(len(each.marked) for each in outcomes),
        "odd_marked": share(
            _parts(outcomes, lambda e: sum(map(bool, e.marked)), lambda e: e.odd),
            most=sum(e.odd for e in outcomes),
        ),
        "plain_marked": share(
            _parts(outcomes, lambda e: e.marked.count(""), lambda e: e.clean - e.odd),
            most=sum(e.clean - e.odd for e in outcomes),
        ),
        "fleets_marked": share(_parts(outcomes, lambda e: bool(e.marked))),
        "named": share(_parts(outcomes, lambda e: e.named)),
    }


_FIGURES: Mapping[str, Callable[[Sequence[Outcome]], dict[str, Any]]] = {
    ONE: _one,
    SEVERAL: _several,
    MAJORITY: _majority,
    CLEAN: _clean,
}


def _planted(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    if any(each.shown is None for each in outcomes):
        return {"planted_shown": None}
    return {"planted_shown": share(_parts(outcomes, lambda e: e.shown or 0, lambda e: e.planted))}


def _of_clean_hosts(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what is said of hosts that have nothing. The same ones return in every trial of their group."""
    hosts = sum({(e.kind, e.group, e.size): e.clean for e in outcomes}.values())
    counts: Counter[int] = Counter()
    for each in outcomes:
        counts.update(dict(each.findings or ()))
    shows = all(each.findings is not None for each in outcomes)
    return {
        "clean_marked": share(_parts(outcomes, lambda e: len(e.marked), lambda e: e.clean), most=hosts),
        "findings_per_clean": _median(counts) if shows and counts else None,
    }


def _median(counts: Mapping[int, int]) -> float:
    return float(statistics.median(sorted(Counter(counts).elements())))


def _parts(
    outcomes: Sequence[Outcome],
    part: Callable[[Outcome], float],
    whole: Callable[[Outcome], float] = lambda _: 1,
) -> list[Part]:
    return [
        Part(float(part(e)), float(whole(e)), ((e.kind, e.group, e.size), e.attack or e.group))
        for e in outcomes
    ]
