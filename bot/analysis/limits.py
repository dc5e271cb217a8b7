"""How much can this evidence carry, and from how many bits on is a difference worth a line, or a host a name?"""

from __future__ import annotations

from bot.analysis.case import Case
from bot.analysis.surprise import most_bits
from bot.model import Limits, Method

LISTED = (0.6, 0.0)  # share of the most bits, and bits of kind and traits on top
OUTLYING = (0.85, 2.7)  # marks about one of a hundred clean hosts of the benchmark
LINKED = (0.45, 0.0)  # on a host that stands out anyway, everything odd is of interest
FEW = 4  # peers and snapshots together, below which a verdict is tentative


def limits_of(case: Case, hosts: int, snapshots: int) -> Limits:
    """Return the limits for ``hosts`` answering hosts and ``snapshots`` of the baseline; the threshold follows both."""
    peers = max(0, hosts - 1) if case.method is not Method.BASELINE else 0
    most = most_bits(peers, snapshots)
    return Limits(
        peers=peers,
        baseline=snapshots,
        most_bits=round(most, 2),
        threshold_bits=round(outlying_from(most), 2),
        tentative=peers + snapshots < FEW,
    )


def outlying_from(most: float) -> float:
    """Return the bits from which one difference makes its host stand out."""
    return OUTLYING[0] * most + OUTLYING[1]


def listed_from(most: float) -> float:
    """Return the bits from which a difference gets a line of its own on any host."""
    return LISTED[0] * most + LISTED[1]


def linked_from(most: float) -> float:
    """Return the bits from which a difference is shown on a host that stands out."""
    return LINKED[0] * most + LINKED[1]
