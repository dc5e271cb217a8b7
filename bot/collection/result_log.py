"""What does a line of osqueryd's result log say, and to which answer do the lines of one query add up?

osqueryd writes one JSON object a line: ``{"name", "hostIdentifier", "unixTime", "epoch", "counter"}`` and either
``"snapshot": [rows]``, or ``"action": "added" | "removed"`` with ``"columns": {row}``, or (in batches) ``"diffResults":
{"added": [rows], "removed": [rows]}``. With ``logger_snapshot_event_type`` the action of a row is ``"snapshot"``.
Lines come from hosts: everything in them is hostile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from bot.collection.hostbytes import as_json
from bot.model import Answer, Pack, QueryStatus, Row

MOST_STATE = 64 * 1024 * 1024
"""Bytes of log lines that one query's rows on one host may come from, as of one live answer."""

_HOST = re.compile(r"[!-~]{1,255}")
_LATEST = 2**33  # seconds since 1970: the year 2242; what claims to be later is no time
_Cell = str | int | float | bool | None
_Fact = tuple[tuple[str, str], ...]


class _Head(msgspec.Struct):
    name: str = ""
    hostIdentifier: str = ""  # noqa: N815 - osquery's names
    unixTime: int | str = 0  # noqa: N815 - text before osquery 3
    epoch: int | str = 0
    counter: int | str = 0
    severity: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    snapshot: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Changes(msgspec.Struct):
    added: list[dict[str, _Cell]] | str = ""  # "" for none before osquery 3
    removed: list[dict[str, _Cell]] | str = ""


class _Body(msgspec.Struct):
    action: str = ""
    snapshot: list[dict[str, _Cell]] | str | None = None
    columns: dict[str, _Cell] | None = None
    diffResults: _Changes | None = None  # noqa: N815
    decorations: dict[str, _Cell] = {}


_HEADS = msgspec.json.Decoder(_Head)
_BODIES = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a line belongs. ``at`` is in seconds since 1970, by the host's clock; ``whole``: it holds every row."""

    host: str
    name: str
    at: int
    epoch: int
    counter: int
    whole: bool


def stamp(raw: bytes) -> Stamp | None:
    """Return where a line belongs; None for a line that is no result (osqueryd's own log).

    Raises:
        ValueError: It is no line of a result log; the message says why.
    """
    try:
        head = _HEADS.decode(as_json(raw))
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"it is not a JSON object of osqueryd's ({str(error)[:120]})") from error
    if head.severity is not msgspec.UNSET:
        return None
    if not head.name or not _HOST.fullmatch(head.hostIdentifier):
        raise ValueError("it lacks a query name or a usable hostIdentifier")
    try:
        at, epoch, counter = int(head.unixTime), int(head.epoch), int(head.counter)
    except ValueError as error:
        raise ValueError("its unixTime, epoch or counter is no number") from error
    if not 0 < at < _LATEST or not 0 <= counter < 2**63 or not 0 <= epoch < 2**63:
        raise ValueError("its unixTime, epoch or counter is out of range")
    return Stamp(head.hostIdentifier, head.name, at, epoch, counter, head.snapshot is not msgspec.UNSET)


def decorations(raw: bytes) -> Mapping[str, str]:
    """Return the decorations of a line, all as text; none when it cannot be read."""
    try:
        return _row(_BODIES.decode(as_json(raw)).decorations)
    except (msgspec.MsgspecError, RecursionError):
        return {}


def query_of(name: str, pack: Pack) -> str | None:
    """Return which query of the pack a name in the log means, or None.

    A scheduled query bears its own name; one of a pack is called ``pack/PACK/QUERY``, with the operator's delimiter
    (``_`` by default). The pack's name must be ours, since two packs may ask different things under one name.
    """
    known = {_plain(query.name): query.name for query in pack.queries}
    found = known.get(_plain(name))
    if found is not None:
        return found
    prefix = f"pack_{_plain(pack.name)}_"
    plain = _plain(name)
    return known.get(plain.removeprefix(prefix)) if plain.startswith(prefix) else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


@dataclass(slots=True)
class Fold:
    """Adds up the lines of one query on one host, given in order of time."""

    query: str
    max_rows: int
    rows: dict[_Fact, int] = field(default_factory=dict)
    differential: bool = False
    _batch: tuple[int, int, int] | None = None  # epoch, counter and time of the lines that belong together
    _new: set[_Fact] = field(default_factory=set)
    size_bytes: int = 0
    _broken: str = ""
    _too_large: bool = False

    def take(self, raw: bytes, stamp: Stamp) -> None:
        """Take one line. What makes the state uncertain is remembered until the query begins anew."""
        try:
            body = _BODIES.decode(as_json(raw))
        except (msgspec.MsgspecError, RecursionError):
            self._broken = self._broken or "a line of this query does not hold rows of columns"
            return
        batch = (stamp.epoch, stamp.counter, stamp.at)
        if body.snapshot is not None or (body.action == "snapshot" and body.columns is not None):
            if body.snapshot is not None or self.differential or batch != self._batch:
                self._begin(differential=False)
            rows = body.snapshot if body.snapshot is not None else [body.columns or {}]
            self._add(rows)
        elif body.diffResults is not None:
            self._step(batch)
            self._remove(body.diffResults.removed)
            self._add(body.diffResults.added)
        elif body.action in ("added", "removed") and body.columns is not None:
            self._step(batch)
            if body.action == "removed":
                self._remove([body.columns])
            else:
                self._add([body.columns])
        else:
            self._broken = self._broken or "a line of this query is neither a snapshot nor a difference"
        self._batch = batch

    def answer(self, *, doubt: str = "") -> Answer:
        """Return what the lines add up to.

        Args:
            doubt: Why lines may be missing; a snapshot stands all the same, a sum of differences does not.
        """
        broken = self._broken or (doubt if self.differential else "")
        if broken:
            return Answer(self.query, QueryStatus.ERROR, (), broken)
        if self._too_large:
            return Answer(self.query, QueryStatus.TOO_MANY, (), f"its rows take more than {MOST_STATE} bytes")
        rows: tuple[Row, ...] = tuple(dict(row) for row, count in self.rows.items() for _ in range(count))
        if len(rows) > self.max_rows:
            return Answer(
                self.query,
                QueryStatus.TOO_MANY,
                rows[: self.max_rows],
                f"{len(rows)} rows; {self.max_rows} are read",
            )
        return Answer(self.query, QueryStatus.ROWS if rows else QueryStatus.EMPTY, rows)

    def _begin(self, *, differential: bool) -> None:
        self.rows.clear()
        self._new.clear()
        self.size_bytes, self._too_large, self._broken, self.differential = 0, False, "", differential

    def _step(self, batch: tuple[int, int, int]) -> None:
        """Begin a batch of differences, unless the line belongs to the last one."""
        if self.differential and batch == self._batch:
            return
        epoch, counter, _ = batch
        last = self._batch if self.differential else None
        if counter == 0 or last is None or last[0] != epoch:
            self._begin(differential=True)
            if counter:
                self._broken = (
                    f"the log begins at result {counter} of this query: what was there before is not in it"
                )
        elif counter <= last[1]:
            self._broken = self._broken or "lines of this query are out of order or there twice"
        self._new.clear()

    def _add(self, rows: list[dict[str, _Cell]] | str) -> None:
        for row in rows if isinstance(rows, list) else ():
            fact = tuple(sorted(_row(row).items()))
            if self.differential and fact in self.rows and fact not in self._new:
                self._broken = self._broken or (
                    "a row was added twice and not removed between: removals are not logged, or lines are missing"
                )
            self.size_bytes += _size(fact)
            if self._too_large or self.size_bytes > MOST_STATE:
                self._too_large = True
                self.rows.clear()
                self._new.clear()
                return
            self.rows[fact] = self.rows.get(fact, 0) + 1
            self._new.add(fact)

    def _remove(self, rows: list[dict[str, _Cell]] | str) -> None:
        for row in rows if isinstance(rows, list) and not self._too_large else ():
            fact = tuple(sorted(_row(row).items()))
            count = self.rows.pop(fact, 0)
            self.size_bytes -= count * _size(fact)
            if count != 1:
                self._broken = self._broken or (
                    "a row was removed that had not been added: lines are missing"
                    if count == 0
                    else "a row that was there several times was removed: how many are left is not known"
                )


def _size(fact: _Fact) -> int:
    return 64 + sum(len(column) + len(value) + 64 for column, value in fact)


def _row(row: Mapping[str, Any]) -> dict[str, str]:
    """Return the row with every value as text, as osquery prints it (NULL is empty)."""
    return {
        key: value if type(value) is str else "" if value is None else str(value)
        for key, value in row.items()
    }
