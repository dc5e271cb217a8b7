"""Baselines that travel as files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.adapters import baseline_file
from bot.adapters.data_folder import DataFolder
from bot.adapters.memory import MemorySnapshots
from bot.adapters.snapshot_files import SnapshotFiles
from bot.errors import DiffyError, NotFound, StoreCorrupt, StoreError, StoreTooNew
from bot.model import Baseline, Snapshot
from tests.fakes.samples import a_baseline, a_snapshot


def taken() -> tuple[Baseline, tuple[Snapshot, ...]]:
    """A baseline of two hosts with its snapshots."""
    snapshots = (a_snapshot("i-0a"), a_snapshot("i-0b", rows=0))
    store = MemorySnapshots()
    digests = tuple(store.put(snapshot) for snapshot in snapshots)
    return a_baseline(3, hosts=("i-0a", "i-0b"), snapshots=digests, reason="after the release"), snapshots


@pytest.mark.parametrize("name", ["web.json", "web.json.gz"])
def test_what_is_written_is_read(tmp_path: Path, name: str) -> None:
    """Plain or gzipped, whole, and the same bytes for the same baseline."""
    baseline, snapshots = taken()

    baseline_file.write(tmp_path / name, baseline, snapshots)
    first = (tmp_path / name).read_bytes()
    baseline_file.write(tmp_path / name, baseline, snapshots)

    assert baseline_file.read(tmp_path / name) == (baseline, snapshots)
    assert (tmp_path / name).read_bytes() == first
    assert first.startswith(b"\x1f\x8b") is name.endswith(".gz")


def test_it_is_one_plain_object(tmp_path: Path) -> None:
    """Other programs may read it: a schema, the baseline, and recorded answers."""
    baseline_file.write(tmp_path / "web.json", *taken())

    content = json.loads((tmp_path / "web.json").read_bytes())

    assert content["schema"] == "diffy.baseline/1"
    assert content["baseline"]["version"] == 3
    assert [one["host"] for one in content["snapshots"]] == ["i-0a", "i-0b"]


def test_digests_hold_on_another_machine(tmp_path: Path) -> None:
    """Stored there, the snapshots get the digests that the baseline names."""
    baseline_file.write(tmp_path / "web.json.gz", *taken())

    baseline, snapshots = baseline_file.read(tmp_path / "web.json.gz")
    with DataFolder.open(tmp_path / "data") as folder:
        stored = tuple(SnapshotFiles(folder).put(snapshot) for snapshot in snapshots)

    assert stored == baseline.snapshots


def test_a_renamed_file_is_still_read(tmp_path: Path) -> None:
    """Whether it is gzipped is told by its content."""
    baseline_file.write(tmp_path / "web.json.gz", *taken())
    (tmp_path / "web.json.gz").rename(tmp_path / "web.json")

    assert baseline_file.read(tmp_path / "web.json") == taken()


def _content(**changes: Any) -> bytes:
    return json.dumps({"schema": "diffy.baseline/1", "baseline": {}, "snapshots": []} | changes).encode()


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (b"", StoreCorrupt, "is not a baseline file"),
        (b"[]", StoreCorrupt, "is not a baseline file"),
        (b"\xff\xfe", StoreCorrupt, "is not a baseline file"),
        (b"\x1f\x8b\x08", StoreCorrupt, "is not a baseline file"),
        (_content(), StoreCorrupt, "is not a baseline file"),
        (_content(schema="diffy.report/1"), StoreCorrupt, 'its schema is "diffy.report/1"'),
        (_content(schema="diffy.baseline/x"), StoreCorrupt, "its schema is"),
        (_content(schema="diffy.baseline/2"), StoreTooNew, "newer Diffy"),
        (b'{"host": "i-1", "queries": {}}', StoreCorrupt, "is not a baseline file"),
    ],
)
def test_other_files_are_refused_with_a_sentence(
    tmp_path: Path, content: bytes, error: type[DiffyError], sentence: str
) -> None:
    """Empty, foreign, cut, of another kind, of a newer Diffy."""
    path = tmp_path / "web.json"
    path.write_bytes(content)

    with pytest.raises(error, match=sentence) as caught:
        baseline_file.read(path)

    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    """A baseline says what is normal: one row edited on the way, and it is not that baseline any more."""
    path = tmp_path / "web.json"
    baseline_file.write(path, *taken())
    path.write_bytes(path.read_bytes().replace(b"user1", b"mallo"))

    with pytest.raises(StoreCorrupt, match="was changed after it was written"):
        baseline_file.read(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The hint says how to make one."""
    with pytest.raises(NotFound, match="There is no file"):
        baseline_file.read(tmp_path / "none.json")


def test_it_cannot_be_written(tmp_path: Path) -> None:
    """No such folder; or snapshots that are not the baseline's, which is a defect of the caller."""
    baseline, snapshots = taken()

    with pytest.raises(StoreError, match="could not be written"):
        baseline_file.write(tmp_path / "none" / "web.json", baseline, snapshots)
    with pytest.raises(ValueError, match="not the snapshots"):
        baseline_file.write(tmp_path / "web.json", baseline, snapshots[:1])

    assert list(tmp_path.iterdir()) == []
