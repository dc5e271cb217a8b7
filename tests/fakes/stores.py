"""``ports.Store`` in memory, as long as a test."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

from bot.errors import NotFound, StoreError
from bot.model import AuditEntry, Baseline, Run, Schedule, noted


class MemoryStore:
    """``ports.Store``, gone when the test ends."""

    def __init__(self) -> None:
        self._gate = threading.RLock()
        self._runs: dict[str, Run] = {}
        self._baselines: dict[tuple[str, int], Baseline] = {}
        self._schedules: dict[str, Schedule] = {}
        self._audit: list[AuditEntry] = []

    def save_run(self, run: Run) -> None:
        with self._gate:
            self._runs[run.id] = run

    def run(self, run_id: str) -> Run:
        with self._gate:
            if run_id not in self._runs:
                raise NotFound(f"There is no run {run_id}.", "`/diffy status` lists the latest.")
            return self._runs[run_id]

    def live_runs(self) -> tuple[Run, ...]:
        with self._gate:
            live = [run for run in self._runs.values() if not run.ended]
        return tuple(sorted(live, key=lambda run: (run.created_at, run.id)))

    def recent_runs(self, limit: int) -> tuple[Run, ...]:
        with self._gate:
            runs = sorted(self._runs.values(), key=lambda run: (run.created_at, run.id), reverse=True)
        return tuple(runs[: max(limit, 0)])

    def add_baseline(self, baseline: Baseline) -> None:
        with self._gate:
            present = self.baseline(baseline.target)
            if present is not None and present.version >= baseline.version:
                raise StoreError(
                    f"The baseline of {baseline.target} has reached version {present.version} meanwhile.",
                    "Look at it, then ask again.",
                )
            self._baselines[baseline.target, baseline.version] = baseline

    def renew_baseline(self, target: str, version: int, at: datetime) -> None:
        with self._gate:
            if (target, version) not in self._baselines:
                raise NotFound(f"There is no version {version} of a baseline of {target}.")
            self._baselines[target, version] = replace(self._baselines[target, version], renewed_at=at)

    def baseline(self, target: str, version: int | None = None) -> Baseline | None:
        for baseline in self.baselines(target):
            if version in (None, baseline.version):
                return baseline
        return None

    def baselines(self, target: str | None = None) -> tuple[Baseline, ...]:
        with self._gate:
            chosen = [one for one in self._baselines.values() if target in (None, one.target)]
        return tuple(sorted(chosen, key=lambda one: (one.target, -one.version)))

    def save_schedule(self, schedule: Schedule) -> None:
        with self._gate:
            self._schedules[schedule.id] = schedule

    def note_schedule(
        self,
        schedule_id: str,
        *,
        fired_at: datetime,
        next_fire_at: datetime | None = None,
        result: str | None = None,
    ) -> None:
        with self._gate:
            present = self._schedules.get(schedule_id)
            if present is not None:
                self._schedules[schedule_id] = noted(present, fired_at, next_fire_at, result)

    def remove_schedule(self, schedule_id: str) -> None:
        with self._gate:
            if self._schedules.pop(schedule_id, None) is None:
                raise NotFound(f"There is no schedule {schedule_id}.", "`/diffy schedule list` shows them.")

    def schedules(self) -> tuple[Schedule, ...]:
        with self._gate:
            return tuple(sorted(self._schedules.values(), key=lambda one: (one.created_at, one.id)))

    def audit(self, entry: AuditEntry) -> None:
        with self._gate:
            self._audit.append(entry)

    def audit_entries(self, limit: int) -> tuple[AuditEntry, ...]:
        with self._gate:
            return tuple(reversed(self._audit))[: max(limit, 0)]
