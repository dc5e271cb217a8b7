"""What does Slack show when a baseline is proposed, taken, or asked for?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.hostile import label, said
from bot.model import Baseline, Block, Host, HostVerdict, Message, Report, Run
from bot.views import actions as ids
from bot.views import sentences
from bot.views.changes import change_lines, change_summary
from bot.views.slack_parts import (
    Part,
    button,
    buttons,
    code,
    context,
    few,
    header,
    listing,
    message,
    preformatted,
    rich,
    section,
    text,
    user,
)
from bot.views.slack_run import asked
from bot.views.words import age, ago, plural, when, where

MOST_LISTED = 20


def baseline_proposal(
    report: Report | None,
    run: Run,
    hosts: tuple[Host, ...],
    present: Baseline | None,
    standing_out: tuple[HostVerdict, ...],
    now: datetime,
) -> Message:
    """Return what a new baseline would hold, before a person accepts it.

    Args:
        report: The chosen hosts against the present baseline; None when there is nothing to compare with.
        hosts: The hosts it would be taken from.
        standing_out: Those among them that stand out among their peers.
    """
    target = label(run.target.label)
    number = present.version + 1 if present else 1
    if standing_out:
        verb = "stands" if len(standing_out) == 1 else "stand"
        stand = f"{len(standing_out)} of {plural(len(hosts), 'chosen host')} {verb} out"
        head = f"{stand}. Accept as baseline {number} of {target}?"
    else:
        head = f"Accept as baseline {number} of {target}?"
    blocks: list[Block] = [header("⚠️" if standing_out else "📋", head)]
    blocks.append(listing(f"Taken from {plural(len(hosts), 'host')}", [_chosen(host) for host in hosts[:10]]))
    if standing_out:
        lines = [[code(one.id, bold=True), text(f"  {sentences.reason(one)}")] for one in standing_out[:5]]
        blocks.append(listing("Stands out among the peers", lines))
    blocks.append(rich(*_difference(report, present, now)))
    blocks.append(asked(run))
    keep = f"Keep version {present.version}" if present else "Do not take it"
    words = "Accept all the same" if standing_out else "Accept as baseline"
    accept = button(words, ids.ACCEPT, run.id, style="danger" if standing_out else "primary")
    blocks.append(buttons(accept, button(keep, ids.KEEP, run.id)))
    return message(f"{head} (run {label(run.id)})", blocks)


def baseline_taken(
    baseline: Baseline, now: datetime, *, drift: Report | None = None, left: Sequence[str] = ()
) -> Message:
    """Return the parent message once a baseline is there.

    Args:
        drift: The hosts it was taken from against the version before; None where there was none.
        left: Chosen hosts that were not taken, since they answered in part or not at all.
    """
    target = label(baseline.target)
    head = f"Baseline {baseline.version} of {target} is in force"
    parts = [text(f"From {plural(len(baseline.hosts), 'host')}: "), *few(baseline.hosts), text(". ")]
    parts += [
        text("By "),
        user(baseline.author),
        text(f", {ago(baseline.created_at, now)} ({when(baseline.created_at)})."),
    ]
    elements = [section(*parts)]
    if baseline.reason:
        elements.append(preformatted(said(baseline.reason, 500)))
    if left:
        elements.append(section(text("Left out, not wholly answered: ", bold=True), *few(left)))
    if drift is not None and drift.findings:
        elements += [section(text(f"Against the version before: {change_summary(drift)}", bold=True))]
        elements.append(preformatted(change_lines(drift)))
    elif drift is not None:
        elements.append(section(text("Nothing differs from the version before.")))
    small = f"Pack {said(baseline.pack, 60)} · Run {said(baseline.run or 'unknown', 40)}"
    return message(
        f"{head} (run {label(baseline.run)})", [header("✅", head), rich(*elements), context(small)]
    )


def baseline_list(baselines: Sequence[Baseline], now: datetime) -> Message:
    """Return the versions with age, author and hosts; in the order given (by target, newest first)."""
    if not baselines:
        parts = [
            text("There is no baseline yet. Take one with "),
            code("/diffy baseline <target>"),
            text("."),
        ]
        return message("There is no baseline yet.", [rich(section(*parts))])
    shown = baselines[:MOST_LISTED]
    newest = {one.target: one.version for one in sorted(baselines, key=lambda one: one.version)}
    entries = []
    for one in shown:
        present = " · present" if newest[one.target] == one.version else ""
        parts = [code(one.target, bold=True), text(f"  {sentences.baseline_version(one, now)}{present}\n")]
        parts += [user(one.author), text(f", {when(one.created_at)} · "), *few(one.hosts, 3)]
        entries.append(parts)
    blocks: list[Block] = [listing(plural(len(baselines), "baseline"), entries)]
    if len(baselines) > MOST_LISTED:
        more = len(baselines) - MOST_LISTED
        blocks.append(context(f"{more} more: name a target to see its versions"))
    return message(f"{plural(len(baselines), 'baseline')}.", blocks)


def _chosen(host: Host) -> list[Part]:
    about = where(host)
    return [code(host.id), text(f"  {about}" if about else "")]


def _difference(report: Report | None, present: Baseline | None, now: datetime) -> list[Part]:
    if present is None:
        return [section(text("There is no baseline yet: this would be the first.", bold=True))]
    version = f"version {present.version} ({age(present.created_at, now)})"
    if report is None:
        return [section(text(f"It would replace {version}; the two could not be compared.", bold=True))]
    if not report.findings:
        return [section(text(f"Nothing differs from {version}.", bold=True))]
    lead = f"Against {version}: {change_summary(report)}"
    return [section(text(lead, bold=True)), preformatted(change_lines(report))]
