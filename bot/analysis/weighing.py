"""What is a difference worth, in bits, on each of its hosts, and which parts make it up?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.analysis.causes import Evidence, Shared, lowering
from bot.analysis.fold import Values, members
from bot.analysis.rarity import Oddity
from bot.analysis.semantics import Kind, Meaning
from bot.analysis.traits import Trait, read, weight
from bot.analysis.volatile import as_row
from bot.model import Change, ScorePart


@dataclass(frozen=True, slots=True)
class Weighed:
    """A difference with its parts. ``scores`` are the bits on each host; ``kindness`` is what its kind says."""

    oddity: Oddity
    kind: Kind
    traits: tuple[Trait, ...]
    scores: Mapping[int, float]
    parts: tuple[ScorePart, ...]
    evidence_bits: float

    @property
    def score(self) -> float:
        """The bits on the host where it is sharpest."""
        return max(self.scores.values(), default=0.0)


def weigh(
    oddity: Oddity,
    about: Meaning,
    evidence: Sequence[Evidence],
    shared: Shared,
    twins: Mapping[Values, int],
) -> Weighed:
    """Return ``oddity`` with its kind, traits and causes weighed.

    Args:
        evidence: For each host, what may explain a difference there.
        twins: Rows that exist on most hosts at another version, and the hosts where this one replaced it.
    """
    columns = oddity.slot.columns
    row = as_row(columns, oddity.value if oddity.value is not None else oddity.expected or ())
    expected = (
        as_row(columns, oddity.expected) if oddity.expected is not None and oddity.value is not None else None
    )
    traits = read(about.kind, row, oddity.change, expected)
    base = {Change.ADDED: about.added, Change.CHANGED: about.changed, Change.REMOVED: about.removed}[
        oddity.change
    ]
    prior = base + weight(traits)
    replaced = twins.get(oddity.value or oddity.expected or (), 0)
    scores: dict[int, float] = {}
    best: tuple[float, tuple[ScorePart, ...]] = (-1.0, ())
    for host in members(oddity.hosts):
        causes = lowering(about.kind, row, evidence[host], shared, twin=bool(replaced >> host & 1))
        lowered = sum(part.bits for part in causes)
        if any(trait.bits >= 2.5 for trait in traits):
            lowered = max(lowered, -2.0)  # a cause explains that something is odd, not that it is sharp
        score = max(0.0, oddity.surprise(host) + prior + max(lowered, -5.0))
        scores[host] = score
        if score > best[0]:
            best = (score, _parts(oddity, host, about.kind, base, traits, causes))
    return Weighed(oddity, about.kind, traits, scores, best[1], prior)


def _parts(
    oddity: Oddity, host: int, kind: Kind, base: float, traits: tuple[Trait, ...], causes: Sequence[ScorePart]
) -> tuple[ScorePart, ...]:
    parts: list[ScorePart] = []
    peer = oddity.peer_bits.get(host)
    if peer is not None:
        parts.append(ScorePart("rare among the peers", round(peer, 2)))
    if oddity.base_bits is not None:
        parts.append(ScorePart("new since the baseline", round(oddity.base_bits, 2)))
    parts.append(ScorePart(f"what it is: {kind.value}", round(base, 2)))
    parts.extend(
        ScorePart(trait.words, round(trait.bits / 2**rank, 2)) for rank, trait in enumerate(traits[:4])
    )
    parts.extend(causes)
    return tuple(parts)
