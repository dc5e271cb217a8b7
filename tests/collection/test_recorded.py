"""Does what is written down say the same when it is read again?"""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.collection import recorded
from bot.collection.hostbytes import as_json, as_text, gunzip
from bot.errors import StoreCorrupt
from bot.model import Answer, Host, QueryStatus, Snapshot

texts = st.text(st.characters(codec="utf-8"), max_size=12)
rows = st.lists(st.dictionaries(texts, texts, max_size=3), min_size=1, max_size=3).map(tuple)
unknown = st.sampled_from(
    [status for status in QueryStatus if status not in (QueryStatus.ROWS, QueryStatus.EMPTY)]
)


@st.composite
def answers(draw: st.DrawFn, name: str) -> Answer:
    kind = draw(st.sampled_from(["rows", "empty", "unknown"]))
    if kind == "rows":
        return Answer(name, QueryStatus.ROWS, draw(rows))
    if kind == "empty":
        return Answer(name, QueryStatus.EMPTY)
    status = draw(unknown)
    kept = draw(rows) if status is QueryStatus.TOO_MANY else ()
    return Answer(name, status, kept, draw(texts.filter(bool)))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    names = draw(st.lists(texts, unique=True, max_size=4))
    return Snapshot(
        Host("i-1", group="web-asg", launch_time=datetime(2026, 8, 1, tzinfo=UTC)),
        datetime(2026, 8, 2, tzinfo=UTC),
        tuple(draw(answers(name)) for name in sorted(names)),
        draw(texts),
    )


@given(snapshots())
def test_a_snapshot_survives_being_written_down(snapshot: Snapshot) -> None:
    """Statuses, rows, errors, host and time come back equal; the order of answers means nothing."""
    again = recorded.from_json(recorded.to_json(snapshot))

    answers = tuple(sorted(again.answers, key=lambda answer: answer.query))
    assert replace(again, answers=answers) == snapshot


@given(snapshots())
def test_the_order_of_answers_does_not_change_the_bytes(snapshot: Snapshot) -> None:
    """Equal content has one digest."""
    turned = Snapshot(snapshot.host, snapshot.taken_at, snapshot.answers[::-1], snapshot.osquery_version)

    assert recorded.to_json(turned) == recorded.to_json(snapshot)


@given(snapshots())
def test_names_are_those_of_the_answers(snapshot: Snapshot) -> None:
    """They are found without reading the rows."""
    assert recorded.names(recorded.to_json(snapshot)) == {answer.query for answer in snapshot.answers}


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(raw: bytes) -> None:
    """Nothing but our own error leaves the reader."""
    with pytest.raises(StoreCorrupt):
        recorded.from_json(raw)
    assert recorded.names(raw) == frozenset()


def test_null_and_absent_are_the_same() -> None:
    """Other tools write null for what they do not have."""
    got = recorded.from_json(
        b'{"host": "i-1", "queries": {"q": []}, "errors": null, "osquery_version": null}'
    )

    assert (got.host, got.osquery_version) == (Host("i-1"), "")


def test_bytes_that_are_not_utf8_stay_readable_in_json() -> None:
    """Each becomes `\\xNN` inside its string; what is UTF-8 is not touched."""
    assert as_json(b'["\xff\xc3\xa9"]') == '["\\\\xffé"]'.encode()
    assert as_json("é".encode()) == "é".encode()


@given(st.binary(max_size=2_000))
def test_host_bytes_become_one_short_printable_line(raw: bytes) -> None:
    """For a person's eye: no line break, no control character, no length of the host's choosing."""
    line = as_text(raw, most=40)

    assert len(line) <= 40
    assert line.isprintable()


def test_unpacking_stops_at_the_cap() -> None:
    """Exactly the cap is allowed, one byte more is not."""
    packed = gzip.compress(b"x" * 100)

    assert gunzip(packed, most=100) == b"x" * 100
    with pytest.raises(ValueError, match="more than 99 bytes"):
        gunzip(packed, most=99)
