"""Who may ask for an analysis, who may change what counts as normal, and where?

Decided from memory, so that a listener can answer within Slack's 3 seconds. Three lists: people who may analyse, people who
may change a baseline or a schedule, channels in which either may be asked for. ``*`` stands for every full member, and for
every internal channel; guests, other organisations' people, shared channels and direct messages have to be named by id.
The lists do not imply each other: an approver who should also analyse is named in both.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Literal

from bot.errors import Refused

Action = Literal["analyze", "change"]
EVERYONE = "*"
_SHOWN = 3  # people or channels that a refusal names


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. ``full_member``: neither guest nor bot nor of another organisation; None while that is not known."""

    user_id: str
    full_member: bool | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is asked. ``shared``: with another organisation; None while that is not known."""

    channel_id: str
    shared: bool | None = None

    @property
    def direct(self) -> bool:
        """Whether this is a direct message: Slack's ids of those begin with D."""
        return self.channel_id.startswith("D")


@dataclass(frozen=True, slots=True)
class Access:
    """The rights that the operator gave, as Slack ids or ``*``.

    Attributes:
        guests: Guests that count as full members, so that ``*`` covers them.
        shared_channels: Channels that count as internal though they are shared, so that ``*`` covers them.
        contact: Whom a refused person may ask, in the operator's words; empty: those who have the right.
    """

    analysts: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()
    shared_channels: frozenset[str] = frozenset()
    contact: str = ""

    def may(self, action: Action, person: Person, place: Place) -> None:
        """Return if the person may do this in this place.

        Args:
            action: "analyze": collect and look; "change": take or accept a baseline, make or remove a schedule.

        Raises:
            Refused: The message says what is missing, the hint whom to ask and which setting it is.
        """
        self._check_place(place)
        self._check_person(action, person)

    def _check_place(self, place: Place) -> None:
        if place.channel_id in self.channels:
            return
        if not self.channels:
            raise self._wrong_place("No channel may use Diffy yet.")
        if place.direct:
            raise self._wrong_place("Diffy does not answer in this direct message.")
        if EVERYONE not in self.channels:
            raise self._wrong_place("Diffy does not answer in this channel.")
        if place.channel_id in self.shared_channels:
            return
        if place.shared is None:
            raise _not_known("whether this channel is shared with another organisation")
        if place.shared:
            raise self._wrong_place("Diffy does not answer in a channel shared with another organisation.")

    def _check_person(self, action: Action, person: Person) -> None:
        allowed = self.analysts if action == "analyze" else self.approvers
        may = "analyse" if action == "analyze" else "change a baseline or a schedule"
        setting = "DIFFY_ANALYSTS" if action == "analyze" else "DIFFY_APPROVERS"
        if person.user_id in allowed:
            return
        if not allowed:
            raise Refused(f"Nobody may {may} yet.", self._ask(allowed, setting))
        if EVERYONE not in allowed:
            raise Refused(f"You may not {may}.", self._ask(allowed, setting))
        if person.user_id in self.guests:
            return
        if person.full_member is None:
            raise _not_known("whether you are a full member of this workspace")
        if not person.full_member:
            raise Refused(f"Guests may not {may} unless they are named.", self._ask(allowed, setting))

    def _wrong_place(self, what: str) -> Refused:
        named = sorted(channel for channel in self.channels - {EVERYONE} if not channel.startswith("D"))
        where = " or ".join(f"<#{channel}>" for channel in named[:_SHOWN])
        ask = self._ask(frozenset(), "DIFFY_CHANNELS")
        return Refused(what, f"Use it in {where}. {ask}" if where else ask)

    def _ask(self, holders: Set[str], setting: str) -> str:
        named = sorted(holders - {EVERYONE})[:_SHOWN]
        whom = self.contact or " or ".join(f"<@{user}>" for user in named) or "whoever runs Diffy here"
        return f"Ask {whom} (setting: {setting})."


def _not_known(what: str) -> Refused:
    return Refused(f"Diffy does not know yet {what}.", "Try again in a few seconds.")
