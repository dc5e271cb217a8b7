"""Is each failure seen in the field produced, given its reason, and written down in docs/operations.md?

One fleet and one collection: every host fails in a way of its own, at once, while calls are throttled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from bot.adapters.aws_inventory import AwsInventory
from bot.adapters.aws_session import connect
from bot.adapters.aws_ssm import SsmCollector
from bot.collection import asked, script, tracker
from bot.model import Asker, Cost, Missed, MissReason, Pack, Query, QueryStatus, Snapshot, Target, TargetKind
from bot.ports import Errand
from bot.sandbox.aws.embedded import BUCKET, REGION, EmbeddedAws
from bot.views.words import MISSED, UNKNOWN
from tests.adapters.aws import dummy
from tests.adapters.test_aws_end_to_end import WallClock

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PACK = Pack(
    "few",
    "Four queries, one of them slow.",
    (
        Query("processes", "SELECT pid, name, path, cmdline FROM processes", "What runs.", key=("pid",)),
        Query("users", "SELECT uid, username FROM users", "Who is there.", key=("uid",)),
        Query("crontab", "SELECT command, path FROM crontab", "What runs at times."),
        Query(
            "passwd",
            "SELECT path, mode FROM file WHERE path = '/etc/passwd'",
            "A file.",
            cost=Cost.SLOW,
            timeout_s=8,
        ),
    ),
)
ASKER = Asker("run-matrix", "U0RESPOND01")


@dataclass(frozen=True)
class Fault:
    """How a host fails, and what must become of it: a reason, or the queries that are unknown there and why.

    ``before``: it fails so before the hosts are looked up; ``vanish``: it is terminated while it is asked.
    """

    manner: Mapping[str, Any]
    missed: MissReason | None = None
    unknown: Mapping[str, QueryStatus] = field(default_factory=dict)
    before: bool = False
    vanish: bool = False


def osquery(**fault: object) -> dict[str, Any]:
    return {"osquery": fault}


M = MissReason
EVERY = dict.fromkeys((query.name for query in PACK.queries), QueryStatus.ERROR)
FAULTS: dict[str, Fault] = {
    "sound": Fault({}),
    "cut": Fault({"manner": "cut"}, M.CUT_OUTPUT),
    "cut-in-a-character": Fault({"manner": "overlong"}, M.CUT_OUTPUT),
    "upload-late": Fault({"manner": "late_output"}),
    "upload-missing": Fault({"manner": "lost_output"}),
    "empty-success": Fault({"manner": "empty"}, M.EMPTY_OUTPUT),
    "seen-late": Fault({"unseen_s": 100.0}),
    "never-seen": Fault({"unseen_s": 1e6}, M.UNDELIVERABLE),
    "bad-id": Fault({"ping": "absent"}, M.UNDELIVERABLE),
    "never-reported": Fault({"manner": "unreported"}),
    "agent-dies": Fault({"manner": "die"}, M.DELIVERY_TIMED_OUT),
    "offline": Fault({"ping": "ConnectionLost"}, M.OFFLINE, before=True),
    "delayed": Fault({"ping": "ConnectionLost"}, M.DELIVERY_TIMED_OUT),
    "not-registered": Fault({"ping": "absent"}, M.NOT_REGISTERED, before=True),
    "terminated": Fault({"delay_s": 600.0}, M.GONE, vanish=True),
    "hung": Fault({"manner": "hang"}, M.EXECUTION_TIMED_OUT),
    "slow-query": Fault(osquery(hang_on="/etc/passwd"), unknown={"passwd": QueryStatus.TIMED_OUT}),
    "crash": Fault(osquery(crash_on="FROM crontab"), unknown={"crontab": QueryStatus.ERROR}),
    "exit-194": Fault(osquery(exit_code=194), unknown=EVERY),
    "script-fails": Fault({"manner": "fail"}, M.SCRIPT_FAILED),
    "database-locked": Fault(osquery(locked=True)),
    "stderr-noise": Fault(osquery(noise=True)),
    "not-utf8": Fault(osquery(not_utf8=True)),
    "no-table": Fault(osquery(no_table="crontab"), unknown={"crontab": QueryStatus.NOT_ON_VERSION}),
    "clock-ahead": Fault({"clock_ahead_s": 86_400}),
    "order-varies": Fault(osquery(shuffled=True)),
    "lying-digest": Fault({"manner": "lie"}, M.MALFORMED_OUTPUT),
    "other-run": Fault({"manner": "swapped"}, M.MALFORMED_OUTPUT),
    "garbage": Fault({"manner": "garbage"}, M.MALFORMED_OUTPUT),
    "access-denied": Fault({"manner": "access_denied"}, M.ACCESS_DENIED),
    "undeliverable": Fault({"manner": "undeliverable"}, M.UNDELIVERABLE),
    "no-osquery": Fault({"manner": "no_osquery"}, M.NO_OSQUERY),
    "giant": Fault(osquery(giant_bytes=40_000_000), unknown=dict.fromkeys(EVERY, QueryStatus.TOO_LARGE)),
}


@dataclass(frozen=True)
class Run:
    """What came of the one collection; ``codes`` are the exit codes that SSM saw."""

    outcomes: Mapping[str, Snapshot | Missed]
    ended_at: datetime
    codes: Mapping[str, int]
    refused: int


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Ask all hosts at once, each with a fault of its own, with shorter patience and a faster service."""
    fleet = f"many:{len(FAULTS)}"
    with (
        pytest.MonkeyPatch.context() as patch,
        EmbeddedAws.start(tmp_path_factory.mktemp("aws"), fleet=fleet, speed=20.0) as embedded,
    ):
        dummy(patch)
        for name, value in embedded.env.items():
            patch.setenv(name, value)
        patch.setattr(tracker, "READ_PATIENCE_S", 8.0)
        patch.setattr(asked, "GRACE_S", 12.0)
        patch.setattr(asked, "SLOWEST_POLL_S", 1.0)
        patch.setattr(tracker, "DESCRIBE_EVERY_S", 4.0)
        patch.setattr(script, "EXECUTION_TIMEOUT_S", 200)
        patch.setattr(script, "BATCH_S", 20)
        patch.setattr(script, "KILL_AFTER_S", 1)
        yield collect(embedded)


def collect(embedded: EmbeddedAws) -> Run:
    aws = connect()
    ids = dict(zip(FAULTS, embedded.ids("many-asg"), strict=True))
    for name, fault in FAULTS.items():
        if fault.before:
            embedded.set_host(ids[name], **fault.manner)
    group = AwsInventory(aws).resolve(Target(TargetKind.GROUP, ("many-asg",)), ASKER)
    for name, fault in FAULTS.items():
        embedded.set_host(ids[name], **fault.manner)
    embedded.set_api(throttle={"SendCommand": 1, "ListCommandInvocations": 2, "GetObject": 2})
    doomed = [ids[name] for name, fault in FAULTS.items() if fault.vanish]
    found: list[Snapshot | Missed] = list(group.missed)

    def vanish() -> bool:
        if doomed and embedded.calls().get("ListCommandInvocations", 0) > 3:
            boto3.client("ec2", region_name=REGION).terminate_instances(InstanceIds=[doomed.pop()])
        return False

    collector = SsmCollector(aws, output_bucket=BUCKET, clock=WallClock())
    collector.collect(group, PACK, Errand(ASKER, 60.0, vanish), deliver=found.append)
    by_host = {one.host if isinstance(one, Missed) else one.host.id: one for one in found}
    assert len(by_host) == len(found)
    command = aws.ssm.list_commands()["Commands"][0]["CommandId"]
    return Run(
        {name: by_host[host] for name, host in ids.items()},
        datetime.now(UTC),
        {
            name: aws.ssm.get_command_invocation(CommandId=command, InstanceId=ids[name])["ResponseCode"]
            for name in ("exit-194", "sound")
        },
        refused=sum(isinstance(one, Missed) for one in found),
    )


@pytest.mark.parametrize("name", FAULTS)
def test_each_failure_has_its_reason(run: Run, name: str) -> None:
    """A host is whole, or it or the query says why not; never the other, and never silently clean."""
    fault = FAULTS[name]

    outcome = run.outcomes[name]

    if isinstance(outcome, Missed):
        assert outcome.reason is fault.missed, outcome
    else:
        assert fault.missed is None, outcome
        assert {
            answer.query: answer.status for answer in outcome.answers if not answer.known
        } == fault.unknown
        assert {answer.query for answer in outcome.answers} == {query.name for query in PACK.queries}


def test_no_host_was_left_out(run: Run) -> None:
    """Whatever the others do, each host has exactly one outcome; nobody was ended for another's failure."""
    missed = [outcome for outcome in run.outcomes.values() if isinstance(outcome, Missed)]

    assert len(run.outcomes) == len(FAULTS)
    assert len(missed) == sum(fault.missed is not None for fault in FAULTS.values())
    assert not [one for one in missed if "ended the command before" in one.detail]


@pytest.mark.parametrize(
    "name",
    ["upload-late", "upload-missing", "seen-late", "never-reported", "database-locked", "stderr-noise"],
)
def test_what_is_called_whole_holds_the_same_rows(run: Run, name: str) -> None:
    """A host that answered in the end says just what its sound twin says."""
    sound, other = run.outcomes["sound"], run.outcomes[name]

    assert rows(other) == rows(sound)


def test_order_and_duplicates_say_nothing(run: Run) -> None:
    """Rows in another order, and one of them twice, are the same set of rows."""
    sound, other = rows(run.outcomes["sound"]), rows(run.outcomes["order-varies"])

    assert {query: set(lines) for query, lines in other.items()} == {
        q: set(lines) for q, lines in sound.items()
    }


def test_bytes_that_are_not_utf8_are_kept_readable(run: Run) -> None:
    """The value is there, with its strange bytes written out, and its rows are not those of its twin."""
    sound, other = rows(run.outcomes["sound"]), rows(run.outcomes["not-utf8"])

    assert len(other["processes"]) == len(sound["processes"])
    assert "xff" in str(other["processes"]).casefold()


def test_a_host_s_clock_is_not_trusted(run: Run) -> None:
    """A host a day ahead has its answer dated by the controller, and all its queries asked."""
    outcome = run.outcomes["clock-ahead"]

    assert isinstance(outcome, Snapshot)
    assert timedelta(0) <= run.ended_at - outcome.taken_at < timedelta(hours=1)


def test_no_host_is_told_to_reboot(run: Run) -> None:
    """osqueryi ended with 194; the script did not."""
    assert run.codes == {"exit-194": 0, "sound": 0}


ROW = re.compile(
    r"^\| (?P<failure>[^|]+) \| (?P<does>[^|]+) \| (?P<says>[^|]+) \| (?P<tests>[^|]+) \|$", re.MULTILINE
)
SHOWN_BY = re.compile(r"`(tests/[\w/]+\.py)::(\w+)(?:\[([\w-]+)\])?`")


def matrix() -> list[re.Match[str]]:
    page = (ROOT / "docs" / "operations.md").read_text()
    section = page.partition("## Failures\n")[2].partition("\n## ")[0]
    return [row for row in ROW.finditer(section) if "`tests/" in row["tests"]]


def test_the_page_names_every_failure_and_each_test_exists() -> None:
    """Each row of docs/operations.md is shown by tests that exist, and each fault produced here has a row."""
    produced = set()
    for row in matrix():
        named = SHOWN_BY.findall(row["tests"])
        assert named, row["failure"]
        for path, test, case in named:
            assert re.search(rf"def {test}\(", (ROOT / path).read_text()), (path, test)
            produced |= {case} if test == test_each_failure_has_its_reason.__name__ else set()

    assert produced == FAULTS.keys() - {"sound"}


def test_the_page_says_what_the_channel_says() -> None:
    """The words of a row are those that the views use for its reason, so that neither can change alone."""
    checked = 0
    for row in matrix():
        for _, test, case in SHOWN_BY.findall(row["tests"]):
            if test == test_each_failure_has_its_reason.__name__:
                fault = FAULTS[case]
                words = (
                    [MISSED[fault.missed]] if fault.missed else [UNKNOWN[s] for s in fault.unknown.values()]
                )
                for word in words or ["nothing"]:
                    assert word in row["says"], (row["failure"], word)
                    checked += 1

    assert checked >= len(FAULTS) - 1


def rows(outcome: Snapshot | Missed) -> dict[str, list[str]]:
    """The rows of each query, as text."""
    assert isinstance(outcome, Snapshot), outcome
    return {
        answer.query: [str(sorted(dict(row).items())) for row in answer.rows] for answer in outcome.answers
    }
