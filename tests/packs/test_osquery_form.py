"""Do packs of osquery's become ours, with every query that cannot be asked named?"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import msgspec
import pytest

from bot import packs
from bot.collection import script
from bot.collection.result_log import query_of
from bot.errors import NotFound, StoreCorrupt
from bot.model import Cost, Pack, Query

DATA = Path(__file__).parent.parent / "data" / "packs"


def test_a_pack_is_taken_with_sensible_choices() -> None:
    """Comments, continued lines and commas are read; volatile columns are shown and not compared."""
    pack = packs.read(DATA / "it-checks.conf").pack

    assert (pack.name, [query.name for query in pack.queries]) == (
        "it-checks",
        ["listening_ports", "etc_hosts", "passwd", "keys"],
    )
    ports = pack.query("listening_ports")
    assert (
        ports.sql.split()
        == (
            "SELECT p.name, p.path, l.port, l.protocol, l.address, p.pid FROM listening_ports l "
            "JOIN processes p USING (pid)"
        ).split()
    )
    assert ports.why == "Doors that are open (T1571). // not a comment"
    assert (ports.key, ports.ignore, ports.attack, ports.cost) == ((), ("pid",), ("T1571",), Cost.MEDIUM)
    assert (pack.query("passwd").sql, pack.query("passwd").cost) == (
        "SELECT path, sha256 FROM hash WHERE path = '/etc/passwd; # x'",
        Cost.SLOW,
    )
    assert pack.query("etc_hosts").cost is Cost.MEDIUM


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("launchd", "it is for darwin"),
        ("new_processes", "process_events is filled by a running osqueryd only"),
        ("two", "several statements"),
        ("gone", "not a SELECT"),
        ("all_files", "file answers nothing unless path or directory is given"),
        ("templated", "double braces"),
        ("etc-hosts", "another query has become etc_hosts"),
        ("nothing", "no SQL"),
    ],
)
def test_what_cannot_be_asked_is_named_with_its_reason(query: str, why: str) -> None:
    """Nothing is dropped without a word."""
    left_out = packs.read(DATA / "it-checks.conf").left_out

    assert len(left_out) == 8
    assert [why in sentence for sentence in left_out if sentence.startswith(f"{query}:")] == [True]


def test_what_is_to_be_known_is_said() -> None:
    """Discovery and shard are ignored, newer osquery is needed, and a table of one user answers for root alone."""
    notes = "\n".join(packs.read(DATA / "it-checks.conf").notes)

    assert "discovery queries are ignored" in notes
    assert "keys: its shard is ignored" in notes
    assert "passwd: it needs osquery 5.9.0" in notes
    assert "authorized_keys answers for root alone" in notes


def test_a_configuration_is_taken_with_its_packs() -> None:
    """Queries keep the name that the result log gives them."""
    found = packs.read(DATA / "osquery.conf", name="fleet")

    assert [query.name for query in found.pack.queries] == ["users", "pack_web_scripts"]
    assert query_of("pack_web_scripts", found.pack) == "pack_web_scripts"
    assert any("other" in sentence and "import that file" in sentence for sentence in found.left_out)


def test_what_is_imported_can_be_sent_and_is_a_valid_pack() -> None:
    """The script takes every query, SQLite parses it, and our own reader accepts the pack."""
    pack = packs.read(DATA / "it-checks.conf").pack

    assert packs.parse(msgspec.json.encode(pack), source="x").queries == pack.queries
    for query in pack.queries:
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            sqlite3.connect(":memory:").execute(script.statement(query))


def test_our_own_pack_there_and_back() -> None:
    """In osquery's form and back every query asks the same, under the same name, and osqueryd's log finds it."""
    ours = packs.load(packs.DEFAULT)

    back = packs.from_osquery(packs.to_osquery(ours).encode(), name=ours.name, source="x")

    assert back.left_out == ()
    assert {q.name: q.sql for q in back.pack.queries} == {q.name: q.sql for q in ours.queries}
    assert all(query_of(f"pack_{ours.name}_{q.name}", ours) == q.name for q in ours.queries)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"queries": []}',
        b'{"queries": {"a": 1}}',
        b'{"queries":' + b'{"a":' * 50_000,
        b"{}",
    ],
)
def test_what_is_no_pack_is_a_sentence(raw: bytes) -> None:
    """No exception but StoreCorrupt, whatever the file holds."""
    with pytest.raises(StoreCorrupt, match=r"no pack|not a pack|no query|not a query"):
        packs.from_osquery(raw, name="x", source="The file")


def test_a_shelf_holds_the_folder_beside_what_ships(tmp_path: Path) -> None:
    """Both forms; a broken file and a name that is taken are named and stop nothing."""
    query = {"name": "one", "sql": "SELECT 1 AS a", "why": "It matters."}
    for name in ("mine", packs.DEFAULT):
        content = {"name": name, "description": "d", "queries": [query]}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    (tmp_path / "it.conf").write_bytes((DATA / "it-checks.conf").read_bytes())
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "readme.txt").write_text("no pack")

    shelf = packs.Shelf(tmp_path)

    assert shelf.names() == ("it", packs.DEFAULT, "mine")
    assert shelf.load("mine").query("one").sql == "SELECT 1 AS a"
    assert shelf.load(packs.DEFAULT) == packs.load(packs.DEFAULT)
    assert len(shelf.problems) == 2
    assert any("broken.json" in sentence for sentence in shelf.problems)
    assert any("there is one already" in sentence for sentence in shelf.problems)
    with pytest.raises(NotFound, match="nope"):
        shelf.load("nope")


def test_a_pack_of_another_package_is_checked_as_a_file_is() -> None:
    """One that could not be judged is refused with its reason."""
    bad = Pack("bad", "", (Query("UPPER", "SELECT 1", "why"),))

    shelf = packs.Shelf(None, {"the package x": bad})

    assert shelf.problems == (
        "the package x cannot be used: 'UPPER' is no name (small letters, digits and _).",
    )
