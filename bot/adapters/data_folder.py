"""Who owns the folder in which everything durable lives, what lies where in it, and how is a file written so that it survives?

layout.json            which form the folder has (version 1)
lock, owner.json       held by the one process that writes; who that is
diffy.json             TinyDB: live and fresh runs, present baselines, schedules, fresh audit entries
runs/ baselines/ audit/    what moved out of TinyDB: JSON lines, one file a month
snapshots/ab/<sha256>.json.gz    one host's answers, named by their content
reports/<run id>.json.gz
live/<run id>.jsonl    what a run that goes on has done so far
"""

from __future__ import annotations

import errno
import gzip
import os
import socket
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
from filelock import FileLock, Timeout

from bot.errors import StoreCorrupt, StoreError, StoreLocked, StoreTooNew

LAYOUT = 1
_TEMPORARY = (".diffy-", ".tmp")  # prefix and suffix of a write that has not been renamed yet


class _Layout(msgspec.Struct):
    layout: int


class _Owner(msgspec.Struct):
    pid: int
    machine: str = ""


class DataFolder:
    """The opened folder. With ``lock`` this process alone may write in it until ``close``; without, it only reads."""

    def __init__(self, path: Path, lock: FileLock | None) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path, *, lock: bool = True) -> Self:
        """Open the folder, creating it (for its owner only, mode 0700) when it is to be written.

        Opening without the lock changes nothing on disk: a folder that does not exist is read as an empty one.

        Raises:
            StoreLocked: Another process writes in it.
            StoreTooNew: A newer Diffy wrote it.
            StoreCorrupt: Its layout file is damaged. Nothing was changed.
            StoreError: It cannot be created or read.
        """
        if not lock:
            _check_layout(path)
            return cls(path, None)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error
        held = _take_lock(path)
        try:
            if not _check_layout(path):
                write_atomically(path / "layout.json", msgspec.json.encode(_Layout(LAYOUT)) + b"\n")
            folder = cls(path, held)
            for part in (
                folder.runs,
                folder.baselines,
                folder.audit,
                folder.snapshots,
                folder.reports,
                folder.live,
            ):
                make_folder(part)
            folder._remove_leftovers()
            owner = _Owner(os.getpid(), socket.gethostname())
            write_atomically(path / "owner.json", msgspec.json.encode(owner) + b"\n")
        except BaseException:
            held.release()
            raise
        return folder

    @property
    def writable(self) -> bool:
        """Whether this process holds the lock."""
        return self._lock is not None

    @property
    def database(self) -> Path:
        """TinyDB's file."""
        return self.path / "diffy.json"

    @property
    def runs(self) -> Path:
        """Ended runs, by month."""
        return self.path / "runs"

    @property
    def baselines(self) -> Path:
        """Superseded baselines, by month."""
        return self.path / "baselines"

    @property
    def audit(self) -> Path:
        """Older audit entries, by month."""
        return self.path / "audit"

    @property
    def snapshots(self) -> Path:
        """Snapshots by digest."""
        return self.path / "snapshots"

    @property
    def reports(self) -> Path:
        """Reports by run id."""
        return self.path / "reports"

    @property
    def live(self) -> Path:
        """What live runs have done so far, by run id."""
        return self.path / "live"

    def close(self) -> None:
        """Give the lock back; closing twice does nothing."""
        if self._lock is not None:
            with suppress(OSError):  # it only helps a sentence; the lock counts
                (self.path / "owner.json").unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _remove_leftovers(self) -> None:
        """Remove what interrupted writes left: never renamed, so nothing that was acknowledged."""
        prefix, suffix = _TEMPORARY
        shards = (entry for entry in self.snapshots.iterdir() if entry.is_dir())
        for part in (self.path, self.reports, *shards):
            for leftover in part.glob(f"{prefix}*{suffix}"):
                leftover.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` so that after a crash at any moment there is the old file or the new one, whole.

    The file and its folder are on disk when this returns. The file is readable by its owner only.

    Raises:
        StoreError: It could not be written; what was there before is untouched.
    """
    prefix, suffix = _TEMPORARY
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
        sync_folder(path.parent)
    except BaseException as error:  # Ctrl-C too: the folder may be a responder's own
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def make_folder(path: Path) -> None:
    """Create the folder for its owner only, durably; nothing happens when it exists."""
    try:
        path.mkdir(mode=0o700)
        sync_folder(path.parent)
    except FileExistsError:
        if not path.is_dir():
            raise StoreError(f"{path} is in the way: it is not a folder.", "Move it away.") from None
    except OSError as error:
        raise cannot_write(path, error) from error


def sync_folder(path: Path) -> None:
    """Bring the names in a folder to disk: a rename is only then durable (fsync(2))."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_bytes(path: Path) -> bytes | None:
    """Return the file's content, None when there is no such file; StoreError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(
            f"{path} could not be read: {error.strerror}.", "Check its owner and permissions, and the disk."
        ) from error


def read_packed(path: Path) -> bytes | None:
    """Return what a gzip file holds, None when there is no such file; StoreCorrupt or StoreError when it cannot be read."""
    packed = read_bytes(path)
    if packed is None:
        return None
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise damaged(path, error) from error


def cannot_write(path: Path, error: OSError) -> StoreError:
    """Return the error that says why ``path`` could not be written and what to do about it."""
    hints = {
        errno.ENOSPC: "Free some space on that disk.",
        errno.EDQUOT: "Free some space: the quota is used up.",
        errno.EROFS: "The disk is mounted read-only; set DIFFY_DATA_DIR to a folder that can be written.",
        errno.EACCES: "Give the user that runs Diffy write access, or set DIFFY_DATA_DIR to another folder.",
        errno.EPERM: "Give the user that runs Diffy write access, or set DIFFY_DATA_DIR to another folder.",
    }
    hint = hints.get(error.errno or 0, "Check the folder that DIFFY_DATA_DIR names.")
    return StoreError(f"{path} could not be written: {error.strerror or error}.", hint)


def damaged(path: Path, why: object) -> StoreCorrupt:
    """Return the error for a damaged file: names it, and says that it was left alone."""
    return StoreCorrupt(
        f"{path} is damaged: {why}.",
        "It was left as it is. Put back a copy from your backup, or move the file away to go on without it.",
    )


def _check_layout(path: Path) -> bool:
    """Say whether the folder has been laid out; raise when not by this Diffy."""
    file = path / "layout.json"
    raw = read_bytes(file)
    if raw is None:
        if (path / "diffy.json").exists():
            raise damaged(file, "it is missing beside a diffy.json")
        return False
    try:
        layout = msgspec.json.decode(raw, type=_Layout).layout
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise damaged(file, error) from error
    if layout > LAYOUT:
        raise StoreTooNew(
            f"The data folder {path} was written by a newer Diffy (layout {layout}; this one reads {LAYOUT}).",
            "Start that newer Diffy, or set DIFFY_DATA_DIR to another folder.",
        )
    return True


def _take_lock(path: Path) -> FileLock:
    # thread_local off: the thread that closes the folder need not be the one that opened it.
    lock = FileLock(path / "lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise StoreLocked(
            f"Another process{_owner_of(path)} is using the data folder {path}.",
            "Stop it first, or set DIFFY_DATA_DIR to another folder.",
        ) from None
    except OSError as error:
        raise cannot_write(path / "lock", error) from error
    return lock


def _owner_of(path: Path) -> str:
    try:
        owner = msgspec.json.decode((path / "owner.json").read_bytes(), type=_Owner)
    except (OSError, msgspec.MsgspecError):
        return ""
    return f" (pid {owner.pid} on {owner.machine})"
