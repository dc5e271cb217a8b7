"""What does Slack show of a run that has no result yet, or never will? Acks, refusals, progress, ends."""

from __future__ import annotations

from bot.errors import ChatError, DiffyError, Refused, UsageError
from bot.hostile import label, said
from bot.model import Message, Method, Progress, Run, RunKind, RunState, TargetKind
from bot.views import actions as ids
from bot.views.sentences import host_name
from bot.views.slack_parts import (
    Part,
    button,
    buttons,
    channel,
    code,
    context,
    few,
    header,
    link,
    message,
    people,
    rich,
    section,
    text,
    user,
)
from bot.views.words import METHODS, STATES, plural

BAR_CELLS = 24
NAMED_WHEN_AT_MOST = 6  # silent hosts are named once they are few


def ack(run: Run, *, group_size: int | None = None) -> Message:
    """Return what only the requester sees, at once: the names of what will run."""
    doing = {
        RunKind.ANALYZE: "I am asking",
        RunKind.BASELINE: "I am taking a baseline of",
        RunKind.REFRESH: "I am checking for changes in",
    }[run.kind]
    parts = [text(f"{doing} "), code(run.target.label)]
    if group_size is not None:
        parts.append(text(f" ({plural(group_size, 'host')})"))
    if run.incident:
        parts += [text(" for "), code(run.incident)]
    parts += [text(": pack "), code(run.pack), text(f", {_against(run)}. ")]
    if run.kind is RunKind.REFRESH:
        parts += [text("I say something in "), channel(run.channel), text(" only if something changed.")]
    else:
        parts.append(text("The answer comes as one message in this channel; I keep it up to date."))
    summary = f"Diffy is asking {label(run.target.label)} (run {label(run.id)})."
    return message(summary, [rich(section(*parts)), context(_run_line(run))])


def _against(run: Run) -> str:
    if run.kind is RunKind.BASELINE:
        chosen = (
            f"{plural(len(run.take_from), 'host')} you named"
            if run.take_from
            else (f"the {plural(run.take_hosts, 'newest host')} of the newest template")
        )
        return f"from {chosen}"
    if run.kind is RunKind.REFRESH:
        return "against its present baseline"
    if run.method is None:
        return "against its baseline and its peers, or its peers alone while it has no baseline"
    return f"against {METHODS[run.method]}{' alone' if run.method is not Method.BOTH else ''}"


def joined(run: Run, link_to: str) -> Message:
    """Return the answer to a second request for a target that is being asked already."""
    parts = [code(run.target.label), text(" is being asked already: you have joined that run. ")]
    parts.append(link(link_to, "Follow it here") if link_to else text("Its message is in the channel."))
    return message(
        f"{label(run.target.label)} is being asked already: you have joined run {label(run.id)}.",
        [rich(section(*parts)), context(_run_line(run))],
    )


def not_in_channel(channel_id: str) -> Message:
    """Return how to let Diffy into a channel; nothing has been collected."""
    parts = [text("I am not in "), channel(channel_id), text(", so I could not answer there. Type ")]
    parts += [code("/invite @diffy"), text(" and ask again. Nothing was collected.")]
    return message(
        "Diffy is not in this channel. Type /invite @diffy and ask again.", [rich(section(*parts))]
    )


def refusal(error: DiffyError | str, contact: str = "") -> Message:
    """Return a refusal: what is not allowed, and whom to ask.

    Args:
        contact: Our own words, with ``<@U…>`` for people; empty when nobody is named in the settings.
    """
    sentence, hint = (error.message, error.hint) if isinstance(error, DiffyError) else (error, "")
    parts = [text("⛔  "), text(said(sentence, 400), bold=True)]
    if hint:
        parts += [text(" "), *people(hint)]
    if contact:
        parts += [text(" Ask "), *people(contact), text(".")]
    return message(
        "Diffy refused this.", [rich(section(*parts)), context("Nothing was run, and nothing was changed.")]
    )


def failure(error: BaseException, reference: str = "") -> Message:
    """Return any error as a sentence; one that nobody foresaw as a reference that the log carries too."""
    if isinstance(error, Refused):
        return refusal(error)
    if not isinstance(error, DiffyError):
        parts = [text("❌  "), text("Something broke inside Diffy.", bold=True)]
        parts.append(text(" Nothing that was accepted before is lost."))
        if reference:
            parts += [text(" Give its operator this reference, the log carries it too: "), code(reference)]
        return message("Something broke inside Diffy.", [rich(section(*parts))])
    mark = "✏️" if isinstance(error, UsageError) else "❌"
    parts = [text(f"{mark}  "), text(said(error.message, 600), bold=True)]
    if error.hint:
        parts.append(text(f" {said(error.hint, 900)}"))
    small = [f"Slack said: {said(error.code, 60)}"] if isinstance(error, ChatError) and error.code else []
    if reference:
        small.append(f"Reference {said(reference, 40)}")
    blocks = [rich(section(*parts)), *([context(" · ".join(small))] if small else [])]
    return message("Diffy could not do this.", blocks)


def progress(run: Run, at: Progress) -> Message:
    """Return the parent message while there is nothing to judge: queued, collecting 17/24, comparing."""
    target = label(run.target.label)
    if at.state is RunState.QUEUED:
        head, body = f"Waiting to ask {target}", [text(_place(at.place))]
    elif at.state is RunState.COLLECTING:
        if not at.targeted:
            head, body = f"Asking {target}", [text("Finding out which hosts it has.")]
        else:
            head, body = f"Asking {target}: {at.answered:,} of {at.targeted:,} answered", [text(bar(at))]
    elif at.state is RunState.COMPARING:
        head = f"Comparing {at.answered:,} of {plural(at.targeted, 'host')} of {target}"
        body = [text("All that will answer have answered; the verdict comes next.")]
    else:
        head, body = f"{target}: {STATES[at.state]}", [text("There is nothing to wait for any more.")]
    blocks = [header("⏳", head), rich(section(*body), *(section(*line) for line in _silent(at)))]
    blocks.append(asked(run))
    if at.state in (RunState.QUEUED, RunState.COLLECTING):
        blocks.append(buttons(button("Cancel", ids.CANCEL, run.id)))
    return message(f"{head} (run {label(run.id)})", blocks)


def bar(at: Progress) -> str:
    """Return answered (full), missed (crossed) and silent (light) hosts as a bar, with the count in words."""
    total = max(at.targeted, 1)
    full = min(BAR_CELLS, BAR_CELLS * at.answered // total)
    lost = min(BAR_CELLS - full, -(-BAR_CELLS * at.missed // total)) if at.missed else 0
    cells = "■" * full + "□" * (BAR_CELLS - full - lost) + "✕" * lost
    return f"{cells}  {at.answered:,}/{at.targeted:,}"


def _place(place: int) -> str:
    if place <= 1:
        return "Next in line: it starts as soon as a running analysis ends."
    return f"Place {place} in the line: {plural(place - 1, 'run')} before it."


def _silent(at: Progress) -> list[list[Part]]:
    lines = []
    if at.known_offline:
        offline = plural(len(at.known_offline), "host")
        was = "was" if len(at.known_offline) == 1 else "were"
        lines.append([text(f"{offline} {was} known to be offline before anything was sent: ", bold=True)])
        lines[-1] += few(at.known_offline)
    if at.state is RunState.COLLECTING and 0 < len(at.waiting_for) <= NAMED_WHEN_AT_MOST:
        lines.append([text("Still silent: ", bold=True), *few(at.waiting_for)])
    if at.missed > len(at.known_offline):
        lines.append(
            [text(f"{plural(at.missed, 'host')} will not answer; the reasons come with the verdict.")]
        )
    return lines


def left(run: Run, at: Progress) -> Message:
    """Return the parent message of a run whose process goes down: the next one goes on with it."""
    head = f"{label(run.target.label)}: Diffy restarts"
    parts = [text("Diffy restarts; this goes on by itself.", bold=True)]
    if at.targeted:
        parts.append(text(f" {at.answered:,} of {at.targeted:,} answered so far; no host is asked twice."))
    return message(f"{head} (run {label(run.id)})", [header("⏳", head), rich(section(*parts)), asked(run)])


def ended(run: Run, *, sentence: str, hint: str = "") -> Message:
    """Return the parent message of a run that ended without a verdict, with Run again."""
    target = label(run.target.label)
    mark, how = {
        RunState.CANCELLED: ("⏹️", "cancelled, no verdict"),
        RunState.INTERRUPTED: ("⚠️", "cut off, no verdict"),
    }.get(run.state, ("❌", "failed, no verdict"))
    head = f"{target}: {how}"
    parts = [text(said(sentence, 600))]
    if hint:
        parts.append(text(f" {said(hint, 900)}"))
    if run.decided_by:
        parts += [text(" By "), user(run.decided_by), text(".")]
    blocks = [
        header(mark, head),
        rich(section(*parts)),
        asked(run),
        buttons(button("Run again", ids.RUN_AGAIN, run.id)),
    ]
    return message(f"{head} (run {label(run.id)})", blocks)


def asked(run: Run) -> dict[str, object]:
    """Return the line that every parent carries: who asked, what for, the run's id."""
    parts = [text("Run "), code(run.id), text(" · asked by "), user(run.requested_by)]
    if run.joined:
        parts.append(text(f" and {plural(len(run.joined), 'other')}"))
    if run.incident:
        parts += [text(" · "), code(run.incident)]
    if run.target.kind is TargetKind.HOST:
        parts.append(text(f" · {host_name(run.target.label)} against its own group"))
    return dict(rich(section(*parts)))


def _run_line(run: Run) -> str:
    return f"Run {said(run.id, 40)}"
