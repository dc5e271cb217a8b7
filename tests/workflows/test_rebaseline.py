"""Baselines: which hosts are taken, what speaks against them, what a schedule says, and what a decision does."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import EmptyTarget, Refused, UsageError
from bot.model import Baseline, Group, Missed, MissReason, RunKind, RunState, partly_answered
from bot.workflows.deciding import accept, keep
from bot.workflows.desk import Desk
from bot.workflows.live import Live
from bot.workflows.rebaseline import EVERY_HOST, choose_hosts, propose, refresh, take
from bot.workflows.runs import Runs
from bot.workflows.services import Services
from tests.fakes.stores import MemoryStore
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


def live(given: Services, kind: RunKind, **more: Any) -> Live:
    made = run(kind, **more)
    given.store.save_run(made)
    return Live(made, given.store)


def desk(given: Services) -> Desk:
    """A desk without Slack and clock: deciding needs neither."""
    nothing: Any = None
    return Desk(
        given, Runs(given), nothing, nothing, lambda: "r1", lambda run, tell: Recorder(), lambda: ("small",)
    )


def test_the_newest_hosts_of_the_newest_template_are_taken() -> None:
    """Template 10 is newer than 9; among its hosts the last launched come first."""
    hosts = (
        host(1, version="9", minutes=50),
        host(2, version="10", minutes=10),
        host(3, version="10", minutes=30),
        host(4, version="10", minutes=20),
    )

    chosen = choose_hosts(Group("web-asg", hosts, known=hosts), count=2)

    assert [one.id for one in chosen] == [hosts[2].id, hosts[3].id]
    assert choose_hosts(Group("web-asg", hosts, known=hosts), count=EVERY_HOST) == hosts


def test_a_run_that_was_cut_off_after_it_took_its_baseline_takes_no_second_one() -> None:
    """Killed between storing and saying: the next process says the same version, and what differs from the one before."""
    collector = ScriptedCollector({host(n).id: snapshot(host(n)) for n in range(1, 4)})
    store = MemoryStore()
    given = replace(services(collector, group(3)), store=store)
    take(live(given, RunKind.BASELINE), given, Recorder())
    collector.script = {host(n).id: snapshot(host(n), "deploy") for n in range(1, 4)}
    cut, said, again = run(RunKind.BASELINE), Recorder(), Recorder()
    take(Live(cut, store), given, said)

    take(Live(cut, store), given, again)

    assert [baseline.version for baseline in store.baselines("web-asg")] == [2, 1]
    assert again.baselines == said.baselines
    assert again.drifts == said.drifts
    assert len(again.drifts[0]) == 1


def test_a_stranger_or_an_empty_group_cannot_be_taken() -> None:
    """Each has its sentence."""
    with pytest.raises(UsageError, match="is not a host of web-asg"):
        choose_hosts(group(2), count=3, named=("i-00000000000000099",))
    with pytest.raises(EmptyTarget, match="can be asked"):
        choose_hosts(Group("web-asg", ()), count=3)


def test_a_query_that_nobody_could_answer_speaks_against_nobody() -> None:
    """Only what another host could answer makes a host partly answered."""
    assert partly_answered({}) == frozenset()
    assert partly_answered({"a": {"x"}, "b": {"x"}}) == frozenset()
    assert partly_answered({"a": {"x"}, "b": set()}) == {"a"}


def test_an_odd_host_among_the_chosen_waits_for_a_person() -> None:
    """A second account with uid 0 on the newest host: nothing is stored, the proposal names it."""
    collector = ScriptedCollector({host(n).id: snapshot(host(n)) for n in range(1, 13)})
    odd = replace(host(12), launch_time=NOW)
    everyone = (*group(11).hosts, odd)
    answer = replace(
        snapshot(odd).answers[0], rows=({"username": "root", "uid": "0"}, {"username": "toor", "uid": "0"})
    )
    collector.script[odd.id] = replace(snapshot(odd), host=odd, answers=(answer,))
    given = services(collector, Group("web-asg", everyone, known=everyone))
    presenter = Recorder()

    state = take(live(given, RunKind.BASELINE), given, presenter)

    assert state is RunState.WAITING
    assert [verdict.id for verdict in presenter.proposals[0].standing_out] == [odd.id]
    assert given.store.baselines() == ()
    assert len(collector.asked[0]) == 12


def test_hosts_that_answered_in_part_are_not_taken_unless_named() -> None:
    """The failed query is known of others: that host is left out; named with --from it is taken."""
    script = {host(n).id: snapshot(host(n), failed=n == 1) for n in (1, 2, 3)}
    given = services(ScriptedCollector(script), group(3))

    proposal = propose(live(given, RunKind.BASELINE), given, Recorder())
    named = propose(live(given, RunKind.BASELINE, take_from=(host(1).id,)), given, Recorder())

    assert proposal.left_out == (host(1).id,)
    assert [one.id for one in named.chosen] == [host(1).id]


def test_when_no_chosen_host_answers_nothing_is_taken() -> None:
    """All of them failed: a sentence with the reasons, and no baseline."""
    missed = {host(n).id: Missed(host(n).id, MissReason.NO_OSQUERY) for n in (1, 2)}
    given = services(ScriptedCollector(missed), group(2))

    with pytest.raises(
        EmptyTarget, match=r"every query \(osquery is not installed\), so no baseline was taken"
    ):
        take(live(given, RunKind.BASELINE), given, Recorder())


def stored(given: Services, *users: str) -> Baseline:
    """A baseline of three hosts with these accounts."""
    digests = tuple(given.snapshots.put(snapshot(host(n), *users)) for n in (1, 2, 3))
    ids = tuple(host(n).id for n in (1, 2, 3))
    return Baseline("web-asg", 1, ids, digests, "small", "U0APPROVE01", NOW, NOW)


def scheduled(users: tuple[str, ...], **more: Any) -> tuple[Services, Recorder, RunState, Live]:
    """Run a schedule against a baseline without accounts of its own, on hosts with these."""
    held: dict[str, Baseline] = {}
    collector = ScriptedCollector({host(n).id: snapshot(host(n), *users) for n in (1, 2, 3)})
    given = services(collector, group(3), baseline=held.get)
    held["web-asg"] = stored(given)
    presenter = Recorder()
    one = live(given, RunKind.REFRESH, requested_by="schedule:s1", **more)
    state = refresh(one, given, presenter)
    one.end(state, NOW)
    return given, presenter, state, one


def test_an_unchanged_group_is_silent() -> None:
    """The age is renewed and nothing is said."""
    _, presenter, state, _ = scheduled(())

    assert state is RunState.DONE
    assert presenter.told == ["unchanged"]
    assert presenter.proposals == []


def test_a_changed_group_waits_and_the_same_change_is_not_said_twice() -> None:
    """The first collection posts a notice; the next one finds the same waiting and says nothing."""
    given, presenter, state, first = scheduled(("intruder",))
    again = live(given, RunKind.REFRESH, requested_by="schedule:s1")

    second = refresh(again, given, presenter)

    assert (state, second) == (RunState.WAITING, RunState.DONE)
    assert len(presenter.proposals) == 1
    assert presenter.proposals[0].changed
    assert given.store.run(first.run.id).state is RunState.WAITING


def test_a_refresh_that_was_left_goes_on_and_says_its_change_once() -> None:
    """Two of three answered before the process ended: the next one asks the third, and posts one notice of the change."""
    held: dict[str, Baseline] = {}
    journal = MemoryJournal()
    first = ScriptedCollector({host(n).id: snapshot(host(n), "intruder") for n in (1, 2)})
    given = services(first, group(3), baseline=held.get, journal=journal)
    held["web-asg"] = stored(given)
    asked, said, rest = run(RunKind.REFRESH, requested_by="schedule:s1"), Recorder(), Recorder()
    before = Runs(given)
    before.submit(asked, said)
    until(lambda: len(journal.trace(asked.id).arrived) == 2)
    before.drain()
    second = ScriptedCollector({host(n).id: snapshot(host(n), "intruder") for n in (1, 2, 3)})
    after = Runs(replace(given, collector=second))

    after.take_up(lambda one: rest)

    until(lambda: given.store.run(asked.id).state is RunState.WAITING)
    after.drain()
    assert second.asked == [(host(3).id,)]
    assert said.proposals == []
    assert [proposal.changed for proposal in rest.proposals] == [True]
    assert len(given.store.run(asked.id).snapshots) == 3


def test_accepting_needs_a_reason_and_happens_once() -> None:
    """The baseline carries who and why; a second person learns who was first."""
    given, _, _, waiting = scheduled(("deploy",))
    at = desk(given)

    with pytest.raises(UsageError, match="needs a reason"):
        accept(at, waiting.run.id, by="U0APPROVE01", reason="  ")
    _, _, baseline, left_out = accept(at, waiting.run.id, by="U0APPROVE01", reason="release 41")
    with pytest.raises(Refused, match="U0APPROVE01"):
        keep(at, waiting.run.id, by="U0RESPOND01")

    assert (baseline.version, baseline.author, baseline.reason) == (2, "U0APPROVE01", "release 41")
    assert len(baseline.hosts) == 3
    assert left_out == ()


def test_two_approvers_at_once_make_one_baseline() -> None:
    """Both press Accept: one decides, the other is told so."""
    given, _, _, waiting = scheduled(("deploy",))
    at = desk(given)
    refused: list[Refused] = []

    def press(user: str) -> None:
        try:
            accept(at, waiting.run.id, by=user, reason="release 41")
        except Refused as error:
            refused.append(error)

    threads = [threading.Thread(target=press, args=(user,)) for user in ("U0APPROVE01", "U0APPROVE02")]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert len(given.store.baselines()) == 1
    assert len(refused) == 1
