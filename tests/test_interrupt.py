"""Ctrl-C and SIGTERM on the command line, wherever they interrupt."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from bot.adapters.memory import MemoryStore
from bot.model import Run
from bot.oneshot import _interruptible
from bot.workflows.live import Ending, Live
from tests.workflows.parts import WAIT_S, run, until


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    """Break what hangs, and what would end the process."""

    def breaks(number: int, _: object) -> None:
        raise AssertionError(f"{signal.Signals(number).name}: it hangs, or is not handled")

    former = {number: signal.signal(number, breaks) for number in (signal.SIGALRM, signal.SIGTERM)}
    signal.alarm(WAIT_S)
    yield
    signal.alarm(0)
    for number, handler in former.items():
        signal.signal(number, handler)


class Interrupted(MemoryStore):
    """Somebody presses Ctrl-C, or a pipeline is cancelled, twice, while a run is written down."""

    number = signal.SIGINT

    def save_run(self, run: Run) -> None:
        os.kill(os.getpid(), self.number)
        os.kill(os.getpid(), self.number)
        super().save_run(run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_also_while_the_record_is_being_changed(number: signal.Signals) -> None:
    """The handler runs in the main thread, which may hold the lock of the very run that is to be cancelled."""
    store = Interrupted(lambda target: None)
    store.number = number
    live = Live(run(), store)

    with _interruptible(live):
        live.save(has_report=True)

        until(lambda: live.ending is Ending.CANCEL)
    assert live.run.has_report
    assert live.stopped_by == "command line"
