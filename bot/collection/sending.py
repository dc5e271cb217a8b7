"""Which hosts go into which SendCommand, and what follows when one of those is refused? Part of the tracker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.collection.conversation import Abort, Action, Describe, Drop, InvalidIds, Send, SendFailed, Sent
from bot.model import Missed

BATCH = 50  # instance ids a SendCommand takes


class Keeping:
    """The hosts that are through and still keep their answers."""

    def __init__(self) -> None:
        self._hosts: list[str] = []

    def add(self, *hosts: str) -> None:
        """Have the answers of these hosts removed."""
        self._hosts += hosts

    def drops(self, least: int) -> tuple[Drop, ...]:
        """Send to them, once there are so many that it is worth a command."""
        if len(self._hosts) < least:
            return ()
        hosts, self._hosts = tuple(self._hosts), []
        return tuple(Drop(hosts[at : at + BATCH]) for at in range(0, len(hosts), BATCH))


class Sending:
    """The batches that are on their way, and the hosts that could not be sent to.

    Args:
        batches: Numbers for ``Send``, shared with the tracker.
    """

    def __init__(self, batches: Iterator[int]) -> None:
        self._numbers = batches
        self._batches: dict[int, tuple[str, ...]] = {}
        self._refused: set[str] = set()
        self._unsent: list[tuple[SendFailed, tuple[str, ...]]] = []

    def send(self, hosts: Sequence[str]) -> tuple[Send, ...]:
        """Send to these hosts, in as few batches as can be."""
        return tuple(self._send(tuple(hosts[at : at + BATCH])) for at in range(0, len(hosts), BATCH))

    def refused(self, host: str) -> bool:
        """Whether SSM did not take the host's id."""
        return host in self._refused

    def sent(self, event: Sent) -> tuple[str, ...]:
        """Return the hosts of a batch that was sent."""
        return self._batches.pop(event.batch)

    def invalid(self, event: InvalidIds) -> tuple[Action, ...]:
        """One bad id fails the whole call: ask EC2 about the named, send to the rest; unnamed ones are searched by halves."""
        hosts = self._batches.pop(event.batch)
        named = tuple(host for host in hosts if host in event.named)
        if not named and len(hosts) > 1:
            middle = len(hosts) // 2
            return (self._send(hosts[:middle]), self._send(hosts[middle:]))
        named = named or hosts
        rest = tuple(host for host in hosts if host not in named)
        self._refused |= set(named)
        return (Describe(named), self._send(rest)) if rest else (Describe(named),)

    def failed(self, event: SendFailed) -> None:
        """Note that a batch could not be sent."""
        self._unsent.append((event, self._batches.pop(event.batch)))

    def settle(self, *, any_sent: bool) -> Abort | tuple[Missed, ...]:
        """Once no batch is on its way: what could not be sent is missed, or, when nothing could, everything fails."""
        if self._batches or not self._unsent:
            return ()
        if not any_sent:
            return Abort(self._unsent[0][0].message, self._unsent[0][0].hint)
        unsent, self._unsent = self._unsent, []
        return tuple(Missed(host, event.reason, event.message) for event, hosts in unsent for host in hosts)

    def _send(self, hosts: tuple[str, ...]) -> Send:
        number = next(self._numbers)
        self._batches[number] = hosts
        return Send(number, hosts)
