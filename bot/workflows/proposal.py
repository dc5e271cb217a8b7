"""What is a baseline that is not accepted yet, and what speaks against it?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Baseline, Group, Host, HostVerdict, Report


@dataclass(frozen=True, slots=True)
class Proposal:
    """Snapshots that could become a baseline, and what speaks against it.

    Attributes:
        drift: What differs from the present baseline; None when there is none yet.
        standing_out: The chosen hosts that stand out among their peers.
        left_out: Chosen hosts that cannot be taken: they answered in part or not at all.
    """

    group: Group
    chosen: tuple[Host, ...]
    digests: tuple[str, ...]
    present: Baseline | None
    peers: Report
    drift: Report | None
    standing_out: tuple[HostVerdict, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether anything differs from the present baseline."""
        return self.drift is not None and bool(self.drift.findings)
