"""Does the collector ask AWS for exactly what is meant, and survive each shape in which AWS refuses?"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY

from bot.adapters.aws_ssm import SsmCollector
from bot.collection import answer, script
from bot.errors import CollectionError
from bot.model import Asker, Group, Host, Missed, MissReason, Pack, SentCommand, Snapshot
from bot.ports import Errand
from tests.adapters.aws import HandClock, Stubs, stubbed
from tests.collection.hosts import RUN, pack, query
from tests.collection.output import BATCH, LOST, ONE, section, whole

A, B, C = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb", "i-0cccccccccccccccc"
COMMAND = "11111111-2222-3333-4444-555555555555"
PACK = pack(query("q", "SELECT 1"))
GOOD = whole(BATCH, section("shared", "q", out=ONE), LOST)


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubs]:
    with stubbed(monkeypatch) as made:
        yield made


def collect(
    stubs: Stubs,
    *hosts: str,
    bucket: str | None = None,
    asked: Pack = PACK,
    deadline_s: float = 300.0,
    stop: Callable[[], bool] = lambda: False,
    note: Callable[[SentCommand], None] = lambda sent: None,
) -> dict[str, Snapshot | Missed]:
    """Collect over the prepared answers; time passes only by sleeping."""
    clock = HandClock()
    found: list[Snapshot | Missed] = []
    collector = SsmCollector(
        stubs.aws, output_bucket=bucket, clock=clock, sleep=clock.sleep, jitter=lambda: 0.5
    )
    group = Group("web-asg", tuple(Host(host, "web-asg") for host in hosts))
    errand = Errand(Asker(RUN, "U0RESPOND01"), deadline_s, stop, note=note)
    collector.collect(group, asked, errand, deliver=found.append)
    outcomes = {item.host if isinstance(item, Missed) else item.host.id: item for item in found}
    assert len(outcomes) == len(found)
    return outcomes


def reason(outcome: Snapshot | Missed) -> MissReason | None:
    return outcome.reason if isinstance(outcome, Missed) else None


def prepare_send(stubs: Stubs, *hosts: str, expected: dict[str, Any] | None = None) -> None:
    stubs.ssm.add_response(
        "send_command",
        {"Command": {"CommandId": COMMAND}},
        {"InstanceIds": list(hosts)} | (expected or dict.fromkeys(SENT, ANY)),
    )


SENT = ("DocumentName", "Comment", "Parameters", "TimeoutSeconds", "MaxConcurrency", "MaxErrors")


def prepare_list(stubs: Stubs, *lines: tuple[str, str, str], url: str = "", token: str = "") -> None:
    listed: dict[str, Any] = {
        "CommandInvocations": [
            {
                "CommandId": COMMAND,
                "InstanceId": host,
                "Status": status,
                "StatusDetails": details,
                "StandardOutputUrl": url,
            }
            for host, status, details in lines
        ]
    }
    stubs.ssm.add_response("list_command_invocations", listed | ({"NextToken": token} if token else {}))


def prepare_kept(stubs: Stubs, host: str, output: bytes, code: int = 0) -> None:
    stubs.ssm.add_response(
        "get_command_invocation",
        {"InstanceId": host, "StandardOutputContent": output.decode(), "ResponseCode": code},
        {"CommandId": COMMAND, "InstanceId": host},
    )


def body(content: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def test_the_command_is_sent_as_it_must_be(stubs: Stubs) -> None:
    """By id, with the run in the comment; one broken host must not end it for the others."""
    text = script.build(PACK, run_id=RUN, bucket=False)
    expected = {
        "DocumentName": "AWS-RunShellScript",
        "Comment": f"diffy {RUN} test",
        "Parameters": {"commands": [text], "executionTimeout": [str(script.EXECUTION_TIMEOUT_S)]},
        "TimeoutSeconds": 300,
        "MaxConcurrency": "50",
        "MaxErrors": "100%",
    }
    sent: list[SentCommand] = []
    prepare_send(stubs, A, expected=expected)
    prepare_list(stubs, (A, "Success", "Success"))
    prepare_kept(stubs, A, GOOD)

    got = collect(stubs, A, note=sent.append)

    assert isinstance(got[A], Snapshot)
    assert [(command.id, command.hosts, command.purpose) for command in sent] == [(COMMAND, (A,), "ask")]


def test_with_a_bucket_the_output_goes_there_whole(stubs: Stubs) -> None:
    """Bucket and the run's own prefix are named, and the script has no limit."""
    text = script.build(PACK, run_id=RUN, bucket=True)
    expected = dict.fromkeys(SENT, ANY) | {
        "OutputS3BucketName": "answers",
        "OutputS3KeyPrefix": f"diffy/{RUN}",
        "Parameters": {"commands": [text], "executionTimeout": [ANY]},
    }
    key = f"diffy/{RUN}/{COMMAND}/{A}/awsrunShellScript/0.awsrunShellScript/stdout"
    prepare_send(stubs, A, expected=expected)
    prepare_list(stubs, (A, "Success", "Success"), url=f"https://s3.eu-west-1.amazonaws.com/answers/{key}")
    stubs.s3.add_response("get_object", body(GOOD), {"Bucket": "answers", "Key": key})

    got = collect(stubs, A, bucket="answers")

    assert isinstance(got[A], Snapshot)


def test_without_a_url_the_object_is_found_by_its_prefix(stubs: Stubs) -> None:
    """The step's name in the key is the agent's affair: the prefix is listed."""
    folder = f"diffy/{RUN}/{COMMAND}/{A}/"
    prepare_send(stubs, A, expected=dict.fromkeys((*SENT, "OutputS3BucketName", "OutputS3KeyPrefix"), ANY))
    prepare_list(stubs, (A, "Success", "Success"))
    stubs.s3.add_response(
        "list_objects_v2",
        {"Contents": [{"Key": f"{folder}x/stderr"}, {"Key": f"{folder}x/stdout"}]},
        {"Bucket": "answers", "Prefix": folder, "MaxKeys": 100},
    )
    stubs.s3.add_response("get_object", body(GOOD), {"Bucket": "answers", "Key": f"{folder}x/stdout"})

    got = collect(stubs, A, bucket="answers")

    assert isinstance(got[A], Snapshot)


def test_an_upload_that_is_late_is_waited_for(stubs: Stubs) -> None:
    """No key yet, then a key that is not readable yet, then the answer."""
    folder = f"diffy/{RUN}/{COMMAND}/{A}/"
    prepare_send(stubs, A, expected=dict.fromkeys((*SENT, "OutputS3BucketName", "OutputS3KeyPrefix"), ANY))
    prepare_list(stubs, (A, "Success", "Success"))
    stubs.s3.add_response("list_objects_v2", {})
    stubs.s3.add_response("list_objects_v2", {"Contents": [{"Key": f"{folder}x/stdout"}]})
    stubs.s3.add_client_error("get_object", "NoSuchKey", "", 404)
    stubs.s3.add_response("list_objects_v2", {"Contents": [{"Key": f"{folder}x/stdout"}]})
    stubs.s3.add_response("get_object", body(GOOD))

    got = collect(stubs, A, bucket="answers")

    assert isinstance(got[A], Snapshot)


def test_a_bucket_that_may_not_be_read_leaves_the_api(stubs: Stubs) -> None:
    """AccessDenied from S3 is final; what the API kept is cut, and the reason names both."""
    prepare_send(stubs, A, expected=dict.fromkeys((*SENT, "OutputS3BucketName", "OutputS3KeyPrefix"), ANY))
    prepare_list(stubs, (A, "Success", "Success"))
    stubs.s3.add_client_error("list_objects_v2", "AccessDenied", "no", 403)
    prepare_kept(stubs, A, GOOD[:150] + b"--output truncated--")

    got = collect(stubs, A, bucket="answers")

    assert reason(got[A]) is MissReason.CUT_OUTPUT
    assert "not allow Diffy to call ListObjectsV2" in str(got[A])


def test_a_bad_id_is_dropped_and_the_rest_sent_again(stubs: Stubs) -> None:
    """The exact refusal that AWS gives for a terminated instance among others."""
    stubs.ssm.add_client_error(
        "send_command",
        "InvalidInstanceId",
        f"Instances [[{B}, {C}]] not in a valid state for account 123456789012",
        400,
    )
    stubs.ec2.add_response(
        "describe_instances",
        {"Reservations": [{"Instances": [{"InstanceId": C, "State": {"Code": 80, "Name": "stopped"}}]}]},
    )
    prepare_send(stubs, A)
    prepare_list(stubs, (A, "Success", "Success"))
    prepare_kept(stubs, A, GOOD)

    got = collect(stubs, A, B, C)

    assert isinstance(got[A], Snapshot)
    assert (reason(got[B]), reason(got[C])) == (MissReason.GONE, MissReason.UNDELIVERABLE)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredTokenException", "credentials have expired"),
        ("AccessDeniedException", "not allow Diffy to call SendCommand"),
        ("ThrottlingException", "too many requests"),
        ("InvalidDocument", "AWS refused SendCommand"),
    ],
)
def test_when_nothing_can_be_sent_the_collection_fails(stubs: Stubs, code: str, words: str) -> None:
    """One sentence about the cause, not a list of missed hosts."""
    stubs.ssm.add_client_error("send_command", code, "no", 400)

    with pytest.raises(CollectionError, match=words):
        collect(stubs, A, B)


def test_a_pack_that_cannot_be_sent_is_refused_before_anything_is(stubs: Stubs) -> None:
    """SQL that SSM would rewrite never leaves."""
    with pytest.raises(CollectionError, match="pack test cannot be sent"):
        collect(stubs, A, asked=pack(query("q", "SELECT '{{x}}'")))


def test_what_is_not_visible_yet_is_pending(stubs: Stubs) -> None:
    """An unknown command, an empty list, an unknown invocation: each happens right after sending."""
    prepare_send(stubs, A)
    stubs.ssm.add_client_error("list_command_invocations", "InvalidCommandId", "", 400)
    prepare_list(stubs)
    stubs.ssm.add_client_error("list_command_invocations", "ThrottlingException", "Rate exceeded", 400)
    prepare_list(stubs, (A, "InProgress", "InProgress"))
    prepare_list(stubs, (A, "Success", "Success"))
    stubs.ssm.add_client_error("get_command_invocation", "InvocationDoesNotExist", "", 400)
    prepare_kept(stubs, A, GOOD)

    got = collect(stubs, A)

    assert isinstance(got[A], Snapshot)


def test_pages_are_followed(stubs: Stubs) -> None:
    """A host on the second page is found there."""
    prepare_send(stubs, A, B)
    prepare_list(stubs, (A, "Success", "Success"), token="more")
    prepare_list(stubs, (B, "Cancelled", "Undeliverable"))
    prepare_kept(stubs, A, GOOD)

    got = collect(stubs, A, B)

    assert isinstance(got[A], Snapshot)
    assert reason(got[B]) is MissReason.UNDELIVERABLE


def test_polling_without_permission_ends_with_a_reason(stubs: Stubs) -> None:
    """Expired credentials do not leave the run waiting; that cancelling fails too changes nothing."""
    prepare_send(stubs, A)
    stubs.ssm.add_client_error("list_command_invocations", "ExpiredTokenException", "", 400)
    stubs.ssm.add_client_error("list_command_invocations", "ExpiredTokenException", "", 400)
    stubs.ssm.add_client_error("cancel_command", "ExpiredTokenException", "", 400)

    got = collect(stubs, A)

    assert reason(got[A]) is MissReason.ACCESS_DENIED
    assert "expired" in str(got[A])


def test_an_output_that_may_not_be_read_is_said(stubs: Stubs) -> None:
    """GetCommandInvocation denied: the host is missed for that reason."""
    prepare_send(stubs, A)
    prepare_list(stubs, (A, "Success", "Success"))
    stubs.ssm.add_client_error("get_command_invocation", "AccessDeniedException", "no", 400)

    got = collect(stubs, A)

    assert reason(got[A]) is MissReason.ACCESS_DENIED


def test_silent_hosts_are_looked_up_in_ec2(stubs: Stubs) -> None:
    """One was terminated; the other goes on being waited for although EC2 fails once."""
    prepare_send(stubs, A, B)
    for _ in range(8):
        prepare_list(stubs, (A, "InProgress", "InProgress"), (B, "InProgress", "InProgress"))
    stubs.ec2.add_client_error("describe_instances", "RequestLimitExceeded", "", 503)
    stubs.ec2.add_response(
        "describe_instances",
        {
            "Reservations": [
                {"Instances": [{"InstanceId": A, "State": {"Code": 48, "Name": "terminated"}}]},
                {"Instances": [{"InstanceId": B, "State": {"Code": 16, "Name": "running"}}]},
            ]
        },
    )
    stubs.ssm.add_response("cancel_command", {}, {"CommandId": COMMAND, "InstanceIds": [B]})
    prepare_send(stubs, B)

    got = collect(stubs, A, B, deadline_s=62)

    assert reason(got[A]) is MissReason.GONE
    assert reason(got[B]) is MissReason.DEADLINE


def test_a_person_can_stop_it(stubs: Stubs) -> None:
    """Between two looks the silent host is cancelled in AWS and told to keep nothing, and the one that answered is kept."""
    prepare_send(stubs, A, B)
    prepare_list(stubs, (A, "Success", "Success"), (B, "InProgress", "InProgress"))
    prepare_kept(stubs, A, GOOD)
    stubs.ssm.add_response("cancel_command", {}, {"CommandId": COMMAND, "InstanceIds": [B]})
    prepare_send(stubs, B)
    looks = iter([False] * 9)

    got = collect(stubs, A, B, stop=lambda: next(looks, True))

    assert isinstance(got[A], Snapshot)
    assert reason(got[B]) is MissReason.CANCELLED


def test_output_beyond_the_cap_is_not_read_into_memory(stubs: Stubs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that uploads without end gets no more than the cap looked at."""
    monkeypatch.setattr(answer, "MOST_PACKED", 1_000)
    stream = io.BytesIO(b"x" * 100_000)
    prepare_send(stubs, A, expected=dict.fromkeys((*SENT, "OutputS3BucketName", "OutputS3KeyPrefix"), ANY))
    prepare_list(stubs, (A, "Success", "Success"), url=f"https://b/diffy/{RUN}/{COMMAND}/{A}/x/stdout")
    stubs.s3.add_response("get_object", {"Body": StreamingBody(stream, 100_000)})
    position: list[int] = []
    monkeypatch.setattr(stream, "close", lambda: position.append(stream.tell()), raising=False)

    got = collect(stubs, A, bucket="answers")

    assert reason(got[A]) is MissReason.MALFORMED_OUTPUT
    assert "larger than" in str(got[A])
    assert position == [1_001]
