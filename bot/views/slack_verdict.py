"""What does the channel see first? The verdict, the hosts that carry it, and what it rests on: one message."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.hostile import label, said
from bot.model import Block, HostVerdict, Message, Progress, Report, Run
from bot.views import actions as ids
from bot.views import sentences
from bot.views.files import findings_file
from bot.views.slack_parts import (
    Part,
    button,
    buttons,
    code,
    context,
    header,
    items,
    message,
    more,
    people,
    rich,
    section,
    text,
    user,
)
from bot.views.words import plural, took, where

MOST_HOSTS = 5


def verdict(report: Report, run: Run, *, decided: str = "", now: datetime) -> Message:
    """Return the final parent message.

    Args:
        decided: What a person did with it, as ``slack_accept.accepted_text`` says it; the button for it goes then.
    """
    return message(
        f"{label(report.run.target)}: {label(sentences.verdict(report), 120)} (run {label(report.run.id)})",
        [
            header(f"{mark(report)} {sentences.verdict(report)}"),
            *_body(report, now),
            *([rich(section(text("✔️  "), *people(decided)))] if decided else []),
            _foot(report, run),
            buttons(*_choices(report, decided=bool(decided))),
        ],
        file=findings_file(report),
    )


def provisional(report: Report, run: Run, progress: Progress) -> Message:
    """Return the parent message while some hosts are still silent: a verdict marked as provisional."""
    waiting = max(0, progress.targeted - progress.answered - progress.missed)
    lines = [
        text("Provisional: ", bold=True),
        text(f"{progress.answered:,} of {plural(progress.targeted, 'host')} have answered"),
        text(f", {waiting:,} are still silent. This may change." if waiting else ". This may change."),
    ]
    if progress.waiting_for:
        lines.append(text(f" Waiting for {sentences.names(progress.waiting_for)}."))
    head = f"So far: {sentences.verdict_so_far(report)}"
    return message(
        f"Provisional, {label(report.run.target)}: {label(head, 120)} (run {label(report.run.id)})",
        [
            header(f"⏳ {head}"),
            rich(section(*lines)),
            *_body(report, report.run.finished_at),
            _foot(report, run),
            buttons(
                button("Finish now", ids.FINISH_NOW, report.run.id, style="primary"),
                button("Cancel", ids.CANCEL, report.run.id),
            ),
        ],
        file=findings_file(report),
    )


def mark(report: Report) -> str:
    """Return the verdict as a sign; the words beside it say the same."""
    if report.outliers:
        return "🔴"
    return "✅" if sentences.clear(report) else "⚠️"


def _body(report: Report, now: datetime) -> list[Block]:
    blocks = [rich(section(*_compared(report, now)))]
    if hosts := top_hosts(report):
        blocks.append(rich(items(*(_host(host) for host in hosts), ordered=True)))
        rest = len(report.outliers) - len(hosts)
        if rest > 0:
            blocks.append(
                context(f"{plural(rest, 'more host')} that stand out: in the thread and in the file")
            )
    if gaps := _gaps(report):
        blocks.append(rich(*gaps))
    if notes := sentences.notes(report):
        blocks.append(rich(items(*([text(note)] for note in notes))))
    small = [f"{sentences.rests_on(report)}."]
    if alike := sentences.lookalikes(report):
        small.append(f"Look alike: {alike}. This describes the group; no host is judged by it.")
    blocks.append(context("\n".join(small)))
    return blocks


def top_hosts(report: Report) -> tuple[HostVerdict, ...]:
    """Return at most five hosts that stand out, the one that was asked for first."""
    focus = report.run.focus
    chosen = sorted(report.outliers, key=lambda host: host.id != focus)
    return tuple(chosen[:MOST_HOSTS])


def _compared(report: Report, now: datetime) -> list[Part]:
    parts = [code(report.run.target, bold=True), text(f"  {sentences.compared(report)}. ")]
    parts.append(text(f"{sentences.baseline(report.baseline, now)}."))
    return parts


def _host(host: HostVerdict) -> list[Part]:
    parts = [code(sentences.host_name(host.id), bold=True)]
    if about := where(host.host):
        parts.append(text(f"  {about}"))
    parts.append(text(f"\n{sentences.reason(host)}"))
    return parts


def _gaps(report: Report) -> list[Part]:
    gaps = []
    missed = sentences.missed(report.coverage)
    for index, (hosts, why) in enumerate(missed):
        lead = [text("Did not answer: ", bold=True)] if index == 0 else []
        gaps.append(section(*lead, text(f"{hosts}: {why}")))
    unknown = sentences.unknown(report.coverage)
    for index, (query, how) in enumerate(unknown):
        lead = [text("Answered in part: ", bold=True)] if index == 0 else []
        gaps.append(section(*lead, text(f"{query} {how}")))
    return gaps


def _foot(report: Report, run: Run) -> Block:
    length: timedelta = report.run.finished_at - report.run.started_at
    parts = [text("Run "), code(report.run.id), text(" · asked by "), user(report.run.requested_by)]
    if run.joined:
        parts.append(text(f" and {plural(len(run.joined), 'other')}"))
    parts.append(text(f" · {took(length)} · pack {said(report.run.pack, 60)}"))
    if report.run.incident:
        parts += [text(" · "), code(report.run.incident)]
    return rich(section(*parts))


def _choices(report: Report, *, decided: bool) -> list[Part]:
    run = report.run.id
    choices = []
    if report.findings:
        choices.append(button("Look deeper", ids.DRILL_DOWN, run, style="primary"))
    if not decided and report.coverage.answered + report.coverage.partial:
        choices.append(button("Accept as baseline", ids.ACCEPT, run))
    return [*choices, button("Run again", ids.RUN_AGAIN, run), more(run)]
