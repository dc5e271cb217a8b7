"""Without a baseline, where a group is split: which side's facts are shown, and is anybody blamed?

Rarity blames the smaller side. When the larger one was compromised that is the wrong one, and no count can tell. What
the rows of the larger side say by themselves can: a shell with a socket on seven of ten hosts is no custom of the group.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.analysis.fold import members
from bot.analysis.rarity import Oddity, World
from bot.analysis.surprise import bits, seen
from bot.analysis.traits import weight
from bot.analysis.weighing import SHARP_TRAIT, Draft, draft
from bot.model import Change

LIKELIER = 2.0  # bits by which the larger side's reading must outweigh that of several hosts of the smaller
ORDINARY = 1.0  # bits for a lone thing of its like, below which its being on some hosts only is no split
LIKELY = 1.5  # bits that the larger side's reading must have at all: what runs now and then is no split
SIDE = 5  # a side is at least one host in so many; fewer are exceptions


def both_sides(drafts: Sequence[Draft], world: World) -> list[Draft]:
    """Return the drafts; where the larger side's rows say much more than the smaller's, the larger's stand instead.

    All that the smaller side lacks, or has another value of, is then told of the larger side, as ``unsure``.
    """
    total = world.group.bit_count()
    if world.base or not world.peers or total < 3:
        return list(drafts)
    by_hosts: dict[int, list[int]] = {}
    for index, each in enumerate(drafts):
        count = each.oddity.hosts.bit_count()
        ordinary = each.oddity.lone_bits < ORDINARY  # hosts differ so by nature: there are no sides
        if SIDE * count >= total > 2 * count and not each.oddity.explained_by and not ordinary:
            by_hosts.setdefault(each.oddity.hosts, []).append(index)
    turned: dict[int, Draft] = {}
    for indices in by_hosts.values():
        if any(_sharp(drafts[index]) for index in indices):
            continue
        several = drafts[indices[0]].oddity.hosts.bit_count() > 1
        other = {
            index: _turn(drafts[index], world)
            for index in indices
            if 2 * _holders(drafts[index], world).bit_count() > total  # many values: none is the larger side
        }
        if any(
            _sharp(each) or (several and _says(each) >= max(LIKELY, _says(drafts[index]) + LIKELIER))
            for index, each in other.items()
        ):
            turned.update(other)
    return [turned.get(index, each) for index, each in enumerate(drafts)]


def _holders(each: Draft, world: World) -> int:
    """Return who of the group has the usual value of the slot; nobody where a row of another slot was found replaced."""
    oddity = each.oddity
    return oddity.slot.values.get(oddity.expected, 0) & world.group if oddity.expected is not None else 0


def _says(each: Draft) -> float:
    """Return the bits of what it is, rarity apart: log2 of how much more often an intruder causes it than honest life."""
    about = each.about
    base = {Change.ADDED: about.added, Change.CHANGED: about.changed, Change.REMOVED: about.removed}
    return base[each.oddity.change] + weight(each.traits)


def _sharp(each: Draft) -> bool:
    return any(trait.bits >= SHARP_TRAIT for trait in each.traits)


def _turn(each: Draft, world: World) -> Draft:
    """Return the same difference seen from the other side."""
    oddity = each.oddity
    slot, value = oddity.slot, oddity.expected
    hosts = _holders(each, world)
    of = (slot.known & world.group).bit_count() - hosts.bit_count()
    chance = bits(seen(hosts.bit_count() - 1, hosts.bit_count() - 1 + of))
    turned: Oddity = replace(
        oddity,
        value=value,
        expected=oddity.value,
        hosts=hosts,
        change=Change.ADDED if oddity.value is None else Change.CHANGED,
        peer_bits=dict.fromkeys(members(hosts), chance),
        of=of,
        unsure=True,
    )
    return draft(turned, each.about, version=each.version)
