"""One request and its life; schedules; the audit record."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.model.hosts import Target
from bot.model.reports import Method


class RunKind(StrEnum):
    """What a run does at its end."""

    ANALYZE = "analyze"  # collect, judge, report
    BASELINE = "baseline"  # collect, show the difference, accept
    REFRESH = "refresh"  # a schedule: collect, compare, one notice


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    COLLECTING = "collecting"
    COMPARING = "comparing"
    WAITING = "waiting"  # for a person to accept or keep
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # the process ended while it ran


ENDED = frozenset(
    {RunState.WAITING, RunState.DONE, RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED}
)


@dataclass(frozen=True, slots=True)
class Run:
    """One request. Written down before it is acknowledged; everything a restart needs is here."""

    id: str
    kind: RunKind
    target: Target
    pack: str
    requested_by: str  # Slack user id, "cli", or "schedule:<id>"
    created_at: datetime
    method: Method | None = None  # None: both where a baseline exists, else peers
    state: RunState = RunState.QUEUED
    channel: str = ""
    message_ts: str = ""  # the parent message
    incident: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    error: str = ""
    take_from: tuple[str, ...] = ()  # baseline: these hosts only
    take_hosts: int = 3  # baseline: how many of the newest hosts
    snapshots: tuple[str, ...] = ()  # digests, once collected
    has_report: bool = False
    decided_by: str = ""  # who accepted, kept or cancelled
    joined: tuple[str, ...] = ()  # who asked for the same while it ran
    missed_tick: bool = False  # a schedule that fired late, after the process was down

    @property
    def ended(self) -> bool:
        """Whether nothing runs for it any more."""
        return self.state in ENDED


@dataclass(frozen=True, slots=True)
class Asker:
    """On whose behalf the world is asked: named in the command's comment and in the session of another account."""

    run_id: str
    requested_by: str


@dataclass(frozen=True, slots=True)
class SentCommand:
    """A command that a run sent, as a restart must know it.

    Attributes:
        id: AWS's id of the command.
        hosts: The host ids it went to.
        sent_at: Aware UTC, the controller's time.
        place: Where it was sent, as ``account/region``; empty for the default one.
        purpose: What it was for: ``ask``, or what the collector calls its further commands.
    """

    id: str
    hosts: tuple[str, ...]
    sent_at: datetime
    place: str = ""
    purpose: str = "ask"


@dataclass(frozen=True, slots=True)
class ApiUse:
    """What a run asked of a cloud's API: calls, and how many of them were repeated after a refusal."""

    calls: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class Schedule:
    """A standing order. ``cron`` is a five-field expression in UTC; ``words`` is what was typed."""

    id: str
    target: Target
    cron: str
    words: str
    channel: str
    created_by: str
    created_at: datetime
    last_fired_at: datetime | None = None
    next_fire_at: datetime | None = None
    last_result: str = ""


def noted(
    schedule: Schedule, fired_at: datetime, next_fire_at: datetime | None, result: str | None
) -> Schedule:
    """Return the schedule with what became of it; None leaves that part as it is."""
    return replace(
        schedule,
        last_fired_at=fired_at,
        next_fire_at=schedule.next_fire_at if next_fire_at is None else next_fire_at,
        last_result=schedule.last_result if result is None else result,
    )


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when, and whether it was allowed."""

    at: datetime
    actor: str
    action: str  # "analyze", "baseline.accept", "schedule.remove", "refused", …
    target: str = ""
    run: str = ""
    channel: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a live run stands, for its parent message and `status`."""

    state: RunState
    targeted: int = 0
    answered: int = 0
    missed: int = 0
    place: int = 0  # in the queue, from 1
    waiting_for: tuple[str, ...] = field(default=())  # host ids still silent
    known_offline: tuple[str, ...] = field(default=())  # named before anything was sent
