"""The life of runs: queue, join, cancel, finish, drain, take up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import ChatError, CollectionError, NotFound, Refused
from bot.model import (
    ApiUse,
    Group,
    Method,
    Missed,
    MissReason,
    Run,
    RunState,
    SentCommand,
    Shown,
    StopAsked,
)
from bot.views.sentences import effort
from bot.workflows.live import Ending
from bot.workflows.runs import Runs
from bot.workflows.services import Pace, Services
from bot.workflows.triage import choose_method
from tests.workflows.parts import (
    NOW,
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


def test_a_missing_baseline_elsewhere_is_asked_for_in_words_that_can_be_typed() -> None:
    """The label of a target in another place is no word of the command."""
    with pytest.raises(NotFound, match="no baseline of web-asg @ prod yet") as caught:
        choose_method(Method.BASELINE, None, "web-asg @ prod")

    assert "(analyze web-asg peers)" in caught.value.hint
    assert "--account" in caught.value.hint


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


def test_drain_leaves_what_runs_to_the_next_process_with_a_word_and_takes_nothing_new() -> None:
    """SIGTERM: the live run is told that it goes on, its record stays live, nothing is cancelled; a new one is refused."""
    collector = ScriptedCollector({})
    given = services(collector, group(3), pace=Pace(drain_s=5))
    runs = Runs(given)
    presenter = Recorder()
    asked = runs.submit(run(), presenter).run
    until(lambda: bool(collector.errands))

    runs.drain()

    assert given.store.run(asked.id).state is RunState.COLLECTING
    assert presenter.told == ["opened", "left"]
    assert presenter.endings == []
    assert not collector.errands[0].stop()
    with pytest.raises(Refused, match="going down"):
        runs.submit(run(), Recorder())


def test_a_run_that_was_left_goes_on_and_asks_only_who_has_not_answered(
    started: Callable[[Services], Runs],
) -> None:
    """Two of four answered before: the next process asks the other two, with the first one's command and deadline."""
    first = ScriptedCollector({host(n).id: snapshot(host(n)) for n in (1, 2)})
    journal = MemoryJournal()
    given = services(first, group(4), journal=journal)
    asked = run()
    before = Runs(given)
    before.submit(asked, Recorder())
    until(lambda: len(journal.trace(asked.id).arrived) == 2)
    sent = SentCommand("c-1", tuple(host(n).id for n in range(1, 5)), NOW)
    first.errands[0].note(sent)
    before.drain()
    second = everyone(4)
    after = replace(given, collector=second)
    presenter = Recorder()

    taken = started(after).take_up(lambda one: presenter)

    until(lambda: given.store.run(asked.id).state is RunState.DONE)
    assert [one.id for one in taken] == [asked.id]
    assert second.asked == [(host(3).id, host(4).id)]
    assert second.errands[0].sent == (sent,)
    assert second.errands[0].since == NOW
    assert presenter.reports[0].coverage.answered == 4
    until(lambda: journal.runs() == ())


def test_a_cancel_that_the_process_did_not_live_to_carry_out_is_carried_out_after(
    started: Callable[[Services], Runs],
) -> None:
    """What a person pressed stays pressed."""
    journal = MemoryJournal()
    given = services(everyone(3), group(3), journal=journal)
    cut = run(state=RunState.COLLECTING)
    given.store.save_run(cut)
    journal.note(cut.id, StopAsked("cancel", "U0RESPOND01"))
    presenter = Recorder()

    started(given).take_up(lambda one: presenter)

    until(lambda: given.store.run(cut.id).state is RunState.CANCELLED)
    assert given.store.run(cut.id).decided_by == "U0RESPOND01"
    assert presenter.reports == []


def test_a_report_that_was_stored_is_shown_without_asking_again(started: Callable[[Services], Runs]) -> None:
    """Killed between storing and showing: the stored report is shown; no host is asked."""
    given = services(everyone(3), group(3))
    done = run()
    runs = started(given)
    runs.submit(done, Recorder())
    until(lambda: not runs.live())
    given.store.save_run(_again(given.store.run(done.id), RunState.COMPARING))
    quiet, presenter = everyone(3), Recorder()

    started(replace(given, collector=quiet)).take_up(lambda one: presenter)

    until(lambda: given.store.run(done.id).state is RunState.DONE)
    assert presenter.reports == [given.reports.get(done.id)]
    assert quiet.asked == []


def test_what_nobody_waits_for_any_more_is_ended_with_its_message(
    started: Callable[[Services], Runs],
) -> None:
    """A run of two days ago is not gone on with."""
    given = services(everyone(3), group(3))
    old = run(state=RunState.COLLECTING, created_at=NOW - timedelta(days=2))
    given.store.save_run(old)
    presenter = Recorder()

    taken = started(given).take_up(lambda one: presenter)

    assert [one.state for one in taken] == [RunState.INTERRUPTED]
    assert "for too long" in presenter.endings[0][1].message


def test_the_details_of_an_ended_run_are_said_by_the_next_process(
    started: Callable[[Services], Runs],
) -> None:
    """Killed after the verdict and before its thread was whole: the rest follows, and the journal is gone."""
    journal = MemoryJournal()
    given = services(everyone(3), group(3), journal=journal)
    done = run()
    runs = started(given)
    runs.submit(done, Recorder())
    until(lambda: not runs.live())
    journal.note(done.id, Shown("parent", "1.0"))
    presenter = Recorder()

    started(given).take_up(lambda one: presenter)

    until(lambda: journal.runs() == ())
    assert presenter.told == ["detailed"]


def test_stopping_what_does_not_run_says_so(started: Callable[[Services], Runs]) -> None:
    """`cancel` with a wrong id names the way to the right one."""
    with pytest.raises(NotFound, match="No run r9") as caught:
        started(services(everyone(1), group(1))).stop("r9", Ending.CANCEL, "U0RESPOND01")

    assert "status" in caught.value.hint


def _renamed(name: str) -> Group:
    return replace(group(2), name=name)


def _again(one: Run, state: RunState) -> Run:
    return replace(one, state=state, ended_at=None)
