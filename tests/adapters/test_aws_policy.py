"""Does deploy/template.yaml hold what it should, and allow exactly what the adapters call?"""

from __future__ import annotations

import ast
from pathlib import Path

import boto3
import cfnlint.api
import pytest

from bot import packs
from bot.adapters import aws_requests
from bot.collection import document
from bot.workflows import checkup
from tests.adapters import template

ROOT = Path(__file__).parents[2]
SERVICES = ("autoscaling", "cloudformation", "ec2", "eks", "iam", "s3", "ssm", "sts")
IAM_NAME = {  # where IAM calls it otherwise than the API does
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
}
NEEDS_NO_RIGHT = {"sts:GetCallerIdentity"}


def calls(module: Path) -> set[str]:
    """Return the API operations in a module's source: `….<service>.<method>` and its paginators."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            service, method = node.value.attr, node.attr
            if service in SERVICES and method != "get_paginator":
                found.add(f"{service}.{method}")
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "get_paginator"
        ):
            owner, argument = node.func.value, node.args[0]
            assert isinstance(owner, ast.Attribute)
            assert isinstance(argument, ast.Constant)
            found.add(f"{owner.attr}.{argument.value!s}")
    return found


def iam_name(call: str) -> str:
    service, method = call.split(".")
    client = boto3.client(service, region_name="eu-west-1")  # type: ignore[call-overload]
    name = f"{service}:{client.meta.method_to_api_mapping[method]}"
    return IAM_NAME.get(name, name)


def used(pattern: str) -> set[str]:
    return {iam_name(call) for module in (ROOT / "bot" / "adapters").glob(pattern) for call in calls(module)}


def test_the_policy_names_exactly_the_actions_that_are_called() -> None:
    """Nothing is missing, and nothing more is asked for than is used."""
    called = used("aws_*.py")

    assert called == template.actions("BotPolicy")
    assert len(called) >= 9


def test_what_only_the_doctor_calls_is_apart() -> None:
    """In a policy of its own, which nobody who runs the bot has to give."""
    called = used("doctor_aws.py")

    assert called - template.actions("BotPolicy") - NEEDS_NO_RIGHT == template.actions("DoctorPolicy")


def test_the_doctor_asks_the_simulator_for_what_the_policy_allows() -> None:
    """All of the bot's actions; ListBucket it tries itself."""
    finding = template.statements("BotPolicy")[0]

    assert set(checkup.FOLLOWING) == set(finding["Action"])


def test_commands_are_bound_to_the_document_and_to_tagged_hosts() -> None:
    """SendCommand is authorised on both; neither is `*`, and the shell of one's choice is on no list."""
    sends = {s["Sid"]: s for s in template.statements("BotPolicy") if s["Action"] == "ssm:SendCommand"}

    assert set(sends) == {"SendThisDocument", "ToHostsThatAreTaggedForIt"}
    assert sends["SendThisDocument"]["Resource"].endswith(":${AWS::AccountId}:document/${DocumentName}")
    assert sends["ToHostsThatAreTaggedForIt"]["Resource"].endswith(":instance/*")
    assert sends["ToHostsThatAreTaggedForIt"]["Condition"] == {
        "StringEquals": {"ssm:resourceTag/diffy": "enabled"}
    }
    assert document.SHELL_DOCUMENT not in template.PATH.read_text()


def test_bringing_osquery_is_allowed_only_on_request() -> None:
    """One more document, and only where a parameter says yes; it says no by default."""
    made = template.load()
    every = made["Resources"]["BotPolicy"]["Properties"]["PolicyDocument"]["Statement"]

    (optional,) = [statement["If"] for statement in every if "If" in statement]
    assert optional[0] == "MayBringOsquery"
    assert optional[1]["Action"] == "ssm:SendCommand"
    assert optional[1]["Resource"].endswith(":document/AWS-ConfigureAWSPackage")
    assert made["Parameters"]["BringOsquery"]["Default"] == "no"


def test_hosts_may_only_leave_answers() -> None:
    """The instance role can neither read nor list nor delete what other hosts left."""
    assert template.actions("HostPolicy") == {"s3:PutObject", "s3:GetEncryptionConfiguration"}


@pytest.mark.parametrize("name", ["BotPolicy", "HostPolicy"])
def test_objects_are_named_under_the_prefix_that_is_used(name: str) -> None:
    """The policies follow the collector's prefix."""
    objects = [
        s["Resource"] for s in template.statements(name) if s["Action"] in ("s3:GetObject", "s3:PutObject")
    ]

    assert objects == [f"${{AnswersBucket.Arn}}/{aws_requests.PREFIX}/*"]


def test_the_bucket_is_closed_encrypted_versioned_and_forgets() -> None:
    """What the doctor asks of a bucket, the template makes."""
    made = template.load()["Resources"]
    bucket, (tls,) = (
        made["AnswersBucket"]["Properties"],
        made["AnswersBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"],
    )

    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["Prefix"]) == ("Enabled", f"{aws_requests.PREFIX}/")
    assert (tls["Effect"], tls["Principal"]) == ("Deny", "*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_another_accounts_bot_must_say_the_external_id() -> None:
    """No role of this template can be taken by another account without it."""
    made = template.load()

    role = made["Resources"]["RoleForAnotherAccountsBot"]["Properties"]["AssumeRolePolicyDocument"]
    assert role["Statement"][0]["Condition"] == {"StringEquals": {"sts:ExternalId": "${ExternalId}"}}
    assert "NoTrustWithoutExternalId" in made["Rules"]


def test_the_template_makes_the_document_that_diffy_builds() -> None:
    """`python -m deploy.renew` writes it there; its hash is then the one that Diffy sends along."""
    made = template.load()["Resources"]["Document"]["Properties"]

    assert made["Content"] == document.content(packs.load(packs.DEFAULT))
    assert (made["UpdateMethod"], made["DocumentFormat"]) == ("NewVersion", "JSON")


def test_the_template_pleases_cfn_lint() -> None:
    """No error and no warning; it also fits a template that is sent without a bucket."""
    found = cfnlint.api.lint(template.for_lint(), config={"include_checks": ["I"], "regions": ["us-east-1"]})

    assert [str(match) for match in found] == []
    assert template.PATH.stat().st_size < 51_200
