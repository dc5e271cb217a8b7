"""Small working parts for workflow tests: an inventory, a collector that answers from a script, a recording presenter."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.adapters.memory import InlineJudge, MemoryReports, MemorySnapshots, MemoryStore
from bot.errors import DiffyError, UnknownTarget
from bot.model import (
    Answer,
    Asker,
    Baseline,
    Entry,
    Group,
    Host,
    Missed,
    MissReason,
    Pack,
    Progress,
    Query,
    QueryStatus,
    Report,
    Run,
    RunKind,
    Snapshot,
    Target,
    TargetKind,
    Trace,
    trace_of,
)
from bot.ports import Errand, RunJournal
from bot.workflows.proposal import Proposal
from bot.workflows.services import NoJournal, Pace, Services

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
PACK = Pack(
    "small", "for tests", (Query("users", "SELECT username, uid FROM users", "accounts", key=("username",)),)
)


WAIT_S = 20


def until(true: Callable[[], bool]) -> None:
    """Wait for something another thread does; fail when it never does."""
    for _ in range(WAIT_S * 100):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to pass")


class ManualClock:
    """Time that moves when asked."""

    def __init__(self) -> None:
        self.at = NOW
        self.ticks = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.ticks


class KnownGroups:
    """An inventory that knows some groups."""

    def __init__(self, *groups: Group) -> None:
        self.groups = {group.name: group for group in groups}

    def resolve(self, target: Target, asker: Asker) -> Group:
        group = self.groups.get(target.names[0])
        if group is None:
            raise UnknownTarget(f"There is no group {target.names[0]}.", "Near: web-asg.")
        return group


class ScriptedCollector:
    """Answers as its script says. A host that is not in the script stays silent until stopped."""

    def __init__(self, script: Mapping[str, Snapshot | Missed], failure: DiffyError | None = None) -> None:
        self.script = dict(script)
        self.failure = failure
        self.asked: list[tuple[str, ...]] = []
        self.errands: list[Errand] = []
        self.go = threading.Event()
        self.go.set()

    def collect(
        self,
        group: Group,
        pack: Pack,
        errand: Errand,
        *,
        deliver: Callable[[Snapshot | Missed], None],
    ) -> None:
        self.asked.append(tuple(host.id for host in group.hosts))
        self.errands.append(errand)

        def stop() -> bool:
            return errand.stop() or errand.leave()

        if self.failure is not None:
            raise self.failure
        while not self.go.wait(0.01):
            if stop():
                break
        silent = []
        for host in group.hosts:
            if host.id in self.script and not stop():
                deliver(self.script[host.id])
            else:
                silent.append(host.id)
        while silent and not stop():
            threading.Event().wait(0.01)
        for host_id in () if errand.leave() else silent:
            deliver(Missed(host_id, MissReason.CANCELLED))


class MemoryJournal:
    """A journal that outlives the Runs that write it, as a file does."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {}

    def runs(self) -> tuple[str, ...]:
        return tuple(sorted(self._entries))

    def trace(self, run_id: str) -> Trace:
        return trace_of(self._entries.get(run_id, ()))

    def note(self, run_id: str, entry: Entry) -> None:
        self._entries.setdefault(run_id, []).append(entry)

    def remove(self, run_id: str) -> None:
        self._entries.pop(run_id, None)


@dataclass
class Recorder:
    """A presenter that remembers what it was told."""

    refuse: DiffyError | None = None
    told: list[str] = field(default_factory=list)
    progressed: list[Progress] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    provisionals: list[Report] = field(default_factory=list)
    proposals: list[Proposal] = field(default_factory=list)
    baselines: list[Baseline] = field(default_factory=list)
    drifts: list[list[str]] = field(default_factory=list)
    endings: list[tuple[Run, DiffyError]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def opened(self, run: Run, progress: Progress) -> Run:
        self.told.append("opened")
        if self.refuse is not None:
            raise self.refuse
        return replace(run, message_ts="1.0")

    def progress(self, run: Run, progress: Progress) -> None:
        self.progressed.append(progress)

    def provisional(self, run: Run, report: Report, progress: Progress) -> None:
        self.provisionals.append(report)

    def finished(self, run: Run, report: Report) -> None:
        self.reports.append(report)
        self.over.set()

    def detailed(self, run: Run, report: Report) -> None:
        self.told.append("detailed")

    def proposed(self, run: Run, proposal: Proposal) -> Run:
        self.proposals.append(proposal)
        self.over.set()
        return run

    def taken(self, run: Run, baseline: Baseline, proposal: Proposal) -> None:
        self.baselines.append(baseline)
        self.drifts.append([finding.why for finding in proposal.drift.findings] if proposal.drift else [])
        self.over.set()

    def unchanged(self, run: Run, baseline: Baseline) -> None:
        self.told.append("unchanged")
        self.over.set()

    def left(self, run: Run, progress: Progress) -> None:
        self.told.append("left")

    def ended(self, run: Run, error: DiffyError) -> None:
        self.endings.append((run, error))
        self.over.set()


def host(number: int, *, version: str = "1", minutes: int = 0) -> Host:
    """A host of web-asg, launched so many minutes after the others."""
    return Host(
        id=f"i-{number:017x}",
        group="web-asg",
        private_ip=f"10.0.0.{number}",
        template_version=version,
        image_id="ami-1",
        launch_time=NOW - timedelta(days=9) + timedelta(minutes=minutes),
    )


def snapshot(of: Host, *users: str, failed: bool = False) -> Snapshot:
    """What a host answers: its accounts, or that it could not say."""
    rows = tuple({"username": user, "uid": str(1000 + place)} for place, user in enumerate(("root", *users)))
    answer = (
        Answer("users", QueryStatus.ERROR, error="no such table: users")
        if failed
        else Answer("users", QueryStatus.ROWS, rows)
    )
    return Snapshot(of, NOW, (answer,), "5.12.1")


def group(hosts: int, *missed: Missed) -> Group:
    """web-asg with so many hosts to ask."""
    everyone = tuple(host(number) for number in range(1, hosts + 1))
    return Group("web-asg", everyone, missed, everyone)


def services(
    collector: ScriptedCollector,
    *groups: Group,
    baseline: Callable[[str], Baseline | None] = lambda target: None,
    pace: Pace | None = None,
    journal: RunJournal | None = None,
) -> Services:
    """Services over memory, with the real analysis."""
    snapshots = MemorySnapshots()
    return Services(
        store=MemoryStore(baseline),
        snapshots=snapshots,
        reports=MemoryReports(),
        inventory=KnownGroups(*groups),
        collector=collector,
        judge=InlineJudge(snapshots),
        clock=ManualClock(),
        load_pack=lambda name: PACK,
        pace=pace or Pace(),
        journal=journal or NoJournal(),
    )


_numbers = itertools.count(1)


def run(kind: RunKind = RunKind.ANALYZE, target: str = "web-asg", **more: object) -> Run:
    """A run as the desk writes it down."""
    made = Run(
        id=f"r{next(_numbers):07d}",
        kind=kind,
        target=Target(TargetKind.GROUP, (target,)),
        pack="small",
        requested_by="U0RESPOND01",
        created_at=NOW,
        channel="C0INCIDENT1",
    )
    return replace(made, **more)  # type: ignore[arg-type]
