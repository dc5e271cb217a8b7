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
    PREFIXED = "prefixed"  # ``prefix:text``: tag, stack, eks, or a kind that another package brings
    SEVERAL = "several"  # several of the above together


@dataclass(frozen=True, slots=True)
class Target:
    """What a person named.

    Attributes:
        names: One group name; the ids or IP of hosts; one ``prefix:text``; or, of several targets, each one's own word.
        accounts: Names of accounts as in the settings, ``own``, or ``all``; empty: the bot's own.
        regions: Region names, or ``all``; empty: the bot's own, in each account.
    """

    kind: TargetKind
    names: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The target in one short text; it is also the key of baselines and schedules."""
        return ",".join(self.names) + self.place_label

    @property
    def place_label(self) -> str:
        """The part of the label that says where: `` @ accounts/regions``; empty where no place was named.

        No name of a group holds a space, so that no label without a place reads like one with it.
        """
        where = "/".join(",".join(names) for names in (self.accounts, self.regions) if names)
        return f" @ {where}" if where else ""

    @property
    def prefix(self) -> str:
        """What stands before the colon of a prefixed target; empty for the other kinds."""
        return self.names[0].partition(":")[0] if self.kind is TargetKind.PREFIXED else ""


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
    account: str = ""  # its name in the settings; empty: the bot's own
    region: str = ""  # empty: the bot's own


class MissReason(StrEnum):
    """Why a host did not answer. The words a person reads are in ``views``."""

    OFFLINE = "offline"  # its SSM agent lost the connection
    NOT_REGISTERED = "not_registered"  # SSM does not know it: no agent, no role, or too young
    NOT_IN_SERVICE = "not_in_service"  # pending, terminating, standby
    WARM_POOL = "warm_pool"  # kept ready beside its group
    STOPPED = "stopped"  # stopping, stopped
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
