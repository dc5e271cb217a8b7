"""Who is a user, and what is a channel? Asked of Slack once, then answered from memory for a while."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.adapters.slack_chat import said
from bot.errors import ChatError
from bot.ports import Clock
from bot.workflows.access import Person, Place

FRESH_S = 600.0  # asked again after this long
KEPT_S = 86400.0  # answered from memory for this long, while it is asked again
ABSENT = frozenset({"channel_not_found", "user_not_found", "users_not_found"})


@dataclass(frozen=True, slots=True)
class _Known:
    at: float
    person: Person | None = None
    place: Place | None = None
    member: bool | None = None


class SlackDirectory:
    """Users and channels by id. ``person`` and ``place`` never ask Slack; ``learn`` does."""

    def __init__(self, client: WebClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def person(self, user: str) -> Person | None:
        """What is remembered of a user; None when nothing is."""
        known = self._kept(user)
        return known.person if known else None

    def place(self, channel: str) -> Place | None:
        """What is remembered of a channel; None when nothing is."""
        known = self._kept(channel)
        return known.place if known else None

    def member(self, channel: str) -> bool | None:
        """Whether Diffy is in a channel, as remembered; None when nothing is."""
        known = self._kept(channel)
        return known.member if known else None

    def learn(self, user: str, channel: str) -> None:
        """Ask Slack about whichever of both is not known, or was asked long ago.

        Raises:
            ChatError: Slack did not answer.
        """
        if user and not self._fresh(user):
            self._keep(user, _Known(self._clock.monotonic(), person=self._ask_person(user)))
        if channel and not self._fresh(channel):
            place, member = self._ask_place(channel)
            self._keep(channel, _Known(self._clock.monotonic(), place=place, member=member))

    def forget(self, channel: str) -> None:
        """Drop what is remembered of a channel, since Slack has just said otherwise."""
        with self._lock:
            self._known.pop(channel, None)

    def _fresh(self, key: str) -> bool:
        known = self._kept(key)
        return known is not None and self._clock.monotonic() - known.at <= FRESH_S

    def _kept(self, key: str) -> _Known | None:
        with self._lock:
            known = self._known.get(key)
        if known is None or self._clock.monotonic() - known.at > KEPT_S:
            return None
        return known

    def _keep(self, key: str, known: _Known) -> None:
        with self._lock:
            self._known[key] = known

    def _ask_person(self, user: str) -> Person:
        try:
            found = said(lambda: self._client.users_info(user=user))["user"]
        except ChatError as error:
            if error.code in ABSENT:
                return Person(user, full_member=False)
            raise
        outside = ("is_restricted", "is_ultra_restricted", "is_stranger", "deleted", "is_bot")
        return Person(user, full_member=not any(found.get(flag) for flag in outside))

    def _ask_place(self, channel: str) -> tuple[Place, bool]:
        """Return the channel, and whether Diffy is in it. Direct messages need no asking."""
        if channel.startswith("D"):
            return Place(channel, shared=False), True
        try:
            found = said(lambda: self._client.conversations_info(channel=channel))["channel"]
        except ChatError as error:
            if error.code in ABSENT:  # a private channel without Diffy looks like no channel at all
                return Place(channel, shared=None), False
            raise
        shared = bool(found.get("is_ext_shared") or found.get("is_pending_ext_shared"))
        return Place(channel, shared=shared), bool(found.get("is_member"))
