"""`/diffy status`: what runs, what ran, what is scheduled."""

from __future__ import annotations

from bot.commands.command import Command, analysing
from bot.model import Message
from bot.views import status
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell

RECENT = 8


def _answer(call: Call, typed: tuple[str, ...], desk: Desk, tell: Tell) -> Message:
    store = desk.services.store
    live = desk.runs.live()
    ids = {run.id for run, _ in live}
    recent = tuple(run for run in store.recent_runs(RECENT + len(ids)) if run.id not in ids)
    return status(live, recent[:RECENT], store.schedules(), desk.now())


COMMAND = Command("status", "status", "Show what runs, what ran and what is scheduled.", analysing, _answer)
