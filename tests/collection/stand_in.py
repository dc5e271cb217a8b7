"""A small osqueryi for tests of the script: SQLite that prints, fails, hangs and dies as the real one can.

Besides SQL it knows ``hang()`` (deaf to SIGTERM when HANG_DEAF is set), ``crash()``, ``bytes_of(hex)`` (printed raw)
and the table ``osquery_info``. Standard output is block-buffered, as the real one's is.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

RAW = "\ue000"


def _hang() -> str:
    if os.environ.get("HANG_DEAF"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    return ""


def _crash() -> str:
    os.kill(os.getpid(), signal.SIGSEGV)
    return ""


def _cell(value: object) -> bytes:
    text = "" if value is None else str(value)
    if text.startswith(RAW):
        return b'"' + bytes.fromhex(text[1:]) + b'"'
    return json.dumps(text, ensure_ascii=False).encode()


def _rows(cursor: sqlite3.Cursor) -> bytes:
    names = [column[0] for column in cursor.description]
    rows = [
        b"  {"
        + b",".join(json.dumps(n).encode() + b":" + _cell(v) for n, v in sorted(zip(names, row, strict=True)))
        + b"}"
        for row in cursor
    ]
    return b"[\n" + b",\n".join(rows) + b"\n]\n"


def main() -> int:
    if os.environ.get("OSQUERYI_BROKEN"):
        print("osqueryi: error while loading shared libraries: libx.so", file=sys.stderr)
        return 127
    if "TRACE" in os.environ:
        with Path(os.environ["TRACE"]).open("a") as trace:
            trace.write(
                json.dumps({"argv": sys.argv[1:], "home": os.environ.get("HOME"), "cwd": str(Path.cwd())})
                + "\n"
            )
    base = sqlite3.connect(":memory:")
    base.create_function("hang", 0, _hang)
    base.create_function("crash", 0, _crash)
    base.create_function("bytes_of", 1, lambda digits: RAW + digits)
    base.execute("CREATE TABLE osquery_info AS SELECT '5.23.1' AS version")
    base.execute("CREATE TABLE void (x TEXT)")
    failed = 0
    print("W0101 00:00:00.000000 1 options.cpp:1] a warning of no weight", file=sys.stderr)
    for number, line in enumerate(sys.stdin, 1):
        try:
            printed = _rows(base.execute(line))
        except sqlite3.Error as error:
            printed = b"[\n\n]\n"
            print(f"Error: near line {number}: {error}", file=sys.stderr, flush=True)
            failed = 1
        sys.stdout.buffer.write(printed)
    return failed


if __name__ == "__main__":
    sys.exit(main())
