"""How is one of very many ended runs found again, by id or as one of the newest?"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from bot.adapters.month_files import MonthFiles, Place, month_of
from bot.model import Run

INDEXED_AT_START = 10_000  # runs; about 3 MB. Older months are read when first asked for.


class _Head(msgspec.Struct):
    id: str
    created_at: datetime


class RunArchive:
    """Ended runs in files by month, with an index in memory that begins with the newest months. Thread-safe."""

    def __init__(self, folder: Path, *, writable: bool, indexed_at_start: int = INDEXED_AT_START) -> None:
        self._files = MonthFiles(folder)
        if writable:
            self._files.mend()
        self._gate = threading.RLock()
        self._places: dict[str, Place] = {}
        self._order: list[tuple[datetime, str]] = []  # oldest first
        self._unread = list(self._files.months())  # newest first
        self._read_months(indexed_at_start)

    def add(self, runs: Iterable[Run]) -> None:
        """Append the runs, durably; one that is here already is replaced. StoreError when that fails."""
        runs = list(runs)
        with self._gate:
            for month in sorted({month_of(run.created_at) for run in runs} & set(self._unread)):
                self._read_month(month)  # else a later reading of its older lines would hide the new one
            lines = [(month_of(run.created_at), msgspec.json.encode(run)) for run in runs]
            for run, place in zip(runs, self._files.append(lines), strict=True):
                if run.id not in self._places:
                    insort(self._order, (run.created_at, run.id))
                self._places[run.id] = place

    def get(self, run_id: str) -> Run | None:
        """Return the run, None when it is not here; StoreCorrupt when its line is damaged."""
        with self._gate:
            while run_id not in self._places and self._unread:
                self._read_months(len(self._order) + 1)
            place = self._places.get(run_id)
        return None if place is None else self._files.decode(place, self._files.line(place), Run)

    def newest(self, limit: int) -> tuple[tuple[datetime, str], ...]:
        """Return (created, id) of the newest runs, newest first."""
        with self._gate:
            self._read_months(limit)
            return tuple(reversed(self._order[-limit:])) if limit > 0 else ()

    def _read_months(self, at_least: int) -> None:
        """Index months, newest first, until that many runs are known or no month is left."""
        while self._unread and len(self._order) < at_least:
            self._read_month(self._unread[0])

    def _read_month(self, month: str) -> None:
        created: dict[str, datetime] = {}
        for place, line in self._files.lines(month):
            head = self._files.decode(place, line, _Head)
            created[head.id] = head.created_at
            self._places[head.id] = place
        self._unread.remove(month)
        self._order = sorted([*self._order, *((moment, run_id) for run_id, moment in created.items())])
