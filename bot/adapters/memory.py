"""What does a single run from the command line keep? Everything in memory; nothing is left behind."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from bot.adapters.folds import Folds
from bot.collection.recorded import from_json, to_json
from bot.errors import DiffyError, NotFound
from bot.model import AuditEntry, Baseline, Report, Run, Schedule, Snapshot
from bot.ports import JudgeRequest


class MemorySnapshots:
    """Snapshots as they would be written down, packed: some 25 kB a host instead of a megabyte of rows.

    The one that was put last is whole, since it is folded next: of thousands of hosts none is packed in vain.

    Args:
        keep: Whether anything reads them after they were folded; else they are let go then.
    """

    def __init__(self, *, keep: bool = True) -> None:
        self._keep = keep
        self._last: tuple[str, bytes] | None = None
        self._packed: dict[str, bytes] = {}

    def put(self, snapshot: Snapshot) -> str:
        """Hold the snapshot and return its digest."""
        raw = to_json(snapshot)
        digest = sha256(raw).hexdigest()
        self._pack()
        if digest not in self._packed:
            self._last = digest, raw
        return digest

    def get(self, digest: str) -> Snapshot:
        """Return what is held under that digest; NotFound otherwise."""
        return from_json(self.read(digest))

    def read(self, digest: str) -> bytes:
        """Return the JSON of what is held under that digest; NotFound otherwise."""
        last = self._last  # another thread may put the next one meanwhile
        if last is not None and last[0] == digest:
            return last[1]
        try:
            return zlib.decompress(self._packed[digest])
        except KeyError:
            raise NotFound(f"There is no snapshot {digest}.") from None

    def folded(self, digest: str) -> None:
        """Let go of what was folded, unless it is kept."""
        if self._keep:
            return
        self._packed.pop(digest, None)
        if self._last is not None and self._last[0] == digest:
            self._last = None

    def _pack(self) -> None:
        if self._last is not None:
            self._packed[self._last[0]] = zlib.compress(self._last[1], 1)
            self._last = None


class MemoryReports:
    """Reports by run id."""

    def __init__(self) -> None:
        self._held: dict[str, Report] = {}

    def put(self, report: Report) -> None:
        """Hold the report."""
        self._held[report.run.id] = report

    def get(self, run_id: str) -> Report:
        """Return the report of that run; NotFound otherwise."""
        try:
            return self._held[run_id]
        except KeyError:
            raise NotFound(f"There is no report of {run_id}.") from None


class MemoryStore:
    """Runs of this process alone; baselines come from where ``find_baseline`` looks."""

    def __init__(self, find_baseline: Callable[[str], Baseline | None]) -> None:
        self._runs: dict[str, Run] = {}
        self._find_baseline = find_baseline
        self._taken: list[Baseline] = []

    def save_run(self, run: Run) -> None:
        """Hold the run."""
        self._runs[run.id] = run

    def run(self, run_id: str) -> Run:
        """Return the run; NotFound otherwise."""
        try:
            return self._runs[run_id]
        except KeyError:
            raise NotFound(f"There is no run {run_id}.") from None

    def live_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended."""
        return tuple(run for run in self._runs.values() if not run.ended)

    def recent_runs(self, limit: int) -> tuple[Run, ...]:
        """Newest first."""
        return tuple(reversed(self._runs.values()))[:limit]

    def add_baseline(self, baseline: Baseline) -> None:
        """Hold a baseline that this process took."""
        self._taken.append(baseline)

    def renew_baseline(self, target: str, version: int, at: datetime) -> None:
        """A single run renews nothing."""

    def baseline(self, target: str, version: int | None = None) -> Baseline | None:
        """Return the present baseline of the target, wherever it is kept."""
        found = self._find_baseline(target)
        return found if version is None or (found is not None and found.version == version) else None

    def baselines(self, target: str | None = None) -> tuple[Baseline, ...]:
        """What this process took, newest first."""
        return tuple(b for b in reversed(self._taken) if target in (None, b.target))

    def save_schedule(self, schedule: Schedule) -> None:
        """A single run has no schedules."""

    def note_schedule(
        self,
        schedule_id: str,
        *,
        fired_at: datetime,
        next_fire_at: datetime | None = None,
        result: str | None = None,
    ) -> None:
        """A single run has no schedules."""

    def remove_schedule(self, schedule_id: str) -> None:
        """A single run has no schedules."""

    def schedules(self) -> tuple[Schedule, ...]:
        """None."""
        return ()

    def audit(self, entry: AuditEntry) -> None:
        """The caller's own log is the record of a single run."""

    def audit_entries(self, limit: int) -> tuple[AuditEntry, ...]:
        """None."""
        return ()


class InlineJudge:
    """Folds and judges in this process: a single run has no acknowledgements to hold back."""

    def __init__(self, snapshots: MemorySnapshots) -> None:
        self._snapshots = snapshots
        self._folds = Folds(snapshots)
        self._failure: DiffyError | None = None
        self._turn = threading.Lock()  # a provisional judgement has a thread of its own

    def add(self, run_id: str, digest: str) -> None:
        """Fold the snapshot now; what cannot be folded is said when it is judged."""
        with self._turn:
            try:
                self._folds.add(run_id, (digest,))
            except DiffyError as error:
                self._failure = self._failure or error
            else:
                self._snapshots.folded(digest)

    def judge(self, request: JudgeRequest) -> Report:
        """Return the report; raise what could not be folded."""
        with self._turn:
            if self._failure is not None:
                raise self._failure
            return self._folds.judge(request)

    def forget(self, run_id: str) -> None:
        """Let go of the run's fold."""
        with self._turn:
            self._folds.forget(run_id)

    def close(self) -> None:
        """Nothing to close."""
