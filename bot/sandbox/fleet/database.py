"""How does a host's state become a SQLite database that answers osquery's SQL?"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.sandbox.fleet.hosts import SimHost
from bot.sandbox.fleet.schema import TABLES

AFFINITY = {
    "text": "TEXT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "unsigned_bigint": "UNSIGNED BIGINT",
    "double": "DOUBLE",
}
INDEXED = ("path", "pid", "uid")


def write_database(host: SimHost, path: Path) -> None:
    """Write all tables of osquery, empty ones too, to a new SQLite file; an existing file is replaced."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        fill(database, host)


def in_memory(host: SimHost) -> sqlite3.Connection:
    """Return an open database of the host; the caller closes it."""
    database = sqlite3.connect(":memory:")
    fill(database, host)
    return database


def fill(database: sqlite3.Connection, host: SimHost) -> None:
    """Create and fill osquery's tables. An empty number is NULL, as in osquery, so that comparing it is never true."""
    for name, table in TABLES.items():
        columns = ", ".join(f'"{column}" {AFFINITY[kind]}' for column, kind in table.columns.items())
        database.execute(f'CREATE TABLE "{name}" ({columns})')
        rows = host.tables.get(name, ())
        if rows:
            numeric = {column for column, kind in table.columns.items() if kind != "text"}
            database.executemany(
                f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(table.columns))})',
                [
                    [
                        None if column in numeric and not row.get(column) else row.get(column, "")
                        for column in table.columns
                    ]
                    for row in rows
                ],
            )
            for column in INDEXED:
                if column in table.columns:
                    database.execute(f'CREATE INDEX "{name}_{column}" ON "{name}" ("{column}")')
    database.commit()
