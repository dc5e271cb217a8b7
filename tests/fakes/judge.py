"""Judging in the calling thread."""

from __future__ import annotations

from collections.abc import Callable

from bot.model import Report
from bot.ports import JudgeRequest, SnapshotStore


class InlineJudge:
    """``ports.Judge`` without a process of its own.

    Args:
        judge: What answers; the same callable that a ``JudgeProcess`` takes.
    """

    def __init__(
        self, snapshots: SnapshotStore, judge: Callable[[JudgeRequest, SnapshotStore], Report]
    ) -> None:
        self._snapshots = snapshots
        self._judge = judge
        self.asked: list[JudgeRequest] = []
        self.closed = False

    def judge(self, request: JudgeRequest) -> Report:
        self.asked.append(request)
        return self._judge(request, self._snapshots)

    def close(self) -> None:
        self.closed = True
