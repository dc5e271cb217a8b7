"""How does a collection go on until every host is accounted for? Lets the tracker decide, and performs it in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from bot.adapters.reading import Reading
from bot.collection import conversation as talk
from bot.collection.tracker import Tracker
from bot.errors import CollectionError
from bot.model import Missed, SentCommand, Snapshot
from bot.ports import Clock, Errand

LONGEST_SLEEP_S = 0.5  # between looks at `stop`


def drive(
    tracker: Tracker,
    perform: Callable[[talk.Action], talk.Event | None],
    deliver: Callable[[Snapshot | Missed], None],
    errand: Errand,
    sent: tuple[SentCommand, ...],
    clock: Clock,
    sleep: Callable[[float], None],
) -> None:
    """Let the tracker say what to do until every host is accounted for, or until the run is left to another process."""
    queue = deque(tracker.begin(clock.monotonic(), sent))
    with Reading(perform) as reading:
        while queue or not tracker.done:
            if errand.leave():
                return
            now = clock.monotonic()
            if not tracker.done and (now >= tracker.deadline or errand.stop()):
                reading.forget()
                queue = deque(action for action in queue if isinstance(action, talk.Deliver | talk.Drop))
                queue.extend(tracker.tick(now) if now >= tracker.deadline else tracker.stop())
            elif not queue:
                queue.extend(tracker.tick(now))
            if reading:
                idle_s = 0.0 if queue else max(0.01, min(LONGEST_SLEEP_S, tracker.wakes_at - now))
                for got in reading.take(idle_s):
                    if got is not None:
                        queue.extend(tracker.receive(got, clock.monotonic()))
            elif not queue:
                sleep(max(0.01, min(LONGEST_SLEEP_S, tracker.wakes_at - now)))
            if not queue:
                continue
            match action := queue.popleft():
                case talk.Deliver(outcome):
                    deliver(outcome)
                case talk.Abort(message, hint):
                    raise CollectionError(message, hint)
                case talk.Fetch(from_bucket=True):
                    reading.ask(action)  # by far the most calls, and S3 takes many at once
                case _:
                    event = perform(action)
                    if event is not None:
                        queue.extend(tracker.receive(event, clock.monotonic()))
