"""Which other kinds of group are there, and how is one built? Each with its own work, agents, ports and noise."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial

from benchmarks.known import (
    work_bastion,
    work_compute,
    work_gateway,
    work_kubernetes,
    work_mail,
    work_php,
    work_runner,
    work_search,
    work_stores,
)
from bot.sandbox.fleet import GroupPlan, HostPlan, Identity, SimHost, invent
from bot.sandbox.fleet.draft import Draft, Tables
from bot.sandbox.fleet.hosts import finish
from bot.sandbox.fleet.system import lay_system
from bot.sandbox.fleet.twins import lay_differences
from bot.sandbox.fleet.work.place import Place

NOW = datetime(2026, 3, 3, 10, 20, tzinfo=UTC)
OLD, NEW = "31", "32"
DAY_S = 86_400
USUAL_TYPE = ("m6i.xlarge",)

Kind = Callable[[int, int, random.Random], list[SimHost]]
Work = Callable[[Draft, Place], None]


def build(
    name: str, system: str, lay_work: Work, size: int, seed: int, rng: random.Random, *, types: tuple[str, ...] = USUAL_TYPE
) -> list[SimHost]:  # fmt: skip
    """Return a group of ``size`` hosts, oldest first; in half of the draws the last third has a newer template.

    ``types`` are the instance types that it takes, the wanted one first: of several, every fourth host or so got another.
    """
    newer = size // 3 if rng.random() < 0.5 else 0
    age_s = rng.choice((2, 19, 55)) * DAY_S
    plans = tuple(_plan(index, index >= size - newer, age_s, _type(types, rng)) for index in range(size))
    group = GroupPlan(f"held-{name}", name, plans)
    identities = invent(group, seed=seed, now=NOW)
    newest = NEW if newer else OLD
    hosts = []
    for identity in identities:
        peers = tuple(other.private_ip for other in identities if other is not identity)
        place = Place(identity.launch_template_version == newest, peers)
        chance = random.Random(f"{name} {seed} {rng.random()} {identity.instance_id}")
        hosts.append(SimHost(identity, _tables(system, lay_work, identity, place, chance)))
    return hosts


def _type(types: tuple[str, ...], rng: random.Random) -> str:
    return rng.choice(types[1:]) if len(types) > 1 and rng.random() < 0.25 else types[0]


def _plan(index: int, newer: bool, age_s: int, instance_type: str) -> HostPlan:
    return HostPlan(
        template_version=NEW if newer else OLD,
        image_id="ami-0b7e11aa20c3d4e02" if newer else "ami-0b7e11aa20c3d4e01",
        zone=f"eu-west-1{'abc'[index % 3]}",
        instance_type=instance_type,
        launched_s_ago=DAY_S // 3 + (90 - index % 90) * 60 if newer else age_s + (400 - index % 400) * 911,
    )


def _tables(system: str, lay_work: Work, identity: Identity, place: Place, rng: random.Random) -> Tables:
    launched = datetime.fromisoformat(identity.launch_time)
    draft = Draft(
        identity, rng, booted=int(launched.timestamp()) + rng.randrange(11, 30), now=int(NOW.timestamp()),
        image=f"{system} {identity.launch_template_version}",
    )  # fmt: skip
    lay_system(draft, system)
    lay_work(draft, place)
    lay_differences(draft)
    return finish(draft)


KINDS: Mapping[str, Kind] = {
    "broker": partial(build, "broker", "amazon", work_stores.lay_broker),
    "cache": partial(build, "cache", "debian", work_stores.lay_cache),
    "relay": partial(build, "relay", "debian", work_mail.lay_relay, types=("c6i.large", "c6a.xlarge")),
    "compute": partial(
        build, "compute", "amazon", work_compute.lay_compute, types=("c6i.8xlarge", "c6a.12xlarge")
    ),
    "php": partial(
        build, "php", "debian", work_php.lay_php, types=("m6i.large", "m6i.xlarge", "c6i.2xlarge")
    ),
    "gateway": partial(
        build, "gateway", "debian", work_gateway.lay_gateway, types=("c6i.2xlarge", "c6i.large")
    ),
    "kubernetes": partial(
        build,
        "kubernetes",
        "amazon",
        work_kubernetes.lay_kubernetes,
        types=("m6i.xlarge", "m6a.xlarge", "r6i.xlarge"),
    ),
    "runner": partial(build, "runner", "debian", work_runner.lay_runner, types=("m6i.xlarge", "c6i.2xlarge")),
    "bastion": partial(
        build, "bastion", "debian", work_bastion.lay_bastion, types=("m6i.large", "m6i.xlarge")
    ),
    "search": partial(build, "search", "debian", work_search.lay_search, types=("r6i.xlarge", "i4i.xlarge")),
}
"""Kinds of group by name: size, seed, chance -> hosts."""
