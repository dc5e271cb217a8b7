"""What does a person see who makes a run the new normal? The consequences first, then a reason, then who did it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from bot.errors import DiffyError
from bot.hostile import clean, defang, label, said
from bot.model import Baseline, Block, HostStatus, HostVerdict, Message, Report, Run
from bot.views import actions as ids
from bot.views.sentences import host_name, reason
from bot.views.slack_parts import (
    MAX_CHECKBOXES,
    Part,
    View,
    can_be_picked,
    code,
    context,
    few,
    items,
    message,
    option,
    plain,
    preformatted,
    rich,
    section,
    text,
    user,
)
from bot.views.words import plural, when

MOST_LEFT_OUT = 30  # hosts offered by name; a person who must tick more has no baseline but a compromise
REASON_LENGTH = 500


def accept_modal(report: Report, run: Run, present: Baseline | None) -> View:
    """Return the modal before a run becomes a baseline.

    Hosts that stand out, or answered in part, are left out unless each is ticked.
    """
    doubtful = report.doubtful
    taken = [host for host in report.hosts if host.status is not HostStatus.MISSED and host not in doubtful]
    blocks: list[Block] = [
        rich(section(*_consequence(report, present)), items(*_effects(taken, doubtful, report)))
    ]
    offered = [host for host in doubtful if can_be_picked(host.id)][:MOST_LEFT_OUT]
    for start in range(0, len(offered), MAX_CHECKBOXES):
        blocks.append(_checkboxes(start // MAX_CHECKBOXES, offered[start : start + MAX_CHECKBOXES], report))
    if more := len(doubtful) - len(offered):
        blocks.append(context(f"{plural(more, 'more host')} cannot be included from here."))
    blocks.append(
        {
            "type": "input",
            "block_id": ids.REASON,
            "label": plain("Why is this normal?"),
            "hint": plain("Kept with the baseline, and shown in the thread."),
            "element": {
                "type": "plain_text_input",
                "action_id": ids.REASON,
                "multiline": True,
                "min_length": 3,
                "max_length": REASON_LENGTH,
                "placeholder": plain("Release 2026.11.2 is out on the whole group"),
            },
        }
    )
    blocks.append(context(f"Run {said(run.id, 40)}"))
    return {
        "type": "modal",
        "callback_id": ids.ACCEPT_VIEW,
        "title": plain("Accept as baseline"),
        "submit": plain("Accept"),
        "close": plain("Keep as it is"),
        "private_metadata": json.dumps({"run": run.id}),
        "blocks": blocks,
    }


def accepted_text(baseline: Baseline) -> str:
    """Return what the parent message says from then on."""
    return f"Accepted as baseline version {baseline.version} by {mention(baseline.author)} on {when(baseline.created_at)}"


def kept_text(by: str, at: str) -> str:
    """Return what the parent message says once a person kept the present baseline; ``at`` as ``words.when`` says it."""
    return f"Present baseline kept by {mention(by)} on {at}"


def accepted(baseline: Baseline, *, left: Sequence[str] = ()) -> Message:
    """Return the line in the thread that says who made what normal, and why."""
    parts = [
        text("✔️  "),
        user(baseline.author),
        text(f" accepted {plural(len(baseline.hosts), 'host')} of "),
        code(baseline.target),
        text(f" as baseline version {baseline.version}", bold=True),
        text(f" on {when(baseline.created_at)}."),
    ]
    if left:
        parts += [text(" Left out: "), *few(left), text(".")]
    elements = [section(*parts)]
    if baseline.reason:
        elements.append(preformatted(said(baseline.reason, REASON_LENGTH)))
    return message(
        f"Baseline version {baseline.version} of {label(baseline.target)} accepted (run {label(baseline.run)})",
        [rich(*elements), context(f"Run {said(baseline.run, 40)}")],
    )


def modal_error(error: DiffyError | str) -> View:
    """Return a modal that says what went wrong in place of what was asked for."""
    sentence, hint = (error.message, error.hint) if isinstance(error, DiffyError) else (error, "")
    parts = [text("❌  "), text(said(sentence, 600), bold=True)]
    if hint:
        parts.append(text(f" {said(hint, 600)}"))
    return _modal([rich(section(*parts))])


def mention(actor: str) -> str:
    """Return an actor for a text that ``slack_parts.people`` reads: ``<@U…>`` for a Slack user id."""
    return f"<@{actor}>" if user(actor)["type"] == "user" else str(user(actor)["text"])


def _modal(blocks: list[Block]) -> View:
    return {"type": "modal", "title": plain("Diffy"), "close": plain("Close"), "blocks": blocks}


def _consequence(report: Report, present: Baseline | None) -> list[Part]:
    what = [text("What you accept becomes normal for ", bold=True), code(report.run.target, bold=True)]
    if present is None:
        return [*what, text(": Diffy will not report it again. This is its first baseline.")]
    return [
        *what,
        text(
            f": Diffy will not report it again. It replaces version {present.version}, which stays on record."
        ),
    ]


def _effects(
    taken: Sequence[HostVerdict], doubtful: Sequence[HostVerdict], report: Report
) -> list[list[Part]]:
    silenced = sum(not finding.outlying for finding in report.findings)
    effects = [[text(f"{plural(len(taken), 'host')} become part of it")]]
    if silenced:
        effects.append([text(f"{plural(silenced, 'smaller difference')} on them will be silent from now on")])
    if doubtful:
        effects.append([text(f"{plural(len(doubtful), 'host')} stay out of it unless you tick them below")])
    if report.coverage.missed:
        effects.append(
            [text(f"{plural(len(report.coverage.missed), 'host')} did not answer and cannot be part of it")]
        )
    return effects


def _checkboxes(number: int, hosts: Sequence[HostVerdict], report: Report) -> Block:
    return {
        "type": "input",
        "optional": True,
        "block_id": f"{ids.INCLUDE}-{number}",
        "label": plain("Include all the same" if number == 0 else "Include all the same (continued)"),
        "element": {
            "type": "checkboxes",
            "action_id": ids.INCLUDE,
            "options": [
                option(
                    f"{host_name(host.id)}: {'stands out' if host.outlier else 'answered in part'}", host.id
                )
                | {"description": plain(clean(defang(_doubt(host, report)), 75))}
                for host in hosts
            ],
        },
    }


def _doubt(host: HostVerdict, report: Report) -> str:
    if host.outlier:
        return reason(host)
    queries = dict.fromkeys(one.query for one in report.coverage.unknown if one.host == host.id)
    return f"not known of it: {', '.join(said(query, 40) for query in queries) or 'some queries'}"
