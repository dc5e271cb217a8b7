"""How does a baseline travel between machines? One JSON file that holds the baseline and its snapshots.

``{"schema": "diffy.baseline/1", "baseline": {…}, "snapshots": [recorded answers, in the order of baseline.hosts]}``,
gzipped when its name ends in .gz. The digests in it are checked when it is read.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from bot.adapters.data_folder import cannot_write, read_bytes, write_atomically
from bot.collection.recorded import from_json, to_json
from bot.errors import NotFound, StoreCorrupt, StoreTooNew
from bot.model import Baseline, Snapshot

SCHEMA = "diffy.baseline/1"
_FAMILY = "diffy.baseline/"
_HINT = "`diffy baseline TARGET --out FILE` writes one."


class _Head(msgspec.Struct):
    schema: str


class _File(msgspec.Struct):
    schema: str
    baseline: Baseline
    snapshots: list[msgspec.Raw]


def write(path: Path, baseline: Baseline, snapshots: Sequence[Snapshot]) -> None:
    """Write the file, taking the place of an older one at once; StoreError when that fails.

    Args:
        snapshots: Those of ``baseline.hosts``, in that order.
    """
    recorded = [to_json(snapshot) for snapshot in snapshots]
    digests = tuple(sha256(raw).hexdigest() for raw in recorded)
    if digests != baseline.snapshots:
        raise ValueError("these are not the snapshots that the baseline names")
    raw = msgspec.json.encode(_File(SCHEMA, baseline, [msgspec.Raw(one) for one in recorded])) + b"\n"
    if not path.parent.is_dir():
        raise cannot_write(path, FileNotFoundError(f"there is no folder {path.parent}"))
    write_atomically(path, gzip.compress(raw, mtime=0) if path.name.endswith(".gz") else raw)


def read(path: Path) -> tuple[Baseline, tuple[Snapshot, ...]]:
    """Return the baseline and its snapshots, in the order of ``baseline.hosts``.

    Raises:
        NotFound: There is no such file.
        StoreTooNew: A newer Diffy wrote it.
        StoreCorrupt: It is no baseline file, or was changed since it was written.
    """
    raw = read_bytes(path)
    if raw is None:
        raise NotFound(f"There is no file {path}.", _HINT)
    try:
        if raw.startswith(b"\x1f\x8b"):  # by content, not by name: a file may have been renamed on its way
            raw = gzip.decompress(raw)
        schema = msgspec.json.decode(raw, type=_Head).schema
        _check_schema(path, schema)
        file = msgspec.json.decode(raw, type=_File)
    except (OSError, EOFError, zlib.error, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise StoreCorrupt(f"{path} is not a baseline file: {error}.", _HINT) from error
    baseline = file.baseline
    if tuple(sha256(one).hexdigest() for one in file.snapshots) != baseline.snapshots:
        raise StoreCorrupt(f"{path} was changed after it was written: its digests do not match.", _HINT)
    snapshots = tuple(from_json(bytes(one), source=str(path)) for one in file.snapshots)
    return baseline, snapshots


def _check_schema(path: Path, schema: str) -> None:
    number = schema.removeprefix(_FAMILY)
    if schema.startswith(_FAMILY) and number.isdecimal() and int(number) > 1:
        raise StoreTooNew(
            f"{path} was written by a newer Diffy ({schema}).", "Read it with that newer Diffy."
        )
    if schema != SCHEMA:
        raise StoreCorrupt(f'{path} is not a baseline file: its schema is "{schema}".', _HINT)
