"""How does a run live in Slack? One parent message, edited with care; details in its thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from bot import views
from bot.errors import ChatError, DiffyError
from bot.model import (
    Attachment,
    Baseline,
    Message,
    Progress,
    Report,
    Run,
    RunKind,
    Schedule,
    Shown,
)
from bot.ports import Chat, Clock, RunJournal
from bot.workflows.desk import Tell
from bot.workflows.proposal import Proposal
from bot.workflows.services import NoJournal

log = logging.getLogger(__name__)

EDIT_SHARE_S = 1.5  # all runs share Slack's 50 edits a minute and workspace (chat.update is tier 3)
NOT_THERE = frozenset({"not_in_channel", "channel_not_found", "is_archived", "restricted_action"})


class SlackThread:
    """Presents one run in its channel. Edits of the parent keep ``edit_every_s`` seconds apart, more when many runs live.

    Each message is posted once, across restarts too: under a key that Slack knows again, and noted in the journal.
    """

    def __init__(
        self,
        chat: Chat,
        clock: Clock,
        *,
        edit_every_s: float,
        tell: Tell | None = None,
        schedule_of: Callable[[Run], Schedule],
        live_runs: Callable[[], int] = lambda: 1,
        journal: RunJournal | None = None,
    ) -> None:
        self._chat = chat
        self._clock = clock
        self._edit_every_s = edit_every_s
        self._tell = tell
        self._schedule_of = schedule_of
        self._live_runs = live_runs
        self._journal = journal or NoJournal()
        self._lock = threading.Lock()
        self._shown: tuple[object, ...] = ()
        self._edited_at = -edit_every_s
        self._editing = threading.Lock()  # the announcer's edits and the run's own reach Slack in turn
        self._over = False  # the last word is said, or about to be

    def opened(self, run: Run, progress: Progress) -> Run:
        """Post the parent message. A scheduled run stays silent until something is to be said."""
        if run.kind is RunKind.REFRESH or run.message_ts:
            return run
        try:
            ts = self._post(run, "parent", views.progress(run, progress))
        except ChatError as error:
            if error.code not in NOT_THERE:
                raise
            if self._tell is not None:
                self._tell(views.not_in_channel(run.channel))
            raise
        with self._lock:
            self._edited_at = self._clock.monotonic()
            self._shown = (progress,)
        return replace(run, message_ts=ts)

    def progress(self, run: Run, progress: Progress) -> None:
        """Edit the parent, unless nothing changed or the last edit is too fresh.

        The first word on who is in the group never waits: it names the hosts known to be offline before any is asked.
        """
        self._edit(
            run, (progress,), lambda: views.progress(run, progress), at_once=self._first_names(progress)
        )

    def provisional(self, run: Run, report: Report, progress: Progress) -> None:
        """Edit the parent to a provisional verdict, marked so."""
        self._edit(run, (report.run.finished_at, progress), lambda: views.provisional(report, run, progress))

    def finished(self, run: Run, report: Report) -> None:
        """Put the verdict into the parent."""
        self._final(run, views.verdict(report, run, now=self._clock.now()))

    def detailed(self, run: Run, report: Report) -> None:
        """Reply in the thread: the hosts that stand out, then the rest in one list and a file."""
        shown = [verdict.id for verdict in views.top_hosts(report)]
        rest = views.rest_reply(report)
        replies = [(f"host {host}", views.host_reply(report, host)) for host in shown]
        for what, reply in [*replies, *([] if rest is None else [("rest", rest)])]:
            try:
                self._post(run, what, reply, thread=run.message_ts)
                if reply is rest and reply.file is not None:
                    self._upload(run, "rest file", reply.file)
            except ChatError as error:  # the verdict stands; the modal still has all of it
                log.warning("run %s: a reply could not be posted: %s", run.id, error)

    def proposed(self, run: Run, proposal: Proposal) -> Run:
        """Show what waits for a person: a baseline to confirm, or what a schedule found changed."""
        now = self._clock.now()
        if run.kind is RunKind.REFRESH and proposal.present is not None and proposal.drift is not None:
            message = views.notice(
                proposal.drift, run, self._schedule_of(run), proposal.present, now, late=run.missed_tick
            )
        else:
            message = views.baseline_proposal(
                proposal.drift, run, proposal.chosen, proposal.present, proposal.standing_out, now
            )
        ts = self._final(run, message)
        return replace(run, message_ts=ts)

    def taken(self, run: Run, baseline: Baseline, proposal: Proposal) -> None:
        """Show the baseline that was taken, and what differs from the one before."""
        now = self._clock.now()
        self._final(run, views.baseline_taken(baseline, now, drift=proposal.drift, left=proposal.left_out))

    def unchanged(self, run: Run, baseline: Baseline) -> None:
        """Say nothing, unless the schedule ran late."""
        if run.missed_tick:
            self._post(run, "end", views.unchanged_late(run, baseline, self._clock.now()))

    def left(self, run: Run, progress: Progress) -> None:
        """Say in the parent that the next process goes on; a scheduled run stays silent."""
        if run.message_ts:
            with self._editing:
                self._over = True
                self._chat.update(run.channel, run.message_ts, views.left(run, progress))

    def ended(self, run: Run, error: DiffyError) -> None:
        """Show that there is no answer, and why; to the person alone where Diffy may not post."""
        if isinstance(error, ChatError) and error.code in NOT_THERE:
            return  # already told, and there is no message to edit
        if not run.message_ts and run.kind is not RunKind.REFRESH and self._tell is not None:
            self._tell(views.failure(error))
        self._final(run, views.ended(run, sentence=error.message, hint=error.hint))

    def _first_names(self, progress: Progress) -> bool:
        with self._lock:
            before = self._shown[0] if self._shown else None
        return bool(progress.targeted) and isinstance(before, Progress) and not before.targeted

    def _edit(
        self, run: Run, shown: tuple[object, ...], make: Callable[[], Message], *, at_once: bool = False
    ) -> None:
        if not run.message_ts:
            return
        with self._lock:
            now = self._clock.monotonic()
            apart_s = max(self._edit_every_s, EDIT_SHARE_S * self._live_runs())
            if shown == self._shown or (not at_once and now - self._edited_at < apart_s):
                return
            self._edited_at = now
            self._shown = shown
        with self._editing:
            if self._over:
                return
            try:
                self._chat.update(run.channel, run.message_ts, make())
            except ChatError as error:  # the next edit, or the verdict, makes it good
                log.info("run %s: an edit was refused: %s", run.id, error)

    def _final(self, run: Run, message: Message) -> str:
        """Put the message in the parent's place, or post it anew where there is no parent any more; return its ts."""
        with self._editing:
            self._over = True
            parent = run.message_ts or self._journal.trace(run.id).shown.get("parent", "")
            if parent:
                try:
                    self._chat.update(run.channel, parent, message)
                except ChatError as error:
                    log.warning("run %s: its message could not be edited, posting anew: %s", run.id, error)
                else:
                    return parent
            return self._post(run, "end", message)

    def _post(self, run: Run, what: str, message: Message, *, thread: str = "") -> str:
        """Post one part of what a run says, unless it was; return its ts."""
        ts = self._journal.trace(run.id).shown.get(what, "")
        if not ts:
            ts = self._chat.post(run.channel, message, thread=thread, key=f"{run.id}/{what}")
            self._journal.note(run.id, Shown(what, ts))
        return ts

    def _upload(self, run: Run, what: str, file: Attachment) -> None:
        """Upload a file at most once: Slack has no key for files, and the modal shows all that is in it."""
        if what in self._journal.trace(run.id).shown:
            return
        self._journal.note(run.id, Shown(what))
        self._chat.upload(run.channel, file, thread=run.message_ts)
