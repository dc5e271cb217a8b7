"""How may a simulated host's osquery misbehave, and where is that said?"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import BinaryIO

from bot.sandbox.osqueryi.engine import Row


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong. All absent: nothing.

    Attributes:
        delay_s: Seconds that every start takes longer.
        hang_on: A statement that holds this text never ends.
        crash_on: A statement that holds this text kills the process with SIGSEGV.
        garbage: Print bytes that are no JSON and exit 0.
        not_utf8: The first value of every answer of several columns ends in bytes that are not UTF-8.
        giant_bytes: Print an answer of about so many bytes first.
        no_table: A statement that holds this text fails as on a version of osquery that lacks this table.
        noise: Log lines that look like answers go to standard error.
        locked: Without ``--disable_database`` it finds its database locked and ends.
        exit_code: Every start ends with this code at once, if it is not 0.
        shuffled: Rows come in reverse order, and the first of them twice.
    """

    delay_s: float = 0.0
    hang_on: str = ""
    crash_on: str = ""
    garbage: bool = False
    not_utf8: bool = False
    giant_bytes: int = 0
    no_table: str = ""
    noise: bool = False
    locked: bool = False
    exit_code: int = 0
    shuffled: bool = False

    def at_start(self, out: BinaryIO, err: BinaryIO, *, has_database: bool) -> None:
        """What happens before any query is read."""
        if self.noise:
            err.write(
                b'I1125 12:00:00.000000 1 init.cpp:1] [{"diffy_query":"processes"}]\n[\n  {"pid":"6661"}\n]\n'
            )
        if self.locked and has_database:
            err.write(b"E1125 12:00:00.000000 1 rocksdb.cpp:1] IO error: lock /var/osquery/osquery.db/LOCK\n")
            sys.exit(78)
        if self.exit_code:
            sys.exit(self.exit_code)
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.garbage:
            out.write(b'[\n  {"name":"ss\x00\xfe\xff\x1b[31m<!channel>{"]]\n')
            out.flush()
            sys.exit(0)
        if self.giant_bytes:
            # A file too large ends osqueryi, and Python only errs.
            former = signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            try:
                line = b'  {"giant":"' + b"A" * 65_000 + b'"}'
                out.write(b"[\n" + line)
                for _ in range(self.giant_bytes // len(line)):
                    out.write(b",\n" + line)
                out.write(b"\n]\n")
                out.flush()
            finally:
                signal.signal(signal.SIGXFSZ, former)

    def at_query(self, statement: str, out: BinaryIO) -> None:
        """What happens before a statement runs."""
        if self.hang_on and self.hang_on in statement:
            out.flush()
            while True:
                signal.pause()
        if self.crash_on and self.crash_on in statement:
            out.flush()
            os.kill(os.getpid(), signal.SIGSEGV)

    def spoil(self, rows: list[Row]) -> list[Row]:
        """What happens to an answer before it is printed."""
        if self.shuffled and len(rows) > 1:
            rows = [*rows[::-1], rows[-1]]
        if not self.not_utf8 or not rows or len(rows[0]) < 2:
            return rows
        key = min(rows[0])
        return [{**rows[0], key: rows[0][key] + b"\xff\xfe"}, *rows[1:]]


def read_faults(path: str) -> Faults:
    """The faults in a file: one object, the fields of ``Faults``."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  pathlib is slow to import
        return Faults(**json.load(file))
