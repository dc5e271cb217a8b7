"""On whose behalf is AWS asked just now, and how often was it asked for each run?"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from bot.model import ApiUse, Asker

MOST_RUNS = 500  # remembered: many times what runs at once

_ASKER: ContextVar[Asker | None] = ContextVar("asker", default=None)


@contextmanager
def asking_for(asker: Asker) -> Iterator[None]:
    """Let what is asked inside, in this thread, count for this run and carry this person's name."""
    token = _ASKER.set(asker)
    try:
        yield
    finally:
        _ASKER.reset(token)


def present_asker() -> Asker | None:
    """Return on whose behalf this thread asks; None outside ``asking_for``."""
    return _ASKER.get()


class Calls:
    """Counts what was asked of AWS, as ``service:Operation`` and by run; each call once, its repeats apart.

    botocore emits its events in the thread that calls, so a call belongs to the run that ``asking_for`` names there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: Counter[str] = Counter()
        self._by_run: OrderedDict[str, ApiUse] = OrderedDict()

    def add(self, model: Any, **_: object) -> None:
        """Count one call (botocore's ``before-parameter-build`` event)."""
        with self._lock:
            self._by_name[f"{model.service_model.endpoint_prefix}:{model.name}"] += 1
            self._count(calls=1)

    def attempted(self, attempts: int, **_: object) -> None:
        """Count a repeat (botocore's ``needs-retry`` event, after each attempt, from 1)."""
        if attempts > 1:
            with self._lock:
                self._count(repeated=1)

    def by_name(self) -> dict[str, int]:
        with self._lock:
            return dict(self._by_name)

    def of_run(self, run_id: str) -> ApiUse:
        """Return what was asked for a run so far; nothing for one that is not remembered."""
        with self._lock:
            return self._by_run.get(run_id, ApiUse())

    @property
    def total(self) -> int:
        with self._lock:
            return self._by_name.total()

    def _count(self, *, calls: int = 0, repeated: int = 0) -> None:
        asker = present_asker()
        if asker is None:
            return
        use = self._by_run.pop(asker.run_id, ApiUse())
        self._by_run[asker.run_id] = ApiUse(use.calls + calls, use.repeated + repeated)
        while len(self._by_run) > MOST_RUNS:
            self._by_run.popitem(last=False)
