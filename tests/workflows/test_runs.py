"""The life of runs: queue, join, cancel, finish, drain, take up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from bot.errors import ChatError, CollectionError, NotFound, Refused
from bot.model import ApiUse, Group, Missed, MissReason, Run, RunState
from bot.views.sentences import effort
from bot.workflows.live import Ending
from bot.workflows.runs import Runs
from bot.workflows.services import Pace, Services
from tests.workflows.parts import Recorder, ScriptedCollector, group, host, run, services, snapshot

WAIT_S = 20


def until(true: Callable[[], bool]) -> None:
    """Wait for something another thread does; fail when it never does."""
    for _ in range(WAIT_S * 100):
        if true():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came to pass")


@pytest.fixture
def started() -> Iterator[Callable[[Services], Runs]]:
    """Make Runs, and drain each at the end."""
    made: list[Runs] = []

    def make(given: Services) -> Runs:
        made.append(Runs(given))
        return made[-1]

    yield make
    for one in made:
        one.drain()


def everyone(count: int) -> ScriptedCollector:
    return ScriptedCollector({host(n).id: snapshot(host(n)) for n in range(1, count + 1)})


def test_a_run_ends_with_its_report(started: Callable[[Services], Runs]) -> None:
    """The report is stored before it is shown, and the record says DONE after."""
    given = services(everyone(5), group(5))
    presenter = Recorder()
    asked = run()

    started(given).submit(asked, presenter)

    until(lambda: given.store.run(asked.id).state is RunState.DONE)
    assert presenter.reports[0].coverage.answered == 5
    assert given.reports.get(asked.id) == presenter.reports[0]
    assert given.store.run(asked.id).message_ts == "1.0"


def test_a_report_says_what_its_run_asked_of_the_cloud(started: Callable[[Services], Runs]) -> None:
    """Counted by the run's own id; shown beside how long it took."""
    given = replace(
        services(everyone(4), group(4)), api_use=lambda run_id: ApiUse(9, 2) if run_id == "r1" else ApiUse()
    )
    asked = replace(run(), id="r1")

    started(given).submit(asked, Recorder())

    until(lambda: given.store.run("r1").state is RunState.DONE)
    report = given.reports.get("r1")
    assert (report.run.api_calls, report.run.api_repeated) == (9, 2)
    assert "9 API calls (2 repeated)" in effort(report.run)


def test_a_second_request_joins_the_live_run(started: Callable[[Services], Runs]) -> None:
    """Hosts are asked once; both people are noted."""
    collector = everyone(3)
    collector.go.clear()
    given = services(collector, group(3))
    runs = started(given)
    first = runs.submit(run(), Recorder())

    second = runs.submit(run(requested_by="U0APPROVE01"), Recorder())

    collector.go.set()
    assert second.joined
    assert second.run.id == first.run.id
    assert second.run.joined == ("U0APPROVE01",)
    until(lambda: not runs.live())
    assert len(collector.asked) == 1


def test_cancel_ends_without_an_answer(started: Callable[[Services], Runs]) -> None:
    """The message says it was cancelled; the record says by whom."""
    given = services(ScriptedCollector({}), group(3))
    runs = started(given)
    presenter = Recorder()
    asked = runs.submit(run(), presenter).run
    until(lambda: bool(presenter.progressed))

    runs.stop(asked.id, Ending.CANCEL, "U0RESPOND01")

    until(lambda: not runs.live())
    assert not presenter.reports
    assert "cancelled" in presenter.endings[0][1].message
    ended = given.store.run(asked.id)
    assert (ended.state, ended.decided_by) == (RunState.CANCELLED, "U0RESPOND01")


def test_finish_now_judges_what_has_arrived(started: Callable[[Services], Runs]) -> None:
    """Silent hosts are missed with the reason that a person did not wait for them."""
    script = {host(n).id: snapshot(host(n)) for n in (1, 2, 3)}
    given = services(ScriptedCollector(script), group(4))
    runs = started(given)
    presenter = Recorder()
    asked = runs.submit(run(), presenter).run
    until(lambda: any(p.answered == 3 for p in presenter.progressed))

    runs.stop(asked.id, Ending.FINISH, "U0RESPOND01")

    until(lambda: not runs.live())
    coverage = presenter.reports[0].coverage
    assert coverage.answered == 3
    assert coverage.missed == (Missed(host(4).id, MissReason.CANCELLED),)


def test_a_provisional_verdict_comes_when_most_have_answered(started: Callable[[Services], Runs]) -> None:
    """At 80 % the first verdict is shown, marked provisional; the final one follows."""
    script = {host(n).id: snapshot(host(n)) for n in range(1, 6)}
    given = services(ScriptedCollector(script), group(6))
    runs = started(given)
    presenter = Recorder()
    asked = runs.submit(run(), presenter).run

    until(lambda: bool(presenter.provisionals))

    runs.stop(asked.id, Ending.FINISH, "U0RESPOND01")
    until(lambda: not runs.live())
    assert presenter.provisionals[0].run.provisional
    assert not presenter.reports[0].run.provisional


def test_runs_beyond_the_limit_wait_and_are_told_their_place(started: Callable[[Services], Runs]) -> None:
    """With one place, the second waits at place 1; cancelled there, it never asks a host."""
    collector = everyone(2)
    collector.go.clear()
    other = group(2)
    given = services(collector, other, _renamed("api-asg"), pace=Pace(max_running=1))
    runs = started(given)
    runs.submit(run(), Recorder())
    until(lambda: len(collector.asked) == 1)
    waiting = Recorder()

    second = runs.submit(run(target="api-asg"), waiting)

    until(lambda: any(p.place == 1 for p in waiting.progressed))
    runs.stop(second.run.id, Ending.CANCEL, "U0RESPOND01")
    until(lambda: bool(waiting.endings))
    collector.go.set()
    until(lambda: not runs.live())
    assert second.place == 1
    assert len(collector.asked) == 1
    assert given.store.run(second.run.id).state is RunState.CANCELLED


def test_nothing_is_collected_where_nothing_can_be_shown(started: Callable[[Services], Runs]) -> None:
    """Diffy is not in the channel: the run fails before any host is asked."""
    collector = everyone(3)
    given = services(collector, group(3))
    presenter = Recorder(refuse=ChatError("Not here.", code="not_in_channel"))
    runs = started(given)

    asked = runs.submit(run(), presenter).run

    until(lambda: not runs.live())
    assert collector.asked == []
    assert given.store.run(asked.id).state is RunState.FAILED


def test_a_failed_collection_is_said(started: Callable[[Services], Runs]) -> None:
    """Credentials that have expired end the run with their sentence."""
    given = services(
        ScriptedCollector({}, CollectionError("The credentials have expired.", "Renew them.")), group(3)
    )
    presenter = Recorder()
    runs = started(given)

    runs.submit(run(), presenter)

    until(lambda: not runs.live())
    assert presenter.endings[0][1].message == "The credentials have expired."


def test_an_unknown_group_ends_with_near_names(started: Callable[[Services], Runs]) -> None:
    """The sentence of the inventory reaches the message."""
    given = services(everyone(1), group(1))
    presenter = Recorder()
    runs = started(given)

    runs.submit(run(target="web-asgg"), presenter)

    until(lambda: not runs.live())
    assert presenter.endings[0][1].hint == "Near: web-asg."


def test_a_defect_ends_one_run_and_not_the_others(
    started: Callable[[Services], Runs], caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected exception becomes a sentence with the run's id; the next run works."""
    collector = everyone(3)
    given = services(collector, group(3))
    presenter, after = Recorder(), Recorder()
    collector.failure = None
    runs = started(given)
    broken = run(pack="small")
    object.__setattr__(given, "load_pack", lambda name: 1 / 0)

    runs.submit(broken, presenter)

    until(lambda: not runs.live())
    object.__setattr__(given, "load_pack", services(collector, group(3)).load_pack)
    runs.submit(run(), after)
    until(lambda: bool(after.reports))
    assert "ZeroDivisionError" in presenter.endings[0][1].message
    assert broken.id in presenter.endings[0][1].hint
    assert broken.id in caplog.text


def test_drain_ends_what_runs_with_a_message_and_takes_nothing_new() -> None:
    """SIGTERM: the live run is told, a new one is refused."""
    given = services(ScriptedCollector({}), group(3), pace=Pace(drain_s=0.2))
    runs = Runs(given)
    presenter = Recorder()
    asked = runs.submit(run(), presenter).run
    until(lambda: bool(presenter.progressed))

    runs.drain()

    assert given.store.run(asked.id).state is RunState.INTERRUPTED
    assert "was stopped" in presenter.endings[0][1].message
    with pytest.raises(Refused, match="going down"):
        runs.submit(run(), Recorder())


def test_take_up_ends_what_a_former_process_left(started: Callable[[Services], Runs]) -> None:
    """After kill -9 the run's message says that it was cut off; a stored report is shown instead."""
    given = services(everyone(3), group(3))
    done, cut = run(), run()
    runs = started(given)
    shown = Recorder()
    runs.submit(done, shown)
    until(lambda: not runs.live())
    unshown = given.store.run(done.id)
    given.store.save_run(_again(unshown, RunState.COMPARING))
    given.store.save_run(_again(cut, RunState.COLLECTING))
    presenters: dict[str, Recorder] = {done.id: Recorder(), cut.id: Recorder()}

    taken = runs.take_up(lambda one: presenters[one.id])

    assert {one.id: one.state for one in taken} == {done.id: RunState.DONE, cut.id: RunState.INTERRUPTED}
    assert presenters[done.id].reports
    assert "restarted" in presenters[cut.id].endings[0][1].message
    assert given.store.live_runs() == ()


def test_stopping_what_does_not_run_says_so(started: Callable[[Services], Runs]) -> None:
    """`cancel` with a wrong id names the way to the right one."""
    with pytest.raises(NotFound, match="No run r9") as caught:
        started(services(everyone(1), group(1))).stop("r9", Ending.CANCEL, "U0RESPOND01")

    assert "status" in caught.value.hint


def _renamed(name: str) -> Group:
    return replace(group(2), name=name)


def _again(one: Run, state: RunState) -> Run:
    return replace(one, state=state, ended_at=None)
