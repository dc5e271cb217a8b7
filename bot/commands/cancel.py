"""`/diffy cancel`: end a run without an answer."""

from __future__ import annotations

from bot.commands.command import Command, analysing
from bot.errors import UsageError
from bot.model import Message
from bot.views import cancelling
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell
from bot.workflows.live import Ending

USAGE = "cancel <run>"


def _answer(call: Call, typed: tuple[str, ...], desk: Desk, tell: Tell) -> Message:
    if len(typed) != 1:
        raise UsageError("Which run?", f"Usage: {USAGE}; `/diffy status` lists the runs.")
    run = desk.runs.stop(typed[0], Ending.CANCEL, call.user)
    desk.audit(call.user, "cancel", run.target.label, run.id, call.channel)
    return cancelling(run)


COMMAND = Command("cancel", USAGE, "End a run without an answer.", analysing, _answer)
