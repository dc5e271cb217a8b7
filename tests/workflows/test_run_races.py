"""What happens at the same time in the life of runs, and what breaks in the middle of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.errors import DiffyError, StoreError
from bot.model import (
    Asker,
    Group,
    Missed,
    Pack,
    Report,
    Run,
    RunState,
    SentCommand,
    Shown,
    Snapshot,
    Target,
)
from bot.ports import Errand
from bot.workflows.live import Ending
from bot.workflows.runs import Runs
from bot.workflows.services import Pace, Services
from tests.workflows.parts import (
    NOW,
    WAIT_S,
    MemoryJournal,
    Recorder,
    ScriptedCollector,
    group,
    host,
    run,
    services,
    snapshot,
    until,
)


@dataclass
class SlowRecorder(Recorder):
    """Takes its time to show an end: until it is let go."""

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def ended(self, run: Run, error: DiffyError) -> None:
        self.reached.set()
        assert self.go.wait(WAIT_S)
        super().ended(run, error)

    def detailed(self, run: Run, report: Report) -> None:
        self.reached.set()
        assert self.go.wait(9 * WAIT_S)


def everyone(count: int) -> ScriptedCollector:
    return ScriptedCollector({host(n).id: snapshot(host(n)) for n in range(1, count + 1)})


def one_runs_and_one_waits(runs: Runs, collector: ScriptedCollector, waiting: Recorder) -> str:
    collector.go.clear()
    runs.submit(run(), Recorder())
    until(lambda: len(collector.asked) == 1)
    return runs.submit(run(target="api-asg"), waiting).run.id


def test_a_waiting_run_that_is_cancelled_ends_once() -> None:
    """Cancelled again, and by a shutdown, while its end is being shown: nothing takes that end back."""
    collector = everyone(2)
    given = services(
        collector, group(2), replace(group(2), name="api-asg"), pace=Pace(max_running=1, drain_s=5)
    )
    runs = Runs(given)
    waiting = SlowRecorder()
    cancelled = one_runs_and_one_waits(runs, collector, waiting)
    runs.stop(cancelled, Ending.CANCEL, "U0RESPOND01")
    assert waiting.reached.wait(WAIT_S)

    runs.stop(cancelled, Ending.CANCEL, "U0APPROVE01")
    draining = threading.Thread(target=runs.drain)
    draining.start()
    until(lambda: runs._closed)
    waiting.go.set()
    draining.join(WAIT_S)

    assert given.store.run(cancelled).state is RunState.CANCELLED
    assert [error.message for _, error in waiting.endings] == ["The run was cancelled."]
    assert "left" not in waiting.told


def test_finishing_a_waiting_run_takes_no_thread_that_others_need(
    started: Callable[[Services], Runs],
) -> None:
    """A button of the message that a former process left: the run is finished when its turn comes, by a thread of runs."""
    collector = everyone(2)
    given = services(collector, group(2), replace(group(2), name="api-asg"), pace=Pace(max_running=1))
    resolve, resolvers = given.inventory.resolve, []

    def noted(target: Target, asker: Asker) -> Group:
        resolvers.append(threading.current_thread().name)
        return resolve(target, asker)

    object.__setattr__(given.inventory, "resolve", noted)
    runs, waiting = started(given), Recorder()
    finished = one_runs_and_one_waits(runs, collector, waiting)

    runs.stop(finished, Ending.FINISH, "U0RESPOND01")
    collector.go.set()

    until(lambda: waiting.over.is_set() and not runs.live())
    assert [name.partition("_")[0] for name in resolvers] == ["run", "run"]


def test_drain_waits_for_what_is_still_to_be_said_for_a_limited_time() -> None:
    """Many runs' details may be left over from a crash, and Slack may be slow: the next process says the rest."""
    journal = MemoryJournal()
    given = services(everyone(2), group(2), journal=journal, pace=Pace(drain_s=0.2))
    first = Runs(given)
    asked = first.submit(run(), Recorder()).run
    until(lambda: not first.live())
    first.drain()
    journal.note(asked.id, Shown("parent", "1.0"))
    runs, slow = Runs(given), SlowRecorder()
    runs.take_up(lambda one: slow)
    assert slow.reached.wait(WAIT_S)
    draining = threading.Thread(target=runs.drain, daemon=True)

    draining.start()
    draining.join(WAIT_S)

    ended_by_itself = not draining.is_alive()
    slow.go.set()
    draining.join(WAIT_S)
    assert ended_by_itself


class Breaking(ScriptedCollector):
    """Breaks with a defect."""

    def collect(self, *_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by a defect")


def test_a_collector_that_breaks_is_in_the_log(
    started: Callable[[Services], Runs], caplog: pytest.LogCaptureFixture
) -> None:
    """The sentence says that the log has the details."""
    presenter = Recorder()

    started(services(Breaking({}), group(2))).submit(run(), presenter)

    until(lambda: bool(presenter.endings))
    assert "The collection broke off: ZeroDivisionError." in str(presenter.endings[0][1])
    assert "by a defect" in caplog.text


@dataclass
class BrokenRecorder(Recorder):
    """Cannot show an end, by a defect."""

    def ended(self, run: Run, error: DiffyError) -> None:
        raise ZeroDivisionError("in a view")


def test_an_end_that_cannot_be_shown_by_a_defect_is_written_down_and_logged(
    started: Callable[[Services], Runs], caplog: pytest.LogCaptureFixture
) -> None:
    """Else the run would count as live until the next start, and nobody would know why."""
    given = services(Breaking({}), group(2))
    runs = started(given)

    asked = runs.submit(run(), BrokenRecorder()).run

    until(lambda: not runs.live())
    assert given.store.run(asked.id).state is RunState.FAILED
    assert "in a view" in caplog.text


def test_what_a_run_did_is_kept_until_its_end_is_written_down(started: Callable[[Services], Runs]) -> None:
    """A full disk in the last moment: the next process finds the run live, and all that it did."""
    journal = MemoryJournal()
    given = services(everyone(2), group(2), journal=journal)
    save = given.store.save_run

    def full(one: Run) -> None:
        if one.ended:
            raise StoreError("diffy.json could not be written: No space left on device.")
        save(one)

    object.__setattr__(given.store, "save_run", full)
    presenter = Recorder()
    runs = started(given)

    asked = runs.submit(run(), presenter).run

    until(lambda: bool(presenter.reports) and not runs._futures)
    assert not given.store.run(asked.id).ended
    assert journal.runs() == (asked.id,)
    assert len(journal.trace(asked.id).arrived) == 2


class SendsTwice(ScriptedCollector):
    """Sends, delivers, and asks itself whether to go on before it sends again."""

    def __init__(self) -> None:
        super().__init__({})
        self.taken = threading.Event()
        self.sent: list[str] = []
        self.over = threading.Event()

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        deliver(snapshot(group.hosts[0]))
        assert self.taken.wait(WAIT_S)
        if not errand.stop():
            self.sent.append("again")
        errand.note(SentCommand("c-2", (group.hosts[1].id,), NOW, purpose="drop"))
        self.over.set()


def test_a_run_that_fails_while_hosts_are_asked_stops_asking(started: Callable[[Services], Runs]) -> None:
    """A full disk ends the run: no host is sent another command for it, and no journal is begun anew."""
    journal, collector = MemoryJournal(), SendsTwice()
    given = services(collector, group(2), journal=journal)

    def full(_: Snapshot) -> str:
        raise StoreError("No space left on device.")

    object.__setattr__(given.snapshots, "put", full)
    runs = started(given)

    asked = runs.submit(run(), Recorder()).run

    until(lambda: not runs.live())
    collector.taken.set()
    assert collector.over.wait(WAIT_S)
    assert given.store.run(asked.id).state is RunState.FAILED
    assert collector.sent == []
    assert journal.runs() == ()
