"""What is a `/diffy` subcommand?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.model import Message
from bot.workflows.calls import Call
from bot.workflows.desk import Desk, Tell

Right = Literal["analyze", "change"]


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
    right: Callable[[tuple[str, ...]], Right | None]
    answer: Callable[[Call, tuple[str, ...], Desk, Tell], Message]


def analysing(words: tuple[str, ...]) -> Right:
    """The right of everything that reads."""
    return "analyze"
