"""Small valid nouns for tests: name only what the test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.model import (
    Answer,
    AuditEntry,
    Baseline,
    Change,
    Coverage,
    Finding,
    Host,
    HostStatus,
    HostVerdict,
    Limits,
    Method,
    QueryStatus,
    Report,
    Run,
    RunInfo,
    RunKind,
    RunState,
    Schedule,
    ScorePart,
    Snapshot,
    Target,
    TargetKind,
)

NOON = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
WEB = Target(TargetKind.GROUP, ("web-asg",))


def a_run(number: int = 1, **changes: Any) -> Run:
    """Run number n was created n minutes after noon."""
    run = Run(
        id=f"r{number:05d}",
        kind=RunKind.ANALYZE,
        target=WEB,
        pack="linux-triage",
        requested_by="U0RESPONDER",
        created_at=NOON + timedelta(minutes=number),
    )
    return replace(run, **changes)


def an_ended_run(number: int = 1, **changes: Any) -> Run:
    """The same, done."""
    return replace(a_run(number, state=RunState.DONE, has_report=True), **changes)


def a_baseline(version: int = 1, **changes: Any) -> Baseline:
    """One of web-asg, by an approver."""
    at = NOON + timedelta(days=version)
    baseline = Baseline(
        target="web-asg",
        version=version,
        hosts=("i-0a",),
        snapshots=("0" * 64,),
        pack="linux-triage",
        author="U0APPROVER",
        created_at=at,
        renewed_at=at,
    )
    return replace(baseline, **changes)


def a_schedule(number: int = 1, **changes: Any) -> Schedule:
    """Daily at 06:00."""
    schedule = Schedule(
        id=f"s{number}",
        target=WEB,
        cron="0 6 * * *",
        words="daily 06:00 UTC",
        channel="C0INCIDENT",
        created_by="U0APPROVER",
        created_at=NOON + timedelta(minutes=number),
    )
    return replace(schedule, **changes)


def an_entry(number: int = 1, **changes: Any) -> AuditEntry:
    """Entry number n, n seconds after noon."""
    entry = AuditEntry(
        NOON + timedelta(seconds=number), "U0RESPONDER", "analyze", "web-asg", f"r{number:05d}"
    )
    return replace(entry, **changes)


def a_snapshot(host: str = "i-0a", *, rows: int = 2) -> Snapshot:
    """One query without rows, one that was answered, one that failed; in the order in which they are read again."""
    users = tuple({"uid": str(number), "username": f"user{number} \u202e<@U1>"} for number in range(rows))
    return Snapshot(
        Host(host, group="web-asg", private_ip="10.0.0.1", launch_time=NOON),
        NOON,
        (
            Answer("crontab", QueryStatus.EMPTY),
            Answer("users", QueryStatus.ROWS if rows else QueryStatus.EMPTY, users),
            Answer("file_caps", QueryStatus.ERROR, (), "no such table: file_caps"),
        ),
        "5.12.1",
    )


def a_report(run_id: str = "r00001", **changes: Any) -> Report:
    """Two hosts, one of which stands out by one finding."""
    finding = Finding(
        hosts=("i-0a",),
        query="users",
        change=Change.ADDED,
        row={"username": "toor"},
        expected=None,
        score=7.25,
        seen_on=0,
        of=1,
        baseline_seen=None,
        baseline_of=None,
        attack=("T1136",),
        why="a user that no other host has",
        outlying=True,
        parts=(ScorePart("rarity", 2.0),),
    )
    info = RunInfo(
        run_id, "web-asg", Method.PEERS, "no baseline yet", "linux-triage", "U0RESPONDER", NOON, NOON
    )
    report = Report(
        info,
        Coverage(2, 2, 0),
        (
            HostVerdict(
                "i-0a", 1, 7.25, True, HostStatus.ANSWERED, "all", host=Host("i-0a", launch_time=NOON)
            ),
            HostVerdict("i-0b", 2, 0.0, False, HostStatus.ANSWERED, "all"),
        ),
        (finding,),
        Limits(2, 0, 2.0, 6.0, True),
    )
    return replace(report, **changes)
