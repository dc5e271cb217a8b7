"""Which differences are one finding, because the same hosts show them and nothing in AWS explains why just those?

Facts that follow from one cause lie on the same hosts. Told one by one, four hosts with six facts would fill the
report with one story; told together, they say what is odd about it: that the four agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import comb, log2

from bot.analysis.fold import members
from bot.analysis.rarity import World, explained_by
from bot.analysis.surprise import bits, seen
from bot.analysis.weighing import Weighed
from bot.model import Quadrant

ALIKE = 0.9  # Jaccard similarity from which two sets of hosts are the same one
LEADERS = 32  # sets that others may be nearly equal to; equal sets are found whatever their number


@dataclass(slots=True)
class _Set:
    """A set of hosts, those for which its facts are known, and the facts, sharpest first.

    ``everyone``: its hosts and those of the sets that were joined to it.
    """

    hosts: int
    known: int
    common: bool
    facts: list[int]
    everyone: int


def bundle(weighed: Sequence[Weighed], world: World) -> tuple[list[Weighed], dict[int, tuple[int, ...]]]:
    """Return the differences, and for each that leads others the ones that the same hosts share, sharpest first.

    Only what two or more hosts show belongs together, at most half of the group, or, where the baseline knows better,
    more than half. What metadata explains is told elsewhere. The leading difference, or the only one, gains the bits of
    ``agreement``.
    """
    found = list(_followed(weighed, world))
    rest: dict[int, tuple[int, ...]] = {}
    for each in _merged(_sets(found, world.group.bit_count())):
        lead, *others = each.facts
        if others:
            rest[lead] = tuple(others)
        queries = {weighed[index].oddity.slot.query.name for index in each.facts}
        gain = 0.0 if each.common or found[lead].oddity.follows else agreement(found[lead], len(queries))
        found[lead] = _leading(found[lead], each.everyone, gain)
    return found, rest


def _followed(weighed: Sequence[Weighed], world: World) -> Iterator[Weighed]:
    """Yield the differences; those new since the baseline on just the hosts of one template say so: their kind changed."""
    known: dict[tuple[int, int], str] = {}
    for each in weighed:
        oddity = each.oddity
        if world.base and world.peers and oddity.hosts.bit_count() > 1 and not oddity.explained_by:
            place = (oddity.hosts, oddity.slot.known & world.group)
            if place not in known:
                known[place] = explained_by(*place, world)
            if known[place]:
                yield replace(each, oddity=replace(oddity, follows=known[place]))
                continue
        yield each


def _leading(lead: Weighed, everyone: int, gain: float) -> Weighed:
    """Return the difference as that of all hosts of its set, for some of which it may itself be unknown."""
    oddity = lead.oddity
    more = everyone & ~oddity.hosts
    scores = {host: score + gain for host, score in lead.scores.items()}
    scores.update(dict.fromkeys(members(more), min(scores.values())))
    whole = replace(oddity, hosts=everyone, of=oddity.of - (more & oddity.slot.known).bit_count())
    return replace(lead, oddity=whole, scores=scores, agreed=gain)


def agreement(lead: Weighed, queries: int) -> float:
    """Return the bits for several hosts that show one thing: k hosts with one cause are one event, not k.

    One event is at most as surprising as a value that nobody of the n - k others has: log2(2 (n - k + 1)) bits, see
    ``surprise``. That the hosts are one event is likely where facts of several queries agree on them: that another,
    independent fact falls on just these has the chance 1 / C(n, k); rows of one query are not independent. It is
    likely too where the baseline, of two snapshots or more, has nothing of it: what came since came once. The gain is
    half of what is missing to one event (without a baseline, of the coincidence if that is less): as with peers and
    baseline, a second reading of the same hosts counts for half. An honest cause that lowers the leading fact is why
    they agree, and leaves nothing to add; and where hosts often differ in such things, one event is as ordinary as they are.
    """
    oddity = lead.oddity
    count, others = oddity.hosts.bit_count(), oddity.of
    rarity = max(oddity.peer_bits.values(), default=0.0)
    new = oddity.baseline_of > 1 and not oddity.baseline_seen
    if (queries < 2 and not new) or lead.lowered < 0 or lead.evidence_bits <= 0 or rarity <= 0:
        return 0.0
    coincidence = (queries - 1) * log2(comb(count + others, count))
    missing = min(bits(seen(0, others)), oddity.lone_bits) - rarity
    return 0.5 * max(0.0, missing if new else min(coincidence, missing))


def _sets(weighed: Sequence[Weighed], hosts: int) -> list[_Set]:
    by_hosts: dict[tuple[bool, int], _Set] = {}
    for index, each in enumerate(weighed):
        oddity = each.oddity
        count = oddity.hosts.bit_count()
        common = oddity.quadrant is Quadrant.NEW_COMMON or oddity.unsure
        if count < 2 or not (common or 2 * count <= hosts) or (oddity.explained_by and not each.sharp):
            continue
        place = (common, oddity.hosts)
        if place not in by_hosts:
            by_hosts[place] = _Set(oddity.hosts, oddity.slot.known, common, [], oddity.hosts)
        by_hosts[place].facts.append(index)
    for found in by_hosts.values():
        found.facts.sort(key=lambda index: (-weighed[index].score, index))
    return sorted(by_hosts.values(), key=lambda s: (-weighed[s.facts[0]].score, s.facts[0]))


def _merged(sets: Sequence[_Set]) -> list[_Set]:
    """Return the sets with nearly equal ones joined to the sharper one; hosts for which a fact is unknown say nothing."""
    leaders: list[_Set] = []
    for each in sets:
        same = next((other for other in leaders[:LEADERS] if _alike(each, other)), None)
        if same is None:
            leaders.append(each)
        else:
            same.facts.extend(each.facts)
            same.everyone |= each.hosts
    return leaders


def _alike(one: _Set, other: _Set) -> bool:
    if one.common is not other.common:
        return False
    mine, theirs = one.hosts & other.known, other.hosts & one.known
    both = (mine & theirs).bit_count()
    return both > 1 and both >= ALIKE * (mine | theirs).bit_count()
