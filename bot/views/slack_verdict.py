"""What does the channel see first? The verdict, the hosts that carry it, and what it rests on: one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.hostile import label, said
from bot.model import Block, HostVerdict, Message, Progress, Report, Run
from bot.views import actions as ids
from bot.views import evidence, missing, sentences
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
    rich,
    section,
    text,
    user,
)
from bot.views.words import listed, plural, when, where

MOST_HOSTS = 5


def verdict(report: Report, run: Run, *, decided: str = "", now: datetime) -> Message:
    """Return the final parent message.

    Args:
        decided: What a person did with it, as ``slack_accept.accepted_text`` says it; the button for it goes then.
    """
    return message(
        f"{label(report.run.target)}: {label(sentences.verdict(report), 120)} (run {label(report.run.id)})",
        [
            header(mark(report), sentences.verdict(report)),
            *([rich(section(text("✔️  "), *people(decided)))] if decided else []),
            *_body(report, run, now),
            buttons(*_choices(report, decided=bool(decided))),
        ],
        file=findings_file(report),
    )


def provisional(report: Report, run: Run, progress: Progress) -> Message:
    """Return the parent message while some hosts are still silent: a verdict marked as provisional.

    Hosts that are still waited for are not called missing, whatever the report holds of them.
    """
    silent = set(progress.waiting_for)
    missed = tuple(one for one in report.coverage.missed if one.host not in silent)
    report = replace(report, coverage=replace(report.coverage, missed=missed))
    waiting = max(len(silent), progress.targeted - progress.answered - progress.missed)
    words = f"{progress.answered:,} of {plural(progress.targeted, 'host')} have answered"
    if waiting:
        words += f", {waiting:,} {'is' if waiting == 1 else 'are'} still silent"
    few = progress.waiting_for[: sentences.MOST_NAMES]
    named = [text(": "), *hosts(few, len(silent) - len(few))] if few else [text(".")]
    head = f"So far, {sentences.verdict_so_far(report)}"
    return message(
        f"Provisional, {label(report.run.target)}: {label(head, 120)} (run {label(report.run.id)})",
        [
            header("⏳", head),
            rich(section(text("Provisional, this may change. ", bold=True), text(words), *named)),
            *_body(report, run, report.run.finished_at),
            buttons(
                button("Finish now", ids.FINISH_NOW, report.run.id, style="primary"),
                button("Cancel", ids.CANCEL, report.run.id),
            ),
        ],
    )


def mark(report: Report) -> str:
    """Return the verdict as a sign; the words beside it say the same."""
    if report.outliers:
        return "🔴"
    return "✅" if sentences.clear(report) else "⚠️"


def _body(report: Report, run: Run, now: datetime) -> list[Block]:
    blocks = [rich(section(*_compared(report, run, now)))]
    groups = sentences.alike(report)
    for number, group in enumerate(groups[:MOST_HOSTS], 1):
        blocks += _hosts(number, group, report)
    rest = sum(map(len, groups[MOST_HOSTS:]))
    if rest > 0:
        blocks.append(context(f"{plural(rest, 'more host')} that stand out: in the thread and in the file"))
    paragraphs = _quiet(report) if not report.outliers else []
    if drift := evidence.drift(report):
        paragraphs.append(section(text("Against the baseline: ", bold=True), text(f"{drift}.")))
    paragraphs += gaps(report)
    paragraphs += [section(text("Note: ", bold=True), text(note)) for note in sentences.notes(report)]
    if paragraphs:
        blocks.append(rich(*paragraphs))
    lookalikes = sentences.lookalikes(report)
    small = [
        f"{sentences.method(report)}. {sentences.rests_on(report)}. {evidence.A_BIT}",
        f"Who looks alike: {lookalikes}." if lookalikes else "",
        _foot(report),
    ]
    return [*blocks, context(*small)]


def _quiet(report: Report) -> list[Part]:
    """Return what a report without outliers rests on, and the sharpest difference it lists."""
    paragraphs = [section(text("Looked at: ", bold=True), text(f"{evidence.looked_at(report)}."))]
    for finding in report.findings[:1]:
        who = hosts(finding.hosts[:2], max(0, len(finding.hosts) - 2))
        joint = ":  " if len(finding.hosts) > 1 else "  "
        why = text(f"{joint}{said(finding.why, sentences.REASON_LIMIT)}")
        paragraphs.append(section(text("The sharpest: ", bold=True), *who, why))
    return paragraphs


def top_hosts(report: Report) -> tuple[HostVerdict, ...]:
    """Return at most five hosts that stand out, the one that was asked for first; of those alike one."""
    return tuple(group[0] for group in sentences.alike(report)[:MOST_HOSTS])


def _compared(report: Report, run: Run, now: datetime) -> list[Part]:
    parts = [code(report.run.target, bold=True), text("  asked by "), user(report.run.requested_by)]
    if run.joined:
        parts.append(text(f" and {plural(len(run.joined), 'other')}"))
    if report.run.incident:
        parts += [text(" for "), code(report.run.incident)]
    return [*parts, text(f". {sentences.against(report, now)}.")]


def _hosts(number: int, group: Sequence[HostVerdict], report: Report) -> list[Block]:
    first = group[0]
    lead = [text(f"{number}.  ", bold=True)]
    if len(group) == 1:
        lead.append(code(first.id, bold=True))
        about = [where(first.host), plural(len(report.of_host(first.id)), "finding")]
    else:
        lead += hosts([host.id for host in group[: sentences.MOST_NAMES]], len(group) - sentences.MOST_NAMES)
        addresses = [host.host.private_ip for host in group if host.host and host.host.private_ip]
        about = [
            f"{plural(len(group), 'host')} with the same sharpest finding",
            said(listed(addresses, sentences.MOST_NAMES), 400),
        ]
    why = text(f"{':' if len(group) > 1 else ''}  {sentences.reason(first)}", bold=True)
    return [rich(section(*lead, why)), context(" · ".join(filter(None, about)))]


def gaps(report: Report) -> list[Part]:
    """Return paragraphs on the hosts that did not answer and on the queries that are unknown, with the reasons."""
    paragraphs = []
    for index, gap in enumerate(missing.missed(report.coverage)):
        lead = [text("Did not answer: ", bold=True)] if index == 0 else []
        paragraphs.append(section(*lead, *hosts(gap.hosts, gap.more), text(f" {gap.why}")))
    for index, gap in enumerate(missing.unknown(report.coverage)):
        lead = [text("Answered in part: ", bold=True)] if index == 0 else []
        query = [code(gap.query), text(f" {gap.why} on ")] if gap.query else []
        tail = [] if gap.query else [text(f" {gap.why}")]
        paragraphs.append(section(*lead, *query, *hosts(gap.hosts, gap.more), *tail))
    return paragraphs


def _foot(report: Report) -> str:
    run = report.run
    effort = sentences.effort(run)
    return f"Run {said(run.id, 40)} · {when(run.finished_at)} · {effort} · pack {said(run.pack, 60)}"


def _choices(report: Report, *, decided: bool) -> list[Part]:
    run = report.run.id
    choices = []
    if report.findings:
        choices.append(button("Look deeper", ids.DRILL_DOWN, run, style="primary"))
    if not decided and report.coverage.known:
        choices.append(button("Accept as baseline", ids.ACCEPT, run))
    return [*choices, button("Run again", ids.RUN_AGAIN, run), more(run)]
