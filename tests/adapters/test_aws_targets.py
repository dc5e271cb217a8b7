"""Do tags, stacks, node groups and several words together name exactly the hosts meant? Asked of moto over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.stub import Stubber

from bot.adapters.aws_inventory import AwsInventory
from bot.adapters.aws_session import Aws, connect
from bot.adapters.aws_targets import RESOLVERS, Means
from bot.errors import EmptyTarget, UnknownTarget
from bot.model import Asker, Group, MissReason
from bot.workflows import targets
from tests.adapters.aws import REGION, dummy, moto_server

ASKER = Asker("run-1", "U0RESPOND01")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


@pytest.fixture(scope="module")
def aws(server: str) -> Iterator[Aws]:
    """An account with a stack (group of two, one instance, a nested stack), a second group, and a tagged instance."""
    with pytest.MonkeyPatch.context() as patch:
        dummy(patch)
        patch.setenv("AWS_ENDPOINT_URL", server)
        made = connect(region=REGION, attempts=2)
        image = "ami-12345678"  # moto takes any
        scale = {"MinSize": "2", "MaxSize": "4", "AvailabilityZones": [f"{REGION}a"]}
        resources = {
            "Launch": {
                "Type": "AWS::AutoScaling::LaunchConfiguration",
                "Properties": {"ImageId": image, "InstanceType": "t3.micro"},
            },
            "Web": {
                "Type": "AWS::AutoScaling::AutoScalingGroup",
                "Properties": {
                    "AutoScalingGroupName": "web-asg",
                    "LaunchConfigurationName": {"Ref": "Launch"},
                    **scale,
                    "Tags": [{"Key": "Role", "Value": "web", "PropagateAtLaunch": True}],
                },
            },
            "Bastion": {
                "Type": "AWS::EC2::Instance",
                "Properties": {"ImageId": image, "InstanceType": "t3.micro"},
            },
        }
        body = json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})
        made.cloudformation.create_stack(StackName="web-production", TemplateBody=body)
        empty = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}
        made.cloudformation.create_stack(StackName="topics", TemplateBody=json.dumps({"Resources": empty}))
        made.autoscaling.create_launch_configuration(
            LaunchConfigurationName="api", ImageId=image, InstanceType="t3.micro"
        )
        made.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="api-asg",
            LaunchConfigurationName="api",
            MinSize=1,
            MaxSize=1,
            AvailabilityZones=[f"{REGION}a"],
        )
        made.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="none-asg",
            LaunchConfigurationName="api",
            MinSize=0,
            MaxSize=1,
            AvailabilityZones=[f"{REGION}a"],
        )
        events: Any = made.ssm.meta.events
        events.register("before-call.ssm.DescribeInstanceInformation", _no_agents)
        yield made


def _no_agents(**_: object) -> tuple[Any, dict[str, object]]:
    """Answer what moto does not: SSM knows no instance."""
    answered: Any = AWSResponse
    return answered("", 200, {}, None), {"InstanceInformationList": []}


def members(aws: Aws, group: str) -> set[str]:
    found = aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    return {item["InstanceId"] for item in found["AutoScalingGroups"][0]["Instances"]}


def resolved(aws: Aws, *words: str) -> Group:
    return AwsInventory(aws).resolve(targets.parse(words), ASKER)


def test_a_tag_names_the_instances_that_carry_it(aws: Aws) -> None:
    """Each with its own group and lifecycle; moto's SSM knows no agent, so that each is missed with that reason."""
    found = resolved(aws, "tag:Role=web")

    assert found.name == "tag:Role=web"
    assert {host.id for host in found.known} == members(aws, "web-asg")
    assert {host.group for host in found.known} == {"web-asg"}
    assert {miss.reason for miss in found.missed} == {MissReason.NOT_REGISTERED}


def test_a_stack_names_its_groups_and_instances(aws: Aws) -> None:
    """A single instance of the stack has no group."""
    found = resolved(aws, "stack:web-production")

    assert {host.id for host in found.known} > members(aws, "web-asg")
    assert sorted(host.group for host in found.known) == ["", "web-asg", "web-asg"]


def test_several_words_are_a_union_in_which_each_host_keeps_its_group(aws: Aws) -> None:
    """Named by tag and by group, a host is there once; an empty group beside others is no failure."""
    found = resolved(aws, "web-asg", "tag:Role=web", "api-asg,none-asg")

    assert found.name == "api-asg,none-asg,tag:Role=web,web-asg"
    assert [host.id for host in found.known] == sorted(members(aws, "web-asg") | members(aws, "api-asg"))
    assert sorted(host.group for host in found.known) == ["api-asg", "web-asg", "web-asg"]


def test_an_unknown_id_beside_a_group_is_gone(aws: Aws) -> None:
    """It is neither lost nor does it lose the group."""
    found = resolved(aws, "web-asg", "i-0123456789abcdef0")

    assert len(found.known) == 3
    assert [m.host for m in found.missed if m.reason is MissReason.GONE] == ["i-0123456789abcdef0"]


@pytest.mark.parametrize(
    ("word", "sentence", "hint"),
    [
        ("tag:Role=wbe", "No instance has the tag Role=wbe in eu-west-1", "There are 1: Role=web"),
        ("tag:Rolle=web", "No instance has the tag Rolle=web", "Did you mean Role?"),
        (
            "stack:web-prodction",
            "There is no stack web-prodction in eu-west-1",
            "Did you mean web-production?",
        ),
        (
            "stack:topics",
            "holds no auto scaling group and no instance",
            "Name the stack that makes the hosts",
        ),
        ("web-asg,wbe-asg", "There is no auto scaling group wbe-asg", "Did you mean web-asg"),
    ],
)
def test_what_is_unknown_gets_near_names(aws: Aws, word: str, sentence: str, hint: str) -> None:
    """One unknown word refuses the whole: an answer about a part would read as one about all."""
    with pytest.raises(UnknownTarget, match=sentence) as caught:
        resolved(aws, word)

    assert hint in caught.value.hint


def test_groups_that_are_all_empty_are_said_to_be(aws: Aws) -> None:
    """Not clean."""
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName="none-2-asg",
        LaunchConfigurationName="api",
        MinSize=0,
        MaxSize=1,
        AvailabilityZones=[f"{REGION}a"],
    )

    with pytest.raises(EmptyTarget, match="none-2-asg,none-asg has no instances"):
        resolved(aws, "none-asg", "none-2-asg")


def test_a_node_group_means_its_auto_scaling_groups(aws: Aws) -> None:
    """As EKS lists them."""
    with Stubber(aws.eks) as eks:
        eks.add_response(
            "describe_nodegroup",
            {"nodegroup": {"resources": {"autoScalingGroups": [{"name": "web-asg"}]}}},
            {"clusterName": "prod", "nodegroupName": "workers"},
        )
        found = resolved(aws, "eks:prod/workers")

    assert {host.id for host in found.known} == members(aws, "web-asg")


def test_an_unknown_node_group_gets_near_names(aws: Aws) -> None:
    """Of the same cluster."""
    with Stubber(aws.eks) as eks:
        eks.add_client_error("describe_nodegroup", "ResourceNotFoundException", "No node group found")
        eks.add_response("list_nodegroups", {"nodegroups": ["workers", "gpu"]})

        with pytest.raises(UnknownTarget, match="no node group wrokers") as caught:
            resolved(aws, "eks:prod/wrokers")

    assert caught.value.hint == "Did you mean workers?"


def test_an_unknown_cluster_gets_near_names(aws: Aws) -> None:
    """EKS says the same of both; the clusters are listed only then."""
    with Stubber(aws.eks) as eks:
        for operation in ("describe_nodegroup", "list_nodegroups"):
            eks.add_client_error(operation, "ResourceNotFoundException", "No cluster found")
        eks.add_response("list_clusters", {"clusters": ["prod-1", "dev"]})

        with pytest.raises(UnknownTarget, match="no EKS cluster prod in eu-west-1") as caught:
            resolved(aws, "eks:prod/workers")

    assert caught.value.hint == "Did you mean prod-1?"


def test_stacks_that_are_nested_count_and_those_deleted_do_not(aws: Aws) -> None:
    """Nested stacks and node groups are followed, each once, even where a stack names itself."""

    def resource(kind: str, physical: str, status: str = "CREATE_COMPLETE") -> dict[str, str]:
        return {
            "LogicalResourceId": "x",
            "ResourceType": f"AWS::{kind}",
            "PhysicalResourceId": physical,
            "ResourceStatus": status,
            "LastUpdatedTimestamp": "2026-08-01T10:00:00Z",
        }

    first = [
        resource("CloudFormation::Stack", "inner"),
        resource("AutoScaling::AutoScalingGroup", "old-asg", "DELETE_COMPLETE"),
    ]
    inner = [
        resource("CloudFormation::Stack", "inner"),
        resource("AutoScaling::AutoScalingGroup", "web-asg"),
        resource("EKS::Nodegroup", "prod/workers"),
    ]
    with Stubber(aws.cloudformation) as stacks, Stubber(aws.eks) as eks:
        stacks.add_response("list_stack_resources", {"StackResourceSummaries": first}, {"StackName": "outer"})
        stacks.add_response("list_stack_resources", {"StackResourceSummaries": inner}, {"StackName": "inner"})
        eks.add_response(
            "describe_nodegroup", {"nodegroup": {"resources": {"autoScalingGroups": [{"name": "api-asg"}]}}}
        )
        means = RESOLVERS["stack"](aws, "outer", ASKER)

    assert means == Means(("api-asg", "web-asg"), ())


def test_the_warm_pool_of_a_group_is_listed_as_skipped(aws: Aws) -> None:
    """DescribeAutoScalingGroups leaves those hosts out; a run that said nothing of them would hide them."""
    pooled = next(iter(members(aws, "api-asg")))
    with Stubber(aws.autoscaling) as scaling:
        group = {
            "AutoScalingGroupName": "web-asg",
            "MinSize": 0,
            "MaxSize": 1,
            "DesiredCapacity": 0,
            "DefaultCooldown": 300,
            "AvailabilityZones": [],
            "HealthCheckType": "EC2",
            "CreatedTime": "2026-08-01T10:00:00Z",
            "Instances": [],
            "WarmPoolSize": 1,
        }
        warm = {
            "InstanceId": pooled,
            "AvailabilityZone": f"{REGION}a",
            "LifecycleState": "Warmed:Running",
            "HealthStatus": "Healthy",
            "ProtectedFromScaleIn": False,
        }
        scaling.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": [group]})
        scaling.add_response("describe_warm_pool", {"Instances": [warm]}, {"AutoScalingGroupName": "web-asg"})
        found = resolved(aws, "web-asg")

    assert found.hosts == ()
    assert [(m.host, m.reason) for m in found.missed] == [(pooled, MissReason.WARM_POOL)]


def test_another_package_gives_a_prefix_its_meaning(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The inventory is handed the resolver; without it the target is unknown, which a stored schedule can meet."""
    monkeypatch.setattr(targets, "FORMS", dict(targets.FORMS))
    targets.register(targets.Form("cmdb", "cmdb:shop", str.isalpha))
    target = targets.parse(["cmdb:shop"])
    kinds = {**RESOLVERS, "cmdb": lambda aws, text, asker: Means(groups=(f"{text}-asg",))}

    with pytest.raises(UnknownTarget, match="Nothing here knows targets of the kind cmdb:"):
        AwsInventory(aws).resolve(target, ASKER)
    with pytest.raises(UnknownTarget, match="no auto scaling group shop-asg"):
        AwsInventory(aws, kinds).resolve(target, ASKER)


def test_calls_are_counted_for_the_run_that_asked(aws: Aws) -> None:
    """Group, instances, registrations: three calls and no repeat."""
    AwsInventory(aws).resolve(targets.parse(["web-asg"]), Asker("run-counted", "U0RESPOND01"))

    use = aws.calls.of_run("run-counted")

    assert (use.calls, use.repeated) == (3, 0)


def test_a_repeated_call_counts_once_and_its_repeat_apart(aws: Aws) -> None:
    """AWS refuses the first attempt because of too many requests; the second is answered."""
    refusals = [b"<Response><Errors><Error><Code>RequestLimitExceeded</Code></Error></Errors></Response>"]
    answered: Any = AWSResponse

    def refuse_once(request: Any, **_: object) -> Any:
        return answered(request.url, 503, HTTPHeaders(), _Body(refusals.pop())) if refusals else None

    events: Any = aws.ec2.meta.events
    events.register("before-send.ec2.DescribeInstances", refuse_once)
    try:
        AwsInventory(aws).resolve(targets.parse(["web-asg"]), Asker("run-repeated", "U0RESPOND01"))
    finally:
        events.unregister("before-send.ec2.DescribeInstances", refuse_once)

    use = aws.calls.of_run("run-repeated")
    assert (use.calls, use.repeated) == (3, 1)


class _Body:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self) -> Iterator[bytes]:
        yield self._content
