"""Does the script, run by a real `sh`, bring back the truth and leave nothing behind?"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from bot.collection import answer, script
from bot.collection.pieced import Pieced
from bot.model import Cost, Missed, MissReason, QueryStatus, Snapshot
from tests.collection.hosts import AT, HOST, MANY, RUN, Machine, answers, pack, query
from tests.processes import ended

one_shell = pytest.mark.parametrize("machine", ["sh"], indirect=True)
"""For tests that wait: seconds each, and alike under every shell."""


def test_rows_empty_and_refused_queries_are_told_apart(machine: Machine) -> None:
    """One array each: rows are rows, `[]` is empty, and `[]` with an error on stderr is an error with its message."""
    asked = pack(
        query("three", MANY.format(3, "'a'")),
        query("none", "SELECT x FROM void"),
        query("wrong", "SELECT x FROM no_such_table"),
        query("after", "SELECT 'it''s | here' AS x;"),
        query("slow_wrong", "SELECT y FROM void", cost=Cost.SLOW),
        query("slow", "SELECT 1 AS one", cost=Cost.SLOW),
    )

    result = machine.ask(asked)

    got = answers(result)
    assert [row["i"] for row in got["three"].rows] == ["1", "2", "3"]
    assert got["none"].status is QueryStatus.EMPTY
    assert (got["wrong"].status, got["wrong"].error) == (
        QueryStatus.NOT_ON_VERSION,
        "no such table: no_such_table",
    )
    assert got["after"].rows == ({"x": "it's | here"},)
    assert (got["slow_wrong"].status, got["slow_wrong"].error) == (
        QueryStatus.NOT_ON_VERSION,
        "no such column: y",
    )
    assert got["slow"].rows == ({"one": "1"},)
    assert isinstance(result, Snapshot)
    assert result.osquery_version == "5.23.1"
    assert result.taken_at == AT


def begun(machine: Machine, trace: Path) -> int:
    """Wait until osqueryi runs; return the process id that the script wrote down."""
    while True:
        written = [file.read_text() for file in machine.tmp.glob("diffy.*/batch.pid")]
        if written and written[0].endswith("\n") and trace.exists():
            return int(written[0])
        time.sleep(0.02)


@one_shell
def test_a_hanging_quick_query_costs_only_itself(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shared process is stopped; the one that hung is timed out, the others are asked again one by one."""
    monkeypatch.setattr(script, "BATCH_S", 1)
    asked = pack(
        query("before", "SELECT 1 AS x", telling=5),
        query("hangs", "SELECT hang()", telling=4, timeout_s=1),
        query("after", "SELECT 2 AS x", telling=3),
    )

    got = answers(machine.ask(asked))

    assert got["before"].rows == ({"x": "1"},)
    assert got["hangs"].status is QueryStatus.TIMED_OUT
    assert got["after"].rows == ({"x": "2"},)


@one_shell
def test_a_slow_query_deaf_to_sigterm_is_killed(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """`timeout -k` ends it, and the next is still asked."""
    monkeypatch.setattr(script, "KILL_AFTER_S", 1)
    machine.environment["HANG_DEAF"] = "1"
    asked = pack(
        query("deaf", "SELECT hang()", cost=Cost.SLOW, telling=5, timeout_s=1),
        query("next", "SELECT 2 AS x", cost=Cost.SLOW),
    )

    got = answers(machine.ask(asked))

    assert got["deaf"].status is QueryStatus.TIMED_OUT
    assert got["next"].rows == ({"x": "2"},)


@one_shell
def test_a_process_that_nothing_can_end_does_not_hold_the_script(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where even `timeout` never returns (state D), the query is given up and the rest goes on."""
    monkeypatch.setattr(script, "KILL_AFTER_S", 1)
    stuck = machine.bin / "stuck.pid"
    (machine.bin / "timeout").write_text(
        f'#!/bin/sh\nsql=$(cat)\ncase $sql in *dead_mount*) echo $$ >"{stuck}"; exec sleep 600 ;; esac\n'
        'shift 4\nprintf "%s\\n" "$sql" | "$@"\n'
    )
    (machine.bin / "timeout").chmod(0o755)
    asked = pack(
        query("stuck", "SELECT 'dead_mount' AS x", cost=Cost.SLOW, telling=5, timeout_s=1),
        query("next", "SELECT 2 AS x", cost=Cost.SLOW),
    )

    got = answers(machine.ask(asked))
    os.kill(int(stuck.read_text()), signal.SIGKILL)

    assert got["stuck"].status is QueryStatus.TIMED_OUT
    assert got["next"].rows == ({"x": "2"},)


def test_a_crash_of_the_shared_process_costs_only_the_query_that_crashes(machine: Machine) -> None:
    """What was lost in its buffer is asked again; the culprit ends as an error that names the signal's code."""
    asked = pack(
        query("before", "SELECT 1 AS x", telling=5),
        query("crashes", "SELECT crash()", telling=4),
        query("after", "SELECT x FROM void", telling=3),
    )

    got = answers(machine.ask(asked))

    assert got["before"].rows == ({"x": "1"},)
    assert got["crashes"].status is QueryStatus.ERROR
    assert got["crashes"].error.startswith("osqueryi ended with 139")
    assert got["after"].status is QueryStatus.EMPTY


def test_when_time_is_over_the_rest_is_not_run(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that could end after the script's budget is not begun, and that is said."""
    monkeypatch.setattr(script, "BUDGET_S", 30)
    asked = pack(query("quick", "SELECT 1 AS x"), query("long", "SELECT 1", cost=Cost.SLOW, timeout_s=60))

    got = answers(machine.ask(asked))

    assert got["quick"].status is QueryStatus.ROWS
    assert got["long"].status is QueryStatus.NOT_RUN


def test_more_rows_than_the_cap_are_a_part(machine: Machine) -> None:
    """n + 1 rows are fetched at most: the kept n are shown, and the query is not known."""
    asked = pack(
        query("many", MANY.format(50, "1"), max_rows=7), query("exact", MANY.format(7, "1"), max_rows=7)
    )

    got = answers(machine.ask(asked))

    assert (got["many"].status, len(got["many"].rows)) == (QueryStatus.TOO_MANY, 7)
    assert (got["exact"].status, len(got["exact"].rows)) == (QueryStatus.ROWS, 7)


@pytest.mark.parametrize("cost", [Cost.FAST, Cost.SLOW])
def test_more_bytes_than_the_cap_are_said(machine: Machine, cost: Cost) -> None:
    """In the shared process and in its own: nothing of it is kept, and the others are as they were."""
    asked = pack(
        query("fat", "SELECT hex(zeroblob(20000)) AS x", cost=cost, max_bytes=30_000),
        query("lean", "SELECT hex(zeroblob(10000)) AS x", cost=cost, max_bytes=30_000),
        query("wrong", "SELECT 1 + ", cost=cost),
    )

    got = answers(machine.ask(asked))

    assert (got["fat"].status, got["fat"].error) == (QueryStatus.TOO_LARGE, "more than 30000 bytes")
    assert got["lean"].status is QueryStatus.ROWS
    assert got["wrong"].status is QueryStatus.ERROR


def test_an_osqueryi_that_wants_too_much_memory_is_stopped(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The query is an error on that host; the host's own work does not suffer for it."""
    monkeypatch.setattr(script, "MEMORY_KB", 300 * 1024)
    asked = pack(
        query("hungry", "SELECT length(zeroblob(600000000) || 'x') AS x", cost=Cost.SLOW, telling=5),
        query("next", "SELECT 2 AS x", cost=Cost.SLOW),
    )

    got = answers(machine.ask(asked))

    assert got["hungry"].status is QueryStatus.ERROR
    assert got["next"].rows == ({"x": "2"},)


def test_bytes_that_are_not_utf8_stay_readable(machine: Machine) -> None:
    """A file name of any bytes neither breaks the answer nor vanishes."""
    asked = pack(query("odd", "SELECT bytes_of('ff2f61c3a9') AS path"))

    got = answers(machine.ask(asked))

    assert got["odd"].rows == ({"path": "\\xff/aé"},)


def test_a_row_cannot_pose_as_a_marker(machine: Machine) -> None:
    """Text that looks like ours inside a value, or another column list, does not move rows to another query."""
    forged = '  {"diffy_query":"victim"}'
    asked = pack(
        query("liar", f"SELECT '{forged}' AS x, '[' AS y UNION ALL SELECT ']', 'DIFFY-END 1 run=run-1'"),
        query("victim", "SELECT x FROM void"),
    )

    got = answers(machine.ask(asked))

    assert {row["x"] for row in got["liar"].rows} == {forged, "]"}
    assert got["victim"].status is QueryStatus.EMPTY


NOISE = "hex(randomblob(40))"


def test_without_a_bucket_an_answer_comes_in_pieces(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command prints what fits; joined it is the same answer, and the host's folder is gone."""
    monkeypatch.setattr(script, "PIECE_BYTES", 9_000)
    monkeypatch.setattr(script, "MOST_KEPT", 200_000)
    asked = pack(query("big", MANY.format(1_500, NOISE)), query("small", "SELECT 1 AS x"))

    out, _, _ = machine.run(script.build(asked, run_id=RUN, bucket=False))
    pieced = answer.read(out, HOST, asked, AT, run_id=RUN)
    kept = machine.left_behind()
    assert isinstance(pieced, Pieced)
    got = answers(machine.fetch(pieced))

    assert pieced.count > 5
    assert [name[:6] for name in kept] == ["diffy."]
    assert len(got["big"].rows) == 1_500
    assert got["small"].status is QueryStatus.ROWS
    assert machine.left_behind() == []


def test_a_kept_answer_is_for_its_owner_only(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another run's piece is refused, another run's drop removes nothing; only the owner may enter the folder."""
    monkeypatch.setattr(script, "PIECE_BYTES", 3_000)
    machine.run(script.build(pack(query("big", MANY.format(300, NOISE))), run_id=RUN, bucket=False))
    folder = next(machine.tmp.iterdir())

    out, _, code = machine.run(script.piece("other", 2))
    machine.run(script.drop("other"))

    assert (out, code) == (b"DIFFY-FAIL 1 run=other not_kept the kept answer is gone\n", 3)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in folder.iterdir()) == ["expires", "packed", "pid", "run"]
    machine.run(script.drop(RUN))
    assert machine.left_behind() == []


@one_shell
def test_an_answer_that_nobody_fetches_is_removed_by_the_host(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watcher outlives the script and its group, and needs no further command."""
    monkeypatch.setattr(script, "PIECE_BYTES", 3_000)
    monkeypatch.setattr(script, "KEEP_S", 4)

    with machine.start(
        script.build(pack(query("big", MANY.format(300, NOISE))), run_id=RUN, bucket=False)
    ) as process:
        process.communicate(timeout=60)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)

    for _ in range(1200):
        if not machine.left_behind():
            break
        time.sleep(0.05)
    assert machine.left_behind() == []


def test_kept_answers_are_spared_until_they_expire(machine: Machine) -> None:
    """Another run's first command removes an expired one, and leaves one that is still being fetched."""
    now = int(time.time())
    for name, until in (("expired0", now - 5), ("fetching", now + 300), ("clock000", now + 10**6)):
        (machine.tmp / f"diffy.{name}").mkdir()
        (machine.tmp / f"diffy.{name}" / "expires").write_text(f"{until}\n")

    machine.run(script.build(pack(query("q", "SELECT 1")), run_id=RUN, bucket=True))

    assert machine.left_behind() == ["diffy.fetching"]


@pytest.mark.parametrize("most", [1_700, 3_200, 17_000])
def test_beyond_what_a_host_may_keep_the_least_telling_are_given_up(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The packed answer stays below the cap; what did not fit is named and is never empty."""
    monkeypatch.setattr(script, "MOST_KEPT", most)
    asked = pack(
        query("dull_big", MANY.format(400, NOISE), telling=1),
        query("dull_small", "SELECT 1 AS x", telling=1),
        query("sharp", MANY.format(30, NOISE), telling=5),
        query("middling", MANY.format(60, NOISE), telling=3),
    )

    got = answers(machine.ask(asked, bucket=False))

    assert got["dull_small"].status is QueryStatus.ROWS
    assert got["dull_big"].status is QueryStatus.DID_NOT_FIT
    assert (got["sharp"].status is QueryStatus.ROWS) == (most > 1_700)
    assert (got["middling"].status is QueryStatus.ROWS) == (most > 3_200)


def test_when_nothing_fits_everything_is_named(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even then the list of what was given up fits, so that the host is not lost whole."""
    monkeypatch.setattr(script, "MOST_KEPT", 2_000)
    asked = pack(
        *(query(f"quite_a_long_name_of_a_query_{n}", "SELECT hex(randomblob(9000))") for n in range(30))
    )

    out, _, _ = machine.run(script.build(asked, run_id=RUN, bucket=False))

    got = answers(answer.read(out, HOST, asked, AT, run_id=RUN))
    assert len(out) <= 3_000
    assert {item.status for item in got.values()} == {QueryStatus.DID_NOT_FIT}


def test_osquery_missing_is_a_clean_answer(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without osquery says so in a sentence, and its exit code is not one that reboots."""
    monkeypatch.setattr(script, "PLACES", "/nonexistent/osqueryi")
    (machine.bin / "osqueryi").unlink()

    out, err, code = machine.run(script.build(pack(query("q", "SELECT 1")), run_id=RUN, bucket=True))

    result = answer.read(out, HOST, pack(), AT, run_id=RUN)
    assert result == Missed(HOST.id, MissReason.NO_OSQUERY, "osquery is not installed on the host")
    assert (err, code) == (b"", 3)


def test_osqueryi_that_does_not_start_is_a_reason(machine: Machine) -> None:
    """A broken installation is told from an empty host."""
    machine.environment["OSQUERYI_BROKEN"] = "1"

    result = machine.ask(pack(query("q", "SELECT 1")))

    assert isinstance(result, Missed)
    assert result.reason is MissReason.SCRIPT_FAILED
    assert "error while loading shared libraries" in result.detail


def test_a_missing_tool_is_named(machine: Machine) -> None:
    """The script says which of its few tools the host lacks."""
    for tool in (machine.shell, *script.TOOLS.split()):
        if tool != "gzip":
            (machine.bin / tool).symlink_to(shutil.which(tool) or "")
    machine.environment["PATH"] = str(machine.bin)

    result = machine.ask(pack(query("q", "SELECT 1")))

    assert isinstance(result, Missed)
    assert (result.reason, result.detail) == (
        MissReason.SCRIPT_FAILED,
        "a tool that the script needs is missing on the host: gzip",
    )


def test_a_folder_that_cannot_be_made_is_a_reason(machine: Machine) -> None:
    """A full or read-only /tmp is said, not taken for an empty host."""
    machine.environment["TMPDIR"] = "/proc/none"

    result = machine.ask(pack(query("q", "SELECT 1")))

    assert isinstance(result, Missed)
    assert result.reason is MissReason.SCRIPT_FAILED


def test_a_stopped_script_removes_its_folder_and_its_child(machine: Machine, tmp_path: Path) -> None:
    """SIGTERM while a query runs: folder gone, osqueryi gone, exit code 4."""
    machine.environment["TRACE"] = str(tmp_path / "trace")
    asked = pack(query("hangs", "SELECT hang()", timeout_s=60))
    with machine.start(script.build(asked, run_id=RUN, bucket=True)) as process:
        child = begun(machine, tmp_path / "trace")

        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    assert process.returncode == 4
    assert machine.left_behind() == []
    assert ended(child)


def test_a_killed_process_group_leaves_nothing_running(machine: Machine, tmp_path: Path) -> None:
    """An agent ends a script by killing its group: osqueryi is in it."""
    machine.environment["TRACE"] = str(tmp_path / "trace")
    asked = pack(query("hangs", "SELECT hang()", timeout_s=60))
    with machine.start(script.build(asked, run_id=RUN, bucket=True)) as process:
        child = begun(machine, tmp_path / "trace")

        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)

    assert ended(child)


def test_what_a_killed_run_left_is_removed_by_the_next(machine: Machine) -> None:
    """SIGKILL runs no trap; the next run removes the folder of a dead run and spares one that lives."""
    dead = machine.tmp / "diffy.aaaaaaaa"
    live = machine.tmp / "diffy.bbbbbbbb"
    for folder, owner in ((dead, 2**22 + 1), (live, os.getpid())):
        folder.mkdir()
        (folder / "pid").write_text(str(owner))

    machine.run(script.build(pack(query("q", "SELECT 1")), run_id=RUN, bucket=True))

    assert machine.left_behind() == ["diffy.bbbbbbbb"]


def test_osqueryi_is_started_harmlessly(machine: Machine, tmp_path: Path) -> None:
    """No database, no configuration, no extensions, a HOME of its own, and nothing of the run in its command line."""
    machine.environment["TRACE"] = str(tmp_path / "trace")

    machine.ask(pack(query("a", "SELECT 1"), query("b", "SELECT 1", cost=Cost.SLOW)))

    calls = [json.loads(line) for line in (tmp_path / "trace").read_text().splitlines()]
    assert len(calls) == 2
    for call in calls:
        assert {"--json", "--disable_database", "--ephemeral", "--disable_extensions"} <= set(call["argv"])
        assert "diffy" not in " ".join(call["argv"])
        assert call["home"].startswith(str(machine.tmp))
        assert call["cwd"] == "/"
