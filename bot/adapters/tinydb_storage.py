"""How does TinyDB's one file change without ever being half written?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from tinydb.storages import Storage
from tinydb.table import Table

from bot.adapters.data_folder import damaged, read_bytes, write_atomically

Tables = dict[str, dict[str, Any]]


class AtomicStorage(Storage):
    """TinyDB's storage in memory; ``flush`` brings all changes since the last one to disk in one atomic rename.

    So several calls share one write, and a write that fails can be taken back with ``roll_back``.

    Raises:
        StoreCorrupt: The file is there and is no TinyDB file. It is left as it is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        raw = read_bytes(path)
        try:
            tables = (
                {} if raw is None else msgspec.json.decode(raw, type=dict[str, dict[str, dict[str, Any]]])
            )
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise damaged(path, error) from error
        self._on_disk: Tables = dict(tables)
        self._now: Tables = self._on_disk

    def read(self) -> Tables:
        # TinyDB puts a changed table into the dict that it was given: what is on disk must not see that.
        return dict(self._now)

    def write(self, data: Tables) -> None:
        self._now = data

    def flush(self) -> None:
        """Write what has changed; StoreError when that fails, and then nothing on disk has changed."""
        if self._now is not self._on_disk:
            write_atomically(self._path, msgspec.json.encode(self._now) + b"\n")
            self._on_disk = self._now

    def roll_back(self) -> None:
        """Forget what was not flushed."""
        self._now = self._on_disk


class KeyedTable(Table):
    """A TinyDB table whose document ids are our own keys (run id, ``target@version``) instead of numbers."""

    document_id_class = str  # type: ignore[assignment]  # documented as replaceable, annotated as int
