"""What does the workspace hold right now? One lock guards it, and every change wakes those who wait."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from bot.sandbox.slack.kit import Json, filled
from bot.sandbox.slack.mentions import read_mentions
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.records import Call, Channel, File, Message, User, Version, View
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.workspace import BOT, CHANNELS, USERS

TRIGGER_LIFE_S = 3.0
RESPONSE_URL_LIFE_S = 30 * 60.0
RESPONSE_URL_USES = 5
SCOPES = frozenset(
    {"commands", "chat:write", "files:write", "users:read", "channels:read", "groups:read", "im:write"}
)


@dataclass(slots=True)
class Trigger:
    """A trigger_id: works once, for a while. ``view`` is the modal that it came from, or empty."""

    user: str
    born: float
    view: str = ""
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """A response_url: five uses in thirty minutes; ``source`` is the ts of the message pressed, or empty."""

    user: str
    channel: str
    born: float
    source: str = ""
    uses: int = 0


@dataclass(slots=True)
class State:
    """Everything that changes. Hold ``lock`` (or use `changing`) to touch it."""

    clock: Callable[[], float]
    rates: Rates
    limits_on: bool = True
    edit_window_s: float | None = None
    trigger_life_s: float = TRIGGER_LIFE_S
    scopes: frozenset[str] = SCOPES
    users: dict[str, User] = field(default_factory=lambda: {user.id: user for user in USERS})
    channels: dict[str, Channel] = field(default_factory=lambda: {c.id: c for c in CHANNELS})
    messages: dict[tuple[str, str], Message] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    client_ids: dict[str, str] = field(default_factory=dict)  # client_msg_id -> ts
    on_call: Callable[[str], None] = lambda method: None  # after a call took effect, before it is answered
    calls: list[Call] = field(default_factory=list)
    scopes_used: set[str] = field(default_factory=set)
    failures: dict[str, list[Refusal]] = field(default_factory=dict)
    connections: int = 0
    changes: int = 0
    lock: threading.Condition = field(default_factory=threading.Condition)
    _last_ts: int = 0

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the lock, and wake all who wait when done."""
        with self.lock:
            try:
                yield
            finally:
                self.changes += 1
                self.lock.notify_all()

    def new_ts(self) -> str:
        """Return a message time that was never given before, in Slack's form."""
        self._last_ts = max(int(self.clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def log(self, method: str, args: Mapping[str, Any], result: Mapping[str, Any], *, injected: bool) -> None:
        error = "" if result.get("ok", True) else str(result["error"])
        self.calls.append(Call(method, dict(args), self.clock(), dict(result), error, injected))

    def put_message(
        self,
        channel: str,
        author: str,
        text: str,
        blocks: list[Json],
        *,
        thread_ts: str = "",
        only_for: str = "",
        files: tuple[str, ...] = (),
    ) -> Message:
        """Add a message, ids and defaults filled in."""
        ts, whole = self.new_ts(), tuple(filled(blocks))
        pings, links = read_mentions(text, whole)
        message = Message(
            channel,
            ts,
            author,
            text,
            whole,
            thread_ts,
            only_for,
            (Version(self.clock(), text, whole),),
            files,
            pings=pings,
            links=links,
        )
        self.messages[channel, ts] = message
        return message

    def edit_message(self, message: Message, text: str, blocks: list[Json]) -> Message:
        """Put a new version in place; the old ones are kept."""
        whole = tuple(filled(blocks))
        pings, links = read_mentions(text, whole)
        versions = (*message.versions, Version(self.clock(), text, whole))
        edited = replace(message, text=text, blocks=whole, versions=versions, pings=pings, links=links)
        self.messages[message.channel, message.ts] = edited
        return edited

    def new_trigger(self, user: str, view: str = "") -> str:
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user, self.clock(), view)
        return trigger_id

    def take_trigger(self, trigger_id: str) -> Trigger:
        """Use a trigger up.

        Raises:
            Refusal: invalid_trigger_id, exchanged_trigger_id or expired_trigger_id.
        """
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise Refusal("invalid_trigger_id")
        if trigger.used:
            raise Refusal("exchanged_trigger_id")
        if self.clock() - trigger.born > self.trigger_life_s:
            raise Refusal("expired_trigger_id")
        trigger.used = True
        return trigger

    def new_response_url(self, base: str, user: str, channel: str, source: str = "") -> str:
        key = f"{secrets.randbelow(10**12)}/{secrets.token_hex(12)}"
        self.response_urls[key] = ResponseUrl(user, channel, self.clock(), source)
        return f"{base}actions/{key}"

    def is_bot_in(self, channel: Channel) -> bool:
        return BOT.id in channel.members

    def stack(self, user: str) -> tuple[View, ...]:
        """Return the open views of a user, lowest first."""
        return tuple(view for view in self.views.values() if view.user == user)
