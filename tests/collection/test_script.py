"""Can what is sent to hosts be anything but the operator's queries, in the order that matters?"""

from __future__ import annotations

import re
import subprocess

import pytest

from bot import packs
from bot.collection import script
from bot.model import Cost
from tests.collection.hosts import pack, query


def test_queries_are_asked_most_telling_first_then_quickest() -> None:
    """What is given up for lack of room or time is then the least telling and the slowest."""
    asked = pack(
        query("dull", "SELECT 1", telling=1),
        query("slow", "SELECT 1", telling=4, cost=Cost.SLOW),
        query("quick", "SELECT 1", telling=4),
        query("sharp", "SELECT 1", telling=5, cost=Cost.MEDIUM),
    )

    names = [item.name for item in script.order(asked)]

    assert names == ["diffy_version", "sharp", "quick", "slow", "dull"]


def test_sql_becomes_one_line_without_comments() -> None:
    """Line breaks and comments go, literals stay as they are, and at most one row above the cap is fetched."""
    sql = "SELECT '--  a''b' AS x, -- why\n  \"odd  name\" /* not\nthis */ FROM t\tWHERE y <> ';' ;\n"

    line = script.statement(query("q", sql, max_rows=9))

    assert line == "SELECT * FROM (SELECT '--  a''b' AS x, \"odd  name\" FROM t WHERE y <> ';') LIMIT 10;"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "",
        " ; ",
        "SELECT 'a\nb'",
        "SELECT '{{ssm:secret}}'",
        "SELECT '\x00'",
        "-- nothing",
    ],
)
def test_sql_that_cannot_be_sent_safely_is_refused(sql: str) -> None:
    """Several statements, control characters, nothing at all, and what SSM would take for a parameter."""
    with pytest.raises(ValueError, match="must be one statement"):
        script.statement(query("q", sql))


@pytest.mark.parametrize("name", ["", "a b", "a;b", "../x", "a'b", "x" * 65, "a\n"])
def test_names_that_cannot_be_sent_safely_are_refused(name: str) -> None:
    """Names become file names and marker text on the host."""
    with pytest.raises(ValueError, match=r"not a query name|not a run id"):
        script.statement(query(name, "SELECT 1"))
    with pytest.raises(ValueError, match="not a run id"):
        script.build(pack(), run_id=name, bucket=True)


def test_two_queries_of_one_name_are_refused() -> None:
    """Their answers could not be told apart."""
    with pytest.raises(ValueError, match="two queries of one name"):
        script.build(pack(query("q", "SELECT 1"), query("q", "SELECT 2")), run_id="r", bucket=True)


@pytest.mark.parametrize("bucket", [True, False])
@pytest.mark.parametrize("name", packs.names())
def test_every_pack_makes_a_script_that_dash_accepts(name: str, bucket: bool) -> None:
    """Nothing is left to fill in, it stays far below SSM's 64 kB, and `sh -n` finds no fault."""
    text = script.build(packs.load(name), run_id="run-1", bucket=bucket)

    checked = subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True, check=False)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert len(text) < 32_000
    assert not re.search(r"@[A-Z_]+@", text)
    assert "{{" not in text


def test_only_the_header_differs_from_run_to_run() -> None:
    """So a document can hold the body, and take the header's values as parameters; further commands hold no SQL."""
    asked = packs.load(packs.DEFAULT)
    body = script.body(asked)

    scripts = [script.build(asked, run_id=run, bucket=bucket) for run, bucket in (("a", True), ("b", False))]
    further = [script.piece("a", 3), script.drop("a")]

    assert all(text.endswith(body) for text in scripts)
    assert all(body.startswith(text.partition("number=")[2].partition("\n")[2]) for text in further)
    assert all(len(text) < 2_500 and "SELECT" not in text for text in further)
