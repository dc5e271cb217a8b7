"""What do the workflows work with? One bundle of ports, filled by app.py (or by tests)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.model import Entry, Pack, Trace
from bot.ports import Clock, Collector, Inventory, Judge, ReportStore, RunJournal, SnapshotStore, Store


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, in seconds; shares from 0 to 1."""

    deadline_s: float = 300.0
    provisional_after_s: float = 60.0
    provisional_share: float = 0.8
    edit_every_s: float = 2.5
    max_running: int = 10
    drain_s: float = 20.0


class NoJournal:
    """For a run that no other process will go on with: notes nothing. Implements ``ports.RunJournal``."""

    def runs(self) -> tuple[str, ...]:
        """None."""
        return ()

    def trace(self, run_id: str) -> Trace:
        """Nothing was noted."""
        return Trace()

    def note(self, run_id: str, entry: Entry) -> None:
        """Nobody will read it."""

    def remove(self, run_id: str) -> None:
        """There is none."""


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
    journal: RunJournal = field(default_factory=NoJournal)
