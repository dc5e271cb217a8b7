"""The simulated fleet: what is planned, what is planted, and that honest hosts are honest."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import packs
from bot.collection import recorded
from bot.model import Compare
from bot.sandbox.fleet import (
    HOSTILE_NAME,
    GroupPlan,
    HostPlan,
    SimHost,
    answer,
    build,
    build_group,
    invent,
    plan,
    planted,
    record,
    write_database,
)
from bot.sandbox.fleet.draft import complete
from bot.sandbox.fleet.identity import MINER, OFFLINE, QUIET, SLOW, group_plan
from bot.sandbox.fleet.oddities import ODDITIES
from bot.sandbox.fleet.roles import ROLES
from bot.sandbox.fleet.schema import TABLES

PACK = packs.load(packs.DEFAULT)
ASKED = {"queries": [{"name": query.name, "sql": query.sql} for query in PACK.queries]}


@pytest.fixture(scope="module")
def web() -> list[SimHost]:
    return build("web-asg", invent(group_plan("web-asg")), 3)


@pytest.fixture(scope="module")
def web_answers(web: list[SimHost]) -> list[dict[str, Any]]:
    return [answer(host, ASKED) for host in web]


def test_the_plan_is_a_group_half_deployed_and_a_clean_one() -> None:
    """24 web hosts on two template versions with one offline, one slow, two compromised; 12 clean others."""
    first, second = plan()

    assert (first.name, first.size, second.name, second.size) == ("web-asg", 24, "api-asg", 12)
    assert {host.template_version for host in first.hosts} == {"12", "13"}
    assert [i for i, host in enumerate(first.hosts) if host.manner == {"ping": "ConnectionLost"}] == [OFFLINE]
    assert [i for i, host in enumerate(first.hosts) if host.manner == {"delay_s": 6}] == [SLOW]
    assert [i for i, host in enumerate(first.hosts) if host.intrusion] == [MINER, QUIET]
    assert not any(host.intrusion or host.manner for host in second.hosts)


def test_identities_are_invented_the_same_for_the_same_seed() -> None:
    """A recorded fleet can be made again; another seed gives other hosts; addresses are single."""
    group = group_plan("web-asg")

    once, again, other = invent(group, seed=1), invent(group, seed=1), invent(group, seed=2)

    assert once == again
    assert once != other
    assert len({identity.private_ip for identity in once}) == group.size
    assert all(identity.launch_time.endswith("Z") for identity in once)


def test_building_is_a_function_of_identities_and_seed(web: list[SimHost]) -> None:
    """The same arguments give the same tables, byte for byte; another seed gives others."""
    identities = invent(group_plan("web-asg"))

    assert build("web-asg", identities, 3) == web
    assert build("web-asg", identities, 4)[0].tables != web[0].tables


def test_every_row_has_osquerys_columns_as_text(web: list[SimHost]) -> None:
    """A simulated row is what osquery would print: each column of its table, each value text."""
    for host in web:
        assert host.tables.keys() == TABLES.keys()
        for name, rows in host.tables.items():
            for row in rows:
                assert row.keys() == TABLES[name].columns.keys()
                assert all(isinstance(value, str) for value in row.values())


def test_hosts_have_the_size_of_real_ones(web: list[SimHost]) -> None:
    """A host holds between one and three thousand rows, kernel threads among its processes."""
    for host in web:
        assert 1000 < sum(map(len, host.tables.values())) < 3000
        assert sum(row["parent"] == "2" for row in host.tables["processes"]) > 40


def test_a_pid_and_a_socket_belong_to_one_process(web: list[SimHost]) -> None:
    """Pids are single, and sockets, environments and mappings point to processes that are there."""
    for host in web:
        pids = [row["pid"] for row in host.tables["processes"]]

        assert len(pids) == len(set(pids))
        for table in ("listening_ports", "process_open_sockets", "process_envs", "process_memory_map"):
            assert {row["pid"] for row in host.tables[table]} <= set(pids)


def test_a_host_carries_its_own_identity(web: list[SimHost]) -> None:
    """What EC2 says of a host is what stands in its tables, and nowhere in those of another."""
    one, two = web[0], web[1]

    text = json.dumps(one.tables)

    for own, foreign in ((one.identity.private_ip, ""), (one.identity.instance_id, two.identity.instance_id)):
        assert own in text
        assert not foreign or foreign not in text


def test_what_is_planted_shows_in_the_answers(web: list[SimHost], web_answers: list[dict[str, Any]]) -> None:
    """Each planted fragment is part of a row of its query on its host, and on no other host."""
    assert set(planted("web-asg")) == {MINER, QUIET}
    assert planted("api-asg") == {}
    for index, fragments in planted("web-asg").items():
        for fragment in fragments:
            holders = [
                i
                for i, told in enumerate(web_answers)
                if any(fragment.row.items() <= row.items() for row in told["queries"][fragment.query])
            ]
            assert holders == [index], fragment


def test_the_hostile_name_is_kept_as_it_is(web: list[SimHost]) -> None:
    """The process whose name would ping and link is there, unchanged."""
    assert HOSTILE_NAME in {row["name"] for row in web[MINER].tables["processes"]}


def test_answers_have_no_errors(web_answers: list[dict[str, Any]]) -> None:
    """Every query of the pack runs on every host."""
    assert [told["errors"] for told in web_answers] == [{}] * 24


def test_clean_hosts_have_little_that_is_notable_by_itself(web_answers: list[dict[str, Any]]) -> None:
    """Where any row is notable, honest hosts have none but the daemon whose program was just updated."""
    suspicious = [query.name for query in PACK.queries if query.compare is Compare.EXPECT_EMPTY]

    notable = {
        (index, row["reason"])
        for index, told in enumerate(web_answers)
        if index not in (MINER, QUIET)
        for name in suspicious
        for row in told["queries"][name]
    }

    assert notable == {(21, "its program file was replaced")}


def test_a_deploy_shows_in_packages_units_and_hashes(web: list[SimHost]) -> None:
    """Hosts of the two template versions differ in the application as a deploy makes them differ."""
    old, new = web[0].tables, web[14].tables

    def version(tables: dict[str, list[dict[str, str]]]) -> list[str]:
        return [row["version"] for row in tables["deb_packages"] if row["name"] == "webapp"]

    def unit(tables: dict[str, list[dict[str, str]]]) -> set[str]:
        return {
            row["sha256"] for row in tables["hash"] if row["path"] == "/etc/systemd/system/webapp.service"
        }

    assert (version(old), version(new)) == (["4.17.2-1"], ["4.18.0-1"])
    assert unit(old).isdisjoint(unit(new))


def test_a_database_file_holds_all_tables(web: list[SimHost], tmp_path: Path) -> None:
    """The file has every table of osquery with its rows; an older file is replaced; empty numbers are NULL."""
    path = tmp_path / "host.db"
    path.write_bytes(b"something else")

    write_database(web[0], path)

    with closing(sqlite3.connect(path)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        processes = database.execute("SELECT COUNT(*) FROM processes").fetchone()
        blank = database.execute("SELECT COUNT(*) FROM users WHERE pid_with_namespace IS NULL").fetchone()
    assert tables == TABLES.keys()
    assert processes == (len(web[0].tables["processes"]),)
    assert blank == (len(web[0].tables["users"]),)


def test_a_recorded_fleet_is_read_by_the_offline_path(web: list[SimHost], tmp_path: Path) -> None:
    """Each host that answers has its file, the offline one has none, all are described."""
    record(web, "web-asg", tmp_path, ASKED)

    described = json.loads((tmp_path / "asg.json").read_text("utf-8"))
    files = {path.stem: path for path in (tmp_path / "hosts").iterdir()}
    snapshot = recorded.from_json(files[web[0].identity.instance_id].read_bytes())
    assert described["group"] == "web-asg"
    assert [each["instance_id"] for each in described["instances"]] == [
        host.identity.instance_id for host in web
    ]
    assert files.keys() == {host.identity.instance_id for i, host in enumerate(web) if i != OFFLINE}
    assert not snapshot.partial
    assert {told.query for told in snapshot.answers} == {query.name for query in PACK.queries}


def test_a_query_that_fails_is_recorded_as_an_error(web: list[SimHost]) -> None:
    """One failing query costs nothing but its own answer."""
    told = answer(
        web[0],
        {
            "queries": [
                {"name": "bad", "sql": "SELECT * FROM no_such"},
                {"name": "good", "sql": "SELECT NULL AS a"},
            ]
        },
    )

    assert told["errors"] == {"bad": "Error: no such table: no_such"}
    assert told["queries"] == {"good": [{"a": ""}]}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("oddity", ODDITIES)
def test_every_oddity_fits_every_kind_of_host(role: str, oddity: str) -> None:
    """Honest one-offs can be drawn for any group."""
    host = HostPlan("1", "ami-1", "eu-west-1b", "m6i.large", 86400, oddity=oddity)
    group = GroupPlan("g", role, (host, replace(host, oddity="")))

    odd, plain = build_group(group, invent(group))

    assert odd.tables != plain.tables
    assert answer(odd, ASKED)["errors"] == {}


def test_the_clock_of_the_hosts_can_be_given() -> None:
    """Hosts are looked at when the caller says, or a while after the last launch."""
    group = group_plan("api-asg")
    now = datetime(2026, 3, 3, 10, 20, tzinfo=UTC)

    hosts = build("api-asg", invent(group, now=now), now=now)

    assert {host.tables["time"][0]["unix_time"] for host in hosts} == {str(int(now.timestamp()))}


def test_wrong_use_is_refused() -> None:
    """An unknown group, a wrong number of identities, an unknown column: an error, not a wrong fleet."""
    with pytest.raises(KeyError):
        build("no-such-asg", [])
    with pytest.raises(ValueError, match="24 hosts, not 1"):
        build("web-asg", invent(group_plan("web-asg"))[:1])
    with pytest.raises(KeyError, match="processes has no column colour"):
        complete("processes", {"colour": "red"})
