"""Append-only files by month, also on a disk that is full."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.adapters.data_folder import write_atomically
from bot.adapters.month_files import MonthFiles, Place
from bot.errors import StoreError


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let the kernel refuse to write beyond that size, as a full disk does: in the middle of a write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def content(files: MonthFiles, month: str) -> list[bytes]:
    """The lines of a month."""
    return [line for _, line in files.lines(month)]


def test_records_stand_where_append_said(tmp_path: Path) -> None:
    """Several months at once, in the order they were given; newest month first in the list."""
    files = MonthFiles(tmp_path)
    files.append([("2026-08", b'{"a":1}')])

    places = files.append([("2026-09", b'{"b":2}'), ("2026-08", b'{"c":3}'), ("2026-09", b'{"d":4}')])

    assert places == [Place("2026-09", 0), Place("2026-08", 8), Place("2026-09", 8)]
    assert [files.line(place) for place in places] == [b'{"b":2}', b'{"c":3}', b'{"d":4}']
    assert files.months() == ("2026-09", "2026-08")
    assert content(files, "2026-08") == [b'{"a":1}', b'{"c":3}']
    assert content(files, "1999-01") == []
    assert oct((tmp_path / "2026-08.jsonl").stat().st_mode & 0o777) == "0o600"


def test_a_full_disk_leaves_no_half_record(tmp_path: Path) -> None:
    """Part of the record was written when the disk was full: the part is taken back, and later appends are whole."""
    files = MonthFiles(tmp_path)
    files.append([("2026-08", b'{"a":1}')])

    with no_file_larger_than(50), pytest.raises(StoreError, match=r"2026-08\.jsonl could not be written"):
        files.append([("2026-08", b"x" * 100)])
    after = (tmp_path / "2026-08.jsonl").read_bytes()
    files.append([("2026-08", b'{"b":2}')])

    assert after == b'{"a":1}\n'
    assert content(files, "2026-08") == [b'{"a":1}', b'{"b":2}']


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The same for files that are replaced: the old content stands, and no leftover."""
    write_atomically(tmp_path / "file", b"old")

    with no_file_larger_than(50), pytest.raises(StoreError, match="file could not be written"):
        write_atomically(tmp_path / "file", b"x" * 100)

    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    """A folder under a month's name, or a month that went away."""
    files = MonthFiles(tmp_path)
    (tmp_path / "2026-08.jsonl").mkdir()

    with pytest.raises(StoreError, match="could not be written"):
        files.append([("2026-08", b"{}")])
    with pytest.raises(StoreError, match="could not be written"):
        files.mend()
    with pytest.raises(StoreError, match="could not be read"):
        files.line(Place("2026-07", 0))
