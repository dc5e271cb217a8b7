"""Does whatever AWS or the network refuses end in a sentence that a person can act on?"""

from __future__ import annotations

import socket
from collections import Counter

import pytest
from botocore import exceptions as wrong

from bot.adapters.aws_session import Kind, connect, explain, translated
from bot.errors import CollectionError, InventoryError
from tests.adapters.aws import REGION, dummy, stubbed


def refusal(code: str, message: str = "no") -> wrong.ClientError:
    return wrong.ClientError({"Error": {"Code": code, "Message": message}}, "SendCommand")


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (refusal("ExpiredTokenException"), Kind.CREDENTIALS, "credentials have expired"),
        (refusal("ExpiredToken"), Kind.CREDENTIALS, "credentials have expired"),
        (refusal("RequestExpired"), Kind.CREDENTIALS, "credentials have expired"),
        (refusal("UnrecognizedClientException"), Kind.CREDENTIALS, "does not accept Diffy's credentials"),
        (refusal("AuthFailure"), Kind.CREDENTIALS, "does not accept Diffy's credentials"),
        (
            refusal("AccessDeniedException", "User: x is not"),
            Kind.DENIED,
            "not allow Diffy to call SendCommand",
        ),
        (refusal("UnauthorizedOperation"), Kind.DENIED, "not allow Diffy to call SendCommand"),
        (refusal("ThrottlingException"), Kind.OTHER, "too many requests"),
        (refusal("RequestLimitExceeded"), Kind.OTHER, "too many requests"),
        (
            refusal("InternalServerError", "oops"),
            Kind.OTHER,
            "refused SendCommand (InternalServerError): oops",
        ),
        (wrong.NoCredentialsError(), Kind.CREDENTIALS, "no AWS credentials"),
        (wrong.PartialCredentialsError(provider="env", cred_var="x"), Kind.CREDENTIALS, "no AWS credentials"),
        (
            wrong.CredentialRetrievalError(provider="p", error_msg="e"),
            Kind.CREDENTIALS,
            "could not be loaded",
        ),
        (wrong.UnauthorizedSSOTokenError(), Kind.CREDENTIALS, "could not be loaded"),
        (wrong.ProfileNotFound(profile="p"), Kind.CREDENTIALS, "profile (p) could not be found"),
        (wrong.NoRegionError(), Kind.CREDENTIALS, "which AWS region"),
        (wrong.EndpointConnectionError(endpoint_url="http://x"), Kind.UNREACHABLE, "cannot be reached"),
        (wrong.ConnectTimeoutError(endpoint_url="http://x"), Kind.UNREACHABLE, "cannot be reached"),
        (wrong.ReadTimeoutError(endpoint_url="http://x"), Kind.UNREACHABLE, "cannot be reached"),
        (wrong.ParamValidationError(report="r"), Kind.OTHER, "could not be asked"),
    ],
)
def test_each_refusal_has_its_sentence(error: Exception, kind: Kind, words: str) -> None:
    """Missing, expired and unknown credentials, permissions, network and load are told apart."""
    trouble = explain(error)

    assert trouble.kind is kind
    assert words in trouble.message
    assert trouble.kind.lasting == (kind in (Kind.CREDENTIALS, Kind.DENIED))


def test_missing_credentials_are_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real call without any credentials ends in one of our errors, not a traceback."""
    dummy(monkeypatch)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    aws = connect(region=REGION, attempts=1)

    with pytest.raises(InventoryError, match="no AWS credentials") as caught, translated(InventoryError):
        aws.ec2.describe_instances()

    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_an_endpoint_that_nobody_serves_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_ENDPOINT_URL is honoured, and a wrong one is part of the sentence."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        dummy(monkeypatch)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        aws = connect(region=REGION, attempts=1)

        with pytest.raises(CollectionError, match=f"127.0.0.1:{port}") as caught, translated(CollectionError):
            aws.ssm.list_command_invocations(CommandId="0" * 36)

    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_no_region_and_an_unknown_profile_are_settings_to_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are found before anything is sent."""
    dummy(monkeypatch)

    with pytest.raises(InventoryError, match="which AWS region") as caught:
        connect()
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(InventoryError, match="nobody"):
        connect(region=REGION)

    assert "AWS_REGION" in caught.value.hint


def test_calls_are_counted_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each run can show what it cost."""
    with stubbed(monkeypatch) as stubs:
        before = Counter(stubs.aws.calls.by_name())
        total = stubs.aws.calls.total
        stubs.ssm.add_response("cancel_command", {})
        stubs.ssm.add_client_error("cancel_command", "InvalidCommandId")
        stubs.ec2.add_response("describe_instances", {"Reservations": []})

        stubs.aws.ssm.cancel_command(CommandId="0" * 36)
        with pytest.raises(wrong.ClientError):
            stubs.aws.ssm.cancel_command(CommandId="0" * 36)
        stubs.aws.ec2.describe_instances()

    new = Counter(stubs.aws.calls.by_name()) - before
    assert new == {"ssm:CancelCommand": 2, "ec2:DescribeInstances": 1}
    assert stubs.aws.calls.total - total == 3
