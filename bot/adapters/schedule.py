"""Who looks at the clock and fires what is due? APScheduler, in a thread of its own; TinyDB stays the truth."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from bot.adapters.cron_words import parse, to_cron
from bot.model import Schedule
from bot.ports import Clock

# APScheduler counts days of the week from Monday = 0, cron from Sunday = 0: names mean the same to both.
_DAY_NAMES = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
LATE_AFTER = timedelta(minutes=1)  # a machine that slept, not a busy one


class CronScheduler:
    """``ports.Scheduler``. A schedule fires at most once for all the times it missed, and is told that it is late."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._gate = threading.Lock()
        self._due: dict[str, datetime] = {}  # when each schedule fires next
        self._fire: Callable[[str, bool], None] | None = None
        self._late: threading.Thread | None = None
        # Never skip a fire for being late (None), and make one of several missed ones (coalesce).
        defaults = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=defaults)

    def check(self, words: str) -> str:
        """Turn words or five cron fields into five cron fields; UsageError with examples otherwise."""
        return to_cron(words)

    def next_fire(self, cron: str, after: datetime) -> datetime:
        """Return the first time strictly after ``after``; both aware UTC."""
        moment: datetime | None = _trigger(cron).get_next_fire_time(None, after + timedelta(microseconds=1))
        if moment is None:
            raise AssertionError(f"{cron} never fires, and check let it pass")
        return moment

    def put(self, schedule: Schedule) -> None:
        """Fire this schedule from now on; one with the same id is replaced."""
        with self._gate:
            self._due[schedule.id] = self.next_fire(schedule.cron, self._clock.now())
        self._scheduler.add_job(
            self._on_time,
            _trigger(schedule.cron),
            args=(schedule.id, schedule.cron),
            id=schedule.id,
            replace_existing=True,
        )

    def remove(self, schedule_id: str) -> None:
        """Fire it no more; nothing happens when there is none."""
        with self._gate:
            self._due.pop(schedule_id, None)
        with contextlib.suppress(JobLookupError):
            self._scheduler.remove_job(schedule_id)

    def start(self, fire: Callable[[str, bool], None], schedules: Sequence[Schedule]) -> None:
        """Start firing ``fire(schedule_id, late)`` in a background thread; it should return soon.

        Those whose ``next_fire_at`` has passed fire once, at once, with late=True.
        """
        self._fire = fire
        now = self._clock.now()
        for schedule in schedules:
            self.put(schedule)
        self._scheduler.start()
        missed = [s.id for s in schedules if s.next_fire_at is not None and s.next_fire_at <= now]
        if missed:
            # A thread of our own: APScheduler's one-shot jobs fail when it is stopped while it drops them.
            self._late = threading.Thread(target=self._catch_up, args=(missed,), name="late", daemon=True)
            self._late.start()

    def stop(self) -> None:
        """Fire no more, and wait for what is being fired; stopping twice does nothing."""
        with self._gate:
            self._due.clear()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        if self._late is not None:
            self._late.join()

    def _catch_up(self, missed: Sequence[str]) -> None:
        for schedule_id in missed:
            with self._gate:
                wanted = schedule_id in self._due
            if wanted and self._fire is not None:
                self._fire(schedule_id, True)

    def _on_time(self, schedule_id: str, cron: str) -> None:
        now = self._clock.now()
        with self._gate:
            due = self._due.get(schedule_id)
            if due is None or self._fire is None:
                return  # removed while it was about to fire
            self._due[schedule_id] = self.next_fire(cron, now)
        self._fire(schedule_id, now - due > LATE_AFTER)


def _trigger(cron: str) -> BaseTrigger:
    fields = parse(cron)
    times = {
        "minute": _listed(fields.minutes, of=60),
        "hour": _listed(fields.hours, of=24),
        "month": _listed(fields.months, of=12),
        "timezone": UTC,
    }
    days = {"day": _listed(fields.days, of=31)}
    weekdays = {"day_of_week": ",".join(_DAY_NAMES[number] for number in fields.weekdays)}
    if fields.either_day:
        return OrTrigger([CronTrigger(**times, **days), CronTrigger(**times, **weekdays)])
    return CronTrigger(**times, **days, **weekdays)


def _listed(numbers: Sequence[int], *, of: int) -> str:
    return "*" if len(numbers) == of else ",".join(map(str, numbers))
