"""One simulated host of each kind, and what the default pack gets from it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache

from bot import packs
from bot.model import Pack, Query
from bot.sandbox.fleet import GroupPlan, HostPlan, SimHost, build_group, invent
from bot.sandbox.fleet.recording import answer
from bot.sandbox.fleet.scenarios import Scenario, apply_scenario
from bot.sandbox.osqueryi.tokens import names

Rows = list[dict[str, str]]


@cache
def pack() -> Pack:
    """Return the default pack."""
    return packs.load(packs.DEFAULT)


@cache
def clean(role: str) -> SimHost:
    """Return a clean host of that kind; never change it."""
    plan = HostPlan("1", "ami-1", "eu-west-1a", "m6i.large", 9 * 86400)
    group = GroupPlan("one-asg", role, (plan, plan))
    return build_group(group, invent(group))[0]


def ask(host: SimHost, queries: Iterable[Query] | None = None) -> dict[str, Rows]:
    """Return the rows of each query; fails on any error."""
    asked = {
        "queries": [{"name": q.name, "sql": q.sql} for q in (pack().queries if queries is None else queries)]
    }
    told = answer(host, asked)

    assert told["errors"] == {}

    rows: dict[str, Rows] = told["queries"]
    return rows


@cache
def tables_of(query: Query) -> frozenset[str]:
    """Return the words of a query, its tables among them."""
    return names(query.sql)


@cache
def clean_answers(role: str) -> dict[str, Rows]:
    """Return what a clean host of that kind answers."""
    return ask(clean(role))


def after(what: Scenario, role: str) -> tuple[int, SimHost]:
    """Return how many rows a scenario touches on a clean host of that kind, and the host afterwards."""
    host = clean(role)
    tables = {name: [dict(row) for row in rows] for name, rows in host.tables.items()}
    touched = apply_scenario(tables, what, random.Random(7), host.identity)
    return touched, SimHost(host.identity, tables)


def with_rows(role: str, **rows: Rows) -> SimHost:
    """Return a clean host of that kind with rows added to tables."""
    host = clean(role)
    tables = {name: [*had, *rows.get(name, [])] for name, had in host.tables.items()}
    return SimHost(host.identity, tables)


def compared(query: Query, rows: Rows) -> set[tuple[tuple[str, str], ...]]:
    """Return the rows as they are compared: without the columns that the query ignores."""
    return {tuple(sorted((k, v) for k, v in row.items() if k not in query.ignore)) for row in rows}
