"""How is a labelled change, malicious or benign, brought onto simulated hosts?

A scenario names the rows that it adds, changes, removes, copies or edits, with placeholders that are filled in for
each host. ``data/scenarios.json`` holds them; the tests prove that the pack shows each malicious one.
"""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from posixpath import basename, dirname
from typing import Any

from bot.sandbox.fleet.draft import Row, Tables, complete, digest
from bot.sandbox.fleet.hosts import SimHost
from bot.sandbox.fleet.identity import Identity
from bot.sandbox.fleet.schema import data

APPLICATIONS = ("gunicorn", "java", "postgres", "celery", "node_exporter")
"""Names of the process that is a host's work, the first that is there counts."""

FEW, MAJORITY = 0.1, 0.7
"""Shares of a group that the scopes ``few`` and ``majority`` mean."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)(\d*)(?::([^{}]*))?\}")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One labelled change.

    Attributes:
        kind: ``malicious`` or ``benign``.
        scope: On which hosts of a group: one, few (a tenth), half, majority (70 %), thirds (by zone), all, or
            all_distinct and few_distinct, where each host gets values of its own.
        expected: What a good report makes of it: finding, low, medium, suppress, context, cohort (told once, as a
            part of the group), or blind (nothing asked shows it).
        shown_by: Queries of the pack whose answers it changes.
        steps: ``{"op": add | change | remove | copy | replace, "table", …}``.
    """

    id: str
    title: str
    kind: str
    scope: str
    expected: str
    steps: tuple[Mapping[str, Any], ...]
    shown_by: tuple[str, ...] = ()
    technique: str = ""
    note: str = ""


@cache
def scenarios() -> tuple[Scenario, ...]:
    """Return the labelled scenarios, malicious ones first, in the order of their file."""
    return tuple(
        Scenario(**{**raw, "steps": tuple(raw["steps"]), "shown_by": tuple(raw["shown_by"])})
        for raw in data("scenarios")["scenarios"]
    )


def scenario(name: str) -> Scenario:
    """Return the scenario of that id; KeyError when there is none."""
    return {each.id: each for each in scenarios()}[name]


def in_scope(scope: str, count: int, rng: random.Random) -> list[int]:
    """Return the indexes of the hosts that a scope means, of ``count`` hosts; at least one, sorted."""
    share = {"one": 0.0, "few": FEW, "few_distinct": FEW, "half": 0.5, "majority": MAJORITY}.get(scope, 1.0)
    wanted = max(1, math.ceil(count * share)) if share else 1
    return sorted(rng.sample(range(count), min(wanted, count)))


def plant(hosts: Sequence[SimHost], what: Scenario, rng: random.Random) -> list[int]:
    """Bring a scenario onto a group, in place; return the indexes of the hosts that were really changed."""
    return [
        index
        for index in in_scope(what.scope, len(hosts), rng)
        if apply_scenario(hosts[index].tables, what, rng, hosts[index].identity)
    ]


def apply_scenario(tables: Tables, what: Scenario, rng: random.Random, identity: Identity) -> int:
    """Bring a scenario onto one host, in place; return how many rows were touched (0: it does not apply here).

    Placeholders: {ip} {hostname} {instance} of the host; {az} the number of its zone; {app} {app_uid} {app_user}
    {app_name} of the process that is its work; {cron} {sshd} pids; {pid1}, {pid2}, … pids of the scenario's own, the
    same wherever they stand; {gid:a,b} the first of these groups; {hash:x} the digest of x, the same on every host;
    {now}; and, drawn anew each time, {eph} {rand} {d} {randN} {hexN} {uuid} {pubip}.
    """
    fill = _Filling(tables, rng, identity)
    return sum(_step(tables, step, fill) for step in what.steps)


def _step(tables: Tables, step: Mapping[str, Any], fill: _Filling) -> int:
    rows = tables[step["table"]]
    if step["op"] == "add":
        rows.append(_usual(step["table"], {key: fill(value) for key, value in step["row"].items()}, fill))
        return 1
    where = {key: fill(value) for key, value in step["where"].items()}
    hit = [row for row in rows if all(row[key] == value for key, value in where.items())]
    if step["op"] == "change":
        for row in hit:
            row.update({key: fill(value) for key, value in step["row"].items()})
    elif step["op"] == "replace":
        hit = [row for row in hit if step["old"] in row[step["column"]]]
        for row in hit:
            row[step["column"]] = row[step["column"]].replace(step["old"], fill(step["new"]))
    elif step["op"] == "copy":
        hit = hit[-1:] * step["times"]
        rows.extend({**row, "pid": fill("{rand}")} for row in hit)
    elif step["op"] == "remove":
        rows[:] = [row for row in rows if not any(row is gone for gone in hit)]
    else:
        raise ValueError(f"unknown step {step['op']}")
    return len(hit)


def _usual(table: str, row: Row, fill: _Filling) -> Row:
    """Return the row with what osquery would always say beside what the scenario says."""
    usual: dict[str, object] = {}
    if table == "processes":
        uid = row.get("uid", "0")
        ids = dict.fromkeys(("uid", "gid", "euid", "egid", "suid", "sgid"), uid)
        usual = {
            "state": "S",
            "cwd": "/",
            "root": "/",
            "on_disk": 1,
            "parent": 1,
            "threads": 1,
            "nice": 0,
            **ids,
        }
        usual |= {"start_time": fill.now - 700, "resident_size": fill("{rand}"), "pgroup": row.get("pid", "")}
    elif table == "file":
        path = row["path"]
        usual = {"directory": dirname(path), "filename": basename(path), "uid": 0, "gid": row.get("uid", 0)}
        usual |= {"type": "regular", "symlink": 0, "hard_links": 1, "size": 640}
        usual |= dict.fromkeys(("mtime", "ctime", "atime", "btime"), fill.now - 650)
    elif table in ("hash", "extended_attributes"):
        usual = {"directory": dirname(row["path"])}
    elif table in ("process_open_sockets", "listening_ports"):
        usual = {"family": 2, "fd": 3, "socket": fill("{rand}"), "net_namespace": "4026531840"}
    elif table == "systemd_units":
        usual = {"load_state": "loaded", "job_id": 0, "job_path": "/"}
    return complete(table, {**usual, **row})


class _Filling:
    """Fills the placeholders of one scenario for one host."""

    def __init__(self, tables: Tables, rng: random.Random, identity: Identity) -> None:
        self._tables = tables
        self._rng = rng
        self.now = int(tables["time"][0]["unix_time"])
        self._own: dict[str, str] = {}
        self._app = next(
            row
            for name in APPLICATIONS
            for row in tables["processes"]
            if row["name"] == name and row["parent"] == "1"
        )
        users = {row["uid"]: row["username"] for row in tables["users"]}
        zone = "abcdef".index(identity.availability_zone[-1])
        self._known = {
            "ip": identity.private_ip,
            "hostname": identity.hostname,
            "instance": identity.instance_id,
            "az": str(16 * zone),
            "app": self._app["pid"],
            "app_uid": self._app["uid"],
            "app_user": users[self._app["uid"]],
            "app_name": self._app["name"],
            "cron": self._pid("cron", "crond"),
            "sshd": self._pid("sshd"),
            "now": str(self.now),
        }

    def __call__(self, text: str) -> str:
        return _PLACEHOLDER.sub(lambda match: self._value(match), text)

    def _pid(self, *names: str) -> str:
        return next(row["pid"] for row in self._tables["processes"] if row["name"] in names)

    def _value(self, match: re.Match[str]) -> str:
        name, number, detail = match.groups()
        if name in self._known:
            return self._known[name]
        if name == "pid":
            return self._own.setdefault(number, str(self._rng.randrange(400_000, 4_000_000)))
        if name == "gid":
            gids = {row["groupname"]: row["gid"] for row in self._tables["groups"]}
            return next(gids[group] for group in detail.split(",") if group in gids)
        if name == "hash":
            return digest(f"scenario {detail}")
        return self._drawn(name, int(number or 0))

    def _drawn(self, name: str, length: int) -> str:
        rng = self._rng
        if name == "hex":
            return f"{rng.getrandbits(4 * length):0{length}x}"
        if name == "rand" and length:
            return "".join(rng.choices(_LETTERS, k=length))
        return {
            "rand": lambda: str(rng.randrange(10_000, 4_000_000)),
            "eph": lambda: str(rng.randrange(32768, 61000)),
            "d": lambda: str(rng.randrange(10)),
            "uuid": lambda: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "pubip": lambda: f"198.51.100.{rng.randrange(1, 255)}",
        }[name]()
