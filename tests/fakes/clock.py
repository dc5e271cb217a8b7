"""Time that only the test moves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class ManualClock:
    """``ports.Clock``. Begins at a Monday, 06:00 UTC, unless told otherwise."""

    def __init__(self, now: datetime = datetime(2026, 8, 3, 6, 0, tzinfo=UTC)) -> None:
        self._began = now
        self._passed = timedelta()

    def now(self) -> datetime:
        return self._began + self._passed

    def monotonic(self) -> float:
        return self._passed.total_seconds()

    def advance(self, seconds: float) -> None:
        """Let that many seconds pass."""
        self._passed += timedelta(seconds=seconds)
