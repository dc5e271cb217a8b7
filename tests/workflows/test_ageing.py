"""What is old goes, save what a baseline or an unfinished run still names; over real files."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder
from bot.adapters.report_files import ReportFiles
from bot.adapters.snapshot_files import SnapshotFiles
from bot.errors import NotFound
from bot.model import RunState
from bot.workflows.ageing import forget_old
from tests.fakes.samples import a_baseline, a_report, a_run, a_snapshot, an_ended_run
from tests.fakes.stores import MemoryStore


def test_what_a_baseline_or_an_unfinished_run_names_stays(tmp_path: Path) -> None:
    """Of four old snapshots two are named, by an earlier version of a baseline and by a run that is not through."""
    with DataFolder.open(tmp_path / "data") as folder:
        store, snapshots, reports = MemoryStore(), SnapshotFiles(folder), ReportFiles(folder)
        normal, judged, loose, young = (snapshots.put(a_snapshot(f"i-{number}")) for number in range(4))
        store.add_baseline(a_baseline(1, snapshots=(normal,)))
        store.add_baseline(a_baseline(2, snapshots=()))
        store.save_run(a_run(1, state=RunState.COMPARING, snapshots=(judged,)))
        store.save_run(an_ended_run(2, snapshots=(loose,)))
        for number in (1, 2):
            reports.put(a_report(a_run(number).id))
        for path in (tmp_path / "data").rglob("*.json.gz"):
            if young not in path.name:
                os.utime(path, (0, 0))

        gone = forget_old(store, snapshots, reports, before=datetime.now(UTC) - timedelta(days=90))

        assert gone == (1, 1)
        assert [snapshots.get(digest).host.id for digest in (normal, judged, young)] == ["i-0", "i-1", "i-3"]
        assert reports.get(a_run(1).id).run.id == a_run(1).id
        with pytest.raises(NotFound, match="removed for its age"):
            reports.get(a_run(2).id)
        with pytest.raises(NotFound):
            snapshots.get(loose)
