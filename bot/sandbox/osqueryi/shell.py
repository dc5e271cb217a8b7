"""How does the osqueryi shell of a simulated host read its input, print its answers and exit?"""

from __future__ import annotations

import os
import sqlite3
import sys
import time

from bot.sandbox.osqueryi.engine import Engine, QueryFailed, Row
from bot.sandbox.osqueryi.flags import CommandLine, UnknownFlag, parse
from bot.sandbox.osqueryi.tokens import statements

TYPE_CHECKING = False  # as typing has it, which takes long to import: the shell must start quickly
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from bot.sandbox.osqueryi.faults import Faults

DATABASE = "DIFFY_SIM_DATABASE"
"""Environment variable: path of the host's database."""

FAULTS_SUFFIX = ".faults.json"
"""The host's faults, if any, lie beside its database in a file that is named after it (``faults.py``)."""

WARNING, ERROR = 1, 2
_ESCAPES = {byte: f"\\u{byte:04X}".encode() for byte in range(0x20)} | {
    0x08: b"\\b",
    0x09: b"\\t",
    0x0A: b"\\n",
    0x0C: b"\\f",
    0x0D: b"\\r",
    0x22: b'\\"',
    0x5C: b"\\\\",
}


def main(arguments: Sequence[str]) -> int:
    """Run the shell over this process's streams and return its exit code."""
    return run(arguments, sys.stdin.buffer, sys.stdout.buffer, sys.stderr.buffer, os.environ[DATABASE])


def run(arguments: Sequence[str], asked: BinaryIO, out: BinaryIO, err: BinaryIO, database: str) -> int:
    """Answer the SQL given as arguments, else that on ``asked``, and return the exit code.

    With arguments the rows of all statements make one array and the first error ends it, with SQLite's
    code. From a stream each line that completes a statement makes an array of its own, errors do not stop
    it, and the code is 1 if any failed. A failed query prints an empty array, exactly as an empty one does.
    """
    try:
        line = parse(arguments)
    except UnknownFlag as refusal:
        err.write(f"{refusal}\n".encode())
        return 1
    faults = _faults(database + FAULTS_SUFFIX)
    if faults:
        faults.at_start(out, err, has_database=not line.on("disable_database"))
    shell = _Shell(line, out, err, Engine(database, lambda text: _log(line, err, text)), faults)
    if line.on("version"):
        out.write(b"osqueryi version " + shell.version() + b"\n")
        return 0
    return shell.answer_words() if line.words else shell.answer_stream(asked)


def _faults(path: str) -> Faults | None:
    """The host's faults; None where it has none, and then what they need is not imported either."""
    if not os.path.exists(path):  # noqa: PTH110  pathlib is slow to import
        return None
    from bot.sandbox.osqueryi.faults import read_faults

    return read_faults(path)


class _Shell:
    """One start of the shell."""

    def __init__(
        self, line: CommandLine, out: BinaryIO, err: BinaryIO, engine: Engine, faults: Faults | None
    ) -> None:
        self._line = line
        self._out = out
        self._err = err
        self._engine = engine
        self._faults = faults

    def version(self) -> bytes:
        rows = self._engine.ask("SELECT version FROM osquery_info", lambda _: None)
        return rows[0][b"version"] if rows else b"5.23.1"

    def answer_words(self) -> int:
        return self._answer(";".join(self._line.words), "Error:")

    def answer_stream(self, asked: BinaryIO) -> int:
        failures = 0
        waiting, started = "", 0
        for number, raw in enumerate(asked, start=1):
            text = raw.decode("utf-8", "surrogateescape")
            if not any(statements(waiting)):
                if text.startswith("."):
                    if text.split()[0] in (".exit", ".quit"):
                        break
                    continue
                waiting, started = "", number
            waiting += text
            if ";" in text and sqlite3.complete_statement(waiting):
                if any(statements(waiting)):
                    failures += self._answer(waiting, f"Error: near line {started}:") != 0
                waiting = ""
        if any(statements(waiting)):
            self._err.write(f"Error: incomplete SQL: {waiting.rstrip()}\n".encode("utf-8", "surrogateescape"))
        return 1 if failures else 0

    def _answer(self, sql: str, prefix: str) -> int:
        faults, code, message = self._faults, 0, ""
        try:
            if faults and faults.no_table and faults.no_table in sql:
                raise QueryFailed(f"no such table: {faults.no_table}", 1, [])
            rows = self._engine.ask(sql, self._before_each)
        except QueryFailed as failure:
            rows, code, message = failure.rows, failure.code, str(failure)
        self._print(faults.spoil(rows) if faults else rows)
        if message:
            self._err.write(f"{prefix} {message}\n".encode("utf-8", "surrogateescape"))
            self._err.flush()
        return code

    def _before_each(self, statement: str) -> None:
        if self._faults:
            self._faults.at_query(statement, self._out)

    def _print(self, rows: list[Row]) -> None:
        if self._line.on("json"):
            write_json(rows, self._out)
        else:
            write_table(rows, self._out)
        self._out.flush()


def write_json(rows: Sequence[Row], out: BinaryIO) -> None:
    """Print rows as osquery does: keys sorted, every value a string, bytes as they are; nothing is ``[\\n\\n]``."""
    out.write(b"[\n")
    for at, row in enumerate(rows):
        pairs = b",".join(quoted(key) + b":" + quoted(row[key]) for key in sorted(row))
        out.write((b",\n" if at else b"") + b"  {" + pairs + b"}")
    out.write(b"\n]\n")


def write_table(rows: Sequence[Row], out: BinaryIO) -> None:
    """Print rows in the frame that osqueryi draws when no format is asked for; nothing for no rows."""
    if not rows:
        return
    columns = list(rows[0])
    widths = [max(len(column), *(len(row[column]) for row in rows)) for column in columns]
    rule = b"+" + b"+".join(b"-" * (width + 2) for width in widths) + b"+\n"
    body = [dict(zip(columns, columns, strict=True)), *rows]
    lines = [
        b"|" + b"|".join(b" " + r[c].ljust(w) + b" " for c, w in zip(columns, widths, strict=True)) + b"|\n"
        for r in body
    ]
    out.write(rule + lines[0] + rule + b"".join(lines[1:]) + rule)


def quoted(text: bytes) -> bytes:
    """A JSON string; bytes that are not UTF-8 go out as they are."""
    if any(byte in _ESCAPES for byte in text):
        text = b"".join(_ESCAPES.get(byte, bytes((byte,))) for byte in text)
    return b'"' + text + b'"'


def _log(line: CommandLine, err: BinaryIO, text: str) -> None:
    """Write one warning the way glog does, unless the caller lowered it."""
    if not line.on("logger_stderr", True) or line.level("logger_min_stderr", 0) > WARNING:
        return
    now = time.time()
    stamp = time.strftime("%m%d %H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}"
    err.write(f"W{stamp} {os.getpid()} virtual_table.cpp:968] {text}\n".encode())
    err.flush()
