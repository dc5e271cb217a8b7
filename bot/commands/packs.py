"""`/diffy packs`: which questions can be asked?"""

from __future__ import annotations

from bot.commands.command import Command, analysing
from bot.model import Message
from bot.views import packs
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell


def _answer(call: Call, typed: tuple[str, ...], desk: Desk, tell: Tell) -> Message:
    return packs(tuple(desk.services.load_pack(name) for name in desk.pack_names()))


COMMAND = Command("packs", "packs", "List the query packs.", analysing, _answer)
