"""`/diffy baseline`: take what is normal, or list what was taken."""

from __future__ import annotations

from bot import packs
from bot.commands.command import Command
from bot.commands.places import WHERE, named
from bot.commands.words import sort_out, whole_number
from bot.errors import UsageError
from bot.model import Message, RunKind
from bot.views import ack, baseline_list, joined
from bot.workflows.access import Action
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell

USAGE = "baseline <target> [--hosts N | --from i-…] [--region R] [--account A] [--pack NAME], baseline list [<target>]"


def _right(words: tuple[str, ...]) -> Action:
    return "analyze" if words[:1] == ("list",) else "change"


def _answer(call: Call, typed: tuple[str, ...], desk: Desk, tell: Tell) -> Message:
    words = sort_out(typed, options=("hosts", "from", "pack", *WHERE), usage=USAGE)
    if words.plain[:1] == ("list",):
        if set(words.options) - set(WHERE):
            raise UsageError("`baseline list` takes nothing but a target.", f"Usage: {USAGE}")
        label = named(words.plain[1:], words, desk).label if words.plain[1:] else None
        return baseline_list(desk.services.store.baselines(label), desk.now())
    if words.option("hosts") and words.option("from"):
        raise UsageError("Either --hosts or --from, not both.", f"Usage: {USAGE}")
    hosts = words.option("hosts")
    take_from = tuple(host for host in words.option("from").split(",") if host)
    if not words.plain:
        raise UsageError("Which target?", f"Usage: {USAGE}")
    submitted = desk.start(
        RunKind.BASELINE,
        named(words.plain, words, desk),
        by=call.user,
        channel=call.channel,
        pack=desk.services.load_pack(words.option("pack") or packs.DEFAULT).name,
        tell=tell,
        take_from=take_from,
        take_hosts=whole_number(hosts, "hosts", least=1, most=50) if hosts else 3,
    )
    if submitted.joined:
        return joined(submitted.run, desk.chat.permalink(submitted.run.channel, submitted.run.message_ts))
    return ack(submitted.run)


COMMAND = Command(
    "baseline", USAGE, "Take a baseline from the newest hosts, or list baselines.", _right, _answer
)
