"""The process of the embedded AWS ends when it is told to, wherever that interrupts it."""

from __future__ import annotations

import argparse
import os
import signal
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from bot.sandbox.aws import process
from tests.workflows.parts import WAIT_S


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    """Break what hangs, and put the handlers back."""

    def hangs(*_: object) -> None:
        raise AssertionError("it hangs")

    numbers = (signal.SIGALRM, signal.SIGTERM, signal.SIGINT)
    former = {number: signal.getsignal(number) for number in numbers}
    signal.signal(signal.SIGALRM, hangs)
    signal.alarm(WAIT_S)
    yield
    signal.alarm(0)
    for number, handler in former.items():
        signal.signal(number, handler)


class InterruptedEvent(threading.Event):
    """SIGTERM comes while the main thread is about to wait, and holds the event's own lock."""

    def wait(self, timeout: float | None = None) -> bool:
        if threading.current_thread() is threading.main_thread() and timeout is None:
            with self._cond:  # type: ignore[attr-defined]
                os.kill(os.getpid(), signal.SIGTERM)
        return super().wait(timeout)


def test_sigterm_ends_it_also_at_the_moment_when_it_begins_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a test that is over at once waits for its end until it is killed, and hosts' scripts live on."""
    closed: list[str] = []
    server: Any = SimpleNamespace(
        port=1, shutdown=lambda: closed.append("server"), server_close=lambda: closed.append("socket")
    )
    delivery: Any = SimpleNamespace(close=lambda: closed.append("delivery"))
    monkeypatch.setattr(process, "_options", argparse.Namespace)
    monkeypatch.setattr(process, "_serve", lambda _: (server, delivery, {}))
    monkeypatch.setattr(process, "_await_parent", lambda *_: None)
    ready_and_ended = iter((threading.Event(), InterruptedEvent()))
    ours: dict[str, Any] = {
        "Event": lambda: next(ready_and_ended),
        "Timer": lambda *_: threading.Thread(
            target=lambda: None
        ),  # no last resort here: it would end the tests
    }
    monkeypatch.setattr(process, "threading", SimpleNamespace(**vars(threading) | ours))

    assert process.main() == 0

    assert closed == ["delivery", "server", "socket"]
