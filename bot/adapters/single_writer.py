"""How do many threads share one write to disk, and each return only when its own change is durable?"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from bot.errors import StoreError

_log = logging.getLogger(__name__)
_D = TypeVar("_D")
_Asked = tuple[Callable[[_D], None], "Future[None]"]


class SingleWriter(Generic[_D]):
    """One thread that applies changes in the order they were asked for and commits those that wait together as one.

    Args:
        begin: Returns a draft of the present state.
        commit: Makes a draft durable, or raises and leaves everything as it was.
    """

    def __init__(self, begin: Callable[[], _D], commit: Callable[[_D], None], *, name: str) -> None:
        self._begin = begin
        self._commit = commit
        self._waiting: queue.SimpleQueue[_Asked[_D] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._open = True
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def do(self, change: Callable[[_D], None]) -> None:
        """Apply ``change`` to a draft and return when it is durable.

        Raises:
            StoreError: It could not be written, or the writer is closed.
            DiffyError: What ``change`` itself raised, before it touched the draft; others are not affected.
        """
        done: Future[None] = Future()
        with self._gate:
            if not self._open:
                raise StoreError("The store is closed.", "Diffy is shutting down: ask again when it is back.")
            self._waiting.put((change, done))
        done.result()

    def close(self) -> None:
        """Write what waits, then end; closing twice does nothing."""
        with self._gate:
            if self._open:
                self._open = False
                self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._next_batch()
            if batch:
                self._write(batch)

    def _next_batch(self) -> tuple[list[_Asked[_D]], bool]:
        """Wait for one change and take all that wait behind it; False once closed."""
        batch = []
        item = self._waiting.get()
        while item is not None:
            batch.append(item)
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False

    def _write(self, batch: list[_Asked[_D]]) -> None:
        try:
            draft = self._begin()
            for change, done in batch:
                try:
                    change(draft)
                except Exception as error:  # noqa: BLE001  # belongs to the caller of this one change
                    done.set_exception(error)
            self._commit(draft)
        except Exception as error:  # noqa: BLE001  # a writer that ends would hang every later caller
            _log.error("A write failed: %s", error)
            for _, done in batch:
                if not done.done():
                    done.set_exception(_own(error))
        else:
            for _, done in batch:
                if not done.done():
                    done.set_result(None)


def _own(error: Exception) -> Exception:
    """Return an error of its own for each caller: one instance raised in two threads mixes their tracebacks."""
    if isinstance(error, StoreError):
        return type(error)(error.message, error.hint)
    return StoreError(f"The store could not be written: {error!r}.", "See the log.")
