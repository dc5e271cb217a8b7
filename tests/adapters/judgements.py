"""What the worker process of the tests is asked to do: functions that it can import."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from bot.adapters.folds import Folds
from bot.errors import AnalysisError
from bot.model import Report
from bot.ports import JudgeRequest
from tests.fakes.samples import a_report


def names_its_hosts(request: JudgeRequest, folds: Folds) -> Report:
    """Reads each snapshot and says whose it is."""
    return a_report(
        request.run.id, notes=tuple(folds.snapshots.get(digest).host.id for digest in request.snapshots)
    )


def folds_and_names_its_process(request: JudgeRequest, folds: Folds) -> Report:
    """Judges, and says in which process."""
    return replace(folds.judge(request), notes=(str(os.getpid()),))


def describes_itself(request: JudgeRequest, folds: Folds) -> Report:
    """Says which process this is, how it was set up, and what it has loaded."""
    heavy = [
        name for name in ("slack_bolt", "slack_sdk", "boto3", "botocore", "tinydb") if name in sys.modules
    ]
    ignored = [
        number.name
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is signal.SIG_IGN
    ]
    return a_report(notes=(str(os.getpid()), str(os.nice(0)), *ignored, *heavy))


def dies(request: JudgeRequest, folds: Folds) -> Report:
    """Ends the process, as the kernel does when memory runs out; a run whose id says so only the first time."""
    mark = Path(request.run.requested_by)
    if request.run.id == "good" or (request.run.id == "once" and mark.exists()):
        return a_report(request.run.id)
    mark.touch()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def sleeps(request: JudgeRequest, folds: Folds) -> Report:
    """Never ends for the run "slow"; says that it began by making a file."""
    if request.run.id == "slow":
        Path(request.run.requested_by).touch()
        time.sleep(3600)
    return a_report(request.run.id)


def refuses(request: JudgeRequest, folds: Folds) -> Report:
    """A failure that a person can be told about."""
    raise AnalysisError("Too few hosts.", "Ask for more.")


def fails(request: JudgeRequest, folds: Folds) -> Report:
    """A defect whose exception cannot cross a pipe."""

    class Odd(Exception):
        pass

    raise Odd("row 7")


def dies_in_the_middle_of_its_answer(request: JudgeRequest, folds: Folds) -> Report:
    """Ends the process when half of the answer has crossed the pipe; the first time only."""
    mark = Path(request.run.requested_by)
    if mark.exists():
        return a_report(request.run.id)
    mark.touch()
    frame = sys._getframe()
    while "pipe" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    os.write(frame.f_locals["pipe"].fileno(), (1_000).to_bytes(4, "big") + b"half")
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError
