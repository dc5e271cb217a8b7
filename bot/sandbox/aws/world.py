"""How are the planned groups made real in moto: templates, auto scaling groups, instances, the output bucket?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import boto3
from moto.autoscaling.models import InstanceState
from moto.ec2.models import ec2_backends

from bot.sandbox.aws.cloud import ACCOUNT
from bot.sandbox.aws.embedded import BUCKET, REGION
from bot.sandbox.aws.hosts import HostBook
from bot.sandbox.aws.plans import Builder
from bot.sandbox.fleet import GroupPlan, HostPlan, Identity
from bot.sandbox.osqueryi import database

VERSION_TAG = "aws:ec2launchtemplate:version"


def build_world(
    url: str, fleet: tuple[Sequence[GroupPlan], Builder], hosts: HostBook, *, seed: int, now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Create everything through the API of the server at ``url`` and write each host's database.

    Returns:
        Group name to its hosts in the order of the plan, as ``EmbeddedAws.groups`` describes.
    """
    _tell_versions_apart()
    session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)
    session.client("s3", endpoint_url=url).create_bucket(Bucket=BUCKET)
    ec2 = session.client("ec2", endpoint_url=url)
    scaling = session.client("autoscaling", endpoint_url=url)
    groups = {}
    plans, build = fleet
    for plan in plans:
        identities = _launch(ec2, scaling, plan, now)
        planted = []
        made = build(plan.name, identities, seed)
        alike = Counter(id(one.tables) for one in made)
        for host_plan, built in zip(plan.hosts, made, strict=True):
            identity = built.identity
            host = hosts.make(identity.instance_id, identity.hostname, identity.private_ip, identity.image_id)
            if alike[id(built.tables)] > 1:  # twins: their database is written once
                host.shared = host.folder.parent / f"{plan.name}-{list(alike).index(id(built.tables))}.db"
            if not host.database.exists():
                database.create(host.database, built.tables)
            hosts.change(identity.instance_id, dict(built.manner))
            described = {"manner": dict(built.manner), **asdict(identity)}
            described |= {name: getattr(host_plan, name) for name in ("oddity", "intrusion")}
            planted.append(described)
        groups[plan.name] = planted
    return groups


def zone_of(planned: str) -> str:
    """The zone of this region with the same letter as the planned one."""
    return REGION + planned[-1]


def _launch(ec2: Any, scaling: Any, plan: GroupPlan, now: datetime) -> list[Identity]:
    """Make a group the way a rolling deploy would: version after version, zone after zone."""
    template = _create_template(ec2, plan)
    subnets = {s["AvailabilityZone"]: s["SubnetId"] for s in ec2.describe_subnets()["Subnets"]}
    order = sorted(range(len(plan.hosts)), key=lambda at: _batch(plan.hosts[at]))
    launched = 0
    made: list[str] = []
    for (version, zone), batch in groupby(order, key=lambda at: _batch(plan.hosts[at])):
        launched += len(list(batch))
        ec2.modify_launch_template(LaunchTemplateName=template, DefaultVersion=str(version))
        wanted = {
            "AutoScalingGroupName": plan.name,
            "LaunchTemplate": {"LaunchTemplateName": template, "Version": str(version)},
            "VPCZoneIdentifier": subnets[zone],
            "MinSize": 0,
            "MaxSize": 2 * len(plan.hosts),
            "DesiredCapacity": launched,
        }
        (scaling.update_auto_scaling_group if made else scaling.create_auto_scaling_group)(**wanted)
        made += [i for i in _instances(scaling, plan.name) if i not in made]
    all_subnets = ",".join(subnets[zone] for zone in sorted({zone_of(host.zone) for host in plan.hosts}))
    scaling.update_auto_scaling_group(AutoScalingGroupName=plan.name, VPCZoneIdentifier=all_subnets)
    ids = dict(zip(order, made, strict=True))
    return [_settle(ids[at], host, now) for at, host in enumerate(plan.hosts)]


def _batch(host: HostPlan) -> tuple[int, str]:
    return int(host.template_version), zone_of(host.zone)


def _create_template(ec2: Any, plan: GroupPlan) -> str:
    """A launch template with every version up to the newest in use; versions between differ in nothing that matters."""
    name = f"{plan.name}-template"
    planned = {int(host.template_version): host for host in plan.hosts}
    for version in range(1, max(planned) + 1):
        host = planned.get(version, plan.hosts[0])
        data = {"ImageId": host.image_id, "InstanceType": host.instance_type}
        if version == 1:
            ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        else:
            ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData=data)
    return name


def _instances(scaling: Any, group: str) -> list[str]:
    answer = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[group])
    return [instance["InstanceId"] for instance in answer["AutoScalingGroups"][0]["Instances"]]


def _settle(instance_id: str, plan: HostPlan, now: datetime) -> Identity:
    """Date an instance back to its planned launch, and read what EC2 gave it."""
    instance = ec2_backends[ACCOUNT][REGION].get_instance(instance_id)
    launched = now - timedelta(seconds=plan.launched_s_ago)
    instance.launch_time = launched.astimezone(UTC).replace(tzinfo=None)  # moto keeps naive UTC
    return Identity(
        instance_id=instance_id,
        image_id=plan.image_id,
        launch_template_version=plan.template_version,
        launch_time=launched.strftime("%Y-%m-%dT%H:%M:%SZ"),
        availability_zone=str(instance.placement.zone),
        private_ip=str(instance.private_ip),
        hostname=str(instance.private_dns_name),
        instance_type=plan.instance_type,
    )


def _tell_versions_apart() -> None:
    """Let moto tell each instance's own template version; it tells the template's default for all of a group."""

    def launch_template(state: InstanceState) -> dict[str, Any] | None:
        template = state.auto_scaling_group.ec2_launch_template
        if template is None:
            return None
        tags = {tag["key"]: tag["value"] for tag in state.instance.get_tags()}
        version = tags.get(VERSION_TAG, str(template.default_version_number))
        return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": version}

    InstanceState.launch_template = property(launch_template)  # type: ignore[method-assign,assignment]
