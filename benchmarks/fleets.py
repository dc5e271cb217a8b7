"""Which groups of hosts are drawn, what is planted into them, and by which rows does it show?

A population is what trials are drawn from: attacks, kinds of group, honest one-offs and a range of seeds. The attacks
seen while tuning are the sandbox's labelled scenarios on one host and those of ``attacks`` and ``known``. What is kept
away is written by somebody who tunes nothing (``held``), and has seeds of its own.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from itertools import zip_longest
from typing import Any

from benchmarks import attacks, known
from benchmarks.known import Kind
from benchmarks.references import Fact, Numbers, Said, said_by
from bot.analysis import Fold
from bot.collection import recorded
from bot.model import Host, Pack, Snapshot
from bot.sandbox.fleet import GroupPlan, HostPlan, SimHost, answer, build_group, invent
from bot.sandbox.fleet.oddities import ODDITIES
from bot.sandbox.fleet.scenarios import Scenario, apply_scenario, scenarios

NOW = datetime(2026, 3, 3, 10, 20, tzinfo=UTC)
DAY_S = 86_400
KINDS = ("web", "jvm", "database", "container", "batch")
BASELINE = 5  # snapshots of it at most: hosts of another draw of the same group, launched before the deploy
ODD_SHARE = 0.3  # of the hosts that show an honest oddity of the sandbox's
ONE_OFF_SHARE = 0.15  # of the hosts that show an honest one-off of the population's
DEBIAN_ONLY = frozenset({"backup"})
HELD_FROM = 1_000_000  # groups from this number on are drawn for what is kept away only
SEEN, HELD = "seen while tuning", "kept away"

Plant = Callable[[SimHost, random.Random], None]
Build = Callable[[str, int, int, int, random.Random, float], tuple[list[SimHost], dict[int, str]]]


@dataclass(frozen=True, slots=True)
class Population:
    """What trials are drawn from.

    Attributes:
        attacks: By name; each changes the tables of one host in place.
        kinds: By name: (kind, hosts, how many of the newer template, seed, rng, share of hosts that show an honest
            oddity) to hosts, and by place the name of the one-off that a host shows.
        one_offs: Honest changes of single hosts, by name.
        first: The number of its first group.
    """

    name: str
    attacks: Mapping[str, Plant]
    kinds: Mapping[str, Build]
    one_offs: Mapping[str, Plant]
    first: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """One clean group, folded: the places of its snapshots and of its baseline's in the fold, what each host said.

    Attributes:
        odd: By place the name of the honest one-off that a host shows. Others are broken into, as long as there are
            any: a compromised host is not to be found by its one-off.
    """

    hosts: Sequence[SimHost]
    odd: Mapping[int, str]
    fold: Fold
    numbers: Numbers
    group: tuple[int, ...]
    baseline: tuple[int, ...]
    said: tuple[Said, ...]
    normal: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Planting:
    """A group with something planted: the snapshots that count now, and which rows each victim has or lacks by it.

    Attributes:
        group: Numbers in the fold.
        said: By place in the group.
        added: For each victim's place the facts that are new on it.
        gone: For each victim's place the facts that most other hosts have and it lost.
    """

    group: tuple[int, ...]
    said: tuple[Said, ...]
    added: Mapping[int, tuple[int, ...]]
    gone: Mapping[int, tuple[int, ...]]

    @property
    def planted(self) -> int:
        """How many rows show the attack."""
        return sum(map(len, self.added.values())) + sum(map(len, self.gone.values()))


def seen() -> Population:
    """Return what whoever sets the weights may look at."""
    plants: dict[str, Plant] = {f"scenario {each.id}": _scenario(each) for each in _PLANNED}
    plants |= {each.__name__: _attack(each) for each in (*attacks.ATTACKS, *known.ATTACKS)}
    one_offs: dict[str, Plant] = {each.id: _scenario(each) for each in _ONE_OFFS}
    one_offs |= {each.__name__: _one_off(each) for each in known.ONE_OFFS}
    return Population(SEEN, plants, _kinds(known.KINDS, one_offs), one_offs)


def held() -> Population | None:
    """Return what is kept away; None where it is not there."""
    try:
        module: Any = import_module("benchmarks.held")
    except ModuleNotFoundError:
        return None
    plants = {f"held {index}": _attack(each) for index, each in enumerate(module.ATTACKS)}
    one_offs = {f"held {index}": _one_off(each) for index, each in enumerate(module.ONE_OFFS)}
    return Population(HELD, plants, _kinds(module.KINDS, one_offs), one_offs, HELD_FROM)


def _kinds(more: Mapping[str, Kind], one_offs: Mapping[str, Plant]) -> dict[str, Build]:
    """Return the sandbox's five kinds and ``more``, in turn, so that few groups are of both."""
    every: dict[str, Build] = dict.fromkeys(KINDS, build)
    every |= {name: _other_kind(each, one_offs) for name, each in more.items()}
    in_turn = [name for pair in zip_longest(KINDS, more) for name in pair if name]
    return {name: every[name] for name in in_turn}


def draw(
    population: Population, kind: str, size: int, number: int, pack: Pack, oddness: float = 1.0
) -> Drawn:
    """Return the clean group of that number: the same for the same arguments.

    Args:
        oddness: How many hosts show something honest of their own, as a multiple of the usual two shares.
    """
    rng = random.Random(f"{kind} {size} {number}")
    newer = rng.choice((0, size // 3, size // 2)) if size > 3 else 0
    make = population.kinds[kind]
    hosts, odd = make(kind, size, newer, number, rng, oddness * ODD_SHARE)
    before = make(kind, BASELINE + 3, 0, 10_000_000 + number, rng, oddness * ODD_SHARE)[0][
        :BASELINE
    ]  # no newer ones: they come last
    odd |= _show(hosts, population.one_offs, oddness * ONE_OFF_SHARE, rng)
    _show(before, population.one_offs, oddness * ONE_OFF_SHARE, rng)
    fold, numbers = Fold(), Numbers()
    places, said = zip(*(_fold(fold, numbers, host, pack) for host in hosts), strict=True)
    normal_places, normal = zip(*(_fold(fold, numbers, host, pack) for host in before), strict=True)
    return Drawn(hosts, odd, fold, numbers, places, normal_places, said, normal)


def victims(drawn: Drawn, count: int, rng: random.Random) -> list[int]:
    """Return the places of ``count`` hosts to break into: those without an honest one-off first, as long as there are any."""
    plain = [place for place in range(len(drawn.hosts)) if place not in drawn.odd]
    chosen = rng.sample(plain, min(count, len(plain)))
    return sorted(chosen + rng.sample(sorted(drawn.odd), count - len(chosen)))


def plant(drawn: Drawn, attack: Plant, places: Iterable[int], rng: random.Random, pack: Pack) -> Planting:
    """Return the group with the attack on its hosts of these places. Only the victims are asked and folded anew."""
    group, said = list(drawn.group), list(drawn.said)
    added: dict[int, tuple[int, ...]] = {}
    gone: dict[int, tuple[int, ...]] = {}
    for place in places:
        host = drawn.hosts[place]
        tables = {name: [dict(row) for row in rows] for name, rows in host.tables.items()}
        broken_into = replace(host, tables=tables)
        attack(broken_into, rng)
        group[place], said[place] = _fold(drawn.fold, drawn.numbers, broken_into, pack)
        others = [*drawn.said[:place], *drawn.said[place + 1 :], *drawn.normal]
        added[place], gone[place] = differences(
            drawn.said[place], said[place], others, drawn.numbers.named, pack
        )
    return Planting(tuple(group), tuple(said), added, gone)


def differences(
    before: Said, after: Said, others: Sequence[Said], named: Sequence[Fact], pack: Pack
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the facts that an attack added, and those that it took away.

    A fact that was replaced (the same key with another value; another row in a query without a key) counts once, as
    added. One that was taken away counts when most ``others`` have it: else nobody could miss it.
    """
    added = after.facts - before.facts
    keys = {_key(named[fact], pack) for fact in added}
    lost = [fact for fact in before.facts - after.facts if _key(named[fact], pack) not in keys]
    common = Counter(fact for fact in lost for other in others if fact in other.facts)
    return tuple(sorted(added)), tuple(sorted(fact for fact in lost if 2 * common[fact] > len(others)))


def build(
    kind: str, size: int, newer: int, seed: int, rng: random.Random, share: float
) -> tuple[list[SimHost], dict[int, str]]:
    """Return ``size`` hosts of one of the sandbox's five kinds, the last ``newer`` of the next template, in the middle of a deploy."""
    suited = sorted(set(ODDITIES) - (DEBIAN_ONLY if kind in ("jvm", "container") else set()))
    plans = tuple(
        HostPlan(
            template_version="13" if index >= size - newer else "12",
            image_id="ami-0d1f6b2a7c4e85d02" if index >= size - newer else "ami-0d1f6b2a7c4e85d01",
            zone=f"eu-west-1{'abc'[index % 3]}",
            instance_type="m6i.large",
            launched_s_ago=(1 if index >= size - newer else 19) * DAY_S + index * 700,
            oddity=rng.choice(suited) if rng.random() < share else "",
        )
        for index in range(size)
    )
    group = GroupPlan("bench", kind, plans)
    hosts = build_group(group, invent(group, seed=seed, now=NOW), seed, now=NOW)
    for host in hosts:
        for each in _EVERYWHERE:
            apply_scenario(host.tables, each, rng, host.identity)
    return hosts, {place: plan.oddity for place, plan in enumerate(plans) if plan.oddity}


def snapshot_of(host: SimHost, pack: Pack) -> Snapshot:
    """Return what the host answers to the pack."""
    asked: dict[str, Any] = {"queries": [{"name": query.name, "sql": query.sql} for query in pack.queries]}
    about = Host(
        id=host.identity.instance_id,
        group="bench",
        private_ip=host.identity.private_ip,
        hostname=host.identity.hostname,
        zone=host.identity.availability_zone,
        image_id=host.identity.image_id,
        template_version=host.identity.launch_template_version,
        instance_type=host.identity.instance_type,
        launch_time=datetime.fromisoformat(host.identity.launch_time),
    )
    return replace(recorded.from_json(json.dumps(answer(host, asked)).encode(), about=about), taken_at=NOW)


def _fold(fold: Fold, numbers: Numbers, host: SimHost, pack: Pack) -> tuple[int, Said]:
    snapshot = snapshot_of(host, pack)
    return fold.add(snapshot), said_by(snapshot, pack, numbers)


def _key(fact: Fact, pack: Pack) -> tuple[str, ...]:
    query, row = fact
    return (query, *(value for column, value in row if column in pack.query(query).key))


def _scenario(what: Scenario) -> Plant:
    def change(host: SimHost, rng: random.Random) -> None:
        apply_scenario(host.tables, what, rng, host.identity)

    return change


def _attack(what: Callable[[attacks.Host], None]) -> Plant:
    def change(host: SimHost, _: random.Random) -> None:
        what(attacks.Host(host.tables))

    return change


def _one_off(what: Callable[[attacks.Host, random.Random], None]) -> Plant:
    def change(host: SimHost, rng: random.Random) -> None:
        what(attacks.Host(host.tables), rng)

    return change


def _other_kind(what: Kind, one_offs: Mapping[str, Plant]) -> Build:
    """Return the builder in the shape of the others. It decides itself how many of its last third are newer.

    Its hosts have none of the sandbox's oddities; as many of them show a one-off instead.
    """

    def make(
        kind: str, size: int, newer: int, seed: int, rng: random.Random, share: float
    ) -> tuple[list[SimHost], dict[int, str]]:
        hosts = what(size, seed, rng)
        return hosts, _show(hosts, one_offs, share, rng)

    return make


def _show(
    hosts: Sequence[SimHost], one_offs: Mapping[str, Plant], share: float, rng: random.Random
) -> dict[int, str]:
    """Let a share of the hosts show a one-off each; return its name by place."""
    shown: dict[int, str] = {}
    for place, host in enumerate(hosts):
        if rng.random() < share:
            shown[place] = rng.choice(sorted(one_offs))
            one_offs[shown[place]](host, rng)
    return shown


_PLANNED = tuple(s for s in scenarios() if s.kind == "malicious" and s.scope == "one")
_ONE_OFFS = tuple(
    s for s in scenarios() if s.kind == "benign" and s.scope in ("one", "few") and s.expected != "cohort"
)
_EVERYWHERE = tuple(s for s in scenarios() if s.kind == "benign" and s.scope == "all_distinct")
