"""What would each host answer to a pack, and how is that written down for the offline path?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bot.sandbox.fleet.database import in_memory
from bot.sandbox.fleet.hosts import SimHost
from bot.sandbox.fleet.schema import OSQUERY_VERSION


def answer(host: SimHost, pack: dict[str, Any]) -> dict[str, Any]:
    """Run the SQL of a pack (``{"queries": [{"name", "sql"}]}``) on the host and return the recorded answer.

    All values are text, NULL is empty, as osquery prints them; a query that fails is in ``errors``.
    """
    queries: dict[str, list[dict[str, str]]] = {}
    errors: dict[str, str] = {}
    with closing(in_memory(host)) as database:
        for query in pack["queries"]:
            try:
                cursor = database.execute(query["sql"])
                names = [column[0] for column in cursor.description]
                queries[query["name"]] = [dict(zip(names, map(_text, row), strict=True)) for row in cursor]
            except sqlite3.Error as error:
                errors[query["name"]] = f"Error: {error}"
    return {
        "host": host.identity.instance_id,
        "queries": queries,
        "errors": errors,
        "osquery_version": OSQUERY_VERSION,
    }


def record(hosts: Iterable[SimHost], group: str, folder: Path, pack: dict[str, Any]) -> None:
    """Write ``folder/asg.json`` and ``folder/hosts/<id>.json`` for each host that is not offline."""
    every = list(hosts)
    (folder / "hosts").mkdir(parents=True, exist_ok=True)
    described = {"group": group, "instances": [asdict(host.identity) for host in every]}
    (folder / "asg.json").write_text(json.dumps(described, indent=1) + "\n", "utf-8")
    for host in every:
        if host.manner.get("ping") is None:
            path = folder / "hosts" / f"{host.identity.instance_id}.json"
            path.write_text(json.dumps(answer(host, pack), ensure_ascii=False) + "\n", "utf-8")


def _text(value: object) -> str:
    return "" if value is None else str(value)
