"""What a typed target means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.model import Account, Places, TargetKind
from bot.workflows import targets

ONE = "i-0123456789abcdef0"
TWO = "i-0fedcba9876543210"


def test_a_name_is_a_group() -> None:
    """Anything that is neither an id nor an address is the name of a group."""
    target = targets.parse(["web-asg"])

    assert (target.kind, target.names) == (TargetKind.GROUP, ("web-asg",))


def test_one_id_or_address_is_a_host() -> None:
    """One host means: this host against its own group."""
    assert targets.parse([ONE]).kind is TargetKind.HOST
    assert targets.parse(["10.0.1.5"]).kind is TargetKind.HOST
    assert targets.parse(["i-01234567"]).kind is TargetKind.HOST


def test_several_ids_are_hosts_once_each() -> None:
    """Ids may be split by commas and spaces, and named twice."""
    target = targets.parse([f"{ONE},{TWO},", ONE])

    assert (target.kind, target.names) == (TargetKind.HOSTS, (ONE, TWO))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Name a target"),
        ([","], "Name a target"),
        (["tga:Role=web"], "no kind of target 'tga'"),
        (["tag:Role"], "cannot follow tag:"),
        (["tag:Role=*"], "cannot follow tag:"),
        (["eks:cluster"], "cannot follow eks:"),
        (["stack:-x"], "cannot follow stack:"),
        ([f"g{n}" for n in range(51)], "too many"),
        (["i-0123"], "wrong length"),
        (["<!channel>"], "cannot be the name"),
        (["x" * 256], "cannot be the name"),
    ],
)
def test_what_cannot_be_a_target_says_why(words: list[str], sentence: str) -> None:
    """Each wrong form has its sentence and a hint."""
    with pytest.raises(UsageError, match=sentence) as caught:
        targets.parse(words)

    assert caught.value.hint


@pytest.mark.parametrize(
    ("words", "kind", "label"),
    [
        (["tag:Role=web"], TargetKind.PREFIXED, "tag:Role=web"),
        (["TAG:aws:x/y=a b"], TargetKind.PREFIXED, "tag:aws:x/y=a b"),
        (["stack:web-production"], TargetKind.PREFIXED, "stack:web-production"),
        (["eks:prod/workers"], TargetKind.PREFIXED, "eks:prod/workers"),
        (["fd00::1"], TargetKind.HOST, "fd00::1"),
        (["web-asg", "api-asg"], TargetKind.SEVERAL, "api-asg,web-asg"),
        (["web-asg,tag:a=b", "web-asg"], TargetKind.SEVERAL, "tag:a=b,web-asg"),
        ([TWO, "web-asg"], TargetKind.SEVERAL, f"{TWO},web-asg"),
        ([TWO, ONE], TargetKind.HOSTS, f"{ONE},{TWO}"),
    ],
)
def test_what_else_can_be_named(words: list[str], kind: TargetKind, label: str) -> None:
    """Prefixes name other kinds; several are a union whose label does not depend on their order."""
    forwards, backwards = targets.parse(words), targets.parse(words[::-1])

    assert (forwards.kind, forwards.label) == (kind, label)
    assert backwards == forwards


def test_an_unknown_prefix_gets_the_nearest_one() -> None:
    """The hint names what was meant, and all there is."""
    with pytest.raises(UsageError, match="Did you mean stack:") as caught:
        targets.parse(["stak:web"])

    assert "eks:, stack:, tag:" in caught.value.hint


def test_another_package_brings_a_prefix_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is typed like the others then, and cannot replace one of them."""
    monkeypatch.setattr(targets, "FORMS", dict(targets.FORMS))
    form = targets.Form("cmdb", "cmdb:shop", str.isalpha)

    targets.register(form)

    assert targets.parse(["cmdb:shop"]).prefix == "cmdb"
    with pytest.raises(ValueError, match="cmdb"):
        targets.register(form)
    with pytest.raises(UsageError, match="cannot follow cmdb:"):
        targets.parse(["cmdb:1"])


PROD = Account("prod", "210987654321", "arn:aws:iam::210987654321:role/diffy-reader")
PLACES = Places(("eu-west-1", "us-east-1"), (PROD,))


@pytest.mark.parametrize(
    ("accounts", "regions", "label"),
    [
        ("", "", "web-asg"),
        ("", "us-east-1,eu-west-1", "web-asg @ eu-west-1,us-east-1"),
        ("prod", "", "web-asg @ prod"),
        ("210987654321,own", "EU-WEST-1", "web-asg @ own,prod/eu-west-1"),
        ("prod,all", "all", "web-asg @ all/all"),
    ],
)
def test_places_are_part_of_the_label(accounts: str, regions: str, label: str) -> None:
    """Sorted, and an account by its name however it was typed; without any, the label is as ever."""
    target = targets.parse(["web-asg"], accounts=accounts, regions=regions, places=PLACES)

    assert target.label == label


@pytest.mark.parametrize(
    ("accounts", "regions", "sentence", "hint"),
    [
        ("prd", "", "no account 'prd'. Did you mean prod", "own, prod"),
        ("", "eu-west", "'eu-west' is not a region", "--region"),
        ("", "eu-north-1", "eu-north-1 is not one that Diffy may ask", "eu-west-1, us-east-1"),
    ],
)
def test_a_place_that_is_not_set_is_refused(accounts: str, regions: str, sentence: str, hint: str) -> None:
    """Before any service is reached, with what there is."""
    with pytest.raises(UsageError, match=sentence) as caught:
        targets.parse(["web-asg"], accounts=accounts, regions=regions, places=PLACES)

    assert hint in caught.value.hint


def test_without_settings_any_region_may_be_named_and_no_account() -> None:
    """`all` needs a list to mean something."""
    assert targets.parse(["web-asg"], regions="ap-south-2").regions == ("ap-south-2",)
    with pytest.raises(UsageError, match="Which regions are all"):
        targets.parse(["web-asg"], regions="all")
    with pytest.raises(UsageError, match="no account 'prod'"):
        targets.parse(["web-asg"], accounts="prod")


@given(st.lists(st.text(max_size=300), max_size=4))
def test_any_words_give_a_target_or_a_sentence(words: list[str]) -> None:
    """Nothing typed can do anything but name a target or be refused in words."""
    refused = ""
    try:
        label = targets.parse(words).label
    except UsageError as error:
        label, refused = "", error.message

    assert bool(label) != bool(refused)
