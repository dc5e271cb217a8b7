"""Accept as baseline, and keep the present one: who may is asked again at each press and at each submission."""

from __future__ import annotations

from collections.abc import Mapping

from bot import views
from bot.errors import ChatError, DiffyError, UsageError
from bot.interactions.interaction import Interaction
from bot.model import Baseline, Report, Run, RunKind
from bot.views import actions, drill_place
from bot.views.words import when
from bot.workflows.calls import Press, Submission
from bot.workflows.deciding import accept, keep, waiting_run
from bot.workflows.desk import Desk, Tell


def _open(press: Press, desk: Desk, tell: Tell) -> None:
    try:
        run, report = waiting_run(desk, press.value)
        view = views.accept_modal(report, run, desk.services.store.baseline(report.run.target))
    except DiffyError as error:
        desk.chat.open_view(press.trigger_id, views.modal_error(str(error)))
        return
    desk.chat.open_view(press.trigger_id, view)


def check(submission: Submission) -> Mapping[str, str]:
    """Return what is wrong with a submitted modal, by block id; empty when it can be accepted."""
    reason = submission.values.get(actions.REASON, "")
    if not isinstance(reason, str) or not reason.strip():
        return {actions.REASON: "Say why this is normal."}
    return {}


def submit(submission: Submission, desk: Desk) -> None:
    """Accept, then say so in the thread and in the parent message."""
    run_id = drill_place({"private_metadata": submission.metadata}).run
    reason = submission.values.get(actions.REASON, "")
    also = tuple(
        host for chosen in submission.values.values() if isinstance(chosen, tuple) for host in chosen
    )
    if isinstance(reason, tuple):
        raise UsageError("This window is from another version of Diffy.", "Close it and press again.")
    run, report, baseline, left_out = accept(desk, run_id, by=submission.user, reason=reason, also=also)
    desk.chat.post(run.channel, views.accepted(baseline, left=left_out), thread=run.message_ts)
    _redraw(desk, run, report, views.accepted_text(baseline), baseline)


def _keep(press: Press, desk: Desk, tell: Tell) -> None:
    run, report = keep(desk, press.value, by=press.user)
    present = desk.services.store.baseline(report.run.target)
    if present is not None:
        desk.chat.post(run.channel, views.kept(present, press.user, desk.now()), thread=run.message_ts)
    _redraw(desk, run, report, views.kept_text(press.user, when(desk.now())), None)


def _redraw(desk: Desk, run: Run, report: Report, decided: str, baseline: Baseline | None) -> None:
    """Show the decision in the parent; the buttons that make no sense any more go."""
    now = desk.now()
    if run.kind is RunKind.ANALYZE:
        message = views.verdict(report, run, decided=decided, now=now)
    elif run.kind is RunKind.REFRESH and report.baseline is not None:
        compared = desk.services.store.baseline(report.run.target, report.baseline.version)
        message = (
            views.notice(report, run, desk.schedule_of(run), compared, now, decided=decided)
            if compared is not None
            else views.verdict(report, run, decided=decided, now=now)
        )
    elif baseline is not None:
        message = views.baseline_taken(baseline, now)
    else:
        message = views.baseline_declined(run, run.decided_by)
    try:
        desk.chat.update(run.channel, run.message_ts, message)
    except ChatError:
        desk.chat.post(run.channel, message, thread=run.message_ts)


INTERACTIONS = (
    Interaction(actions.ACCEPT, "change", _open),
    Interaction(actions.KEEP, "change", _keep),
)
