"""What a typed target means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UsageError
from bot.model import TargetKind
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
        ([ONE, "web-asg"], "can only be instance ids"),
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


@given(st.lists(st.text(max_size=300), max_size=4))
def test_any_words_give_a_target_or_a_sentence(words: list[str]) -> None:
    """Nothing typed can do anything but name a target or be refused in words."""
    refused = ""
    try:
        label = targets.parse(words).label
    except UsageError as error:
        label, refused = "", error.message

    assert bool(label) != bool(refused)
