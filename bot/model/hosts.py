"""What can be asked: targets, hosts, groups, and hosts that could not answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TargetKind(StrEnum):
    """What a person named."""

    GROUP = "group"  # an auto scaling group
    HOSTS = "hosts"  # several instance ids
    HOST = "host"  # one instance id or private IP: this host against its own group


@dataclass(frozen=True, slots=True)
class Target:
    """What a person named, as typed. ``names`` holds one group name, or the ids or IP of hosts."""

    kind: TargetKind
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        """The target in one short text; it is also the key of baselines and schedules."""
        return ",".join(self.names)


@dataclass(frozen=True, slots=True)
class Host:
    """One machine, as the cloud describes it (a host cannot forge this). Unknown text is empty."""

    id: str
    group: str = ""
    private_ip: str = ""
    hostname: str = ""
    zone: str = ""
    image_id: str = ""
    template_version: str = ""
    instance_type: str = ""
    launch_time: datetime | None = None
    lifecycle: str = "InService"


class MissReason(StrEnum):
    """Why a host did not answer. The words a person reads are in ``views``."""

    OFFLINE = "offline"  # its SSM agent lost the connection
    NOT_REGISTERED = "not_registered"  # SSM does not know it: no agent, no role, or too young
    NOT_IN_SERVICE = "not_in_service"  # pending, terminating, standby, warm pool
    NOT_LINUX = "not_linux"
    GONE = "gone"  # terminated or unknown to EC2
    ACCESS_DENIED = "access_denied"
    UNDELIVERABLE = "undeliverable"
    DELIVERY_TIMED_OUT = "delivery_timed_out"
    EXECUTION_TIMED_OUT = "execution_timed_out"
    SCRIPT_FAILED = "script_failed"
    NO_OSQUERY = "no_osquery"
    EMPTY_OUTPUT = "empty_output"
    CUT_OUTPUT = "cut_output"
    MALFORMED_OUTPUT = "malformed_output"
    DEADLINE = "deadline"  # our own deadline passed first
    CANCELLED = "cancelled"  # a person cancelled, or finished early
    NOT_RECORDED = "not_recorded"  # named in asg.json, no file beside it


@dataclass(frozen=True, slots=True)
class Missed:
    """A host that could not answer, and why. ``detail`` may be host text: hostile."""

    host: str
    reason: MissReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """A resolved target: the hosts to ask, and those known beforehand not to answer.

    ``hosts`` and ``missed`` are disjoint and sorted by host id. ``known`` describes every targeted host,
    those of ``missed`` too. ``focus`` is set when one host was named: it is shown first.
    """

    name: str
    hosts: tuple[Host, ...]
    missed: tuple[Missed, ...] = ()
    known: tuple[Host, ...] = ()
    focus: str = ""
