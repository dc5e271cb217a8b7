"""Which hosts does a target mean, and which of them cannot answer? Asked of Auto Scaling, EC2 and SSM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING

from bot.adapters.aws_calls import asking_for
from bot.adapters.aws_session import Aws, translated
from bot.adapters.aws_targets import RESOLVERS, Means, Resolver, near
from bot.errors import EmptyTarget, InventoryError, UnknownTarget
from bot.model import Asker, Group, Host, Missed, MissReason, Target, TargetKind
from bot.workflows import targets

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingInstanceDetailsTypeDef, InstanceTypeDef
    from mypy_boto3_ec2.type_defs import InstanceTypeDef as Ec2InstanceTypeDef
    from mypy_boto3_ssm.type_defs import InstanceInformationTypeDef

GROUP_TAG = "aws:autoscaling:groupName"
TEMPLATE_TAG = "aws:ec2launchtemplate:version"
IDS_PER_EC2_FILTER = 200
IDS_PER_SSM_FILTER = 50  # also the most results on a page
IDS_PER_SCALING_CALL = 50
NAMES_PER_CALL = 50  # the most groups on a page
_GONE = ("shutting-down", "terminated")


class AwsInventory:
    """``ports.Inventory`` over one account and region.

    Args:
        kinds: How the text after each prefix is resolved: Diffy's own kinds, and those of other packages.
    """

    def __init__(self, aws: Aws, kinds: Mapping[str, Resolver] = RESOLVERS) -> None:
        self._aws = aws
        self._kinds = kinds

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``ports.Inventory``. What cannot answer is known before anything is sent."""
        with translated(InventoryError), asking_for(asker):
            match target.kind:
                case TargetKind.GROUP:
                    return self._group(target.names[0])
                case TargetKind.HOST:
                    return self._host(target.names[0])
                case TargetKind.HOSTS:
                    return self._hosts(target)
                case TargetKind.PREFIXED | TargetKind.SEVERAL:
                    return self._union(target, asker)

    def _group(self, name: str, *, also: Sequence[Host] = (), focus: str = "") -> Group:
        """Return a group by name; ``also`` are hosts that say they belong to it and are not listed."""
        members = self._members([name])
        for host in also:
            members.setdefault(host.id, replace(host, lifecycle="Detached"))
        if not members:
            raise EmptyTarget(
                f"The auto scaling group {name} has no instances.", "Check its desired capacity."
            )
        return self._described(name, members, focus=focus)

    def _union(self, target: Target, asker: Asker) -> Group:
        """Return everything that the words name, each host once and with the group that lists it.

        Instances that a tag or a stack names are hosts of their groups, warm or in standby too; those that were named
        one by one are asked whatever their group says of them.
        """
        groups: list[str] = []
        found: list[str] = []
        typed: list[str] = []
        for part in map(targets.one, target.names):
            match part.kind:
                case TargetKind.GROUP:
                    groups.append(part.names[0])
                case TargetKind.PREFIXED:
                    means = self._means(part, asker)
                    groups += means.groups
                    found += means.hosts
                case _:
                    typed.append(part.names[0])
        hosts = self._named_one_by_one(typed)
        members = self._members(dict.fromkeys(groups)) if groups else {}
        loose = [id_ for id_ in dict.fromkeys(found) if id_ not in members and id_ not in hosts]
        members |= self._placed(loose) | hosts
        if not members:
            raise EmptyTarget(
                f"{target.label} has no instances.", "Check the desired capacity of its groups."
            )
        return self._described(target.label, members)

    def _means(self, part: Target, asker: Asker) -> Means:
        resolver = self._kinds.get(part.prefix)
        if resolver is None:
            raise UnknownTarget(
                f"Nothing here knows targets of the kind {part.prefix}:.",
                "Install the package that brings them, on the bot's machine.",
            )
        return resolver(self._aws, part.names[0].partition(":")[2], asker)

    def _named_one_by_one(self, names: Sequence[str]) -> dict[str, Host]:
        """Return ids and private IPs as hosts; one that EC2 does not know is kept, to be said to be gone."""
        found = {id_: _host(instance) for id_, instance in self._instances(names).items()} if names else {}
        addresses = {host.private_ip for host in found.values()}
        return found | {name: Host(name) for name in names if name not in found and name not in addresses}

    def _members(self, names: Iterable[str]) -> dict[str, Host]:
        """Return the hosts of these groups, those of their warm pools too; UnknownTarget for the first that is none."""
        wanted = list(names)
        members: dict[str, Host] = {}
        pages = self._aws.autoscaling.get_paginator("describe_auto_scaling_groups")
        unknown = dict.fromkeys(wanted)
        for some in _chunks(wanted, NAMES_PER_CALL):
            for page in pages.paginate(AutoScalingGroupNames=list(some)):
                for group in page["AutoScalingGroups"]:
                    name = group["AutoScalingGroupName"]
                    unknown.pop(name, None)
                    members |= {host.id: host for host in map(_listed, group["Instances"], repeat(name))}
                    if group.get("WarmPoolConfiguration") or group.get("WarmPoolSize"):
                        members = self._warm(name) | members
        for name in unknown:
            raise self._unknown_group(name)
        return members

    def _warm(self, group: str) -> dict[str, Host]:
        pages = self._aws.autoscaling.get_paginator("describe_warm_pool").paginate(AutoScalingGroupName=group)
        return {item["InstanceId"]: _listed(item, group) for page in pages for item in page["Instances"]}

    def _placed(self, ids: Sequence[str]) -> dict[str, Host]:
        """Return hosts by id, each with what its group says of it, if it has one."""
        placed = {id_: Host(id_) for id_ in ids}
        pages = self._aws.autoscaling.get_paginator("describe_auto_scaling_instances")
        for some in _chunks(ids, IDS_PER_SCALING_CALL):
            for page in pages.paginate(InstanceIds=list(some)):
                for item in page["AutoScalingInstances"]:
                    placed[item["InstanceId"]] = _listed(item, item["AutoScalingGroupName"])
        return placed

    def _unknown_group(self, name: str) -> UnknownTarget:
        pages = self._aws.autoscaling.get_paginator("describe_auto_scaling_groups").paginate()
        names = [group["AutoScalingGroupName"] for page in pages for group in page["AutoScalingGroups"]]
        where = f" in {self._aws.region}" if self._aws.region else ""
        return UnknownTarget(
            f"There is no auto scaling group {name}{where}.", near(name, names, kind="group")
        )

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
        hosts = self._named_one_by_one(target.names)
        if all(host == Host(name) for name, host in hosts.items()):
            raise UnknownTarget(
                f"None of the {len(target.names)} hosts exists.", "Check the ids, the region and the account."
            )
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

    def _instances(self, names: Sequence[str]) -> dict[str, Ec2InstanceTypeDef]:
        """Return what EC2 knows of these ids and private IPs; a filter leaves out the unknown where ids would fail."""
        ids = [name for name in names if name.startswith(("i-", "mi-"))]
        addresses = [name for name in names if name not in set(ids)]
        found: dict[str, Ec2InstanceTypeDef] = {}
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


def _listed(item: InstanceTypeDef | AutoScalingInstanceDetailsTypeDef, group: str) -> Host:
    """Return a host as its group lists it."""
    return Host(
        id=item["InstanceId"],
        group=group,
        zone=item.get("AvailabilityZone", ""),
        template_version=item.get("LaunchTemplate", {}).get("Version", "")
        or item.get("LaunchConfigurationName", ""),
        instance_type=item.get("InstanceType", ""),
        lifecycle=item["LifecycleState"],
    )


def _host(instance: Ec2InstanceTypeDef, listed: Host | None = None) -> Host:
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
    host: Host, instance: Ec2InstanceTypeDef | None, registered: InstanceInformationTypeDef | None
) -> Missed | None:
    """Return why the host cannot be asked, or None."""
    state = instance.get("State", {}).get("Name", "") if instance is not None else "unknown to EC2"
    if instance is None or state in _GONE:
        return Missed(host.id, MissReason.GONE, f"the instance is {state}")
    if host.lifecycle.startswith("Warmed:"):
        return Missed(host.id, MissReason.WARM_POOL, f"its lifecycle state is {host.lifecycle}")
    if host.lifecycle not in ("InService", "Detached"):
        return Missed(host.id, MissReason.NOT_IN_SERVICE, f"its lifecycle state is {host.lifecycle}")
    if state in ("stopping", "stopped"):
        return Missed(host.id, MissReason.STOPPED, f"the instance is {state}")
    if state != "running":
        return Missed(host.id, MissReason.NOT_IN_SERVICE, f"the instance is {state}")
    if instance.get("Platform", "").casefold() == "windows":
        return Missed(host.id, MissReason.NOT_LINUX, "it runs Windows")
    if registered is None:
        return Missed(host.id, MissReason.NOT_REGISTERED, "")
    if registered.get("PlatformType", "Linux") != "Linux":
        return Missed(host.id, MissReason.NOT_LINUX, f"it runs {registered['PlatformType']}")
    if registered.get("PingStatus") != "Online":
        heard = registered.get("LastPingDateTime")
        since = f"last heard of at {heard:%Y-%m-%d %H:%M} UTC" if heard else ""
        return Missed(host.id, MissReason.OFFLINE, since)  # the reason says the rest
    return None


def _chunks(values: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (values[at : at + size] for at in range(0, len(values), size))
