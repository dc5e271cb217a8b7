"""Which differences are shown, which hosts stand out, and in what order do the hosts come?

A host's score is its sharpest difference; each further one counts 0.1 of the one before, at most two a query. Whoever
installs, repairs or breaks in leaves several rows with one cause: how rare they are says no more than that of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from bot.analysis.limits import linked_from, listed_from, outlying_from
from bot.analysis.surprise import bits, seen
from bot.analysis.telling import thing_of
from bot.analysis.weighing import Weighed
from bot.model import Change, Limits, Quadrant

DECAY = 0.1
PER_QUERY = 2
ON_CLEAN = 5  # things told of a host that does not stand out
ON_FIRST = 12  # of a host that comes first (of ten, at most three) although it does not stand out: one looks there next
ON_OUTLIER = 60
GROUP_WIDE = 2  # changes of most of the group that are shown however dull they are


@dataclass(slots=True)
class Choice:
    """What is shown.

    Attributes:
        shown: Indices into the weighed differences, sharpest first.
        outlying: Those that alone make their hosts stand out.
        outliers: Hosts that stand out.
        scores: Score of each host, in bits.
        explained: Differences that cloud metadata explains, by its name.
        group_wide: Unexplained differences new on most of the group.
        bundles: For a difference that stands for others on the same hosts, those others.
    """

    shown: list[int] = field(default_factory=list)
    outlying: set[int] = field(default_factory=set)
    outliers: set[int] = field(default_factory=set)
    scores: list[float] = field(default_factory=list)
    explained: dict[str, list[int]] = field(default_factory=dict)
    group_wide: list[int] = field(default_factory=list)
    bundles: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def choose(
    weighed: Sequence[Weighed], hosts: int, limits: Limits, bundles: Mapping[int, tuple[int, ...]]
) -> Choice:
    """Return what is shown of ``weighed``. With two hosts and no baseline nobody is named.

    Args:
        bundles: For a difference that stands for others, those; they get no line and no bits of their own.
    """
    choice = Choice(scores=[0.0] * hosts, bundles=bundles)
    inside = {index for rest in bundles.values() for index in rest}
    most = limits.most_bits
    per_host: list[list[tuple[float, int]]] = [[] for _ in range(hosts)]
    wide: list[int] = []
    for index, each in enumerate(weighed):
        oddity = each.oddity
        if oddity.explained_by and not each.sharp:
            choice.explained.setdefault(oddity.explained_by, []).append(index)
            continue
        if oddity.quadrant is Quadrant.NEW_COMMON:
            choice.group_wide.append(index)
        if index in inside:
            continue
        if oddity.unsure or oddity.follows or oddity.quadrant is Quadrant.NEW_COMMON:
            if any(weighed[other].telling for other in (index, *bundles.get(index, ()))):
                wide.append(index)
            if not each.sharp:
                continue  # it says what became of the group, not which of its hosts comes first
        for host, score in each.scores.items():
            per_host[host].append((score, index))
    nameless = hosts == 2 and not limits.baseline
    bars = [outlying_from(most - _less_by_sharing(each)) for each in weighed]
    for host, scored in enumerate(per_host):
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        choice.scores[host] = _near_max(scored, weighed)
        if nameless:
            continue
        for score, index in scored:
            each = weighed[index]
            if score >= bars[index] and each.accuses and not each.oddity.unsure:
                choice.outliers.add(host)
                choice.outlying.add(index)
    wide.sort(key=lambda index: (weighed[index].oddity.follows != "", -weighed[index].score, index))
    chosen = set(wide[:GROUP_WIDE])
    order = sorted(range(hosts), key=lambda host: (host not in choice.outliers, -choice.scores[host], host))
    first = set(order[: max(1, min(3, hosts // 10))])
    thing = cache(lambda index: (index if index in bundles else thing_of(weighed[index])) or index)
    for host, scored in enumerate(per_host):
        looked_at = host in choice.outliers or host in first
        floor = linked_from(most) if looked_at or nameless else listed_from(most)
        taken = [index for score, index in scored if score >= floor and score > 0]
        if looked_at:
            taken += linked(taken, [index for _, index in scored], weighed)
        elif taken:  # what else is odd about the same things costs no line
            told_of = {thing(index) for index in taken}
            rest = (index for score, index in scored[len(taken) :] if score >= linked_from(most))
            taken += [index for index in rest if thing(index) in told_of]
        told = ON_OUTLIER if host in choice.outliers else ON_FIRST if looked_at else ON_CLEAN
        chosen.update(_of_first_things(taken, told, thing))
    choice.shown = sorted(chosen, key=lambda index: (-weighed[index].score, index))
    return choice


def _of_first_things(taken: Sequence[int], most: int, thing: Callable[[int], Hashable]) -> Iterable[int]:
    """Return those of ``taken`` that are told with the first ``most`` things, ``ON_OUTLIER`` of them at most."""
    if len(taken) <= most:
        return taken
    met: set[Hashable] = set()
    kept: list[int] = []
    for index in taken:
        if len(kept) == ON_OUTLIER:
            break
        if len(met) < most or thing(index) in met:
            met.add(thing(index))
            kept.append(index)
    return kept


def _less_by_sharing(each: Weighed) -> float:
    """Return how many bits fewer than a lone fact a sharp one can reach because several hosts share it.

    The bar follows what the evidence could give; what is not sharp gets no such help, or each honest pair would stand out.
    """
    others, count = each.oddity.of, each.oddity.hosts.bit_count()
    if count < 2 or not each.sharp or not each.oddity.peer_bits:
        return 0.0
    return bits(seen(0, others + count - 1)) - bits(seen(count - 1, others + count - 1))


def linked(taken: Sequence[int], rest: Sequence[int], weighed: Sequence[Weighed]) -> list[int]:
    """Return those of ``rest`` that speak of the same program, file, unit, account or address as one of ``taken``."""
    already = set(taken)
    things = {thing for index in taken for thing in things_of(weighed[index])}
    gone = {
        thing
        for index in taken
        if weighed[index].oddity.change is Change.REMOVED
        for thing in things_of(weighed[index])
    }
    return [
        index
        for index in rest
        if index not in already and (things if weighed[index].score > 0 else gone) & things_of(weighed[index])
    ]


def things_of(each: Weighed) -> frozenset[str]:
    """Return what a difference speaks of, as texts that other rows of the host may name too."""
    oddity = each.oddity
    values = oddity.value if oddity.value is not None else oddity.expected or ()
    found: set[str] = set()
    for column, value in zip(oddity.slot.columns, values, strict=True):
        if column in _NAMING and len(value) > 3:
            found.add(value)
        if column in _NAMING or column in ("cmdline", "command"):
            found.update(part for part in _PATH.findall(value[:2048]) if not _NO_THING.match(part))
    return frozenset(found)


_NAMING = frozenset(
    {"path", "process_path", "fragment_path", "id", "source", "remote_address", "key_file", "container"}
)
_PATH = re.compile(r"/[\w.+@/-]{3,}")
_NO_THING = re.compile(r"^/(?:dev/null|bin/(?:ba|da)?sh|usr/bin/(?:ba|da)?sh|etc|usr|var|tmp)$")


def _near_max(scored: Sequence[tuple[float, int]], weighed: Sequence[Weighed]) -> float:
    used: dict[str, int] = {}
    total, factor = 0.0, 1.0
    for score, index in scored:
        query = weighed[index].oddity.slot.query.name
        if used.get(query, 0) == PER_QUERY:
            continue
        used[query] = used.get(query, 0) + 1
        total += factor * score
        factor *= DECAY
        if factor < 1e-4:
            break
    return total
