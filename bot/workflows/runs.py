"""Who owns what runs? Queue, join, cancel, finish, drain and take up: the only owner of executors and live runs."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.errors import DiffyError, NotFound, Refused
from bot.model import Progress, Run, RunKind, RunState, StopAsked, Trace
from bot.workflows.live import Ending, Live
from bot.workflows.presenting import Presenter
from bot.workflows.rebaseline import refresh, take
from bot.workflows.services import Services
from bot.workflows.stopping import Stopped, check_stop
from bot.workflows.triage import triage

log = logging.getLogger(__name__)

STALE = timedelta(days=1)  # after that nobody waits for an answer any more; SSM keeps commands for 30 days


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a request: ``joined`` when the same target was being analysed already."""

    run: Run
    joined: bool
    place: int  # in the queue, from 1; 0 when it starts at once


class Runs:
    """Live runs and the threads they run in. Every method may be called from any thread."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.RLock()
        self._live: dict[str, Live] = {}
        self._presenters: dict[str, Presenter] = {}
        self._waiting: list[str] = []
        self._futures: dict[str, Future[None]] = {}
        self._closed = False
        self._pool = ThreadPoolExecutor(services.pace.max_running, thread_name_prefix="run")
        self._announcer = ThreadPoolExecutor(1, thread_name_prefix="announce")

    def submit(self, run: Run, presenter: Presenter) -> Submitted:
        """Write a run down and queue it; or join the live run of the same kind and target.

        Raises:
            Refused: Diffy is going down.
            StoreError: It could not be written down, so it was not started.
        """
        with self._lock:
            if self._closed:
                raise Refused("Diffy is going down.", "Try again in a minute.")
            for live in self._live.values():
                if live.run.kind is run.kind and live.run.target == run.target and _joinable(live):
                    return Submitted(live.join(run.requested_by), joined=True, place=0)
            self._services.store.save_run(run)
            return self._queue(Live(run, self._services.store), presenter)

    def _queue(self, live: Live, presenter: Presenter) -> Submitted:
        """Put a run at the end of the queue; the lock is held."""
        run = live.run
        self._live[run.id] = live
        running = len(self._live) - 1 - len(self._waiting)
        place = len(self._waiting) + 1 if running >= self._services.pace.max_running else 0
        self._waiting.append(run.id)
        live.progress = Progress(RunState.QUEUED if place else RunState.COLLECTING, place=place)
        self._presenters[run.id] = presenter
        self._futures[run.id] = self._pool.submit(self._perform, live, presenter)
        if place:
            self._announcer.submit(self._announce, run.id)
        return Submitted(run, joined=False, place=place)

    def live(self) -> tuple[tuple[Run, Progress], ...]:
        """Every live run with its progress, oldest first."""
        with self._lock:
            return tuple((live.run, self._placed(live)) for live in self._live.values() if not live.run.ended)

    def settle(self, run_id: str, timeout_s: float = 2.0) -> None:
        """Wait a moment for a run whose answer is shown already to be written down as ended."""
        with self._lock:
            live = self._live.get(run_id)
        if live is not None:
            live.ended.wait(timeout_s)

    def stop(self, run_id: str, ending: Ending, by: str) -> Run:
        """Ask a live run to finish with what it has, or to cancel.

        Raises:
            NotFound: No such live run.
        """
        with self._lock:
            live = self._live.get(run_id)
            if live is None:
                raise NotFound(f"No run {run_id} is running.", "`/diffy status` lists the runs.")
            if live.ask_to_stop(ending, by) and ending is not Ending.SHUTDOWN:
                self._services.journal.note(run_id, StopAsked(ending.value, by))
            future = self._futures[run_id]
            ends = ending is not Ending.FINISH and not future.cancelled()
            if ends and future.cancel():  # it still waits: end it now, not when its turn comes, and once
                self._announcer.submit(self._perform, live, self._presenters[run_id])
        return live.run

    def take_up(self, presenter_for: Callable[[Run], Presenter]) -> tuple[Run, ...]:
        """Go on with each run that a former process left, in their order; return them as they are now.

        One that cannot go on, or that nobody waits for any more, is ended with its message. Of those that had ended,
        what was not said yet is said.
        """
        journal = self._services.journal
        left = set(journal.runs())
        taken = []
        for run in self._services.store.live_runs():
            left.discard(run.id)
            presenter = presenter_for(run)
            try:
                former = journal.trace(run.id)
                if self._services.clock.now() - run.created_at > STALE:
                    raise DiffyError("Diffy was down while this ran, for too long to go on.", "Run it again.")
            except DiffyError as error:
                live = Live(run, self._services.store)
                self._end(live, presenter, RunState.INTERRUPTED, error)
                self._forget(run.id)
                taken.append(live.run)
                continue
            taken.append(self._go_on(run, former, presenter))
        for run_id in left:
            self._announcer.submit(self._say_the_rest, run_id, presenter_for)
        return tuple(taken)

    def _go_on(self, run: Run, former: Trace, presenter: Presenter) -> Run:
        live = Live(run, self._services.store, former)
        if former.stop is not None:
            live.ask_to_stop(Ending(former.stop.ending), former.stop.by)
        with self._lock:
            return self._queue(live, presenter).run

    def _say_the_rest(self, run_id: str, presenter_for: Callable[[Run], Presenter]) -> None:
        """Say what lay behind the answer of a run that had ended when its process died."""
        try:
            run = self._services.store.run(run_id)
            if run.kind is RunKind.ANALYZE and run.state is RunState.DONE:
                presenter_for(run).detailed(run, self._services.reports.get(run_id))
        except DiffyError as error:
            log.warning("run %s: what lies behind its answer could not be shown: %s", run_id, error)
        except Exception:
            log.exception("run %s: what lies behind its answer could not be shown", run_id)
        self._forget(run_id)

    def _forget(self, run_id: str) -> None:
        try:
            self._services.journal.remove(run_id)
        except DiffyError as error:  # the next start meets it again, and finds nothing left to say
            log.warning("run %s: its journal could not be removed: %s", run_id, error)

    def drain(self) -> None:
        """Take nothing new, leave what waits and what collects to the next process, with a word; finish what is compared.

        Nothing is cancelled: hosts that were asked go on answering, and the next process reads what they said.
        """
        with self._lock:
            self._closed = True
            left = tuple(self._live)
            futures = set(self._futures.values())
        for run_id in left:
            self._shut(run_id)
        clock, most_s = self._services.clock, self._services.pace.drain_s
        ends = clock.monotonic() + most_s
        wait(futures, timeout=most_s)
        said = self._announcer.submit(lambda: None)  # behind all that is still to be said
        if wait([said], timeout=max(0.0, ends - clock.monotonic())).not_done:
            log.warning("not all that was to be said of runs could be said in time; the next start says it")
        self._announcer.shutdown(wait=False, cancel_futures=True)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _shut(self, run_id: str) -> None:
        with contextlib.suppress(NotFound):  # it ended by itself in the meantime
            self.stop(run_id, Ending.SHUTDOWN, "shutdown")

    def _announce(self, run_id: str) -> None:
        """Show a waiting run, or its new place."""
        with self._lock:
            live = self._live.get(run_id)
            if live is None or run_id not in self._waiting:
                return
            presenter = self._presenters[run_id]
        try:
            live.open_once(presenter)
            presenter.progress(live.run, self._placed(live))
        except DiffyError as error:  # `_advance` meets the same error again and ends the run
            log.info("run %s cannot be announced: %s", run_id, error)

    def _placed(self, live: Live) -> Progress:
        if live.run.id in self._waiting and live.progress.state is RunState.QUEUED:
            return replace(live.progress, place=self._waiting.index(live.run.id) + 1)
        return live.progress

    def _perform(self, live: Live, presenter: Presenter) -> None:
        """Run one run to its end, whatever happens. The only broad catch of the workflows."""
        with self._lock:
            if live.run.id in self._waiting:
                self._waiting.remove(live.run.id)
            if not self._closed:
                for run_id in self._waiting:
                    self._announcer.submit(self._announce, run_id)
        try:
            self._advance(live, presenter)
        except Stopped as stopped:
            if stopped.ending is Ending.SHUTDOWN:
                self._leave(live, presenter)
            else:
                self._end(live, presenter, RunState.CANCELLED, stopped, decided_by=stopped.by)
        except DiffyError as error:
            if live.run.ended:
                log.warning("run %s: what lies behind its answer could not be shown: %s", live.run.id, error)
            elif live.leaving():  # what it worked with is being closed: no failure of the run's own
                self._leave(live, presenter)
            else:
                self._end(live, presenter, RunState.FAILED, error)
        except (
            Exception
        ) as error:  # a defect in one run must not leave its message hanging, nor stop the others
            log.exception("run %s failed", live.run.id)
            if live.run.ended:
                return  # the answer stands; only what lies behind it could not be shown
            failure = DiffyError(
                f"Something went wrong inside Diffy ({type(error).__name__}).",
                f"Tell whoever runs Diffy: the log has it under run {live.run.id}.",
            )
            self._end(live, presenter, RunState.FAILED, failure)
        finally:
            if live.ended.is_set():  # written down; else the next process needs what was noted
                self._forget(live.run.id)
            self._services.judge.forget(live.run.id)  # also what was folded for an answer that never came
            with self._lock:
                for known in (self._live, self._presenters, self._futures):
                    known.pop(live.run.id, None)

    def _advance(self, live: Live, presenter: Presenter) -> None:
        check_stop(live)
        live.open_once(presenter)
        check_stop(live)
        if live.run.kind is RunKind.ANALYZE:
            if live.run.has_report:  # a former process judged it; whether it was shown is not known
                report = self._services.reports.get(live.run.id)
                presenter.finished(live.run, report)
            else:
                report = triage(live, self._services, presenter)
            live.end(RunState.DONE, self._services.clock.now())
            presenter.detailed(live.run, report)
            return
        if live.run.kind is RunKind.BASELINE:
            state = take(live, self._services, presenter)
        else:
            state = refresh(live, self._services, presenter)
        live.end(state, self._services.clock.now())

    def _leave(self, live: Live, presenter: Presenter) -> None:
        """Say that the next process goes on; the record stays as it is."""
        try:
            live.open_once(presenter)
            presenter.left(live.run, live.progress)
        except DiffyError as error:
            log.warning("run %s: that it goes on could not be said: %s", live.run.id, error)
        except Exception:
            log.exception("run %s: that it goes on could not be said", live.run.id)

    def _end(
        self, live: Live, presenter: Presenter, state: RunState, error: DiffyError, *, decided_by: str = ""
    ) -> None:
        """Show and write down an end without an answer; the message first, so that a crash between shows it again."""
        now = self._services.clock.now()
        ended = replace(live.run, state=state, ended_at=now, error=str(error), decided_by=decided_by)
        try:
            presenter.ended(ended, error)
        except DiffyError as failure:
            log.warning("run %s: its end could not be shown: %s", live.run.id, failure)
        except Exception:  # its end counts all the same
            log.exception("run %s: its end could not be shown", live.run.id)
        try:
            live.end(state, now, error=str(error), decided_by=decided_by)
        except DiffyError:
            log.exception("run %s: its end could not be written down", live.run.id)


def _joinable(live: Live) -> bool:
    return live.ending is None and not live.run.ended
