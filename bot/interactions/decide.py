"""Accept as baseline, and keep the present one: who may is asked again at each press and at each submission."""

from __future__ import annotations

from collections.abc import Mapping

from bot import views
from bot.errors import ChatError, DiffyError, UsageError
from bot.interactions.drill_down import read_place
from bot.interactions.interaction import Interaction
from bot.model import Report, Run, RunKind
from bot.views import actions
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
    reason = submission.values.get(actions.REASON_BLOCK, "")
    if not isinstance(reason, str) or not reason.strip():
        return {actions.REASON_BLOCK: "Say why this is normal."}
    return {}


def submit(submission: Submission, desk: Desk) -> None:
    """Accept, then say so in the thread and in the parent message."""
    run_id = read_place(submission.metadata).run
    reason = submission.values.get(actions.REASON_BLOCK, "")
    also = submission.values.get(actions.ALSO_BLOCK, ())
    if isinstance(reason, tuple) or isinstance(also, str):
        raise UsageError("This window is from another version of Diffy.", "Close it and press again.")
    run, report, baseline, left_out = accept(desk, run_id, by=submission.user, reason=reason, also=also)
    now = desk.now()
    desk.chat.post(run.channel, views.accepted(baseline, left_out, now), thread=run.message_ts)
    _redraw(desk, run, report, views.decided_text(run, baseline, now))


def _keep(press: Press, desk: Desk, tell: Tell) -> None:
    run, report = keep(desk, press.value, by=press.user)
    _redraw(desk, run, report, views.decided_text(run, None, desk.now()))


def _redraw(desk: Desk, run: Run, report: Report, decided: str) -> None:
    """Show the decision in the parent; the buttons that make no sense any more go."""
    present = desk.services.store.baseline(report.run.target)
    if run.kind is RunKind.ANALYZE:
        message = views.verdict(report, run, decided=decided, now=desk.now())
    else:
        message = views.decided(report, run, present, decided, desk.now())
    try:
        desk.chat.update(run.channel, run.message_ts, message)
    except ChatError:
        desk.chat.post(run.channel, message, thread=run.message_ts)


INTERACTIONS = (
    Interaction(actions.ACCEPT, "change", _open),
    Interaction(actions.KEEP, "change", _keep),
)
