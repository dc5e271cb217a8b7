"""How are hosts asked whose answers were recorded in a folder? Inventory and collector over files.

``DIR/hosts/<host id>.json`` holds one host's answers (``collection.recorded``); the optional ``DIR/asg.json`` describes
the group (``asg_listing``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from bot.adapters import asg_listing
from bot.collection import recorded
from bot.errors import EmptyTarget, InventoryError, StoreCorrupt, UnknownTarget
from bot.model import (
    Answer,
    Asker,
    Group,
    Host,
    Missed,
    MissReason,
    Pack,
    QueryStatus,
    Snapshot,
    Target,
)
from bot.ports import Errand

MOST_BYTES = 64 * 1024 * 1024  # of one file, as of one live answer


class RecordedFolder:
    """``ports.Inventory`` and ``ports.Collector`` over one folder.

    The folder says what was recorded: the target's name need not be the group's. Files are found by listing, never by
    putting an id into a path, so an id such as ``../x`` reaches nothing.
    """

    def __init__(self, folder: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._monotonic = monotonic

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``ports.Inventory``. A host of asg.json without a file is known to be missed.

        Raises:
            UnknownTarget: No such folder, or the named host is not in it.
            EmptyTarget: The folder holds no host.
            InventoryError: asg.json cannot be used.
        """
        files = self._files
        group, hosts = asg_listing.read(self._folder / "asg.json")
        hosts |= {id_: Host(id_, group) for id_ in files if id_ not in hosts}
        if not hosts:
            raise EmptyTarget(f"{self._folder} holds no recorded host.", "Put one file a host into hosts/.")
        chosen = asg_listing.choose(target, hosts, group, place=self._folder)
        absent = {
            host.id: f"there is no hosts/{host.id}.json" for host in chosen.known if host.id not in files
        }
        return asg_listing.without(chosen, absent)

    def collect(
        self,
        group: Group,
        pack: Pack,
        errand: Errand,
        *,
        deliver: Callable[[Snapshot | Missed], None],
    ) -> None:
        """See ``ports.Collector``. A query that other hosts were asked and this one was not counts as not run."""
        deadline = self._monotonic() + errand.deadline_s
        asked = self._asked(group, pack)
        for host in group.hosts:
            if errand.stop():
                deliver(Missed(host.id, MissReason.CANCELLED, "its file had not been read"))
            elif self._monotonic() >= deadline:
                deliver(Missed(host.id, MissReason.DEADLINE, "its file had not been read"))
            else:
                deliver(self._read(host, asked))

    @cached_property
    def _files(self) -> dict[str, Path]:
        if not self._folder.is_dir():
            raise UnknownTarget(
                f"There is no folder {self._folder}.", "Give a folder with hosts/<id>.json files."
            )
        try:
            paths = sorted((self._folder / "hosts").glob("*.json"))
        except OSError as error:
            raise InventoryError(f"{self._folder} cannot be read: {error.strerror}.") from error
        return {path.stem: path for path in paths if not path.name.startswith(".")}

    def _asked(self, group: Group, pack: Pack) -> frozenset[str]:
        """Return the pack's queries that at least one host was asked; the others nobody can have missed."""
        wanted = {query.name for query in pack.queries}
        asked: set[str] = set()
        for host in group.hosts:
            if wanted <= asked:
                break
            raw = self._bytes(host)
            asked |= recorded.names(raw) if isinstance(raw, bytes) else frozenset()
        return frozenset(wanted & asked)

    def _bytes(self, host: Host) -> bytes | Missed:
        path = self._files.get(host.id)
        if path is None:
            return Missed(host.id, MissReason.NOT_RECORDED, "there is no file of that name")
        try:
            if path.is_symlink() or not path.is_file():
                return Missed(host.id, MissReason.MALFORMED_OUTPUT, f"{path.name} is not a plain file")
            with path.open("rb") as file:
                raw = file.read(min(os.fstat(file.fileno()).st_size, MOST_BYTES) + 1)
        except OSError as error:
            return Missed(
                host.id, MissReason.MALFORMED_OUTPUT, f"{path.name} cannot be read: {error.strerror}"
            )
        if len(raw) > MOST_BYTES:
            return Missed(
                host.id, MissReason.MALFORMED_OUTPUT, f"{path.name} is larger than {MOST_BYTES} bytes"
            )
        if not raw.strip():
            return Missed(host.id, MissReason.EMPTY_OUTPUT, f"{path.name} is empty")
        return raw

    def _read(self, host: Host, asked: frozenset[str]) -> Snapshot | Missed:
        raw = self._bytes(host)
        if isinstance(raw, Missed):
            return raw
        try:
            snapshot = recorded.from_json(raw, about=host, source=f"hosts/{host.id}.json")
        except StoreCorrupt as error:
            return Missed(host.id, MissReason.MALFORMED_OUTPUT, error.message)
        absent = sorted(asked - {answer.query for answer in snapshot.answers})
        unasked = tuple(Answer(name, QueryStatus.NOT_RUN, error="not in its file") for name in absent)
        return Snapshot(host, snapshot.taken_at, snapshot.answers + unasked, snapshot.osquery_version)
