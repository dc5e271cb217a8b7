"""To whom does a run report its life? Slack's thread and the command line each present it their way."""

from __future__ import annotations

from typing import Protocol

from bot.errors import DiffyError
from bot.model import Baseline, Progress, Report, Run
from bot.workflows.proposal import Proposal


class Presenter(Protocol):
    """Shows one run. Progress may come often, and is shown when it can be; also from the thread that tells waiting runs
    their place, beside the run's own, so that it may come late: it never takes the place of an end."""

    def opened(self, run: Run, progress: Progress) -> Run:
        """Show that the run exists, before anything is collected; return the run with its message's place.

        Raises:
            DiffyError: It cannot be shown where it was asked for: the run ends here, nothing is collected.
        """
        ...

    def progress(self, run: Run, progress: Progress) -> None: ...

    def provisional(self, run: Run, report: Report, progress: Progress) -> None: ...

    def finished(self, run: Run, report: Report) -> None:
        """Show the answer. Raises DiffyError only when every form of it was refused."""
        ...

    def detailed(self, run: Run, report: Report) -> None:
        """Show what lies behind the answer, once the run has ended. A failure here costs no answer."""
        ...

    def proposed(self, run: Run, proposal: Proposal) -> Run:
        """Show a baseline that waits for a person, or what a schedule found changed; return the run with its place."""
        ...

    def taken(self, run: Run, baseline: Baseline, proposal: Proposal) -> None: ...

    def unchanged(self, run: Run, baseline: Baseline) -> None:
        """A scheduled collection found nothing changed. Said only when it ran late."""
        ...

    def left(self, run: Run, progress: Progress) -> None:
        """Show that the process goes down, and that the next one goes on with this run."""
        ...

    def ended(self, run: Run, error: DiffyError) -> None:
        """Show that there will be no answer, and why."""
        ...
