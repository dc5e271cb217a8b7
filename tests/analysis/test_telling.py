"""One thing is told once: which rows are joined, which are not, and that nothing is lost by it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.analysis import judge, reporting
from bot.analysis.semantics import Kind
from bot.analysis.telling import MOST_BEHIND, subject, things
from bot.analysis.wording import also_seen
from bot.model import Change, Host, Report, Row
from tests.analysis.cases import Rows, case, honest

ADDED, CHANGED, REMOVED = Change.ADDED, Change.CHANGED, Change.REMOVED
BASH = "/usr/bin/bash"
MINER = "/tmp/kdevtmpfsi"
UNIT = "/etc/systemd/system/x.service"

Told = tuple[Kind, Row]


def grouped(*rows: Told, change: Change = ADDED) -> list[list[int]]:
    """Return how rows of the same host, all of one change, are told."""
    return things([("host", subject(kind, row, change)) for kind, row in rows])


def process(path: str, cmdline: str, pid: str = "400", username: str = "root", **more: str) -> Told:
    return Kind.PROCESS, {"path": path, "cmdline": cmdline, "pid": pid, "username": username} | more


def socket(path: str, pid: str = "400", address: str = "198.51.100.3") -> Told:
    return Kind.CONNECTION, {"process_path": path, "pid": pid, "remote_address": address, "username": "root"}


def file(path: str, kind: Kind = Kind.FILE) -> Told:
    return kind, {"path": path}


ONE_THING: dict[str, tuple[Told, ...]] = {
    "a program, its connections, its port, its hash, its file, its memory": (
        process(MINER, MINER),
        process(MINER, "other words", "500"),
        socket(MINER),
        socket(MINER, "500", "198.51.100.4"),
        (Kind.LISTENER, {"process_path": MINER, "port": "1"}),
        (Kind.RAW_SOCKET, {"path": MINER}),
        (Kind.ENVIRONMENT, {"path": MINER, "key": "LD_PRELOAD"}),
        file(MINER, Kind.PROGRAM),
        file(MINER),
        file(MINER, Kind.PRIVILEGED_FILE),
        file(f"{MINER} (deleted)", Kind.LOADER),
    ),
    "lines of one cron file, and the file": (
        (Kind.CRON, {"path": "/etc/cron.d/x", "command": "a"}),
        (Kind.CRON, {"path": "/etc/cron.d/x", "command": "b"}),
        file("/etc/cron.d/x", Kind.AUTOSTART),
    ),
    "a unit, its file, and the link that switches it on": (
        (Kind.UNIT, {"id": "x.service", "fragment_path": UNIT}),
        file(UNIT, Kind.UNIT),
        file("/etc/systemd/system/multi-user.target.wants/x.service", Kind.UNIT),
    ),
    "a sudo rule and the file that holds no other account's": (
        (Kind.SUDO, {"source": "/etc/sudoers.d/x", "header": "app", "rule_details": "ALL=(ALL) ALL"}),
        (Kind.SUDO, {"source": "/etc/sudoers.d/x", "header": "app", "rule_details": "NOPASSWD: ALL"}),
        file("/etc/sudoers.d/x", Kind.LOGIN_CONFIG),
    ),
    "an account and its groups": (
        (Kind.USER, {"username": "toor", "uid": "0"}),
        (Kind.MEMBERSHIP, {"username": "toor", "groupname": "sudo"}),
    ),
    "keys of one file": (
        (Kind.LOGIN_KEY, {"key_file": "/root/.ssh/authorized_keys", "key": "a"}),
        (Kind.LOGIN_KEY, {"key_file": "/root/.ssh/authorized_keys", "key": "b"}),
    ),
    "a shell by its command, its connection by the process id, and that it runs at all": (
        process(BASH, "bash -i"),
        (Kind.CONNECTION, {"path": BASH, "cmdline": "bash -i", "pid": "400", "username": "root"}),
        socket(BASH),
        file(BASH, Kind.PROGRAM),
    ),
    "two ports of one interpreter, by the process id": (socket(BASH, "7"), socket(BASH, "7", "10.0.0.1")),
    "a kernel thread's look without a program": (
        process("", "[kworker/0:1]", "77"),
        process("", "[kworker/0:1]", "77", reason="dressed"),
    ),
}
OWN_THINGS: dict[str, tuple[Told, ...]] = {
    "a cron line and the program that it starts": (
        (Kind.CRON, {"path": "/etc/cron.d/x", "command": MINER}),
        process(MINER, MINER),
    ),
    "a unit and the program that it starts": (
        (Kind.UNIT, {"id": "x.service", "fragment_path": UNIT}),
        process("/opt/x", "/opt/x"),
    ),
    "two shells": (process(BASH, "bash -i", "1000"), process(BASH, "bash -l", "1001")),
    "one command of two accounts": (process(BASH, "-bash"), process(BASH, "-bash", "500", "app")),
    "a shell's connection of another process": (process(BASH, "bash -i"), socket(BASH, "500")),
    "a connection that two shells may own": (
        process(BASH, "bash -i", "400"),
        process(BASH, "bash -l", "400"),
        socket(BASH, "400"),
    ),
    "connections of processes that cannot be seen": (socket("", "-1"), socket("", "-1", "10.0.0.1")),
    "a shell that runs, and the right to run it as its owner": (
        process(BASH, "bash -i"),
        file(BASH, Kind.PRIVILEGED_FILE),
    ),
    "two sessions of the daemon for logins": (
        process("/usr/sbin/sshd", "sshd: a@pts/0", "300"),
        process("/usr/sbin/sshd", "sshd: b@pts/1", "301"),
    ),
    "two instances of a unit, and the file of both": (
        (Kind.UNIT, {"id": "x@1.service", "fragment_path": "/lib/systemd/system/x@.service"}),
        (Kind.UNIT, {"id": "x@2.service", "fragment_path": "/lib/systemd/system/x@.service"}),
        file("/lib/systemd/system/x@.service", Kind.UNIT),
    ),
    "two accounts of one sudoers file, and the file": (
        (Kind.SUDO, {"source": "/etc/sudoers", "header": "app"}),
        (Kind.SUDO, {"source": "/etc/sudoers", "header": "ops"}),
        file("/etc/sudoers", Kind.LOGIN_CONFIG),
    ),
    "an account and its key": (
        (Kind.USER, {"username": "toor"}),
        (Kind.LOGIN_KEY, {"username": "toor", "key_file": "/root/.ssh/authorized_keys"}),
    ),
    "a host's program and one below another root": (
        process("/app/server", "server", root="/var/lib/x"),
        file("/app/server"),
    ),
    "paths that look alike": (
        file("/tmp/x"),
        file("/tmp/x "),
        file("/tmp/x\n"),
        file("/tmp/X"),
        file("/tmp//x"),
        file("/tmp/x\u200b"),
        file("/tmp/х"),  # a letter of another alphabet
        file("/tmp/x (deleted)"),
    ),
    "what names no file": (file(""), file(""), file("tmp/x"), file("tmp/x")),
    "a path that spells another thing": (
        file("unit"),
        (Kind.UNIT, {"id": "/tmp/x"}),
        file("/tmp/x"),
        (Kind.USER, {"username": "/tmp/x"}),
        (Kind.SUDO, {"source": "/tmp/y\x00app", "header": ""}),
        (Kind.SUDO, {"source": "/tmp/y", "header": "\x00app"}),
    ),
    "mounts, packages, containers and modules": (
        (Kind.MOUNT, {"path": "/proc/1"}),
        (Kind.MOUNT, {"path": "/proc/1"}),
        (Kind.PACKAGE, {"name": "x", "path": "/x"}),
        (Kind.PACKAGE, {"name": "x", "path": "/x"}),
        (Kind.MODULE, {"name": "x"}),
        (Kind.MODULE, {"name": "x"}),
    ),
}


@pytest.mark.parametrize("rows", ONE_THING.values(), ids=ONE_THING)
def test_what_speaks_of_one_thing_is_told_together(rows: tuple[Told, ...]) -> None:
    """In whatever order they come, the rows are one group."""
    for seed in range(3):
        order = random.Random(seed).sample(rows, len(rows))

        assert grouped(*order) == [list(range(len(rows)))]


@pytest.mark.parametrize("rows", OWN_THINGS.values(), ids=OWN_THINGS)
def test_what_only_looks_like_one_thing_stays_apart(rows: tuple[Told, ...]) -> None:
    """Other things, and things of which it cannot be told, keep findings of their own."""
    assert len(grouped(*rows)) == len(rows)


def test_a_shell_whose_file_changed_is_another_matter_than_a_shell_that_runs() -> None:
    """That nobody else runs it goes with what runs; what its file holds does not."""
    rows = [("host", subject(*process(BASH, "bash -i"), ADDED)), ("host", subject(Kind.PROGRAM, {"path": BASH}, CHANGED))]  # fmt: skip

    assert things(rows) == [[0], [1]]


def test_a_group_is_no_larger_than_a_report_holds() -> None:
    """Further facts are a finding of their own instead of being left out."""
    groups = grouped(*[file(MINER)] * (2 * MOST_BEHIND + 5))

    assert [len(group) for group in groups] == [1 + MOST_BEHIND, 1 + MOST_BEHIND, 3]
    assert sorted(place for group in groups for place in group) == list(range(2 * MOST_BEHIND + 5))


def mined(hosts: list[tuple[Host, Rows]], path: str, *victims: int) -> None:
    """Plant a program that runs, listens and lies in /tmp, and a cron file that starts it."""
    for victim in victims:
        rows = hosts[victim][1]
        rows["processes"].append({"name": "x", "path": path, "cmdline": path, "username": "app", "on_disk": "1", "pid": "4000"})  # fmt: skip
        rows["listening_ports"].append({"port": "3333", "address": "0.0.0.0", "process_path": path})
        rows["tmp_executables"].append({"path": path, "sha256": "e" * 64})
        rows["crontab"].append({"command": f"root {path}", "path": "/etc/cron.d/x"})


def test_a_program_that_runs_listens_and_lies_somewhere_is_one_finding() -> None:
    """The sharpest leads and says in few words what else is seen; each keeps its techniques; the cron line stays apart."""
    hosts = honest(8)
    mined(hosts, MINER, 2)

    report = judge(case(hosts, baseline=honest(3, 1, first=500)))
    found = report.of_host(hosts[2][0].id)

    lead = next(finding for finding in found if finding.also)
    assert len(found) == 2
    assert {fact.query for fact in lead.facts} == {"processes", "listening_ports", "tmp_executables"}
    assert lead.score == max(fact.score for fact in lead.facts)
    assert lead.why.endswith("not in the baseline (also seen: program file)")
    assert lead.query == "listening_ports"
    assert {fact.query: fact.attack for fact in lead.also}["tmp_executables"] == ("T1105",)
    assert report.hosts[0].reason in (finding.why for finding in found)


def test_what_is_missing_is_never_told_with_what_is_there() -> None:
    """A program that most run and this host does not, and another row of it that is there, are two findings."""
    hosts = honest(8)
    rows = hosts[2][1]
    rows["processes"] = [row for row in rows["processes"] if row["path"] != "/usr/sbin/auditd"]
    rows["listening_ports"].append({"port": "4", "address": "0.0.0.0", "process_path": "/usr/sbin/auditd"})

    found = judge(case(hosts, baseline=honest(3, 1, first=500))).of_host(hosts[2][0].id)

    assert {finding.change for finding in found} == {ADDED, REMOVED}
    assert not any(finding.also for finding in found)


def test_hosts_of_which_one_shows_less_are_not_spoken_of_together() -> None:
    """What two hosts share and what one of them shows alone are told apart: each finding is true of all its hosts."""
    hosts = honest(9)
    for victim in (1, 2):
        hosts[victim][1]["tmp_executables"].append({"path": MINER, "sha256": "e" * 64})
    hosts[1][1]["listening_ports"].append({"port": "3333", "address": "0.0.0.0", "process_path": MINER})

    report = judge(case(hosts))

    assert {len(finding.hosts) for finding in report.findings if MINER in finding.why} == {1, 2}
    assert not any(finding.also for finding in report.findings)


def test_an_honest_host_is_told_five_things_not_five_rows() -> None:
    """Rows that are told with a thing that is told anyway take no place from others."""
    hosts = honest(16)
    for name in "abcdef":
        hosts[3][1]["tmp_executables"].append({"path": f"/var/tmp/{name}", "sha256": "e" * 64})
        hosts[3][1]["listening_ports"].append({"port": "81", "address": "127.0.0.1", "process_path": f"/var/tmp/{name}"})  # fmt: skip
    for other in range(4, 9):  # so that what others show too does not mark the host
        mined(hosts, f"/tmp/{other}", other)
    hosts[4][1]["users"].append(
        {"username": "toor", "uid": "0", "shell": "/bin/bash"}
    )  # who is first tells more

    report = judge(case(hosts))
    found = report.of_host(hosts[3][0].id)

    assert not report.hosts[1].outlier
    assert len(found) == 5
    assert all(len(finding.facts) == 2 for finding in found)


PATHS = st.sampled_from(
    (MINER, BASH, "/tmp/.x/\x00", "/opt/é\n; perhaps honest", "“/x” (also seen: nothing)")
)


@settings(max_examples=40, deadline=None)
@given(
    planted=st.lists(st.tuples(PATHS, st.lists(st.integers(0, 5), min_size=1, max_size=3)), max_size=5),
    gone=st.lists(st.sampled_from(("/usr/sbin/auditd", "/usr/sbin/nginx")), max_size=2),
    baseline=st.sampled_from((0, 3)),
    seed=st.integers(0, 1_000),
)
def test_joining_loses_no_row_and_changes_no_score(
    planted: Sequence[tuple[str, list[int]]], gone: Sequence[str], baseline: int, seed: int
) -> None:
    """With joining and without it the hosts, their scores and their order are the same, and so is each fact with its rows."""
    hosts = honest(6, seed)
    for path, victims in planted:
        mined(hosts, path, *victims)
    for path in gone:
        rows = hosts[seed % 6][1]
        for query, column in (("processes", "path"), ("listening_ports", "process_path")):
            rows[query] = [row for row in rows[query] if row[column] != path]
    asked = case(hosts, baseline=honest(baseline, seed + 1, first=500))

    joined = judge(asked)
    with patch.object(reporting, "things", lambda subjects: [[place] for place in range(len(subjects))]):
        apart = judge(asked)

    assert facts(joined) == facts(apart)
    assert [replace(host, reason="") for host in joined.hosts] == [
        replace(host, reason="") for host in apart.hosts
    ]
    assert joined.notes == apart.notes
    assert [finding.score for finding in joined.findings] == sorted(
        (finding.score for finding in joined.findings), reverse=True
    )
    assert all(len(finding.also) <= MOST_BEHIND for finding in joined.findings)


def facts(report: Report) -> Counter[str]:
    """Return each fact of a report with its hosts and rows, wherever it stands."""
    return Counter(
        repr(
            (
                f.hosts,
                one.query,
                one.change,
                dict(one.row),
                one.expected,
                one.score,
                one.rows,
                one.attack,
                f.quadrant,
            )
        )
        for f in report.findings
        for one in f.facts
    ) + Counter(repr((f.hosts, shared)) for f in report.findings for shared in f.shared)


@pytest.mark.parametrize(
    ("lead", "behind", "said"),
    [
        (Kind.PROCESS, [(Kind.CONNECTION, "s", ADDED), (Kind.FILE, "t", ADDED)], "(also seen: connection, program file)"),
        (Kind.PROCESS, [(Kind.CONNECTION, "s", ADDED)] * 3, "(also seen: 3 connections)"),
        (Kind.PROCESS, [(Kind.PROCESS, "odd", ADDED), (Kind.PROGRAM, "h", ADDED)], ""),
        (Kind.PROCESS, [(Kind.PROCESS, "q", ADDED)], "(also seen: 1 more process)"),
        (Kind.PROCESS, [(Kind.PROCESS, "q", ADDED)] * 2, "(also seen: 2 more processes)"),
        (Kind.PROCESS, [(Kind.PROGRAM, "h", CHANGED)], "(also seen: changed program file)"),
        (Kind.CONNECTION, [(Kind.PROCESS, "p", ADDED), (Kind.LOADER, "l", ADDED)], ""),
        (Kind.FILE, [(Kind.LOADER, "l", ADDED)], "(also seen: loaded library)"),
        (Kind.CRON, [(Kind.AUTOSTART, "f", ADDED)], ""),
        (Kind.CRON, [(Kind.CRON, "q", ADDED)], "(also seen: 1 more scheduled job)"),
        (Kind.UNIT, [(Kind.UNIT, "f", ADDED)], ""),
        (Kind.USER, [(Kind.MEMBERSHIP, "m", ADDED)], "(also seen: group membership)"),
        (Kind.FILE, [(Kind.PROGRAM, "h", ADDED), (Kind.PROCESS, "p", ADDED)], "(also seen: process)"),
    ],
)  # fmt: skip
def test_the_line_says_what_else_is_seen_where_that_is_news(
    lead: Kind, behind: list[tuple[Kind, str, Change]], said: str
) -> None:
    """Plain words with numbers; that a program which is connected runs, or that a named file is there, goes without saying."""
    assert also_seen(lead, "q", behind) == said
