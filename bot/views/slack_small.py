"""Which short answers belong to no larger message? One moment, cancelling, not taken, unchanged after all."""

from __future__ import annotations

from datetime import datetime

from bot.hostile import label
from bot.model import Baseline, Message, Run
from bot.views.slack_parts import code, context, message, rich, section, text, user
from bot.views.words import age


def one_moment() -> Message:
    """Return the answer while Slack is asked who the person is; the real one follows by itself."""
    words = (
        "One moment: I am asking Slack who you are and what this channel is. The answer follows by itself."
    )
    return message(words, [rich(section(text(words)))])


def cancelling(run: Run) -> Message:
    """Return the answer to `cancel`: hosts that were asked are told to stop."""
    parts = [text("Cancelling "), code(run.id), text(" for "), code(run.target.label)]
    parts.append(text(". Commands that hosts have not begun are withdrawn."))
    return message(f"Cancelling run {label(run.id)}.", [rich(section(*parts))])


def baseline_declined(run: Run, by: str) -> Message:
    """Return the parent message of a proposed baseline that a person did not take."""
    parts = [text("Not taken: ", bold=True), user(by), text(" left the baseline of "), code(run.target.label)]
    parts.append(text(" as it was."))
    return message(
        f"The baseline of {label(run.target.label)} stays as it was.",
        [rich(section(*parts)), context(f"Run {run.id}")],
    )


def unchanged_late(run: Run, baseline: Baseline, now: datetime) -> Message:
    """Return what is said of a scheduled run that was missed while Diffy was down, and found nothing changed."""
    parts = [
        code(run.target.label),
        text(" is unchanged since baseline "),
        text(f"version {baseline.version}"),
    ]
    parts.append(
        text(f" ({age(baseline.created_at, now)}). Diffy was down when this was due; it ran once now.")
    )
    summary = f"{label(run.target.label)} is unchanged; the scheduled run was late."
    return message(summary, [rich(section(*parts)), context(f"Run {run.id}")])
