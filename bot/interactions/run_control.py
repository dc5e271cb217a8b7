"""Finish now, cancel, run again, and the files of a finished run."""

from __future__ import annotations

from bot import views
from bot.errors import NotFound
from bot.interactions.interaction import Interaction, stored
from bot.model import RunKind
from bot.views import actions
from bot.workflows.calls import Press
from bot.workflows.desk import Desk, Tell
from bot.workflows.live import Ending


def _finish(press: Press, desk: Desk, tell: Tell) -> None:
    run = desk.runs.stop(press.value, Ending.FINISH, press.user)
    desk.audit(press.user, "finish_now", run.target.label, run.id, press.channel)


def _cancel(press: Press, desk: Desk, tell: Tell) -> None:
    run = desk.runs.stop(press.value, Ending.CANCEL, press.user)
    desk.audit(press.user, "cancel", run.target.label, run.id, press.channel)


def _run_again(press: Press, desk: Desk, tell: Tell) -> None:
    former = desk.services.store.run(press.value)
    if former.kind is not RunKind.ANALYZE:
        raise NotFound(
            "Only an analysis can be run again from here.", "Use `/diffy baseline` or `/diffy schedule run`."
        )
    submitted = desk.start(
        RunKind.ANALYZE,
        former.target,
        by=press.user,
        channel=former.channel,
        pack=former.pack,
        tell=tell,
        method=former.method,
        incident=former.incident,
    )
    run = submitted.run
    tell(
        views.joined(run, desk.chat.permalink(run.channel, run.message_ts))
        if submitted.joined
        else views.ack(run)
    )


def _more(press: Press, desk: Desk, tell: Tell) -> None:
    what, _, run_id = press.value.partition(":")
    run, report = stored(desk, run_id)
    make = {actions.MORE_JSON: views.json_file, actions.MORE_PAGE: views.page_file}
    file = make.get(what, views.findings_file)(report)
    desk.chat.upload(run.channel, file, thread=run.message_ts)
    desk.audit(press.user, f"file.{file.name}", report.run.target, run.id, run.channel)


INTERACTIONS = (
    Interaction(actions.FINISH_NOW, "analyze", _finish),
    Interaction(actions.CANCEL, "analyze", _cancel),
    Interaction(actions.RUN_AGAIN, "analyze", _run_again),
    Interaction(actions.MORE, "analyze", _more),
)
