"""How a finding reads at three in the morning."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.analysis.places import Trait
from bot.analysis.semantics import Kind, meaning
from bot.analysis.techniques import narrowed
from bot.analysis.wording import counts, cut, say
from bot.model import Change, Compare, Query, Row

QUERY = Query("things", "SELECT a, b FROM t", "Why.", key=("a",))


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        (Kind.PROCESS, {"path": "/usr/bin/x", "cmdline": "x -q", "username": "root"}, "runs /usr/bin/x (x -q) as root"),
        (Kind.LISTENER, {"port": "80", "address": "", "process_path": "/x"}, "waits for connections on port 80 of any address (/x)"),
        (Kind.CONNECTION, {"remote_address": "10.0.0.1", "remote_port": "22"}, "is connected to 10.0.0.1 port 22 (an unseen process)"),
        (Kind.CRON, {"command": "x", "path": "/etc/cron.d/x"}, "has scheduled job x (in /etc/cron.d/x)"),
        (Kind.CRON, {"path": "/etc/cron.d/x"}, "has scheduled job file /etc/cron.d/x"),
        (Kind.OTHER, {"a": "1", "b": "2"}, "has things 1"),
    ],
)  # fmt: skip
def test_what_is_there_is_said_by_its_kind(kind: Kind, row: Row, said: str) -> None:
    """Each kind has its own words; an unknown one names its query and key."""
    assert say(kind, QUERY, Change.ADDED, row, None, ()) == said


@pytest.mark.parametrize(
    ("row", "usual", "said"),
    [
        ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, "has another things 1 (b 2 instead of 3)"),
        ({"a": "1", "b": ""}, {"a": "1", "b": "3"}, "has another things 1 (b empty instead of 3)"),
        ({"a": "1", "b": "x" * 64}, {"a": "1", "b": "y" * 64}, "has another things 1 (b differs)"),
        ({"a": "2", "b": "x" * 64}, {"a": "1", "b": "y" * 64}, "has another things 2 (a 2 instead of 1)"),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, "has another things 1"),
    ],
)
def test_what_changed_is_said_with_what_is_usual(row: Row, usual: Row, said: str) -> None:
    """Short values are shown side by side; digests are only said to differ."""
    assert say(Kind.OTHER, QUERY, Change.CHANGED, row, usual, ()) == said


def test_counts_are_said_in_words() -> None:
    """The reader sees how many others, and what the baseline knows."""
    added, removed = Change.ADDED, Change.REMOVED

    assert (
        counts(seen_on=0, of=23, seen=0, baseline_of=5, change=added)
        == "on none of 23 peers; not in the baseline"
    )
    assert counts(seen_on=1, of=1, seen=None, baseline_of=None, change=added) == "on 1 of 1 peer"
    assert counts(seen_on=0, of=0, seen=2, baseline_of=5, change=added) == "in 2 of 5 baseline snapshots"
    assert counts(seen_on=0, of=0, seen=5, baseline_of=5, change=added) == "in the baseline"
    assert (
        counts(seen_on=2, of=9, seen=0, baseline_of=1, change=removed)
        == "2 of 9 peers lack it too; the baseline has it"
    )
    assert counts(seen_on=0, of=0, seen=1, baseline_of=1, change=removed) == "missing in the baseline too"
    assert (
        counts(seen_on=0, of=0, seen=1, baseline_of=3, change=removed)
        == "missing in 1 of 3 baseline snapshots"
    )


def test_long_and_many_lined_host_text_becomes_one_short_line() -> None:
    """A line feed in a process name must not make a second line."""
    assert cut("a\n\nb\tc") == "a b c"
    assert len(cut("x" * 5000)) == 110


@pytest.mark.parametrize(
    ("sql", "attack", "kind"),
    [
        ("SELECT * FROM crontab", (), Kind.CRON),
        ("SELECT * FROM users u LEFT JOIN shadow s ON s.username = u.username", (), Kind.USER),
        ("SELECT * FROM users u CROSS JOIN authorized_keys k ON k.uid = u.uid", (), Kind.LOGIN_KEY),
        ("SELECT * FROM file f JOIN hash h ON h.path = f.path", ("T1543.002", "T1053.006"), Kind.UNIT),
        ("SELECT * FROM file", (), Kind.FILE),
        ("SELECT * FROM processes p JOIN hash h ON h.path = p.path", (), Kind.PROGRAM),
        ("SELECT * FROM processes p LEFT JOIN file f ON f.path = p.path", (), Kind.PROCESS),
        ("SELECT * FROM docker_containers", (), Kind.CONTAINER),
        ("SELECT * FROM process_open_sockets s JOIN processes p ON p.pid = s.pid WHERE s.family = 17", (), Kind.RAW_SOCKET),
        ("SELECT 1", ("T1098.004",), Kind.LOGIN_KEY),
        ("", (), Kind.OTHER),
    ],
)  # fmt: skip
def test_the_kind_of_an_unknown_query_is_read_from_its_sql_and_its_technique(
    sql: str, attack: tuple[str, ...], kind: Kind
) -> None:
    """Packs that nobody here has seen are judged too."""
    assert meaning(Query("q", sql, "", attack=attack)).kind is kind


def test_a_telling_query_weighs_more_and_one_that_should_be_empty_too() -> None:
    """The pack's author knows what is sharp."""
    plain = meaning(Query("q", "SELECT * FROM processes", ""))
    telling = meaning(Query("q", "SELECT * FROM processes", "", telling=5))
    empty = meaning(Query("q", "SELECT * FROM processes", "", compare=Compare.EXPECT_EMPTY))

    assert telling.added > plain.added
    assert empty.added > plain.added
    assert empty.removed < plain.removed


@pytest.mark.parametrize(
    ("path", "technique"),
    [
        ("/etc/cron.d/x", "T1053.003"),
        ("/var/spool/cron/atjobs/a01", "T1053.002"),
        ("/etc/systemd/system/x.timer", "T1053.006"),
        ("/etc/systemd/system/x.service", "T1543.002"),
        ("/etc/udev/rules.d/x.rules", "T1546.017"),
    ],
)
def test_a_technique_is_narrowed_by_what_the_path_gives_away(path: str, technique: str) -> None:
    """A query that may show five techniques names the one that this row shows."""
    query = replace(QUERY, attack=("T1053.002", "T1053.003", "T1053.006", "T1543.002", "T1546.017"))

    assert narrowed(query, {"path": path}, ()) == (technique,)


def test_only_techniques_with_a_reason_are_claimed() -> None:
    """A trait names its own; a path that says nothing leaves the query's."""
    query = replace(QUERY, attack=("T1059",))

    assert narrowed(query, {"path": "/etc/cron.d/x"}, ()) == ("T1059",)
    assert narrowed(query, {}, (Trait(2.0, "x", "T1036"), Trait(-1.0, "y", "T1000"))) == ("T1036",)


def test_a_changed_process_or_library_is_said_by_what_it_does() -> None:
    """A known program with another option runs; it is not "another" program."""
    row, usual = {"path": "/x", "cmdline": "/x --canary"}, {"path": "/x", "cmdline": "/x"}

    assert say(Kind.PROCESS, QUERY, Change.CHANGED, row, usual, ()) == (
        "runs /x --canary (cmdline /x --canary instead of /x)"
    )
    assert say(Kind.LOADER, QUERY, Change.ADDED, {"path": "/x.so"}, None, ()) == "has a loaded library /x.so"
