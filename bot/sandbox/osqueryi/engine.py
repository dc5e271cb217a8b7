"""What does osquery answer to one SQL text, and which queries does it refuse that plain SQLite would run?

osquery's tables are virtual: ``hash`` or ``file`` without a path has nothing to list and the query fails. A
stand-in over ordinary tables must find that out itself. Each required column has an index, SQLite compiles the
statement, and its program (``EXPLAIN``) says for every cursor whether it is sought by a key or walked from its
first row. A walked cursor on a table with required columns is what osquery refuses; a walked cursor on a user
table is what osquery answers for the current user only. This sees through aliases, joins, subqueries, views and
OR, because it asks the planner and not the text. LIKE is made an index range first (``tokens.loosen_likes``).
"""

from __future__ import annotations

import sqlite3

from bot.sandbox.osqueryi.functions import register
from bot.sandbox.osqueryi.tokens import loosen_likes, names, statements

TYPE_CHECKING = False  # as typing has it, which takes long to import: the shell must start quickly
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Row = dict[bytes, bytes]
CONSTRAINT = 19  # SQLITE_CONSTRAINT
_WALKS = frozenset({"Rewind", "Last", "Count", "Sort"})
_READS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)


class QueryFailed(Exception):
    """A statement failed; ``code`` is SQLite's, ``rows`` are those of the statements before it."""

    def __init__(self, message: str, code: int, rows: list[Row]) -> None:
        super().__init__(message)
        self.code = code
        self.rows = rows


class _Care:
    """What a table asks for: see ``database.NOTES_TABLE``."""

    __slots__ = ("hidden", "required", "user_table")

    def __init__(self, required: tuple[str, ...], hidden: tuple[str, ...], user_table: bool) -> None:
        self.required = required
        self.hidden = hidden
        self.user_table = user_table


class Engine:
    """One host's tables, open for reading. ``warn`` takes the lines that osquery logs."""

    def __init__(self, database: str, warn: Callable[[str], None]) -> None:
        path = database.replace("%", "%25").replace("?", "%3f").replace("#", "%23")  # sqlite.org/uri.html
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        self._connection.text_factory = bytes
        self._connection.execute("PRAGMA automatic_index = OFF")  # building one would walk the table
        register(self._connection)
        self._warn = warn
        self._care = {
            name.decode(): _Care(
                tuple(required.decode().split()), tuple(hidden.decode().split()), bool(user_table)
            )
            for name, required, hidden, user_table in self._connection.execute("SELECT * FROM sandbox_tables")
        }
        self._required = {name: care.required for name, care in self._care.items() if care.required}

    def ask(self, sql: str, before_each: Callable[[str], None]) -> list[Row]:
        """Run every statement of a text and merge the rows, as one call of osqueryi does.

        Args:
            sql: One or more statements.
            before_each: Called with each statement before it runs.

        Raises:
            QueryFailed: A statement failed; those after it did not run.
        """
        rows: list[Row] = []
        for statement in statements(sql):
            before_each(statement)
            try:
                rows.extend(self._answer(statement))
            except sqlite3.Error as error:
                message = str(error)
                if isinstance(error, sqlite3.Warning | sqlite3.ProgrammingError):
                    message = "not an error"
                raise QueryFailed(message, getattr(error, "sqlite_errorcode", 1) & 0xFF, rows) from error
            except _Refused as error:
                raise QueryFailed("constraint failed", CONSTRAINT, rows) from error
        return rows

    def _answer(self, statement: str) -> list[Row]:
        words = names(statement)
        cared = {name: self._care[name] for name in words & self._care.keys()}
        views: list[str] = []
        if any(care.required for care in cared.values()):
            statement = loosen_likes(statement, self._required)
        try:
            for name, care in cared.items():
                if words & set(care.hidden):
                    self._view(name, ", ".join(f"NULL AS {column}" for column in care.hidden), "1")
                    views.append(name)
            self._guard_reads(True)
            walked = self._walked(statement) if cared else frozenset()
            for name in sorted(walked):
                if self._care[name].required:
                    self._warn(f"Table {name} was queried without a required column in the WHERE clause")
                    raise _Refused(name)
                self._warn(
                    f"The {name} table returns data based on the current user by default, consider JOINing against the users table"
                )
                self._guard_reads(False)
                if name not in views:
                    self._view(name, "", f"uid = {CURRENT_UID}")
                    views.append(name)
                self._guard_reads(True)
            return list(self._rows(statement))
        finally:
            self._guard_reads(False)
            for name in views:
                self._connection.execute(f'DROP VIEW temp."{name}"')

    def _view(self, name: str, more: str, condition: str) -> None:
        columns = ", ".join(part for part in ("*", more) if part)
        self._connection.execute(
            f'CREATE TEMP VIEW "{name}" AS SELECT {columns} FROM main."{name}" WHERE {condition}'
        )

    def _guard_reads(self, guarded: bool) -> None:
        """Refuse anything but reading, as osquery does ("not authorized")."""
        self._connection.set_authorizer(_only_reads if guarded else None)

    def _walked(self, statement: str) -> frozenset[str]:
        """The tables with required columns, and user tables, that the compiled statement reads from end to end."""
        self._guard_reads(False)
        roots = {
            root: name.decode()
            for root, name in self._connection.execute(
                "SELECT rootpage, tbl_name FROM sqlite_master WHERE rootpage > 0"
            )
        }
        program = self._connection.execute(f"EXPLAIN {statement}").fetchall()
        self._guard_reads(True)
        opened = {
            p1: roots.get(p2, "")
            for _, opcode, p1, p2, p3, *_ in program
            if opcode in (b"OpenRead", b"ReopenIdx") and p3 == 0
        }
        touched = {opened.get(p1, "") for _, opcode, p1, *_ in program if opcode.decode() in _WALKS}
        return frozenset(
            name
            for name in touched
            if name in self._care and (self._care[name].required or self._care[name].user_table)
        )

    def _rows(self, statement: str) -> Iterator[Row]:
        cursor = self._connection.execute(statement)
        columns = [column[0].encode("utf-8", "surrogateescape") for column in cursor.description or ()]
        for values in cursor:
            yield {column: text(value) for column, value in zip(columns, values, strict=True)}


CURRENT_UID = 0  # the SSM agent runs as root


class _Refused(Exception):
    """A required column is not constrained."""


def text(value: bytes | int | float | None) -> bytes:
    """A value as SQLite turns it into text; NULL is empty, and text ends at a NUL byte as in C."""
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value.split(b"\0", 1)[0]
    if isinstance(value, float):
        shown = f"{value:.15g}"
        if "e" in shown and "." not in shown:
            shown = shown.replace("e", ".0e")
        return (shown if any(mark in shown for mark in ".enf") else f"{shown}.0").encode()
    return str(value).encode()


def _only_reads(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READS else sqlite3.SQLITE_DENY
