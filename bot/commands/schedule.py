"""`/diffy schedule`: collect again at fixed times, and say what changed."""

from __future__ import annotations

from bot.commands.command import Command
from bot.commands.places import WHERE, named
from bot.commands.words import Words, channel_id, sort_out
from bot.errors import NotFound, UsageError
from bot.model import Message, Schedule, Target
from bot.views import ack, joined, schedule_list, schedule_removed, schedule_saved
from bot.workflows import scheduled
from bot.workflows.access import Action
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell

USAGE = (
    'schedule <target> <"daily 06:00 UTC" | cron expression> [--channel #c], '
    "schedule list, schedule remove <id or target>, schedule run <id or target>"
)


def _right(words: tuple[str, ...]) -> Action:
    return "analyze" if words[:1] == ("list",) else "change"


def _answer(call: Call, typed: tuple[str, ...], desk: Desk, tell: Tell) -> Message:
    words = sort_out(typed, options=("channel", *WHERE), usage=USAGE)
    first, rest = (words.plain[0], words.plain[1:]) if words.plain else ("", ())
    if first == "list" and not rest:
        return schedule_list(desk.services.store.schedules(), desk.now())
    if first in ("remove", "run") and len(rest) == 1:
        schedule = _find(desk, rest[0], words)
        return _remove(call, schedule, desk) if first == "remove" else _run(call, schedule, desk, tell)
    if not first or not rest or first in ("list", "remove", "run"):
        raise UsageError("A schedule needs a target and a time.", f"Usage: {USAGE}")
    return _save(call, named([first], words, desk), " ".join(rest), words.option("channel"), desk)


def _save(call: Call, target: Target, time_words: str, channel: str, desk: Desk) -> Message:
    cron = desk.scheduler.check(time_words)
    now = desk.now()
    schedule = Schedule(
        id="s" + desk.new_id()[1:],
        target=target,
        cron=cron,
        words=time_words,
        channel=channel_id(channel) if channel else call.channel,
        created_by=call.user,
        created_at=now,
        next_fire_at=desk.scheduler.next_fire(cron, now),
    )
    desk.services.store.save_schedule(schedule)
    desk.scheduler.put(schedule)
    desk.audit(
        call.user, "schedule.saved", target.label, channel=schedule.channel, detail=f"{schedule.id} {cron}"
    )
    return schedule_saved(schedule, now)


def _remove(call: Call, schedule: Schedule, desk: Desk) -> Message:
    desk.services.store.remove_schedule(schedule.id)
    desk.scheduler.remove(schedule.id)
    desk.audit(call.user, "schedule.removed", schedule.target.label, channel=call.channel, detail=schedule.id)
    return schedule_removed(schedule)


def _run(call: Call, schedule: Schedule, desk: Desk, tell: Tell) -> Message:
    submitted = scheduled.start(desk, schedule, tell=tell)
    desk.audit(call.user, "schedule.run", schedule.target.label, submitted.run.id, call.channel, schedule.id)
    if submitted.joined:
        return joined(submitted.run, desk.chat.permalink(submitted.run.channel, submitted.run.message_ts))
    return ack(submitted.run)


def _find(desk: Desk, word: str, words: Words) -> Schedule:
    """Return the schedule with that id, or the only one of that target."""
    schedules = desk.services.store.schedules()
    found = [s for s in schedules if word in (s.id, "" if words.options else s.target.label)]
    found = found or [s for s in schedules if s.target.label == named([word], words, desk).label]
    if not found:
        raise NotFound(f"There is no schedule {word[:60]!r}.", "`/diffy schedule list` shows them.")
    if len(found) > 1:
        raise UsageError(
            f"{word[:60]!r} has {len(found)} schedules.",
            f"Name one by its id: {', '.join(s.id for s in found)}.",
        )
    return found[0]


COMMAND = Command("schedule", USAGE, "Collect again at fixed times, and say what changed.", _right, _answer)
