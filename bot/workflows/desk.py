"""What do commands, buttons and the schedule work with? The services, the live runs, and the way back to Slack."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.model import AuditEntry, Message, Method, Run, RunKind, Schedule, Target
from bot.ports import Chat, Scheduler, Store
from bot.workflows.presenting import Presenter
from bot.workflows.runs import Runs, Submitted
from bot.workflows.services import Services

Tell = Callable[[Message], None]
"""Shows a message to one person only, even where Diffy is not a member."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a request can reach.

    Attributes:
        new_id: Makes a fresh run or schedule id.
        presenter_for: Makes the presenter of a run; ``tell`` reaches the person who asked, or is None.
        pack_names: The packs there are.
        deciding: Held while a decision is written, so that one run is decided once.
    """

    services: Services
    runs: Runs
    scheduler: Scheduler
    chat: Chat
    new_id: Callable[[], str]
    presenter_for: Callable[[Run, Tell | None], Presenter]
    pack_names: Callable[[], tuple[str, ...]]
    deciding: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        """The time, aware UTC."""
        return self.services.clock.now()

    def schedule_of(self, run: Run) -> Schedule:
        """Return the schedule that started a run; one that was removed since, by its id alone."""
        return schedule_of(self.services.store, run)

    def start(
        self,
        kind: RunKind,
        target: Target,
        *,
        by: str,
        channel: str,
        pack: str,
        tell: Tell | None = None,
        method: Method | None = None,
        incident: str = "",
        take_from: tuple[str, ...] = (),
        take_hosts: int = 3,
        late: bool = False,
    ) -> Submitted:
        """Write a run down and queue it, or join the one that runs."""
        run = Run(
            id=self.new_id(),
            kind=kind,
            target=target,
            pack=pack,
            requested_by=by,
            created_at=self.now(),
            method=method,
            channel=channel,
            incident=incident,
            take_from=take_from,
            take_hosts=take_hosts,
            missed_tick=late,
        )
        submitted = self.runs.submit(run, self.presenter_for(run, tell))
        self.audit(
            by,
            f"{kind.value}.{'joined' if submitted.joined else 'asked'}",
            target.label,
            submitted.run.id,
            channel,
        )
        return submitted

    def audit(
        self, actor: str, action: str, target: str = "", run: str = "", channel: str = "", detail: str = ""
    ) -> None:
        """Write down who did what."""
        self.services.store.audit(AuditEntry(self.now(), actor, action, target, run, channel, detail[:500]))


def schedule_of(store: Store, run: Run) -> Schedule:
    """Return the schedule that started a run; one that was removed since, by its id alone."""
    schedule_id = run.requested_by.removeprefix("schedule:")
    for schedule in store.schedules():
        if schedule.id == schedule_id:
            return schedule
    return Schedule(schedule_id, run.target, "", "removed", run.channel, "", run.created_at)
