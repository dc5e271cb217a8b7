"""Which simulated groups are there, of what hosts, and how does each host behave when asked?"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

HOUR = 3600
DAY = 24 * HOUR


@dataclass(frozen=True, slots=True)
class Identity:
    """A host as EC2 knows it. ``launch_time`` is ISO 8601 in UTC with a Z."""

    instance_id: str
    image_id: str
    launch_template_version: str
    launch_time: str
    availability_zone: str
    private_ip: str
    hostname: str
    instance_type: str


@dataclass(frozen=True, slots=True)
class HostPlan:
    """What is wanted of one host before EC2 gives it an id.

    Attributes:
        launched_s_ago: Seconds between its launch and the moment it is looked at.
        manner: How it behaves when asked: ``{}`` answers at once, ``{"ping": "ConnectionLost"}`` is offline,
            ``{"delay_s": 6}`` answers late.
        oddity: Name of the honest one-off that it shows, or empty (``oddities.ODDITIES``).
        intrusion: Name of what was done to it, or empty (``intrusions.INTRUSIONS``).
    """

    template_version: str
    image_id: str
    zone: str
    instance_type: str
    launched_s_ago: int
    manner: Mapping[str, object] = field(default_factory=dict)
    oddity: str = ""
    intrusion: str = ""


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A simulated auto scaling group. ``role`` names what its hosts do (``roles.ROLES``)."""

    name: str
    role: str
    hosts: tuple[HostPlan, ...]

    @property
    def size(self) -> int:
        """How many hosts it has."""
        return len(self.hosts)


ZONES = ("eu-west-1a", "eu-west-1b", "eu-west-1c")
DEBIAN_OLD, DEBIAN_NEW = "ami-0d1f6b2a7c4e85d01", "ami-0d1f6b2a7c4e85d02"
AMAZON = "ami-0a2023c1b5d7e9f03"
OFFLINE, SLOW, MINER, QUIET = 16, 5, 9, 19
"""Indexes in ``web-asg`` of the host that is offline, the slow one, and the two that are compromised."""

_WEB_MANNERS: Mapping[int, Mapping[str, object]] = {OFFLINE: {"ping": "ConnectionLost"}, SLOW: {"delay_s": 6}}
_WEB_ODDITIES = {2: "admin_session", 4: "log_rotation", 7: "canary", 12: "backup", 21: "package_upgrade"}


def plan() -> tuple[GroupPlan, ...]:
    """Return the groups of the embedded AWS: ``web-asg`` in the middle of a deploy, and ``api-asg``, clean."""
    return (_web(), _api())


def group_plan(name: str) -> GroupPlan:
    """Return the planned group of that name; KeyError when there is none."""
    return {group.name: group for group in plan()}[name]


def _web() -> GroupPlan:
    old = [_web_host(index, "12", DEBIAN_OLD, 19 * DAY + index * 1370) for index in range(14)]
    new = [_web_host(index, "13", DEBIAN_NEW, 9 * HOUR - (index - 14) * 830) for index in range(14, 24)]
    return GroupPlan("web-asg", "web", (*old, *new))


def _web_host(index: int, version: str, image: str, age_s: int) -> HostPlan:
    return HostPlan(
        template_version=version,
        image_id=image,
        zone=ZONES[index % 3],
        instance_type="m6i.large",
        launched_s_ago=age_s,
        manner=_WEB_MANNERS.get(index, {}),
        oddity=_WEB_ODDITIES.get(index, ""),
        intrusion={MINER: "miner", QUIET: "quiet"}.get(index, ""),
    )


def _api() -> GroupPlan:
    return GroupPlan(
        "api-asg",
        "jvm",
        tuple(
            HostPlan("7", AMAZON, ZONES[index % 3], "c6i.xlarge", 33 * DAY + index * 911, oddity=oddity)
            for index, oddity in enumerate(["", "", "", "log_rotation", *[""] * 8])
        ),
    )


def invent(group: GroupPlan, *, seed: int = 0, now: datetime | None = None) -> list[Identity]:
    """Return identities as EC2 could have given them, in the order of the plan, the same for the same seed.

    For recorded fleets and tests; the embedded AWS takes the identities that its own EC2 gave instead.
    """
    at = now or datetime(2026, 3, 3, 10, 20, tzinfo=UTC)
    rng = random.Random(f"{group.name} {seed}")
    taken: set[str] = set()
    identities = []
    for host in group.hosts:
        subnet = 16 * ZONES.index(host.zone)
        ip = ""
        while not ip or ip in taken:
            ip = f"10.20.{subnet + rng.randrange(16)}.{rng.randrange(5, 250)}"
        taken.add(ip)
        identities.append(
            Identity(
                instance_id=f"i-0{rng.getrandbits(64):016x}",
                image_id=host.image_id,
                launch_template_version=host.template_version,
                launch_time=(at - timedelta(seconds=host.launched_s_ago)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                availability_zone=host.zone,
                private_ip=ip,
                hostname=f"ip-{ip.replace('.', '-')}.eu-west-1.compute.internal",
                instance_type=host.instance_type,
            )
        )
    return identities
