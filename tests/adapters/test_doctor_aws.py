"""What the doctor makes of refusals: exact error shapes over real clients."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.stub import Stubber

from bot.adapters.doctor_aws import AwsAccount, Desk, desk
from bot.errors import CollectionError
from bot.model.checkup import Identity, Right
from tests.adapters.aws import REGION, Stubs, dummy, stubbed

ROLE = "arn:aws:iam::123456789012:role/diffy"
WHO = Identity("arn:aws:sts::123456789012:assumed-role/diffy/session", "123456789012", REGION, ROLE)
SEND = Right("ssm:SendCommand", "arn:aws:ec2:eu-west-1:123456789012:instance/i-0", {"diffy": "enabled"})


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubs]:
    with stubbed(monkeypatch) as stubs:
        yield stubs


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Desk:
    dummy(monkeypatch)
    return desk(region=REGION)


def test_a_session_is_traced_back_to_its_role(stubs: Stubs, clients: Desk) -> None:
    """The simulator takes roles, not sessions."""
    with Stubber(clients.sts) as sts:
        sts.add_response("get_caller_identity", {"Arn": WHO.arn, "Account": WHO.account, "UserId": "x"})

        assert AwsAccount(stubs.aws, clients).identity() == WHO


def test_what_the_simulator_denies_is_named(stubs: Stubs, clients: Desk) -> None:
    """Resource by resource, with the tag that the policy looks at."""
    described = Right("ec2:DescribeInstances")
    with Stubber(clients.iam) as iam:
        for right, decision in ((described, "allowed"), (SEND, "implicitDeny")):
            context = [
                {
                    "ContextKeyName": f"ssm:resourceTag/{k}",
                    "ContextKeyValues": [v],
                    "ContextKeyType": "string",
                }
                for k, v in right.tags.items()
            ]
            iam.add_response(
                "simulate_principal_policy",
                {"EvaluationResults": [{"EvalActionName": right.action, "EvalDecision": decision}]},
                {
                    "PolicySourceArn": ROLE,
                    "ActionNames": [right.action],
                    "ResourceArns": [right.resource],
                    "ContextEntries": context,
                },
            )

        denied = AwsAccount(stubs.aws, clients).denied(WHO, (described, SEND))

    assert denied == (SEND,)


def test_a_simulator_that_may_not_be_asked_is_an_error(stubs: Stubs, clients: Desk) -> None:
    """It becomes `unknown`, never `ok`."""
    with Stubber(clients.iam) as iam:
        iam.add_client_error("simulate_principal_policy", "AccessDenied", "not authorized")

        with pytest.raises(CollectionError, match="does not allow Diffy to call SimulatePrincipalPolicy"):
            AwsAccount(stubs.aws, clients).denied(WHO, (SEND,))


def test_parts_of_a_bucket_that_may_not_be_seen_are_unseen(stubs: Stubs, clients: Desk) -> None:
    """Each for itself: what was seen stays seen, what is not set is false."""
    stubs.s3.add_response("list_objects_v2", {})
    stubs.s3.add_client_error("get_bucket_encryption", "AccessDenied", "no")
    stubs.s3.add_response("get_bucket_versioning", {"Status": "Suspended"})
    stubs.s3.add_client_error("get_public_access_block", "NoSuchPublicAccessBlockConfiguration", "none")
    rule = {"Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 3}}
    stubs.s3.add_response("get_bucket_lifecycle_configuration", {"Rules": [rule]})

    found = AwsAccount(stubs.aws, clients).bucket("answers")

    assert found is not None
    assert (found.readable, found.encryption, found.versioned) == (True, None, False)
    assert (found.closed, found.forgets) == (False, False)
    assert set(found.unseen) == {"encryption"}


def test_a_bucket_that_may_not_be_read_is_there(stubs: Stubs, clients: Desk) -> None:
    """Refused is not absent."""
    stubs.s3.add_client_error("list_objects_v2", "AccessDenied", "no")
    for part in ("encryption", "versioning"):
        stubs.s3.add_client_error(f"get_bucket_{part}", "AccessDenied", "no")
    stubs.s3.add_client_error("get_public_access_block", "AccessDenied", "no")
    stubs.s3.add_client_error("get_bucket_lifecycle_configuration", "AccessDenied", "no")

    found = AwsAccount(stubs.aws, clients).bucket("answers")

    assert found is not None
    assert found.readable is False
    assert set(found.unseen) == {"readable", "encryption", "versioned", "closed", "forgets"}
