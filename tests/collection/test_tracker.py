"""Does each failure seen in the field end in a reason, and each host in exactly one outcome?"""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.collection import conversation as talk
from bot.collection.asked import GRACE_S, SLOWEST_POLL_S
from bot.collection.sending import BATCH
from bot.collection.tracker import DESCRIBE_EVERY_S, READ_PATIENCE_S, Tracker
from bot.model import Host, Missed, MissReason, SentCommand, Snapshot
from tests.collection.hosts import AT

DEADLINE = 300.0


def outcome(host: str, raw: bytes) -> Snapshot | Missed:
    """Stand for answer.read: `ok` is whole, the rest is why not."""
    reasons = {
        b"": MissReason.EMPTY_OUTPUT,
        b"cut": MissReason.CUT_OUTPUT,
        b"bad": MissReason.MALFORMED_OUTPUT,
        b"no": MissReason.NO_OSQUERY,
    }
    return Snapshot(Host(host), AT, ()) if raw == b"ok" else Missed(host, reasons[raw], "as read")


def tracker(*hosts: str, bucket: bool = False) -> Tracker:
    return Tracker(hosts, read=outcome, bucket=bucket, deadline=DEADLINE, jitter=lambda: 0.5)


def sent(*hosts: str, bucket: bool = False) -> Tracker:
    """A tracker whose one command `c` was sent at time 0 and whose first page is due."""
    made = tracker(*hosts, bucket=bucket)
    (send,) = made.begin(0.0)
    assert isinstance(send, talk.Send)
    assert made.receive(talk.Sent(send.batch, "c"), 0.0) == ()
    assert made.tick(made.wakes_at) == (talk.ListPage("c"),)
    return made


def listed(*lines: tuple[str, str, str], token: str = "") -> talk.Listed:
    return talk.Listed("c", tuple(talk.Invocation(*line, url="u") for line in lines), token)


def delivered(actions: Iterable[talk.Action]) -> list[Snapshot | Missed]:
    return [action.outcome for action in actions if isinstance(action, talk.Deliver)]


def reasons(actions: Iterable[talk.Action]) -> dict[str, str]:
    return {
        item.host: item.reason.value if isinstance(item, Missed) else "answered"
        for item in delivered(actions)
        if isinstance(item, Missed)
    } | {item.host.id: "answered" for item in delivered(actions) if isinstance(item, Snapshot)}


def test_hosts_are_sent_to_in_fifties() -> None:
    """SendCommand takes 50 ids."""
    hosts = [f"i-{n:017x}" for n in range(120)]

    sends = tracker(*hosts).begin(0.0)

    assert [len(send.hosts) for send in sends if isinstance(send, talk.Send)] == [BATCH, BATCH, 20]
    assert [host for send in sends if isinstance(send, talk.Send) for host in send.hosts] == hosts


def test_commands_of_a_former_process_are_followed_and_their_hosts_not_sent_to() -> None:
    """Two of three were asked before the restart: their list is due at once, and only the third is sent to."""
    made = tracker("i-1", "i-2", "i-3")
    former = SentCommand("c", ("i-1", "i-2", "i-left-the-group"), AT)

    sends = made.begin(5.0, (former,))

    assert [send.hosts for send in sends if isinstance(send, talk.Send)] == [("i-3",)]
    assert made.tick(5.0) == (talk.ListPage("c"),)
    got = made.receive(listed(("i-1", "Success", "Success")), 5.0)
    assert got == (talk.Fetch("i-1", "c", "u", from_bucket=False),)


def test_a_host_that_two_former_commands_name_is_followed_in_the_first() -> None:
    """Each host waits for one command."""
    made = tracker("i-1")

    assert made.begin(5.0, (SentCommand("c", ("i-1",), AT), SentCommand("d", ("i-1",), AT))) == ()
    assert made.tick(5.0) == (talk.ListPage("c"),)


def test_an_empty_group_is_done_at_once() -> None:
    """Nothing to ask is nothing to wait for."""
    made = tracker()

    assert made.begin(0.0) == ()
    assert made.done


def test_a_good_answer_is_read_and_delivered() -> None:
    """Success only says that the script ended: the output is fetched, once, and read."""
    made = sent("a")

    fetch = made.receive(listed(("a", "Success", "Success")), 1.0)
    after = made.receive(talk.Output("a", b"ok", 0), 1.5)

    assert fetch == (talk.Fetch("a", "c", "u", from_bucket=False),)
    assert reasons(after) == {"a": "answered"}
    assert made.done


def test_one_bad_id_does_not_fail_the_batch() -> None:
    """InvalidInstanceId refuses the whole call: the named id is asked about at EC2, the rest is sent again."""
    made = tracker("a", "b", "c")
    (send,) = made.begin(0.0)
    assert isinstance(send, talk.Send)

    describe, again = made.receive(talk.InvalidIds(send.batch, ("b",)), 0.1)

    assert describe == talk.Describe(("b",))
    assert isinstance(again, talk.Send)
    assert again.hosts == ("a", "c")
    assert reasons(made.receive(talk.Described(("b",), {}), 0.2)) == {"b": "gone"}
    assert not made.done


@pytest.mark.parametrize(
    ("states", "reason"),
    [
        ({"b": "terminated"}, "gone"),
        ({"b": "shutting-down"}, "gone"),
        ({}, "gone"),
        ({"b": "stopped"}, "undeliverable"),
        ({"b": "running"}, "undeliverable"),
        (None, "undeliverable"),
    ],
)
def test_a_refused_id_ends_with_what_ec2_says_of_it(states: dict[str, str] | None, reason: str) -> None:
    """Gone and merely unreachable are told apart; when EC2 cannot say, it is not claimed to be gone."""
    made = tracker("b")
    (send,) = made.begin(0.0)
    assert isinstance(send, talk.Send)

    actions = made.receive(talk.InvalidIds(send.batch, ("b",)), 0.1)

    assert actions == (talk.Describe(("b",)),)
    assert reasons(made.receive(talk.Described(("b",), states), 0.2)) == {"b": reason}


def test_an_unnamed_bad_id_is_found_by_halves() -> None:
    """When AWS does not name it, halves are sent until the one that is refused stands alone."""
    made = tracker("a", "b", "c", "d")
    queue: list[talk.Action] = list(made.begin(0.0))
    good: set[str] = set()
    described: list[str] = []

    while queue:
        action = queue.pop(0)
        if isinstance(action, talk.Describe):
            described += action.hosts
        elif isinstance(action, talk.Send) and "c" in action.hosts:
            queue += made.receive(talk.InvalidIds(action.batch, ()), 0.1)
        elif isinstance(action, talk.Send):
            good |= set(action.hosts)
            queue += made.receive(talk.Sent(action.batch, f"c{action.batch}"), 0.1)

    assert (good, described) == ({"a", "b", "d"}, ["c"])


def test_nothing_sent_at_all_fails_the_collection() -> None:
    """Expired credentials are one error, not a list of missed hosts."""
    made = tracker(*(f"h{n}" for n in range(60)))
    first, second = made.begin(0.0)
    assert isinstance(first, talk.Send)
    assert isinstance(second, talk.Send)

    early = made.receive(talk.SendFailed(first.batch, MissReason.ACCESS_DENIED, "expired", "renew"), 0.1)
    late = made.receive(talk.SendFailed(second.batch, MissReason.ACCESS_DENIED, "expired", "renew"), 0.2)

    assert (early, late) == ((), (talk.Abort("expired", "renew"),))
    assert made.done


def test_a_batch_that_could_not_be_sent_is_missed_and_the_others_go_on() -> None:
    """Part of the group is asked: those that were not say why."""
    made = tracker(*(f"h{n}" for n in range(52)))
    first, second = made.begin(0.0)
    assert isinstance(first, talk.Send)
    assert isinstance(second, talk.Send)

    made.receive(talk.SendFailed(first.batch, MissReason.UNDELIVERABLE, "throttled"), 0.1)
    actions = made.receive(talk.Sent(second.batch, "c"), 0.2)

    assert len(delivered(actions)) == 50
    assert set(reasons(actions).values()) == {"undeliverable"}
    assert not made.done


@pytest.mark.parametrize(
    ("status", "details", "reason"),
    [
        ("TimedOut", "DeliveryTimedOut", "delivery_timed_out"),
        ("TimedOut", "Delivery Timed Out", "delivery_timed_out"),
        ("TimedOut", "ExecutionTimedOut", "execution_timed_out"),
        ("Failed", "ExecutionTimedOut", "execution_timed_out"),
        ("Failed", "Undeliverable", "undeliverable"),
        ("Cancelled", "Undeliverable", "undeliverable"),
        ("Cancelled", "Terminated", "undeliverable"),
        ("Cancelled", "Cancelled", "cancelled"),
        ("Failed", "InvalidPlatform", "not_linux"),
        ("Failed", "AccessDenied", "access_denied"),
        ("TimedOut", "SomethingNew", "execution_timed_out"),
        ("Cancelled", "SomethingNew", "cancelled"),
        ("InProgress", "Undeliverable", "undeliverable"),
    ],
)
def test_each_terminal_detail_has_its_reason(status: str, details: str, reason: str) -> None:
    """StatusDetails decides; an unknown one is final only where Status is."""
    made = sent("a")

    actions = made.receive(listed(("a", status, details)), 1.0)

    assert reasons(actions) == {"a": reason}


@pytest.mark.parametrize(
    "details", ["Pending", "InProgress", "In Progress", "Delayed", "Cancelling", "SomethingNew", ""]
)
def test_a_host_that_still_works_is_waited_for(details: str) -> None:
    """Neither running states nor unknown words of a running command end it."""
    made = sent("a")

    actions = made.receive(listed(("a", "InProgress", details)), 1.0)

    assert actions == ()
    assert not made.done


def test_a_failed_script_speaks_for_itself() -> None:
    """Failed: its own words are the reason ("osquery is not installed"); without any, the exit code is."""
    made = sent("a", "b")
    made.receive(listed(("a", "Failed", "Failed"), ("b", "Failed", "SomethingNew")), 1.0)

    first = made.receive(talk.Output("a", b"no", 3), 1.1)
    made.receive(talk.Output("b", b"", 127), 1.1)
    second = made.receive(talk.Output("b", b"", 127), 1.0 + READ_PATIENCE_S)

    assert reasons(first) == {"a": "no_osquery"}
    assert reasons(second) == {"b": "script_failed"}
    assert "exit code 127" in str(delivered(second)[0])


def test_an_invisible_invocation_is_pending_then_lost() -> None:
    """Right after SendCommand the list is empty or short for a while; later it means that the host was never asked."""
    made = sent("a", "b")

    early = made.receive(listed(), 1.0)
    made.receive(listed(("a", "InProgress", "InProgress")), 30.0)
    late = made.receive(listed(("a", "InProgress", "InProgress")), GRACE_S + 1)

    assert early == ()
    assert reasons(late) == {"b": "undeliverable"}
    assert not made.done


def test_an_invocation_that_vanishes_from_the_list_has_the_same_grace() -> None:
    """Lists are not consistent: one page without a host that was seen before is not its end."""
    made = sent("a")
    made.receive(listed(("a", "InProgress", "InProgress")), 50.0)

    assert made.receive(listed(), 100.0) == ()
    assert reasons(made.receive(listed(), 50.0 + GRACE_S + 1)) == {"a": "undeliverable"}


def test_all_pages_are_read_before_anything_is_called_absent() -> None:
    """A host on the second page is not lost on the first."""
    made = sent("a", "b")

    first = made.receive(listed(("a", "InProgress", "InProgress"), token="t"), GRACE_S + 1)
    second = made.receive(listed(("b", "InProgress", "InProgress")), GRACE_S + 2)

    assert first == (talk.ListPage("c", "t"),)
    assert second == ()


def test_success_without_output_is_read_again_then_missed() -> None:
    """Output can lag behind its status; a success without any is not clean."""
    made = sent("a")
    made.receive(listed(("a", "Success", "Success")), 1.0)
    now, fetches = 1.0, 1

    actions = made.receive(talk.Output("a", b"", 0), now)
    while not made.done:
        now = made.wakes_at
        fetches += sum(isinstance(action, talk.Fetch) for action in made.tick(now))
        actions = made.receive(talk.Output("a", b"", 0), now)

    assert reasons(actions) == {"a": "empty_output"}
    assert 4 <= fetches <= 10
    assert now <= 1.0 + READ_PATIENCE_S


def test_a_late_object_in_the_bucket_is_found() -> None:
    """The agent uploads after it reports: the second look finds the answer."""
    made = sent("a", bucket=True)
    made.receive(listed(("a", "Success", "Success")), 1.0)

    early = made.receive(talk.Output("a", b""), 1.1)
    again = made.tick(2.5)
    late = made.receive(talk.Output("a", b"ok"), 3.0)

    assert (early, again) == ((), (talk.Fetch("a", "c", "u", from_bucket=True),))
    assert reasons(late) == {"a": "answered"}


@pytest.mark.parametrize(
    ("kept", "reason"), [(b"ok", "answered"), (b"cut", "cut_output"), (b"", "empty_output")]
)
def test_an_upload_that_never_comes_leaves_what_the_api_kept(kept: bytes, reason: str) -> None:
    """The agent's upload can fail silently: a small answer is still whole in the API, a large one is cut, and said."""
    made = sent("a", bucket=True)
    made.receive(listed(("a", "Success", "Success")), 1.0)

    last = made.receive(talk.Output("a", b""), 1.0 + READ_PATIENCE_S)
    actions = made.receive(talk.Output("a", kept, 0), 1.0 + READ_PATIENCE_S)

    assert last == (talk.Fetch("a", "c", "", from_bucket=False),)
    assert reasons(actions) == {"a": reason}
    assert reason == "answered" or "nothing whole reached the output bucket" in str(delivered(actions)[0])


def test_a_bucket_that_may_not_be_read_is_said() -> None:
    """Permission is not a matter of patience: the API's copy is tried at once, then the host is missed with the reason."""
    made = sent("a", bucket=True)
    made.receive(listed(("a", "Success", "Success")), 1.0)

    last = made.receive(talk.OutputFailed("a", "no s3:GetObject", lasting=True), 1.1)
    actions = made.receive(talk.OutputFailed("a", "no GetCommandInvocation", lasting=True), 1.2)

    assert last == (talk.Fetch("a", "c", "", from_bucket=False),)
    assert reasons(actions) == {"a": "access_denied"}


def test_a_passing_trouble_with_reading_is_tried_again() -> None:
    """A network error is not an empty answer."""
    made = sent("a")
    made.receive(listed(("a", "Success", "Success")), 1.0)

    early = made.receive(talk.OutputFailed("a", "reset", lasting=False), 1.1)
    made.tick(made.wakes_at)
    late = made.receive(talk.Output("a", b"ok", 0), 3.0)

    assert early == ()
    assert reasons(late) == {"a": "answered"}


@pytest.mark.parametrize(
    ("raw", "reason"), [(b"ok", "answered"), (b"", "delivery_timed_out"), (b"cut", "delivery_timed_out")]
)
def test_a_whole_answer_in_the_bucket_outweighs_a_delivery_timeout(raw: bytes, reason: str) -> None:
    """The agent can finish and never report: its end mark and digest prove the answer."""
    made = sent("a", bucket=True)

    fetch = made.receive(listed(("a", "TimedOut", "DeliveryTimedOut")), 1.0)
    actions = made.receive(talk.Output("a", raw), 1.1)

    assert fetch == (talk.Fetch("a", "c", "u", from_bucket=True),)
    assert reasons(actions) == {"a": reason}


def test_malformed_output_is_not_asked_for_again() -> None:
    """What a host says wrongly it says for good."""
    made = sent("a")
    made.receive(listed(("a", "Success", "Success")), 1.0)

    actions = made.receive(talk.Output("a", b"bad", 0), 1.1)

    assert reasons(actions) == {"a": "malformed_output"}


def test_throttled_lists_slow_down_and_do_not_lose_anyone() -> None:
    """A failed page is asked for again, later and later."""
    made = sent("a")
    waits: list[float] = []
    now = 1.0

    for _ in range(12):
        assert made.receive(talk.ListFailed("c", "Rate exceeded", lasting=False), now) == ()
        waits.append(made.wakes_at - now)
        now = min(made.wakes_at, DESCRIBE_EVERY_S - 1)
        made.tick(made.wakes_at)

    assert waits[0] < 2.0
    assert max(waits) <= SLOWEST_POLL_S * 1.25
    assert not made.done


def test_polling_that_is_forbidden_ends_with_a_reason() -> None:
    """Credentials that expire meanwhile do not leave the run waiting for its deadline."""
    made = sent("a")

    once = made.receive(talk.ListFailed("c", "expired", lasting=True), 1.0)
    twice = made.receive(talk.ListFailed("c", "expired", lasting=True), 3.0)

    assert once == ()
    assert talk.Cancel("c", ("a",)) in twice
    assert reasons(twice) == {"a": "access_denied"}


def test_an_instance_terminated_while_asked_is_gone() -> None:
    """SSM leaves it InProgress for hours; EC2 knows better."""
    made = sent("a", "b")
    made.receive(listed(("a", "InProgress", "InProgress"), ("b", "InProgress", "InProgress")), 1.0)

    asked = made.tick(DESCRIBE_EVERY_S)
    actions = made.receive(
        talk.Described(("a", "b"), {"a": "shutting-down", "b": "running"}), DESCRIBE_EVERY_S
    )

    assert talk.Describe(("a", "b")) in asked
    assert reasons(actions) == {"a": "gone"}


def test_a_host_whose_answer_is_on_its_way_is_not_called_gone() -> None:
    """It finished before it was terminated."""
    made = sent("a", bucket=True)
    made.receive(listed(("a", "Success", "Success")), 1.0)

    actions = made.receive(talk.Described(("a",), {"a": "terminated"}), 2.0)

    assert actions == ()


def test_the_deadline_cancels_and_says_how_far_each_host_came() -> None:
    """Silent hosts are given up, their command is cancelled, and no later word changes that."""
    made = sent("a", "b", "d", "e")
    made.receive(
        listed(("a", "InProgress", "InProgress"), ("b", "Delayed", "Delayed"), ("d", "Success", "Success")),
        1.0,
    )

    actions = made.tick(DEADLINE)

    assert set(reasons(actions).values()) == {"deadline"}
    assert [item.detail for item in delivered(actions) if isinstance(item, Missed)] == [
        "SSM last said InProgress",
        "its SSM agent could not be reached",
        "it had finished, and its output had not arrived",
        "SSM had not listed it yet",
    ]
    assert talk.Cancel("c", ("a", "b", "e")) in actions or talk.Cancel("c", ("a", "b", "d", "e")) in actions
    assert made.done
    assert made.receive(talk.Output("d", b"ok", 0), DEADLINE + 1) == ()


def test_a_person_stops_the_rest() -> None:
    """Cancel and "finish now" give up what is silent, asked or not."""
    made = tracker("a", "b")
    made.begin(0.0)

    actions = made.stop()

    assert reasons(actions) == {"a": "cancelled", "b": "cancelled"}
    assert "not been asked" in str(delivered(actions)[0])


def test_a_quiet_command_costs_few_pages() -> None:
    """Five minutes of waiting cost about thirty pages, not three hundred."""
    made = sent("a")
    pages, now = 1, 1.0

    while not made.done:
        made.receive(listed(("a", "InProgress", "InProgress")), now)
        actions: tuple[talk.Action, ...] = ()
        while not any(isinstance(action, talk.ListPage) for action in actions) and not made.done:
            now = made.wakes_at
            actions = made.tick(now)
        pages += 1

    assert pages < 40


WORDS = [
    "Pending",
    "InProgress",
    "Delayed",
    "Success",
    "Failed",
    "DeliveryTimedOut",
    "Undeliverable",
    "Strange",
]
FINAL = ["Success", "Failed", "TimedOut", "Cancelled", "InProgress"]


@given(st.data(), st.booleans(), st.integers(min_value=1, max_value=70))
def test_whatever_aws_says_each_host_ends_in_one_outcome(
    data: st.DataObject, bucket: bool, count: int
) -> None:
    """Any order of pages, failures, outputs and refusals: exactly one delivery a host, or one abort, by the deadline."""
    hosts = [f"h{n}" for n in range(count)]
    made = Tracker(hosts, read=outcome, bucket=bucket, deadline=DEADLINE, jitter=lambda: 0.5)
    now, steps, commands = 0.0, 0, 0
    queue: list[talk.Action] = list(made.begin(now))
    seen: list[str] = []
    members: dict[str, tuple[str, ...]] = {}

    while queue or not made.done:
        steps += 1
        assert steps < 5_000
        if not queue:
            now = made.wakes_at
            queue += made.tick(now)
            continue
        action = queue.pop(0)
        event: talk.Event | None = None
        match action:
            case talk.Deliver(outcome=found):
                seen.append(found.host if isinstance(found, Missed) else found.host.id)
            case talk.Abort():
                assert commands == 0
                seen = list(hosts)
            case talk.Send(batch, some):
                kind = data.draw(st.sampled_from(["sent", "sent", "invalid", "unnamed", "failed"]))
                if kind == "sent":
                    commands += 1
                    members[f"c{commands}"] = some
                    event = talk.Sent(batch, f"c{commands}")
                elif kind == "failed":
                    event = talk.SendFailed(batch, MissReason.UNDELIVERABLE, "no")
                else:
                    event = talk.InvalidIds(batch, some[:1] if kind == "invalid" else ())
            case talk.ListPage(command, _):
                if data.draw(st.integers(0, 5)) == 0:
                    event = talk.ListFailed(command, "no", data.draw(st.booleans()))
                else:
                    said = (data.draw(st.sampled_from(FINAL)), data.draw(st.sampled_from(WORDS)))
                    event = talk.Listed(
                        command, tuple(talk.Invocation(host, *said) for host in members[command][::2])
                    )
            case talk.Fetch(host=host):
                if data.draw(st.integers(0, 5)) == 0:
                    event = talk.OutputFailed(host, "no", data.draw(st.booleans()))
                else:
                    event = talk.Output(host, data.draw(st.sampled_from([b"ok", b"", b"cut", b"bad"])))
            case talk.Describe(some):
                event = talk.Described(
                    some, data.draw(st.sampled_from([None, {}, dict.fromkeys(some, "running")]))
                )
            case talk.Cancel():
                pass
        if event is not None:
            queue += made.receive(event, now)

    assert sorted(seen) == sorted(hosts)
    assert now <= DEADLINE
