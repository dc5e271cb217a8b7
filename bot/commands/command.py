"""What is a `/diffy` subcommand?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.model import Message
from bot.workflows.access import Action
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand.

    Attributes:
        usage: What can be typed after `/diffy`, one line.
        summary: What it does, one sentence.
        right: Which right these words need; None for none at all.
        answer: Does it and returns what the person alone sees; may raise DiffyError.
    """

    name: str
    usage: str
    summary: str
    right: Callable[[tuple[str, ...]], Action | None]
    answer: Callable[[Call, tuple[str, ...], Desk, Tell], Message]


def analysing(words: tuple[str, ...]) -> Action:
    """The right of everything that reads."""
    return "analyze"
