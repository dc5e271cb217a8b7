"""Which groups and hosts does a tag, a CloudFormation stack or an EKS node group mean?"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from bot.adapters.aws_session import Aws, code
from bot.errors import UnknownTarget
from bot.model import Asker

NAMES_SHOWN = 5
DEEPEST_STACK = 10  # nested stacks; a chain of them, not a limit of AWS
_THERE = ["pending", "running", "stopping", "stopped"]
_GONE = "DELETE_COMPLETE"


@dataclass(frozen=True, slots=True)
class Means:
    """What a prefixed target stands for: names of auto scaling groups, and ids of single instances."""

    groups: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


Resolver = Callable[[Aws, str, Asker], Means]
"""Turns the text after the prefix into what it means, in one account and region; UnknownTarget if it means nothing."""


def near(name: str, known: Iterable[str], *, kind: str) -> str:
    """Return a hint: the known names nearest to a mistyped one, else some of them, else that there is none."""
    names = sorted(set(known))
    folded = {one.casefold(): one for one in names}
    found = [
        folded[key] for key in difflib.get_close_matches(name.casefold(), folded, n=NAMES_SHOWN, cutoff=0.6)
    ]
    found += [one for one in names if name.casefold() in one.casefold() and one not in found]
    if found:
        return f"Did you mean {', '.join(found[:NAMES_SHOWN])}?"
    if names:
        more = ", …" if len(names) > NAMES_SHOWN else ""
        return f"There are {len(names)}: {', '.join(names[:NAMES_SHOWN])}{more}."
    return f"There is no {kind} at all: check region and account."


def by_tag(aws: Aws, text: str, asker: Asker) -> Means:
    """Every instance that carries the tag and is not terminated."""
    key, _, value = text.partition("=")
    pages = aws.ec2.get_paginator("describe_instances").paginate(
        Filters=[
            {"Name": f"tag:{key}", "Values": [value]},
            {"Name": "instance-state-name", "Values": _THERE},
        ]
    )
    found = [
        instance["InstanceId"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]
    if found:
        return Means(hosts=tuple(sorted(found)))
    described = aws.ec2.get_paginator("describe_tags").paginate(
        Filters=[{"Name": "resource-type", "Values": ["instance"]}]
    )
    tags = [(tag.get("Key", ""), tag.get("Value", "")) for page in described for tag in page["Tags"]]
    values = [held for known, held in tags if known == key]
    if values:
        hint = near(value, (f"{key}={held}" for held in values), kind="such tag")
    else:
        hint = near(key, (known for known, _ in tags if not known.startswith("aws:")), kind="tag")
    raise UnknownTarget(f"No instance has the tag {key}={value}{_in(aws)}.", hint)


def by_stack(aws: Aws, text: str, asker: Asker) -> Means:
    """The groups, node groups and instances of a stack and of the stacks nested in it."""
    groups: list[str] = []
    hosts: list[str] = []
    todo, seen = [(text, 0)], {text}
    while todo:
        stack, depth = todo.pop()
        for kind, physical in _resources(aws, stack, first=text):
            match kind:
                case "AWS::AutoScaling::AutoScalingGroup":
                    groups.append(physical)
                case "AWS::EC2::Instance":
                    hosts.append(physical)
                case "AWS::EKS::Nodegroup" if "/" in physical:
                    groups += by_node_group(aws, physical, asker).groups
                case "AWS::CloudFormation::Stack" if physical not in seen and depth < DEEPEST_STACK:
                    seen.add(physical)
                    todo.append((physical, depth + 1))
    if not groups and not hosts:
        raise UnknownTarget(
            f"The stack {text} holds no auto scaling group and no instance.",
            "Name the stack that makes the hosts, or its group.",
        )
    return Means(tuple(sorted(set(groups))), tuple(sorted(set(hosts))))


def _resources(aws: Aws, stack: str, *, first: str) -> list[tuple[str, str]]:
    pages = aws.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    try:
        return [
            (item["ResourceType"], item.get("PhysicalResourceId", ""))
            for page in pages
            for item in page["StackResourceSummaries"]
            if item.get("PhysicalResourceId") and item["ResourceStatus"] != _GONE
        ]
    except ClientError as error:
        if code(error) != "ValidationError" or "does not exist" not in str(error):
            raise
        if stack != first:  # a nested stack that went away between two calls holds nothing
            return []
    listed = aws.cloudformation.get_paginator("list_stacks").paginate()
    names = [
        item["StackName"]
        for page in listed
        for item in page["StackSummaries"]
        if item["StackStatus"] != _GONE
    ]
    raise UnknownTarget(f"There is no stack {stack}{_in(aws)}.", near(stack, names, kind="stack"))


def by_node_group(aws: Aws, text: str, asker: Asker) -> Means:
    """The auto scaling groups behind a managed node group."""
    cluster, _, name = text.partition("/")
    try:
        found = aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        raise _unknown_node_group(aws, cluster, name) from error
    groups = [group.get("name", "") for group in found.get("resources", {}).get("autoScalingGroups", [])]
    if not any(groups):
        raise UnknownTarget(
            f"The node group {text} has no auto scaling group.",
            f"It is {found.get('status', 'not ready').lower()}.",
        )
    return Means(groups=tuple(sorted(filter(None, groups))))


def _unknown_node_group(aws: Aws, cluster: str, name: str) -> UnknownTarget:
    try:
        pages = aws.eks.get_paginator("list_nodegroups").paginate(clusterName=cluster)
        names = [one for page in pages for one in page["nodegroups"]]
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        clusters = [
            one for page in aws.eks.get_paginator("list_clusters").paginate() for one in page["clusters"]
        ]
        return UnknownTarget(
            f"There is no EKS cluster {cluster}{_in(aws)}.", near(cluster, clusters, kind="cluster")
        )
    return UnknownTarget(
        f"The EKS cluster {cluster} has no node group {name}.", near(name, names, kind="node group")
    )


def _in(aws: Aws) -> str:
    return f" in {aws.region}" if aws.region else ""


RESOLVERS: Mapping[str, Resolver] = {"tag": by_tag, "stack": by_stack, "eks": by_node_group}
"""By prefix; how each is typed stands in ``workflows.targets.FORMS``."""
