"""Loading packs: what is there, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot import packs
from bot.errors import NotFound, StoreCorrupt


def a_pack(**changes: Any) -> bytes:
    query = {
        "name": "one",
        "sql": "SELECT 1 AS a, 2 AS b",
        "why": "It matters.",
        "key": ["a"],
        "ignore": ["b"],
    }
    return json.dumps({"name": "p", "description": "d", "queries": [{**query, **changes}]}).encode()


def test_the_default_pack_loads() -> None:
    """The pack that is used when none is named is there and valid."""
    assert packs.DEFAULT in packs.names()
    assert packs.load(packs.DEFAULT).name == packs.DEFAULT


def test_an_unknown_pack_names_those_there_are() -> None:
    """A wrong name is answered with the right ones."""
    with pytest.raises(NotFound) as caught:
        packs.load("no-such")

    assert packs.DEFAULT in caught.value.hint


def test_a_sound_pack_is_read() -> None:
    """The smallest valid pack is read as it was written."""
    pack = packs.parse(a_pack(), source="A pack")

    assert pack.query("one").key == ("a",)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"{", "not a query pack"),
        (b'{"name": "p", "description": "d", "queries": []}', "no queries"),
        (a_pack(cost="cheap"), "not a query pack"),
        (a_pack(name="Bad-Name"), "is no name"),
        (a_pack(sql=""), "one statement"),
        (a_pack(sql="SELECT 1; SELECT 2"), "one statement"),
        (a_pack(sql="SELECT 1\nAS a"), "one statement"),
        (a_pack(why=" "), "why it matters"),
        (a_pack(ignore=["a"]), "more than once"),
        (a_pack(attack=["T99"]), "no ATT&CK id"),
        (a_pack(telling=0), "telling must be 1 to 5"),
        (a_pack(timeout_s=0), "at least 1"),
        (a_pack(max_rows=0), "at least 1"),
    ],
)
def test_a_malformed_pack_is_refused_with_its_reason(raw: bytes, says: str) -> None:
    """Each way in which a pack cannot be used is told."""
    with pytest.raises(StoreCorrupt, match=says):
        packs.parse(raw, source="A pack")


def test_two_queries_of_one_name_are_refused() -> None:
    """Answers are kept by name, so a name must be single."""
    pack = json.loads(a_pack())
    pack["queries"] *= 2

    with pytest.raises(StoreCorrupt, match="one is there twice"):
        packs.parse(json.dumps(pack).encode(), source="A pack")
