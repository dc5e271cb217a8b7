"""Which runs' snapshots are folded already, and how is a request judged over them?"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

from bot.analysis import Case, Fold, judge_folded
from bot.collection.recorded import unread
from bot.errors import StoreCorrupt
from bot.model import Report
from bot.ports import JudgeRequest, SnapshotStore

MOST = (
    4  # runs folded at once; the one that was used longest ago gives way and is folded anew when it is judged
)


class Folds:
    """One fold a run, filled as its snapshots arrive. A snapshot is read from the store once and not kept."""

    def __init__(self, snapshots: SnapshotStore, *, most: int = MOST) -> None:
        self.snapshots = snapshots
        self._most = most
        self._folds: OrderedDict[str, Fold] = OrderedDict()

    def add(self, run_id: str, digests: Iterable[str]) -> None:
        """Fold stored snapshots; what is folded already is passed over.

        Raises:
            NotFound: There is no such snapshot.
            StoreCorrupt: One is damaged; what was folded of that run is let go.
        """
        fold = self._folds.setdefault(run_id, Fold())
        self._folds.move_to_end(run_id)
        while len(self._folds) > self._most:
            self._folds.popitem(last=False)
        for digest in digests:
            if digest in fold:
                continue
            snapshot, rows = unread(self.snapshots.read(digest), source=f"snapshot {digest}")
            try:
                fold.add_rows(snapshot, rows, digest)
            except msgspec.MsgspecError as error:
                self.forget(run_id)
                raise StoreCorrupt(f"snapshot {digest} holds a row that is none: {error}.") from error

    def judge(self, request: JudgeRequest) -> Report:
        """Fold what the request names and is not folded yet, and judge; raises as ``add`` does."""
        self.add(request.run.id, (*request.snapshots, *request.baseline))
        fold = self._folds[request.run.id]
        case = Case(
            run=request.run,
            group=request.group,
            snapshots=(),
            missed=request.missed,
            pack=request.pack,
            method=request.method,
            baseline_info=request.baseline_info,
        )
        hosts, baseline = (
            [fold.number(digest) for digest in digests] for digests in (request.snapshots, request.baseline)
        )
        return judge_folded(case, fold, hosts, baseline)

    def forget(self, run_id: str) -> None:
        """Let go of a run's fold."""
        self._folds.pop(run_id, None)


def fold_and_judge(request: JudgeRequest, folds: Folds) -> Report:
    """Judge a request over what is folded."""
    return folds.judge(request)
