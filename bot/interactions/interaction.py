"""What is a button?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import NotFound
from bot.model import Report, Run
from bot.workflows.access import Action
from bot.workflows.calls import Press
from bot.workflows.desk import Desk, Tell


@dataclass(frozen=True, slots=True)
class Interaction:
    """One button, menu or select, by its action id. ``press`` runs in a thread of its own; it may raise DiffyError."""

    action: str
    right: Action
    press: Callable[[Press, Desk, Tell], None]


def stored(desk: Desk, run_id: str) -> tuple[Run, Report]:
    """Return the run and its stored report; nothing is collected again.

    Raises:
        NotFound: Gone, or never there.
    """
    run = desk.services.store.run(run_id)
    if not run.has_report:
        raise NotFound(f"Run {run_id} has no report.", "Run the analysis again.")
    return run, desk.services.reports.get(run_id)
