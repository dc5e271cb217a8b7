"""Where do runs, baselines, schedules and the audit record live, durable when a call returns and quick at 10,000 runs?

TinyDB writes its whole file at each change, so it holds what is fresh, and the rest moves to files by month (docs/decisions).
Where a record is in both, TinyDB's is the newer: a crash between the two steps of a move loses and doubles nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from operator import attrgetter
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from tinydb import TinyDB
from tinydb.table import Document

from bot.adapters.data_folder import DataFolder, damaged
from bot.adapters.month_files import MonthFiles, month_of
from bot.adapters.run_archive import RunArchive
from bot.adapters.single_writer import SingleWriter
from bot.adapters.tinydb_storage import AtomicStorage, KeyedTable
from bot.errors import NotFound, StoreError
from bot.model import AuditEntry, Baseline, Run, Schedule, noted

# What may stay in TinyDB, so that its file stays near 100 kB. When one is passed, half moves to files at once.
FRESH_RUNS = 32
FRESH_DIGESTS = 2_000  # of the ended runs together: a run of 1,000 hosts names 1,000 snapshots of 67 bytes
FRESH_BASELINES = 100
FRESH_AUDIT = 200

_T = TypeVar("_T")


class _ArchivedEntry(msgspec.Struct):
    seq: int
    entry: AuditEntry


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What TinyDB holds, as our nouns. Never changed in place: readers need no lock."""

    runs: dict[str, Run]
    baselines: dict[str, Baseline]
    schedules: dict[str, Schedule]
    audit: dict[int, AuditEntry]


class _Draft:
    """Changes on their way: the tables of TinyDB and a copy of what they hold."""

    def __init__(self, database: TinyDB, fresh: _Fresh) -> None:
        self._database = database
        self.fresh = _Fresh(dict(fresh.runs), dict(fresh.baselines), dict(fresh.schedules), dict(fresh.audit))

    def put(self, table: str, key: str | int, record: object) -> None:
        try:  # through JSON, so that what cannot be written fails here and not with everybody's next write
            content = msgspec.json.decode(msgspec.json.encode(record))
        except (TypeError, ValueError) as error:
            raise StoreError(f"A record of {table} cannot be written down: {error}.") from error
        self.drop(table, key)
        document: Any = Document(content, doc_id=str(key))  # type: ignore[arg-type]  # see KeyedTable
        self._database.table(table).insert(document)
        getattr(self.fresh, table)[key] = record

    def drop(self, table: str, key: str | int) -> None:
        records = getattr(self.fresh, table)
        if key in records:
            self._database.table(table).remove(doc_ids=[str(key)])  # type: ignore[list-item]
            del records[key]


class TinyDbStore:
    """``ports.Store`` over TinyDB and files by month. Reads come from memory; one thread writes.

    Over a folder that was opened without the lock it can only be read, as it was when opened.

    Raises:
        StoreCorrupt: A file is damaged; it is left as it is.
    """

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder  # a lock that nobody refers to is given back
        self._storage = AtomicStorage(folder.database)
        self._database = _open_tables(self._storage)
        self._old_runs = RunArchive(folder.runs, writable=folder.writable)
        self._old_baselines = MonthFiles(folder.baselines)
        self._old_audit = MonthFiles(folder.audit)
        self._fresh = _Fresh(
            self._load("runs", Run, str),
            self._load("baselines", Baseline, str),
            self._load("schedules", Schedule, str),
            self._load("audit", AuditEntry, int),
        )
        self._writer: SingleWriter[_Draft] | None = None
        if folder.writable:
            self._old_baselines.mend()
            self._old_audit.mend()
            self._writer = SingleWriter(self._begin, self._commit, name="diffy-store")
        self._next_seq = 1 + max([*self._fresh.audit, self._last_archived_seq()])

    def close(self) -> None:
        """Finish what was asked for; every later change raises StoreError."""
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Runs

    def save_run(self, run: Run) -> None:
        self._change(lambda draft: draft.put("runs", run.id, run))

    def run(self, run_id: str) -> Run:
        found = self._fresh.runs.get(run_id) or self._old_runs.get(run_id)
        if found is None:
            raise NotFound(f"There is no run {run_id}.", "`/diffy status` lists the latest.")
        return found

    def live_runs(self) -> tuple[Run, ...]:
        return tuple(sorted((run for run in self._fresh.runs.values() if not run.ended), key=_by_age))

    def recent_runs(self, limit: int) -> tuple[Run, ...]:
        fresh = self._fresh.runs
        known = {(run.created_at, run.id) for run in fresh.values()} | set(self._old_runs.newest(limit))
        newest = sorted(known, reverse=True)[: max(limit, 0)]
        return tuple(self.run(run_id) for _, run_id in newest)

    # Baselines

    def add_baseline(self, baseline: Baseline) -> None:
        def add(draft: _Draft) -> None:
            present = _present(draft.fresh.baselines, baseline.target)
            if present is not None and present.version >= baseline.version:
                raise StoreError(
                    f"The baseline of {baseline.target} has reached version {present.version} meanwhile.",
                    "Look at it, then ask again.",
                )
            draft.put("baselines", _key(baseline.target, baseline.version), baseline)

        self._change(add)

    def renew_baseline(self, target: str, version: int, at: datetime) -> None:
        def renew(draft: _Draft) -> None:
            present = self._find_baseline(draft.fresh.baselines, target, version)
            if present is None:
                raise _no_baseline(target, version)
            draft.put("baselines", _key(target, version), replace(present, renewed_at=at))

        self._change(renew)

    def baseline(self, target: str, version: int | None = None) -> Baseline | None:
        fresh = self._fresh.baselines
        if version is None:
            return _present(fresh, target)  # the present one of a target never leaves TinyDB
        return self._find_baseline(fresh, target, version)

    def baselines(self, target: str | None = None) -> tuple[Baseline, ...]:
        fresh = self._fresh.baselines
        known = self._archived_baselines() | fresh
        chosen = (baseline for baseline in known.values() if target in (None, baseline.target))
        return tuple(sorted(chosen, key=lambda baseline: (baseline.target, -baseline.version)))

    # Schedules

    def save_schedule(self, schedule: Schedule) -> None:
        self._change(lambda draft: draft.put("schedules", schedule.id, schedule))

    def note_schedule(
        self,
        schedule_id: str,
        *,
        fired_at: datetime,
        next_fire_at: datetime | None = None,
        result: str | None = None,
    ) -> None:
        def note(draft: _Draft) -> None:
            present = draft.fresh.schedules.get(schedule_id)
            if present is not None:
                draft.put("schedules", schedule_id, noted(present, fired_at, next_fire_at, result))

        self._change(note)

    def remove_schedule(self, schedule_id: str) -> None:
        def remove(draft: _Draft) -> None:
            if schedule_id not in draft.fresh.schedules:
                raise NotFound(f"There is no schedule {schedule_id}.", "`/diffy schedule list` shows them.")
            draft.drop("schedules", schedule_id)

        self._change(remove)

    def schedules(self) -> tuple[Schedule, ...]:
        return tuple(sorted(self._fresh.schedules.values(), key=_by_age))

    # Audit

    def audit(self, entry: AuditEntry) -> None:
        def add(draft: _Draft) -> None:
            draft.put("audit", self._next_seq, entry)
            self._next_seq += 1

        self._change(add)

    def audit_entries(self, limit: int) -> tuple[AuditEntry, ...]:
        known = dict(self._fresh.audit)
        for month in self._old_audit.months():
            if len(known) >= limit:
                break
            for place, line in self._old_audit.lines(month):
                archived = self._old_audit.decode(place, line, _ArchivedEntry)
                known.setdefault(archived.seq, archived.entry)
        return tuple(known[seq] for seq in sorted(known, reverse=True)[: max(limit, 0)])

    # Writing

    def _change(self, change: Callable[[_Draft], None]) -> None:
        if self._writer is None:
            raise StoreError(
                "The data folder was opened for reading only.", "Ask the running bot, or stop it first."
            )
        self._writer.do(change)

    def _begin(self) -> _Draft:
        return _Draft(self._database, self._fresh)

    def _commit(self, draft: _Draft) -> None:
        try:
            self._move_runs(draft)
            self._move_baselines(draft)
            self._move_audit(draft)
            self._storage.flush()
        except BaseException:
            self._storage.roll_back()
            raise
        self._fresh = draft.fresh

    def _move_runs(self, draft: _Draft) -> None:
        ended = sorted((run for run in draft.fresh.runs.values() if run.ended), key=_by_age)
        digests = sum(len(run.snapshots) for run in ended)
        moving = []
        if len(ended) > FRESH_RUNS or digests > FRESH_DIGESTS:
            while ended and (len(ended) > FRESH_RUNS // 2 or digests > FRESH_DIGESTS // 2):
                moving.append(ended.pop(0))
                digests -= len(moving[-1].snapshots)
        if moving:
            self._old_runs.add(moving)
            for run in moving:
                draft.drop("runs", run.id)

    def _move_baselines(self, draft: _Draft) -> None:
        held = draft.fresh.baselines
        if len(held) <= FRESH_BASELINES:
            return
        newest: dict[str, int] = {}
        for one in held.values():
            newest[one.target] = max(one.version, newest.get(one.target, 0))
        superseded = [one for one in held.values() if one.version < newest[one.target]]
        moving = sorted(superseded, key=_by_age)[: len(held) - FRESH_BASELINES // 2]
        self._old_baselines.append(
            (month_of(baseline.created_at), msgspec.json.encode(baseline)) for baseline in moving
        )
        for baseline in moving:
            draft.drop("baselines", _key(baseline.target, baseline.version))

    def _move_audit(self, draft: _Draft) -> None:
        held = draft.fresh.audit
        if len(held) <= FRESH_AUDIT:
            return
        moving = sorted(held)[: len(held) - FRESH_AUDIT // 2]
        self._old_audit.append(
            (month_of(held[seq].at), msgspec.json.encode(_ArchivedEntry(seq, held[seq]))) for seq in moving
        )
        for seq in moving:
            draft.drop("audit", seq)

    # Reading

    def _load(self, table: str, kind: type[_T], key: Callable[[str], Any]) -> dict[Any, _T]:
        try:
            documents = self._database.table(table).all()
            return {key(str(one.doc_id)): msgspec.convert(dict(one), kind) for one in documents}
        except (msgspec.ValidationError, ValueError) as error:
            raise damaged(self._folder.database, f"in its table {table}, {error}") from error

    def _find_baseline(self, fresh: dict[str, Baseline], target: str, version: int) -> Baseline | None:
        key = _key(target, version)
        return fresh.get(key) or self._archived_baselines().get(key)

    def _archived_baselines(self) -> dict[str, Baseline]:
        known = {}
        for month in self._old_baselines.months():
            for place, line in self._old_baselines.lines(month):
                baseline = self._old_baselines.decode(place, line, Baseline)
                known[_key(baseline.target, baseline.version)] = baseline
        return known

    def _last_archived_seq(self) -> int:
        for month in self._old_audit.months():
            seqs = [
                self._old_audit.decode(place, line, _ArchivedEntry).seq
                for place, line in self._old_audit.lines(month)
            ]
            if seqs:
                return max(seqs)
        return 0


def _open_tables(storage: AtomicStorage) -> TinyDB:
    class Database(TinyDB):
        table_class = KeyedTable

    return Database(storage=lambda: storage)


def _key(target: str, version: int) -> str:
    return f"{target}@{version}"


def _present(baselines: dict[str, Baseline], target: str) -> Baseline | None:
    of_target = (baseline for baseline in baselines.values() if baseline.target == target)
    return max(of_target, key=attrgetter("version"), default=None)


def _by_age(record: Run | Schedule | Baseline) -> tuple[datetime, object]:
    return record.created_at, getattr(record, "id", "")


def _no_baseline(target: str, version: int) -> NotFound:
    return NotFound(
        f"There is no version {version} of a baseline of {target}.", "`/diffy baseline list` shows them."
    )
