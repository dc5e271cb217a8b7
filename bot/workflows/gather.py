"""How are a group's answers gathered while its progress is shown? The collector has a thread; the run's thread shows."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from bot.errors import CollectionError, DiffyError
from bot.model import Arrived, Begun, Group, Missed, Pack, Progress, Report, RunState, SentCommand, Snapshot
from bot.ports import Errand
from bot.workflows.live import Live
from bot.workflows.presenting import Presenter
from bot.workflows.services import Services
from bot.workflows.stopping import Stopped, check_leave

log = logging.getLogger(__name__)

TICK_S = 0.25
LEAST_LEFT_S = 15.0  # after a restart: time to read what was answered meanwhile, however late it is
WAITING = 16  # answers that may wait to be stored: memory does not grow when hosts answer faster than that


@dataclass(slots=True)
class Gathered:
    """What has arrived, by host id: the digest of each stored snapshot, and the queries it could not answer."""

    digests: dict[str, str] = field(default_factory=dict)
    unknown: dict[str, frozenset[str]] = field(default_factory=dict)
    missed: list[Missed] = field(default_factory=list)

    def in_order(self) -> tuple[str, ...]:
        """The digests by host id, whatever the order of arrival."""
        return tuple(self.digests[host] for host in sorted(self.digests))


_Arrival = Snapshot | Missed | Report | DiffyError | None


def gather(
    live: Live,
    group: Group,
    pack: Pack,
    *,
    services: Services,
    presenter: Presenter,
    judge_so_far: Callable[[Gathered], Report] | None,
) -> Gathered:
    """Ask every host of the group; return what arrived once each is accounted for.

    What a former process gathered for this run is there from the beginning, and those hosts are not asked again.

    Args:
        judge_so_far: Makes the provisional report; None where no provisional verdict is wanted.

    Raises:
        CollectionError: Nothing could be collected at all.
        Stopped: The process is going down; the next one goes on.
    """
    arrivals: queue.SimpleQueue[_Arrival] = queue.SimpleQueue()
    room = threading.Semaphore(WAITING)
    given_up = threading.Event()
    got = _gathered_before(live, group)
    still = _still_to_ask(group, got)
    waiting = dict.fromkeys(host.id for host in still.hosts)
    started = services.clock.monotonic()
    threading.Thread(
        target=_collect,
        args=(live, still, pack, _errand(live, services, given_up), services, arrivals, room),
        name=f"collect-{live.run.id}",
        daemon=True,
    ).start()
    provisional: Report | None = None
    asked_provisional = judge_so_far is None
    try:
        while True:
            check_leave(live)
            try:
                arrival = arrivals.get(timeout=TICK_S)
            except queue.Empty:
                pass
            else:
                if arrival is None:
                    live.progress = _progress(group, got, waiting)
                    return got
                if isinstance(arrival, DiffyError):
                    raise arrival
                if isinstance(arrival, Report):
                    provisional = arrival
                else:
                    room.release()
                    waiting.pop(_take(arrival, got, live, services), None)
            live.progress = _progress(group, got, waiting)
            silent = len(group.hosts) - _accounted(group, got)
            if not asked_provisional and silent and got.digests:
                elapsed = services.clock.monotonic() - started
                share = len(got.digests) / max(1, len(group.known) or len(group.hosts))
                if elapsed >= services.pace.provisional_after_s or share >= services.pace.provisional_share:
                    asked_provisional = True
                    _judge_aside(judge_so_far, got, arrivals)
            if live.ending is None:
                if provisional is None:
                    presenter.progress(live.run, live.progress)
                else:
                    presenter.provisional(live.run, provisional, live.progress)
    except Stopped:
        raise
    except Exception:
        given_up.set()  # nobody takes answers any more: no further host is asked for them
        raise
    finally:
        room.release(len(group.hosts) + 1)  # whatever ends us, the collector gets to its end


def _collect(
    live: Live,
    group: Group,
    pack: Pack,
    errand: Errand,
    services: Services,
    arrivals: queue.SimpleQueue[_Arrival],
    room: threading.Semaphore,
) -> None:
    def deliver(arrival: Snapshot | Missed) -> None:
        room.acquire()
        arrivals.put(arrival)

    try:
        if group.hosts:
            services.collector.collect(group, pack, errand, deliver=deliver)
    except DiffyError as error:
        arrivals.put(error)
    except Exception as error:  # a thread's failure must reach the run, or it waits for ever
        log.exception("run %s: the collection broke off", live.run.id)
        failure = CollectionError(
            f"The collection broke off: {type(error).__name__}.", "The log has the details."
        )
        failure.__cause__ = error
        arrivals.put(failure)
    else:
        arrivals.put(None)


def _judge_aside(
    judge_so_far: Callable[[Gathered], Report] | None, got: Gathered, arrivals: queue.SimpleQueue[_Arrival]
) -> None:
    """Judge a copy of what has arrived in a thread of its own, so that answers keep being taken."""
    copy = Gathered(dict(got.digests), dict(got.unknown), list(got.missed))

    def judge() -> None:
        if judge_so_far is None:
            return
        try:
            arrivals.put(judge_so_far(copy))
        except DiffyError:
            return  # the final verdict will say it; a provisional one is a courtesy

    threading.Thread(target=judge, name="provisional", daemon=True).start()


def begin(live: Live, services: Services) -> Group:
    """Return the group as it was when the run began; resolve and note it where it begins now.

    A restart does not resolve again: who was asked is what the answer is about.
    """
    if live.former.begun is not None:
        return live.former.begun.group
    group = services.inventory.resolve(live.run.target, live.asker)
    now = services.clock.now()
    deadline = now + timedelta(seconds=services.pace.deadline_s)
    services.journal.note(live.run.id, Begun(now, deadline, group))
    return group


def _errand(live: Live, services: Services, given_up: threading.Event) -> Errand:
    def note(sent: SentCommand) -> None:
        if not given_up.is_set():  # else it would begin the journal of an ended run anew
            services.journal.note(live.run.id, sent)

    begun, deadline_s = live.former.begun, services.pace.deadline_s
    if begun is not None:
        left_s = (begun.deadline - services.clock.now()).total_seconds()
        deadline_s = min(max(left_s, LEAST_LEFT_S), deadline_s)
    return Errand(
        live.asker,
        deadline_s,
        lambda: given_up.is_set() or live.stopping(),
        sent=live.former.sent,
        note=note,
        since=begun.at if begun is not None else None,
        leave=live.leaving,
    )


def _gathered_before(live: Live, group: Group) -> Gathered:
    """Return what former processes gathered; no more than what is known beforehand for a run that begins."""
    asked, former = {host.id for host in group.hosts}, live.former
    arrived = [one for host, one in former.arrived.items() if host in asked]
    return Gathered(
        {one.host: one.digest for one in arrived},
        {one.host: one.unknown for one in arrived},
        [*group.missed, *(one for host, one in former.missed.items() if host in asked)],
    )


def _still_to_ask(group: Group, got: Gathered) -> Group:
    heard = got.digests.keys() | {missed.host for missed in got.missed}
    return replace(group, hosts=tuple(host for host in group.hosts if host.id not in heard))


def _take(arrival: Snapshot | Missed, got: Gathered, live: Live, services: Services) -> str:
    """Take in one host's word and return the host; it is noted once it is stored, so that a restart neither asks nor reads it again."""
    if isinstance(arrival, Missed):
        got.missed.append(arrival)
        services.journal.note(live.run.id, arrival)
        return arrival.host
    host = arrival.host.id
    got.digests[host] = digest = services.snapshots.put(arrival)
    services.judge.add(live.run.id, digest)
    got.unknown[host] = frozenset(answer.query for answer in arrival.answers if not answer.known)
    services.journal.note(live.run.id, Arrived(host, digest, got.unknown[host]))
    return host


def _accounted(group: Group, got: Gathered) -> int:
    return len(got.digests) + len(got.missed) - len(group.missed)


def _progress(group: Group, got: Gathered, waiting: Iterable[str]) -> Progress:
    return Progress(
        RunState.COLLECTING,
        targeted=len(group.hosts) + len(group.missed),
        answered=len(got.digests),
        missed=len(got.missed),
        waiting_for=tuple(waiting),
        known_offline=tuple(missed.host for missed in group.missed),
    )
