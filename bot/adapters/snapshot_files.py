"""Where are snapshots kept, and how is it certain that one read is the one that was stored?"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import threading
from collections.abc import Iterable, Set
from datetime import datetime
from pathlib import Path

from bot.adapters.data_folder import (
    DataFolder,
    cannot_write,
    damaged,
    make_folder,
    read_bytes,
    read_packed,
    write_atomically,
)
from bot.collection.recorded import from_json, to_json
from bot.errors import NotFound
from bot.model import Snapshot

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LEVEL = 6  # zlib's own default: a 370 kB answer becomes about a tenth


class SnapshotFiles:
    """One gzip file a snapshot, ``ab/<sha256 of its JSON>.json.gz``. Safe from many threads and processes."""

    def __init__(self, folder: DataFolder) -> None:
        self._folder = folder.snapshots
        self._ageing = (
            threading.Lock()
        )  # so that none is removed between being seen again and being young again

    def put(self, snapshot: Snapshot) -> str:
        """Store the snapshot and return its digest; storing the same again changes nothing (and mends a damaged copy)."""
        raw = to_json(snapshot)
        digest = hashlib.sha256(raw).hexdigest()
        path = self._path(digest)
        packed = gzip.compress(raw, _LEVEL, mtime=0)  # no time of day in it: equal snapshots, equal bytes
        with self._ageing:
            if read_bytes(path) == packed:
                os.utime(path)  # seen again: prune counts its age from now
                return digest
        make_folder(path.parent)
        write_atomically(path, packed)
        return digest

    def get(self, digest: str) -> Snapshot:
        """Return the snapshot; NotFound, or StoreCorrupt when the file is not what was stored."""
        return from_json(self.read(digest), source=str(self._path(digest)))

    def read(self, digest: str) -> bytes:
        """Return the snapshot's JSON; NotFound, or StoreCorrupt when the file is not what was stored."""
        path = self._path(digest)
        raw = read_packed(path)
        if raw is None:
            raise NotFound(
                f"There is no snapshot {digest}.", "It may have been removed with the runs that used it."
            )
        if hashlib.sha256(raw).hexdigest() != digest:
            raise damaged(path, "its content does not match its name")
        return raw

    def prune(self, keep: Set[str], *, before: datetime) -> int:
        """Remove each snapshot that is not in ``keep`` and was last stored before ``before``; return how many.

        The age protects what a run has just stored and not written down yet.
        """
        return sum(self._prune_one(path, keep, before) for path in list(self._folder.glob("??/*.json.gz")))

    def _prune_one(self, path: Path, keep: Set[str], before: datetime) -> int:
        with self._ageing:
            return prune_files([path], keep, before=before)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise NotFound(f"{digest!r} is not the digest of a snapshot.")
        return self._folder / digest[:2] / f"{digest}.json.gz"


def prune_files(files: Iterable[Path], keep: Set[str], *, before: datetime) -> int:
    """Remove files named ``<name>.json.gz`` whose name is not in ``keep`` and that are older than ``before``."""
    removed = 0
    for path in list(files):
        try:
            if path.name.removesuffix(".json.gz") not in keep and path.stat().st_mtime < before.timestamp():
                path.unlink()
                removed += 1
        except OSError as error:
            raise cannot_write(path, error) from error
    return removed
