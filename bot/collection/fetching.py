"""When is which further piece of a large answer asked of which hosts, and when is it given up? Part of the tracker."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bot.collection.asked import FIRST_POLL_S, GRACE_S, LASTING_FAILURES, POLL_GROWTH
from bot.collection.conversation import (
    Action,
    Event,
    Fetch,
    InvalidIds,
    Listed,
    ListFailed,
    ListPage,
    Output,
    OutputFailed,
    Send,
    SendFailed,
    Sent,
)
from bot.collection.pieced import Pieced
from bot.collection.sending import BATCH
from bot.collection.statuses import ending
from bot.model import Missed, MissReason, Snapshot

IN_FLIGHT = 4  # commands a host: its agent runs five at once, and one is left for others
LINGER_S = 0.5  # hosts that want the same piece meanwhile share a command
TRIES = 2  # a piece is asked for again once
SLOWEST_POLL_S = 6.0
READS = 4  # of an output that lags behind its status
READ_AGAIN_S = 1.0

Outcome = Snapshot | Missed


@dataclass(slots=True)
class _Wanted:
    pieced: Pieced
    flying: set[int] = field(default_factory=set)
    tries: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class _Command:
    """``waiting``: hosts whose piece has not come, with how often its output was sought; ``read_at``: when next."""

    number: int
    waiting: dict[str, int]
    sent_at: float
    poll_at: float
    delay_s: float = FIRST_POLL_S
    failures: int = 0
    read_at: dict[str, float] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)


class Fetching:
    """The hosts whose answers came in part.

    Args:
        batches: Numbers for ``Send``, shared with the tracker.
        jitter: As the tracker's.
    """

    def __init__(self, batches: Iterator[int], jitter: Callable[[], float]) -> None:
        self._numbers = batches
        self._jitter = jitter
        self._wanted: dict[str, _Wanted] = {}
        self._batches: dict[int, Send] = {}
        self._commands: dict[str, _Command] = {}
        self._past: set[str] = set()
        self._send_at = math.inf

    @property
    def hosts(self) -> tuple[str, ...]:
        """Those of which pieces are still to come."""
        return tuple(self._wanted)

    @property
    def wakes_at(self) -> float:
        """When ``tick`` next has something to do."""
        times = [self._send_at]
        for command in self._commands.values():
            times += [command.poll_at, *command.read_at.values()]
        return min(times)

    def add(self, pieced: Pieced, now: float) -> None:
        """Begin to fetch the rest of a host's answer; nothing when that was begun."""
        if pieced.host not in self._wanted:
            self._wanted[pieced.host] = _Wanted(pieced)
            self._send_soon(now)

    def forget(self, host: str) -> bool:
        """Fetch nothing more of a host; return whether something was to be fetched."""
        return self._wanted.pop(host, None) is not None

    def progress(self, host: str) -> str:
        """Say how much of a host's answer is here; empty when it is not being fetched."""
        wanted = self._wanted.get(host)
        if wanted is None:
            return ""
        pieced = wanted.pieced
        return f"{pieced.count - len(pieced.missing)} of {pieced.count} pieces of its answer had arrived"

    def owns(self, event: Event) -> bool:
        """Whether the event answers one of our commands."""
        match event:
            case Sent(batch=batch) | InvalidIds(batch=batch) | SendFailed(batch=batch):
                return batch in self._batches
            case (
                Listed(command=command)
                | ListFailed(command=command)
                | Output(command=command)
                | OutputFailed(command=command)
            ):
                return command in self._commands or command in self._past
        return False

    def tick(self, now: float) -> tuple[Action, ...]:
        """Return what is due by now."""
        actions: list[Action] = []
        for name, command in self._commands.items():
            if now >= command.poll_at:
                command.poll_at = math.inf
                actions.append(ListPage(name))
            for host in [host for host, at in command.read_at.items() if now >= at]:
                del command.read_at[host]
                actions.append(Fetch(host, name, "", from_bucket=False))
        if now >= self._send_at:
            self._send_at = math.inf
            actions += self._sends()
        return tuple(actions)

    def receive(self, event: Event, now: float) -> tuple[tuple[Action, ...], tuple[Outcome, ...]]:
        """Take in what AWS said; return what to do, and the hosts that are through."""
        match event:
            case Sent():
                send = self._batches.pop(event.batch)
                waiting = dict.fromkeys((host for host in send.hosts if host in self._wanted), 0)
                self._commands[event.command] = _Command(send.piece, waiting, now, now + FIRST_POLL_S)
            case SendFailed():
                send = self._batches.pop(event.batch)
                return (), self._lost(send.hosts, send.piece, event.message, now)
            case InvalidIds():
                send = self._batches.pop(event.batch)
                named = event.named or send.hosts
                for host in set(send.hosts) - set(named):
                    if host in self._wanted:
                        self._wanted[host].flying.discard(send.piece)
                        self._send_soon(now)
                return (), self._lost(named, send.piece, "SSM does not take commands for it", now)
            case Listed() if event.command in self._commands:
                return self._listed(event, self._commands[event.command], now)
            case ListFailed() if event.command in self._commands:
                return (), self._list_failed(event, self._commands[event.command], now)
            case Output() | OutputFailed() if event.command in self._commands:
                return (), self._output(event, self._commands[event.command], now)
        return (), ()

    def _send_soon(self, now: float) -> None:
        self._send_at = min(self._send_at, now + LINGER_S)

    def _sends(self) -> Iterator[Send]:
        need: defaultdict[int, list[str]] = defaultdict(list)
        for host, wanted in self._wanted.items():
            for number in wanted.pieced.missing:
                if len(wanted.flying) >= IN_FLIGHT:
                    break
                if number not in wanted.flying:
                    wanted.flying.add(number)
                    need[number].append(host)
        for number, hosts in sorted(need.items()):
            for at in range(0, len(hosts), BATCH):
                send = Send(next(self._numbers), tuple(hosts[at : at + BATCH]), piece=number)
                self._batches[send.batch] = send
                yield send

    def _listed(
        self, event: Listed, command: _Command, now: float
    ) -> tuple[tuple[Action, ...], tuple[Outcome, ...]]:
        command.failures = 0
        actions: list[Action] = []
        lost: list[Outcome] = []
        seen = {invocation.host: invocation for invocation in event.invocations}
        for host in [host for host in command.waiting if host in seen and host not in command.ended]:
            ended = ending(seen[host].status, seen[host].details)
            if ended is not None and ended.api:
                command.ended.add(host)
                actions.append(Fetch(host, event.command, "", from_bucket=False))
            elif ended is not None:
                lost += self._give_back(command, host, ended.detail, now)
        if event.token:
            return (*actions, ListPage(event.command, event.token)), tuple(lost)
        if now - command.sent_at > GRACE_S:
            for host in [h for h in command.waiting if h not in seen and h not in command.ended]:
                lost += self._give_back(command, host, "SSM does not list the command for it", now)
        self._poll_again(event.command, command, now)
        return tuple(actions), tuple(lost)

    def _list_failed(self, event: ListFailed, command: _Command, now: float) -> tuple[Outcome, ...]:
        command.failures = command.failures + 1 if event.lasting else 0
        lost: list[Outcome] = []
        if command.failures >= LASTING_FAILURES:
            for host in tuple(command.waiting):
                lost += self._give_back(command, host, event.message, now)
        self._poll_again(event.command, command, now)
        return tuple(lost)

    def _poll_again(self, name: str, command: _Command, now: float) -> None:
        """List again while a host's end is not known; a command that no host waits for any more is past."""
        for host in [host for host in command.waiting if host not in self._wanted]:
            del command.waiting[host]
            command.read_at.pop(host, None)
        if not command.waiting:
            self._commands.pop(name, None)
            self._past.add(name)
        elif any(host not in command.ended for host in command.waiting):
            command.poll_at = now + command.delay_s * (0.75 + self._jitter() / 2)
            command.delay_s = min(SLOWEST_POLL_S, command.delay_s * POLL_GROWTH)

    def _output(self, event: Output | OutputFailed, command: _Command, now: float) -> tuple[Outcome, ...]:
        wanted = self._wanted.get(event.host)
        outcomes: tuple[Outcome, ...] = ()
        if wanted is not None and event.host in command.waiting:
            outcomes = self._taken(event, command, wanted, now)
        if math.isinf(command.poll_at):
            self._settle(event.command, command)
        return outcomes

    def _settle(self, name: str, command: _Command) -> None:
        if not any(host in self._wanted for host in command.waiting):
            self._commands.pop(name, None)
            self._past.add(name)

    def _taken(
        self, event: Output | OutputFailed, command: _Command, wanted: _Wanted, now: float
    ) -> tuple[Outcome, ...]:
        raw = event.raw if isinstance(event, Output) else b""
        lasting = isinstance(event, OutputFailed) and event.lasting
        command.waiting[event.host] += 1
        if not raw and not lasting and command.waiting[event.host] < READS:
            command.read_at[event.host] = now + READ_AGAIN_S
            return ()
        trouble = (
            event.message if isinstance(event, OutputFailed) else wanted.pieced.take(command.number, raw)
        )
        if trouble:
            return self._give_back(command, event.host, trouble, now)
        del command.waiting[event.host]
        wanted.flying.discard(command.number)
        if wanted.pieced.missing:
            self._send_soon(now)
            return ()
        return (wanted.pieced.whole(),)

    def _give_back(self, command: _Command, host: str, why: str, now: float) -> tuple[Outcome, ...]:
        command.waiting.pop(host, None)
        command.read_at.pop(host, None)
        return self._lost((host,), command.number, why, now)

    def _lost(self, hosts: tuple[str, ...], number: int, why: str, now: float) -> tuple[Outcome, ...]:
        """Ask for a piece once more; a host of which it is lost again is missed."""
        outcomes: list[Outcome] = []
        for host in hosts:
            wanted = self._wanted.get(host)
            if wanted is None:
                continue
            wanted.flying.discard(number)
            wanted.tries[number] += 1
            if wanted.tries[number] < TRIES:
                self._send_soon(now)
                continue
            detail = f"piece {number} of {wanted.pieced.count} of its answer did not come: {why}"
            outcomes.append(Missed(host, MissReason.CUT_OUTPUT, detail))
        return tuple(outcomes)
