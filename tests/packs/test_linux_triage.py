"""The default pack: its SQL runs wherever it must, and its rows are facts that healthy twins share."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from bot.model import Compare, Cost, Query
from bot.sandbox.fleet import GroupPlan, HostPlan, SimHost, build_group, invent
from bot.sandbox.fleet.database import in_memory
from bot.sandbox.fleet.roles import ROLES
from bot.sandbox.fleet.schema import TABLES
from tests.packs.asking import ask, clean, clean_answers, compared, pack, with_rows

NAMES = [query.name for query in pack().queries]
BUILT_IN = {"coalesce", "min", "max", "count", "substr", "lower"}
NEVER_COMPARED = {
    "pid",
    "parent",
    "start_time",
    "size",
    "mtime",
    "instances",
    "time",
    "last_time",
    "packets",
    "bytes",
}


def query_named(name: str) -> Query:
    return pack().query(name)


def columns_of(query: Query) -> list[str]:
    with closing(in_memory(clean("web"))) as database:
        return [column[0] for column in database.execute(query.sql).description]


@pytest.mark.parametrize("name", NAMES)
def test_columns_are_named_once_and_key_and_ignore_are_among_them(name: str) -> None:
    """A query's key and ignored columns are columns that it returns, and something is left to compare."""
    query = query_named(name)
    columns = columns_of(query)

    assert len(columns) == len(set(columns))
    assert {*query.key, *query.ignore} <= set(columns)
    assert set(columns) - set(query.ignore)


@pytest.mark.parametrize("name", NAMES)
def test_only_functions_of_plain_sqlite_are_used(name: str) -> None:
    """A query runs on recorded tables in plain SQLite, without osquery's own functions."""
    words = {word.lower() for word in re.findall(r"\b(\w+)\(", query_named(name).sql)}

    assert words <= BUILT_IN | {"in"}


@pytest.mark.parametrize("name", NAMES)
def test_what_the_kernel_hands_out_is_never_compared(name: str) -> None:
    """Pids, times, sizes and counters are shown at most: twins differ in them."""
    query = query_named(name)
    if query.compare is Compare.CONTEXT:
        return

    assert not (set(columns_of(query)) - set(query.ignore)) & NEVER_COMPARED


@pytest.mark.parametrize("name", NAMES)
def test_the_answer_does_not_hang_on_column_types(name: str) -> None:
    """Recorded tables may hold text only: the rows are the same as with osquery's own types."""
    host, query = clean("container"), query_named(name)
    with closing(sqlite3.connect(":memory:")) as database:
        for table, about in TABLES.items():
            database.execute(
                f'CREATE TABLE "{table}" ({", ".join(f"{chr(34)}{c}{chr(34)} TEXT" for c in about.columns)})'
            )
            marks = ", ".join("?" * len(about.columns))
            rows = [[row[c] for c in about.columns] for row in host.tables[table]]
            database.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)
        cursor = database.execute(query.sql)
        columns = [column[0] for column in cursor.description]
        got = [{c: "" if v is None else str(v) for c, v in zip(columns, row, strict=True)} for row in cursor]

    assert compared(query, got) == compared(query, clean_answers("container")[name])


@pytest.mark.parametrize("role", ROLES)
def test_rows_stay_far_below_their_cap_on_every_kind_of_host(role: str) -> None:
    """An honest host never reaches a query's cap, and answers about a thousand rows in all."""
    answers = clean_answers(role)

    assert all(len(answers[query.name]) * 4 <= query.max_rows for query in pack().queries)
    assert 900 < sum(map(len, answers.values())) < 2000


def test_rows_are_distinct_facts() -> None:
    """A query never says the same thing twice of one host."""
    answers = clean_answers("web")

    for query in pack().queries:
        assert len(compared(query, answers[query.name])) == len(answers[query.name]), query.name


def test_honest_twins_agree_on_nearly_everything() -> None:
    """Of the facts of two hosts of one image in one zone, few are on one of them only."""
    plan = HostPlan("1", "ami-1", "eu-west-1a", "m6i.large", 9 * 86400)
    group = GroupPlan("two-asg", "web", (plan, plan))
    one, two = (ask(host) for host in build_group(group, invent(group)))

    alone = sum(
        len(compared(q, one[q.name]) ^ compared(q, two[q.name]))
        for q in pack().queries
        if q.compare is not Compare.CONTEXT
    )

    assert alone < 60


def test_cheap_questions_come_first_and_slow_ones_have_time() -> None:
    """The cost says how long a query may take."""
    for query in pack().queries:
        assert query.timeout_s <= 90
        assert query.timeout_s >= (40 if query.cost is Cost.SLOW else 10)


def test_a_file_without_a_hash_still_shows() -> None:
    """Hashing fails for big or unreadable files: such a file is told all the same."""
    bare = {"path": "/etc/ld.so.preload", "type": "regular", "mode": "0644", "uid": "0"}

    rows = ask(with_rows("web", file=[bare]), [query_named("ld_so_files")])["ld_so_files"]

    assert [row["sha256"] for row in rows if row["path"] == "/etc/ld.so.preload"] == [""]


def test_a_process_without_a_path_shows_and_a_kernel_thread_does_not() -> None:
    """Malware dresses as a kernel thread: only children of kthreadd without path and command line are left out."""
    dressed = {
        "pid": "777",
        "name": "kworker/0:9",
        "path": "",
        "cmdline": "",
        "parent": "1",
        "uid": "0",
        "on_disk": "-1",
    }
    asked = [query_named("processes"), query_named("odd_processes")]

    rows = ask(with_rows("web", processes=[dressed]), asked)["processes"]

    assert [row["name"] for row in rows if row["path"] == ""] == ["kworker/0:9"]


def test_a_socket_of_a_hidden_process_shows() -> None:
    """A rootkit hides the process, not the socket: it is told without one."""
    socket = {
        "pid": "-1",
        "protocol": "6",
        "local_port": "40350",
        "remote_address": "198.51.100.70",
        "remote_port": "8443",
    }
    door = {"pid": "4242", "port": "31337", "protocol": "6", "address": "0.0.0.0"}
    host = with_rows("web", process_open_sockets=[socket], listening_ports=[door])

    answers = ask(host, [query_named("outbound_sockets"), query_named("listening_ports")])

    assert [r["process_name"] for r in answers["outbound_sockets"] if r["owner"] == "no process"] == [""]
    assert [r["process_name"] for r in answers["listening_ports"] if r["port"] == "31337"] == [""]


def test_programs_of_containers_are_not_called_deleted() -> None:
    """The host has no file for a program of a container: it runs, and is not notable by itself."""
    answers = clean_answers("container")

    assert "/app/shop" in {row["path"] for row in answers["processes"] if row["on_disk"] == "0"}
    assert answers["odd_processes"] == []


def test_loopback_listeners_are_told() -> None:
    """Proxies and tunnels end on 127.0.0.1: it is never left out."""
    rows = clean_answers("web")["listening_ports"]

    assert ("8000", "127.0.0.1") in {(row["port"], row["address"]) for row in rows}


def test_a_second_account_with_uid_0_does_not_rename_every_process() -> None:
    """One added account is one changed answer, not a hundred."""
    second = {"uid": "0", "gid": "0", "username": "zroot", "directory": "/root", "shell": "/bin/bash"}

    rows = ask(with_rows("web", users=[second]), [query_named("processes")])["processes"]

    assert compared(query_named("processes"), rows) == compared(
        query_named("processes"), clean_answers("web")["processes"]
    )


def test_environments_are_read_by_name_only() -> None:
    """Environments hold passwords: only the listed variables are ever collected."""
    rows = clean_answers("web")["process_env"]

    assert "DATABASE_URL" in {row["key"] for row in clean("web").tables["process_envs"]}
    assert rows == []


def test_a_program_newer_than_the_last_package_is_told() -> None:
    """By the time of its last change, which cannot be set back; what the image or a package brought is not told."""
    asked = [query_named("unpackaged_programs")]
    now = int(clean("web").tables["time"][0]["unix_time"])
    dropped = {
        "path": "/usr/sbin/crondr",
        "type": "regular",
        "mode": "0755",
        "uid": "0",
        "mtime": "1600000000",
    }

    late = ask(with_rows("web", file=[{**dropped, "ctime": str(now - 600)}]), asked)["unpackaged_programs"]
    early = ask(with_rows("web", file=[{**dropped, "ctime": "1600000000"}]), asked)["unpackaged_programs"]

    assert [(row["path"], row["brought_by"]) for row in late] == [("/usr/sbin/crondr", "no package")]
    assert early == []


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_honest_host_has_programs_that_no_package_brought(role: str) -> None:
    """Neither as it was launched, nor after an unattended upgrade."""
    plan = HostPlan("1", "ami-1", "eu-west-1a", "m6i.large", 9 * 86400, oddity="package_upgrade")
    group = GroupPlan("one-asg", role, (plan, plan))
    upgraded = build_group(group, invent(group))[0]
    asked = [query_named("unpackaged_programs")]

    assert ask(clean(role), asked)["unpackaged_programs"] == []
    assert ask(upgraded, asked)["unpackaged_programs"] == []


def test_without_a_package_manager_nothing_is_claimed() -> None:
    """Where no record of packages is found there is nothing to be newer than."""
    host = with_rows("web", file=[{"path": "/usr/sbin/crondr", "type": "regular", "ctime": "1900000000"}])
    tables = {
        **host.tables,
        "file": [row for row in host.tables["file"] if row["path"] != "/var/lib/dpkg/status"],
    }

    rows = ask(SimHost(host.identity, tables), [query_named("unpackaged_programs")])["unpackaged_programs"]

    assert len(tables["file"]) == len(host.tables["file"]) - 1
    assert rows == []
