"""Where are finished reports kept, so that a button pressed next month still opens one?"""

from __future__ import annotations

import gzip
import re
from collections.abc import Set
from datetime import datetime
from pathlib import Path

import msgspec

from bot.adapters.data_folder import DataFolder, damaged, read_packed, write_atomically
from bot.adapters.snapshot_files import prune_files
from bot.errors import NotFound, StoreError, StoreTooNew
from bot.model import Report

FORM = 1  # raised when an older Diffy could not read what this one writes
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


class _Stored(msgspec.Struct):
    form: int
    report: msgspec.Raw


class ReportFiles:
    """One gzip file a run, ``<run id>.json.gz``. Safe from many threads."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder.reports

    def put(self, report: Report) -> None:
        """Store the report under its run's id; a later one of the same run (provisional, final) takes its place.

        Raises:
            StoreError: It cannot be written, or could not be read again (a score that is no number).
        """
        try:
            content = msgspec.json.encode(report)
            msgspec.json.decode(content, type=Report)
        except (TypeError, ValueError) as error:
            raise StoreError(f"The report of run {report.run.id} cannot be written down: {error}.") from error
        raw = msgspec.json.encode(_Stored(FORM, msgspec.Raw(content)))
        write_atomically(self._path(report.run.id), gzip.compress(raw, mtime=0))

    def get(self, run_id: str) -> Report:
        """Return the report; NotFound, StoreCorrupt or StoreTooNew otherwise."""
        path = self._path(run_id)
        raw = read_packed(path)
        if raw is None:
            raise NotFound(
                f"There is no report of run {run_id}.", "It may have been removed for its age: run it again."
            )
        try:
            stored = msgspec.json.decode(raw, type=_Stored)
            if stored.form > FORM:
                raise StoreTooNew(
                    f"The report of run {run_id} was written by a newer Diffy.",
                    "Start that newer Diffy, or run it again.",
                )
            return msgspec.json.decode(stored.report, type=Report)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(path, error) from error

    def prune(self, keep: Set[str], *, before: datetime) -> int:
        """Remove the reports of runs that are not in ``keep`` and were stored before ``before``; return how many."""
        return prune_files(self._folder.glob("*.json.gz"), keep, before=before)

    def _path(self, run_id: str) -> Path:
        if not _RUN_ID.fullmatch(run_id):
            raise NotFound(f"{run_id!r} is not the id of a run.")
        return self._folder / f"{run_id}.json.gz"
