"""How are records kept that are only added to, so that adding one costs the same however many there are?

One folder of JSON lines, ``2026-08.jsonl``: a record is appended to the file of its month and brought to disk. A record
written again is appended again, and the later line counts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

import msgspec

from bot.adapters.data_folder import cannot_write, damaged, read_bytes, sync_folder
from bot.errors import StoreError

_T = TypeVar("_T")
_PATTERN = "[0-9][0-9][0-9][0-9]-[0-9][0-9].jsonl"


class Place(NamedTuple):
    """Where a line stands: the month's name, and the byte where it begins."""

    month: str
    offset: int


def month_of(moment: datetime) -> str:
    """Return the name of the month, ``2026-08``."""
    return moment.strftime("%Y-%m")


class MonthFiles:
    """The files of one folder. ``append`` is for one thread at a time; reading is safe beside it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def months(self) -> tuple[str, ...]:
        """Names of the months that have a file, newest first."""
        return tuple(sorted((path.stem for path in self._folder.glob(_PATTERN)), reverse=True))

    def append(self, records: Iterable[tuple[str, bytes]]) -> list[Place]:
        """Append each (month, JSON object without newlines) and return where each stands, in the same order.

        All are on disk when this returns.

        Raises:
            StoreError: Nothing was added.
        """
        records = list(records)
        places: dict[int, Place] = {}
        for month in sorted({month for month, _ in records}):
            chosen = [number for number, record in enumerate(records) if record[0] == month]
            offset = self._append_to(
                self._path(month), b"".join(records[number][1] + b"\n" for number in chosen)
            )
            for number in chosen:
                places[number] = Place(month, offset)
                offset += len(records[number][1]) + 1
        return [places[number] for number in range(len(records))]

    def lines(self, month: str) -> Iterator[tuple[Place, bytes]]:
        """Each whole line of a month in the order written; a torn last line is left out."""
        offset = 0
        for line in (read_bytes(self._path(month)) or b"").split(b"\n")[:-1]:
            yield Place(month, offset), line
            offset += len(line) + 1

    def line(self, place: Place) -> bytes:
        """Return one line; StoreError when it cannot be read."""
        path = self._path(place.month)
        try:
            with path.open("rb") as file:
                file.seek(place.offset)
                return file.readline().rstrip(b"\n")
        except OSError as error:
            raise StoreError(f"{path} could not be read: {error.strerror}.") from error

    def decode(self, place: Place, line: bytes, kind: type[_T]) -> _T:
        """Return the record in a line; StoreCorrupt naming the file and the byte when it is none."""
        try:
            return msgspec.json.decode(line, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(self._path(place.month), f"at byte {place.offset}, {error}") from error

    def mend(self) -> None:
        """Set aside what a crash tore off at the end of a file (``2026-08.jsonl.torn``); the whole lines stay.

        A torn line was never acknowledged, and what it would have said is still in TinyDB.
        """
        for month in self.months():
            path = self._path(month)
            try:
                with path.open("r+b") as file:
                    if _ends_whole(file):
                        continue
                    data = file.read()
                    whole = data.rfind(b"\n") + 1
                    with path.with_suffix(".jsonl.torn").open("ab") as aside:
                        aside.write(data[whole:] + b"\n")
                        aside.flush()
                        os.fsync(aside.fileno())
                    file.truncate(whole)
                    os.fsync(file.fileno())
            except OSError as error:
                raise cannot_write(path, error) from error

    def _append_to(self, path: Path, data: bytes) -> int:
        try:
            new = not path.exists()
            with path.open("ab", buffering=0) as file:
                start = file.tell()
                try:
                    written = 0
                    while written < len(data):
                        written += file.write(data[written:])
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(start)
                    raise
            if new:
                path.chmod(0o600)
                sync_folder(path.parent)
        except OSError as error:
            raise cannot_write(path, error) from error
        return start

    def _path(self, month: str) -> Path:
        return self._folder / f"{month}.jsonl"


def _ends_whole(file: IO[bytes]) -> bool:
    """Say whether a file is empty or ends with its newline; leaves it at its beginning."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 1, 0))
    ends = file.read(1) in (b"", b"\n")
    file.seek(0)
    return ends
