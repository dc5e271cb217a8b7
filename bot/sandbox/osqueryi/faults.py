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

SUFFIX = ".faults.json"
"""Faults lie in a file beside the database, named after it: one object, the fields of ``Faults``."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong. All absent: nothing.

    Attributes:
        delay_s: Seconds that every start takes longer.
        hang_on: A statement that holds this text never ends.
        crash_on: A statement that holds this text kills the process with SIGSEGV.
        garbage: Print bytes that are no JSON and exit 0.
        not_utf8: The first value of every answer ends in bytes that are not UTF-8.
        giant_bytes: Print an answer of about so many bytes first.
    """

    delay_s: float = 0.0
    hang_on: str = ""
    crash_on: str = ""
    garbage: bool = False
    not_utf8: bool = False
    giant_bytes: int = 0

    def at_start(self, out: BinaryIO) -> None:
        """What happens before any query is read."""
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.garbage:
            out.write(b'[\n  {"name":"ss\x00\xfe\xff\x1b[31m<!channel>{"]]\n')
            out.flush()
            sys.exit(0)
        if self.giant_bytes:
            line = b'  {"giant":"' + b"A" * 65_000 + b'"}'
            out.write(b"[\n" + line)
            for _ in range(self.giant_bytes // len(line)):
                out.write(b",\n" + line)
            out.write(b"\n]\n")

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
        if not self.not_utf8 or not rows or not rows[0]:
            return rows
        key = min(rows[0])
        return [{**rows[0], key: rows[0][key] + b"\xff\xfe"}, *rows[1:]]


def read_faults(database: str) -> Faults:
    """The faults of the host whose database this is; none when there is no file."""
    try:
        with open(database + SUFFIX, encoding="utf-8") as file:  # noqa: PTH123  pathlib is slow to import
            return Faults(**json.load(file))
    except FileNotFoundError:
        return Faults()
