"""What does a live run write down as it goes, so that another process can go on where it was cut off?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.hosts import Group, Missed
from bot.model.runs import SentCommand


@dataclass(frozen=True, slots=True)
class Begun:
    """The run knows its group and is about to ask it.

    Attributes:
        at: Aware UTC; no command of the run is older.
        deadline: Aware UTC; after it silent hosts are given up, whichever process is asking then.
    """

    at: datetime
    deadline: datetime
    group: Group


@dataclass(frozen=True, slots=True)
class Arrived:
    """A host's answer is stored: its digest, and the queries that it could not answer."""

    host: str
    digest: str
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Shown:
    """A part of what the run has to say was posted, under this ts; an empty one: it was about to be, once."""

    what: str
    ts: str = ""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """A person asked the run to finish early or to cancel."""

    ending: str
    by: str


Entry = Begun | SentCommand | Arrived | Missed | Shown | StopAsked


@dataclass(frozen=True, slots=True)
class Trace:
    """All that former processes wrote down of one run; empty for a run that begins.

    Attributes:
        arrived: By host id.
        missed: By host id; only those that were asked, not those known beforehand not to answer.
        shown: Message ts by what it says.
    """

    begun: Begun | None = None
    sent: tuple[SentCommand, ...] = ()
    arrived: Mapping[str, Arrived] = field(default_factory=dict)
    missed: Mapping[str, Missed] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    stop: StopAsked | None = None


def trace_of(entries: Iterable[Entry]) -> Trace:
    """Return what the entries amount to; of two that say the same, the first counts (of a stop, too)."""
    begun: Begun | None = None
    stop: StopAsked | None = None
    sent: dict[str, SentCommand] = {}
    arrived: dict[str, Arrived] = {}
    missed: dict[str, Missed] = {}
    shown: dict[str, str] = {}
    for entry in entries:
        match entry:
            case Begun():
                begun = begun or entry
            case SentCommand():
                sent.setdefault(entry.id, entry)
            case Arrived():
                arrived.setdefault(entry.host, entry)
            case Missed():
                missed.setdefault(entry.host, entry)
            case Shown():
                shown[entry.what] = shown.get(entry.what) or entry.ts
            case StopAsked():
                stop = stop or entry
    return Trace(begun, tuple(sent.values()), arrived, missed, shown, stop)
