"""Do the pieces of large answers come together, and is one that does not come a reason?"""

from __future__ import annotations

import base64
import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.collection import conversation as talk
from bot.collection import script
from bot.collection.asked import GRACE_S
from bot.collection.fetching import IN_FLIGHT, READS
from bot.collection.pieced import Pieced
from bot.collection.tracker import Tracker
from bot.model import Host, Missed, MissReason, Snapshot
from tests.collection.hosts import AT, RUN

COUNT = 7
PACKED = random.Random(3).randbytes(script.PIECE_BYTES * (COUNT - 1) + 100)
DEADLINE = 300.0


def chunk(number: int) -> bytes:
    return PACKED[(number - 1) * script.PIECE_BYTES : number * script.PIECE_BYTES]


def printed(number: int, *, run: str = RUN, content: bytes | None = None, digest: str = "") -> bytes:
    text = base64.b64encode(chunk(number) if content is None else content)
    digest = digest or hashlib.sha256(text).hexdigest()
    return (
        f"DIFFY-PIECE 1 run={run} number={number}\n{text.decode()}\n"
        f"DIFFY-PIECE-END 1 run={run} number={number} sha256={digest} end\n"
    ).encode()


def pieced(host: str = "a", *, digest: str = "", size: int = len(PACKED), count: int = COUNT) -> Pieced:
    def finish(packed: bytes) -> Snapshot | Missed:
        assert packed == PACKED
        return Snapshot(Host(host), AT, ())

    return Pieced(
        host,
        run_id=RUN,
        size=size,
        digest=digest or hashlib.sha256(PACKED).hexdigest(),
        count=count,
        first=chunk(1),
        finish=finish,
    )


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "printed nothing"),
        (b"DIFFY-FAIL 1 run=run-1 not_kept gone", "no longer had it"),
        (printed(2)[:-30], "cut or changed"),
        (printed(2)[:900] + b"--output truncated--", "cut or changed"),
        (printed(3), "another piece"),
        (printed(2, run="other"), "another piece"),
        (printed(2, digest="0" * 64), "digest does not match"),
        (printed(2, content=b"short"), "holds 5 bytes"),
    ],
)
def test_a_piece_that_is_not_whole_is_not_taken(raw: bytes, why: str) -> None:
    """Cut, changed, of another run or number: it stays missing, with the reason."""
    answer = pieced()

    said = answer.take(2, raw)

    assert why in said
    assert 2 in answer.missing


def test_a_host_cannot_claim_more_than_the_script_keeps() -> None:
    """Bounded memory: sizes above the cap, or that contradict the count, are refused before anything is fetched."""
    with pytest.raises(ValueError, match="are not the script's"):
        pieced(size=10**9, count=-(-(10**9) // script.PIECE_BYTES))
    with pytest.raises(ValueError, match="are not the script's"):
        pieced(count=COUNT + 1)


def test_a_digest_of_the_whole_that_does_not_match_is_missed() -> None:
    """Each piece was well, and together they are not what the host said first."""
    answer = pieced(digest="0" * 64)
    for number in answer.missing:
        answer.take(number, printed(number))

    outcome = answer.whole()

    assert isinstance(outcome, Missed)
    assert outcome.reason is MissReason.MALFORMED_OUTPUT


def begun(*hosts: str) -> tuple[Tracker, list[talk.Action]]:
    """A tracker whose hosts have all answered in pieces, and what it sends at once then."""
    made = Tracker(
        hosts, read=lambda host, raw: pieced(host), bucket=False, deadline=DEADLINE, jitter=lambda: 0.5
    )
    for send in made.begin(0.0):
        assert isinstance(send, talk.Send)
        made.receive(talk.Sent(send.batch, f"ask{send.batch}"), 0.0)
        done = tuple(talk.Invocation(host, "Success", "Success") for host in send.hosts)
        made.tick(1.0)
        made.receive(talk.Listed(f"ask{send.batch}", done), 1.0)
    for host in hosts:
        made.receive(talk.Output(host, b"first"), 1.0)
    return made, list(made.tick(1.6))


def test_hosts_that_want_the_same_piece_share_a_command() -> None:
    """Sixty hosts: two commands a piece, four pieces on their way at once."""
    _, actions = begun(*(f"h{n:02}" for n in range(60)))

    sends = [action for action in actions if isinstance(action, talk.Send)]

    assert [(send.piece, len(send.hosts)) for send in sends] == [
        (number, size) for number in range(2, 2 + IN_FLIGHT) for size in (50, 10)
    ]


def test_a_piece_lost_twice_is_a_reason_and_the_rest_is_dropped() -> None:
    """SSM never lists the command: asked again once, then missed with the piece's number, and the host is told to forget."""
    made, actions = begun("a")
    now, seen = 1.6, []

    while not made.done:
        for action in actions:
            if isinstance(action, talk.Send):
                seen.append(action.piece)
                made.receive(talk.Sent(action.batch, f"c{len(seen)}"), now)
        now = max(made.wakes_at, now)
        actions = [
            further
            for action in made.tick(now)
            for further in (
                made.receive(talk.Listed(action.command, ()), now)
                if isinstance(action, talk.ListPage)
                else (action,)
            )
        ]

    assert seen.count(2) == 2
    assert talk.Drop(("a",)) in actions
    missed = next(action.outcome for action in actions if isinstance(action, talk.Deliver))
    assert isinstance(missed, Missed)
    assert missed.reason is MissReason.CUT_OUTPUT
    assert "of 7 of its answer did not come: SSM does not list" in missed.detail
    assert now < 2 * (GRACE_S + 10)


def test_what_was_being_fetched_at_the_deadline_is_dropped() -> None:
    """The reason says how far it came; the host is told to remove its answer."""
    made, actions = begun("a")
    send = next(action for action in actions if isinstance(action, talk.Send))
    made.receive(talk.Sent(send.batch, "c"), 2.0)
    made.receive(talk.Listed("c", (talk.Invocation("a", "Success", "Success"),)), 3.0)
    made.receive(talk.Output("a", printed(2), 0, "c"), 3.0)

    actions = list(made.tick(DEADLINE))

    missed = next(action.outcome for action in actions if isinstance(action, talk.Deliver))
    assert (
        str(missed.detail if isinstance(missed, Missed) else "") == "2 of 7 pieces of its answer had arrived"
    )
    assert talk.Drop(("a",)) in actions


@settings(max_examples=40, deadline=None)
@given(st.data(), st.integers(1, 12))
def test_whatever_becomes_of_the_pieces_each_host_ends_once_and_is_dropped(
    data: st.DataObject, count: int
) -> None:
    """Lost, late, refused, throttled: one outcome a host, no more than four pieces in flight a host, nothing kept."""
    hosts = [f"h{n:02}" for n in range(count)]
    made, queue = begun(*hosts)
    now, commands, steps = 1.6, 0, 0
    members: dict[str, talk.Send] = {}
    ended: list[str] = []
    dropped: set[str] = set()
    rare = st.integers(0, 60)

    while queue or not made.done:
        steps += 1
        assert steps < 50_000
        if not queue:
            now = made.wakes_at
            queue += made.tick(now)
            continue
        event: talk.Event | None = None
        match queue.pop(0):
            case talk.Deliver(outcome=found):
                ended.append(found.host if isinstance(found, Missed) else found.host.id)
            case talk.Drop(some):
                dropped |= set(some)
            case talk.Send() as send:
                kind = data.draw(rare)
                if kind == 0:
                    event = talk.SendFailed(send.batch, MissReason.UNDELIVERABLE, "no")
                elif kind == 1:
                    event = talk.InvalidIds(send.batch, send.hosts[:1])
                else:
                    commands += 1
                    members[f"c{commands}"] = send
                    event = talk.Sent(send.batch, f"c{commands}")
            case talk.ListPage(command, _):
                kind = data.draw(rare)
                if kind == 0:
                    event = talk.ListFailed(command, "no", data.draw(st.booleans()))
                else:
                    said = ("TimedOut", "DeliveryTimedOut") if kind == 1 else ("Success", "Success")
                    listed = members[command].hosts[1:] if kind == 2 else members[command].hosts
                    event = talk.Listed(command, tuple(talk.Invocation(host, *said) for host in listed))
            case talk.Fetch(host=host, command=command):
                kind = data.draw(rare)
                number = members[command].piece
                if kind == 0:
                    event = talk.OutputFailed(host, "no", data.draw(st.booleans()), command)
                else:
                    raw = b"" if kind == 1 else printed(number)[:-9] if kind == 2 else printed(number)
                    event = talk.Output(host, raw, 0, command)
            case talk.Describe(some):
                event = talk.Described(some, None)
        if event is not None:
            queue += made.receive(event, now)

    assert sorted(ended) == hosts
    assert dropped == set(hosts)
    assert now <= DEADLINE


def test_output_that_lags_is_read_again_before_the_piece_counts_as_lost() -> None:
    """An empty output right after Success is read some times more; no second command for that."""
    made, actions = begun("a")
    send = next(action for action in actions if isinstance(action, talk.Send))
    made.receive(talk.Sent(send.batch, "c"), 2.0)
    made.receive(talk.Listed("c", (talk.Invocation("a", "Success", "Success"),)), 3.0)
    now, fetches = 3.0, 0

    for _ in range(READS - 1):
        made.receive(talk.Output("a", b"", 0, "c"), now)
        now += 1.0
        fetches += sum(isinstance(action, talk.Fetch) for action in made.tick(now))
    made.receive(talk.Output("a", printed(2), 0, "c"), now)

    assert fetches == READS - 1
    assert not [
        action for action in made.tick(now + 1) if isinstance(action, talk.Send) and action.piece == 2
    ]
