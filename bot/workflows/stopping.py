"""When does a run stop before it has an answer? Because a person cancelled it, or because the process is going down."""

from __future__ import annotations

from bot.errors import DiffyError
from bot.workflows.live import Ending, Live


class Stopped(DiffyError):
    """A person cancelled the run, or the process is going down and leaves it to the next one."""

    def __init__(self, ending: Ending, by: str) -> None:
        if ending is Ending.CANCEL:
            super().__init__("The run was cancelled.")
        else:
            super().__init__("Diffy restarts.", "This goes on by itself.")
        self.ending = ending
        self.by = by


def check_stop(live: Live) -> None:
    """Raise Stopped when the run was asked to end, or to pause, without an answer."""
    if live.ending in (Ending.CANCEL, Ending.SHUTDOWN):
        raise Stopped(live.ending, live.stopped_by)


def check_leave(live: Live) -> None:
    """Raise Stopped when the process is going down."""
    if live.leaving():
        raise Stopped(Ending.SHUTDOWN, live.stopped_by)
