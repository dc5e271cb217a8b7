"""Whose word counts for where a process comes from: its chain of parents, not its name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.analysis import judge
from bot.analysis.causes import WORK, lowering
from bot.analysis.claims import Claim, Proven, claims
from bot.analysis.evidence import Evidence, Shared
from bot.analysis.lineage import (
    Process,
    Proof,
    Tree,
    by_few,
    in_session,
    of_own,
    on_schedule,
    own_footprint,
    service_above,
)
from bot.analysis.semantics import Kind
from bot.analysis.work import shares
from bot.model import Change, Compare, Finding, Query
from tests.analysis.cases import PACK, Rows, case, honest

CRON = "/usr/sbin/cron"
PROGRAMS = frozenset({CRON, "/usr/sbin/sshd"})
PARENTS = replace(
    PACK,
    queries=(
        *(
            replace(q, ignore=("pid", "parent", "start_time")) if q.name == "processes" else q
            for q in PACK.queries
        ),
        Query("logged_in_users", "SELECT * FROM logged_in_users", "Who is here.", compare=Compare.CONTEXT),
    ),
)


def tree(*rows: tuple[str, str, str, str]) -> Tree:
    """Return the tree of (pid, parent, path, start time) below the first process and a cron daemon."""
    given = (("1", "0", "/usr/lib/systemd/systemd", "10"), ("300", "1", CRON, "20"), *rows)
    return Tree({pid: Process(pid, up, path, at) for pid, up, path, at in given})


def test_what_descends_from_an_open_login_belongs_to_its_session() -> None:
    """The shell below the registered process, and the process that carries it."""
    grown = tree(
        ("700", "1", "/usr/sbin/sshd", "50"), ("800", "700", "/usr/sbin/sshd", "90"), ("801", "800", "/usr/bin/bash", "91")
    )  # fmt: skip

    assert in_session(grown, ["801"], {"800"}, "/usr/bin/bash") is Proof.CONFIRMED
    assert in_session(grown, ["700"], {"800"}, "/usr/sbin/sshd") is Proof.CONFIRMED
    assert in_session(grown, ["300"], {"800"}, CRON) is Proof.REFUTED
    assert in_session(grown, ["999"], {"800"}, "/usr/bin/bash") is Proof.OPEN
    assert in_session(grown, [], {"800"}, "/usr/bin/bash") is Proof.OPEN


def test_one_of_several_processes_outside_the_session_refutes_the_claim() -> None:
    """A row that stands for two processes is as good as the worse of them."""
    grown = tree(
        ("800", "1", "/usr/sbin/sshd", "90"),
        ("801", "800", "/usr/bin/bash", "91"),
        ("900", "1", "/usr/bin/bash", "91"),
    )

    assert in_session(grown, ["801", "900"], {"800"}, "/usr/bin/bash") is Proof.REFUTED


def test_a_scheduled_job_descends_from_the_daemon_that_most_hosts_run() -> None:
    """A program of the same name elsewhere starts nothing on schedule."""
    grown = tree(
        ("801", "300", "/usr/bin/dash", "91"),
        ("810", "1", "/tmp/cron", "91"),
        ("811", "810", "/usr/bin/dash", "91"),
    )

    assert on_schedule(grown, ["801"], PROGRAMS) is Proof.CONFIRMED
    assert on_schedule(grown, ["811"], PROGRAMS) is Proof.REFUTED


def test_the_fork_of_the_schedules_daemon_claims_to_be_scheduled_where_most_hosts_run_that_daemon() -> None:
    """It forks itself before it starts a job; a daemon of that name elsewhere claims nothing."""
    here, elsewhere = ({"path": path, "cmdline": "/usr/sbin/CRON -f"} for path in (CRON, "/opt/sbin/cron"))
    grown = tree(("801", "300", CRON, "91"), ("900", "1", CRON, "91"))

    assert list(claims(Kind.PROCESS, here, Evidence(), Shared(programs=PROGRAMS))) == [Claim.SCHEDULE]
    assert not list(claims(Kind.PROCESS, elsewhere, Evidence(), Shared(programs=PROGRAMS)))
    assert on_schedule(grown, ["801"], PROGRAMS) is Proof.CONFIRMED
    assert on_schedule(grown, ["900"], PROGRAMS) is Proof.REFUTED


def test_a_loop_of_parents_ends() -> None:
    """A host may say anything."""
    assert on_schedule(tree(("5", "6", "/a", "1"), ("6", "5", "/b", "1")), ["5"], PROGRAMS) is Proof.OPEN


def test_the_command_that_asked_is_known_by_the_osquery_that_answered() -> None:
    """From that process up to whatever ran before the command; a rogue agent's child is not among them."""
    grown = tree(
        ("600", "1", "/usr/bin/amazon-ssm-agent", "40"),
        ("900", "600", "/usr/bin/ssm-document-worker", "9000"),
        ("901", "900", "/usr/bin/dash", "9000"),
        ("902", "901", "/opt/osquery/bin/osqueryd", "9001"),
        ("903", "901", "/usr/bin/tail", "9001"),
        ("950", "1", "/usr/bin/ssm-document-worker", "9000"),
    )

    own = own_footprint(grown, "902")

    assert own == {"900", "901", "902"}
    assert of_own(grown, ["903"], own)
    assert not of_own(grown, ["950"], own)
    assert not of_own(grown, ["600"], own)
    assert own_footprint(grown, "") == frozenset()


@pytest.mark.parametrize(
    ("proof", "bits"), [(Proof.CONFIRMED, -3.0), (Proof.OPEN, -1.5), (Proof.REFUTED, 0.0)]
)
def test_a_claim_counts_as_far_as_it_is_proven(proof: Proof, bits: float) -> None:
    """A name alone counts for half, and for nothing where the parents say otherwise."""
    row = {"path": "/usr/bin/less", "username": "alice"}
    evidence = Evidence(sessions={"alice"}, leaders={"800"})

    parts = lowering(
        Kind.PROCESS,
        row,
        Change.ADDED,
        evidence,
        Shared(),
        hosts=1,
        version=False,
        proven=Proven({Claim.SESSION: proof}),
    )

    assert sum(part.bits for part in parts) == bits


def processes(rows: Rows, *given: dict[str, str]) -> None:
    """Lay out the first process, a login server and these."""
    rows["processes"] = [
        {"start_time": "10", "parent": "1", **row}
        for row in rows["processes"]
        if row["path"] != "/usr/lib/systemd/systemd"
    ]
    first = {
        "name": "systemd",
        "path": "/usr/lib/systemd/systemd",
        "cmdline": "/sbin/init",
        "pid": "1",
        "parent": "0",
    }
    for row in (first, *given):
        rows["processes"].append({"username": "root", "on_disk": "1", "start_time": "10", **row})


def score_of(*given: dict[str, str], session: dict[str, str] | None = None) -> list[Finding]:
    """Return the findings on one of twelve hosts, on which these processes run."""
    hosts = honest(12)
    for index, (_, rows) in enumerate(hosts):
        processes(rows, *(given if index == 3 else ()))
        rows["logged_in_users"] = [session] if session and index == 3 else []
    return list(judge(case(hosts, pack=PARENTS)).of_host(hosts[3][0].id))


def test_the_name_of_a_session_without_one_is_no_excuse() -> None:
    """A process dressed as the login of somebody who is here, with other parents, is scored as if nobody were."""
    dressed = {
        "name": "sshd",
        "path": "/usr/bin/sshd2",
        "cmdline": "sshd: admin@pts/0",
        "pid": "950",
        "parent": "1",
    }
    login = {"type": "user", "user": "admin", "tty": "pts/0", "pid": "800"}
    carrier = {
        "name": "sshd",
        "path": "/usr/sbin/sshd",
        "cmdline": "sshd: admin [priv]",
        "pid": "800",
        "parent": "1",
    }

    with_session = score_of(dressed, carrier, session=login)
    without = score_of(dressed, carrier)

    def of(found: list[Finding]) -> float:
        return next(f.score for f in found if f.row.get("path") == "/usr/bin/sshd2")

    assert of(with_session) == of(without)
    assert [f.row["path"] for f in with_session] == ["/usr/bin/sshd2"]


def test_what_a_service_starts_is_its_work_where_it_starts_other_things_everywhere() -> None:
    """On nine of eleven other hosts it starts things that nobody else runs; on one of eleven it says nothing."""
    many = {(host, host): "/opt/buildd" for host in range(10)}
    few = {(10, 0): "/usr/sbin/nginx", (11, 1): "/usr/sbin/nginx"}

    assert shares(many | few, 12) == dict.fromkeys(many, 9 / 11)


@pytest.mark.parametrize(("share", "bits"), [(1.0, [-WORK]), (0.5, [-WORK / 2]), (0.0, [])])
def test_work_takes_off_as_much_as_the_service_varies(share: float, bits: list[float]) -> None:
    """A service that always does the same excuses nothing."""
    parts = lowering(
        Kind.PROCESS, {"path": "/opt/x"}, Change.ADDED, Evidence(), Shared(), hosts=1, version=False, proven=Proven(work=share)
    )  # fmt: skip

    assert [part.bits for part in parts] == bits


def test_the_service_above_is_neither_a_tool_nor_the_first_process() -> None:
    """A shell between them is passed over; processes of two services have none in common."""
    grown = tree(
        ("500", "1", "/opt/buildd/bin/buildd", "50"),
        ("501", "500", "/usr/bin/bash", "60"),
        ("502", "501", "/opt/x", "70"),
        ("503", "1", "/opt/x", "70"),
    )
    programs = frozenset({"/opt/buildd/bin/buildd", "/usr/bin/bash", "/usr/lib/systemd/systemd"})

    assert service_above(grown, ["502"], programs) == "/opt/buildd/bin/buildd"
    assert service_above(grown, ["503"], programs) == ""
    assert service_above(grown, ["502", "503"], programs) == ""
    assert service_above(grown, [], programs) == ""


@pytest.mark.parametrize(
    ("pid", "proof"), [("300", Proof.REFUTED), ("502", Proof.CONFIRMED), ("9", Proof.OPEN)]
)
def test_a_library_follows_a_program_that_few_hosts_run(pid: str, proof: Proof) -> None:
    """One that cron loads on this host alone is no consequence of anything."""
    grown = tree(("502", "1", "/usr/bin/newtool", "70"))

    assert by_few(grown, [pid], PROGRAMS) is proof
