"""How a finding reads at three in the morning."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.analysis.places import Trait
from bot.analysis.semantics import Kind, meaning
from bot.analysis.techniques import narrowed
from bot.analysis.things import cut
from bot.analysis.wording import counts, perhaps, say
from bot.model import Change, Compare, Query, Row

QUERY = Query("things", "SELECT a, b FROM t", "Why.", key=("a",))


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        (Kind.PROCESS, {"path": "/usr/bin/x", "cmdline": "x -q", "username": "root"}, "runs /usr/bin/x as root, command line “x -q”"),
        (Kind.PROCESS, {"path": "/x", "cmdline": "/x -q", "username": "root"}, "runs “/x -q” as root"),
        (Kind.LISTENER, {"port": "80", "address": "", "process_path": "/x"}, "has /x waiting for connections on port 80 of any address"),
        (Kind.CONNECTION, {"remote_address": "10.0.0.1", "remote_port": "22"}, "has an unseen process connected to 10.0.0.1 port 22"),
        (Kind.CONNECTION, {"remote_address": "10.0.0.1", "remote_port": "22", "path": "/x", "cmdline": "x", "username": "app"}, "has /x connected to 10.0.0.1 port 22 as app, command line “x”"),
        (Kind.RAW_SOCKET, {"kind": "raw socket", "path": "/x"}, "has /x reading all traffic that passes: it sees passwords and tokens on their way"),
        (Kind.RAW_SOCKET, {"kind": "promiscuous interface", "name": "ens5"}, "has the network interface ens5 reading all traffic that passes: it sees passwords and tokens on their way"),
        (Kind.CRON, {"command": "x", "path": "/etc/cron.d/x"}, "has the scheduled job “x” in /etc/cron.d/x: it starts again and again by itself"),
        (Kind.CRON, {"path": "/etc/cron.d/x"}, "has the scheduled job file /etc/cron.d/x: it starts again and again by itself"),
        (Kind.UNIT, {"id": "x.timer"}, "has the timer x.timer: it starts by itself"),
        (Kind.UNIT, {"path": "/etc/systemd/system/x.service"}, "has the service file /etc/systemd/system/x.service: it starts by itself"),
        (Kind.NAMES, {"source": "dns", "address": "10.0.0.2", "value": "nameserver"}, "has the name server 10.0.0.2: it decides where a name leads"),
        (Kind.NAMES, {"address": "10.0.0.2", "hostnames": "repo"}, "has 10.0.0.2 as the address of repo: it decides where a name leads"),
        (Kind.FIREWALL, {"chain": "INPUT", "target": "ACCEPT", "src_ip": "10.0.0.9", "dst_ip": "0.0.0.0", "dst_port": "22"}, "has the firewall rule ACCEPT in INPUT from 10.0.0.9 to port 22: it decides which traffic passes"),
        (Kind.ROUTE, {"destination": "10.9.0.0", "gateway": "10.0.0.1"}, "has the route to 10.9.0.0 by 10.0.0.1: it decides which way traffic goes"),
        (Kind.CONTAINER, {"name": "/a", "image": "b:1", "command": "c d"}, "has the container /a of image b:1, command “c d”: it runs beside the host's own programs"),
        (Kind.CONTAINER, {"name": "/a", "image": "b:1", "source": "/"}, "has the container /a of image b:1 with / of the host inside: it runs beside the host's own programs"),
        (Kind.PACKAGE_SOURCE, {"base_uri": "http://10.0.0.3/apt", "source": "/etc/apt/x.list"}, "has the package source http://10.0.0.3/apt in /etc/apt/x.list: software is installed from there"),
        (Kind.LOGIN_CONFIG, {"path": "/etc/pam.d/sshd", "label": "module", "value": "pam_x.so"}, "has the login setting module “pam_x.so” in /etc/pam.d/sshd: it decides who may log in or what is recorded"),
        (Kind.MOUNT, {"path": "/proc/1", "device": "/dev/sda1"}, "has /dev/sda1 mounted on /proc/1"),
        (Kind.LIBRARY, {"language": "python", "name": "x", "version": "1"}, "has the python library x 1: its code runs with the rights of whatever uses it"),
        (Kind.OTHER, {"a": "1", "b": "2"}, "has “1” in things"),
        (Kind.OTHER, {"a": "", "b": "2"}, "has a row in things"),
    ],
)  # fmt: skip
def test_what_is_there_is_said_by_its_kind(kind: Kind, row: Row, said: str) -> None:
    """Each kind has its own words and says what it means; an unknown one names its query and key."""
    assert say(kind, QUERY, Change.ADDED, row, None, ()) == said


@pytest.mark.parametrize(
    ("row", "usual", "said"),
    [
        ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, "has “1” in things, with b 2 instead of 3"),
        ({"a": "1", "b": ""}, {"a": "1", "b": "3"}, "has “1” in things, with b nothing instead of 3"),
        ({"a": "1", "b": "0a" * 32}, {"a": "1", "b": "1b" * 32}, "has “1” in things, with b 0a0a0a0a… instead of 1b1b1b1b…"),
        ({"a": "2", "b": "x", "c": "y"}, {"a": "1", "b": "v", "c": "w"}, "has “2” in things, with a 2 instead of 1, b x instead of v and 1 more difference"),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, "has “1” in things"),
    ],
)  # fmt: skip
def test_what_changed_is_said_with_what_is_usual(row: Row, usual: Row, said: str) -> None:
    """Values stand side by side; of a digest only the beginning, which is enough to tell two apart."""
    assert say(Kind.OTHER, QUERY, Change.CHANGED, row, usual, ()) == said


def test_only_columns_that_were_judged_to_differ_are_said() -> None:
    """What varies on every host, such as its own address, is no difference even where the raw rows differ."""
    row, usual = {"a": "1", "b": "2", "c": "x"}, {"a": "1", "b": "3", "c": "y"}

    said = say(Kind.OTHER, QUERY, Change.CHANGED, row, usual, (), {"b": ("2", "3")})

    assert said == "has “1” in things, with b 2 instead of 3"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lies in a hidden place",), "it lies in a hidden place"),
        (("lies in /dev", "lies in a hidden place"), "it lies in /dev and in a hidden place"),
        (("runs from memory", "talks to a public address"), "it runs from memory and talks to a public address"),
        (("its program file was deleted", "lies in /dev"), "its program file was deleted, and it lies in /dev"),
        (("may log in", "another root"), "it may log in, and another root"),
        (("mines coins", "opens a tunnel", "third"), "it mines coins and opens a tunnel"),
    ],
)  # fmt: skip
def test_two_reasons_at_most_are_joined_into_a_clause(words: tuple[str, ...], said: str) -> None:
    """A reason that begins with a verb speaks of the thing just named; another stands alone."""
    traits = [Trait(2.0, each) for each in words]

    assert say(Kind.OTHER, QUERY, Change.ADDED, {"a": "1"}, None, traits) == f"has “1” in things: {said}"


def test_a_reason_that_others_share_is_said_only_where_there_is_no_other() -> None:
    """It is worth no bits, but it says what the thing means; what speaks for the host goes before it."""
    shared, own, good = Trait(0.0, "may log in"), Trait(1.0, "mines coins"), Trait(-1.5, "closes something")

    assert say(Kind.OTHER, QUERY, Change.ADDED, {"a": "1"}, None, (own, shared, good)).endswith(
        ": it mines coins"
    )
    assert say(Kind.OTHER, QUERY, Change.ADDED, {"a": "1"}, None, (shared,)).endswith(": it may log in")
    assert say(Kind.OTHER, QUERY, Change.ADDED, {"a": "1"}, None, (shared, good)).endswith(
        ": it closes something"
    )


def test_what_is_missing_is_said_as_missing() -> None:
    """A process does not run, a thing is not there; what the thing would mean is not said of its absence."""
    gone = Change.REMOVED

    assert (
        say(Kind.PROCESS, QUERY, gone, {"path": "/x", "cmdline": "/x -d"}, None, ()) == "does not run “/x -d”"
    )
    assert say(Kind.UNIT, QUERY, gone, {"id": "x.service"}, None, ()) == "does not have the service x.service"


@pytest.mark.parametrize(
    ("holders", "of", "seen", "snapshots", "added", "removed"),
    [
        (1, 23, 0, 5, "none of the other 23 hosts has it; not in the baseline", "the other 23 hosts all have it; the baseline has it"),
        (1, 1, None, None, "the other host does not have it", "the other host has it"),
        (2, 9, 0, 1, "on 2 hosts, and on none of the other 9; not in the baseline", "missing on 2 hosts, and the other 9 hosts have it; the baseline has it"),
        (3, 1, None, None, "on 3 hosts, and not on the other", "missing on 3 hosts, and the other host has it"),
        (4, 0, 0, 3, "on all 4 hosts; not in the baseline", "missing on all 4 hosts; the baseline has it"),
        (1, 0, 2, 5, "in 2 of 5 baseline snapshots", "missing in 2 of 5 baseline snapshots"),
        (1, 0, 5, 5, "in the baseline", "missing in the baseline too"),
        (1, 9, 5, 5, "none of the other 9 hosts has it; the baseline has it: the others have moved on", "the other 9 hosts all have it; the baseline lacks it too: the others got it since"),
    ],
)  # fmt: skip
def test_counts_are_said_in_words(
    holders: int, of: int, seen: int | None, snapshots: int | None, added: str, removed: str
) -> None:
    """The reader sees how many others have it, and what the baseline knows."""

    def said(change: Change) -> str:
        return counts(holders=holders, of=of, seen=seen, baseline_of=snapshots, change=change)

    assert said(Change.ADDED) == added
    assert said(Change.REMOVED) == removed


def test_an_honest_cause_is_told_in_the_line() -> None:
    """The reader sees at once why it weighs less; without one nothing is said."""
    assert perhaps("belongs to the session of somebody logged in") == (
        "perhaps honest: it belongs to the session of somebody logged in"
    )
    assert perhaps("packages changed on the same host") == "perhaps honest: packages changed on the same host"
    assert perhaps("") == ""


def test_a_changed_value_is_counted_as_this_value() -> None:
    """The others do have the thing, with another value."""
    said = counts(holders=1, of=4, seen=0, baseline_of=1, change=Change.CHANGED)

    assert said == "none of the other 4 hosts has this; not in the baseline"


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.PROCESS, Kind.UNIT, Kind.USER, Kind.CONTAINER, Kind.OTHER])
def test_no_name_that_a_host_chose_passes_for_words_of_ours(kind: Kind) -> None:
    """What holds a space, a semicolon or our quotation marks stands between quotation marks that it cannot close."""
    evil = "x”; perhaps honest: it belongs to the session of somebody logged in"
    row = dict.fromkeys(("a", "path", "cmdline", "id", "username", "image", "name", "command"), evil)

    said = say(kind, QUERY, Change.ADDED, row, None, ())

    for quotation in re.findall("“[^“”]*”", said):
        said = said.replace(quotation, "")
    assert "perhaps honest" not in said
    assert "”" not in said


def test_long_and_many_lined_host_text_becomes_one_short_line() -> None:
    """A line feed in a process name must not make a second line; of what is too long both ends stay."""
    assert cut("a\n\nb\tc") == "a b c"
    assert len(cut("x" * 5000)) == 90
    assert cut("x" * 200 + "/end").endswith("/end")


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


@pytest.mark.parametrize(
    ("more", "usual", "said"),
    [
        ("-c app.conf --env CANARY=1", "-c app.conf", ", with “--env CANARY=1” added"),
        ("-c app.conf", "-c app.conf --safe", ", without “--safe”"),
        ("-w 4 -c app.conf", "-w 8 -c app.conf", ", with “4” instead of “8”"),
        ("-c  app.conf", "-c app.conf", ""),
    ],
)
def test_of_a_long_command_only_the_other_words_are_said(more: str, usual: str, said: str) -> None:
    """The one option that differs must not drown in a command line of a hundred characters."""
    program = "/opt/app/bin/serve --root /opt/app/current/public/assets/static"
    row, expected = (
        {"path": "/x", "cmdline": f"{program} {more}"},
        {"path": "/x", "cmdline": f"{program} {usual}"},
    )

    assert say(Kind.PROCESS, QUERY, Change.CHANGED, row, expected, ()).endswith(f"”{said}")


def test_a_changed_process_or_library_is_said_by_what_it_does() -> None:
    """A known program with another option runs; it is not "another" program."""
    row, usual = {"path": "/x", "cmdline": "/x --canary"}, {"path": "/x", "cmdline": "/x"}

    assert say(Kind.PROCESS, QUERY, Change.CHANGED, row, usual, ()) == "runs “/x --canary” instead of “/x”"
    assert say(
        Kind.PROGRAM,
        QUERY,
        Change.CHANGED,
        row | {"sha256": "0a" * 32},
        usual,
        (),
        {"sha256": ("0a" * 32, "")},
    ) == (
        "runs the program /x, with content 0a0a0a0a… instead of nothing: "
        "the program is not the one that others run under this name"
    )
    assert say(Kind.LOADER, QUERY, Change.ADDED, {"path": "/x.so"}, None, ()) == (
        "has the library /x.so loaded: its code runs inside other programs"
    )
