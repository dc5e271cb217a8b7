"""Snapshots: one contract over the fake and the files, then what files can suffer."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder
from bot.adapters.memory import MemorySnapshots
from bot.adapters.snapshot_files import SnapshotFiles
from bot.errors import NotFound, StoreCorrupt, StoreError
from bot.ports import SnapshotStore
from tests.fakes.samples import a_snapshot


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    with DataFolder.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, folder: DataFolder) -> SnapshotStore:
    return MemorySnapshots() if request.param == "memory" else SnapshotFiles(folder)


def file_of(folder: DataFolder, digest: str) -> Path:
    """Where the snapshot lies."""
    return folder.snapshots / digest[:2] / f"{digest}.json.gz"


class TestContract:
    """Holds for both."""

    def test_a_snapshot_comes_back_as_it_was(self, store: SnapshotStore) -> None:
        """Rows, empty answers, failed ones with their message, the host, the time: bidirectional text and all."""
        snapshot = a_snapshot()

        assert store.get(store.put(snapshot)) == snapshot

    def test_equal_snapshots_have_one_digest(self, store: SnapshotStore) -> None:
        """Named by content: stored twice is stored once, and another host's is another."""
        assert store.put(a_snapshot()) == store.put(a_snapshot())
        assert store.put(a_snapshot("i-0b")) != store.put(a_snapshot())

    @pytest.mark.parametrize("digest", ["0" * 64, "", "..", "../../etc/passwd", "A" * 64, "0" * 63 + "\n"])
    def test_what_was_never_stored_is_not_found(self, store: SnapshotStore, digest: str) -> None:
        """A digest that is none can reach no other file."""
        with pytest.raises(NotFound):
            store.get(digest)


class TestFiles:
    """On disk."""

    def test_equal_snapshots_give_equal_bytes(self, folder: DataFolder) -> None:
        """So a folder can be copied, compared and deduplicated by file."""
        digest = SnapshotFiles(folder).put(a_snapshot())
        first = file_of(folder, digest).read_bytes()
        file_of(folder, digest).unlink()

        SnapshotFiles(folder).put(a_snapshot())

        assert file_of(folder, digest).read_bytes() == first

    @pytest.mark.parametrize("harm", ["cut", "empty", "flipped", "swapped", "not gzip"])
    def test_a_damaged_file_is_never_read_as_an_answer(self, folder: DataFolder, harm: str) -> None:
        """Whatever happened to the bytes, what comes back is what was stored or an error that names the file."""
        files = SnapshotFiles(folder)
        digest, other = files.put(a_snapshot()), files.put(a_snapshot("i-0b"))
        path = file_of(folder, digest)
        whole = path.read_bytes()
        middle = len(whole) // 2
        harmed = {
            "cut": whole[:-9],
            "empty": b"",
            "flipped": whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :],
            "swapped": file_of(folder, other).read_bytes(),
            "not gzip": b"{}",
        }[harm]
        path.write_bytes(harmed)

        with pytest.raises(StoreCorrupt, match=f"{digest}.json.gz is damaged"):
            files.get(digest)

        assert path.read_bytes() == harmed

    def test_storing_again_mends_a_damaged_copy(self, folder: DataFolder) -> None:
        """The digest that put returns can be read, also when an older copy was damaged."""
        files = SnapshotFiles(folder)
        digest = files.put(a_snapshot())
        file_of(folder, digest).write_bytes(b"")

        files.put(a_snapshot())

        assert files.get(digest) == a_snapshot()

    def test_many_threads_store_at_once(self, folder: DataFolder) -> None:
        """The same and different ones, as ten runs of one group do."""
        files = SnapshotFiles(folder)
        stored: list[str] = []

        def work() -> None:
            stored.extend(files.put(a_snapshot(f"i-{number}")) for number in range(10))

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(stored) == 60
        assert {files.get(digest).host.id for digest in stored} == {f"i-{number}" for number in range(10)}

    def test_prune_removes_what_is_old_and_unnamed(self, folder: DataFolder) -> None:
        """What is named stays; so does what was stored, or stored again, since."""
        files = SnapshotFiles(folder)
        named, old, again, fresh = (files.put(a_snapshot(f"i-{number}")) for number in range(4))
        now = datetime.now(UTC)
        for digest in (named, old, again):
            os.utime(file_of(folder, digest), (0, 0))
        files.put(a_snapshot("i-2"))

        removed = files.prune({named}, before=now - timedelta(hours=1))

        assert removed == 1
        assert [files.get(digest).host.id for digest in (named, again, fresh)] == ["i-0", "i-2", "i-3"]
        with pytest.raises(NotFound):
            files.get(old)

    def test_what_cannot_be_removed_is_said(self, folder: DataFolder) -> None:
        """A folder under a snapshot's name, say."""
        path = file_of(folder, "ab" * 32)
        path.mkdir(parents=True)

        with pytest.raises(StoreError, match="could not be written"):
            SnapshotFiles(folder).prune(set(), before=datetime.now(UTC) + timedelta(hours=1))
