"""Runs the script on this machine as an agent would: a file, `sh`, a bare environment, and a stand-in osqueryi."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.collection import answer, script
from bot.collection.pieced import Pieced
from bot.model import Answer, Cost, Host, Missed, Pack, Query, Snapshot

HOST = Host(id="i-0123456789abcdef0")
AT = datetime(2026, 8, 1, 12, tzinfo=UTC)
RUN = "run-1"
MANY = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i, {} AS x FROM n"


def query(
    name: str,
    sql: str,
    *,
    cost: Cost = Cost.FAST,
    telling: int = 3,
    timeout_s: int = 20,
    max_rows: int = 5000,
    max_bytes: int = 8 * 1024 * 1024,
) -> Query:
    return Query(
        name,
        sql,
        "because",
        cost=cost,
        telling=telling,
        timeout_s=timeout_s,
        max_rows=max_rows,
        max_bytes=max_bytes,
    )


def pack(*queries: Query) -> Pack:
    return Pack("test", "a test", queries)


class Machine:
    """A folder with a ``bin`` that holds osqueryi, and a ``tmp`` in which nothing may stay behind."""

    def __init__(self, folder: Path, shell: str = "sh") -> None:
        self.shell = shell
        self.bin = folder / "bin"
        self.tmp = folder / "tmp"
        self.bin.mkdir()
        self.tmp.mkdir()
        self.environment: dict[str, str] = {}

    def install_osquery(self) -> None:
        stand_in = Path(__file__).with_name("stand_in.py")
        runner = self.bin / "osqueryi"
        runner.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "{stand_in}" "$@"\n')
        runner.chmod(0o755)

    def left_behind(self) -> list[str]:
        return sorted(path.name for path in self.tmp.iterdir())

    def start(self, text: str) -> subprocess.Popen[bytes]:
        file = self.bin.parent / "_script.sh"
        file.write_text(text)
        environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "TMPDIR": str(self.tmp)} | self.environment
        return subprocess.Popen(
            [self.shell, str(file)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            start_new_session=True,
        )

    def run(self, text: str) -> tuple[bytes, bytes, int]:
        with self.start(text) as process:
            out, err = process.communicate(timeout=120)
        return out, err, process.returncode

    def ask(
        self, asked: Pack, *, bucket: bool = True, download: script.Download | None = None
    ) -> Snapshot | Missed:
        """Ask, fetch what was kept, drop it; nothing may stay behind."""
        out, err, code = self.run(script.build(asked, run_id=RUN, bucket=bucket, download=download))
        assert err == b""
        assert code in (0, 3)
        result = answer.read(out, HOST, asked, AT, run_id=RUN)
        if isinstance(result, Pieced):
            result = self.fetch(result)
        assert self.left_behind() == []
        return result

    def fetch(self, pieced: Pieced) -> Snapshot | Missed:
        for number in pieced.missing:
            out, err, code = self.run(script.piece(RUN, number))
            assert (err, code, len(out) <= script.STDOUT_LIMIT) == (b"", 0, True)
            assert pieced.take(number, out) == ""
        assert self.run(script.drop(RUN)) == (b"", b"", 0)
        return pieced.whole()


def answers(result: Snapshot | Missed | Pieced) -> dict[str, Answer]:
    assert isinstance(result, Snapshot), result
    return {item.query: item for item in result.answers}
