"""What can be seen of the workspace from outside? Frozen snapshots, oldest first, and waiting for one to come."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Self, TypeVar

from bot.sandbox.slack.methods_chat import link_to
from bot.sandbox.slack.records import Call, File, Message, View
from bot.sandbox.slack.state import State

_Found = TypeVar("_Found")


class Sight:
    """The looking half of `LocalSlack`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def _messages(self, keep: Callable[[Message], bool]) -> tuple[Message, ...]:
        with self._state.lock:
            return tuple(m for m in self._state.messages.values() if keep(m) and not m.deleted)

    def messages(self, channel: str) -> tuple[Message, ...]:
        """Messages of the channel itself, without thread replies and ephemerals."""
        return self._messages(lambda m: m.channel == channel and not m.thread_ts and not m.only_for)

    def thread(self, channel: str, ts: str) -> tuple[Message, ...]:
        """Replies under a message, without the message itself."""
        return self._messages(lambda m: m.channel == channel and m.thread_ts == ts and not m.only_for)

    def ephemerals(self, user: str) -> tuple[Message, ...]:
        """What only this user sees, Slackbot's notices too."""
        return self._messages(lambda m: m.only_for == user)

    def message(self, channel: str, ts: str) -> Message:
        """One message, deleted ones too. KeyError when there is none."""
        with self._state.lock:
            return self._state.messages[channel, ts]

    def name_of(self, id_: str) -> str:
        """Return ``@name`` or ``#name`` for a user's or channel's id; anything else as it is."""
        with self._state.lock:
            user, channel = self._state.users.get(id_), self._state.channels.get(id_)
        if user is not None:
            return f"@{user.name}"
        return f"#{channel.name}" if channel is not None else id_

    def find(self, name: str) -> str:
        """Return the id of the user or channel with a name, with or without its sign. KeyError when there is none."""
        with self._state.lock:
            ids = {user.name: user.id for user in self._state.users.values()}
            ids |= {channel.name: channel.id for channel in self._state.channels.values()}
        return ids[name.lstrip("@#")]

    @property
    def changes(self) -> int:
        """How many changes there were so far: a cheap way to see whether to look again."""
        with self._state.lock:
            return self._state.changes

    def permalink(self, message: Message) -> str:
        """The address that chat.getPermalink gives."""
        return link_to(message)

    def views(self, user: str) -> tuple[View, ...]:
        """The open modals of a user, the one in front last."""
        with self._state.lock:
            return self._state.stack(user)

    def files(self, channel: str | None = None) -> tuple[File, ...]:
        """Uploaded files, or those shared in one channel."""
        with self._state.lock:
            return tuple(f for f in self._state.files.values() if channel is None or f.channel == channel)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every request of the bot, refused ones too."""
        with self._state.lock:
            return tuple(self._state.calls)

    @property
    def rejected(self) -> tuple[Call, ...]:
        """Requests refused through the bot's own fault: neither rate limits nor failures that a test injected."""
        return tuple(c for c in self.calls if c.error not in ("", "ratelimited") and not c.injected)

    @property
    def rate_limited(self) -> tuple[Call, ...]:
        """Requests answered with 429."""
        return tuple(c for c in self.calls if c.error == "ratelimited")

    @property
    def scopes_used(self) -> frozenset[str]:
        """The scopes that were needed so far, ``commands`` too once one was typed."""
        with self._state.lock:
            return frozenset(self._state.scopes_used)

    @property
    def connections(self) -> int:
        """Open Socket Mode connections."""
        with self._state.lock:
            return self._state.connections

    def wait_for(self, predicate: Callable[[Self], _Found | None], timeout_s: float = 30.0) -> _Found:
        """Wait until ``predicate(self)`` is truthy and return it; it is asked after every change.

        The predicate holds the workspace's lock: it may look, not act.

        Raises:
            TimeoutError: It stayed falsy.
        """
        give_up = time.monotonic() + timeout_s
        with self._state.lock:
            while not (found := predicate(self)):
                left_s = give_up - time.monotonic()
                if left_s <= 0:
                    raise TimeoutError(f"not so within {timeout_s} s; refused calls: {self.rejected}")
                self._state.lock.wait(left_s)
            return found

    def wait_connected(self, connections: int = 1, timeout_s: float = 30.0) -> None:
        """Wait until that many Socket Mode connections are open."""
        self.wait_for(lambda slack: slack.connections >= connections, timeout_s)
