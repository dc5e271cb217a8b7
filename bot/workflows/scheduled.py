"""What happens when a schedule fires? Its target is collected again, once, by the same workflow as by hand."""

from __future__ import annotations

import logging

from bot import packs
from bot.errors import DiffyError
from bot.model import RunKind, Schedule
from bot.workflows.desk import Desk, Tell
from bot.workflows.runs import Submitted

log = logging.getLogger(__name__)


def start(desk: Desk, schedule: Schedule, *, tell: Tell | None = None, late: bool = False) -> Submitted:
    """Start what the schedule is for, or join the run of its target."""
    return desk.start(
        RunKind.REFRESH,
        schedule.target,
        by=f"schedule:{schedule.id}",
        channel=schedule.channel,
        pack=packs.DEFAULT,
        tell=tell,
        late=late,
    )


def fire(desk: Desk, schedule_id: str, *, late: bool) -> None:
    """Start the scheduled run.

    Args:
        late: It was due while Diffy was down; the answer says so.
    """
    schedule = next((s for s in desk.services.store.schedules() if s.id == schedule_id), None)
    if schedule is None:
        log.info("schedule %s fired and is gone", schedule_id)
        return
    now = desk.now()
    following = desk.scheduler.next_fire(schedule.cron, now)
    try:
        desk.services.store.note_schedule(schedule_id, fired_at=now, next_fire_at=following)
        start(desk, schedule, late=late)
    except DiffyError as error:
        log.error("schedule %s could not start its run: %s", schedule_id, error)
