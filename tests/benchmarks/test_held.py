"""Attacks, one-offs and kinds of group, those to look at and those held out, are what they say: visible, honest rows, on hosts that answer."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest

from benchmarks import fleets, held, known
from benchmarks.attacks import Host
from bot.model import Compare
from bot.sandbox.fleet import SimHost
from bot.sandbox.fleet.draft import Tables
from bot.sandbox.fleet.schema import TABLES
from tests.packs.asking import Rows, ask, clean, compared, pack

ATTACKS, ONE_OFFS = (*known.ATTACKS, *held.ATTACKS), (*known.ONE_OFFS, *held.ONE_OFFS)
KINDS = {**known.KINDS, **held.KINDS}
UNSEEN_SHARE = 0.1
WORDS = {query.name: set(re.findall(r"\w+", query.sql)) & TABLES.keys() for query in pack().queries}
"""Which tables each query reads."""


@cache
def a_host(kind: str) -> SimHost:
    """Return a host of a held-out kind, or of one of the sandbox's; never change it."""
    return KINDS[kind](2, 5, random.Random(5))[0] if kind in KINDS else clean(kind)


def done_to(host: SimHost, act: Callable[[Host], None]) -> Tables:
    """Return the tables that differ after something was done to the host, whole."""
    tables = {name: [dict(row) for row in rows] for name, rows in host.tables.items()}
    act(Host(tables))
    return {name: rows for name, rows in tables.items() if rows != host.tables[name]}


@cache
def answers(kind: str) -> dict[str, Rows]:
    """Return what that host answers before anything is done to it."""
    return ask(a_host(kind))


def is_shown(kind: str, attack: Callable[[Host], None]) -> bool:
    """Whether any compared answer differs afterwards; only queries that read a changed table are asked."""
    host, after = a_host(kind), done_to(a_host(kind), attack)
    asked = [
        query
        for query in pack().queries
        if WORDS[query.name] & after.keys() and query.compare is not Compare.CONTEXT
    ]
    if not asked:
        return False
    read: set[str] = set().union(*(WORDS[query.name] for query in asked))
    now = ask(SimHost(host.identity, {name: after.get(name, host.tables[name]) for name in read}), asked)
    return any(
        compared(query, answers(kind)[query.name]) != compared(query, now[query.name]) for query in asked
    )


def by_chance(one_off: Callable[[Host, random.Random], None]) -> Callable[[Host], None]:
    """Return the one-off with chance drawn for it."""
    return lambda host: one_off(host, random.Random(9))


@pytest.mark.parametrize("kind", KINDS)
def test_hosts_of_each_kind_answer_the_whole_pack(kind: str) -> None:
    """The groups have their size and order, single pids, osquery's columns, and no query fails on them."""
    hosts = KINDS[kind](3, 2, random.Random(1))

    launched = [host.identity.launch_time for host in hosts]
    pids = [row["pid"] for row in hosts[0].tables["processes"]]
    assert len(hosts) == 3
    assert launched == sorted(launched)
    assert len(pids) == len(set(pids))
    assert all(
        row.keys() == TABLES[name].columns.keys() for name, rows in hosts[0].tables.items() for row in rows
    )
    assert all(ask(hosts[0])[name] for name in ("processes", "listening_ports", "systemd_units", "users"))


@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_a_host_fit_together(kind: str) -> None:
    """Each socket is of a process or of the kernel, each process has a parent that is no younger, none is of the future."""
    for host in KINDS[kind](4, 6, random.Random(6)):
        now = int(host.tables["time"][0]["unix_time"])
        started = {row["pid"]: int(row["start_time"]) for row in host.tables["processes"]}
        owners = {
            row["pid"] for name in ("listening_ports", "process_open_sockets") for row in host.tables[name]
        }

        assert owners <= started.keys() | {"-1"}
        for row in host.tables["processes"]:
            assert started.get(row["parent"], 0) <= int(row["start_time"]) <= now
            assert row["parent"] == "0" or row["parent"] in started


@pytest.mark.parametrize("population", [fleets.seen(), fleets.held()], ids=("seen", "held"))
def test_each_kind_can_be_drawn_alone(population: fleets.Population | None) -> None:
    """A group may be one host, whatever its kind, and that host may show any of the one-offs."""
    assert population
    for kind, build in population.kinds.items():
        hosts, _ = build(kind, 1, 0, population.first + 1, random.Random(1), 0.0)

        assert len(hosts) == 1
        for one_off in population.one_offs.values():
            tables = {name: [dict(row) for row in rows] for name, rows in hosts[0].tables.items()}
            one_off(SimHost(hosts[0].identity, tables), random.Random(9))


def test_some_groups_have_hosts_of_several_sizes() -> None:
    """Where several instance types are named the first is the usual one; cores and memory are those of the type."""
    hosts = KINDS["php"](40, 3, random.Random(3))

    types = Counter(host.identity.instance_type for host in hosts)
    cores = {
        (host.identity.instance_type, host.tables["system_info"][0]["cpu_logical_cores"]) for host in hosts
    }
    assert types.most_common(1)[0][0] == "m6i.large"
    assert len(types) == len(cores) == 3
    assert {host.identity.instance_type for host in KINDS["cache"](9, 3, random.Random(3))} == {"m6i.xlarge"}


def test_the_same_seed_gives_the_same_group() -> None:
    """A trial can be drawn again; another seed gives another group."""
    once, again, other = (KINDS["cache"](2, seed, random.Random(seed)) for seed in (4, 4, 5))

    assert once == again
    assert once != other


def test_nearly_every_attack_changes_an_answer() -> None:
    """Each attack changes tables; fewer than a tenth change nothing that the pack asks, on either system."""
    unseen = 0
    for attack in ATTACKS:
        unseen += not (is_shown("cache", attack) or is_shown("jvm", attack))

    assert len(ATTACKS) >= 40
    assert len({attack.__name__ for attack in ATTACKS}) == len(ATTACKS)
    assert unseen / len(ATTACKS) < UNSEEN_SHARE


@pytest.mark.parametrize("number", range(len(ATTACKS) + len(ONE_OFFS)))
def test_what_is_done_fits_any_kind(number: int) -> None:
    """Attacks and one-offs can be done to any host, in rows as osquery has them, with pids that stay single."""
    kinds = (*KINDS, "web", "jvm", "database", "container", "batch")
    host = a_host(random.Random(number).choice(kinds))

    after = done_to(host, (*ATTACKS, *map(by_chance, ONE_OFFS))[number])

    assert after
    assert all(row.keys() == TABLES[name].columns.keys() for name, rows in after.items() for row in rows)
    assert all(isinstance(value, str) for rows in after.values() for row in rows for value in row.values())
    pids = [row["pid"] for row in after.get("processes", ())]
    assert len(pids) == len(set(pids))
    accounts = [row["username"] for row in after.get("users", ())]
    assert len(accounts) == len(set(accounts))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_done_leaves_rows_that_fit_together(kind: str) -> None:
    """What was started has a parent that is no younger, and sockets are of a process or of the kernel."""
    host = a_host(kind)
    before = {row["pid"] for row in host.tables["processes"]}
    now = int(host.tables["time"][0]["unix_time"])
    for act in (*ATTACKS, *map(by_chance, ONE_OFFS)):
        tables = {**host.tables, **done_to(host, act)}
        started = {row["pid"]: int(row["start_time"]) for row in tables["processes"]}
        owners = {row["pid"] for name in ("listening_ports", "process_open_sockets") for row in tables[name]}

        assert owners <= started.keys() | {"-1"}
        assert all(
            row["parent"] in started and started[row["parent"]] <= int(row["start_time"]) <= now
            for row in tables["processes"]
            if row["pid"] not in before
        )


def test_attacks_say_what_they_resemble() -> None:
    """Each attack names its ATT&CK technique, each one-off says what happened."""
    assert all(re.match(r"T\d{4}", attack.__doc__ or "") for attack in ATTACKS)
    assert all(one_off.__doc__ for one_off in ONE_OFFS)
    assert len(ONE_OFFS) >= 120
    assert len({one_off.__name__ for one_off in ONE_OFFS}) == len(ONE_OFFS)
