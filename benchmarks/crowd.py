"""Where do thousands of believable recorded hosts come from? A few simulated ones, written down again and again.

Each host repeats one of the sandbox's web servers, padded to a number of rows with further packages. A given share of
its rows is its own, as process ids, times, ports, temporary names and command lines are: rows that differ between the
simulated hosts by nature, with new numbers in them. A few hosts keep the sandbox's honest oddities; one is broken into.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.attacks import Host, reverse_shell
from bot.sandbox.fleet import GroupPlan, HostPlan, SimHost, answer, build_group, invent
from bot.sandbox.fleet.oddities import ODDITIES

MODELS = 24
EPHEMERAL = 32_768
PEERS = 40  # hosts that one talks with
ROWS = 2_000
_NUMBER = re.compile(r"\d{3,}")
_KEPT = frozenset({"mode", "uid", "gid", "directory", "sha256"})
_Row = dict[str, str]


class Crowd:
    """Hosts by number, the same for the same arguments.

    Args:
        queries: What each host is asked: name to SQL.
        own_share: The share of a host's rows that no other host has, 0 to 1.
    """

    def __init__(self, queries: dict[str, str], own_share: float, *, now: Any, rows: int = ROWS) -> None:
        self._own = round(own_share * rows)
        rng = random.Random("crowd")
        suited = sorted(ODDITIES)
        plans = tuple(
            HostPlan(
                template_version="13" if index % 4 == 3 else "12",
                image_id=f"ami-0d1f6b2a7c4e85d0{2 if index % 4 == 3 else 1}",
                zone=f"eu-west-1{'abc'[index % 3]}",
                instance_type="m6i.large",
                launched_s_ago=(1 if index % 4 == 3 else 19) * 86_400 + index * 700,
                oddity=rng.choice(suited) if index % 8 == 7 else "",
            )
            for index in range(MODELS)
        )
        group = GroupPlan("crowd", "web", plans)
        hosts = build_group(group, invent(group, seed=7, now=now), 7, now=now)
        asked = {"queries": [{"name": name, "sql": sql} for name, sql in queries.items()]}
        self._about = [host.identity for host in hosts]
        self._models = [_asked(host, asked) for host in hosts]
        reverse_shell(Host(hosts[0].tables))
        self._broken_into = _asked(hosts[0], asked)
        texts = Counter(text for model in self._models for text in _texts(model))
        self._alone = {text for text, count in texts.items() if count == 1}
        said = sum(len(given) for given in self._models[0].values())
        self._padding = [_package(place) for place in range(max(0, rows - said))]

    def write(self, folder: Path, count: int) -> None:
        """Write ``count`` hosts and their group's description below ``folder``, as ``diffy analyze --recorded`` reads it."""
        (folder / "hosts").mkdir(parents=True)
        instances = []
        for number in range(count):
            identity = self._about[number % MODELS]
            instances.append(
                {
                    "instance_id": _id(number),
                    "image_id": identity.image_id,
                    "launch_template_version": identity.launch_template_version,
                    "launch_time": identity.launch_time,
                    "availability_zone": identity.availability_zone,
                    "private_ip": _ip(number),
                    "hostname": "ip-" + _ip(number).replace(".", "-"),
                    "instance_type": identity.instance_type,
                }
            )
            (folder / "hosts" / f"{_id(number)}.json").write_bytes(self.host(number))
        (folder / "asg.json").write_text(json.dumps({"group": "crowd", "instances": instances}), "utf-8")

    def host(self, number: int) -> bytes:
        """Return what host ``number`` answered, as JSON."""
        rng = random.Random(number)
        model = self._broken_into if number == 0 else self._models[number % MODELS]
        usual = self._models[0]
        identity, ip = self._about[number % MODELS], _ip(number)
        names = {identity.instance_id: _id(number), identity.private_ip: ip}
        names[identity.private_ip.replace(".", "-")] = ip.replace(".", "-")
        own = [
            (name, place)
            for name, rows in model.items()
            for place, row in enumerate(rows)
            if json.dumps(row) in self._alone
        ]
        renewed = set(random.Random("own").sample(own, min(self._own, len(own))))
        said: dict[str, list[_Row]] = {}
        for name, rows in model.items():
            said[name] = []
            for place, row in enumerate(rows):
                if (name, place) in renewed:
                    said[name].append(_renewed(row, names, rng))
                elif json.dumps(row) not in self._alone:
                    said[name].append(row)
                elif place < len(usual.get(name, ())):
                    said[name].append(usual[name][place])
        running = [row for row in said["processes"] if row.get("path")]
        for _ in range(self._own - len(renewed)):  # more workers of the same programs
            said["processes"].append({**rng.choice(running), "pid": str(rng.randrange(10**6, 10**9))})
        said["deb_packages"].extend(self._padding)
        return json.dumps(
            {
                "host": _id(number),
                "queries": said,
                "osquery_version": "5.12.1",
                "taken_at": "2026-03-03T10:20:00Z",
            },
            separators=(",", ":"),
        ).encode()


def _id(number: int) -> str:
    return f"i-0{number * 2654435761 % 2**64:016x}"


def _ip(number: int) -> str:
    return f"10.{20 + number // 62_500}.{number // 250 % 250}.{number % 250 + 4}"


def _asked(host: SimHost, asked: dict[str, Any]) -> dict[str, list[_Row]]:
    given: dict[str, list[_Row]] = json.loads(json.dumps(answer(host, asked)))["queries"]
    return given


def _texts(model: dict[str, list[_Row]]) -> Iterator[str]:
    for rows in model.values():
        yield from map(json.dumps, rows)


def _renewed(row: _Row, names: dict[str, str], rng: random.Random) -> _Row:
    """Return the row as another host would say it: its own names in it, and other long numbers."""

    def other(found: re.Match[str]) -> str:
        return str(rng.randrange(10 ** (len(found.group()) - 1), 10 ** len(found.group())))

    fresh = {}
    for column, value in row.items():
        text = value
        for old, new in names.items():
            text = text.replace(old, new)
        fixed = column in _KEPT or (column.endswith("port") and int(value or 0) < EPHEMERAL)
        if column == "remote_address" and value.startswith("10."):
            fresh[column] = _ip(rng.randrange(PEERS))
        else:
            fresh[column] = text if text != value or fixed else _NUMBER.sub(other, value)
    return fresh


def _package(place: int) -> _Row:
    return {
        "arch": "amd64",
        "name": f"lib{place:04d}-perl",
        "version": f"{place % 7}.{place % 31}.{place % 11}-1build{place % 3}",
    }
