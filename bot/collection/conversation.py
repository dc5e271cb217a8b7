"""What can be asked of AWS while a run collects, and what can it say? The words between tracker and adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model import Missed, MissReason, Snapshot

# --- what the adapter is to do ---


@dataclass(frozen=True, slots=True)
class Send:
    """Send the script to these hosts, at most 50; or, when ``piece`` is not 0, the one that prints that piece."""

    batch: int
    hosts: tuple[str, ...]
    piece: int = 0


@dataclass(frozen=True, slots=True)
class Drop:
    """Tell these hosts, at most 50, to remove what they keep of their answers; best effort."""

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListPage:
    """Ask for one page of a command's invocations; an empty token means the first."""

    command: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read one host's output: from the bucket (``url`` where AWS named one), or what the API kept of it."""

    host: str
    command: str
    url: str
    from_bucket: bool


@dataclass(frozen=True, slots=True)
class Describe:
    """Ask EC2 whether these hosts still run."""

    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """Ask AWS to end the command on these hosts; best effort."""

    command: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand this on: the one and final word on a host."""

    outcome: Snapshot | Missed


@dataclass(frozen=True, slots=True)
class Abort:
    """Nothing could be sent at all: fail the whole collection with this sentence and hint."""

    message: str
    hint: str


Action = Send | Drop | ListPage | Fetch | Describe | Cancel | Deliver | Abort

# --- what AWS said ---


@dataclass(frozen=True, slots=True)
class Sent:
    """A batch became a command."""

    batch: int
    command: str


@dataclass(frozen=True, slots=True)
class InvalidIds:
    """The batch was refused as a whole for these ids; empty when AWS did not name them."""

    batch: int
    named: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SendFailed:
    """The batch could not be sent, and trying again would not help."""

    batch: int
    reason: MissReason
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Invocation:
    """One host's line in a command's list: status, its details, and where the output is, once AWS says so."""

    host: str
    status: str
    details: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """One page; ``token`` is empty on the last."""

    command: str
    invocations: tuple[Invocation, ...]
    token: str = ""


@dataclass(frozen=True, slots=True)
class ListFailed:
    """A page could not be had. ``lasting``: not a matter of load or network (permission, credentials)."""

    command: str
    message: str
    lasting: bool


@dataclass(frozen=True, slots=True)
class Output:
    """What was found of a host's output; empty when nothing is there yet. ``exit_code`` None: not known.

    ``command``: whose output it is.
    """

    host: str
    raw: bytes
    exit_code: int | None = None
    command: str = ""


@dataclass(frozen=True, slots=True)
class OutputFailed:
    """The output could not be read. ``lasting`` as for lists."""

    host: str
    message: str
    lasting: bool
    command: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """EC2's state by host id; ids that EC2 no longer knows are left out. None: EC2 could not say.

    ``asked``: all that were asked for.
    """

    asked: tuple[str, ...]
    states: Mapping[str, str] | None


Event = Sent | InvalidIds | SendFailed | Listed | ListFailed | Output | OutputFailed | Described
