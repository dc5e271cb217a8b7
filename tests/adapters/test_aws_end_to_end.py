"""Does the way through real boto3, a real server and a real shell on each host bring back the truth?"""

from __future__ import annotations

import base64
import random
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import packs
from bot.adapters.aws_distributor import Package
from bot.adapters.aws_inventory import AwsInventory
from bot.adapters.aws_session import Aws, connect
from bot.adapters.aws_ssm import SsmCollector
from bot.collection import asked, document, script, tracker
from bot.collection.document import Pinned
from bot.errors import CollectionError, InventoryError, UnknownTarget
from bot.model import Asker, Group, Missed, MissReason, Pack, SentCommand, Snapshot, Target, TargetKind
from bot.ports import Errand
from bot.sandbox.aws.embedded import BUCKET, EmbeddedAws
from tests.adapters.aws import dummy

pytestmark = pytest.mark.slow
NOISE = [base64.b64encode(random.Random(n).randbytes(300)).decode() for n in range(400)]  # 120 kB packed
PACK = packs.load(packs.DEFAULT)
FEW = replace(
    PACK, queries=tuple(q for q in PACK.queries if q.name in ("crontab", "users", "processes", "suid_bin"))
)
"""Enough for what is not about the pack: each slow query is a process more on each host."""
ASKER = Asker("run-1", "U0RESPOND01")


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()


class LeapingClock(WallClock):
    """An hour passes at once when so many hosts have their outcome: nobody has to hurry before."""

    def __init__(self, found: list[Snapshot | Missed], leap_after: int) -> None:
        self._found, self._leap_after = found, leap_after

    def monotonic(self) -> float:
        return super().monotonic() + 3600.0 * (len(self._found) >= self._leap_after)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws.start(tmp_path_factory.mktemp("aws"), fleet="tiny", speed=40.0) as running:
        yield running


@pytest.fixture
def aws(embedded: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Clients of the embedded AWS, with little patience, so that a test waits seconds and not minutes."""
    dummy(monkeypatch)
    for name, value in embedded.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(tracker, "READ_PATIENCE_S", 1.5)
    monkeypatch.setattr(asked, "GRACE_S", 20.0)
    monkeypatch.setattr(asked, "SLOWEST_POLL_S", 1.0)
    return connect()


@pytest.fixture
def tmp(embedded: EmbeddedAws) -> Path:
    """Folder of the hosts' folders."""
    return embedded.directory / "hosts"


@pytest.fixture
def large(embedded: EmbeddedAws) -> Iterator[str]:
    """A host whose crontab does not compress."""
    host = embedded.ids(group_name(embedded))[1]
    embedded.add_rows(host, "crontab", [{"path": "/large", "command": text} for text in NOISE])
    yield host
    embedded.remove_rows(host, "crontab", {"path": "/large"})


def nothing_left(tmp: Path) -> bool:
    """Whether every host's tmp is empty, or soon is."""
    for _ in range(1200):
        if not list(tmp.glob("*/tmp/*")):
            return True
        time.sleep(0.05)
    return False


def group_name(embedded: EmbeddedAws) -> str:
    return next(iter(embedded.groups))


def collect(
    aws: Aws,
    group: Group,
    *,
    bucket: str | None = BUCKET,
    deadline_s: float = 120.0,
    leap_after: int = 1000,
    run_id: str = "run-1",
    stop: Callable[[], bool] = lambda: False,
    pinned: Pinned | None = None,
    note: Callable[[SentCommand], None] = lambda sent: None,
    package: Package | None = None,
    pack: Pack = FEW,
) -> dict[str, Snapshot | Missed]:
    found: list[Snapshot | Missed] = []
    clock = LeapingClock(found, leap_after)
    collector = SsmCollector(aws, output_bucket=bucket, clock=clock, pinned=pinned, package=package)
    errand = Errand(Asker(run_id, "U0RESPOND01"), deadline_s, stop, note=note)
    collector.collect(group, pack, errand, deliver=found.append)
    outcomes = {item.host if isinstance(item, Missed) else item.host.id: item for item in found}
    assert len(outcomes) == len(found) == len(group.hosts)
    return outcomes


def resolve(aws: Aws, embedded: EmbeddedAws) -> Group:
    return AwsInventory(aws).resolve(Target(TargetKind.GROUP, (group_name(embedded),)), ASKER)


def test_every_host_answers_every_query(aws: Aws, embedded: EmbeddedAws) -> None:
    """Through the bucket all comes back whole, at one send and few pages for the group."""
    before = aws.calls.by_name()

    group = resolve(aws, embedded)
    got = collect(aws, group, pack=PACK)

    assert sorted(got) == sorted(embedded.ids(group_name(embedded)))
    for outcome in got.values():
        assert isinstance(outcome, Snapshot), outcome
        assert {answer.query for answer in outcome.answers} == {query.name for query in PACK.queries}
        unknown = {answer.query: answer.error for answer in outcome.answers if not answer.known}
        assert unknown == {}
        assert outcome.osquery_version
    after = aws.calls.by_name()
    assert after["ssm:SendCommand"] - before.get("ssm:SendCommand", 0) == 1
    assert after["s3:GetObject"] - before.get("s3:GetObject", 0) == len(got)


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def test_a_command_sent_and_not_noted_is_found_again_and_no_host_is_asked_twice(
    aws: Aws, embedded: EmbeddedAws
) -> None:
    """The process dies right after SendCommand; the next finds the command by its comment and reads its answers."""
    group = resolve(aws, embedded)
    began = datetime.now(UTC)
    collector = SsmCollector(aws, output_bucket=BUCKET, clock=WallClock())
    noted: list[SentCommand] = []
    asker = Asker("run-cut", "U0RESPOND01")

    def die(sent: SentCommand) -> None:
        raise Killed

    with pytest.raises(Killed):
        collector.collect(group, FEW, Errand(asker, 60.0, note=die), deliver=lambda item: None)
    sends = embedded.calls()["SendCommand"]
    found: list[Snapshot | Missed] = []

    collector.collect(group, FEW, Errand(asker, 60.0, note=noted.append, since=began), deliver=found.append)

    assert sorted(item.host.id for item in found if isinstance(item, Snapshot)) == sorted(
        host.id for host in group.hosts
    )
    assert embedded.calls()["SendCommand"] == sends
    assert [set(command.hosts) for command in noted] == [{host.id for host in group.hosts}]


def test_the_operators_own_document_asks_as_well(aws: Aws, embedded: EmbeddedAws) -> None:
    """Pinned by version and hash, with parameters only; a document of other content is not run by anybody."""
    text = document.content(FEW)
    aws.ssm.create_document(
        Name="Diffy-linux-triage", Content=text, DocumentType="Command", DocumentFormat="JSON"
    )
    group = resolve(aws, embedded)

    got = collect(aws, group, pinned=Pinned("Diffy-{pack}", "1"), run_id="run-2")
    with pytest.raises(CollectionError, match="hash of document Diffy-linux-triage does not match") as caught:
        collect(aws, group, pinned=Pinned("Diffy-{pack}", "1", "0" * 64), run_id="run-3")

    for outcome in got.values():
        assert isinstance(outcome, Snapshot), outcome
        assert not outcome.partial
    assert "diffy doctor" in caught.value.hint
    sent = aws.ssm.list_commands()["Commands"]
    assert [command["Parameters"]["RunId"] for command in sent if "RunId" in command["Parameters"]] == [
        ["run-2"]
    ]
    assert not any("commands" in c["Parameters"] for c in sent if c["DocumentName"] == "Diffy-linux-triage")


@pytest.mark.parametrize("bucket", [BUCKET, None])
def test_a_large_answer_comes_whole(
    aws: Aws, embedded: EmbeddedAws, large: str, tmp: Path, bucket: str | None
) -> None:
    """Some hundred thousand bytes that do not compress: with a bucket in one, without in pieces; nothing is left there."""
    group = resolve(aws, embedded)
    sent: list[SentCommand] = []

    got = collect(aws, group, bucket=bucket, note=sent.append)

    assert all(isinstance(outcome, Snapshot) and not outcome.partial for outcome in got.values()), got
    outcome = got[large]
    assert isinstance(outcome, Snapshot)
    rows = next(answer.rows for answer in outcome.answers if answer.query == "crontab")
    assert sorted(row["command"] for row in rows if row["path"] == "/large") == sorted(NOISE)
    purposes = {command.purpose for command in sent}
    assert (purposes == {"ask"}) if bucket else (len(purposes) > 6 and {"ask", "piece 2", "drop"} < purposes)
    assert {host for command in sent if command.purpose != "ask" for host in command.hosts} <= {large}
    assert nothing_left(tmp)


def test_a_kept_answer_that_vanishes_is_never_clean(
    aws: Aws, embedded: EmbeddedAws, large: str, tmp: Path
) -> None:
    """Removed on the host between two pieces: each lost piece is asked for again once, then the host is missed."""
    sent: list[SentCommand] = []

    def note(command: SentCommand) -> None:
        sent.append(command)
        if command.purpose == "piece 2":
            for folder in (tmp / large / "tmp").glob("diffy.*"):
                shutil.rmtree(folder)

    got = collect(aws, resolve(aws, embedded), bucket=None, note=note)

    outcome = got.pop(large)
    assert isinstance(outcome, Missed)
    assert outcome.reason is MissReason.CUT_OUTPUT
    assert "of its answer did not come: the host no longer had it" in outcome.detail
    assert [command.purpose for command in sent].count("piece 2") == 2
    assert all(isinstance(other, Snapshot) for other in got.values()), got
    assert nothing_left(tmp)


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("die", MissReason.DELIVERY_TIMED_OUT),
        ("hang", MissReason.EXECUTION_TIMED_OUT),
        ("fail", MissReason.SCRIPT_FAILED),
        ("access_denied", MissReason.ACCESS_DENIED),
        ("undeliverable", MissReason.UNDELIVERABLE),
        ("garbage", MissReason.MALFORMED_OUTPUT),
        ("empty", MissReason.EMPTY_OUTPUT),
        ("cut", MissReason.CUT_OUTPUT),
        ("no_osquery", MissReason.NO_OSQUERY),
    ],
)
def test_one_bad_host_has_its_reason_and_spoils_nobody(
    aws: Aws, embedded: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, manner: str, reason: MissReason
) -> None:
    """Never clean, never silent, and the others answer."""
    monkeypatch.setattr(script, "EXECUTION_TIMEOUT_S", 100)
    group = resolve(aws, embedded)
    bad = group.hosts[0].id
    embedded.set_host(bad, manner=manner)

    got = collect(aws, group, deadline_s=60.0)
    embedded.set_host(bad, manner="")

    outcome = got.pop(bad)
    assert isinstance(outcome, Missed), outcome
    assert outcome.reason is reason
    assert all(isinstance(other, Snapshot) for other in got.values()), got


def test_a_host_that_dies_is_given_up_at_our_own_deadline(aws: Aws, embedded: EmbeddedAws) -> None:
    """SSM would leave it InProgress for as long as both its timeouts; the others do not wait for that."""
    group = resolve(aws, embedded)
    bad = group.hosts[0].id
    embedded.set_host(bad, manner="die")

    got = collect(aws, group, leap_after=len(group.hosts) - 1)
    embedded.set_host(bad, manner="")

    assert isinstance(outcome := got.pop(bad), Missed)
    assert (outcome.reason, outcome.detail) == (MissReason.DEADLINE, "SSM last said InProgress")
    assert all(isinstance(other, Snapshot) for other in got.values()), got


def test_an_upload_that_fails_silently_is_not_clean(aws: Aws, embedded: EmbeddedAws) -> None:
    """What the API kept is used if it is whole; if it is cut, that and the missing upload are said."""
    group = resolve(aws, embedded)
    bad = group.hosts[0].id
    embedded.set_host(bad, manner="lost_output")

    got = collect(aws, group)
    embedded.set_host(bad, manner="")

    outcome = got[bad]
    if isinstance(outcome, Missed):
        assert outcome.reason is MissReason.CUT_OUTPUT
        assert "nothing whole reached the output bucket" in outcome.detail
    else:
        assert not outcome.partial


def test_offline_and_unregistered_hosts_are_known_beforehand(aws: Aws, embedded: EmbeddedAws) -> None:
    """They are named before anything is sent, and nothing is sent to them."""
    first, second, *_ = embedded.ids(group_name(embedded))
    embedded.set_host(first, ping="ConnectionLost")
    embedded.set_host(second, ping="absent")

    group = resolve(aws, embedded)
    embedded.set_host(first, ping="Online")
    embedded.set_host(second, ping="Online")

    assert {miss.host: miss.reason for miss in group.missed} == {
        first: MissReason.OFFLINE,
        second: MissReason.NOT_REGISTERED,
    }


def test_throttling_loses_nobody(aws: Aws, embedded: EmbeddedAws) -> None:
    """A third of all calls refused: slower, and complete."""
    group = resolve(aws, embedded)
    embedded.set_api(throttle={"*": 0.34})

    got = collect(aws, group)
    embedded.set_api(throttle={})

    assert all(isinstance(outcome, Snapshot) for outcome in got.values())


def test_expired_credentials_are_a_sentence(aws: Aws, embedded: EmbeddedAws) -> None:
    """For finding the hosts as for asking them."""
    group = resolve(aws, embedded)
    embedded.set_api(expired_credentials=True)

    with pytest.raises(InventoryError, match="credentials have expired"):
        resolve(aws, embedded)
    with pytest.raises(CollectionError, match="credentials have expired"):
        collect(aws, group)
    embedded.set_api(expired_credentials=False)


def test_a_stopped_collection_cancels_and_returns(aws: Aws, embedded: EmbeddedAws) -> None:
    """Hosts that would take long are cancelled; nothing waits for them."""
    group = resolve(aws, embedded)
    for host in group.hosts:
        embedded.set_host(host.id, manner="die")

    got = collect(aws, group, stop=lambda: embedded.calls().get("ListCommandInvocations", 0) > 0)
    for host in group.hosts:
        embedded.set_host(host.id, manner="")

    assert {outcome.reason for outcome in got.values() if isinstance(outcome, Missed)} == {
        MissReason.CANCELLED
    }
    assert len(got) == len(group.hosts)


def test_a_query_that_osquery_refuses_or_hangs_on_is_unknown_there(aws: Aws, embedded: EmbeddedAws) -> None:
    """One query crashes osqueryi on one host: that query alone is unknown, on that host alone."""
    group = resolve(aws, embedded)
    bad = group.hosts[0].id
    embedded.set_host(bad, osquery={"crash_on": "FROM crontab"})

    got = collect(aws, group)
    embedded.set_host(bad, osquery={})

    outcome = got.pop(bad)
    assert isinstance(outcome, Snapshot), outcome
    assert [answer.query for answer in outcome.answers if not answer.known] == ["crontab"]
    assert not any(other.partial for other in got.values() if isinstance(other, Snapshot))


def test_distributor_brings_osquery_and_the_host_is_asked_again(aws: Aws, embedded: EmbeddedAws) -> None:
    """One host lacks it: the package is installed there alone, and then it answers as the others did."""
    group = resolve(aws, embedded)
    bad = group.hosts[0].id
    embedded.set_host(bad, manner="no_osquery")
    sent: list[SentCommand] = []

    got = collect(aws, group, note=sent.append, package=Package("osquery", "5.23.1"))
    embedded.set_host(bad, manner="")

    assert all(isinstance(outcome, Snapshot) and not outcome.partial for outcome in got.values()), got
    assert [(command.purpose, bad in command.hosts, len(command.hosts)) for command in sent] == [
        ("ask", True, len(group.hosts)),
        ("install", True, 1),
        ("ask", True, 1),
    ]


def test_an_unknown_group_gets_near_names(aws: Aws, embedded: EmbeddedAws) -> None:
    """A typing mistake is answered with the group that was meant."""
    name = group_name(embedded)

    with pytest.raises(UnknownTarget) as caught:
        AwsInventory(aws).resolve(Target(TargetKind.GROUP, (name[:-1],)), ASKER)

    assert name in caught.value.hint


def test_one_host_by_address_brings_its_group(aws: Aws, embedded: EmbeddedAws) -> None:
    """The private IP that a responder has in hand is enough."""
    host = embedded.groups[group_name(embedded)][0]

    group = AwsInventory(aws).resolve(Target(TargetKind.HOST, (host["private_ip"],)), ASKER)

    assert (group.focus, group.name) == (host["instance_id"], group_name(embedded))
