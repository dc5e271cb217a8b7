"""The folder's owner, its version, and what interrupted writes leave."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder, cannot_write, make_folder, read_bytes, write_atomically
from bot.errors import StoreCorrupt, StoreError, StoreLocked, StoreTooNew

HOLD = """
import sys, pathlib
from bot.adapters.data_folder import DataFolder
folder = DataFolder.open(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_folders_are_for_their_owner_only(tmp_path: Path) -> None:
    """Snapshots hold command lines and users of production hosts."""
    with DataFolder.open(tmp_path / "a" / "data") as folder:
        write_atomically(folder.path / "x", b"x")

        parts = (folder.path, folder.runs, folder.baselines, folder.audit, folder.snapshots, folder.reports)
        assert {oct(part.stat().st_mode & 0o777) for part in parts} == {"0o700"}
        assert oct((folder.path / "x").stat().st_mode & 0o777) == "0o600"


def test_a_second_process_gets_a_sentence(tmp_path: Path) -> None:
    """It names the folder and the process that owns it; the owner's death frees the folder at once."""
    path = tmp_path / "data"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(StoreLocked, match=rf"Another process \(pid {holder.pid} on .+\) is using .*data"):
            DataFolder.open(path)
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
    DataFolder.open(path).close()


def test_a_folder_is_locked_within_one_process_too(tmp_path: Path) -> None:
    """Two stores over one folder would overwrite each other, whoever made them; closing frees it."""
    folder = DataFolder.open(tmp_path)

    with pytest.raises(StoreLocked):
        DataFolder.open(tmp_path)

    folder.close()
    folder.close()
    assert not folder.writable
    DataFolder.open(tmp_path).close()


def test_a_lock_without_a_readable_owner_is_still_a_lock(tmp_path: Path) -> None:
    """The note beside the lock is for the sentence only."""
    with DataFolder.open(tmp_path):
        (tmp_path / "owner.json").write_bytes(b"{")

        with pytest.raises(StoreLocked, match="Another process is using"):
            DataFolder.open(tmp_path)


def test_reading_needs_no_lock_and_changes_nothing(tmp_path: Path) -> None:
    """Beside a running bot, and where no folder is at all."""
    with DataFolder.open(tmp_path / "data"):
        before = sorted(tmp_path.rglob("*"))

        reader = DataFolder.open(tmp_path / "data", lock=False)
        nothing = DataFolder.open(tmp_path / "none", lock=False)

        assert not reader.writable
        assert not nothing.writable
        assert sorted(tmp_path.rglob("*")) == before
        reader.close()


@pytest.mark.parametrize("lock", [True, False])
def test_a_newer_folder_is_refused(tmp_path: Path, lock: bool) -> None:
    """An older Diffy never writes into, nor misreads, what a newer one laid out."""
    (tmp_path / "layout.json").write_bytes(b'{"layout": 2}')

    with pytest.raises(StoreTooNew, match=r"newer Diffy \(layout 2; this one reads 1\)"):
        DataFolder.open(tmp_path, lock=lock)

    assert (tmp_path / "layout.json").read_bytes() == b'{"layout": 2}'


@pytest.mark.parametrize("content", [b"", b"[]", b'{"layout": "1"}', b"\xff"])
def test_a_damaged_layout_is_refused(tmp_path: Path, content: bytes) -> None:
    """The file is named and keeps its bytes, and the lock is given back."""
    (tmp_path / "layout.json").write_bytes(content)

    for _ in range(2):
        with pytest.raises(StoreCorrupt, match=r"layout\.json is damaged"):
            DataFolder.open(tmp_path)

    assert (tmp_path / "layout.json").read_bytes() == content


def test_a_folder_without_its_layout_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    """diffy.json is there and nobody knows which form it has."""
    (tmp_path / "diffy.json").write_bytes(b"{}")

    with pytest.raises(StoreCorrupt, match="missing"):
        DataFolder.open(tmp_path)


def test_leftovers_of_interrupted_writes_are_removed(tmp_path: Path) -> None:
    """Only those: a foreign file stays, whatever its name."""
    DataFolder.open(tmp_path).close()
    (tmp_path / "snapshots" / "ab").mkdir()
    leftovers = [tmp_path / part / ".diffy-x1.tmp" for part in ("", "reports", "snapshots/ab")]
    foreign = tmp_path / "notes.tmp"
    for file in (*leftovers, foreign):
        file.write_bytes(b"half")

    DataFolder.open(tmp_path, lock=False)
    assert all(leftover.exists() for leftover in leftovers)
    DataFolder.open(tmp_path).close()

    assert not any(leftover.exists() for leftover in leftovers)
    assert foreign.exists()


def test_a_path_that_cannot_be_a_folder(tmp_path: Path) -> None:
    """A file in its place, or in the place of a part: a sentence, not a traceback."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "runs").write_bytes(b"")

    with pytest.raises(StoreError, match="could not be written"):
        DataFolder.open(tmp_path / "file")
    with pytest.raises(StoreError, match="in the way"):
        DataFolder.open(tmp_path / "data")
    with pytest.raises(StoreError, match="could not be written"):
        DataFolder.open(tmp_path / "file" / "below")
    with pytest.raises(StoreError, match="could not be written"):
        make_folder(tmp_path / "none" / "below")


def test_a_lock_file_that_cannot_be_opened(tmp_path: Path) -> None:
    """A folder where the lock should be."""
    (tmp_path / "lock").mkdir()

    with pytest.raises(StoreError, match="could not be written"):
        DataFolder.open(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_no_leftover(tmp_path: Path) -> None:
    """Neither a half file under the name nor a temporary one beside it."""
    (tmp_path / "taken").mkdir()

    with pytest.raises(StoreError, match="taken could not be written"):
        write_atomically(tmp_path / "taken", b"new")
    with pytest.raises(StoreError, match="could not be written"):
        write_atomically(tmp_path / "none" / "file", b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_reading_what_is_not_a_file(tmp_path: Path) -> None:
    """Missing is None; unreadable is an error that names it."""
    assert read_bytes(tmp_path / "none") is None
    with pytest.raises(StoreError, match="could not be read"):
        read_bytes(tmp_path)


@pytest.mark.parametrize(
    ("code", "advice"),
    [(errno.ENOSPC, "Free some space"), (errno.EROFS, "DIFFY_DATA_DIR"), (errno.EIO, "DIFFY_DATA_DIR")],
)
def test_the_advice_fits_the_reason(code: int, advice: str) -> None:
    """A full disk is not a matter of permissions."""
    assert advice in cannot_write(Path("x"), OSError(code, os.strerror(code))).hint


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a report is written beside a responder's own files."""

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)

    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "report.json", b"{}")

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_any_more_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk went read-only: closing fails in nothing, and the next process may open."""
    folder = DataFolder.open(tmp_path / "data")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as read_only:
        read_only.setattr(Path, "unlink", refuse)
        folder.close()

    DataFolder.open(tmp_path / "data").close()
