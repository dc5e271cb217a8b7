"""When does the next thing happen in the simulated service?"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable


class Timeline:
    """Calls functions later, one at a time, on one thread of its own.

    Args:
        speed: How many times faster than life; every delay is divided by it.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._wake = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="timeline", daemon=True)
        self._thread.start()

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Call ``action`` in ``delay_s`` simulated seconds."""
        with self._wake:
            heapq.heappush(self._due, (time.monotonic() + delay_s / self.speed, next(self._order), action))
            self._wake.notify()

    def close(self) -> None:
        """Forget what is due and end the thread."""
        with self._wake:
            self._ended = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._ended and (not self._due or self._due[0][0] > time.monotonic()):
                    self._wake.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._ended:
                    return
                action = heapq.heappop(self._due)[2]
            try:
                action()
            except Exception:
                logging.getLogger(__name__).exception("a step of the timeline failed")
