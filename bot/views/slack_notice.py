"""What does a schedule post when a group has changed since its baseline? One notice, waiting for a person."""

from __future__ import annotations

from datetime import datetime

from bot.hostile import label, said
from bot.model import Baseline, Block, Message, Report, Run, Schedule
from bot.views import actions as ids
from bot.views import sentences
from bot.views.changes import change_lines, change_summary
from bot.views.files import findings_file
from bot.views.slack_parts import (
    Part,
    button,
    buttons,
    code,
    context,
    header,
    hosts,
    message,
    more,
    people,
    preformatted,
    rich,
    section,
    text,
    user,
)
from bot.views.slack_verdict import gaps
from bot.views.words import age, plural, when


def notice(
    report: Report,
    run: Run,
    schedule: Schedule,
    baseline: Baseline,
    now: datetime,
    *,
    late: bool = False,
    decided: str = "",
) -> Message:
    """Return the notice of a changed group: what was added, removed, changed; Accept and Keep.

    Args:
        late: It fired after the process had been down at its hour.
        decided: What a person did with it; the buttons for it go then.
    """
    target = label(report.run.target)
    number = len({host for finding in report.findings for host in finding.hosts})
    head = f"{target} changed: {change_summary(report)} on {plural(number, 'host')}"
    blocks: list[Block] = [header("🔔", head), rich(section(*_lead(report, baseline, now, late=late)))]
    blocks.append(rich(preformatted(change_lines(report))))
    if paragraphs := gaps(report):
        blocks.append(rich(*paragraphs))
    if notes := sentences.notes(report):
        blocks.append(rich(*(section(text("Note: ", bold=True), text(note)) for note in notes[:3])))
    if decided:
        blocks.append(rich(section(text("✔️  "), *people(decided))))
    blocks.append(_foot(run, schedule))
    choices = [button("Look deeper", ids.DRILL_DOWN, run.id, style="primary")]
    if not decided:
        choices.append(button("Accept as new baseline", ids.ACCEPT, run.id))
        choices.append(button(f"Keep version {baseline.version}", ids.KEEP, run.id))
    blocks.append(buttons(*choices, more(run.id)))
    return message(f"{head} (run {label(run.id)})", blocks, file=findings_file(report))


def kept(baseline: Baseline, by: str, at: datetime) -> Message:
    """Return the line in the thread that says who kept the present baseline."""
    parts = [user(by), text(f" kept version {baseline.version} of "), code(baseline.target)]
    parts.append(text(f" on {when(at)}: the same differences will be reported again."))
    return message(
        f"Version {baseline.version} of {label(baseline.target)} is kept.",
        [rich(section(*parts))],
    )


def _lead(report: Report, baseline: Baseline, now: datetime, *, late: bool) -> list[Part]:
    coverage = report.coverage
    known = coverage.known
    parts = [
        text(f"Since baseline version {baseline.version}, {age(baseline.created_at, now)}, by "),
        user(baseline.author),
        text(f". {known:,} of {plural(coverage.targeted, 'host')} answered. "),
    ]
    if standing := [host.id for host in report.outliers]:
        parts.append(text(f"{plural(len(standing), 'host')} would stand out: ", bold=True))
        parts += [*hosts(standing[:5], max(0, len(standing) - 5)), text(". ")]
    if late:
        parts.append(text("Diffy was down when this was due, so it ran late, once. ", bold=True))
    return [*parts, text("The baseline stays as it is until somebody decides.")]


def _foot(run: Run, schedule: Schedule) -> Block:
    words = f"Run {said(run.id, 40)} · schedule {said(schedule.id, 40)}: {said(schedule.words or schedule.cron, 80)}"
    if schedule.next_fire_at:
        words += f" · next {when(schedule.next_fire_at)}"
    return context(words)
