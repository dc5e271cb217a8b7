"""kill -9 while writing, at seeded moments: the folder opens, and everything acknowledged is in it."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder
from bot.adapters.report_files import ReportFiles
from bot.adapters.snapshot_files import SnapshotFiles
from bot.adapters.tinydb_store import TinyDbStore
from bot.model import RunState

WRITER = """
import sys, pathlib
from dataclasses import replace
from bot.adapters import tinydb_store
from bot.adapters.data_folder import DataFolder
from bot.adapters.report_files import ReportFiles
from bot.adapters.snapshot_files import SnapshotFiles
from bot.adapters.tinydb_store import TinyDbStore
from tests.fakes.samples import a_baseline, a_report, a_run, a_snapshot, an_ended_run, an_entry

# Moves to files all the time, so that many kills fall into one.
tinydb_store.FRESH_RUNS = tinydb_store.FRESH_BASELINES = tinydb_store.FRESH_AUDIT = 6
folder = DataFolder.open(pathlib.Path(sys.argv[1]))
store, snapshots, reports = TinyDbStore(folder), SnapshotFiles(folder), ReportFiles(folder)
number = 0
while True:
    number += 1
    store.save_run(a_run(number))
    print("live", number, flush=True)
    digest = snapshots.put(a_snapshot(f"i-{number}"))
    print("snapshot", digest, flush=True)
    reports.put(a_report(f"r{number:05d}"))
    store.save_run(an_ended_run(number, snapshots=(digest,) * 200))
    print("ended", number, flush=True)
    store.add_baseline(a_baseline(number, snapshots=(digest,)))
    print("baseline", number, flush=True)
    store.audit(an_entry(number))
    print("audit", number, flush=True)
"""


@pytest.mark.parametrize("seed", range(15))
def test_everything_acknowledged_survives(tmp_path: Path, seed: int) -> None:
    """Killed after a random number of acknowledgements, in the middle of whatever came next."""
    path = tmp_path / "data"
    acknowledged = _write_and_kill(path, after=random.Random(seed).randrange(1, 400))

    with DataFolder.open(path) as folder, TinyDbStore(folder) as store:
        runs = {run.id: run for run in store.recent_runs(100_000)}
        audited = [entry.run for entry in store.audit_entries(100_000)]
        versions = [one.version for one in store.baselines()]
        reports, snapshots = ReportFiles(folder), SnapshotFiles(folder)

        assert not list(path.rglob("*.tmp"))
        assert len(audited) == len(set(audited))
        for kind, name in acknowledged:
            run_id = f"r{name:0>5}"
            if kind == "live":
                assert run_id in runs
            elif kind == "snapshot":
                assert snapshots.get(name).host.id.startswith("i-")
            elif kind == "ended":
                assert runs[run_id].state is RunState.DONE
                assert store.run(run_id) == runs[run_id]
                assert reports.get(run_id).run.id == run_id
            elif kind == "baseline":
                assert int(name) in versions
            else:
                assert run_id in audited


def _write_and_kill(path: Path, *, after: int) -> list[tuple[str, str]]:
    """Let a process write and kill it after that many lines; return what it had acknowledged: (kind, name)."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    try:
        lines = [writer.stdout.readline() for _ in range(after)]
    finally:
        writer.kill()
        writer.wait()
    lines += writer.stdout.readlines()
    writer.stdout.close()
    whole = [line.split() for line in lines if line.endswith("\n")]
    assert len(whole) >= after
    return [(kind, name) for kind, name in whole]
