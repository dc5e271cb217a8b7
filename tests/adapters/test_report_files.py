"""Reports: one contract over the fake and the files, then what files can suffer."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder
from bot.adapters.memory import MemoryReports
from bot.adapters.report_files import ReportFiles
from bot.errors import NotFound, StoreCorrupt, StoreError, StoreTooNew
from bot.model import (
    BaselineInfo,
    Coverage,
    Limits,
    LookAlikes,
    Missed,
    MissReason,
    QueryStatus,
    UnknownQuery,
)
from bot.ports import ReportStore
from tests.fakes.samples import NOON, a_report


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    with DataFolder.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, folder: DataFolder) -> ReportStore:
    return MemoryReports() if request.param == "memory" else ReportFiles(folder)


class TestContract:
    """Holds for both."""

    def test_a_report_comes_back_as_it_was(self, store: ReportStore) -> None:
        """Every noun of a report, so that a button opens next month what was shown today."""
        report = a_report(
            coverage=Coverage(
                3,
                1,
                1,
                (Missed("i-0c", MissReason.OFFLINE, "last ping: never"),),
                (UnknownQuery("i-0b", "crontab", QueryStatus.ERROR, "no such table"),),
            ),
            lookalikes=(LookAlikes("template 12", ("i-0a", "i-0b")),),
            notes=("Two hosts: they differ, nobody is named.",),
            baseline=BaselineInfo(3, "U0APPROVER", NOON, NOON, ("i-0a",)),
        )

        store.put(report)

        assert store.get("r00001") == report

    def test_a_later_report_takes_the_place_of_a_provisional_one(self, store: ReportStore) -> None:
        """One report a run."""
        store.put(a_report(notes=("provisional",)))
        store.put(a_report(notes=("final",)))

        assert store.get("r00001").notes == ("final",)

    @pytest.mark.parametrize("run_id", ["r9", "", "..", "../diffy", "a/b", "x" * 101, ".hidden", "r1\n"])
    def test_what_was_never_stored_is_not_found(self, store: ReportStore, run_id: str) -> None:
        """A run id comes back from Slack with a button: it can reach no other file."""
        with pytest.raises(NotFound):
            store.get(run_id)


class TestFiles:
    """On disk."""

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{}",
            gzip.compress(b"{}", mtime=0),
            gzip.compress(b'{"form": 1, "report": {"run": 3}}', mtime=0),
            gzip.compress(b"\xff", mtime=0),
        ],
    )
    def test_a_damaged_report_is_named_and_left_alone(self, folder: DataFolder, content: bytes) -> None:
        """Cut, not gzip, not JSON, not a report."""
        path = folder.reports / "r00001.json.gz"
        path.write_bytes(content)

        with pytest.raises(StoreCorrupt, match=r"r00001\.json\.gz is damaged"):
            ReportFiles(folder).get("r00001")

        assert path.read_bytes() == content

    def test_a_report_of_a_newer_diffy_is_not_misread(self, folder: DataFolder) -> None:
        """Its form is newer, whatever is in it."""
        (folder.reports / "r00001.json.gz").write_bytes(gzip.compress(b'{"form": 2, "report": {}}', mtime=0))

        with pytest.raises(StoreTooNew, match="newer Diffy"):
            ReportFiles(folder).get("r00001")

    def test_what_could_not_be_read_again_is_not_stored(self, folder: DataFolder) -> None:
        """A score that is no number has no JSON form: said at once, and the earlier report stands."""
        files = ReportFiles(folder)
        files.put(a_report())

        with pytest.raises(StoreError, match="cannot be written down"):
            files.put(a_report(limits=Limits(2, 0, float("nan"), 6.0, True)))

        assert files.get("r00001") == a_report()

    def test_prune_removes_what_is_old_and_unnamed(self, folder: DataFolder) -> None:
        """By run id and age."""
        files = ReportFiles(folder)
        for run_id in ("kept", "old", "fresh"):
            files.put(a_report(run_id))
        for run_id in ("kept", "old"):
            os.utime(folder.reports / f"{run_id}.json.gz", (0, 0))

        removed = files.prune({"kept"}, before=datetime.now(UTC) - timedelta(hours=1))

        assert removed == 1
        assert files.get("kept") == a_report("kept")
        assert files.get("fresh") == a_report("fresh")
        with pytest.raises(NotFound):
            files.get("old")
