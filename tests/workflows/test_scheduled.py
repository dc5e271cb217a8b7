"""What a schedule starts when it fires."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.commands import COMMANDS
from bot.errors import StoreError
from bot.model import RunKind, Schedule, Target, TargetKind
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, schedule_of
from bot.workflows.runs import Runs
from bot.workflows.scheduled import fire
from tests.fakes.stores import MemoryStore
from tests.workflows.parts import NOW, PACK, Recorder, ScriptedCollector, group, run, services


class Hourly:
    """A scheduler whose every schedule fires an hour later."""

    def next_fire(self, cron: str, after: datetime) -> datetime:
        return after + timedelta(hours=1)


SCHEDULE = Schedule("s1", Target(TargetKind.GROUP, ("web-asg",)), "0 6 * * *", "daily 06:00", "C0", "U0", NOW)


def made() -> tuple[Desk, MemoryStore, Recorder]:
    store, presenter = MemoryStore(), Recorder()
    given = services(ScriptedCollector({}), group(1))
    object.__setattr__(given, "store", store)
    nothing: Any = None
    scheduler: Any = Hourly()
    desk = Desk(
        given,
        Runs(given),
        scheduler,
        nothing,
        lambda: "r1",
        lambda run, tell: presenter,
        lambda: (PACK.name,),
    )
    return desk, store, presenter


def test_a_schedule_starts_a_refresh_and_notes_when_it_comes_next() -> None:
    """The run carries who started it, where it may speak, and that it is late."""
    desk, store, _ = made()
    store.save_schedule(SCHEDULE)

    fire(desk, "s1", late=True)

    started = store.run("r1")
    desk.runs.drain()
    assert (started.kind, started.requested_by, started.channel) == (RunKind.REFRESH, "schedule:s1", "C0")
    assert started.missed_tick
    assert store.schedules()[0].next_fire_at == NOW + timedelta(hours=1)
    assert store.audit_entries(1)[0].action == "refresh.asked"


def test_a_schedule_that_is_gone_starts_nothing() -> None:
    """Removed while it was about to fire."""
    desk, store, _ = made()

    fire(desk, "s1", late=False)

    assert store.live_runs() == ()


def test_a_schedule_that_cannot_start_its_run_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Diffy goes down at that moment: the log says so, and the scheduler's thread lives on."""
    desk, store, _ = made()
    store.save_schedule(SCHEDULE)
    desk.runs.drain()

    fire(desk, "s1", late=False)

    assert "going down" in caplog.text


def test_the_schedule_of_a_run_is_found_or_named_as_removed() -> None:
    """A notice is redrawn after its schedule was removed."""
    _, store, _ = made()
    started = run(RunKind.REFRESH, requested_by="schedule:s1")
    gone = schedule_of(store, started)
    store.save_schedule(SCHEDULE)

    assert gone.words == "removed"
    assert schedule_of(store, started) == SCHEDULE


def test_a_schedule_that_cannot_be_removed_goes_on_firing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: it is still in the list, so it is still kept, and may be removed again later."""
    desk, store, _ = made()
    store.save_schedule(SCHEDULE)
    removed: list[str] = []

    def full(_: str) -> None:
        raise StoreError("No space left on device.")

    monkeypatch.setattr(store, "remove_schedule", full)
    monkeypatch.setattr(desk.scheduler, "remove", removed.append, raising=False)

    with pytest.raises(StoreError):
        COMMANDS["schedule"].answer(
            Call("U0", "C0", "schedule remove s1"), ("remove", "s1"), desk, lambda _: None
        )

    desk.runs.drain()
    assert removed == []
