"""Do the policies in deploy/ allow exactly what the adapters call?"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from bot.adapters import aws_ssm

ROOT = Path(__file__).parents[2]
SERVICES = ("autoscaling", "cloudformation", "ec2", "eks", "s3", "ssm", "sts")
IAM_NAME = {"s3:ListObjectsV2": "s3:ListBucket"}  # where IAM calls it otherwise than the API does


def policy(name: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = json.loads((ROOT / "deploy" / name).read_text())["Statement"]
    return statements


def actions(name: str) -> set[str]:
    return {
        action
        for statement in policy(name)
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


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


def test_the_policy_names_exactly_the_actions_that_are_called() -> None:
    """Nothing is missing, and nothing more is asked for than is used."""
    used = {
        iam_name(call) for module in (ROOT / "bot" / "adapters").glob("aws_*.py") for call in calls(module)
    }

    assert used == actions("iam-policy.json")
    assert len(used) >= 9


def test_commands_are_bound_to_the_document_and_to_tagged_hosts() -> None:
    """SendCommand is authorised on both; neither is `*`."""
    sends = [statement for statement in policy("iam-policy.json") if statement["Action"] == "ssm:SendCommand"]

    resources = {statement["Resource"] for statement in sends}
    assert f"arn:aws:ssm:*::document/{aws_ssm.DOCUMENT}" in resources
    assert len(resources) == 2
    assert "*" not in resources
    assert [bool(statement.get("Condition")) for statement in sends] == [False, True]


def test_hosts_may_only_leave_answers() -> None:
    """The instance role can neither read nor list nor delete what other hosts left."""
    assert actions("instance-role-policy.json") == {"s3:PutObject", "s3:GetEncryptionConfiguration"}


@pytest.mark.parametrize("name", ["iam-policy.json", "instance-role-policy.json"])
def test_objects_are_named_under_the_prefix_that_is_used(name: str) -> None:
    """The policies follow the collector's prefix."""
    objects = [
        s["Resource"] for s in policy(name) if "bucket" in s["Resource"].casefold() and "/" in s["Resource"]
    ]

    assert objects == [f"arn:aws:s3:::OUTPUT_BUCKET/{aws_ssm.PREFIX}/*"]
