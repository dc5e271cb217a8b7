"""What does the core ask of the world? Each Protocol is met by one adapter, and by one small working fake in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from bot.model import (
    Asker,
    Attachment,
    AuditEntry,
    Baseline,
    BaselineInfo,
    Entry,
    Group,
    Message,
    Method,
    Missed,
    Pack,
    Report,
    Run,
    RunInfo,
    Schedule,
    SentCommand,
    Snapshot,
    Target,
    Trace,
)


class Clock(Protocol):
    """Time, handed in so that tests own it."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class Inventory(Protocol):
    """Which hosts does a target mean?"""

    def resolve(self, target: Target, asker: Asker) -> Group:
        """Name the hosts to ask and those that are known not to answer.

        Raises:
            UnknownTarget: No such group or host; the hint carries near names.
            EmptyTarget: The group holds no host at all.
            InventoryError: AWS could not say.
        """
        ...


def _never() -> bool:
    return False


def _forget(sent: SentCommand) -> None:
    return


@dataclass(frozen=True, slots=True)
class Errand:
    """What a collector must know of the run that it collects for.

    Attributes:
        deadline_s: Seconds from now after which silent hosts are given up as Missed(DEADLINE).
        stop: Asked between polls; once true, what is silent is cancelled and Missed(CANCELLED).
        sent: What a former process sent for this run: their hosts are not asked again without need.
        note: Told of each command right after it was sent; durable when it returns.
        since: When a former process began to ask for this run, aware UTC; None where none did. It may have sent
            a command and died before ``note``.
        leave: Asked between polls; once true, return at once and cancel nothing: another process goes on.
    """

    asker: Asker
    deadline_s: float
    stop: Callable[[], bool] = _never
    sent: tuple[SentCommand, ...] = ()
    note: Callable[[SentCommand], None] = _forget
    since: datetime | None = None
    leave: Callable[[], bool] = _never


class Collector(Protocol):
    """Asks hosts. Every host of ``group.hosts`` ends in exactly one call of ``deliver``."""

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        """Ask every host of the group and deliver each answer as it arrives; return when all are accounted for.

        Args:
            deliver: Called from the calling thread, once a host.

        Raises:
            CollectionError: Nothing could be sent at all (credentials, permissions, network).
        """
        ...


class TargetPlugin(Protocol):
    """Another package's kind of target (entry points ``diffy.targets``): typed as ``prefix:text``.

    Attributes:
        prefix: A word of small letters, such as ``rack``.
        example: Shown where one is typed wrongly, such as ``rack:r12``.
    """

    prefix: str
    example: str

    def fits(self, text: str) -> bool:
        """Whether the text after the colon can be one; from memory, since it is asked while Slack waits."""
        ...

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``Inventory``; ``target.names[0]`` is ``prefix:text``. The group's name becomes the target's.

        Hosts are asked through SSM, so their ids are instance ids, unless a collector names the prefix.
        """
        ...


class CollectorPlugin(Collector, Protocol):
    """Another package's way to ask hosts (entry points ``diffy.collectors``).

    Attributes:
        prefixes: Of the kinds of target whose hosts it asks.
    """

    prefixes: tuple[str, ...]


class StorePlugin(Protocol):
    """Another package's store (entry points ``diffy.stores``), chosen by its name in ``DIFFY_STORE``."""

    def open(self, data_dir: Path) -> AbstractContextManager[Store]:
        """Open the store; ``data_dir`` holds snapshots and reports, whatever the store is.

        Raises:
            StoreError: It cannot be opened.
        """
        ...


class SnapshotStore(Protocol):
    """Snapshots on disk, compressed, named by the digest of their content."""

    def put(self, snapshot: Snapshot) -> str:
        """Store and return the digest (sha256, hex)."""
        ...

    def get(self, digest: str) -> Snapshot:
        """Return the snapshot; NotFound or StoreCorrupt otherwise."""
        ...

    def read(self, digest: str) -> bytes:
        """Return the snapshot as it is written down (``collection.recorded``); NotFound or StoreCorrupt otherwise."""
        ...


class ReportStore(Protocol):
    """Finished reports, one file a run."""

    def put(self, report: Report) -> None: ...

    def get(self, run_id: str) -> Report:
        """Return the stored report; NotFound or StoreCorrupt otherwise."""
        ...


class Store(Protocol):
    """Runs, baselines, schedules and audit. Every call is durable when it returns; thread-safe."""

    def save_run(self, run: Run) -> None: ...

    def run(self, run_id: str) -> Run:
        """Return the run; NotFound otherwise. Finished runs too."""
        ...

    def live_runs(self) -> tuple[Run, ...]:
        """Runs that have not ended, oldest first."""
        ...

    def recent_runs(self, limit: int) -> tuple[Run, ...]:
        """Newest first, live and ended."""
        ...

    def add_baseline(self, baseline: Baseline) -> None: ...

    def renew_baseline(self, target: str, version: int, at: datetime) -> None: ...

    def baseline(self, target: str, version: int | None = None) -> Baseline | None:
        """The present baseline of a target (or that version); None when there is none."""
        ...

    def baselines(self, target: str | None = None) -> tuple[Baseline, ...]:
        """All versions, by target, newest version first."""
        ...

    def save_schedule(self, schedule: Schedule) -> None: ...

    def note_schedule(
        self,
        schedule_id: str,
        *,
        fired_at: datetime,
        next_fire_at: datetime | None = None,
        result: str | None = None,
    ) -> None:
        """Note what became of a schedule; None leaves that part as it is. One that was removed stays removed."""
        ...

    def remove_schedule(self, schedule_id: str) -> None: ...

    def schedules(self) -> tuple[Schedule, ...]: ...

    def audit(self, entry: AuditEntry) -> None: ...

    def audit_entries(self, limit: int) -> tuple[AuditEntry, ...]:
        """Newest first."""
        ...


class RunJournal(Protocol):
    """What live runs did so far, for the process that goes on after this one. Thread-safe."""

    def runs(self) -> tuple[str, ...]:
        """Ids of the runs that have one."""
        ...

    def trace(self, run_id: str) -> Trace:
        """Return all that was noted; an empty trace for a run without any. Raises StoreError."""
        ...

    def note(self, run_id: str, entry: Entry) -> None:
        """Add to it; a process that is killed after this returns has said it. Raises StoreError."""
        ...

    def remove(self, run_id: str) -> None:
        """Forget it: nothing is left to do for the run."""
        ...


@dataclass(frozen=True, slots=True)
class JudgeRequest:
    """All that judging needs, by digest: small enough to send to another process.

    Attributes:
        known: Every targeted host, missed ones too.
        snapshots: Digests of what was collected.
        baseline: Digests of the baseline's snapshots; empty without one.
    """

    run: RunInfo
    group: Group
    snapshots: tuple[str, ...]
    missed: tuple[Missed, ...]
    pack: Pack
    method: Method
    baseline: tuple[str, ...] = ()
    baseline_info: BaselineInfo | None = None


class Judge(Protocol):
    """Folds and judges, away from the threads that acknowledge Slack.

    What ``add`` is told only saves time: a judgement folds whatever it names that is not folded yet.
    """

    def add(self, run_id: str, digest: str) -> None:
        """Fold a stored snapshot of a run, or of its baseline, ahead of its judgement. Does not wait, never fails."""
        ...

    def judge(self, request: JudgeRequest) -> Report:
        """Blocks until judged. Raises AnalysisError (worker died twice, or a defect), StoreError."""
        ...

    def forget(self, run_id: str) -> None:
        """Let go of what was folded for a run that needs no further judgement."""
        ...

    def close(self) -> None: ...


class Scheduler(Protocol):
    """Fires schedules. TinyDB is the truth; jobs are rebuilt from it at start."""

    def check(self, words: str) -> str:
        """Turn "daily 06:00 UTC" or five cron fields into five cron fields; UsageError with examples otherwise."""
        ...

    def next_fire(self, cron: str, after: datetime) -> datetime: ...

    def put(self, schedule: Schedule) -> None: ...

    def remove(self, schedule_id: str) -> None: ...

    def start(self, fire: Callable[[str, bool], None], schedules: Sequence[Schedule]) -> None:
        """Start firing ``fire(schedule_id, late)``; those missed while down fire once, at once, with late=True."""
        ...

    def stop(self) -> None: ...


class Chat(Protocol):
    """Slack, as the workflows see it. Every call may raise ChatError."""

    def post(self, channel: str, message: Message, *, thread: str = "", key: str = "") -> str:
        """Post and return the message's ts. Tries rich, then plain, then a file: an answer is never lost.

        Args:
            key: Names what is said: posted again under the same key, it is the message that is there already.
        """
        ...

    def update(self, channel: str, ts: str, message: Message) -> None: ...

    def ephemeral(self, channel: str, user: str, message: Message) -> None: ...

    def upload(self, channel: str, file: Attachment, *, thread: str = "", comment: str = "") -> None: ...

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """Open a modal and return its view id. A trigger lives 3 s and works once."""
        ...

    def update_view(self, view_id: str, view: Mapping[str, Any]) -> None: ...

    def permalink(self, channel: str, ts: str) -> str:
        """Return a link to a message, from memory; empty when ts is, or when the workspace is not known yet."""
        ...
