"""`/diffy analyze`: which hosts of a target stand out?"""

from __future__ import annotations

from bot import packs
from bot.commands.command import Command, analysing
from bot.commands.places import WHERE, named
from bot.commands.words import sort_out, suggest
from bot.errors import UsageError
from bot.model import Message, Method, RunKind
from bot.views import ack, joined
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell

USAGE = (
    "analyze <target> [--method peers|baseline|both] [--region R] [--account A] [--pack NAME] [--incident ID]"
)
METHODS = {
    "peers": Method.PEERS,
    "peer": Method.PEERS,
    "cluster": Method.PEERS,
    "baseline": Method.BASELINE,
    "both": Method.BOTH,
}


def _answer(call: Call, typed: tuple[str, ...], desk: Desk, tell: Tell) -> Message:
    words = sort_out(typed, options=("method", "pack", "incident", *WHERE), usage=USAGE)
    plain = list(words.plain)
    method = words.option("method")
    if not method and len(plain) > 1 and plain[-1].lower() in METHODS:
        method = plain.pop()
    target = named(plain, words, desk) if plain else None
    if target is None:
        raise UsageError("Which target?", f"Usage: {USAGE}")
    submitted = desk.start(
        RunKind.ANALYZE,
        target,
        by=call.user,
        channel=call.channel,
        pack=desk.services.load_pack(words.option("pack") or packs.DEFAULT).name,
        tell=tell,
        method=read_method(method) if method else None,
        incident=words.option("incident")[:60],
    )
    if submitted.joined:
        return joined(submitted.run, desk.chat.permalink(submitted.run.channel, submitted.run.message_ts))
    return ack(submitted.run)


def read_method(word: str) -> Method:
    """Return the method a word names; UsageError with the nearest one otherwise."""
    try:
        return METHODS[word.lower()]
    except KeyError:
        raise UsageError(
            f"There is no method {word[:40]!r}.{suggest(word, tuple(METHODS))}", f"Usage: {USAGE}"
        ) from None


COMMAND = Command("analyze", USAGE, "Say which hosts of a target stand out, and why.", analysing, _answer)
