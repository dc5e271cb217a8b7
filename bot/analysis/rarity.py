"""How rare and how new is each value of each slot, for the hosts that hold it?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from math import inf

from bot.analysis.fold import members
from bot.analysis.places import SYSTEM_PATH
from bot.analysis.semantics import Kind
from bot.analysis.slots import Slot
from bot.analysis.surprise import ALPHA, bits, combined, seen, shrunk
from bot.analysis.tables import Values
from bot.analysis.volatile import Facts, shape_of_path, shape_of_row
from bot.model import Change, Quadrant


@dataclass(frozen=True, slots=True)
class World:
    """The snapshots of a case as masks: ``group`` are the hosts, ``base`` the baseline (empty for method PEERS)."""

    group: int
    base: int
    peers: bool
    cohorts: Sequence[tuple[int, ...]] = ()
    anchors: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()


@dataclass(slots=True)
class Often:
    """Which snapshots differ from most in the keys of one family: in one way, in two or more, and in how many ways.

    Keys in which just the same snapshots differ are one way: a release, an upgrade.
    """

    once: int = 0
    twice: int = 0
    ways: set[int] = field(default_factory=set)

    def add(self, mask: int) -> None:
        """Note the snapshots that differ in one more key."""
        if mask not in self.ways:
            self.ways.add(mask)
            self.twice |= self.once & mask
            self.once |= mask

    def elsewhere(self, mask: int, among: int) -> int:
        """Return how many of ``among`` differ in another way than that in which ``mask`` does; at most one for each way."""
        return min(((self.twice | (self.once & ~mask)) & among).bit_count(), len(self.ways) - 1)


@dataclass(slots=True)
class Families:
    """Which snapshots have a key that nobody else has, by family, and which have a whole family that nobody else has.

    Attributes:
        few, gone, other: By family with a name, and for the group and the baseline apart: keys that at most half have, keys
            that most have and some lack, and keys in which some hold another value than most. Where hosts often differ
            so (templates that an application compiles as it needs them, people's dot files), one more is little news.
            What metadata explains is left out.
    """

    present: dict[str, int] = field(default_factory=dict)
    single: dict[str, int] = field(default_factory=dict)
    new_family: dict[bool, int] = field(default_factory=dict)
    few: dict[tuple[str, bool], Often] = field(default_factory=dict)
    gone: dict[tuple[str, bool], Often] = field(default_factory=dict)
    other: dict[tuple[str, bool], Often] = field(default_factory=dict)

    def rate_mask(self, name: str, among: int) -> int:
        """Return the snapshots with a key of their own in this family; with a family of their own if ``among`` lacks it."""
        if self.present.get(name, 0) & among:
            return self.single.get(name, 0)
        return self.new_family.get(bool(SYSTEM_PATH.match(name)), 0)

    def note(self, name: str, slot: Slot, world: World) -> None:
        """Count a key of the family with that name as one in which the group, or the baseline, differs."""
        present = slot.present
        if explained_by(present, slot.known, world):
            return
        for of_base, everyone in ((False, world.group), (True, world.base)):
            known = slot.known & everyone
            having, total = (present & known).bit_count(), known.bit_count()
            if 0 < having < total:
                few = 2 * having <= total
                by = self.few if few else self.gone
                by.setdefault((name, of_base), Often()).add(present & known if few else known & ~present)
            if len(slot.values) > 1 and having:
                usual = max(slot.values.values(), key=lambda mask: ((mask & known).bit_count(), mask))
                unusual = present & known & ~usual
                if unusual and not explained_by(unusual, slot.known, world):
                    self.other.setdefault((name, of_base), Often()).add(unusual)


@dataclass(slots=True)
class Oddity:
    """A value that not all agree on, before its kind and causes are weighed.

    ``value`` is None for an absence; ``expected`` is None where the usual thing is to have nothing. ``unsure``: most
    hosts hold it, and no baseline says whether they or the others changed. ``follows``: the metadata that
    splits the group just so, although the baseline's hosts of the same kind do not have it ("template 12"). ``novel``: for a key that one host alone
    has, the others with a new key in its family; ``new_base``: snapshots of the baseline with a new one. ``lone_bits``: what
    one host alone would get for such a thing here; little where hosts differ in its like.
    """

    slot: Slot
    value: Values | None
    expected: Values | None
    hosts: int
    change: Change
    quadrant: Quadrant
    peer_bits: dict[int, float]
    base_bits: float | None
    baseline_seen: int
    baseline_of: int
    seen_on: int
    of: int
    explained_by: str = ""
    unsure: bool = False
    follows: str = ""
    novel: int = 0
    new_base: int = 0
    lone_bits: float = inf

    def surprise(self, host: int) -> float:
        """Return the bits of rarity and drift together for one of the hosts."""
        return combined(self.peer_bits.get(host), self.base_bits, known=self.baseline_seen > 0)


def family(kind: Kind, columns: tuple[str, ...], values: Values) -> str:
    """Return what a key belongs to: the folder of a file, the program of a process or socket, what differs in a number; else the table.

    What gives rights is counted by the rights: that each host has a certificate for itself makes no new authority ordinary.
    """
    if kind in _BY_RIGHTS:
        wanted = _BY_RIGHTS[kind]
        return " ".join(values[columns.index(column)] for column in wanted if column in columns)
    if kind is Kind.LOGIN_KEY and "username" in columns:
        return "root" if values[columns.index("username")] == "root" else "people"
    runs = kind in (Kind.CONNECTION, Kind.LISTENER, Kind.RAW_SOCKET, Kind.PROCESS, Kind.ENVIRONMENT)
    for column in ("process_path", "path", "process_name", "name") if runs else ("path",):
        text = values[columns.index(column)] if column in columns else ""
        if text and (runs or text.startswith("/")):
            shape = shape_of_path(text if runs else text.rpartition("/")[0])
            return _OF_SOMEBODY.sub("/home/‹user›", shape)
    return shape_of_row(columns, values, kind) if kind in _NUMBERED else ""


_BY_RIGHTS = {Kind.CERTIFICATE: ("ca", "self_signed")}
_OF_SOMEBODY = re.compile(r"^/home/[^/]+")
"""Homes are one family: what one has in it is of the kind that others have in theirs."""
_NUMBERED = frozenset(
    {Kind.UNIT, Kind.LISTENER, Kind.CONNECTION, Kind.FIREWALL, Kind.INTERFACE, Kind.ROUTE, Kind.CONTAINER}
)
"""Kinds of which a host may have many that differ in a number: an interface, a unit and a rule for each customer."""


def families_of(facts: Facts, slots: Sequence[Slot], kind: Kind, world: World) -> Families:
    """Return the families of a table. A key is single when one host of the group, or one snapshot, alone has it."""
    found = Families()
    columns = facts.table.columns
    for values, mask in facts.rows.items():
        name = family(kind, columns, values)
        found.present[name] = found.present.get(name, 0) | mask
    for slot in slots:
        present = slot.present
        in_group, in_base = present & world.group, present & world.base
        varied = slot.absent or len(slot.values) > 1
        name = family(kind, columns, next(iter(slot.values))) if varied else ""
        if name:
            found.note(name, slot, world)
        single = (in_group if in_group.bit_count() == 1 else 0) | (in_base if in_base.bit_count() == 1 else 0)
        if in_group.bit_count() > 1 or in_base.bit_count() > 1 or not single:
            continue
        name = name or family(kind, columns, next(iter(slot.values)))
        found.single[name] = found.single.get(name, 0) | single
        if not found.present[name] & ~single & (world.group if single & world.group else world.base):
            inside = bool(SYSTEM_PATH.match(name))
            found.new_family[inside] = found.new_family.get(inside, 0) | single
    return found


def oddities(slot: Slot, families: Families, kind: Kind, world: World) -> Iterator[Oddity]:
    """Yield each value, or absence, of ``slot`` that some host of the group holds and that is rare or new."""
    group, base = slot.known & world.group, slot.known & world.base
    total, snapshots = group.bit_count(), base.bit_count()
    others = total - 1
    if total == 0 or (others < 1 and not snapshots):
        return
    held: list[tuple[Values | None, int]] = [*sorted(slot.values.items()), (None, slot.absent)]
    alone_group = sum(1 for _, mask in held if (mask & group).bit_count() == 1)
    alone_base = sum(1 for _, mask in held if (mask & base).bit_count() == 1)
    usual, present = _usual(held, base if snapshots else group), slot.present
    for value, mask in held:
        hosts = mask & group
        count = hosts.bit_count()
        if not count:
            continue
        in_base = (mask & base).bit_count()
        if (not snapshots or in_base) and (2 * (count - 1) > others or not world.peers):
            continue  # common and known, or known and nothing but the baseline counts
        name = family(kind, slot.columns, next(iter(slot.values)) if value is None else value)
        alone = value is not None and not present & group & ~hosts
        often = families.gone if value is None else families.few if alone else families.other
        if alone:
            novel = families.rate_mask(name, group & ~hosts) & group & ~hosts
            new_group = novel.bit_count()
        else:
            novel = 0
            new_group = alone_group - (1 if count == 1 else 0)
        if value is not None and not present & base:
            new_base = (families.rate_mask(name, base) & base).bit_count()
        else:
            new_base = alone_base - (1 if in_base == 1 else 0)
        if (name, False) in often:
            new_group = max(new_group, often[name, False].elsewhere(mask, group & ~hosts))
        if (name, True) in often:
            new_base = max(new_base, often[name, True].elsewhere(mask, base))
        peer: dict[int, float] = {}
        if world.peers and others >= 1:
            peer = _peer_bits(hosts, group, count - 1, others, new_group, world)
        drift: float | None = None
        if snapshots:
            pool = others + snapshots
            rate = (new_group + new_base) / pool if pool > 1 else 0.0
            chance = seen(in_base, snapshots) if in_base else seen(rate * snapshots, snapshots)
            drift = bits(chance)
        expected = usual[0] if value != usual[0] else usual[1]
        if value is None:
            change = Change.REMOVED
            if expected is None or slot.transient or not _usually_there(slot, base or group):
                continue
        else:
            change = Change.ADDED if expected is None else Change.CHANGED
        if not snapshots:
            quadrant = Quadrant.RARE
        elif in_base:
            quadrant = Quadrant.KNOWN_RARE
        else:
            quadrant = Quadrant.NEW_COMMON if 2 * count > total and total > 2 else Quadrant.NEW_RARE
        yield Oddity(
            slot,
            value,
            expected,
            hosts,
            change,
            quadrant,
            peer,
            drift,
            in_base,
            snapshots,
            0,
            total - count,
            explained_by(mask, slot.known, world),
            novel=novel if count == 1 else 0,
            new_base=new_base,
            lone_bits=bits(seen(new_group, others)) if others > 1 else inf,
        )


def _peer_bits(hosts: int, group: int, same: int, others: int, new: int, world: World) -> dict[int, float]:
    rate = seen(new, others) if others > 1 else seen(0, others)
    chance = max(seen(same, others), rate) if same else rate
    found: dict[int, float] = {}
    by_cohort: dict[
        int, float
    ] = {}  # by identity: to hash the masks of thousands of hosts for each of them is costly
    for host in members(hosts):
        mine = world.cohorts[host] if world.cohorts else ()
        if id(mine) not in by_cohort:
            best = chance
            for cohort in mine:
                inside = (hosts & cohort).bit_count() - 1
                if inside > 0:
                    best = max(best, shrunk(inside, (group & cohort).bit_count() - 1, chance))
            by_cohort[id(mine)] = bits(min(best, 1 - ALPHA / (others + 1)))
        found[host] = by_cohort[id(mine)]
    return found


def _usually_there(slot: Slot, judge: int) -> bool:
    """Whether more than half of ``judge`` hold the slot: else its absence is nothing to report."""
    return 2 * (slot.present & judge).bit_count() > (slot.known & judge).bit_count()


def _usual(held: Sequence[tuple[Values | None, int]], judge: int) -> tuple[Values | None, Values | None]:
    """Return the two commonest values among ``judge``, nobody holding two: what is usual in place of any value. None is absence."""
    counted = [(-(mask & judge).bit_count(), place) for place, (_, mask) in enumerate(held)]
    first, second = (held[place][0] if count else None for count, place in nsmallest(2, counted))
    return first, second


def explained_by(mask: int, known: int, world: World) -> str:
    """Return the metadata that splits the snapshots exactly as this value does ("template 13"); empty if none.

    Every value of an anchor must be all in or all out, at least one out, and two hosts of the group in each that is
    in: one host alone on its template would explain anything.
    """
    if not mask & ~world.group and mask.bit_count() == 1:
        return ""
    for label, kinds in world.anchors:
        inside: list[str] = []
        outside = False
        for name, cohort in kinds:
            here = cohort & known
            has = here & mask
            if not has:
                outside = outside or here != 0
            elif has == here and (here & world.group).bit_count() != 1:
                inside.append(name)
            else:
                break
        else:
            if inside and outside:
                return f"{label} {', '.join(sorted(inside)[:3])}"
    return ""
