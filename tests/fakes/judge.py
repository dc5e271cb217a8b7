"""Judging in the calling thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from bot.adapters.folds import Folds
from bot.errors import DiffyError
from bot.model import Report
from bot.ports import JudgeRequest, SnapshotStore


class InlineJudge:
    """``ports.Judge`` without a process of its own.

    Args:
        judge: What answers; the same callable that a ``JudgeProcess`` takes.
    """

    def __init__(self, snapshots: SnapshotStore, judge: Callable[[JudgeRequest, Folds], Report]) -> None:
        self._folds = Folds(snapshots)
        self._judge = judge
        self.asked: list[JudgeRequest] = []
        self.closed = False

    def add(self, run_id: str, digest: str) -> None:
        with suppress(DiffyError):
            self._folds.add(run_id, (digest,))

    def judge(self, request: JudgeRequest) -> Report:
        self.asked.append(request)
        return self._judge(request, self._folds)

    def forget(self, run_id: str) -> None:
        self._folds.forget(run_id)

    def close(self) -> None:
        self.closed = True
