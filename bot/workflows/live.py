"""What is known of a run while it runs: its record, its progress, and whether somebody asked it to stop."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.errors import DiffyError
from bot.model import Asker, Progress, Run, RunState, Trace
from bot.ports import Store
from bot.workflows.presenting import Presenter


class Ending(StrEnum):
    """Why a live run was asked to stop."""

    FINISH = "finish"  # judge what has arrived
    CANCEL = "cancel"  # end without an answer
    SHUTDOWN = "shutdown"  # the process is going down; the next one goes on


class Live:
    """One live run. Its own thread advances it; any thread may read it or ask it to stop.

    Attributes:
        former: What former processes did for it; empty when it begins here.
    """

    def __init__(self, run: Run, store: Store, former: Trace | None = None) -> None:
        self.former = former or Trace()
        self._run = run
        self._store = store
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ending: Ending | None = None
        self._by = ""
        self._opening = threading.Lock()
        self._refused: DiffyError | None = None
        self._opened = False
        self.ended = threading.Event()
        self.progress = Progress(RunState.QUEUED)

    @property
    def run(self) -> Run:
        """The record as last written down."""
        with self._lock:
            return self._run

    @property
    def asker(self) -> Asker:
        """On whose behalf the world is asked."""
        return Asker(self.run.id, self.run.requested_by)

    def save(self, **changes: Any) -> Run:
        """Change the record and write it down; return it."""
        with self._lock:
            self._run = replace(self._run, **changes)
            self._store.save_run(self._run)
            return self._run

    def join(self, user: str) -> Run:
        """Note that another person asked for the same."""
        joined = self.run.joined
        return self.run if user in joined else self.save(joined=(*joined, user))

    def end(self, state: RunState, at: datetime, **changes: Any) -> Run:
        """Write down the run's end."""
        run = self.save(state=state, ended_at=at, **changes)
        self.ended.set()
        return run

    def ask_to_stop(self, ending: Ending, by: str) -> bool:
        """Ask the run to stop; False when somebody already did. A shutdown overrides finishing."""
        with self._lock:
            if self._ending is not None and ending is not Ending.SHUTDOWN:
                return False
            self._ending, self._by = ending, by
        self._stop.set()
        return True

    @property
    def ending(self) -> Ending | None:
        """Why it was asked to stop; None while it may go on."""
        with self._lock:
            return self._ending

    @property
    def stopped_by(self) -> str:
        """Who asked it to stop."""
        with self._lock:
            return self._by

    def open_once(self, presenter: Presenter) -> None:
        """Show the run where it was asked for, once, whichever thread comes first.

        Raises:
            DiffyError: It cannot be shown there; the same again at each further call.
        """
        with self._opening:
            if self._refused is not None:
                raise self._refused
            if self._opened:
                return
            try:
                shown = presenter.opened(self.run, self.progress)
            except DiffyError as error:
                self._refused = error
                raise
            self._opened = True
            if shown != self.run:
                self.save(channel=shown.channel, message_ts=shown.message_ts)

    def stopping(self) -> bool:
        """Whether the collector should give up what is silent."""
        return self._stop.is_set() and not self.leaving()

    def leaving(self) -> bool:
        """Whether the collector should let everything be: the next process goes on."""
        return self.ending is Ending.SHUTDOWN
