"""Which tables does each host of a group hold?"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from bot.sandbox.fleet.base import lay_collection
from bot.sandbox.fleet.draft import Draft, Tables
from bot.sandbox.fleet.identity import HOUR, GroupPlan, HostPlan, Identity, group_plan
from bot.sandbox.fleet.intrusions import INTRUSIONS, Planted
from bot.sandbox.fleet.memory import lay_memory
from bot.sandbox.fleet.oddities import ODDITIES
from bot.sandbox.fleet.roles import ROLES
from bot.sandbox.fleet.system import lay_system
from bot.sandbox.fleet.twins import lay_differences
from bot.sandbox.fleet.work.place import Place


@dataclass(frozen=True, slots=True)
class SimHost:
    """One simulated host: who it is, its osquery tables (all values text), how it behaves when asked."""

    identity: Identity
    tables: Tables
    manner: Mapping[str, object] = field(default_factory=dict)


def build(
    group_name: str, identities: Sequence[Identity], seed: int = 0, *, now: datetime | None = None
) -> list[SimHost]:
    """Return the hosts of a planned group, in the order of ``identities``; the same for the same arguments.

    Args:
        identities: One for each host of the plan, in its order, as EC2 gave them.
        now: When the hosts are looked at; by default a while after the last of them was launched.

    Raises:
        KeyError: No such group in ``identity.plan()``.
        ValueError: More or fewer identities than planned hosts.
    """
    return build_group(group_plan(group_name), identities, seed, now=now)


def build_group(
    group: GroupPlan, identities: Sequence[Identity], seed: int = 0, *, now: datetime | None = None
) -> list[SimHost]:
    """Return the hosts of any group plan; arguments and errors as in ``build``."""
    if len(identities) != group.size:
        raise ValueError(f"{group.name} has {group.size} hosts, not {len(identities)}")
    at = int((now or max(_launched(identity) for identity in identities)).timestamp()) + (0 if now else HOUR)
    newest = max(int(identity.launch_template_version) for identity in identities)
    hosts = []
    for identity, wanted in zip(identities, group.hosts, strict=True):
        peers = tuple(other.private_ip for other in identities if other is not identity)
        place = Place(int(identity.launch_template_version) == newest, peers)
        hosts.append(SimHost(identity, _tables(group.role, identity, wanted, place, seed, at), wanted.manner))
    return hosts


def planted(group_name: str) -> dict[int, tuple[Planted, ...]]:
    """Return what was planted in a group: host index to fragments of the rows that show it, sharpest first."""
    return {
        index: INTRUSIONS[host.intrusion].planted
        for index, host in enumerate(group_plan(group_name).hosts)
        if host.intrusion
    }


def _tables(
    role_name: str, identity: Identity, wanted: HostPlan, place: Place, seed: int, now: int
) -> Tables:
    role = ROLES[role_name]
    rng = random.Random(f"{seed} {identity.instance_id}")
    booted = int(_launched(identity).timestamp()) + rng.randrange(11, 30)
    draft = Draft(
        identity,
        rng,
        booted=booted,
        now=max(now, booted + 300),
        image=f"{role.system} {wanted.template_version}",
    )
    lay_system(draft, role.system)
    role.lay_work(draft, place)
    lay_differences(draft)
    if wanted.oddity:
        ODDITIES[wanted.oddity](draft)
    if wanted.intrusion:
        INTRUSIONS[wanted.intrusion].commit(draft)
    return finish(draft)


def finish(draft: Draft) -> Tables:
    """Return the tables of a host on which everything was laid: asked by its agent, rows in the order of chance."""
    draft.settle()
    lay_collection(draft)
    lay_memory(draft)
    for rows in draft.tables.values():
        draft.rng.shuffle(rows)
    return draft.tables


def _launched(identity: Identity) -> datetime:
    return datetime.strptime(identity.launch_time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
