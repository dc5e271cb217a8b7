"""Does a target name exactly the hosts meant, and is each that cannot answer named with its reason beforehand?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.adapters.aws_inventory import AwsInventory
from bot.errors import EmptyTarget, InventoryError, UnknownTarget
from bot.model import Asker, MissReason, Target, TargetKind
from tests.adapters.aws import Stubs, stubbed

ASKER = Asker("run-1", "U0RESPOND01")
LAUNCHED = datetime(2026, 8, 1, 10, tzinfo=UTC)
A, B, C = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb", "i-0cccccccccccccccc"


@pytest.fixture
def stubs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubs]:
    with stubbed(monkeypatch) as made:
        yield made


def group(*members: dict[str, Any], name: str = "web-asg") -> dict[str, Any]:
    return {
        "AutoScalingGroupName": name,
        "MinSize": 0,
        "MaxSize": 9,
        "DesiredCapacity": 3,
        "DefaultCooldown": 300,
        "AvailabilityZones": ["eu-west-1a"],
        "HealthCheckType": "EC2",
        "CreatedTime": LAUNCHED,
        "Instances": list(members),
    }


def member(id_: str, lifecycle: str = "InService", **more: Any) -> dict[str, Any]:
    return {
        "InstanceId": id_,
        "AvailabilityZone": "eu-west-1a",
        "LifecycleState": lifecycle,
        "HealthStatus": "Healthy",
        "ProtectedFromScaleIn": False,
        "LaunchTemplate": {"LaunchTemplateName": "web", "Version": "12"},
        **more,
    }


def instance(id_: str, state: str = "running", **more: Any) -> dict[str, Any]:
    return {
        "InstanceId": id_,
        "ImageId": "ami-1",
        "InstanceType": "m5.large",
        "LaunchTime": LAUNCHED,
        "PrivateIpAddress": f"10.0.0.{ord(id_[3]) - 96}",
        "PrivateDnsName": f"{id_}.internal",
        "Placement": {"AvailabilityZone": "eu-west-1b"},
        "State": {"Code": 16, "Name": state},
        **more,
    }


def online(id_: str, **more: Any) -> dict[str, Any]:
    return {
        "InstanceId": id_,
        "PingStatus": "Online",
        "PlatformType": "Linux",
        "LastPingDateTime": LAUNCHED,
        **more,
    }


def prepare_group(stubs: Stubs, *groups: dict[str, Any]) -> None:
    stubs.autoscaling.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": list(groups)})


def prepare_hosts(stubs: Stubs, *found: dict[str, Any]) -> None:
    stubs.ec2.add_response("describe_instances", {"Reservations": [{"Instances": [item]} for item in found]})


def prepare_ssm(stubs: Stubs, *found: dict[str, Any]) -> None:
    stubs.ssm.add_response("describe_instance_information", {"InstanceInformationList": list(found)})


def test_a_group_is_its_members_as_the_cloud_describes_them(stubs: Stubs) -> None:
    """Template version and lifecycle come from the group, the rest from EC2; hosts are sorted by id."""
    prepare_group(stubs, group(member(B), member(A)))
    prepare_hosts(stubs, instance(B), instance(A))
    prepare_ssm(stubs, online(A), online(B))

    found = AwsInventory(stubs.aws).resolve(Target(TargetKind.GROUP, ("web-asg",)), ASKER)

    assert (found.name, found.focus, found.missed) == ("web-asg", "", ())
    assert [host.id for host in found.hosts] == [A, B]
    assert found.known == found.hosts
    first = found.hosts[0]
    assert (first.group, first.private_ip, first.hostname) == ("web-asg", "10.0.0.1", f"{A}.internal")
    assert (first.zone, first.image_id, first.template_version) == ("eu-west-1b", "ami-1", "12")
    assert (first.instance_type, first.launch_time, first.lifecycle) == ("m5.large", LAUNCHED, "InService")


@pytest.mark.parametrize(
    ("listed", "described", "registered", "reason", "words"),
    [
        (member(A), [], [], MissReason.GONE, "unknown to EC2"),
        (member(A), [instance(A, "terminated")], [], MissReason.GONE, "terminated"),
        (member(A), [instance(A, "shutting-down")], [online(A)], MissReason.GONE, "shutting-down"),
        (member(A, "Standby"), [instance(A)], [online(A)], MissReason.NOT_IN_SERVICE, "Standby"),
        (member(A, "Pending:Wait"), [instance(A)], [], MissReason.NOT_IN_SERVICE, "Pending:Wait"),
        (
            member(A, "Warmed:Stopped"),
            [instance(A, "stopped")],
            [],
            MissReason.WARM_POOL,
            "Warmed:Stopped",
        ),
        (member(A), [instance(A, "stopped")], [], MissReason.STOPPED, "is stopped"),
        (member(A), [instance(A, Platform="Windows")], [online(A)], MissReason.NOT_LINUX, "Windows"),
        (member(A), [instance(A)], [online(A, PlatformType="MacOS")], MissReason.NOT_LINUX, "MacOS"),
        (member(A), [instance(A)], [], MissReason.NOT_REGISTERED, ""),
        (
            member(A),
            [instance(A)],
            [online(A, PingStatus="ConnectionLost")],
            MissReason.OFFLINE,
            "last heard of at 2026-08-01 10:00 UTC",
        ),
    ],
)
def test_a_host_that_cannot_answer_is_known_beforehand(
    stubs: Stubs,
    listed: dict[str, Any],
    described: list[dict[str, Any]],
    registered: list[dict[str, Any]],
    reason: MissReason,
    words: str,
) -> None:
    """It is missed with its reason before anything is sent, and still described."""
    prepare_group(stubs, group(listed, member(B)))
    prepare_hosts(stubs, *described, instance(B))
    prepare_ssm(stubs, *registered, online(B))

    found = AwsInventory(stubs.aws).resolve(Target(TargetKind.GROUP, ("web-asg",)), ASKER)

    assert [host.id for host in found.hosts] == [B]
    assert [(miss.host, miss.reason) for miss in found.missed] == [(A, reason)]
    assert words in found.missed[0].detail
    assert [host.id for host in found.known] == [A, B]


@pytest.mark.parametrize(
    ("typed", "names", "hint"),
    [
        ("wbe-asg", ["web-asg", "api-asg", "db"], "Did you mean web-asg"),
        ("WEB-ASG", ["web-asg", "db"], "Did you mean web-asg?"),
        ("web", ["prod-web-asg-blue", "db"], "Did you mean prod-web-asg-blue?"),
        ("zzzz", ["web-asg", "db"], "There are 2: db, web-asg."),
        ("zzzz", [f"g{n}" for n in range(9)], "There are 9: g0, g1, g2, g3, g4, …."),
        ("zzzz", [], "There is no group at all"),
    ],
)
def test_an_unknown_group_gets_near_names(stubs: Stubs, typed: str, names: list[str], hint: str) -> None:
    """Misspelt, differently cased and partial names are answered with what may be meant, over all pages."""
    prepare_group(stubs)
    half = len(names) // 2
    stubs.autoscaling.add_response(
        "describe_auto_scaling_groups",
        {"AutoScalingGroups": [group(name=name) for name in names[:half]], "NextToken": "more"},
    )
    prepare_group(stubs, *(group(name=name) for name in names[half:]))

    with pytest.raises(UnknownTarget, match=f"no auto scaling group {typed} in eu-west-1") as caught:
        AwsInventory(stubs.aws).resolve(Target(TargetKind.GROUP, (typed,)), ASKER)

    assert hint in caught.value.hint


def test_an_empty_group_is_said_to_be_empty(stubs: Stubs) -> None:
    """Not unknown, and not clean."""
    prepare_group(stubs, group())

    with pytest.raises(EmptyTarget, match="web-asg has no instances"):
        AwsInventory(stubs.aws).resolve(Target(TargetKind.GROUP, ("web-asg",)), ASKER)


@pytest.mark.parametrize("name", [A, "10.0.0.1"])
def test_one_host_means_itself_among_its_group(stubs: Stubs, name: str) -> None:
    """Named by id or private IP, its own group is asked and it is the focus."""
    tagged = instance(A, Tags=[{"Key": "aws:autoscaling:groupName", "Value": "web-asg"}])
    prepare_hosts(stubs, tagged)
    prepare_group(stubs, group(member(A), member(B)))
    prepare_hosts(stubs, tagged, instance(B))
    prepare_ssm(stubs, online(A), online(B))

    found = AwsInventory(stubs.aws).resolve(Target(TargetKind.HOST, (name,)), ASKER)

    assert (found.name, found.focus, [host.id for host in found.hosts]) == ("web-asg", A, [A, B])


def test_a_host_that_left_its_group_is_asked_beside_it(stubs: Stubs) -> None:
    """Taken out of service for an investigation, it is still the one that was named."""
    tagged = instance(A, Tags=[{"Key": "aws:autoscaling:groupName", "Value": "web-asg"}])
    prepare_hosts(stubs, tagged)
    prepare_group(stubs, group(member(B)))
    prepare_hosts(stubs, tagged, instance(B))
    prepare_ssm(stubs, online(A), online(B))

    found = AwsInventory(stubs.aws).resolve(Target(TargetKind.HOST, (A,)), ASKER)

    assert [(host.id, host.lifecycle) for host in found.hosts] == [(A, "Detached"), (B, "InService")]


def test_a_host_of_no_group_stands_alone(stubs: Stubs) -> None:
    """It can still be compared with a baseline."""
    prepare_hosts(stubs, instance(A))
    prepare_hosts(stubs, instance(A, Tags=[{"Key": "aws:ec2launchtemplate:version", "Value": "7"}]))
    prepare_ssm(stubs, online(A))

    found = AwsInventory(stubs.aws).resolve(Target(TargetKind.HOST, (A,)), ASKER)

    assert (found.name, found.focus, found.hosts[0].template_version) == (A, A, "7")


def test_an_unknown_and_an_ambiguous_host_are_refused(stubs: Stubs) -> None:
    """Two networks can use one address: the person chooses."""
    prepare_hosts(stubs)
    prepare_hosts(stubs, instance(A), instance(B))
    inventory = AwsInventory(stubs.aws)

    with pytest.raises(UnknownTarget, match=r"There is no instance 10\.9\.9\.9"):
        inventory.resolve(Target(TargetKind.HOST, ("10.9.9.9",)), ASKER)
    with pytest.raises(UnknownTarget, match="2 instances have the address") as caught:
        inventory.resolve(Target(TargetKind.HOST, ("10.0.0.1",)), ASKER)

    assert f"{A}, {B}" in caught.value.hint


def test_a_list_of_hosts_keeps_the_unknown_as_gone(stubs: Stubs) -> None:
    """One wrong id does not lose the others, nor is it lost itself."""
    prepare_hosts(stubs, instance(A), instance(B))
    prepare_hosts(stubs, instance(A), instance(B))
    prepare_ssm(stubs, online(A), online(B))

    found = AwsInventory(stubs.aws).resolve(Target(TargetKind.HOSTS, (B, A, C)), ASKER)

    assert found.name == f"{B},{A},{C}"
    assert [host.id for host in found.hosts] == [A, B]
    assert [(miss.host, miss.reason) for miss in found.missed] == [(C, MissReason.GONE)]


def test_a_list_of_unknown_hosts_is_an_unknown_target(stubs: Stubs) -> None:
    """Nothing is left to ask: most likely the region is wrong."""
    prepare_hosts(stubs)

    with pytest.raises(UnknownTarget, match="None of the 2 hosts exists"):
        AwsInventory(stubs.aws).resolve(Target(TargetKind.HOSTS, (A, B)), ASKER)


def test_a_large_group_is_asked_in_pages(stubs: Stubs) -> None:
    """120 hosts: one EC2 filter, three SSM filters, pages followed."""
    ids = [f"i-{n:017x}" for n in range(120)]
    prepare_group(stubs, group(*(member(id_) for id_ in ids)))
    stubs.ec2.add_response(
        "describe_instances",
        {"Reservations": [{"Instances": [instance(id_) for id_ in ids[:70]]}], "NextToken": "more"},
    )
    prepare_hosts(stubs, *(instance(id_) for id_ in ids[70:]))
    for at in (0, 50, 100):
        prepare_ssm(stubs, *(online(id_) for id_ in ids[at : at + 50]))

    before = stubs.aws.calls.total

    found = AwsInventory(stubs.aws).resolve(Target(TargetKind.GROUP, ("web-asg",)), ASKER)

    assert len(found.hosts) == 120
    assert stubs.aws.calls.total - before == 1 + 2 + 3


def test_what_aws_refuses_is_an_inventory_error(stubs: Stubs) -> None:
    """Expired credentials are not an unknown group."""
    stubs.autoscaling.add_client_error("describe_auto_scaling_groups", "ExpiredToken", "expired", 403)

    with pytest.raises(InventoryError, match="credentials have expired"):
        AwsInventory(stubs.aws).resolve(Target(TargetKind.GROUP, ("web-asg",)), ASKER)
