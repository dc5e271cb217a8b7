"""The store: one contract over the fake and the real one, then what only files can do."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.adapters import tinydb_store
from bot.adapters.data_folder import DataFolder
from bot.adapters.run_archive import RunArchive
from bot.adapters.tinydb_store import TinyDbStore
from bot.errors import NotFound, StoreCorrupt, StoreError
from bot.model import RunState
from bot.ports import Store
from tests.fakes.samples import NOON, a_baseline, a_run, a_schedule, an_ended_run, an_entry
from tests.fakes.stores import MemoryStore


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    with DataFolder.open(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(params=["memory", "tinydb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    with DataFolder.open(tmp_path / "data") as opened, TinyDbStore(opened) as real:
        yield real


class TestContract:
    """Holds for the store in memory and for TinyDB alike."""

    def test_a_run_comes_back_as_it_was_saved(self, store: Store) -> None:
        """Every field of a run survives, and a later save takes the earlier one's place."""
        first = a_run(1, channel="C1", joined=("U2",), snapshots=("ab",), started_at=NOON)
        store.save_run(first)

        store.save_run(replace(first, state=RunState.COLLECTING))

        assert store.run(first.id) == replace(first, state=RunState.COLLECTING)

    def test_what_does_not_exist_is_not_found(self, store: Store) -> None:
        """Unknown runs, baselines and schedules are NotFound, or None where the port says so."""
        with pytest.raises(NotFound):
            store.run("r9")
        with pytest.raises(NotFound):
            store.remove_schedule("s9")
        with pytest.raises(NotFound):
            store.renew_baseline("web-asg", 3, NOON)
        assert store.baseline("web-asg") is None
        assert store.baseline("web-asg", 3) is None

    def test_live_runs_are_oldest_first_and_leave_out_ended_ones(self, store: Store) -> None:
        """What a restart must take up, in the order it was asked for."""
        for run in (a_run(3), an_ended_run(2), a_run(1), a_run(4, state=RunState.WAITING)):
            store.save_run(run)

        assert [run.id for run in store.live_runs()] == ["r00001", "r00003"]

    def test_recent_runs_are_newest_first(self, store: Store) -> None:
        """Live and ended runs together, at most as many as asked for."""
        for number in (2, 5, 1):
            store.save_run(a_run(number))
            store.save_run(an_ended_run(number + 10))

        assert [run.id for run in store.recent_runs(4)] == ["r00015", "r00012", "r00011", "r00005"]
        assert len(store.recent_runs(100)) == 6
        assert store.recent_runs(0) == ()

    def test_many_ended_runs_are_all_found_again(self, store: Store) -> None:
        """However a store moves what is old, each run stays readable and in its place."""
        months = [an_ended_run(n, created_at=NOON + timedelta(days=n)) for n in range(150)]
        for run in months:
            store.save_run(run)

        assert [store.run(run.id) for run in months] == months
        assert store.recent_runs(150) == tuple(reversed(months))

    def test_an_old_run_can_be_saved_again(self, store: Store) -> None:
        """Accepting in the message of a run from last month changes that run, once."""
        for number in range(100):
            store.save_run(an_ended_run(number, state=RunState.WAITING))
        decided = replace(store.run("r00003"), state=RunState.DONE, decided_by="U0APPROVER")

        store.save_run(decided)
        for number in range(100, 200):
            store.save_run(an_ended_run(number))

        assert store.run("r00003") == decided
        assert len(store.recent_runs(1000)) == 200
        assert store.live_runs() == ()

    def test_the_present_baseline_is_the_highest_version(self, store: Store) -> None:
        """Older versions stay readable; the list goes by target, newest version first."""
        for version in (1, 2, 3):
            store.add_baseline(a_baseline(version))
        store.add_baseline(a_baseline(1, target="api-asg"))

        assert store.baseline("web-asg") == a_baseline(3)
        assert store.baseline("web-asg", 1) == a_baseline(1)
        assert [(one.target, one.version) for one in store.baselines()] == [
            ("api-asg", 1),
            ("web-asg", 3),
            ("web-asg", 2),
            ("web-asg", 1),
        ]
        assert [one.version for one in store.baselines("web-asg")] == [3, 2, 1]

    def test_many_versions_are_all_kept(self, store: Store) -> None:
        """A baseline accepted each day for a year loses none, nor does a renewed old one."""
        for version in range(1, 366):
            store.add_baseline(a_baseline(version))
            store.add_baseline(a_baseline(version, target="api-asg"))
        store.renew_baseline("web-asg", 2, NOON)

        assert [one.version for one in store.baselines("web-asg")] == list(range(365, 0, -1))
        assert store.baseline("web-asg", 2) == a_baseline(2, renewed_at=NOON)
        assert store.baseline("api-asg", 7) == a_baseline(7, target="api-asg")

    def test_two_people_who_accept_at_once_do_not_overwrite_each_other(self, store: Store) -> None:
        """The second gets a sentence, and the first one's baseline stands."""
        store.add_baseline(a_baseline(1, author="U0FIRST"))

        with pytest.raises(StoreError, match="has reached version 1"):
            store.add_baseline(a_baseline(1, author="U0SECOND"))

        assert store.baseline("web-asg") == a_baseline(1, author="U0FIRST")

    def test_renewing_changes_the_age_only(self, store: Store) -> None:
        """A schedule that found nothing changed."""
        store.add_baseline(a_baseline(1))

        store.renew_baseline("web-asg", 1, NOON + timedelta(days=9))

        assert store.baseline("web-asg") == a_baseline(1, renewed_at=NOON + timedelta(days=9))

    def test_a_removed_schedule_stays_removed(self, store: Store) -> None:
        """What its last run found is noted while it is there, and does not bring it back."""
        store.save_schedule(a_schedule(1))

        store.note_schedule("s1", fired_at=NOON, result="nothing changed")
        noted = store.schedules()
        store.remove_schedule("s1")
        store.note_schedule("s1", fired_at=NOON, next_fire_at=NOON)

        assert noted == (a_schedule(1, last_fired_at=NOON, last_result="nothing changed"),)
        assert store.schedules() == ()

    def test_schedules_are_saved_replaced_and_removed(self, store: Store) -> None:
        """In the order they were made."""
        store.save_schedule(a_schedule(2))
        store.save_schedule(a_schedule(1))
        store.save_schedule(a_schedule(2, next_fire_at=NOON))

        store.remove_schedule("s1")

        assert store.schedules() == (a_schedule(2, next_fire_at=NOON),)

    def test_the_audit_record_keeps_everything_newest_first(self, store: Store) -> None:
        """Equal entries are kept apart: two refusals in one second are two."""
        for number in range(450):
            store.audit(an_entry(number))
        store.audit(an_entry(449))

        entries = store.audit_entries(1000)

        assert entries == (an_entry(449), *(an_entry(number) for number in range(449, -1, -1)))
        assert store.audit_entries(2) == (an_entry(449), an_entry(449))
        assert store.audit_entries(0) == ()

    def test_many_threads_write_at_once(self, store: Store) -> None:
        """Nothing is lost and nothing raises when ten runs report together."""

        def work(thread: int) -> None:
            for number in range(20):
                store.save_run(a_run(thread * 100 + number))
                store.audit(an_entry(thread * 100 + number))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(store.live_runs()) == 160
        assert len(store.audit_entries(1000)) == 160


def reopened(folder: DataFolder) -> TinyDbStore:
    """A second look at the same folder."""
    return TinyDbStore(DataFolder.open(folder.path, lock=False))


def fill(store: TinyDbStore) -> None:
    """Enough that every kind of record has been moved to files."""
    for number in range(80):
        store.save_run(an_ended_run(number))
        store.add_baseline(a_baseline(number + 1))
        store.add_baseline(a_baseline(number + 1, target="api-asg"))
    for number in range(300):
        store.audit(an_entry(number))
    store.save_run(a_run(500))
    store.save_schedule(a_schedule())


class TestFiles:
    """What only the real store can do: outlive its process, move, refuse, mend."""

    def test_everything_is_there_after_a_restart(self, folder: DataFolder) -> None:
        """Moved or not, each record is read again as it was."""
        store = TinyDbStore(folder)
        fill(store)
        store.close()

        again = reopened(folder)

        assert again.recent_runs(1000) == store.recent_runs(1000)
        assert len(again.recent_runs(1000)) == 81
        assert again.live_runs() == (a_run(500),)
        assert again.baselines() == store.baselines()
        assert len(again.baselines()) == 160
        assert again.schedules() == (a_schedule(),)
        assert again.audit_entries(1000) == store.audit_entries(1000)
        assert len(again.audit_entries(1000)) == 300

    def test_tinydb_stays_small(self, folder: DataFolder) -> None:
        """Ten times as many ended runs leave TinyDB's file as large as it was."""
        with TinyDbStore(folder) as store:
            for number in range(40):
                store.save_run(an_ended_run(number))
            early = max(_size_after_run(store, folder, number) for number in range(40, 80))
            late = max(_size_after_run(store, folder, number) for number in range(400, 440))

        assert late <= early * 1.01

    def test_runs_with_very_many_hosts_leave_tinydb_at_once(self, folder: DataFolder) -> None:
        """Four runs of 1,000 hosts name 4,000 snapshots: 270 kB that every later write would carry."""
        digests = tuple(f"{number:064x}" for number in range(1_000))
        with TinyDbStore(folder) as store:
            for number in range(4):
                store.save_run(an_ended_run(number, snapshots=digests))

            assert folder.database.stat().st_size < 150_000
            assert store.run("r00000").snapshots == digests

    def test_audit_numbers_go_on_when_tinydb_was_moved_away(self, folder: DataFolder) -> None:
        """Following the advice for a damaged file must not make new entries look like old ones."""
        store = TinyDbStore(folder)
        fill(store)
        store.close()
        archived = len(TinyDbStore(folder).audit_entries(1000)) - len(_table(folder, "audit"))
        folder.database.unlink()

        with TinyDbStore(folder) as again:
            again.audit(an_entry(999))

            assert len(again.audit_entries(1000)) == archived + 1
            assert again.audit_entries(1) == (an_entry(999),)

    def test_a_move_that_was_cut_off_loses_and_doubles_nothing(self, folder: DataFolder) -> None:
        """Killed after the files were written and before TinyDB was: everything is in both, and TinyDB's counts."""
        store = TinyDbStore(folder)
        for number in range(tinydb_store.FRESH_AUDIT):
            store.audit(an_entry(number))
        for number in range(tinydb_store.FRESH_RUNS):
            store.save_run(an_ended_run(number))
        before = folder.database.read_bytes()
        store.audit(an_entry(1000))
        store.save_run(an_ended_run(1000))
        store.close()
        folder.database.write_bytes(before)

        with TinyDbStore(folder) as again:
            again.save_run(an_ended_run(0, decided_by="U0APPROVER"))
            for number in range(2000, 2000 + tinydb_store.FRESH_AUDIT):
                again.audit(an_entry(number))
                again.save_run(an_ended_run(number))

            audited = [entry.run for entry in again.audit_entries(1000)]
            runs = [run.id for run in again.recent_runs(1000)]
            assert len(audited) == len(set(audited)) == 2 * tinydb_store.FRESH_AUDIT
            assert len(runs) == len(set(runs)) == tinydb_store.FRESH_RUNS + tinydb_store.FRESH_AUDIT
            assert again.run("r00000").decided_by == "U0APPROVER"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"[]",
            b'{"runs": {"r1": {"id": "r1"}}}',
            b'{"audit": {"x": {}}}',
            b"\xff\xfe",
            b'{"runs": 3}',
        ],
    )
    def test_a_damaged_file_is_named_and_left_alone(self, folder: DataFolder, content: bytes) -> None:
        """The sentence names the file and what to do; the file keeps every byte."""
        folder.database.write_bytes(content)

        with pytest.raises(StoreCorrupt, match=r"diffy\.json is damaged") as caught:
            TinyDbStore(folder)

        assert "backup" in caught.value.hint
        assert folder.database.read_bytes() == content

    def test_a_damaged_line_is_named(self, folder: DataFolder) -> None:
        """A flipped byte in the middle of an old month: file and place are said, not skipped."""
        with TinyDbStore(folder) as store:
            fill(store)
        (month,) = folder.audit.glob("*.jsonl")
        month.write_bytes(month.read_bytes().replace(b'"seq":2,', b'"seq":x,'))

        with pytest.raises(StoreCorrupt, match=rf"{month.name} is damaged: at byte \d+"):
            TinyDbStore(folder)

    def test_a_torn_last_line_is_set_aside(self, folder: DataFolder) -> None:
        """What a kill left half appended was never acknowledged: the start goes on and keeps the bytes for a look."""
        with TinyDbStore(folder) as store:
            fill(store)
            entries, runs = store.audit_entries(1000), store.recent_runs(1000)
        for part in (folder.audit, folder.runs, folder.baselines):
            (month,) = part.glob("*-08.jsonl")
            month.write_bytes(month.read_bytes() + b'{"seq":99999,"en')

        read_only = reopened(folder)
        with TinyDbStore(folder) as again:
            assert (again.audit_entries(1000), again.recent_runs(1000)) == (entries, runs)
        assert (read_only.audit_entries(1000), read_only.recent_runs(1000)) == (entries, runs)
        assert (folder.audit / "2026-08.jsonl.torn").read_bytes() == b'{"seq":99999,"en\n'
        assert TinyDbStore(folder).audit_entries(1000) == entries

    def test_a_write_that_fails_says_so_and_changes_nothing(self, folder: DataFolder) -> None:
        """The caller gets the reason, memory agrees with the disk, and the next write goes on."""
        with TinyDbStore(folder) as store:
            store.save_run(a_run(1))
            kept = folder.database.read_bytes()
            folder.database.unlink()
            folder.database.mkdir()  # a rename onto a folder is refused, for root as well

            with pytest.raises(StoreError, match=r"diffy\.json could not be written"):
                store.save_run(a_run(2))

            assert [run.id for run in store.live_runs()] == ["r00001"]
            folder.database.rmdir()
            folder.database.write_bytes(kept)
            store.save_run(a_run(3))
            assert [run.id for run in store.live_runs()] == ["r00001", "r00003"]
        assert [run.id for run in reopened(folder).live_runs()] == ["r00001", "r00003"]

    def test_a_record_that_cannot_be_written_fails_alone(self, folder: DataFolder) -> None:
        """Half a character, as hostile text may hold: its caller is told, and the record stays as it was."""
        with TinyDbStore(folder) as store:
            store.save_run(a_run(1))

            with pytest.raises(StoreError, match="cannot be written down"):
                store.save_run(a_run(1, error="\ud800"))
            store.save_run(a_run(2))

            assert store.live_runs() == (a_run(1), a_run(2))
        assert reopened(folder).live_runs() == (a_run(1), a_run(2))

    def test_reading_only_refuses_changes(self, folder: DataFolder) -> None:
        """The command line beside a running bot reads what the bot wrote, and writes nothing."""
        with TinyDbStore(folder) as store:
            store.save_run(a_run(1))
            reader = reopened(folder)

            with pytest.raises(StoreError, match="for reading only"):
                reader.save_run(a_run(2))

            assert reader.run("r00001") == a_run(1)

    def test_a_closed_store_refuses_changes(self, folder: DataFolder) -> None:
        """No call hangs while Diffy shuts down."""
        store = TinyDbStore(folder)
        store.save_run(a_run(1))
        store.close()
        store.close()

        with pytest.raises(StoreError, match="closed"):
            store.save_run(a_run(2))

    def test_months_beyond_the_index_are_read_when_asked_for(self, folder: DataFolder) -> None:
        """The index begins with the newest months; older runs are still found, listed, and replaced."""
        runs = [an_ended_run(n, created_at=NOON - timedelta(days=31 * n)) for n in range(12)]
        RunArchive(folder.runs, writable=True).add(runs)

        archive = RunArchive(folder.runs, writable=True, indexed_at_start=3)
        listed = archive.newest(3)
        archive.add([replace(runs[8], decided_by="U0APPROVER")])

        assert [run_id for _, run_id in listed] == ["r00000", "r00001", "r00002"]
        assert archive.get("r00008") == replace(runs[8], decided_by="U0APPROVER")
        assert archive.get("r00010") == runs[10]
        assert [run_id for _, run_id in archive.newest(100)] == [run.id for run in runs]
        assert archive.get("r77777") is None


def _size_after_run(store: TinyDbStore, folder: DataFolder, number: int) -> int:
    store.save_run(an_ended_run(number))
    return folder.database.stat().st_size


def _table(folder: DataFolder, name: str) -> dict[str, object]:
    tables: dict[str, dict[str, object]] = json.loads(folder.database.read_bytes())
    return tables[name]
