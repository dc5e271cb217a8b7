"""Which parts make up a score, with every step between them, so that their sum is the score?

The words are those that stand behind a finding: no term that needs these pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.analysis.places import Trait
from bot.analysis.rarity import Oddity
from bot.analysis.semantics import Kind
from bot.analysis.surprise import bits, combined, seen
from bot.analysis.traits import counted
from bot.model import Change, ScorePart, summing_to

_KINDS = {
    Kind.ENVIRONMENT: "variable of a process",
    Kind.LOADER: "library that programs load",
    Kind.NAMES: "place where names lead",
    Kind.LOGIN_CONFIG: "setting of logins",
}
"""In plainer words than those by which kinds are told apart."""
_CHANGES = {Change.ADDED: "new", Change.CHANGED: "changed", Change.REMOVED: "missing"}


@dataclass(frozen=True, slots=True)
class Steps:
    """What was added up for one host, in bits.

    Attributes:
        peer: How rare it is among the hosts; None where they were not compared.
        drift: How new it is since the baseline; None without one.
        by_trait: Whether these two were judged by the heaviest trait of the row, and not by the row itself.
        surprise: Both together, after every cap.
        base: What such a change of such a kind weighs.
        kind_bits: ``base`` and the traits' bits together, scaled where the surprise is small.
        causes: What lowers, before its cap; ``lowered`` after it.
        score: The sum of ``surprise``, ``kind_bits``, ``lowered`` and ``by_lines``, and never below 0.
        by_lines: What is taken off a file whose lines another query tells; 0 or less.
    """

    peer: float | None
    drift: float | None
    by_trait: bool
    surprise: float
    base: float
    kind_bits: float
    causes: Sequence[ScorePart]
    lowered: float
    score: float
    by_lines: float = 0.0


def parts_of(oddity: Oddity, kind: Kind, traits: Sequence[Trait], steps: Steps) -> tuple[ScorePart, ...]:
    """Return the parts of a score, in the order in which they were added; their sum is the score to a hundredth."""
    parts = _surprise(oddity, steps)
    parts.append(ScorePart(f"a {_CHANGES[oddity.change]} {_KINDS.get(kind, kind.value)}", steps.base))
    said = [ScorePart(*each) for each in counted(traits)]
    parts.extend(said)
    whole = steps.base + sum(part.bits for part in said)
    parts.append(ScorePart("too ordinary for what it is to count in full", steps.kind_bits - whole))
    parts.extend(steps.causes)
    causes = sum(part.bits for part in steps.causes)
    parts.append(ScorePart("honest causes take off no more than this", steps.lowered - causes))
    parts.append(ScorePart("its lines are told as well, and say what it is worth", steps.by_lines))
    below = steps.score - (steps.surprise + steps.kind_bits + steps.lowered + steps.by_lines)
    parts.append(ScorePart("a score ends at 0", below))
    return summing_to(round(steps.score, 2), parts, digits=2)


def _surprise(oddity: Oddity, steps: Steps) -> list[ScorePart]:
    peer, drift, known = steps.peer, steps.drift, oddity.baseline_seen > 0
    parts: list[ScorePart] = []
    if peer is not None:
        parts.append(ScorePart(_rare(oddity, steps), peer))
    if known:
        together = combined(peer, drift, known=True)
        parts.append(
            ScorePart("the baseline has it, so rarity counts for 1 bit at most", together - (peer or 0.0))
        )
    elif drift is not None:
        parts.append(ScorePart(_new(oddity), drift))
        if peer is not None:
            weaker = 0 if peer < drift else 1
            whole = parts[weaker]
            parts[weaker] = ScorePart(f"{whole.label} (half of {whole.bits:.1f})", whole.bits / 2)
        together = combined(peer, drift, known=False)
    else:
        together = peer or 0.0
    parts.append(
        ScorePart("many rows changed at once here, which is likely one change", steps.surprise - together)
    )
    return parts


def _rare(oddity: Oddity, steps: Steps) -> str:
    holders = oddity.hosts.bit_count()
    total = holders + oddity.of
    gone = "missing " if oddity.change is Change.REMOVED else ""
    only = "only " if 2 * holders < total else ""
    words = f"{gone}on {only}{holders} of {total} hosts"
    if steps.by_trait:
        return f"{words}, judged by the first reason below"
    often = (steps.peer or 0.0) < bits(seen(holders - 1, total - 1)) - 0.05
    return f"{words}, where hosts often differ" if often else words


def _new(oddity: Oddity) -> str:
    snapshots = f"{oddity.baseline_of} baseline {'snapshot' if oddity.baseline_of == 1 else 'snapshots'}"
    if oddity.change is Change.REMOVED:
        return f"new: missing in none of {snapshots}"
    return f"new: in none of {snapshots}"
