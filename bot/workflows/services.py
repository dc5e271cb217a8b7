"""What do the workflows work with? One bundle of ports, filled by app.py (or by tests)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.model import Pack
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


@dataclass(frozen=True, slots=True)
class Services:
    """The ports that a run needs."""

    store: Store
    snapshots: SnapshotStore
    reports: ReportStore
    inventory: Inventory
    collector: Collector
    judge: Judge
    clock: Clock
    load_pack: Callable[[str], Pack]
    pace: Pace = Pace()
