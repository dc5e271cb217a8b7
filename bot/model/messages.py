"""What is shown in Slack, in ordered forms: rich, plain, file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Block = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message. ``name`` is ours, never host text."""

    name: str
    title: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One Slack message.

    Attributes:
        text: Fallback and notification text; no host text in it, ever.
        blocks: The rich form; empty means text alone.
        plain: Blocks of the plainer form, sent when Slack refuses the rich one.
        file: Everything, as a file, for when it does not fit; or None.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    plain: tuple[Block, ...] = ()
    file: Attachment | None = None
