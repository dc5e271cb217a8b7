"""When is something sent, listed, fetched, cancelled or given up? A state machine that touches nothing.

It is told what AWS said and what time it is, and answers with actions; ``adapters.aws_ssm`` performs them. Each host
ends in exactly one ``Deliver``. Times are seconds of one clock that never goes back.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from bot.collection.asked import FIRST_POLL_S, AskedCommand, SilentHost
from bot.collection.conversation import (
    Abort,
    Action,
    Cancel,
    Deliver,
    Describe,
    Described,
    Event,
    Fetch,
    InvalidIds,
    Invocation,
    Listed,
    ListFailed,
    ListPage,
    Output,
    OutputFailed,
    SendFailed,
    Sent,
)
from bot.collection.fetching import Fetching
from bot.collection.pieced import Pieced
from bot.collection.sending import BATCH, Keeping, Sending
from bot.collection.statuses import ending, judge, lost
from bot.model import Missed, MissReason, SentCommand, Snapshot

READ_PATIENCE_S = 20.0  # output may lag behind its status (S3 uploads do)
DESCRIBE_EVERY_S = 30.0
_UNFINISHED = frozenset({MissReason.EMPTY_OUTPUT, MissReason.CUT_OUTPUT})


class Tracker:
    """The state of one run's collection.

    Args:
        hosts: Ids to ask; each gets exactly one ``Deliver``.
        read: Turns a host's raw output into its outcome (pure: ``answer.read``).
        bucket: Whether outputs go through a bucket.
        deadline: The time at which silent hosts are given up.
        jitter: Returns numbers from 0 up to 1; spreads the polls of runs that began together.
    """

    def __init__(
        self,
        hosts: Sequence[str],
        *,
        read: Callable[[str, bytes], Snapshot | Missed | Pieced],
        bucket: bool,
        deadline: float,
        jitter: Callable[[], float],
    ) -> None:
        self._read = read
        self._bucket = bucket
        self.deadline = deadline
        self._jitter = jitter
        self._silent = {host: SilentHost() for host in hosts}
        numbers = itertools.count(1)
        self._sending = Sending(numbers)
        self._fetching = Fetching(numbers, jitter)
        self._keeping = Keeping()
        self._commands: dict[str, AskedCommand] = {}
        self._describe_at = math.inf

    @property
    def done(self) -> bool:
        """Whether every host has its outcome."""
        return not self._silent

    @property
    def wakes_at(self) -> float:
        """When ``tick`` next has something to do, if AWS says nothing before."""
        polls = [command.poll_at for command in self._commands.values()]
        reads = [host.read_at for host in self._silent.values()]
        return min([self.deadline, self._describe_at, self._fetching.wakes_at, *polls, *reads])

    def begin(self, now: float, sent: Iterable[SentCommand] = ()) -> tuple[Action, ...]:
        """Return the first sends; call once.

        Args:
            sent: Commands of a former process: they are listed at once, and their hosts are not sent to again.
        """
        self._describe_at = now + DESCRIBE_EVERY_S
        for command in sent:
            self._follow(command.id, command.hosts, now, poll_at=now)
        return self._sending.send([host for host, record in self._silent.items() if not record.command])

    def tick(self, now: float) -> tuple[Action, ...]:
        """Return what is due by now."""
        if now >= self.deadline:
            return self._give_up(MissReason.DEADLINE)
        actions: list[Action] = []
        for name, command in self._commands.items():
            if now >= command.poll_at:
                command.poll_at = math.inf
                if any(map(self._waits, command.hosts)):
                    actions.append(ListPage(name))
        for host, record in self._silent.items():
            if now >= record.read_at:
                record.read_at = math.inf
                actions.append(Fetch(host, record.command, record.url, record.from_bucket))
        actions += self._fetching.tick(now)
        if now >= self._describe_at:
            self._describe_at = now + DESCRIBE_EVERY_S
            waiting = (*filter(self._waits, self._silent), *self._fetching.hosts)
            if waiting:
                actions.append(Describe(waiting))
        return tuple(actions)

    def stop(self) -> tuple[Action, ...]:
        """A person cancelled or finished early: give up what is silent."""
        return self._give_up(MissReason.CANCELLED)

    def receive(self, event: Event, now: float) -> tuple[Action, ...]:
        """Take in what AWS said and return what follows from it."""
        if self._fetching.owns(event):
            actions, outcomes = self._fetching.receive(event, now)
            ends = [action for outcome in outcomes for action in self._end(outcome)]
            return (*actions, *ends, *self._keeping.drops(BATCH if self._fetching.hosts else 1))
        match event:
            case Sent():
                return self._sent(event, now)
            case InvalidIds():
                return (*self._sending.invalid(event), *self._settle())
            case SendFailed():
                self._sending.failed(event)
                return self._settle()
            case Listed():
                return self._listed(event, now)
            case ListFailed():
                return self._list_failed(event, now)
            case Output():
                return self._output(event, now)
            case OutputFailed():
                return self._output_failed(event, now)
            case Described():
                return self._described(event)

    # --- sending ---

    def _sent(self, event: Sent, now: float) -> tuple[Action, ...]:
        self._follow(event.command, self._sending.sent(event), now, poll_at=now + FIRST_POLL_S)
        return self._settle()

    def _follow(self, name: str, hosts: Iterable[str], now: float, *, poll_at: float) -> None:
        """Have a command listed for those of its hosts that no other command has asked."""
        mine = tuple(host for host in hosts if host in self._silent and not self._silent[host].command)
        self._commands[name] = AskedCommand(mine, now, poll_at)
        for host in mine:
            self._silent[host].command = name

    def _settle(self) -> tuple[Action, ...]:
        settled = self._sending.settle(any_sent=bool(self._commands))
        if isinstance(settled, Abort):
            self._silent.clear()
            return (settled,)
        return tuple(action for missed in settled for action in self._end(missed))

    # --- listing ---

    def _waits(self, host: str) -> bool:
        """Whether a command was sent to the host, and SSM is not through with it."""
        record = self._silent.get(host)
        return record is not None and bool(record.command) and record.ended is None

    def _listed(self, event: Listed, now: float) -> tuple[Action, ...]:
        command = self._commands[event.command]
        command.failures = 0
        actions: list[Action] = []
        for invocation in event.invocations:
            command.seen[invocation.host] = now
            if self._waits(invocation.host):
                actions += self._said(invocation, now)
        if event.token:
            return (*actions, ListPage(event.command, event.token))
        unlisted = filter(self._waits, command.unlisted(now))
        actions += self._miss(unlisted, MissReason.UNDELIVERABLE, "SSM does not list the command for it")
        command.poll_later(now, self._jitter)
        return tuple(actions)

    def _list_failed(self, event: ListFailed, now: float) -> tuple[Action, ...]:
        command = self._commands[event.command]
        if not command.failed(lasting=event.lasting):
            command.poll_later(now, self._jitter)
            return ()
        waiting = tuple(filter(self._waits, command.hosts))
        return (Cancel(event.command, waiting), *self._miss(waiting, MissReason.ACCESS_DENIED, event.message))

    def _said(self, invocation: Invocation, now: float) -> tuple[Action, ...]:
        record = self._silent[invocation.host]
        record.details = invocation.details or invocation.status
        ended = ending(invocation.status, invocation.details)
        if ended is None:
            return ()
        from_bucket = self._bucket and ended.bucket
        if not from_bucket and not ended.api:
            return self._miss((invocation.host,), ended.reason or MissReason.EMPTY_OUTPUT, ended.detail)
        record.ended = ended
        record.url = invocation.url
        record.from_bucket = from_bucket
        record.give_up_at = now + (READ_PATIENCE_S if ended.api else 0.0)
        return (Fetch(invocation.host, record.command, record.url, record.from_bucket),)

    # --- reading ---

    def _output(self, event: Output, now: float) -> tuple[Action, ...]:
        record = self._silent.get(event.host)
        if record is None or record.ended is None:
            return ()
        outcome = self._read(event.host, event.raw)
        if isinstance(outcome, Pieced):
            self._fetching.add(outcome, now)
            return ()
        if isinstance(outcome, Snapshot):
            return self._end(outcome)
        final = judge(outcome, record.ended, event.exit_code)
        if outcome.reason in _UNFINISHED:
            return self._read_again(final, record, now)
        return self._end(final)

    def _output_failed(self, event: OutputFailed, now: float) -> tuple[Action, ...]:
        record = self._silent.get(event.host)
        if record is None or record.ended is None:
            return ()
        if event.lasting:
            record.give_up_at = now
        reason = MissReason.ACCESS_DENIED if event.lasting else MissReason.EMPTY_OUTPUT
        record.trouble = event.message
        return self._read_again(judge(Missed(event.host, reason), record.ended, None), record, now)

    def _read_again(self, outcome: Missed, record: SilentHost, now: float) -> tuple[Action, ...]:
        match record.read_again(outcome, now):
            case Fetch() as fetch:
                return (fetch,)
            case Missed() as missed:
                return self._end(missed)
            case None:
                return ()

    # --- ending ---

    def _described(self, event: Described) -> tuple[Action, ...]:
        actions: list[Action] = []
        for host in event.asked:
            refused = self._sending.refused(host)
            state = "" if event.states is None else event.states.get(host, "terminated")
            if not refused and not self._waits(host) and host not in self._fetching.hosts:
                continue
            if (missed := lost(host, state, refused=refused)) is not None:
                actions += self._end(missed)
        return tuple(actions)

    def _give_up(self, reason: MissReason) -> tuple[Action, ...]:
        cancels = [
            Cancel(name, waiting)
            for name, command in self._commands.items()
            if (waiting := tuple(filter(self._waits, command.hosts)))
        ]
        missed = [
            Deliver(Missed(host, reason, self._fetching.progress(host) or record.silence))
            for host, record in self._silent.items()
        ]
        keeping = self._fetching.hosts if self._bucket else self._silent
        self._keeping.add(*(host for host in keeping if self._silent[host].command))
        self._silent.clear()
        return (*missed, *cancels, *self._keeping.drops(1))

    def _miss(self, hosts: Iterable[str], reason: MissReason, detail: str) -> tuple[Action, ...]:
        return tuple(action for host in tuple(hosts) for action in self._end(Missed(host, reason, detail)))

    def _end(self, outcome: Snapshot | Missed) -> tuple[Action, ...]:
        host = outcome.host if isinstance(outcome, Missed) else outcome.host.id
        if self._silent.pop(host, None) is None:
            return ()
        if self._fetching.forget(host):
            self._keeping.add(host)
        return (Deliver(outcome),)
