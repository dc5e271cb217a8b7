"""Labelled scenarios: how they are brought onto hosts."""

from __future__ import annotations

import copy
import random
import re

import pytest

from bot.sandbox.fleet import GroupPlan, HostPlan, SimHost, build_group, invent
from bot.sandbox.fleet.roles import ROLES
from bot.sandbox.fleet.scenarios import Scenario, apply_scenario, in_scope, plant, scenario, scenarios


def group(count: int = 10, role: str = "web") -> list[SimHost]:
    plan = GroupPlan("g", role, (HostPlan("1", "ami-1", "eu-west-1a", "m6i.large", 9 * 86400),) * count)
    return build_group(plan, invent(plan))


def made(*steps: dict[str, object], scope: str = "one") -> Scenario:
    return Scenario("own", "A change", "benign", scope, "low", steps)


def test_ids_are_single_and_labels_are_of_the_known_kinds() -> None:
    """What measures detection relies on these words."""
    every = scenarios()

    assert len({each.id for each in every}) == len(every)
    assert {each.kind for each in every} == {"malicious", "benign"}
    assert {each.expected for each in every} <= {
        "finding",
        "low",
        "medium",
        "suppress",
        "context",
        "cohort",
        "blind",
    }
    assert all(each.technique for each in every if each.kind == "malicious")
    assert sum(each.kind == "malicious" for each in every) >= 40


@pytest.mark.parametrize(
    ("scope", "hosts"),
    [
        ("one", 1),
        ("few", 1),
        ("few_distinct", 1),
        ("half", 5),
        ("majority", 7),
        ("all", 10),
        ("all_distinct", 10),
        ("thirds", 10),
    ],
)
def test_a_scope_means_so_many_hosts(scope: str, hosts: int) -> None:
    """The scopes are shares of the group, at least one host."""
    assert len(in_scope(scope, 10, random.Random(1))) == hosts
    assert len(in_scope(scope, 1, random.Random(1))) == 1


@pytest.mark.parametrize("role", ROLES)
def test_every_placeholder_is_filled_on_every_kind_of_host(role: str) -> None:
    """No host ever says {ip} or {pid1}."""
    host = group(1, role)[0]
    before = re.findall(r"\{[a-z_]+\d*(?::[^{}]*)?\}", str(host.tables))
    for each in scenarios():
        apply_scenario(host.tables, each, random.Random(each.id), host.identity)

    left = re.findall(r"'[^']*\{[a-z_]+\d*(?::[^{} ']*)?\}[^']*'", str(host.tables))
    assert before == []
    assert left == []


def test_values_of_a_shared_scenario_are_the_same_on_all_its_hosts() -> None:
    """A rogue service on most of a group is one service."""
    hosts = group()

    touched = plant(hosts, scenario("majority_service"), random.Random(5))

    rows = {
        row["path"]
        for index in touched
        for row in hosts[index].tables["processes"]
        if row["name"] == "net-sync"
    }
    assert len(touched) == 7
    assert rows == {"/usr/local/bin/net-sync"}


def test_values_of_a_distinct_scenario_differ_on_each_host() -> None:
    """A file that holds the host's own name has another hash everywhere."""
    hosts = group()

    plant(hosts, scenario("forwarding_config"), random.Random(5))

    assert len({host.tables["hash"][-1]["sha256"] for host in hosts}) == 10


def test_planting_tells_which_hosts_were_really_changed() -> None:
    """A scenario that finds nothing to change touches no host."""
    hosts = group(3)
    nothing = made(
        {"op": "change", "table": "users", "where": {"username": "no-such"}, "row": {"shell": "/bin/sh"}},
        scope="all",
    )

    assert plant(hosts, nothing, random.Random(1)) == []


def test_the_same_chance_gives_the_same_change() -> None:
    """A trial can be repeated."""
    host = group(1)[0]
    one, two = copy.deepcopy(host.tables), copy.deepcopy(host.tables)

    for tables in (one, two):
        apply_scenario(tables, scenario("reverse_shell"), random.Random(9), host.identity)

    assert one == two != host.tables


def test_own_pids_are_shared_between_the_steps_of_a_scenario() -> None:
    """The socket of a planted process belongs to it, and its parent is the application."""
    host = group(1)[0]

    apply_scenario(host.tables, scenario("reverse_shell"), random.Random(9), host.identity)

    shell = host.tables["processes"][-1]
    parent = next(row for row in host.tables["processes"] if row["pid"] == shell["parent"])
    assert host.tables["process_open_sockets"][-1]["pid"] == shell["pid"]
    assert parent["name"] == "gunicorn"


def test_each_kind_of_step_changes_what_it_says() -> None:
    """Rows are removed, copied, edited and changed; an unknown step is an error."""
    host = group(1)[0]
    table = host.tables["processes"]
    count = len(table)

    removed = apply_scenario(host.tables, scenario("audit_masked"), random.Random(1), host.identity)
    copied = apply_scenario(host.tables, scenario("more_workers"), random.Random(1), host.identity)

    assert removed == 2
    assert copied == 2
    assert len(table) == count + 1
    assert "auditd" not in {row["name"] for row in table}
    with pytest.raises(ValueError, match="unknown step melt"):
        apply_scenario(
            host.tables, made({"op": "melt", "table": "users", "where": {}}), random.Random(1), host.identity
        )
