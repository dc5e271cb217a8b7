"""Which tables, columns and types does osquery have on Linux, and what must a query constrain?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """One osquery table.

    Attributes:
        columns: Column name to osquery's type (text, integer, bigint, unsigned_bigint, double), in order.
        needs: Columns of which at least one must be constrained, or osquery refuses the query; may be empty.
        per_user: Without a constraint on uid only the calling user is read.
        evented: Filled by a running osqueryd only: empty in a one-shot shell.
    """

    name: str
    columns: Mapping[str, str]
    needs: tuple[str, ...] = ()
    per_user: bool = False
    evented: bool = False


def data(name: str) -> Any:
    """Return the parsed JSON file of that name beside this module."""
    return json.loads((resources.files(__package__) / "data" / f"{name}.json").read_text("utf-8"))


def _tables(raw: Mapping[str, Any]) -> dict[str, Table]:
    return {
        name: Table(name, table["columns"], tuple(table["needs"]), table["per_user"], table["evented"])
        for name, table in raw["tables"].items()
    }


_RAW = data("schema")
OSQUERY_VERSION: str = _RAW["osquery_version"]
TABLES: Mapping[str, Table] = _tables(_RAW)
