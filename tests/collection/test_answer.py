"""Is output that is not wholly there, not ours or not true ever taken for knowledge?"""

from __future__ import annotations

import base64
import gzip
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.collection import answer, script
from bot.collection.pieced import Pieced
from bot.model import Answer, Missed, MissReason, Pack, QueryStatus, Snapshot
from tests.collection.hosts import AT, HOST, RUN, pack, query
from tests.collection.output import BATCH, LOST, NOTHING, ONE, section, whole

PACK = pack(
    query("a", "SELECT 1", max_rows=2), query("b", "SELECT 2", telling=2), query("c", "SELECT 3", telling=1)
)
GOOD = whole(
    BATCH,
    section("shared", "a", out=ONE),
    section("shared", "b", out=NOTHING),
    section("own", "c", out=ONE),
    LOST,
)


def read(raw: bytes, asked: Pack = PACK) -> Snapshot | Missed:
    found = answer.read(raw, HOST, asked, AT, run_id=RUN)
    assert not isinstance(found, Pieced)
    return found


def answers(raw: bytes, asked: Pack = PACK) -> dict[str, Answer]:
    result = read(raw, asked)
    assert isinstance(result, Snapshot), result
    return {item.query: item for item in result.answers}


def test_a_whole_output_is_a_snapshot() -> None:
    """Each query of the pack has one answer, and nothing is unknown."""
    result = read(GOOD)

    assert isinstance(result, Snapshot)
    assert not result.partial
    assert [item.status.value for item in result.answers] == ["rows", "empty", "rows"]


@given(st.integers(min_value=0, max_value=len(GOOD) - 2))
def test_no_cut_is_ever_a_snapshot(length: int) -> None:
    """Any prefix that lacks more than the last line break is missed, and said to be cut or empty."""
    result = read(GOOD[:length])

    assert isinstance(result, Missed)
    assert result.reason in (MissReason.CUT_OUTPUT, MissReason.EMPTY_OUTPUT)


@given(st.integers(min_value=0, max_value=len(GOOD) - 2), st.integers(min_value=1, max_value=255))
def test_no_changed_byte_is_ever_a_snapshot(place: int, change: int) -> None:
    """A flipped byte anywhere either changes nothing that is read (white space) or makes the host missed."""
    damaged = bytearray(GOOD)
    damaged[place] ^= change

    result = read(bytes(damaged))

    assert isinstance(result, Missed) or result == read(GOOD)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_a_crash(raw: bytes) -> None:
    """Host output is hostile: whatever it is, the outcome is a reason."""
    assert isinstance(read(raw), Missed)


@given(st.lists(st.binary(max_size=60), max_size=4))
def test_any_content_inside_a_valid_envelope_is_read_without_a_crash(content: list[bytes]) -> None:
    """A host that knows the format gets no further than one that does not."""
    result = read(whole(*content))

    assert isinstance(result, Missed) or result.partial


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", MissReason.EMPTY_OUTPUT),
        (b" \n", MissReason.EMPTY_OUTPUT),
        (GOOD[:120] + b"\n--output truncated--", MissReason.CUT_OUTPUT),
        (b"x" * 50 + b"--output truncated--", MissReason.CUT_OUTPUT),
        (b"bash: line 1: syntax error", MissReason.MALFORMED_OUTPUT),
        (b"<!channel> *x*\n" + GOOD, MissReason.MALFORMED_OUTPUT),
        (GOOD + b"more", MissReason.CUT_OUTPUT),
        (whole(BATCH, LOST, run="other", end_run="other"), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, LOST, end_run="other"), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, LOST, parts=3), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, LOST, bytes_=9), MissReason.CUT_OUTPUT),
        (whole(BATCH, LOST, digest="0" * 64), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, LOST, LOST), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, BATCH, LOST), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, section("own", "a", out=ONE), section("shared", "a", out=ONE), LOST), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, section("own", "zzz", out=ONE), LOST), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, LOST, b"#diffy own a 0 999 0\n"), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, LOST, b"no head\n"), MissReason.MALFORMED_OUTPUT),
        (whole(BATCH, section("lost", "-", out=b"nosize\n")), MissReason.MALFORMED_OUTPUT),
        (b"DIFFY-FAIL 1 run=run-1 no_osquery gone", MissReason.NO_OSQUERY),
        (b"DIFFY-FAIL 1 run=run-1 no_space full", MissReason.SCRIPT_FAILED),
        (b"DIFFY-FAIL 1 run=run-1 of_a_new_kind why", MissReason.SCRIPT_FAILED),
        (b"DIFFY-FAIL 1 run=other no_osquery gone", MissReason.MALFORMED_OUTPUT),
    ],
)  # fmt: skip
def test_each_wrong_output_has_its_reason(raw: bytes, reason: MissReason) -> None:
    """Empty, cut, foreign, contradictory and failed outputs are told apart, with a sentence."""
    result = read(raw)

    assert isinstance(result, Missed)
    assert result.reason is reason
    assert result.detail


def envelope(packed: bytes) -> bytes:
    digest = hashlib.sha256(packed).hexdigest()
    end = f"DIFFY-END 1 run={RUN} bytes={len(packed)} sha256={digest} parts=2 end"
    return f"DIFFY-BEGIN 1 run={RUN}\n{base64.b64encode(packed).decode()}\n{end}\n".encode()


@pytest.mark.parametrize(
    "packed",
    [b"not gzip at all", gzip.compress(BATCH + LOST)[:-9], gzip.compress(b"") + b"junk", b""],
    ids=["not gzip", "cut gzip", "junk after", "nothing"],
)
def test_what_cannot_be_unpacked_is_malformed(packed: bytes) -> None:
    """A right digest over wrong content does not help."""
    result = read(envelope(packed))

    assert isinstance(result, Missed)
    assert result.reason is MissReason.MALFORMED_OUTPUT


def test_several_gzip_members_are_one_content() -> None:
    """The compact form packs each section by itself; read together they are the same."""
    packed = gzip.compress(BATCH, mtime=0) + gzip.compress(LOST, mtime=0)

    got = answers(envelope(packed))

    assert {item.status for item in got.values()} == {QueryStatus.NOT_RUN}


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Content beyond the cap is refused, not expanded: 20 kB here stand for 20 MB."""
    monkeypatch.setattr(answer, "MOST_UNPACKED", 1_000_000)

    result = read(envelope(gzip.compress(b"\0" * 20_000_000)))

    assert isinstance(result, Missed)
    assert "more than 1000000 bytes" in result.detail


def test_output_beyond_the_cap_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host cannot make the reader decode any amount of base64."""
    monkeypatch.setattr(answer, "MOST_PACKED", 100)

    result = read(GOOD)

    assert isinstance(result, Missed)
    assert result.reason is MissReason.MALFORMED_OUTPUT


@pytest.mark.parametrize(
    "out",
    [
        b'[\n  {"x":"1"},\n',
        b'[\n  {"x":"1"},\n]\n',
        b'{"x":"1"}',
        b'[{"x":["nested"]}]',
        b"[" * 100_000,
        b'[{"x":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}]",
        b'[{"x":"\\ud800"}]',
        b"",
    ],
)
def test_an_answer_that_is_not_rows_is_unknown(out: bytes) -> None:
    """Unfinished, nested, deep or odd JSON is an error of that query; the others stay."""
    got = answers(whole(BATCH, section("shared", "a", out=out), section("own", "b", out=ONE), LOST))

    assert got["a"].status is QueryStatus.ERROR
    assert got["a"].rows == ()
    assert got["b"].status is QueryStatus.ROWS


def test_an_error_line_is_laid_at_the_door_of_its_query() -> None:
    """`Error: near line N` names a line of the shared input: marker and statement of the n-th query."""
    line = 2 * [item.name for item in script.shared(PACK)].index("b") + 2
    err = f"W0101 1 x.cpp:1] noise\nError: near line {line}: no such table: b\n".encode()

    got = answers(
        whole(section("batch", "-", "1", err=err), *(section("shared", n, out=NOTHING) for n in "abc"), LOST)
    )

    assert [got[name].status for name in "abc"] == [
        QueryStatus.EMPTY,
        QueryStatus.NOT_ON_VERSION,
        QueryStatus.EMPTY,
    ]
    assert got["b"].error == "no such table: b"


@pytest.mark.parametrize(
    ("rc", "err"),
    [
        ("1", b"Error: near line 999: no such table: x\n"),
        ("0", b"Error: no such table: x\n"),
        ("1", b""),
        ("0", b"x" * script.ERR_BYTES),
    ],
    ids=["line beyond", "no line", "no message", "too many messages"],
)
def test_an_error_that_names_no_query_casts_doubt_on_every_empty_answer(rc: str, err: bytes) -> None:
    """`[]` is believed only when each error is accounted for; rows stay rows."""
    got = answers(
        whole(section("batch", "-", rc, err=err), section("shared", "a", out=NOTHING), section("shared", "b", out=ONE), LOST)
    )  # fmt: skip

    assert got["a"].status is QueryStatus.ERROR
    assert got["b"].status is QueryStatus.ROWS


def test_without_the_shared_messages_empty_is_not_believed() -> None:
    """They did not come back: an empty array may hide an error."""
    got = answers(whole(section("shared", "a", out=NOTHING), LOST))

    assert got["a"].status is QueryStatus.ERROR


@pytest.mark.parametrize("rc", ["124", "137", "139", "stuck"])
def test_an_empty_answer_from_before_a_hang_or_crash_is_believed(rc: str) -> None:
    """It was whole before the shared process ended, and its error would have been there."""
    got = answers(whole(section("batch", "-", rc), section("shared", "a", out=NOTHING), LOST))

    assert got["a"].status is QueryStatus.EMPTY


@pytest.mark.parametrize(
    ("rc", "err", "status", "words"),
    [
        ("124", b"", QueryStatus.TIMED_OUT, "stopped after 20 s"),
        ("137", b"", QueryStatus.TIMED_OUT, "stopped after 20 s"),
        ("stuck", b"", QueryStatus.TIMED_OUT, "stopped after 20 s"),
        ("153", b"", QueryStatus.ERROR, "osqueryi ended with 153"),
        ("1", b"Error: near line 1: no such column: q\n", QueryStatus.NOT_ON_VERSION, "no such column: q"),
        ("19", b"", QueryStatus.ERROR, "osqueryi ended with 19"),
        ("0", b"Error: near line 1: constraint failed\n", QueryStatus.ERROR, "constraint failed"),
    ],
)
def test_a_query_of_its_own_ends_with_its_own_status(
    rc: str, err: bytes, status: QueryStatus, words: str
) -> None:
    """Exit code and stderr decide; `[]` beside an error is not empty."""
    got = answers(whole(BATCH, section("own", "a", rc, NOTHING, err), LOST))

    assert got["a"].status is status
    assert words in got["a"].error


def test_given_up_unasked_and_capped_answers_are_unknown() -> None:
    """Each has its own status, and the kept rows of a capped one are there to look at."""
    three = b'[\n  {"x":"1"},\n  {"x":"2"},\n  {"x":"3"}\n]\n'

    got = answers(
        whole(BATCH, section("shared", "a", out=three), section("unasked", "b"), section("lost", "-", out=b"c 9120\n"))
    )  # fmt: skip

    assert (got["a"].status, len(got["a"].rows), got["a"].error) == (
        QueryStatus.TOO_MANY,
        2,
        "more than 2 rows",
    )
    assert got["b"].status is QueryStatus.NOT_RUN
    assert (got["c"].status, got["c"].error) == (QueryStatus.DID_NOT_FIT, "9120 compressed bytes did not fit")


def test_values_are_text_as_osquery_prints_them() -> None:
    """Numbers and NULL of another osquery version become the text that others print."""
    got = answers(whole(BATCH, section("own", "a", out=b'[{"n":1,"z":null,"f":1.5,"t":"x"}]'), LOST))

    assert got["a"].rows == ({"n": "1", "z": "", "f": "1.5", "t": "x"},)
