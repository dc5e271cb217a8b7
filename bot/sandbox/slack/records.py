"""Which things does the workspace hold, and what does a person's act come back with? All frozen: safe to keep and compare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.kit import Json


@dataclass(frozen=True, slots=True)
class User:
    """A member. ``guest`` is "", "multi" (is_restricted) or "single" (is_ultra_restricted)."""

    id: str
    name: str
    real_name: str
    guest: str = ""
    deleted: bool = False
    is_bot: bool = False
    tz: str = "Etc/UTC"


@dataclass(frozen=True, slots=True)
class Channel:
    """A conversation; ``members`` are user ids, the bot's too where it was invited."""

    id: str
    name: str
    members: frozenset[str]
    private: bool = False
    ext_shared: bool = False
    archived: bool = False
    im: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """What a message said at one time (epoch seconds)."""

    at: float
    text: str
    blocks: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it now stands.

    Attributes:
        thread_ts: The parent's ts; empty for a message of the channel itself.
        author: User id.
        only_for: User id of the one who sees an ephemeral message; empty for an ordinary one.
        versions: Every state it had, oldest first; the last is the present one.
        files: Ids of files shared with it.
        pings: Whom its text would notify: ``<!channel>``, ``<@U…>``, ``<!subteam^…>``.
        links: What its text would link to.
    """

    channel: str
    ts: str
    author: str
    text: str
    blocks: tuple[Json, ...] = ()
    thread_ts: str = ""
    only_for: str = ""
    versions: tuple[Version, ...] = ()
    files: tuple[str, ...] = ()
    deleted: bool = False
    pings: tuple[str, ...] = ()
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file; ``content`` is what was sent, ``shared_in`` the ts of its message or empty."""

    id: str
    name: str
    length: int
    content: bytes | None = None
    title: str = ""
    channel: str = ""
    shared_in: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """An open modal of one user.

    Attributes:
        spec: The view as the bot gave it, ids filled in.
        entered: What the user has chosen or typed: block id -> action id -> state value.
        errors: Field errors shown now, by block id.
    """

    id: str
    user: str
    root: str
    previous: str
    hash: str
    spec: Json
    entered: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.spec["title"]["text"])

    @property
    def blocks(self) -> tuple[Json, ...]:
        return tuple(self.spec["blocks"])


@dataclass(frozen=True, slots=True)
class Call:
    """One request of the bot.

    Attributes:
        at: Epoch seconds.
        error: Slack's code; empty when it was granted.
        injected: It failed because a test asked for it.
    """

    method: str
    args: Mapping[str, Any]
    at: float
    result: Mapping[str, Any]
    error: str = ""
    injected: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Slack's explanation lines, if any."""
        return tuple(self.result.get("response_metadata", {}).get("messages", ()))


@dataclass(frozen=True, slots=True)
class Acked:
    """How the bot took a delivery.

    Attributes:
        ok: It was acknowledged in time.
        ack_s: Seconds from sending to the acknowledgement, or to giving up.
        payload: What came with the acknowledgement, or None.
        error: ``operation_timeout`` or ``dispatch_failed`` as the user is shown it; empty if ok.
        trigger_id: The trigger that went with it.
    """

    ok: bool
    ack_s: float
    payload: Json | None = None
    error: str = ""
    trigger_id: str = ""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of a slash command; ``ephemeral`` is what the user was shown with the acknowledgement."""

    acked: Acked
    ephemeral: Message | None = None

    @property
    def text(self) -> str:
        return self.ephemeral.text if self.ephemeral else ""


@dataclass(frozen=True, slots=True)
class PressResult:
    """What came of a press. ``sent`` is False when the user declined the confirmation."""

    acked: Acked
    sent: bool = True


@dataclass(frozen=True, slots=True)
class SubmitResult:
    """What came of submitting a modal.

    Attributes:
        errors: By block id, from the bot or from Slack's own check of required fields.
        view: The view now on top for the user, or None when all are closed.
        sent: False when Slack's own check failed, so the bot was not asked.
    """

    acked: Acked
    errors: Mapping[str, str]
    view: View | None
    sent: bool = True
