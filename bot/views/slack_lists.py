"""What do the commands answer that collect nothing? Status, schedules, packs, help, usage: only the asker sees it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.hostile import label, said
from bot.model import Block, Message, Pack, Progress, Run, RunState, Schedule
from bot.views import evidence
from bot.views.slack_parts import (
    Part,
    channel,
    code,
    context,
    listing,
    message,
    rich,
    section,
    text,
    user,
)
from bot.views.words import KINDS, STATES, ago, plural, span, when

MOST_LISTED = 15


def schedule_saved(schedule: Schedule, now: datetime) -> Message:
    """Return the confirmation of a standing order, with when it fires first."""
    parts = [text("✔️  "), text("Scheduled. ", bold=True), *_schedule(schedule)]
    parts.append(
        text(f"\nFirst at {_next(schedule)}{_until(schedule, now)}. I post only when something has changed.")
    )
    small = f"Schedule {said(schedule.id, 40)} · to end it: /diffy schedule remove {said(schedule.id, 40)}"
    return message(f"Scheduled: {label(schedule.target.label)}.", [rich(section(*parts)), context(small)])


def schedule_removed(schedule: Schedule) -> Message:
    """Return the confirmation that a standing order is gone."""
    parts = [text("✔️  "), text("Removed: ", bold=True), *_schedule(schedule)]
    return message(f"Schedule of {label(schedule.target.label)} removed.", [rich(section(*parts))])


def schedule_list(schedules: Sequence[Schedule], now: datetime) -> Message:
    """Return all standing orders with their last result and their next hour."""
    if not schedules:
        parts = [text("Nothing is scheduled. For example: "), code("/diffy schedule web-asg daily 06:00 UTC")]
        return message("Nothing is scheduled.", [rich(section(*parts))])
    entries = [_schedule_entry(schedule, now) for schedule in schedules[:MOST_LISTED]]
    head = plural(len(schedules), "schedule")
    return message(f"{head}.", [listing(head, entries), *_more(schedules)])


def status(
    live: Sequence[tuple[Run, Progress]], recent: Sequence[Run], schedules: Sequence[Schedule], now: datetime
) -> Message:
    """Return what runs, what ran last, and what is scheduled.

    Args:
        live: Unfinished runs with where they stand, oldest first.
        recent: Ended runs, newest first.
    """
    running = plural(len(live), "run") if live else "Nothing"
    head = f"{running} {'is' if len(live) < 2 else 'are'} going on"
    blocks = [listing(head, [_live(run, at, now) for run, at in live[:MOST_LISTED]]), *_more(live)]
    if recent:
        blocks.append(listing("Ended last", [_ended(run, now) for run in recent[:8]]))
    if schedules:
        blocks.append(listing("Scheduled", [_schedule_entry(schedule, now) for schedule in schedules[:8]]))
    return message(f"{head}.", blocks)


def packs(every: Sequence[Pack]) -> Message:
    """Return the query packs by name."""
    entries = [
        [
            code(pack.name, bold=True),
            text(f"  {said(pack.description, 200)} {plural(len(pack.queries), 'query', 'queries')}."),
        ]
        for pack in every[:MOST_LISTED]
    ]
    head = plural(len(every), "query pack")
    return message(f"{head}.", [listing(head, entries), *_more(every)])


def help(usage: Sequence[tuple[str, str]]) -> Message:
    """Return all words that Diffy understands, each with what it does."""
    entries = [[code(words, limit=200), text(f"\n{said(summary, 300)}")] for words, summary in usage[:25]]
    head = "Diffy tells which hosts of a group stand out, and why"
    glossary = (
        "A score counts bits, by how rare a difference is, how new, and what it is. "
        f"{evidence.A_BIT} What honest causes explain takes bits off; Look deeper shows the sum."
    )
    return message("What Diffy understands.", [listing(head, entries), context(glossary)])


def usage(command_usage: str, suggestion: str = "", *, problem: str = "") -> Message:
    """Return how a mistyped command is written, and what may have been meant.

    Args:
        suggestion: A whole command, such as "/diffy analyze web-asg"; empty when nothing is near.
        problem: What could not be understood, as a sentence.
    """
    parts = [text("✏️  "), text(said(problem, 400) or "I did not understand that.", bold=True)]
    if suggestion:
        parts += [text(" Did you mean "), code(suggestion, limit=300), text("?")]
    parts += [text("\nUsage: "), code(command_usage, limit=300)]
    return message("Diffy did not understand that.", [rich(section(*parts))])


def _live(run: Run, at: Progress, now: datetime) -> list[Part]:
    where = {
        RunState.QUEUED: f"place {at.place} in the line",
        RunState.COLLECTING: f"{at.answered:,} of {plural(at.targeted, 'host')} answered",
    }.get(at.state, STATES[at.state])
    return [
        *_run(run),
        text(f" · {where} · asked {ago(run.created_at, now)}"),
        *_by(run),
    ]


def _ended(run: Run, now: datetime) -> list[Part]:
    at = run.ended_at or run.created_at
    why = f": {said(run.error, 120)}" if run.error else ""
    return [*_run(run), text(f" · {STATES[run.state]}{why} · {ago(at, now)}"), *_by(run)]


def _run(run: Run) -> list[Part]:
    return [text(f"{KINDS[run.kind]} "), code(run.target.label, bold=True), text(" "), code(run.id)]


def _by(run: Run) -> list[Part]:
    return [text(" · by "), user(run.requested_by)]


def _schedule(schedule: Schedule) -> list[Part]:
    words = said(schedule.words or schedule.cron, 80)
    parts = [code(schedule.target.label, bold=True), text(f" {words}")]
    if schedule.channel:
        parts += [text(" in "), channel(schedule.channel)]
    return parts


def _schedule_entry(schedule: Schedule, now: datetime) -> list[Part]:
    last = f"last {ago(schedule.last_fired_at, now)}" if schedule.last_fired_at else "not run yet"
    result = f": {said(schedule.last_result, 120)}" if schedule.last_result else ""
    parts = [*_schedule(schedule), text(f"\n{last}{result} · next {_next(schedule)} · ")]
    return [*parts, code(schedule.id), text(" by "), user(schedule.created_by)]


def _next(schedule: Schedule) -> str:
    return when(schedule.next_fire_at) if schedule.next_fire_at else "no further time"


def _until(schedule: Schedule, now: datetime) -> str:
    return f", in {span(schedule.next_fire_at - now)}" if schedule.next_fire_at else ""


def _more(every: Sequence[object]) -> list[Block]:
    more = len(every) - MOST_LISTED
    return [context(f"{more} more")] if more > 0 else []
