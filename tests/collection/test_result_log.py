"""Do the lines of osqueryd's result log add up to what was there, or to a reason why that is not known?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.collection import result_log
from bot.collection.result_log import Fold, query_of, stamp
from bot.model import Answer, Pack, Query, QueryStatus


def line(counter: int = 0, *, at: int = 1_700_000_000, epoch: int = 0, **content: Any) -> bytes:
    head = {"name": "users", "hostIdentifier": "h1", "unixTime": at, "epoch": epoch, "counter": counter}
    return json.dumps({**head, **content}).encode()


def added(row: str, counter: int = 0, **more: Any) -> bytes:
    return line(counter, action="added", columns={"username": row}, **more)


def removed(row: str, counter: int, **more: Any) -> bytes:
    return line(counter, action="removed", columns={"username": row}, **more)


def answer(*lines: bytes, doubt: str = "", max_rows: int = 100) -> Answer:
    total = Fold("users", max_rows)
    for raw in lines:
        where = stamp(raw)
        assert where is not None
        total.take(raw, where)
    return total.answer(doubt=doubt)


def names(found: Answer) -> list[str]:
    assert found.known, found.error
    return sorted(row["username"] for row in found.rows)


def test_the_newest_snapshot_is_the_answer() -> None:
    """Each holds every row; an empty one is empty, and old osqueryd writes emptiness as text."""
    first = line(snapshot=[{"username": "root", "uid": 0}, {"username": "eve", "uid": None}])

    assert answer(first).rows == ({"uid": "0", "username": "root"}, {"uid": "", "username": "eve"})
    assert names(answer(first, line(at=1_700_000_100, snapshot=[{"username": "root"}]))) == ["root"]
    assert answer(first, line(snapshot=[])).status is QueryStatus.EMPTY
    assert answer(line(snapshot="")).status is QueryStatus.EMPTY


def test_snapshot_rows_on_lines_of_their_own_belong_together_by_time() -> None:
    """With logger_snapshot_event_type each row has a line; the next time's lines take their place."""
    old = [line(action="snapshot", columns={"username": name}) for name in ("root", "eve")]
    new = line(action="snapshot", columns={"username": "root"}, at=1_700_000_100)

    assert names(answer(*old)) == ["eve", "root"]
    assert names(answer(*old, new)) == ["root"]


def test_differences_add_up() -> None:
    """As events and in batches; text where a newer osqueryd writes numbers."""
    events = [added("root"), added("eve"), removed("eve", 3), added("bob", 3)]
    batches = [
        line("0", diffResults={"added": [{"username": "root"}, {"username": "eve"}], "removed": ""}),  # type: ignore[arg-type]
        line(3, diffResults={"added": [{"username": "bob"}], "removed": [{"username": "eve"}]}),
    ]

    assert names(answer(*events)) == names(answer(*batches)) == ["bob", "root"]
    assert answer(added("root"), removed("root", 1)).status is QueryStatus.EMPTY


@pytest.mark.parametrize("again", [{"epoch": 7}, {"at": 1_700_009_000}])
def test_a_new_epoch_and_a_counter_of_0_begin_anew(again: dict[str, int]) -> None:
    """What was known before is forgotten, and so is what was wrong with it."""
    before = [added("old"), removed("never", 4)]

    assert answer(*before).status is QueryStatus.ERROR
    assert names(answer(*before, added("root", **again), added("eve", **again))) == ["eve", "root"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([added("root", 5)], "begins at result 5"),
        ([added("root"), added("eve", 3, epoch=9)], "begins at result 3"),
        ([line(snapshot=[]), added("root", 3)], "begins at result 3"),
        ([added("root"), removed("eve", 1)], "had not been added"),
        ([added("root"), added("root", 2)], "added twice"),
        ([added("root"), added("root"), removed("root", 1)], "several times"),
        ([added("root"), added("eve", 4), added("bob", 2, at=1_700_000_900)], "out of order or there twice"),
        ([line(action="added")], "neither a snapshot nor a difference"),
        ([line(snapshot=[1])], "does not hold rows"),
        ([line(snapshot=[{"a": {"deep": 1}}])], "does not hold rows"),
    ],
)
def test_a_stream_that_cannot_be_whole_is_unknown(lines: list[bytes], says: str) -> None:
    """Never the rows that happen to be there."""
    found = answer(*lines)

    assert (found.status, found.rows) == (QueryStatus.ERROR, ())
    assert says in found.error


def test_doubt_is_for_differences_only() -> None:
    """A lost line changes a sum; a snapshot is whole in itself."""
    assert answer(added("root"), doubt="lost").error == "lost"
    assert names(answer(line(snapshot=[{"username": "root"}]), doubt="lost")) == ["root"]


def test_caps_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many rows, or too large a state: part of it is never taken for the whole."""
    many = line(snapshot=[{"username": str(n)} for n in range(50)])
    few = answer(many, max_rows=20)
    monkeypatch.setattr(result_log, "MOST_STATE", 2_000)

    large = answer(many, added("x", 0), *(added(f"y{n}", 1) for n in range(50)), removed("y1", 2))

    assert (few.status, len(few.rows)) == (QueryStatus.TOO_MANY, 20)
    assert (large.status, large.rows) == (QueryStatus.TOO_MANY, ())


@given(st.lists(st.sets(st.sampled_from("abcdef")), min_size=1, max_size=8), st.booleans())
def test_any_history_adds_up_to_its_end(states: list[set[str]], batches: bool) -> None:
    """Law: the differences between states, from the first on, fold to the last state."""
    lines, before = [line(0, diffResults={"added": [], "removed": []})], set[str]()
    for number, state in enumerate(states, 1):
        gone, new = sorted(before - state), sorted(state - before)
        if batches:
            rows = {"added": [{"username": n} for n in new], "removed": [{"username": n} for n in gone]}
            lines.append(line(number, diffResults=rows))
        else:
            lines += [*(added(n, number) for n in new), *(removed(n, number) for n in gone)]
        before = state

    assert names(answer(*lines)) == sorted(states[-1])


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1]",
        b"x" * 100,
        b'{"b":' + b"[" * 100_000,
        b'{"name": "users", "unixTime": 5}',
        line(hostIdentifier="two words"),
        line(hostIdentifier="\u202eevil"),
        line(hostIdentifier="x" * 256),
        line(at=0),
        line(at=2**40),
        line(at=10**400),
        line(unixTime="soon"),
        line(-1),
        line(epoch=2**63),
    ],
)
def test_what_is_no_result_line_is_a_reason(raw: bytes) -> None:
    """No exception but ValueError, whatever a host writes."""
    with pytest.raises(ValueError, match=r"it is not|it lacks|its unixTime"):
        stamp(raw)


def test_a_line_of_its_own_log_is_no_result() -> None:
    """Forwarders mix osqueryd's status lines into one stream."""
    assert stamp(b'{"severity": "0", "filename": "x.cpp", "hostIdentifier": "h"}') is None


def test_bytes_that_are_not_utf8_are_kept_readable() -> None:
    """File names are printed as they are."""
    found = answer(line(snapshot=[{"username": "@"}]).replace(b"@", b"\xff"))

    assert names(found) == ["\\xff"]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("users", "users"),
        ("pack_linux-triage_logged_in_users", "logged_in_users"),
        ("pack/linux-triage/users", "users"),
        ("pack:linux_triage:users", "users"),
        ("pack_it-compliance_logged_in_users", None),
        ("pack/other/users", None),
        ("logged_users", None),
    ],
)
def test_names_are_ours_only_where_the_pack_is(name: str, query: str | None) -> None:
    """Another pack's query of the same name asks something else."""
    pack = Pack("linux-triage", "", tuple(Query(q, "SELECT 1", "why") for q in ("users", "logged_in_users")))

    assert query_of(name, pack) == query
