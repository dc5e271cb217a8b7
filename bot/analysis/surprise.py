"""How surprising is it, in bits, that this host holds this value?

With ``m`` other hosts of which ``c`` hold the same value, the chance of meeting it on one more host is estimated as
(c + a) / (m + 2a), a = 1/2 (Krichevsky and Trofimov 1981). For c = 0 the estimate is the rate at which *new* values
appear at all, after Good (1953): the share of other hosts that hold a value nobody else holds.
"""

from __future__ import annotations

from math import log2

ALPHA = 0.5


def seen(c: float, m: float) -> float:
    """Return the chance of a value that ``c`` of ``m`` others hold."""
    return (c + ALPHA) / (m + 2 * ALPHA)


def bits(chance: float) -> float:
    """Return -log2 of a chance, never below 0."""
    return max(0.0, -log2(chance)) if chance > 0 else 0.0


def shrunk(c: int, m: int, chance: float) -> float:
    """Return the chance within a cohort of ``m`` others of which ``c`` hold the value.

    It leans on the whole group's ``chance`` as if two more members had spoken for it, so that two hosts that share
    a zone by accident do not excuse each other.
    """
    return (c + 2 * chance) / (m + 2)


def most_bits(peers: int, snapshots: int) -> float:
    """Return the most bits that rarity alone can give: ``peers`` others, ``snapshots`` of a baseline.

    Three hosts reach log2(6) = 2.6 bits, one host against one baseline snapshot 2.0.
    """
    parts = sorted((bits(seen(0, count)) for count in (peers, snapshots) if count > 0), reverse=True)
    return sum(part / (1 + rank) for rank, part in enumerate(parts))


def combined(peer: float | None, base: float | None, *, known: bool) -> float:
    """Return the bits of rarity and drift together; None where one is not available.

    A value that the baseline knows can be worth one bit at most, however rare it is among the hosts now.
    """
    if base is None:
        return peer or 0.0
    if known:
        return min(peer or 0.0, 1.0)
    if peer is None:
        return base
    return max(peer, base) + 0.5 * min(peer, base)
