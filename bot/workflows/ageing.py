"""Which stored reports and snapshots are too old to be kept? Those that no baseline and no unfinished run names."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Protocol

from bot.ports import Store


class Kept(Protocol):
    """Files that can be told to go."""

    def prune(self, keep: Set[str], *, before: datetime) -> int:
        """Remove what is not in ``keep`` and was last stored before ``before``; return how many. Raises StoreError."""
        ...


def forget_old(store: Store, snapshots: Kept, reports: Kept, *, before: datetime) -> tuple[int, int]:
    """Remove old snapshots and reports; return how many of each.

    Nobody may accept a baseline meanwhile: it would name snapshots that are just being removed. A run that is on
    stores its own anew, and so keeps them.

    Args:
        before: Aware UTC. What was stored, or stored again, since then stays.

    Raises:
        StoreError: Something could not be read or removed; what was removed before stays so.
    """
    live = store.live_runs()
    named = {digest for baseline in store.baselines() for digest in baseline.snapshots}
    named |= {digest for run in live for digest in run.snapshots}
    gone = reports.prune({run.id for run in live}, before=before)
    return snapshots.prune(named, before=before), gone
