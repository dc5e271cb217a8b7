"""What does the database of a simulated host hold, so that SQL over it means what it means to osquery?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path

from bot.sandbox.fleet.schema import TABLES, Table

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
_LOOKED_UP_BY = frozenset({"pid", "uid", "gid"})
_HUGE = 10_000_000
"""Rows that the planner is told a table with required columns has, so that it walks any other table first.

osquery does likewise: it names a cost beyond all others for walking one."""

_HIDDEN = {"pid_with_namespace", "mount_namespace_id", "include_remote", "max_depth", "sigrule", "sigurl"}
"""Columns that osquery leaves out of ``SELECT *``: they are given, not read (published schema, 5.23.1)."""

_HIDDEN_OF_EVENTS = {
    "process_events": {"cmdline_size", "env", "env_count", "env_size", "overflows"},
    "socket_events": {"protocol", "socket", "success"},
    "bpf_process_events": {"json_cmdline", "time"},
    "bpf_socket_events": {"time"},
}


def hidden(table: Table) -> list[str]:
    """The columns of a table that ``SELECT *`` does not show."""
    more = _HIDDEN_OF_EVENTS.get(table.name, set()) | ({"eid"} if table.evented else set())
    return [column for column in table.columns if column in _HIDDEN | more]


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
        _empty().backup(connection)
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


@cache
def _empty() -> sqlite3.Connection:
    """A complete database without rows, in memory; copying it is quicker than making it again for each host."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    with connection:  # an open transaction would keep it from being copied
        _complete(connection)
    return connection


def _known(table: str, columns: Iterable[str]) -> list[str]:
    if table not in TABLES:
        raise KeyError(f"no such table: {table}")
    shown = _shown(TABLES[table])
    for column in columns:
        if column not in shown:
            raise KeyError(f"no such column: {table}.{column}")
    return list(columns)


def _shown(table: Table) -> dict[str, str]:
    left_out = hidden(table)
    return {column: kind for column, kind in table.columns.items() if column not in left_out}


def _complete(connection: sqlite3.Connection) -> None:
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {NOTES_TABLE} (name TEXT PRIMARY KEY, required TEXT, hidden TEXT, user_table INTEGER)"
    )
    connection.execute("ANALYZE sqlite_master")  # makes the planner's own table
    connection.execute("DELETE FROM sqlite_stat1")
    for name, table in TABLES.items():
        columns = _shown(table)
        present = {row[1] for row in connection.execute(f'PRAGMA table_info("{name}")')}
        if not present:
            declared = ", ".join(f'"{column}" {_TYPES[kind]}' for column, kind in columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({declared})')
        for column, kind in columns.items():
            if present and column not in present:
                connection.execute(f'ALTER TABLE "{name}" ADD COLUMN "{column}" {_TYPES[kind]}')
            elif present and kind != "text":
                connection.execute(f'UPDATE "{name}" SET "{column}" = NULL WHERE "{column}" = \'\'')
        for column in (_LOOKED_UP_BY | set(table.needs)) & columns.keys():
            connection.execute(f'CREATE INDEX IF NOT EXISTS "{name}__{column}" ON "{name}" ("{column}")')
        for column in table.needs:
            connection.execute(
                "INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (name, f"{name}__{column}", f"{_HUGE} 1")
            )
        if table.needs or hidden(table) or table.per_user:
            connection.execute(
                f"INSERT OR REPLACE INTO {NOTES_TABLE} VALUES (?, ?, ?, ?)",
                (name, " ".join(table.needs), " ".join(hidden(table)), table.per_user),
            )


def _insert(connection: sqlite3.Connection, table: str, rows: Rows) -> None:
    """Insert as text in bytes: what a host says need not be UTF-8 (surrogates stand for such bytes)."""
    left_out = hidden(TABLES[table]) if table in TABLES else []
    kinds = TABLES[table].columns if table in TABLES else {}
    batches: dict[tuple[str, ...], list[list[bytes | None]]] = {}
    shapes: dict[tuple[str, ...], tuple[str, ...]] = {}  # the columns of a row to those that are kept
    for row in rows:
        shape = tuple(row)
        if shape not in shapes:
            shapes[shape] = tuple(_known(table, [column for column in shape if column not in left_out]))
        columns = shapes[shape]
        values = [
            None if row[c] == "" and kinds[c] != "text" else row[c].encode("utf-8", "surrogateescape")
            for c in columns
        ]
        batches.setdefault(columns, []).append(values)
    for columns, lines in batches.items():
        names = ", ".join(f'"{column}"' for column in columns)
        marks = ", ".join("CAST(? AS TEXT)" for _ in columns)
        connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', lines)
