"""Ctrl-C on the command line, wherever it interrupts."""

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
    """Break what hangs."""

    def hangs(*_: object) -> None:
        raise AssertionError("it hangs")

    former = signal.signal(signal.SIGALRM, hangs)
    signal.alarm(WAIT_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, former)


class Interrupted(MemoryStore):
    """Somebody presses Ctrl-C, twice, while a run is written down."""

    def save_run(self, run: Run) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        super().save_run(run)


def test_ctrl_c_cancels_also_while_the_record_is_being_changed() -> None:
    """The handler runs in the main thread, which may hold the lock of the very run that is to be cancelled."""
    live = Live(run(), Interrupted(lambda target: None))

    with _interruptible(live):
        live.save(has_report=True)

        until(lambda: live.ending is Ending.CANCEL)
    assert live.run.has_report
    assert live.stopped_by == "command line"
