"""What do the workflows work with? One bundle of ports, filled by app.py (or by tests)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.model import NOWHERE_ELSE, ApiUse, Pack, Places
from bot.ports import Clock, Collector, Inventory, Judge, ReportStore, SnapshotStore, Store


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, in seconds; shares from 0 to 1."""

    deadline_s: float = 300.0
    provisional_after_s: float = 60.0
    provisional_share: float = 0.8
    edit_every_s: float = 2.5
    max_running: int = 10
    drain_s: float = 20.0


def no_use(run_id: str) -> ApiUse:
    """What a run asks that reaches no cloud."""
    return ApiUse()


@dataclass(frozen=True, slots=True)
class Services:
    """The ports that a run needs.

    Attributes:
        api_use: What a run has asked of the cloud's API so far, by its id.
        places: The accounts and regions that may be named.
    """

    store: Store
    snapshots: SnapshotStore
    reports: ReportStore
    inventory: Inventory
    collector: Collector
    judge: Judge
    clock: Clock
    load_pack: Callable[[str], Pack]
    pace: Pace = Pace()
    api_use: Callable[[str], ApiUse] = no_use
    places: Places = NOWHERE_ELSE
