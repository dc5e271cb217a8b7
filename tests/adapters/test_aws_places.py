"""Do several accounts and regions end in one group, each host asked where it is, in the name of who asked? Over moto."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from bot.adapters.aws_calls import asking_for, present_asker
from bot.adapters.aws_places import AwsPlaces
from bot.adapters.aws_roles import session_name
from bot.adapters.aws_session import Aws, connect
from bot.errors import CollectionError, InventoryError, UnknownTarget
from bot.model import Account, Asker, Group, Host, Missed, MissReason, Pack, Places, SentCommand, Snapshot
from bot.ports import Errand
from bot.workflows import targets
from tests.adapters.aws import REGION, dummy, moto_server

ASKER = Asker("run-1", "U0RESPOND01")
FAR = "us-east-1"
IMAGE = "ami-12345678"  # moto takes any
OTHER_ID = "210987654321"
OTHER = Account("prod", OTHER_ID, f"arn:aws:iam::{OTHER_ID}:role/diffy-reader", "not-a-secret")
PLACES = Places((REGION, FAR), (OTHER,))
PACK = Pack("p", "", ())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with moto_server() as url:
        yield url


class Recording:
    """A collector that answers for nobody: it notes where it was asked, for whom, and what had been sent there."""

    def __init__(self, refuse: tuple[str, ...] = ()) -> None:
        self.asked: dict[str, tuple[str, ...]] = {}
        self.sent: dict[str, tuple[str, ...]] = {}
        self.askers: set[Asker | None] = set()
        self._refuse = refuse

    def at(self, aws: Aws) -> Recording:
        place = Recording(self._refuse)
        place.asked, place.sent, place.askers = self.asked, self.sent, self.askers
        place._aws = aws  # type: ignore[attr-defined]
        return place

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        aws: Aws = self._aws  # type: ignore[attr-defined]
        account = str(aws.sts.get_caller_identity()["Account"])
        self.asked[f"{account}/{aws.region}"] = tuple(host.id for host in group.hosts)
        self.sent[f"{account}/{aws.region}"] = tuple(one.id for one in errand.sent)
        self.askers.add(present_asker())
        if aws.region in self._refuse:
            raise CollectionError("AWS does not allow Diffy to call SendCommand: no.")
        for host in group.hosts:
            errand.note(SentCommand(f"c-{host.id}", (host.id,), datetime(2026, 8, 1, tzinfo=UTC)))
            deliver(Missed(host.id, MissReason.OFFLINE))


@pytest.fixture(scope="module")
def own(server: str) -> Iterator[Aws]:
    """web-asg of two in the bot's account in two regions, and of one in the other account; api-asg in one place only."""
    with pytest.MonkeyPatch.context() as patch:
        dummy(patch)
        patch.setenv("AWS_ENDPOINT_URL", server)
        made = connect(region=REGION, attempts=2)
        far = connect(region=FAR, attempts=2)
        places = AwsPlaces(made, PLACES, Recording().at)
        other = places._connect(
            next(place for place in places._named(targets.parse(["x"], accounts="prod", places=PLACES)))
        )
        for aws, name, count in (
            (made, "web-asg", 2),
            (far, "web-asg", 2),
            (other, "web-asg", 1),
            (far, "api-asg", 1),
        ):
            _group(aws, name, count)
        yield made


def _group(aws: Aws, name: str, count: int) -> None:
    aws.autoscaling.create_launch_configuration(
        LaunchConfigurationName=name, ImageId=IMAGE, InstanceType="t3.micro"
    )
    aws.autoscaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        LaunchConfigurationName=name,
        MinSize=count,
        MaxSize=count,
        AvailabilityZones=[f"{aws.region}a"],
    )


class Online:
    """AWS with every instance registered, which moto's SSM does not know: answers are made from the request."""

    def __init__(self, aws: Aws) -> None:
        events: Any = aws.ssm.meta.events
        events.register("before-call.ssm.DescribeInstanceInformation", self.answer)

    @staticmethod
    def answer(params: dict[str, Any], **_: object) -> tuple[Any, dict[str, object]]:
        ids = json.loads(params["body"])["Filters"][0]["Values"]
        listed = [{"InstanceId": id_, "PingStatus": "Online", "PlatformType": "Linux"} for id_ in ids]
        made: Any = AWSResponse
        return made("", 200, {}, None), {"InstanceInformationList": listed}


@pytest.fixture
def places(
    own: Aws, server: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[AwsPlaces, Recording]]:
    dummy(monkeypatch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)

    def make(refuse: tuple[str, ...] = (), settings: Places = PLACES) -> tuple[AwsPlaces, Recording]:
        recording = Recording(refuse)

        def collector(aws: Aws) -> Recording:
            Online(aws)
            return recording.at(aws)

        return AwsPlaces(own, settings, collector), recording

    return make


Make = Callable[..., tuple[AwsPlaces, Recording]]


def resolved(places: AwsPlaces, words: str, **where: str) -> Group:
    return places.resolve(targets.parse([words], places=PLACES, **where), ASKER)


def test_without_a_place_the_bots_own_is_asked(places: Make) -> None:
    """Hosts carry no place then, and the name is the group's: what was stored before still fits."""
    found = resolved(places()[0], "web-asg")

    assert found.name == "web-asg"
    assert {(host.account, host.region) for host in found.known} == {("", "")}
    assert len(found.known) == 2


def test_several_places_are_one_group_whose_hosts_know_theirs(places: Make) -> None:
    """Two regions of the own account and one of another, through the role."""
    both, _ = places()

    found = resolved(both, "web-asg", accounts="own,prod", regions=f"{REGION}")
    regions = resolved(both, "web-asg", regions="all")

    assert found.name == f"web-asg @ own,prod/{REGION}"
    assert sorted((host.account, host.region) for host in found.known) == [("", ""), ("", ""), ("prod", "")]
    assert sorted(host.region for host in regions.known) == ["", "", FAR, FAR]
    assert list(found.known) == sorted(found.known, key=lambda host: host.id)


def test_a_place_that_was_named_must_hold_the_target(places: Make) -> None:
    """Of `all` it is enough that one does; nowhere is unknown."""
    both, _ = places()

    found = resolved(both, "api-asg", regions="all")

    assert [host.region for host in found.known] == [FAR]
    with pytest.raises(UnknownTarget, match=f"no auto scaling group api-asg in {REGION}"):
        resolved(both, "api-asg", regions=f"{REGION},{FAR}")
    with pytest.raises(UnknownTarget, match="no auto scaling group zzz"):
        resolved(both, "zzz", accounts="all", regions="all")


def test_each_host_is_asked_where_it_is(places: Make) -> None:
    """A collector a place, in the name of who asked; commands are noted with their place and given back to it."""
    both, recording = places()
    group = resolved(both, "web-asg", accounts="all", regions=REGION)
    hosts = tuple(replace_missed(group))
    group = Group(group.name, hosts, (), hosts)
    noted: list[SentCommand] = []
    outcomes: list[tuple[str, int]] = []
    former = (SentCommand("old", (), datetime(2026, 8, 1, tzinfo=UTC), place="prod/"),)

    both.collect(
        group,
        PACK,
        Errand(ASKER, 5, sent=former, note=noted.append),
        deliver=lambda one: outcomes.append(
            (one.host if isinstance(one, Missed) else "", threading.get_ident())
        ),
    )

    own_ids = tuple(host.id for host in hosts if not host.account)
    other_ids = tuple(host.id for host in hosts if host.account)
    assert recording.asked == {f"123456789012/{REGION}": own_ids, f"{OTHER_ID}/{REGION}": other_ids}
    assert recording.sent == {f"123456789012/{REGION}": (), f"{OTHER_ID}/{REGION}": ("old",)}
    assert recording.askers == {ASKER}
    assert sorted((one.id, one.place) for one in noted) == sorted(
        (f"c-{host.id}", "prod/" if host.account else "") for host in hosts
    )
    assert sorted(host for host, _ in outcomes) == sorted(host.id for host in hosts)
    assert {thread for _, thread in outcomes} == {threading.get_ident()}


def test_a_place_that_refuses_is_the_reason_of_its_hosts(places: Make) -> None:
    """The others answer; each host is accounted for once. Where every place refuses, nothing was collected."""
    hosts = (Host("i-1"), Host("i-2", region=FAR), Host("i-3", region=FAR))
    group = Group("web-asg", hosts, (), hosts)
    got: list[Any] = []

    places(refuse=(FAR,))[0].collect(group, PACK, Errand(ASKER, 5), deliver=got.append)

    assert sorted((one.host, one.reason) for one in got) == [
        ("i-1", MissReason.OFFLINE),
        ("i-2", MissReason.UNDELIVERABLE),
        ("i-3", MissReason.UNDELIVERABLE),
    ]
    with pytest.raises(CollectionError, match="SendCommand"):
        places(refuse=(FAR, REGION))[0].collect(group, PACK, Errand(ASKER, 5), deliver=got.append)


def test_the_other_account_sees_who_asked(places: Make, own: Aws) -> None:
    """One set of clients, so one rate limiter; the session is each asker's own, and kept until it ends."""
    both, _ = places()
    site = both._connect(next(iter(both._named(targets.parse(["x"], accounts="prod", places=PLACES)))))
    before = own.calls.by_name().get("sts:AssumeRole", 0)

    names = []
    for user in ("U0FIRST", "U0SECOND", "U0FIRST"):
        with asking_for(Asker("r", user)):
            names.append(site.sts.get_caller_identity()["Arn"].rpartition("/")[2])

    assert names == ["diffy-U0FIRST", "diffy-U0SECOND", "diffy-U0FIRST"]
    assert own.calls.by_name()["sts:AssumeRole"] - before == 2


def test_the_external_id_goes_along(places: Make, own: Aws) -> None:
    """AssumeRole carries it, and the calls count for the run that needed them."""
    seen: list[dict[str, Any]] = []
    events: Any = own.sts.meta.events
    events.register("before-parameter-build.sts.AssumeRole", lambda params, **_: seen.append(dict(params)))
    asker = Asker("run-external", "schedule:s1 x")

    places()[0].resolve(targets.parse(["web-asg"], accounts="prod", places=PLACES), asker)

    assert [(one["ExternalId"], one["RoleSessionName"]) for one in seen] == [
        ("not-a-secret", "diffy-schedule-s1-x")
    ]
    assert places()[0].api_use("run-external").calls >= 4


def test_a_role_that_cannot_be_taken_refuses_the_whole(places: Make, own: Aws) -> None:
    """Naming the place; an answer about the rest would read as one about everything."""
    events: Any = own.sts.meta.events

    def refuse(**_: object) -> tuple[Any, dict[str, Any]]:
        made: Any = AWSResponse
        return made("", 403, {}, None), {"Error": {"Code": "AccessDenied", "Message": "not you"}}

    events.register_first("before-call.sts.AssumeRole", refuse)
    try:
        with pytest.raises(InventoryError, match="In prod/: AWS does not allow Diffy to call AssumeRole"):
            resolved(places()[0], "web-asg", accounts="all")
    finally:
        events.unregister("before-call.sts.AssumeRole", refuse)


@pytest.mark.parametrize(
    ("who", "name"),
    [
        ("U0RESPOND01", "diffy-U0RESPOND01"),
        ("schedule:s12", "diffy-schedule-s12"),
        ("command line", "diffy-command-line"),
        ("é" * 3, "diffy--"),
        ("x" * 99, "diffy-" + "x" * 58),
    ],
)
def test_a_session_name_is_one_that_sts_takes(who: str, name: str) -> None:
    """Letters, digits and +=,.@- only, 64 at most."""
    assert session_name(Asker("r", who)) == name
    assert session_name(None) == "diffy"


def replace_missed(group: Group) -> list[Host]:
    """The hosts of a group whether or not SSM knows them."""
    return sorted(group.known, key=lambda host: host.id)
