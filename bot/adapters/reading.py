"""How are several hosts' outputs read at once? A few threads that fetch; who began a fetch takes its result."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Generic, Self, TypeVar

Asked = TypeVar("Asked")
Got = TypeVar("Got")
READERS = 6
"""How many outputs are read at once, and so how many raw outputs lie in memory at most."""


class Reading(Generic[Asked, Got]):
    """Fetches in threads. All methods are called by one thread; leaving it waits for nothing.

    Args:
        fetch: Called in a thread for each thing asked for.
    """

    def __init__(self, fetch: Callable[[Asked], Got]) -> None:
        self._fetch = fetch
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._waiting: deque[Asked] = deque()
        self._begun: set[Future[Got]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __bool__(self) -> bool:
        """Whether anything that was asked for has not been taken yet."""
        return bool(self._begun or self._waiting)

    def ask(self, what: Asked) -> None:
        """Fetch this, now or once a thread and the result before it are free."""
        self._waiting.append(what)
        self._begin()

    def take(self, timeout_s: float) -> list[Got]:
        """Return what has come, waiting so long for the first of it. What the fetch raised is raised here."""
        done, self._begun = wait(self._begun, timeout_s, FIRST_COMPLETED)
        self._begin()
        return [future.result() for future in done]

    def forget(self) -> None:
        """Begin none of what has not begun."""
        self._waiting.clear()

    def _begin(self) -> None:
        while self._waiting and len(self._begun) < READERS:
            mine = copy_context()  # what is read counts for the run that reads
            self._begun.add(self._pool.submit(mine.run, self._fetch, self._waiting.popleft()))
