"""How is a fleet analysed that already ships osqueryd's result logs? Inventory and collector over the log files.

A file or a folder, plain or gzip, of one host or many. Lines are read one by one: first to learn which hosts there are,
then to keep those of the pack in a temporary SQLite file, which gives each host's lines in order of time whatever the
order of the files. Memory holds one line, and one host's answers at a time. ``asg.json`` in the folder describes hosts.
"""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bot.adapters import asg_listing
from bot.collection import result_log
from bot.collection.result_log import Stamp
from bot.errors import CollectionError, EmptyTarget, InventoryError, UnknownTarget
from bot.model import Answer, Asker, Group, Host, Missed, MissReason, Pack, QueryStatus, Snapshot, Target
from bot.ports import Errand

MOST_LINE = 16 * 1024 * 1024  # bytes; osqueryd's own buffered loggers give up far below
MOST_HOST = 64 * 1024 * 1024  # bytes of one host's rows, as of one live answer
CHUNK = 1024 * 1024
NAMES_SHOWN = 5

_FILE = re.compile(
    r".+\.(log|json|jsonl|ndjson)([.-][\w.-]*)?", re.IGNORECASE
)  # with a mark of rotation, and .gz
_TABLES = """
CREATE TABLE line (host TEXT, query TEXT, at INT, epoch INT, counter INT, seq INTEGER PRIMARY KEY, whole INT, raw BLOB);
CREATE INDEX by_host ON line (host, query, at, epoch, counter, seq);
CREATE UNIQUE INDEX newest ON line (host, query) WHERE whole;
"""
_KEEP = """
INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (host, query) WHERE whole DO UPDATE SET
at = excluded.at, epoch = excluded.epoch, counter = excluded.counter, raw = excluded.raw WHERE excluded.at >= at
"""


@dataclass(slots=True)
class _Flaw:
    """What is wrong with a file. ``why`` is for all its hosts; ``torn`` only for the stream that its end belongs to."""

    why: str = ""
    torn: str = ""
    unreadable: str = ""  # the rest of the file


@dataclass(slots=True)
class _Doubts:
    """Why lines of a host, or of one query on a host, may be missing."""

    hosts: dict[str, str] = field(default_factory=dict)
    streams: dict[tuple[str, str], str] = field(default_factory=dict)


class OsqueryLogs:
    """``ports.Inventory`` and ``ports.Collector`` over osqueryd's result logs.

    A host is what a line's ``hostIdentifier`` says, so a host that can write lines of another is not noticed.
    """

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._monotonic = monotonic

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``ports.Inventory``. A file with what cannot be read stands among the missed: hosts may stand only there.

        Raises:
            UnknownTarget: No such file or folder, or the named host is not in it.
            EmptyTarget: No line of a result log was found.
            InventoryError: asg.json cannot be used.
        """
        files = self._files()
        group, hosts = asg_listing.read(self._path / "asg.json")
        logged: set[str] = set()
        unreadable: dict[str, str] = {}
        for path in files:
            flaw = _Flaw()
            for found, _ in _results(path, flaw):
                logged.add(found.host)
            if flaw.unreadable or flaw.why:
                unreadable[self._name(path)] = flaw.unreadable or flaw.why
        hosts |= {id_: Host(id_, group) for id_ in logged if id_ not in hosts}
        if not hosts:
            why = "; ".join(f"{name}: {why}" for name, why in list(unreadable.items())[:NAMES_SHOWN])
            raise EmptyTarget(
                f"{self._path} holds no line of osqueryd's result log.",
                why or "Name osqueryd.results.log, osqueryd.snapshots.log, or their folder.",
            )
        chosen = asg_listing.choose(target, hosts, group, place=self._path)
        absent = {h.id: "the logs hold no line of it" for h in chosen.known if h.id not in logged}
        split = asg_listing.without(chosen, absent)
        broken = {
            name: Missed(name, MissReason.MALFORMED_OUTPUT, why)
            for name, why in unreadable.items()
            if name not in hosts
        }
        return Group(
            split.name,
            split.hosts,
            tuple(sorted((*split.missed, *broken.values()), key=lambda missed: missed.host)),
            tuple(sorted((*split.known, *map(Host, broken)), key=lambda host: host.id)),
            split.focus,
        )

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        """See ``ports.Collector``. A query with lines of other hosts and none of this one counts as not run.

        Raises:
            CollectionError: No line answers a query of the pack, or the temporary file cannot be written.
        """
        deadline = self._monotonic() + errand.deadline_s

        def over() -> tuple[MissReason, str] | None:
            if errand.stop():
                return MissReason.CANCELLED, "its lines had not been read"
            if self._monotonic() >= deadline:
                return MissReason.DEADLINE, "its lines had not been read"
            return None

        with tempfile.TemporaryDirectory(prefix="diffy-logs-") as folder:
            try:
                with closing(sqlite3.connect(Path(folder) / "lines", isolation_level=None)) as spool:
                    self._deliver_all(spool, group, pack, over, deliver)
            except sqlite3.Error as error:
                raise CollectionError(
                    f"The log's lines could not be sorted in {folder}: {error}.",
                    "It takes about as much disk as the lines of the pack; set TMPDIR to a larger place.",
                ) from error

    def _deliver_all(
        self,
        spool: sqlite3.Connection,
        group: Group,
        pack: Pack,
        over: Callable[[], tuple[MissReason, str] | None],
        deliver: Callable[[Snapshot | Missed], None],
    ) -> None:
        spool.execute("PRAGMA journal_mode = OFF")
        spool.execute("PRAGMA synchronous = OFF")
        spool.executescript(_TABLES)
        spool.execute("BEGIN")
        doubts, strangers = self._keep(spool, group, pack, over)
        spool.execute("COMMIT")
        asked = {name for (name,) in spool.execute("SELECT DISTINCT query FROM line")}
        if not asked and over() is None and group.hosts:
            some = ", ".join(sorted(strangers)[:NAMES_SHOWN]) or "no named query"
            raise CollectionError(
                f"No line of {self._path} answers a query of the pack {pack.name}; it holds {some}.",
                "Import the pack that osqueryd runs (diffy packs import), or let it run this one (diffy packs show --osquery).",
            )
        for host in group.hosts:
            ending = over()
            deliver(Missed(host.id, *ending) if ending else _answers(spool, host, pack, asked, doubts))

    def _keep(
        self,
        spool: sqlite3.Connection,
        group: Group,
        pack: Pack,
        over: Callable[[], tuple[MissReason, str] | None],
    ) -> tuple[_Doubts, set[str]]:
        """Keep the lines that the pack's queries wrote on the hosts asked; return what may be missing among them."""
        asked = {host.id for host in group.hosts}
        meant: dict[str, str | None] = {}
        doubts, strangers, seq = _Doubts(), set[str](), 0
        for path in self._files():
            flaw = _Flaw()
            here: set[str] = set()
            last = ("", "")
            for where, raw in _results(path, flaw):
                seq += 1
                if seq % 1000 == 1 and over():
                    return doubts, strangers
                here.add(where.host)
                if where.name not in meant and len(meant) < 10_000:
                    meant[where.name] = result_log.query_of(where.name, pack)
                query = meant.get(where.name)
                last = (where.host, query or "")
                if query is None:
                    if len(strangers) < 100:
                        strangers.add(where.name)
                elif where.host in asked:
                    spool.execute(
                        _KEEP,
                        (
                            where.host,
                            query,
                            where.at,
                            where.epoch,
                            where.counter,
                            seq,
                            int(where.whole),
                            raw,
                        ),
                    )
            why = flaw.unreadable or flaw.why
            if why:
                doubts.hosts.update((host, f"{self._name(path)}: {why}") for host in here)
            if flaw.torn:
                doubts.streams[last] = f"{self._name(path)}: {flaw.torn}"
        return doubts, strangers

    def _files(self) -> list[Path]:
        """Return the log files in order of name; links inside a folder are not followed."""
        if self._path.is_file():
            return [self._path]
        if not self._path.is_dir():
            raise UnknownTarget(
                f"There is no file or folder {self._path}.",
                "Name osqueryd's result log, or a folder of them.",
            )
        found: list[Path] = []

        def refuse(error: OSError) -> None:
            raise InventoryError(f"{error.filename} cannot be read: {error.strerror}.") from error

        for folder, _, names in os.walk(self._path, onerror=refuse):
            paths = (Path(folder) / name for name in names if _FILE.fullmatch(name) and name != "asg.json")
            found += (path for path in paths if path.is_file() and not path.is_symlink())
        return sorted(found)

    def _name(self, path: Path) -> str:
        return path.name if path == self._path else str(path.relative_to(self._path))


def _answers(
    spool: sqlite3.Connection, host: Host, pack: Pack, asked: set[str], doubts: _Doubts
) -> Snapshot | Missed:
    """Return what the lines of one host add up to."""
    answers: list[Answer] = []
    newest, size, decorations = 0, 0, dict[str, str]()
    doubt = doubts.hosts.get(host.id, "")
    for query in pack.queries:
        if query.name not in asked:
            continue
        if size > MOST_HOST:
            answers.append(
                Answer(
                    query.name,
                    QueryStatus.DID_NOT_FIT,
                    (),
                    f"the host's rows take more than {MOST_HOST} bytes",
                )
            )
            continue
        lines = spool.execute(
            "SELECT at, epoch, counter, whole, raw FROM line WHERE host = ? AND query = ? ORDER BY at, epoch, counter, seq",
            (host.id, query.name),
        )
        total = result_log.Fold(query.name, query.max_rows)
        raw = b""
        for at, epoch, counter, whole, raw in lines:
            total.take(raw, Stamp(host.id, query.name, at, epoch, counter, bool(whole)))
            newest = max(newest, at)
        if not raw:
            answers.append(Answer(query.name, QueryStatus.NOT_RUN, (), "the log holds no line of it"))
            continue
        size += total.size_bytes
        decorations.update(result_log.decorations(raw) if not decorations else {})
        answers.append(total.answer(doubt=doubts.streams.get((host.id, query.name), doubt)))
    if not newest:
        return Missed(
            host.id, MissReason.NOT_RECORDED, f"the logs hold no answer of it to the pack {pack.name}"
        )
    version = decorations.get("osquery_version") or decorations.get("version") or ""
    return Snapshot(host, datetime.fromtimestamp(newest, UTC), tuple(answers), version[:40])


def _results(path: Path, flaw: _Flaw) -> Iterator[tuple[Stamp, bytes]]:
    """Yield the results of a file in order, and note in ``flaw`` what could not be read."""
    number = 0
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            with gzip.GzipFile(fileobj=plain) if packed else plain as file:
                while raw := file.readline(MOST_LINE + 1):
                    number += 1
                    ended = raw.endswith(b"\n")
                    if len(raw) > MOST_LINE and not ended:
                        flaw.why = flaw.why or f"line {number} is longer than {MOST_LINE} bytes"
                        while not raw.endswith(b"\n") and (raw := file.readline(CHUNK)):
                            pass
                        continue
                    if not raw.strip():
                        continue
                    try:
                        found = result_log.stamp(raw)
                    except ValueError as error:
                        if ended:
                            flaw.why = flaw.why or f"line {number} cannot be read: {error}"
                        else:
                            flaw.torn = f"its last line, {number}, is cut off"
                        continue
                    if found is not None:
                        yield found, raw
    except (EOFError, zlib.error, gzip.BadGzipFile):
        flaw.unreadable = f"the gzip file is damaged or cut off after line {number}"
    except OSError as error:
        flaw.unreadable = f"it cannot be read after line {number}: {error.strerror or error}"
