"""Two threads speak of one run: the one that announces its place in the queue, and its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from bot.errors import DiffyError
from bot.model import Message, Progress, RunState
from tests.workflows.parts import WAIT_S, ManualClock, run
from tests.workflows.test_thread import HeldChat, thread

WAITS = Progress(RunState.QUEUED, place=2)


@dataclass
class SlowChat(HeldChat):
    """Its first edit is on its way until it is let go."""

    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def update(self, channel: str, ts: str, message: Message) -> None:
        if not self.reached.is_set():
            self.reached.set()
            assert self.go.wait(WAIT_S)
        super().update(channel, ts, message)


def test_an_edit_on_its_way_never_takes_the_place_of_the_verdict() -> None:
    """Slack asks for a pause while the place in the queue is announced; meanwhile the run is through."""
    chat, clock = SlowChat(), ManualClock()
    shown, asked = thread(chat, clock), replace(run(), message_ts="1.0")
    announcing = threading.Thread(target=shown.progress, args=(asked, WAITS))
    announcing.start()
    assert chat.reached.wait(WAIT_S)

    ending = threading.Thread(target=shown.ended, args=(asked, DiffyError("The run was cancelled.")))
    ending.start()
    ending.join(0.2)
    chat.go.set()
    announcing.join(WAIT_S)
    ending.join(WAIT_S)

    assert "cancelled" in str(chat.edits[-1].blocks)


def test_an_edit_that_comes_after_the_verdict_is_dropped() -> None:
    """The announcing thread was late: its word is an old one."""
    chat, clock = HeldChat(), ManualClock()
    shown, asked = thread(chat, clock), replace(run(), message_ts="1.0")
    clock.ticks = 100.0
    shown.ended(asked, DiffyError("The run was cancelled."))
    clock.ticks = 200.0

    shown.progress(asked, WAITS)

    assert len(chat.edits) == 1
