"""What does a person's request look like, once Slack's payload is behind us?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """A `/diffy …` command. ``text`` is what was typed after it."""

    user: str
    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """A button, menu or select that was used. Every field but ``user`` may be replayed: authorise it.

    Attributes:
        value: What the element carries: a run id, or an overflow option such as ``json:<run id>``.
        message_ts: The message that holds the button; empty inside a modal.
        view_id: The modal that holds the element; empty in a message.
        metadata: The modal's private_metadata.
    """

    user: str
    channel: str
    action: str
    value: str
    message_ts: str = ""
    thread_ts: str = ""
    trigger_id: str = ""
    view_id: str = ""
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted modal. ``values`` maps block id to text, or to the chosen option values."""

    user: str
    callback: str
    metadata: str
    view_id: str
    values: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
