"""What is a difference worth, in bits, on each of its hosts, and which parts make it up?

Bits of surprise and bits of kind are added, but what is not surprising at all is not made sharp by its kind: each host
has files of its own in /tmp. A trait that no other host's differences show is a surprise of its own, so that a lone
telling fact is not lost in a noisy table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from bot.analysis.adding import Steps, parts_of
from bot.analysis.causes import lowering
from bot.analysis.claims import NOTHING, Proven
from bot.analysis.evidence import Evidence, Shared
from bot.analysis.fold import members
from bot.analysis.places import Trait
from bot.analysis.rarity import Oddity, World
from bot.analysis.semantics import Kind, Meaning
from bot.analysis.surprise import bits, combined, seen
from bot.analysis.tables import Values
from bot.analysis.traits import read, weight
from bot.analysis.volatile import Facts, as_row
from bot.model import Change, Row, ScorePart

TELLING_TRAIT = 1.5
TELLING_CAUSE = -2.0  # bits from which a cause is told in the line itself
NO_CAUSE = ScorePart("", 0.0)
FULL_AT = 2.0  # bits of surprise from which the kind counts in full
SHARP_TRAIT = 2.5
BULK = 4  # changed rows of one query on one host, from which they are taken together
SHARP = 3.5  # bits of kind and traits from which no popularity and no metadata keeps a fact off the list
MOST_LOWERED = 2.0  # of a sharp trait: a cause explains that something is odd, not that it is sharp


@dataclass(slots=True)
class Draft:
    """An oddity with its traits read, not yet weighed."""

    oddity: Oddity
    about: Meaning
    row: Row
    traits: tuple[Trait, ...]
    version: bool
    expected: Row | None = None


@dataclass(frozen=True, slots=True)
class Weighed:
    """A difference with its parts.

    Attributes:
        scores: The bits on each host.
        evidence_bits: What its kind and traits say.
        steps: How the score came about on the host where it is sharpest.
        agreed: Bits that were added since several hosts show it, and that is one event.
        new_trait: The words of its heaviest trait where that is telling and no snapshot of the baseline shows it in this query.
    """

    oddity: Oddity
    kind: Kind
    traits: tuple[Trait, ...]
    scores: Mapping[int, float]
    evidence_bits: float
    steps: Steps
    agreed: float = 0.0
    new_trait: str = ""

    @property
    def parts(self) -> tuple[ScorePart, ...]:
        """What the score is made of, made when it is shown: few of many differences are."""
        parts = parts_of(self.oddity, self.kind, self.traits, self.steps)
        return (
            (*parts, ScorePart("several hosts at once, which is likely one event", self.agreed))
            if self.agreed
            else parts
        )

    @property
    def lowered(self) -> float:
        """What honest causes take off on the host where it is sharpest; 0 or less."""
        return min(0.0, self.steps.lowered)

    @property
    def cause(self) -> str:
        """The honest cause that takes off most there, in words; empty where none is telling, or something is missing."""
        honest = min(self.steps.causes, key=lambda part: part.bits, default=NO_CAUSE)
        telling = honest.bits <= TELLING_CAUSE and self.oddity.change is not Change.REMOVED
        return honest.label if telling else ""

    @property
    def sharp(self) -> bool:
        """Whether neither popularity nor metadata keeps it off the list."""
        return self.evidence_bits >= SHARP

    @property
    def accuses(self) -> bool:
        """Whether it may mark a host: what it is says something, or a cause is missing that such a change has. Rarity alone never does."""
        return self.evidence_bits + sum(max(0.0, part.bits) for part in self.steps.causes) >= 1.0

    @property
    def telling(self) -> bool:
        """Whether, shown by most of a group, it is worth a word: a connection or a package of another version is not.

        What is missing on most hosts must say more: one odd host in the baseline makes all others lack something.
        """
        return self.evidence_bits >= (1.0 if self.oddity.change is Change.REMOVED else 0.0)

    @property
    def score(self) -> float:
        """The bits on the host where it is sharpest."""
        return max(self.scores.values(), default=0.0)


def draft(oddity: Oddity, about: Meaning, *, version: bool) -> Draft:
    """Return ``oddity`` with the traits of its row read; ``version``: only a version in it differs from the usual."""
    columns = oddity.slot.columns
    row = as_row(columns, oddity.value if oddity.value is not None else oddity.expected or ())
    both = oddity.value is not None and oddity.expected is not None
    expected = as_row(columns, oddity.expected or ()) if both else None
    traits = read(about.kind, row, oddity.change, expected)
    if version:
        traits = tuple(trait for trait in traits if trait.bits < TELLING_TRAIT)
    return Draft(oddity, about, row, traits, version, expected)


def traits_of_common_rows(
    facts: Facts, odd: Set[Values | None], about: Meaning, into: dict[tuple[str, str], int]
) -> None:
    """Add the traits of rows that are nothing odd to ``into``: (query, words) to the snapshots that show them."""
    name, columns = facts.table.query.name, facts.table.columns
    for values, mask in facts.rows.items():
        if values in odd:
            continue
        for trait in read(about.kind, as_row(columns, values), Change.ADDED, None):
            into[name, trait.words] = into.get((name, trait.words), 0) | mask


def weigh_all(
    drafts: Sequence[Draft],
    common: Mapping[tuple[str, str], int],
    sizes: Mapping[str, int],
    evidence: Sequence[Evidence],
    shared: Shared,
    world: World,
    proven: Mapping[tuple[int, int], Proven],
) -> list[Weighed]:
    """Return all drafts weighed, in their order; ``common``: the snapshots whose ordinary rows show a trait.

    ``sizes``: how many rows a host ordinarily has of each query. Where many of them changed at once on one host they
    have one cause, and each is as surprising as the share that changed.
    """
    holders = dict(common)
    for each in drafts:
        for trait in each.traits:
            place = (each.oddity.slot.query.name, trait.words)
            holders[place] = holders.get(place, 0) | each.oddity.hosts
    bulk = _bulk_bits(drafts, sizes)
    witnesses = _Witnesses(evidence, _alike(evidence), proven)
    return [_weigh(index, each, holders, bulk, witnesses, shared, world) for index, each in enumerate(drafts)]


@dataclass(frozen=True, slots=True)
class _Witnesses:
    """What explains differences on each host; hosts of equal number in ``kinds`` offer the same."""

    of: Sequence[Evidence]
    kinds: Sequence[int]
    proven: Mapping[tuple[int, int], Proven]


def _alike(evidence: Sequence[Evidence]) -> list[int]:
    kinds: dict[tuple[object, ...], int] = {}
    return [
        kinds.setdefault(
            (
                tuple(sorted(each.packages.items())),
                tuple(sorted(each.new_packages.items())),
                tuple(sorted(each.brought.items())),
                each.any_package,
                frozenset(each.sessions),
                frozenset(each.leaders),
                each.fresh,
                tuple(sorted(each.alone.items())),
                each.installing,
                each.live_patched,
                each.untainted,
                each.usual_taint,
                each.packages_known,
                frozenset(each.explained_programs),
                frozenset(each.shares),
                frozenset(each.no_shell),
            ),
            len(kinds),
        )
        for each in evidence
    ]


def _bulk_bits(drafts: Sequence[Draft], sizes: Mapping[str, int]) -> dict[tuple[str, int], float]:
    """Return, by query and hosts, the bits of one changed row where the same hosts changed many at once.

    Small tables join in where most of them changed and the hosts changed many rows elsewhere: another image.
    """
    changed: dict[tuple[str, int], int] = {}
    for each in drafts:
        if each.oddity.change is Change.CHANGED and not each.version:
            place = (each.oddity.slot.query.name, each.oddity.hosts)
            changed[place] = changed.get(place, 0) + 1
    everywhere: dict[int, int] = {}
    for (_, hosts), count in changed.items():
        everywhere[hosts] = everywhere.get(hosts, 0) + count
    found: dict[tuple[str, int], float] = {}
    for (query, hosts), count in changed.items():
        size = max(count, sizes.get(query, 0))
        if count >= BULK:
            found[query, hosts] = bits((count - 1) / size)
        elif everywhere[hosts] >= 3 * BULK and 2 * count > size:
            found[query, hosts] = 0.5
    return found


def _weigh(
    index: int,
    each: Draft,
    holders: Mapping[tuple[str, str], int],
    bulk: Mapping[tuple[str, int], float],
    evidence: _Witnesses,
    shared: Shared,
    world: World,
) -> Weighed:
    oddity, about = each.oddity, each.about
    base = {Change.ADDED: about.added, Change.CHANGED: about.changed, Change.REMOVED: about.removed}[
        oddity.change
    ]
    traits = tuple(_shared_trait(trait, each, holders) for trait in each.traits)
    prior = base + weight(traits)
    lone = _lone_trait(each, holders, world)
    sharp = any(trait.bits >= SHARP_TRAIT for trait in traits)
    scores: dict[int, float] = {}
    best: Steps | None = None
    bulked = bulk.get((oddity.slot.query.name, oddity.hosts)) if oddity.change is Change.CHANGED else None
    alike: dict[tuple[float | None, int], float] = {}  # most holders have the same peers and causes
    for host in members(oddity.hosts):
        peer = oddity.peer_bits.get(host)
        proven = evidence.proven.get((index, host), NOTHING)
        like = (peer, evidence.kinds[host])
        if proven is NOTHING and like in alike:
            scores[host] = alike[like]
            continue
        drift = oddity.base_bits
        if lone is not None:
            peer = max(peer, lone[0]) if peer is not None else None
            drift = max(drift, lone[1]) if drift is not None and not oddity.baseline_seen else drift
        surprise = combined(peer, drift, known=oddity.baseline_seen > 0)
        if bulked is not None:
            surprise = min(surprise, bulked)
        causes = list(
            lowering(
                about.kind,
                each.row,
                oddity.change,
                evidence.of[host],
                shared,
                hosts=oddity.hosts,
                able=oddity.slot.present if oddity.change is Change.CHANGED else -1,
                version=each.version,
                expected=each.expected,
                proven=proven,
            )
        )
        lowered = sum(part.bits for part in causes)
        lowered = max(lowered, -MOST_LOWERED if sharp else -6.0)
        full = prior <= 0 or oddity.unsure  # on most hosts: rarity says nothing, what it is must say it all
        kind_bits = prior if full else prior * min(1.0, surprise / FULL_AT)
        score = max(0.0, surprise + kind_bits + lowered)
        scores[host] = score
        if proven is NOTHING:
            alike[like] = score
        if best is None or score > best.score:
            best = Steps(
                peer=peer,
                drift=drift,
                by_trait=lone is not None and (peer, drift) != (oddity.peer_bits.get(host), oddity.base_bits),
                surprise=surprise,
                base=base,
                kind_bits=kind_bits,
                causes=causes,
                lowered=lowered,
                score=score,
            )
    if best is None:
        raise ValueError("a difference that no host shows cannot be weighed")
    return Weighed(
        oddity, about.kind, traits, scores, prior, best, new_trait=_new_trait(each, holders, world)
    )


def _shared_trait(trait: Trait, each: Draft, holders: Mapping[tuple[str, str], int]) -> Trait:
    """Return the trait, weaker by the share of other snapshots that show it in the same query."""
    if trait.bits <= 0:
        return trait
    mask = holders[each.oddity.slot.query.name, trait.words]
    others = each.oddity.slot.known & ~each.oddity.hosts
    shared = (mask & others).bit_count()
    if not shared:
        return trait
    share = shared / max(1, others.bit_count())
    return replace(trait, bits=trait.bits * (1 - share))


def _heaviest(each: Draft) -> Trait | None:
    """Return the heaviest trait, if it is telling."""
    return next((trait for trait in each.traits if trait.bits >= TELLING_TRAIT), None)


def _new_trait(each: Draft, holders: Mapping[tuple[str, str], int], world: World) -> str:
    heavy = _heaviest(each)
    if heavy is None or not world.base or each.oddity.change is Change.REMOVED:
        return ""
    return "" if holders[each.oddity.slot.query.name, heavy.words] & world.base else heavy.words


def _lone_trait(
    each: Draft, holders: Mapping[tuple[str, str], int], world: World
) -> tuple[float, float] | None:
    """Return the bits of peers and baseline for the heaviest trait, if it is telling."""
    heavy = _heaviest(each)
    if heavy is None:
        return None
    mask = holders[each.oddity.slot.query.name, heavy.words] & world.group
    known = (each.oddity.slot.known & world.group).bit_count()
    others = (mask & ~each.oddity.hosts).bit_count() + each.oddity.hosts.bit_count() - 1
    base = (each.oddity.slot.known & world.base).bit_count()
    return bits(seen(others, max(known - 1, 0))), bits(seen(0, base)) if others == 0 else 0.0
