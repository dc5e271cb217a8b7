"""When is something sent, listed, fetched, cancelled or given up? A state machine that touches nothing.

It is told what AWS said and what time it is, and answers with actions; ``adapters.aws_ssm`` performs them. Each host
ends in exactly one ``Deliver``. Times are seconds of one clock that never goes back.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence

from bot.collection import fetching
from bot.collection.asked import FIRST_POLL_S, AskedCommand, SilentHost
from bot.collection.conversation import (
    Abort,
    Action,
    Cancel,
    Deliver,
    Describe,
    Described,
    Drop,
    Event,
    Fetch,
    InvalidIds,
    Invocation,
    Listed,
    ListFailed,
    ListPage,
    Output,
    OutputFailed,
    Send,
    SendFailed,
    Sent,
)
from bot.collection.fetching import Fetching
from bot.collection.pieced import Pieced
from bot.collection.statuses import ending, judge, silence
from bot.model import Missed, MissReason, SentCommand, Snapshot

BATCH = fetching.BATCH
GRACE_S = fetching.GRACE_S
SLOWEST_POLL_S, POLL_GROWTH = 12.0, fetching.POLL_GROWTH
LASTING_FAILURES = fetching.LASTING_FAILURES
READ_PATIENCE_S = 20.0  # output may lag behind its status (S3 uploads do)
SLOWEST_READ_S = 5.0
DESCRIBE_EVERY_S = 30.0
_GONE = frozenset({"shutting-down", "terminated"})
_STOPPED = frozenset({"stopping", "stopped"})
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
        self._batches: dict[int, tuple[str, ...]] = {}
        self._numbers = itertools.count(1)
        self._fetching = Fetching(self._numbers, jitter)
        self._keeping: list[str] = []  # hosts that are through and still keep their answers
        self._commands: dict[str, AskedCommand] = {}
        self._describe_at = math.inf
        self._refused: set[str] = set()
        self._unsent: list[tuple[SendFailed, tuple[str, ...]]] = []

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
            mine = tuple(
                host for host in command.hosts if host in self._silent and not self._silent[host].command
            )
            self._commands[command.id] = AskedCommand(mine, now, now)
            for host in mine:
                self._silent[host].command = command.id
        hosts = tuple(host for host, record in self._silent.items() if not record.command)
        return tuple(self._send(hosts[at : at + BATCH]) for at in range(0, len(hosts), BATCH))

    def tick(self, now: float) -> tuple[Action, ...]:
        """Return what is due by now."""
        if now >= self.deadline:
            return self._give_up(MissReason.DEADLINE)
        actions: list[Action] = []
        for name, command in self._commands.items():
            if now >= command.poll_at:
                command.poll_at = math.inf
                if any(self._waits(host) for host in command.hosts):
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
            return (*actions, *ends, *self._drops(BATCH if self._fetching.hosts else 1))
        match event:
            case Sent():
                return self._sent(event, now)
            case InvalidIds():
                return self._invalid(event)
            case SendFailed():
                return self._send_failed(event)
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

    def _send(self, hosts: tuple[str, ...]) -> Send:
        number = next(self._numbers)
        self._batches[number] = hosts
        return Send(number, hosts)

    def _sent(self, event: Sent, now: float) -> tuple[Action, ...]:
        hosts = tuple(host for host in self._batches.pop(event.batch) if host in self._silent)
        self._commands[event.command] = AskedCommand(hosts, now, now + FIRST_POLL_S)
        for host in hosts:
            self._silent[host].command = event.command
        return self._settle()

    def _invalid(self, event: InvalidIds) -> tuple[Action, ...]:
        """One bad id fails the whole call: ask EC2 about the named, send to the rest; unnamed ones are searched by halves."""
        hosts = self._batches.pop(event.batch)
        named = tuple(host for host in hosts if host in event.named)
        if not named and len(hosts) > 1:
            middle = len(hosts) // 2
            return (self._send(hosts[:middle]), self._send(hosts[middle:]))
        named = named or hosts
        rest = tuple(host for host in hosts if host not in named)
        self._refused |= set(named)
        return (Describe(named), self._send(rest)) if rest else (Describe(named), *self._settle())

    def _send_failed(self, event: SendFailed) -> tuple[Action, ...]:
        self._unsent.append((event, self._batches.pop(event.batch)))
        return self._settle()

    def _settle(self) -> tuple[Action, ...]:
        """Once no batch is on its way: what could not be sent is missed, or, when nothing could, everything fails."""
        if self._batches or not self._unsent:
            return ()
        if not self._commands:
            self._silent.clear()
            return (Abort(self._unsent[0][0].message, self._unsent[0][0].hint),)
        unsent, self._unsent = self._unsent, []
        return tuple(
            action for event, hosts in unsent for action in self._miss(hosts, event.reason, event.message)
        )

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
        for host in command.hosts:
            last = command.seen.get(host, command.sent_at)
            if self._waits(host) and now - last > GRACE_S:
                actions += self._miss(
                    (host,), MissReason.UNDELIVERABLE, "SSM does not list the command for it"
                )
        self._poll_again(command, now)
        return tuple(actions)

    def _poll_again(self, command: AskedCommand, now: float) -> None:
        command.poll_at = now + command.delay_s * (0.75 + self._jitter() / 2)
        command.delay_s = min(SLOWEST_POLL_S, command.delay_s * POLL_GROWTH)

    def _list_failed(self, event: ListFailed, now: float) -> tuple[Action, ...]:
        command = self._commands[event.command]
        command.failures = command.failures + 1 if event.lasting else 0
        if command.failures < LASTING_FAILURES:
            self._poll_again(command, now)
            return ()
        waiting = tuple(host for host in command.hosts if self._waits(host))
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
        """Come back later; when patience is over, take what the API kept, and after that the outcome."""
        if now + record.delay_s <= record.give_up_at:
            record.read_at = now + record.delay_s
            record.delay_s = min(SLOWEST_READ_S, record.delay_s * 2)
            return ()
        if record.from_bucket and record.ended is not None and record.ended.api:
            record.from_bucket = False
            record.trouble = record.trouble or "nothing whole reached the output bucket"
            return (Fetch(outcome.host, record.command, "", from_bucket=False),)
        detail = "; ".join(part for part in (outcome.detail, record.trouble) if part)
        return self._end(Missed(outcome.host, outcome.reason, detail))

    # --- ending ---

    def _described(self, event: Described) -> tuple[Action, ...]:
        actions: list[Action] = []
        for host in event.asked:
            refused = host in self._refused
            state = "" if event.states is None else event.states.get(host, "terminated")
            if not refused and not self._waits(host) and host not in self._fetching.hosts:
                continue
            if state in _GONE:
                actions += self._miss((host,), MissReason.GONE, "the instance was terminated")
            elif state in _STOPPED:
                actions += self._miss((host,), MissReason.UNDELIVERABLE, "the instance was stopped")
            elif refused:
                actions += self._miss((host,), MissReason.UNDELIVERABLE, "SSM does not take commands for it")
        return tuple(actions)

    def _give_up(self, reason: MissReason) -> tuple[Action, ...]:
        cancels = [
            Cancel(name, waiting)
            for name, command in self._commands.items()
            if (waiting := tuple(host for host in command.hosts if self._waits(host)))
        ]
        missed = [
            Deliver(
                Missed(
                    host,
                    reason,
                    self._fetching.progress(host)
                    or silence(record.command, record.details, ended=record.ended is not None),
                )
            )
            for host, record in self._silent.items()
        ]
        keeping = self._fetching.hosts if self._bucket else self._silent
        self._keeping += [host for host in keeping if self._silent[host].command]
        self._silent.clear()
        return (*missed, *cancels, *self._drops(1))

    def _drops(self, least: int) -> tuple[Action, ...]:
        """Have answers removed from the hosts, once so many are through that it is worth a command."""
        if len(self._keeping) < least:
            return ()
        hosts, self._keeping = tuple(self._keeping), []
        return tuple(Drop(hosts[at : at + BATCH]) for at in range(0, len(hosts), BATCH))

    def _miss(self, hosts: Iterable[str], reason: MissReason, detail: str) -> tuple[Action, ...]:
        return tuple(action for host in tuple(hosts) for action in self._end(Missed(host, reason, detail)))

    def _end(self, outcome: Snapshot | Missed) -> tuple[Action, ...]:
        host = outcome.host if isinstance(outcome, Missed) else outcome.host.id
        if self._silent.pop(host, None) is None:
            return ()
        if self._fetching.forget(host):
            self._keeping.append(host)
        return (Deliver(outcome),)
