"""What does the doctor see of an AWS account? Looks only; judging is ``workflows.checkup``'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from bot.adapters.aws_session import Aws, AwsError, Kind, code, explain, translated
from bot.errors import CollectionError
from bot.model.checkup import BucketFacts, DocumentFacts, Identity, Right

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sts import STSClient

IDS_PER_FILTER = 200  # DescribeInstances: values of one filter
_NO_BUCKET = frozenset({"NoSuchBucket", "404"})
_UNSET = frozenset(
    {
        "ServerSideEncryptionConfigurationNotFoundError",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchLifecycleConfiguration",
    }
)


@dataclass(frozen=True, slots=True)
class Desk:
    """The two clients that only the doctor needs."""

    sts: STSClient
    iam: IAMClient


def desk(*, region: str | None = None) -> Desk:
    """Return the clients; nothing is sent yet. Raises CollectionError without a region."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=20)
    with translated(CollectionError):
        session = boto3.session.Session(region_name=region)
        return Desk(session.client("sts", config=config), session.client("iam", config=config))


class AwsAccount:
    """``workflows.checkup.Account`` over one account and region."""

    def __init__(self, aws: Aws, desk: Desk) -> None:
        self._aws = aws
        self._desk = desk

    def identity(self) -> Identity:
        """Say as whom AWS knows us."""
        with translated(CollectionError):
            told = self._desk.sts.get_caller_identity()
        arn = told["Arn"]
        return Identity(arn, told["Account"], self._aws.region, _principal(arn))

    def document(self, name: str, version: str) -> DocumentFacts | None:
        """Describe a version of a document; None when there is no such document."""
        try:
            ask = partial(self._aws.ssm.describe_document, Name=name)
            told = (ask() if version == "$DEFAULT" else ask(DocumentVersion=version))["Document"]
        except AwsError as error:
            if code(error) not in ("InvalidDocument", "InvalidDocumentVersion"):
                raise _refused(error) from error
        else:
            return DocumentFacts(
                told.get("DocumentVersion", ""), told.get("LatestVersion", ""), told.get("Hash", "")
            )
        try:
            told = self._aws.ssm.describe_document(Name=name)["Document"]
        except AwsError as error:
            if code(error) == "InvalidDocument":
                return None
            raise _refused(error) from error
        return DocumentFacts("", told.get("LatestVersion", ""))

    def denied(self, who: Identity, rights: tuple[Right, ...]) -> tuple[Right, ...]:
        """Return those that IAM's simulator does not allow.

        It knows policies of the principal, its boundary and its organization's; not those of a session.
        """
        found: list[Right] = []
        for resource in dict.fromkeys(right.resource for right in rights):
            some = {right.action: right for right in rights if right.resource == resource}
            tags = next(iter(some.values())).tags
            with translated(CollectionError):
                told = self._desk.iam.simulate_principal_policy(
                    PolicySourceArn=who.principal,
                    ActionNames=list(some),
                    ResourceArns=[resource],
                    ContextEntries=[
                        {
                            "ContextKeyName": f"ssm:resourceTag/{key}",
                            "ContextKeyValues": [value],
                            "ContextKeyType": "string",
                        }
                        for key, value in tags.items()
                    ],
                )
            found += [
                some[result["EvalActionName"]]
                for result in told.get("EvaluationResults", [])
                if result["EvalDecision"] != "allowed"
            ]
        return tuple(found)

    def bucket(self, name: str) -> BucketFacts | None:
        """Look at a bucket from all sides; None when there is none of that name."""
        unseen: dict[str, str] = {}
        try:
            self._aws.s3.list_objects_v2(Bucket=name, Prefix="diffy/", MaxKeys=1)
            readable = True
        except AwsError as error:
            if code(error) in _NO_BUCKET:
                return None
            trouble = explain(error)
            if trouble.kind is not Kind.DENIED:
                raise _refused(error) from error
            readable, unseen["readable"] = False, trouble.message

        def look(part: str, ask: Callable[[], Any], read: Callable[[Any], Any], unset: Any) -> Any:
            try:
                return read(ask())
            except AwsError as error:
                if code(error) in _UNSET:
                    return unset
                unseen[part] = explain(error).message
                return None

        return BucketFacts(
            readable,
            look("encryption", lambda: self._aws.s3.get_bucket_encryption(Bucket=name), _algorithm, ""),
            look(
                "versioned",
                lambda: self._aws.s3.get_bucket_versioning(Bucket=name),
                lambda told: told.get("Status") == "Enabled",
                False,
            ),
            look("closed", lambda: self._aws.s3.get_public_access_block(Bucket=name), _closed, False),
            look(
                "forgets",
                lambda: self._aws.s3.get_bucket_lifecycle_configuration(Bucket=name),
                _forgets,
                False,
            ),
            unseen,
        )

    def untagged(self, hosts: tuple[str, ...], tag: tuple[str, str]) -> tuple[str, ...]:
        """Return the hosts that lack the tag."""
        lacking = set(hosts)
        pages = self._aws.ec2.get_paginator("describe_instances")
        with translated(CollectionError):
            for start in range(0, len(hosts), IDS_PER_FILTER):
                some = list(hosts[start : start + IDS_PER_FILTER])
                for page in pages.paginate(
                    Filters=[
                        {"Name": "instance-id", "Values": some},
                        {"Name": f"tag:{tag[0]}", "Values": [tag[1]]},
                    ]
                ):
                    for reservation in page["Reservations"]:
                        lacking -= {instance["InstanceId"] for instance in reservation["Instances"]}
        return tuple(host for host in hosts if host in lacking)


def _principal(arn: str) -> str:
    """Return the ARN of the role of an assumed role's session (a role's path is not in it, and is lost)."""
    head, assumed, rest = arn.partition(":assumed-role/")
    if assumed:
        return f"{head.replace(':sts:', ':iam:')}:role/{rest.split('/')[0]}"
    return arn.replace(":sts:", ":iam:")


def _refused(error: Exception) -> CollectionError:
    trouble = explain(error)
    return CollectionError(trouble.message, trouble.hint)


def _algorithm(told: Any) -> str:
    rules = told["ServerSideEncryptionConfiguration"]["Rules"]
    return next((r["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] for r in rules), "")


def _closed(told: Any) -> bool:
    blocks = told["PublicAccessBlockConfiguration"]
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return all(blocks.get(name) for name in names)


def _forgets(told: Any) -> bool:
    return any(
        rule["Status"] == "Enabled"
        and "Days" in rule.get("Expiration", {})
        and "diffy/".startswith(rule.get("Filter", {}).get("Prefix", rule.get("Prefix", "")))
        for rule in told["Rules"]
    )
