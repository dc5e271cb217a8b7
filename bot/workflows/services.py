"""What do the workflows work with? One bundle of ports, filled by app.py (or by tests)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.model import NOWHERE_ELSE, ApiUse, Entry, Pack, Places, Trace
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


def no_use(run_id: str) -> ApiUse:
    """What a run asks that reaches no cloud."""
    return ApiUse()


@dataclass(frozen=True, slots=True)
class Services:
    """The ports that a run needs.

    Attributes:
        api_use: What a run has asked of the cloud's API so far, by its id.
        places: The accounts and regions that may be named.
        forget_old: Removes reports and snapshots that are too old, as set; returns how many of each. Raises StoreError.
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
    journal: RunJournal = field(default_factory=NoJournal)
    api_use: Callable[[str], ApiUse] = no_use
    places: Places = NOWHERE_ELSE
    forget_old: Callable[[], tuple[int, int]] = lambda: (0, 0)
