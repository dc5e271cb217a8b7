"""How is a snapshot written down? The format of recorded answers, of stored snapshots and of baseline files.

One JSON object a host: ``{"host", "queries": {name: [rows]}, "errors": {name: message}, "osquery_version"}``.
What Diffy adds when it writes one itself: ``"statuses"`` for answers that are neither rows nor an error,
``"taken_at"`` and ``"about"`` (the host as the cloud describes it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256

import msgspec

from bot.collection.hostbytes import as_json
from bot.errors import StoreCorrupt
from bot.model import Answer, Host, QueryStatus, Row, Snapshot, text_row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Recorded(msgspec.Struct, omit_defaults=True):
    host: str
    queries: dict[str, list[dict[str, str | int | float | bool | None]]] = {}
    errors: dict[str, str] | None = {}
    osquery_version: str | None = ""
    statuses: dict[str, QueryStatus] = {}
    taken_at: datetime = EPOCH
    about: Host | None = None


class _Names(msgspec.Struct):
    queries: dict[str, msgspec.Raw] = {}
    errors: dict[str, msgspec.Raw] | None = None


class _Unread(msgspec.Struct, omit_defaults=True):
    host: str
    queries: dict[str, msgspec.Raw] = {}
    errors: dict[str, str] | None = {}
    osquery_version: str | None = ""
    statuses: dict[str, QueryStatus] = {}
    taken_at: datetime = EPOCH
    about: Host | None = None


_ROWS = msgspec.json.Decoder(list[dict[str, str]])
_ANY_ROWS = msgspec.json.Decoder(list[dict[str, str | int | float | bool | None]])
_UNREAD = msgspec.json.Decoder(_Unread)
_NAMES = msgspec.json.Decoder(_Names)


def to_json(snapshot: Snapshot) -> bytes:
    """Return the snapshot as one JSON object; equal snapshots give equal bytes (answers sorted by query)."""
    answers = sorted(snapshot.answers, key=lambda answer: answer.query)
    record = _Recorded(
        host=snapshot.host.id,
        queries={
            a.query: [row if type(row) is dict else dict(row) for row in a.rows]
            for a in answers
            if a.known or a.rows
        },
        errors={a.query: a.error or a.status.value for a in answers if not a.known},
        osquery_version=snapshot.osquery_version,
        statuses={a.query: a.status for a in answers if not a.known},
        taken_at=snapshot.taken_at,
        about=snapshot.host,
    )
    return msgspec.json.encode(record)


def digest(snapshot: Snapshot) -> str:
    """Return the name of a snapshot's content: sha256, hex, of its JSON."""
    return sha256(to_json(snapshot)).hexdigest()


def from_json(raw: bytes, *, about: Host | None = None, source: str = "a recorded answer") -> Snapshot:
    """Return the snapshot in ``raw``.

    Args:
        about: The host as the cloud describes it; wins over what the file says.
        source: What to call the file in an error.

    Raises:
        StoreCorrupt: Not of the form above.
    """
    try:
        record = _UNREAD.decode(as_json(raw))
        rows = {name: _rows(given) for name, given in record.queries.items()}
    except msgspec.MsgspecError as error:
        raise _no_answer(source, error) from error
    empty = frozenset(name for name, given in rows.items() if not given)
    bare = _without_rows(record, empty, about, source)
    answers = tuple(
        replace(answer, rows=rows.get(answer.query, ())) if _keeps_rows(answer) else answer
        for answer in bare.answers
    )
    return replace(bare, answers=answers)


def unread(
    raw: bytes, *, about: Host | None = None, source: str = "a recorded answer"
) -> tuple[Snapshot, Mapping[str, bytes]]:
    """Return the snapshot in ``raw`` without rows, and by query its rows as they are written, a JSON array.

    See ``from_json`` for what is asked and raised. The arrays are not looked into yet: one may turn out to hold no flat objects.
    """
    try:
        record = _UNREAD.decode(as_json(raw))
    except msgspec.MsgspecError as error:
        raise _no_answer(source, error) from error
    rows = {name: bytes(given) for name, given in record.queries.items()}
    empty = frozenset(
        name for name, given in rows.items() if len(given) < 9 and not given.strip(b"[] \t\r\n")
    )
    return _without_rows(record, empty, about, source), rows


def _rows(given: msgspec.Raw) -> tuple[Row, ...]:
    try:
        return tuple(_ROWS.decode(given))
    except msgspec.ValidationError:  # osquery's own numbers, and NULL
        return tuple(map(text_row, _ANY_ROWS.decode(given)))


def _keeps_rows(answer: Answer) -> bool:
    return answer.known or answer.status is QueryStatus.TOO_MANY


def _without_rows(record: _Unread, empty: frozenset[str], about: Host | None, source: str) -> Snapshot:
    errors = record.errors or {}
    answers = [
        _bare(name, QueryStatus.EMPTY if name in empty else QueryStatus.ROWS)
        for name in record.queries
        if name not in errors
    ]
    for name, message in errors.items():
        answers.append(Answer(name, record.statuses.get(name, QueryStatus.ERROR), error=message))
    host = about or record.about or Host(id=record.host)
    if host.id != record.host:
        raise StoreCorrupt(f"{source} holds the answers of another host, {record.host!r}.")
    return Snapshot(host, record.taken_at, tuple(answers), record.osquery_version or "")


_bare = lru_cache(maxsize=1024)(Answer)  # every host gives the same few, and they are never changed


def _no_answer(source: str, error: msgspec.MsgspecError) -> StoreCorrupt:
    return StoreCorrupt(
        f"{source} is not a recorded answer: {error}.",
        'Each file holds {"host", "queries": {name: [rows]}, "errors": {name: message}}.',
    )


def names(raw: bytes) -> frozenset[str]:
    """Return the names of the queries that were asked, without reading their rows; none when malformed."""
    try:
        record = _NAMES.decode(as_json(raw))
    except msgspec.MsgspecError:
        return frozenset()
    return frozenset(record.queries) | frozenset(record.errors or ())
