"""How are hosts folded and judged without holding up Slack's acknowledgements? In a worker process of its own.

Threads of pure Python hold Bolt's listeners back by half a second and more (measured), so the work happens elsewhere: the
digest of each snapshot crosses a pipe as it arrives, the child reads it from disk and folds it while other hosts are
still being asked, and the report comes back when it is asked for.
"""

from __future__ import annotations

import atexit
import gc
import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Literal

from bot.adapters.data_folder import DataFolder
from bot.adapters.folds import Folds, fold_and_judge
from bot.adapters.snapshot_files import SnapshotFiles
from bot.errors import AnalysisError, DiffyError
from bot.model import Report
from bot.ports import JudgeRequest

_log = logging.getLogger(__name__)
NICENESS = 5  # the child gives way to the threads that talk with Slack
TIMEOUT_S = 900.0  # far beyond 10,000 hosts: only a judgement that never ends gets here
_ATTEMPTS = 2
_END_S = 5.0  # for an idle child to end by itself

Judgement = Callable[[JudgeRequest, Folds], Report]
_Reply = (
    tuple[Literal["report"], Report] | tuple[Literal["error"], DiffyError] | tuple[Literal["defect"], str]
)


@dataclass(frozen=True, slots=True)
class _Fold:
    """Fold these snapshots of a run; nothing is answered."""

    run_id: str
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Forget:
    """Let go of a run; nothing is answered."""

    run_id: str


class JudgeProcess:
    """``ports.Judge`` in one child process, started at once so that the first judgement need not wait for imports.

    Requests take turns, so that a request which kills the child fails alone. Snapshots that arrive meanwhile are told to
    the child when its turn is free; a child that was replaced folds anew what a request names. The child ends with its
    parent, whatever ends that: it reads from a pipe that closes.

    Args:
        judge: What answers, in the child: a function at the top of a module.
        timeout_s: After this many seconds a judgement is given up and the child is replaced.
    """

    def __init__(
        self, folder: DataFolder, *, judge: Judgement = fold_and_judge, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._folder = folder.path
        self._judge = judge
        self._timeout_s = timeout_s
        self._turn = threading.Lock()
        self._untold: SimpleQueue[_Fold | _Forget] = SimpleQueue()
        self._closed = threading.Event()
        self._child = _Child(self._folder, self._judge)
        atexit.register(
            self.close
        )  # multiprocessing joins its children at exit: one that was not told would hang it

    def add(self, run_id: str, digest: str) -> None:
        """Let the child fold a stored snapshot, at once or as soon as it is free. Never fails: judging would say it."""
        self._untold.put(_Fold(run_id, (digest,)))
        self._tell_if_free()

    def forget(self, run_id: str) -> None:
        """Let the child let go of a run."""
        self._untold.put(_Forget(run_id))
        self._tell_if_free()

    def _tell_if_free(self) -> None:
        if self._turn.acquire(blocking=False):  # else whoever has the turn, or the next one, tells it
            try:
                self._tell()
            finally:
                self._turn.release()

    def _tell(self) -> None:
        """Tell the child what waits; one that died is told nothing, since its successor folds anew."""
        while not self._untold.empty():
            self._child.tell(self._untold.get())

    def judge(self, request: JudgeRequest) -> Report:
        """Judge in the child and return the report; blocks until then.

        Raises:
            AnalysisError: The child died twice over it, it took too long, a defect, or Diffy is shutting down.
            DiffyError: What the judgement itself raised: NotFound or StoreCorrupt for a snapshot.
        """
        with self._turn:
            for _ in range(_ATTEMPTS):
                self._check_open()
                self._tell()
                try:
                    reply = self._child.ask(request, self._timeout_s)
                except _Died:
                    _log.warning("the worker process ended while it judged run %s", request.run.id)
                    self._renew()
                    continue
                except TimeoutError:
                    self._renew()
                    raise AnalysisError(
                        f"Judging took longer than {self._timeout_s:g} s and was given up.",
                        "Ask for a smaller group, or a smaller pack.",
                    ) from None
                return _result(reply, request.run.id)
            raise AnalysisError(
                "The worker process that judges ended twice over this run.",
                "Its memory may have run out: see the log, or ask for a smaller group.",
            )

    def close(self) -> None:
        """End the child; whoever still waits for a judgement gets AnalysisError. Closing twice does nothing."""
        self._closed.set()
        atexit.unregister(self.close)
        if self._turn.acquire(blocking=False):  # nobody waits
            self._child.end()
            self._turn.release()
            return
        self._child.interrupt()
        with self._turn:
            self._child.kill()

    def _renew(self) -> None:
        self._child.kill()
        self._check_open()
        self._child = _Child(self._folder, self._judge)
        if self._closed.is_set():  # close may have interrupted the old one only
            self._child.interrupt()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise AnalysisError("Diffy is shutting down.", "Ask again when it is back.")


class _Died(Exception):
    """The child ended before it answered."""


class _Child:
    """One child process and the pipe to it."""

    def __init__(self, folder: Path, judge: Judgement) -> None:
        context = multiprocessing.get_context(
            "spawn"
        )  # fork would copy Bolt's threads' locks in whatever state
        try:
            self._pipe, theirs = context.Pipe()
            with theirs:
                self._process = context.Process(
                    target=_serve, args=(theirs, folder, judge), name="diffy-judge"
                )
                self._process.start()
        except OSError as error:
            raise AnalysisError(
                f"The worker process that judges could not be started: {error}.",
                "The machine may be out of memory.",
            ) from error

    def tell(self, news: _Fold | _Forget) -> None:
        """Send what needs no answer; a child that is no more hears nothing."""
        with suppress(BrokenPipeError, ConnectionResetError, OSError):
            self._pipe.send(news)

    def ask(self, request: JudgeRequest, timeout_s: float) -> _Reply:
        try:
            self._pipe.send(request)
            answered = wait([self._pipe, self._process.sentinel], timeout_s)
            reply: _Reply | None = self._pipe.recv() if answered else None
        except (
            EOFError,
            OSError,
        ) as error:  # also in the middle of a word, and where its successor never began
            raise _Died from error
        if reply is None:
            raise TimeoutError
        return reply

    def end(self) -> None:
        """Let the child end by itself, and kill it when it does not."""
        self._pipe.close()
        self._process.join(_END_S)
        self.kill()

    def interrupt(self) -> None:
        """Kill the child and leave the rest to whoever waits for its answer."""
        self._process.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


def _result(reply: _Reply, run_id: str) -> Report:
    match reply:
        case ("report", report):
            return report
        case ("error", error):
            raise error
        case ("defect", trace):
            _log.error("judging run %s failed:\n%s", run_id, trace)
            raise AnalysisError(
                f"The answers of run {run_id} could not be judged: a defect in Diffy.",
                "The log has the details; the collected answers are kept.",
            )
    raise AssertionError(reply)


def _serve(pipe: Connection, folder: Path, judge: Judgement) -> None:
    """Answer until the pipe closes: the child's whole life."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(
            number, signal.SIG_IGN
        )  # sent to the whole group: the parent drains first, then ends us
    os.nice(NICENESS)
    folds = Folds(SnapshotFiles(DataFolder.open(folder, lock=False)))
    gc.disable()  # folds hold no cycles, and looking for some costs time; what else made any goes below
    while True:
        try:
            news: JudgeRequest | _Fold | _Forget = pipe.recv()
        except (EOFError, OSError):  # the parent is gone, perhaps in the middle of a word
            return
        if isinstance(news, JudgeRequest):
            try:
                pipe.send(_answer(news, folds, judge))
            except OSError:
                return
        elif isinstance(news, _Forget):
            folds.forget(news.run_id)
            gc.collect()
        else:
            with suppress(DiffyError):  # the judgement meets it again, and says it
                folds.add(news.run_id, news.digests)


def _answer(request: JudgeRequest, folds: Folds, judge: Judgement) -> _Reply:
    try:
        return "report", judge(request, folds)
    except DiffyError as error:
        return "error", error
    except Exception:  # noqa: BLE001  # any defect is told to the parent as text: it may not be picklable
        return "defect", traceback.format_exc()
