"""Where does a live run write down what it did, so that a restart goes on from there?

One file a run, ``live/<run id>.jsonl``, only ever added to and removed once nothing is left to do for the run. Every line
is with the system before ``note`` returns, so it survives kill -9; those that could not be found out again are also
brought to disk, so they survive a power cut. A last line that a crash tore was never acknowledged: it is cut off.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import msgspec

from bot.adapters.data_folder import DataFolder, cannot_write, damaged, read_bytes, sync_folder
from bot.errors import StoreError
from bot.model import Arrived, Begun, Entry, Missed, SentCommand, Shown, StopAsked, Trace, trace_of

_KINDS: dict[str, type[Entry]] = {
    "begun": Begun,
    "sent": SentCommand,
    "arrived": Arrived,
    "missed": Missed,
    "shown": Shown,
    "stop": StopAsked,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_FOUND_OUT_AGAIN = (Arrived, Missed)  # AWS still knows: reading them again costs a call, and nothing else


class _Line(msgspec.Struct):
    kind: str
    said: msgspec.Raw


class JournalFiles:
    """``ports.RunJournal`` in the data folder. Thread-safe."""

    def __init__(self, folder: DataFolder) -> None:
        self._owned = folder
        self._folder = folder.live
        self._lock = threading.Lock()
        self._whole: set[str] = set()  # runs whose file this process began, or found whole

    def runs(self) -> tuple[str, ...]:
        """See ``ports.RunJournal``."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.jsonl")))

    def trace(self, run_id: str) -> Trace:
        """See ``ports.RunJournal``. Raises StoreCorrupt for a damaged line in the middle."""
        path = self._path(run_id)
        with self._lock:
            lines = (read_bytes(path) or b"").split(b"\n")[:-1]  # what follows the last newline is torn
        entries: list[Entry] = []
        for number, raw in enumerate(lines, start=1):
            try:
                line = msgspec.json.decode(raw, type=_Line)
                kind = _KINDS.get(line.kind)
                if kind is not None:  # a kind that only a newer Diffy knows tells this one nothing
                    entries.append(msgspec.json.decode(line.said, type=kind))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise damaged(path, f"in line {number}, {error}") from error
        return trace_of(entries)

    def note(self, run_id: str, entry: Entry) -> None:
        """See ``ports.RunJournal``."""
        line = _Line(_NAMES[type(entry)], msgspec.Raw(msgspec.json.encode(entry)))
        data = msgspec.json.encode(line) + b"\n"
        path = self._path(run_id)
        self._check_open()
        try:
            with self._lock:
                new = not path.exists()
                if run_id not in self._whole:
                    _cut_torn(path)
                    self._whole.add(run_id)
                descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
                try:
                    _write_all(descriptor, data)
                    if not isinstance(entry, _FOUND_OUT_AGAIN):
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)
                if new:
                    sync_folder(path.parent)
        except OSError as error:
            raise cannot_write(path, error) from error

    def remove(self, run_id: str) -> None:
        """See ``ports.RunJournal``."""
        path = self._path(run_id)
        self._check_open()
        with self._lock:
            self._whole.discard(run_id)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise cannot_write(path, error) from error

    def _check_open(self) -> None:
        """Raise once the folder was given back: the runs are the next process's, and a thread may outlive the drain."""
        if not self._owned.writable:
            raise StoreError(
                "The data folder is closed.", "Diffy is shutting down: ask again when it is back."
            )

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}.jsonl"


def _write_all(descriptor: int, data: bytes) -> None:
    """Write all of a line; what a full disk lets through of it is taken back, so that lines stay whole."""
    start = os.fstat(descriptor).st_size
    written = 0
    try:
        while written < len(data):
            written += os.write(descriptor, data[written:])
    except OSError:
        os.ftruncate(descriptor, start)
        raise


def _cut_torn(path: Path) -> None:
    """Cut off a last line without its newline."""
    raw = read_bytes(path)
    if raw and not raw.endswith(b"\n"):
        os.truncate(path, raw.rfind(b"\n") + 1)
