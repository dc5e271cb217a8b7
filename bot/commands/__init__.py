"""One file per `/diffy` subcommand: words to workflow. This table is the whole list."""

from __future__ import annotations

from bot import views
from bot.commands import analyze, baseline, cancel, packs, schedule, status
from bot.commands.command import Command
from bot.commands.words import split, suggest
from bot.errors import UsageError
from bot.model import Message
from bot.workflows.access import Action
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell


def _no_right(words: tuple[str, ...]) -> Action | None:
    return None


def _help(call: Call, typed: tuple[str, ...], desk: Desk, tell: Tell) -> Message:
    return views.help(tuple((command.usage, command.summary) for command in COMMANDS.values()))


COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        analyze.COMMAND,
        baseline.COMMAND,
        schedule.COMMAND,
        status.COMMAND,
        cancel.COMMAND,
        packs.COMMAND,
        Command("help", "help", "Show this.", _no_right, _help),
    )
}

__all__ = ["COMMANDS", "Command", "look_up"]


def look_up(text: str) -> tuple[Command, tuple[str, ...]]:
    """Return the command that a text names, and the words after it; an empty text is `help`.

    Raises:
        UsageError: There is no such command; the nearest one is suggested.
    """
    words = split(text)
    if not words:
        return COMMANDS["help"], ()
    name = words[0].lower().removeprefix("--")
    if name not in COMMANDS:
        raise UsageError(
            f"There is no command {words[0][:40]!r}.{suggest(name, tuple(COMMANDS))}",
            "`/diffy help` lists them all.",
        )
    return COMMANDS[name], words[1:]
