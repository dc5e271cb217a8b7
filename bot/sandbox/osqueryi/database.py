"""What does the database of a simulated host hold, so that SQL over it means what it means to osquery?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

Rows = Sequence[Mapping[str, str]]
NOTES_TABLE = "sandbox_tables"
"""One row for each table that asks for care: ``name``, ``required`` and ``hidden`` (space-separated columns), ``user_table``."""

_TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "unsigned_bigint": "UNSIGNED BIGINT",
    "double": "DOUBLE",
}


@cache
def schema() -> Mapping[str, Mapping[str, Any]]:
    """osquery's Linux tables: columns with type, and those hidden, indexed and required; see ``schema.json``."""
    text = resources.files(__package__).joinpath("schema.json").read_text("utf-8")
    tables: Mapping[str, Mapping[str, Any]] = json.loads(text)["tables"]
    return tables


def complete(path: Path) -> None:
    """Bring a database to the shape that ``osqueryi`` reads, whoever wrote its rows.

    Tables and columns that osquery has and the file lacks are added empty, the columns that osquery looks
    up by are indexed, and empty text in a number's column becomes NULL, as it is to osquery (else ``'' > 0``
    is true). A table unknown to osquery stays as it is. Doing it twice changes nothing.
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        _complete(connection)


def create(path: Path, tables: Mapping[str, Rows]) -> None:
    """Write a new, complete database with these rows, in place of any that was there."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        _complete(connection)
        for table, rows in tables.items():
            _insert(connection, table, rows)


def add_rows(path: Path, table: str, rows: Rows) -> None:
    """Add rows to one table.

    Raises:
        KeyError: osquery has no such table or column.
    """
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        _insert(connection, table, rows)


def remove_rows(path: Path, table: str, where: Mapping[str, str]) -> int:
    """Remove the rows whose columns equal all of ``where`` (all rows, if it is empty); return how many.

    Raises:
        KeyError: osquery has no such table or column.
    """
    columns = _known(table, where)
    condition = " AND ".join(f'CAST("{column}" AS TEXT) IS ?' for column in columns) or "1"
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        done = connection.execute(f'DELETE FROM "{table}" WHERE {condition}', [where[c] for c in columns])
        return done.rowcount


def _known(table: str, columns: Mapping[str, str]) -> list[str]:
    if table not in schema():
        raise KeyError(f"no such table: {table}")
    shown = _shown(schema()[table])
    for column in columns:
        if column not in shown:
            raise KeyError(f"no such column: {table}.{column}")
    return list(columns)


def _shown(facts: Mapping[str, Any]) -> dict[str, str]:
    hidden = set(facts.get("hidden", ()))
    return {column: kind for column, kind in facts["columns"].items() if column not in hidden}


def _complete(connection: sqlite3.Connection) -> None:
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {NOTES_TABLE} (name TEXT PRIMARY KEY, required TEXT, hidden TEXT, user_table INTEGER)"
    )
    for name, facts in schema().items():
        columns = _shown(facts)
        present = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
        if not present:
            declared = ", ".join(f'"{column}" {_TYPES[kind]}' for column, kind in columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({declared})')
        for column, kind in columns.items():
            if present and column not in present:
                connection.execute(f'ALTER TABLE "{name}" ADD COLUMN "{column}" {_TYPES[kind]}')
            elif present and kind != "text":
                connection.execute(f'UPDATE "{name}" SET "{column}" = NULL WHERE "{column}" = \'\'')
        user_table = bool(facts.get("user_table"))
        for column in {*facts.get("index", ()), *(["uid"] if user_table else [])} & columns.keys():
            connection.execute(f'CREATE INDEX IF NOT EXISTS "{name}__{column}" ON "{name}" ("{column}")')
        if facts.get("required") or facts.get("hidden") or user_table:
            connection.execute(
                f"INSERT OR REPLACE INTO {NOTES_TABLE} VALUES (?, ?, ?, ?)",
                (name, " ".join(facts.get("required", ())), " ".join(facts.get("hidden", ())), user_table),
            )


def _insert(connection: sqlite3.Connection, table: str, rows: Rows) -> None:
    for row in rows:
        hidden = schema().get(table, {}).get("hidden", ())
        columns = _known(table, {column: text for column, text in row.items() if column not in hidden})
        kinds = schema()[table]["columns"]
        # Text goes in as bytes: what a host says need not be UTF-8 (surrogates stand for such bytes).
        values = [
            None if row[c] == "" and kinds[c] != "text" else row[c].encode("utf-8", "surrogateescape")
            for c in columns
        ]
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("CAST(? AS TEXT)" for _ in columns)
        connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)
