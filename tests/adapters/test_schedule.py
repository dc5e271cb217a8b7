"""The real APScheduler: when it says that something is due, and what it fires."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.clock import SystemClock
from bot.adapters.cron_words import parse
from bot.adapters.schedule import CronScheduler
from bot.errors import UsageError
from tests.fakes.clock import ManualClock
from tests.fakes.samples import a_schedule

Fired = queue.SimpleQueue[tuple[str, bool]]
WAIT_S = 30
EVERY_MINUTE = "* * * * *"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def scheduler(clock: ManualClock) -> Iterator[CronScheduler]:
    made = CronScheduler(clock)
    yield made
    made.stop()


def moment(text: str) -> datetime:
    """ISO text as aware UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _due_at_once(scheduler: CronScheduler, job: str) -> None:
    """Make APScheduler believe that the job's time has come."""
    scheduler._scheduler.modify_job(job, next_run_time=datetime.now(UTC))


class TestTimes:
    """When the next one is due. 2026-08-03 is a Monday."""

    @pytest.mark.parametrize(
        ("cron", "after", "due"),
        [
            ("0 6 * * *", "2026-08-03T05:59:59.5", "2026-08-03T06:00"),
            ("0 6 * * *", "2026-08-03T06:00", "2026-08-04T06:00"),
            ("0 6 * * 0", "2026-08-03T00:00", "2026-08-09T06:00"),
            ("0 6 * * 7", "2026-08-03T00:00", "2026-08-09T06:00"),
            ("0 6 * * 1", "2026-08-03T00:00", "2026-08-03T06:00"),
            ("0 6 * * 6", "2026-08-03T00:00", "2026-08-08T06:00"),
            ("0 6 * * 1-5", "2026-08-07T07:00", "2026-08-10T06:00"),
            ("0 6 * * sun", "2026-08-03T00:00", "2026-08-09T06:00"),
            ("0 6 15 * 3", "2026-08-03T00:00", "2026-08-05T06:00"),
            ("0 6 15 * 3", "2026-08-13T00:00", "2026-08-15T06:00"),
            ("0 0 29 2 *", "2026-08-03T00:00", "2028-02-29T00:00"),
            ("*/15 * * * *", "2026-08-03T23:50", "2026-08-04T00:00"),
        ],
    )
    def test_cron_counts_as_cron_does(
        self, scheduler: CronScheduler, cron: str, after: str, due: str
    ) -> None:
        """Sunday is 0 and 7, and two restricted days mean either (APScheduler by itself says neither)."""
        assert scheduler.next_fire(cron, moment(after)) == moment(due)

    @settings(deadline=None)
    @given(
        st.sampled_from(["0", "*/7", "5-50/9"]),
        st.sampled_from(["*", "6", "*/5", "8-18/3"]),
        st.sampled_from(["*", "1", "13", "*/10", "20-25"]),
        st.sampled_from(["*", "2", "jan,jul", "*/5"]),
        st.sampled_from(["*", "0", "7", "1-5", "2,4", "*/3", "fri-sat"]),
        st.integers(0, 6 * 366 * 24 * 3600),
    )
    def test_no_earlier_minute_fits(
        self, minute: str, hour: str, day: str, month: str, weekday: str, after_s: int
    ) -> None:
        """The next time fits the fields, and of the days before it none does."""
        cron = f"{minute} {hour} {day} {month} {weekday}"
        start = moment("2026-01-01") + timedelta(seconds=after_s)
        fields = parse(cron)

        due = CronScheduler(ManualClock()).next_fire(cron, start)

        def day_fits(when: datetime) -> bool:
            of_month, of_week = when.day in fields.days, when.isoweekday() % 7 in fields.weekdays
            fits = of_month or of_week if fields.either_day else of_month and of_week
            return fits and when.month in fields.months

        assert due > start
        assert day_fits(due)
        assert (due.minute in fields.minutes, due.hour in fields.hours) == (True, True)
        between = (due.date() - start.date()).days
        assert not any(day_fits(start + timedelta(days=number)) for number in range(1, between))

    def test_words_are_checked(self, scheduler: CronScheduler) -> None:
        """As the port promises."""
        assert scheduler.check("weekdays 7:30") == "30 7 * * 1-5"
        with pytest.raises(UsageError):
            scheduler.check("now and then")


class TestFiring:
    """What is fired, in the scheduler's own threads."""

    def test_what_was_missed_fires_once_and_is_late(
        self, scheduler: CronScheduler, clock: ManualClock
    ) -> None:
        """Down over three of its times: one run, marked late; what was not missed stays quiet."""
        fired: Fired = queue.SimpleQueue()
        missed = a_schedule(1, next_fire_at=clock.now() - timedelta(days=3))
        ahead = a_schedule(2, next_fire_at=clock.now() + timedelta(days=1))
        new = a_schedule(3, next_fire_at=None)

        scheduler.start(lambda *what: fired.put(what), [missed, ahead, new])
        first = fired.get(timeout=WAIT_S)
        scheduler.stop()

        assert first == ("s1", True)
        assert fired.empty()

    def test_a_schedule_fires_on_time(self, scheduler: CronScheduler, clock: ManualClock) -> None:
        """Put before or after the start alike, and it is not late."""
        fired: Fired = queue.SimpleQueue()
        scheduler.start(lambda *what: fired.put(what), [a_schedule(1, cron="0 6 * * *")])
        scheduler.put(a_schedule(2, cron="0 6 * * *"))
        clock.advance(24 * 3600)

        _due_at_once(scheduler, "s2")
        second = fired.get(timeout=WAIT_S)
        _due_at_once(scheduler, "s1")
        first = fired.get(timeout=WAIT_S)

        assert (first, second) == (("s1", False), ("s2", False))

    def test_a_machine_that_slept_fires_late(self, scheduler: CronScheduler, clock: ManualClock) -> None:
        """Due at 06:00, and the laptop was opened at 09:00."""
        fired: Fired = queue.SimpleQueue()
        scheduler.start(lambda *what: fired.put(what), [a_schedule(1, cron="0 6 * * *")])
        clock.advance(27 * 3600)

        _due_at_once(scheduler, "s1")

        assert fired.get(timeout=WAIT_S) == ("s1", True)

    def test_a_removed_schedule_fires_no_more(self, scheduler: CronScheduler) -> None:
        """Removing is for good; removing what is not there does nothing."""
        fired: Fired = queue.SimpleQueue()
        scheduler.start(lambda *what: fired.put(what), [a_schedule(1), a_schedule(2)])
        scheduler.remove("s1")
        scheduler.remove("s9")
        scheduler._on_time("s1", "0 6 * * *")  # its thread had begun when it was removed

        _due_at_once(scheduler, "s2")

        assert fired.get(timeout=WAIT_S)[0] == "s2"
        assert fired.empty()

    def test_a_replaced_schedule_fires_at_its_new_time_only(
        self, scheduler: CronScheduler, clock: ManualClock
    ) -> None:
        """Saved again with other words, before the start or after."""
        scheduler.put(a_schedule(1, cron="0 6 * * *"))
        scheduler.start(lambda *what: None, [a_schedule(1, cron=EVERY_MINUTE)])
        scheduler.put(a_schedule(1, cron="0 7 * * *"))

        (job,) = scheduler._scheduler.get_jobs()
        assert job.next_run_time.hour == 7

    def test_a_fire_that_fails_does_not_stop_the_next(self, scheduler: CronScheduler) -> None:
        """The scheduler outlives a defect in what it calls."""
        fired: Fired = queue.SimpleQueue()

        def fire(schedule_id: str, late: bool) -> None:
            fired.put((schedule_id, late))
            raise RuntimeError("a defect")

        scheduler.start(fire, [a_schedule(1), a_schedule(2)])
        for schedule_id in ("s1", "s2"):
            _due_at_once(scheduler, schedule_id)
            assert fired.get(timeout=WAIT_S)[0] == schedule_id

    def test_stopping_waits_for_what_is_being_fired(
        self, scheduler: CronScheduler, clock: ManualClock
    ) -> None:
        """So the store may be closed right after; stopping twice, or before a start, does nothing."""
        begun, go, ended = threading.Event(), threading.Event(), threading.Event()

        def fire(schedule_id: str, late: bool) -> None:
            begun.set()
            go.wait(WAIT_S)
            ended.set()

        CronScheduler(clock).stop()
        scheduler.start(fire, [a_schedule(1, next_fire_at=clock.now())])
        assert begun.wait(WAIT_S)
        stopping = threading.Thread(target=scheduler.stop)
        stopping.start()
        go.set()
        stopping.join()

        assert ended.is_set()
        scheduler.stop()

    def test_it_keeps_time_by_itself(self) -> None:
        """Nothing but the machine's clock: a job of the next second comes."""
        fired: Fired = queue.SimpleQueue()
        scheduler = CronScheduler(SystemClock())
        scheduler.start(lambda *what: fired.put(what), [a_schedule(1, cron=EVERY_MINUTE)])
        scheduler._scheduler.modify_job("s1", next_run_time=datetime.now(UTC) + timedelta(seconds=1))

        try:
            assert fired.get(timeout=WAIT_S) == ("s1", False)
        finally:
            scheduler.stop()
