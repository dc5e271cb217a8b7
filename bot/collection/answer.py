"""What did a host answer? Reads what the script printed; whatever is not wholly and provably there is not knowledge.

The output is three lines: begin, base64 of gzip, end with byte count, sha256 and number of sections. When it is in
pieces, it holds the first, and the count and the digest are of all of them (``pieced``). A section is a
line ``#diffy KIND NAME RC OUT ERR`` and then OUT and ERR bytes; as lengths say where each ends, no row can pose as one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from bot.collection import script
from bot.collection.hostbytes import as_json, as_text, gunzip
from bot.collection.pieced import Pieced
from bot.model import Answer, Host, Missed, MissReason, Pack, Query, QueryStatus, Row, Snapshot

MOST_PACKED = 96 * 1024 * 1024
"""Bytes of output that are looked at; the script itself stops at 48 MiB unpacked."""
MOST_UNPACKED = 64 * 1024 * 1024

_BEGIN = re.compile(rb"DIFFY-BEGIN 1 run=([A-Za-z0-9_.-]{1,64})")
_END = re.compile(
    rb"DIFFY-END 1 run=([A-Za-z0-9_.-]{1,64}) bytes=(\d{1,12}) sha256=([0-9a-f]{64}) parts=(\d{1,6})"
    rb"(?: pieces=(\d{1,4}))? end"
)
_FAIL = re.compile(rb"DIFFY-FAIL 1 run=([A-Za-z0-9_.-]{1,64}) ([a-z_]{1,32}) ([^\n]*)")
_HEAD = re.compile(
    rb"#diffy (batch|shared|own|large|unasked|lost) ([A-Za-z0-9_.-]{1,64}) (\d{1,4}|stuck) (\d{1,9}) (\d{1,6})"
)
_ERROR = re.compile(rb"^Error: (?:near line (\d{1,6}): )?(.*)$", re.MULTILINE)
_NOT_ON_VERSION = re.compile(r"no such (?:table|column|function): ")
_CUT_MARKS = (b"--output truncated--", b"---Output truncated---")
_TOO_LATE = ("124", "137", "stuck")  # `timeout` ended it, had to kill it, or could not even kill it
_ROWS = msgspec.json.Decoder(list[dict[str, str | int | float | bool | None]])
_FAILURES: Mapping[bytes, str] = {
    b"missing_tool": "a tool that the script needs is missing on the host",
    b"no_folder": "the script could not make its temporary folder",
    b"no_space": "the script ran out of disk space",
    b"no_start": "osqueryi does not run on the host",
    b"no_split": "the script could not read what osqueryi printed",
}


@dataclass(frozen=True, slots=True)
class _Section:
    kind: str
    name: str
    rc: str
    out: bytes
    err: bytes


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of the shared process: errors by query, and whether an empty array can be believed."""

    errors: Mapping[str, str]
    doubt: str


def read(
    raw: bytes, host: Host, pack: Pack, taken_at: datetime, *, run_id: str
) -> Snapshot | Missed | Pieced:
    """Return the host's answers, or why there are none.

    Args:
        raw: Standard output of the script, whole or not.
        taken_at: The controller's time; a host's clock is not trusted.
        run_id: Of the script that was sent; output that names another run is refused.

    Returns:
        A snapshot with one answer for each query of the pack; Missed when the output is empty, cut or not ours; Pieced
        when the host keeps more of it.
    """
    body = raw.strip()
    if not body:
        return Missed(host.id, MissReason.EMPTY_OUTPUT, "the script printed nothing")
    failure = _FAIL.fullmatch(body)
    if failure is not None and failure[1].decode() == run_id:
        return _failed(host, failure[2], failure[3])
    try:
        packed, end = _payload(body, run_id)
        finish = partial(_read_packed, host=host, pack=pack, taken_at=taken_at, parts=int(end[4]))
        if (count := int(end[5] or 1)) > 1:
            return Pieced(
                host.id,
                run_id=run_id,
                size=int(end[2]),
                digest=end[3].decode(),
                count=count,
                first=packed,
                finish=finish,
            )
        if len(packed) != int(end[2]):
            raise _Cut(f"{len(packed)} of {int(end[2])} bytes came")
        if hashlib.sha256(packed).hexdigest().encode() != end[3]:
            raise ValueError("its digest does not match")
        return finish(packed)
    except _Cut as cut:
        return Missed(host.id, MissReason.CUT_OUTPUT, str(cut))
    except ValueError as error:
        return _unusable(host, error)


def _read_packed(
    packed: bytes, *, host: Host, pack: Pack, taken_at: datetime, parts: int
) -> Snapshot | Missed:
    try:
        return _snapshot(_sections(gunzip(packed, most=MOST_UNPACKED), parts), host, pack, taken_at)
    except ValueError as error:
        return _unusable(host, error)


def _unusable(host: Host, error: ValueError) -> Missed:
    return Missed(host.id, MissReason.MALFORMED_OUTPUT, f"the host's output cannot be used: {error}")


class _Cut(Exception):
    """The output began as ours and does not end as ours."""


def _failed(host: Host, word: bytes, detail: bytes) -> Missed:
    if word == b"no_osquery":
        return Missed(host.id, MissReason.NO_OSQUERY, "osquery is not installed on the host")
    if word == b"no_bring":
        why = f"osquery is not installed on the host, and could not be brought: {as_text(detail)}"
        return Missed(host.id, MissReason.NO_OSQUERY, why)
    reason = _FAILURES.get(word, "the script gave up")
    return Missed(host.id, MissReason.SCRIPT_FAILED, f"{reason}: {as_text(detail)}")


def _payload(body: bytes, run_id: str) -> tuple[bytes, re.Match[bytes]]:
    """Return what was packed, not checked yet, and the last line's parts."""
    if len(body) > MOST_PACKED:
        raise ValueError(f"it is larger than {MOST_PACKED} bytes")
    first, _, rest = body.partition(b"\n")
    begin = _BEGIN.fullmatch(first.strip())
    if (not rest and b"DIFFY-BEGIN".startswith(body[:11])) or body.endswith(_CUT_MARKS):
        raise _Cut(f"the output is cut after {len(body)} bytes")
    if begin is None:
        raise ValueError(f"it does not begin as the script's does: {as_text(body, most=80)}")
    if begin[1].decode() != run_id:
        raise ValueError("it belongs to another run")
    packed_text, _, last = rest.rpartition(b"\n")
    end = _END.fullmatch(last.strip())
    if end is None:
        raise _Cut(f"the output is cut after {len(body)} bytes")
    if end[1].decode() != run_id:
        raise ValueError("its end belongs to another run")
    try:
        packed = base64.b64decode(packed_text.strip(), validate=True)
    except binascii.Error as error:
        raise ValueError(f"its base64 is broken ({error})") from error
    return packed, end


def _sections(content: bytes, parts: int) -> tuple[_Section, ...]:
    found = tuple(_split(content))
    if len(found) != parts:
        raise ValueError(f"{len(found)} of {parts} sections came")
    return found


def _split(content: bytes) -> Iterator[_Section]:
    at = 0
    while at < len(content):
        stop = content.find(b"\n", at, at + 200)
        head = _HEAD.fullmatch(content[at:stop]) if stop >= 0 else None
        if head is None:
            raise ValueError("a section has no head")
        middle = stop + 1 + int(head[4])
        at = middle + int(head[5])
        if at > len(content):
            raise ValueError("a section is shorter than its head says")
        yield _Section(
            head[1].decode(),
            head[2].decode(),
            head[3].decode(),
            content[stop + 1 : middle],
            content[middle:at],
        )


def _snapshot(sections: tuple[_Section, ...], host: Host, pack: Pack, taken_at: datetime) -> Snapshot:
    asked = [section for section in sections if section.kind in ("shared", "own", "large", "unasked")]
    by_name = {section.name: section for section in asked}
    listed = [section for section in sections if section.kind == "lost"]
    batches = [section for section in sections if section.kind == "batch"]
    if len(by_name) < len(asked) or len(listed) != 1 or len(batches) > 1:
        raise ValueError("its sections contradict each other")
    known = {query.name for query in script.order(pack)}
    if not by_name.keys() <= known:
        raise ValueError("it answers a query that was not asked")
    lost = dict(line.split(" ", 1) for line in listed[0].out.decode("ascii").splitlines())
    batch = _batch(batches[0] if batches else None, pack)
    answers = tuple(
        _answer(query, by_name.get(query.name), lost.get(query.name, ""), batch) for query in pack.queries
    )
    version = _answer(script.VERSION_QUERY, by_name.get(script.VERSION_QUERY.name), "", batch)
    return Snapshot(host, taken_at, answers, _version(version))


def _version(answer: Answer) -> str:
    return as_text(answer.rows[0].get("version", "").encode(), most=40) if answer.rows else ""


def _batch(section: _Section | None, pack: Pack) -> _Batch:
    if section is None:
        return _Batch({}, "the shared process's messages did not come back")
    names = [query.name for query in script.shared(pack) for _ in ("marker", "statement")]  # one a line
    errors: dict[str, str] = {}
    astray = ""
    for said in _ERROR.finditer(section.err):
        line = int(said[1] or 0)
        if 1 <= line <= len(names):
            errors[names[line - 1]] = as_text(said[2])
        else:
            astray = as_text(said[0], most=200)
    if len(section.err) >= script.ERR_BYTES:
        doubt = "the shared process's messages were too many to come back whole"
    elif astray:
        doubt = f"an error of the shared process names no query: {astray}"
    elif section.rc not in ("0", *_TOO_LATE) and int(section.rc) < 128 and not errors:
        doubt = f"the shared process ended with {section.rc} and no message"
    else:
        doubt = ""
    return _Batch(errors, doubt)


def _answer(query: Query, section: _Section | None, lost: str, batch: _Batch) -> Answer:
    if lost:
        return Answer(
            query.name,
            QueryStatus.DID_NOT_FIT,
            error=f"{as_text(lost.encode())} compressed bytes did not fit",
        )
    if section is None or section.kind == "unasked":
        return Answer(query.name, QueryStatus.NOT_RUN, error="the host's time for queries was over")
    if section.kind == "large":
        most = min(query.max_bytes, script.MOST_OF_ONE)
        return Answer(query.name, QueryStatus.TOO_LARGE, error=f"more than {most} bytes")
    error = batch.errors.get(query.name, "") if section.kind == "shared" else _own_error(section)
    if section.kind == "own" and section.rc in _TOO_LATE:
        return Answer(query.name, QueryStatus.TIMED_OUT, error=f"stopped after {query.timeout_s} s")
    if error:
        unknown = _NOT_ON_VERSION.match(error) is not None
        return Answer(query.name, QueryStatus.NOT_ON_VERSION if unknown else QueryStatus.ERROR, error=error)
    try:
        rows = _ROWS.decode(as_json(section.out))
    except (msgspec.MsgspecError, RecursionError) as wrong:
        return Answer(query.name, QueryStatus.ERROR, error=f"its answer is not a list of rows: {wrong}"[:300])
    if not rows:
        doubt = batch.doubt if section.kind == "shared" else ""
        return Answer(query.name, QueryStatus.ERROR if doubt else QueryStatus.EMPTY, error=doubt)
    kept = tuple(_row(row) for row in rows[: query.max_rows])
    if len(rows) > query.max_rows:
        return Answer(query.name, QueryStatus.TOO_MANY, kept, f"more than {query.max_rows} rows")
    return Answer(query.name, QueryStatus.ROWS, kept)


def _own_error(section: _Section) -> str:
    said = _ERROR.search(section.err)
    if said is not None:
        return as_text(said[2])
    if section.rc != "0":
        return f"osqueryi ended with {section.rc}: {as_text(section.err, most=200)}".rstrip(": ")
    return ""


def _row(row: Mapping[str, object]) -> Row:
    return {
        name: value if type(value) is str else "" if value is None else str(value)
        for name, value in row.items()
    }
