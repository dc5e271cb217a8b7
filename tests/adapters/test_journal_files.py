"""A live run's journal: what was noted is there after kill -9, torn or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder
from bot.adapters.journal_files import JournalFiles
from bot.errors import StoreCorrupt, StoreError
from bot.model import (
    Arrived,
    Begun,
    Entry,
    Group,
    Host,
    Missed,
    MissReason,
    SentCommand,
    Shown,
    StopAsked,
    Trace,
    trace_of,
)

AT = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)
GROUP = Group("web-asg", (Host("i-1", launch_time=AT),), (Missed("i-9", MissReason.GONE),), (Host("i-1"),))
ENTRIES: tuple[Entry, ...] = (
    Begun(AT, AT + timedelta(minutes=5), GROUP),
    Shown("parent", "1.0"),
    SentCommand("c-1", ("i-1", "i-2"), AT),
    Arrived("i-1", "ab" * 32, frozenset({"crontab"})),
    Missed("i-2", MissReason.GONE, "line\nbreak \u2028"),
    StopAsked("finish", "U0RESPOND01"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    with DataFolder.open(tmp_path / "data") as opened:
        yield opened


def written(folder: DataFolder) -> JournalFiles:
    journal = JournalFiles(folder)
    for entry in ENTRIES:
        journal.note("r1", entry)
    return journal


def test_another_process_reads_what_was_noted(folder: DataFolder) -> None:
    """Every kind of entry comes back as it was, in a file that its owner alone may read."""
    written(folder)

    other = JournalFiles(folder)

    assert other.runs() == ("r1",)
    assert other.trace("r1") == trace_of(ENTRIES)
    assert (folder.live / "r1.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_journal_cut_anywhere_holds_its_whole_lines_and_goes_on(folder: DataFolder) -> None:
    """Cut after any byte: what was whole is there, and what is noted next is not lost in the torn line."""
    written(folder)
    path = folder.live / "r1.jsonl"
    whole = path.read_bytes()
    for cut in range(0, len(whole), 7):
        path.write_bytes(whole[:cut])
        journal = JournalFiles(folder)
        kept = whole[:cut].count(b"\n")

        journal.note("r1", Shown("end", "9.0"))

        assert journal.trace("r1") == trace_of([*ENTRIES[:kept], Shown("end", "9.0")])


def test_a_run_without_a_journal_begins(folder: DataFolder) -> None:
    """Nothing was noted, or everything was said and it was removed; removing twice is once."""
    journal = written(folder)
    journal.remove("r1")
    journal.remove("r1")

    assert journal.trace("r1") == Trace()
    assert journal.runs() == ()


def test_a_damaged_line_in_the_middle_names_the_file(folder: DataFolder) -> None:
    """Not a crash's doing: it is said, not guessed at."""
    written(folder)
    path = folder.live / "r1.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"kind":"sent"', b'"kind"sent"'))

    with pytest.raises(StoreCorrupt, match=r"r1\.jsonl is damaged: in line 3"):
        JournalFiles(folder).trace("r1")


def test_a_kind_that_only_a_newer_version_knows_is_passed_over(folder: DataFolder) -> None:
    """Going back a version does not lose the run."""
    journal = written(folder)
    path = folder.live / "r1.jsonl"
    path.write_bytes(path.read_bytes() + b'{"kind":"folded","said":{"host":"i-1"}}\n')

    assert journal.trace("r1") == trace_of(ENTRIES)


def test_nothing_is_noted_once_the_folder_is_another_process_own(tmp_path: Path) -> None:
    """A thread that outlived the drain, since AWS did not answer it, must not speak into the next process's run."""
    folder = DataFolder.open(tmp_path / "data")
    before = JournalFiles(folder)
    folder.close()
    with DataFolder.open(tmp_path / "data") as mine:
        after = JournalFiles(mine)
        after.note("r1", ENTRIES[0])

        with pytest.raises(StoreError, match="closed"):
            before.note("r1", Begun(AT, AT, GROUP))
        with pytest.raises(StoreError, match="closed"):
            before.remove("r1")

        assert after.trace("r1") == trace_of(ENTRIES[:1])
