"""Which hosts does a target mean, and which of them cannot answer? Asked of Auto Scaling, EC2 and SSM."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.adapters.aws_session import Aws, translated
from bot.errors import EmptyTarget, InventoryError, UnknownTarget
from bot.model import Asker, Group, Host, Missed, MissReason, Target, TargetKind

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef
    from mypy_boto3_ec2.type_defs import InstanceTypeDef
    from mypy_boto3_ssm.type_defs import InstanceInformationTypeDef

GROUP_TAG = "aws:autoscaling:groupName"
TEMPLATE_TAG = "aws:ec2launchtemplate:version"
IDS_PER_EC2_FILTER = 200
IDS_PER_SSM_FILTER = 50  # also the most results on a page
NAMES_SHOWN = 5
_GONE = ("shutting-down", "terminated")


class AwsInventory:
    """``ports.Inventory`` over one account and region."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``ports.Inventory``. What cannot answer is known before anything is sent."""
        with translated(InventoryError):
            match target.kind:
                case TargetKind.GROUP:
                    return self._group(target.names[0])
                case TargetKind.HOST:
                    return self._host(target.names[0])
                case TargetKind.HOSTS:
                    return self._hosts(target)

    def _group(self, name: str, *, also: Sequence[Host] = (), focus: str = "") -> Group:
        """Return a group by name; ``also`` are hosts that say they belong to it and are not listed."""
        page = self._aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        if not page["AutoScalingGroups"]:
            raise self._unknown_group(name)
        members = _members(page["AutoScalingGroups"][0])
        for host in also:
            members.setdefault(host.id, replace(host, lifecycle="Detached"))
        if not members:
            raise EmptyTarget(
                f"The auto scaling group {name} has no instances.", "Check its desired capacity."
            )
        return self._described(name, members, focus=focus)

    def _unknown_group(self, name: str) -> UnknownTarget:
        pages = self._aws.autoscaling.get_paginator("describe_auto_scaling_groups").paginate()
        names = [group["AutoScalingGroupName"] for page in pages for group in page["AutoScalingGroups"]]
        folded = {known.casefold(): known for known in names}
        near = [
            folded[k] for k in difflib.get_close_matches(name.casefold(), folded, n=NAMES_SHOWN, cutoff=0.6)
        ]
        near += [known for known in names if name.casefold() in known.casefold() and known not in near]
        where = f" in {self._aws.region}" if self._aws.region else ""
        if near:
            hint = f"Did you mean {', '.join(near[:NAMES_SHOWN])}?"
        elif names:
            more = ", …" if len(names) > NAMES_SHOWN else ""
            hint = f"There are {len(names)}: {', '.join(sorted(names)[:NAMES_SHOWN])}{more}."
        else:
            hint = "There is none at all: check region and account."
        return UnknownTarget(f"There is no auto scaling group {name}{where}.", hint)

    def _host(self, name: str) -> Group:
        """Return the group of one host, that host in focus; a host of no group stands alone."""
        found = self._instances([name])
        if not found:
            raise UnknownTarget(
                f"There is no instance {name}.",
                "Give an instance id or a private IP of this account and region.",
            )
        if len(found) > 1:
            raise UnknownTarget(
                f"{len(found)} instances have the address {name}.",
                f"Name one of them: {', '.join(sorted(found))}.",
            )
        host = _host(next(iter(found.values())))
        if host.group:
            return self._group(host.group, also=[host], focus=host.id)
        return self._described(host.id, {host.id: host}, focus=host.id)

    def _hosts(self, target: Target) -> Group:
        """Return the named hosts as one group; those that EC2 does not know are gone, unless it knows none."""
        found = self._instances(target.names)
        if not found:
            raise UnknownTarget(
                f"None of the {len(target.names)} hosts exists.", "Check the ids, the region and the account."
            )
        hosts = {id_: _host(instance) for id_, instance in found.items()}
        addresses = {host.private_ip for host in hosts.values()}
        hosts |= {name: Host(name) for name in target.names if name not in hosts and name not in addresses}
        return self._described(target.label, hosts)

    def _described(self, name: str, hosts: dict[str, Host], *, focus: str = "") -> Group:
        """Complete the hosts from EC2 and SSM, and part those that can be asked from those that cannot."""
        instances = self._instances(sorted(hosts))
        registered = self._registered(sorted(instances))
        known = [
            _host(instances[id_], hosts[id_]) if id_ in instances else hosts[id_] for id_ in sorted(hosts)
        ]
        missed = [
            miss
            for host in known
            if (miss := _obstacle(host, instances.get(host.id), registered.get(host.id)))
        ]
        absent = {miss.host for miss in missed}
        return Group(
            name, tuple(host for host in known if host.id not in absent), tuple(missed), tuple(known), focus
        )

    def _instances(self, names: Sequence[str]) -> dict[str, InstanceTypeDef]:
        """Return what EC2 knows of these ids and private IPs; a filter leaves out the unknown where ids would fail."""
        ids = [name for name in names if name.startswith(("i-", "mi-"))]
        addresses = [name for name in names if name not in set(ids)]
        found: dict[str, InstanceTypeDef] = {}
        pages = self._aws.ec2.get_paginator("describe_instances")
        for key, values in (("instance-id", ids), ("private-ip-address", addresses)):
            for some in _chunks(values, IDS_PER_EC2_FILTER):
                for page in pages.paginate(Filters=[{"Name": key, "Values": some}]):
                    for reservation in page["Reservations"]:
                        found |= {instance["InstanceId"]: instance for instance in reservation["Instances"]}
        return found

    def _registered(self, ids: Sequence[str]) -> dict[str, InstanceInformationTypeDef]:
        found: dict[str, InstanceInformationTypeDef] = {}
        pages = self._aws.ssm.get_paginator("describe_instance_information")
        for some in _chunks(ids, IDS_PER_SSM_FILTER):
            for page in pages.paginate(
                Filters=[{"Key": "InstanceIds", "Values": some}],
                PaginationConfig={"PageSize": IDS_PER_SSM_FILTER},
            ):
                found |= {item["InstanceId"]: item for item in page["InstanceInformationList"]}
        return found


def _members(group: AutoScalingGroupTypeDef) -> dict[str, Host]:
    return {
        item["InstanceId"]: Host(
            id=item["InstanceId"],
            group=group["AutoScalingGroupName"],
            zone=item.get("AvailabilityZone", ""),
            template_version=item.get("LaunchTemplate", {}).get("Version", "")
            or item.get("LaunchConfigurationName", ""),
            instance_type=item.get("InstanceType", ""),
            lifecycle=item["LifecycleState"],
        )
        for item in group["Instances"]
    }


def _host(instance: InstanceTypeDef, listed: Host | None = None) -> Host:
    """Return EC2's description, with what only the group's list knows (template version, lifecycle)."""
    tags = {tag.get("Key", ""): tag.get("Value", "") for tag in instance.get("Tags", [])}
    base = listed or Host(instance["InstanceId"])
    return replace(
        base,
        group=base.group or tags.get(GROUP_TAG, ""),
        private_ip=instance.get("PrivateIpAddress", ""),
        hostname=instance.get("PrivateDnsName", ""),
        zone=instance.get("Placement", {}).get("AvailabilityZone", "") or base.zone,
        image_id=instance.get("ImageId", ""),
        template_version=base.template_version or tags.get(TEMPLATE_TAG, ""),
        instance_type=instance.get("InstanceType", base.instance_type),
        launch_time=instance.get("LaunchTime"),
    )


def _obstacle(
    host: Host, instance: InstanceTypeDef | None, registered: InstanceInformationTypeDef | None
) -> Missed | None:
    """Return why the host cannot be asked, or None."""
    state = instance.get("State", {}).get("Name", "") if instance is not None else "unknown to EC2"
    if instance is None or state in _GONE:
        return Missed(host.id, MissReason.GONE, f"the instance is {state}")
    if host.lifecycle not in ("InService", "Detached"):
        return Missed(host.id, MissReason.NOT_IN_SERVICE, f"its lifecycle state is {host.lifecycle}")
    if state != "running":
        return Missed(host.id, MissReason.NOT_IN_SERVICE, f"the instance is {state}")
    if instance.get("Platform", "").casefold() == "windows":
        return Missed(host.id, MissReason.NOT_LINUX, "it runs Windows")
    if registered is None:
        return Missed(
            host.id, MissReason.NOT_REGISTERED, "SSM does not know it: no agent, no role, or too young"
        )
    if registered.get("PlatformType", "Linux") != "Linux":
        return Missed(host.id, MissReason.NOT_LINUX, f"it runs {registered['PlatformType']}")
    if registered.get("PingStatus") != "Online":
        heard = registered.get("LastPingDateTime")
        since = f", last heard of at {heard:%Y-%m-%d %H:%M} UTC" if heard else ""
        return Missed(
            host.id, MissReason.OFFLINE, f"its SSM agent is {registered.get('PingStatus', 'silent')}{since}"
        )
    return None


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (values[at : at + size] for at in range(0, len(values), size))
