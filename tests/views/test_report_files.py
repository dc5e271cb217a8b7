"""Do the SARIF, CSV and HTML reports hold what the report holds, whatever a host wrote into it?"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from bot import packs
from bot.hostile import visible
from bot.model import Change, Finding, Host, HostStatus, HostVerdict, Query, Report, SharedFact, UnknownQuery
from bot.views.formats import HEAD_BYTES, Form, is_ours, rendered
from bot.views.report_csv import COLUMNS, guarded, to_csv
from bot.views.report_html import POLICY, to_html
from bot.views.report_html_style import STYLE
from bot.views.report_sarif import FINGERPRINT, fingerprint, to_object, to_sarif
from tests.views.examples import CLEAN, FINDINGS, MINER, OFFLINE, REPORT, SHELL, SLOW
from tests.views.reports import reports
from tests.views.sarif_schema import SARIF

GOLDEN = Path(__file__).parents[1] / "golden"
PACK = packs.load(packs.DEFAULT)
SMALL = dataclasses.replace(PACK, queries=PACK.queries[:2])
VALID = jsonschema.Draft202012Validator(SARIF)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
FILES = (Form.JSON, Form.SARIF, Form.CSV, Form.HTML)


def golden(form: Form) -> bytes:
    """The example report in that form; the page without its style, which is looked at in a browser."""
    content = rendered(REPORT, form, None, version="1.2.3")
    return content.replace(STYLE.encode(), b"") if form is Form.HTML else content


@pytest.mark.parametrize("form", [Form.SARIF, Form.CSV, Form.HTML])
def test_each_form_is_as_accepted(form: Form) -> None:
    """`python -m tests.views.test_report_files` renews the files; look at the page before you accept it."""
    assert golden(form) == (GOLDEN / f"report.{form.value}").read_bytes()


@FEW
@given(reports())
def test_a_csv_reads_back_as_what_went_in(report: Report) -> None:
    """One line a finding and host, then what is not known; rows exactly, text modulo the guard, no cell a formula."""
    text = to_csv(report).decode()

    lines = list(csv.reader(io.StringIO(text, newline="")))

    body = [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]
    assert tuple(lines[0]) == COLUMNS
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [(line["host"], line["why"]) for line in body if line["record"] == "finding"] == [
        (guarded(host), guarded(finding.why)) for finding in report.findings for host in finding.hosts
    ]
    assert [json.loads(line["row"]) for line in body if line["record"] == "finding"] == [
        finding.row for finding in report.findings for _ in finding.hosts
    ]
    assert [line["host"] for line in body if line["record"] == "missed"] == [
        guarded(missed.host) for missed in report.coverage.missed
    ]
    assert len(body) - sum(line["record"] != "unknown" for line in body) == len(report.coverage.unknown)


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "\n=1"])
def test_a_cell_that_begins_like_a_formula_is_text(cell: str) -> None:
    """An apostrophe stands before it; other text stays as it is."""
    assert guarded(cell) == f"'{visible(cell)}"
    assert guarded(f"x{cell.strip()}") == f"x{cell.strip()}"


@FEW
@given(reports())
def test_any_report_is_a_valid_sarif_log(report: Report) -> None:
    """Valid, ASCII, one result a finding, and no message with a link or placeholder that a host wrote."""
    content = to_sarif(report, SMALL, version="1.2.3")

    log = json.loads(content)

    assert [error.message[:200] for error in VALID.iter_errors(log)] == []
    run = log["runs"][0]
    assert content.isascii()
    assert [result["ruleId"] for result in run["results"]] == [finding.query for finding in report.findings]
    assert [run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] for r in run["results"]] == [
        finding.query for finding in report.findings
    ]
    texts = [
        m["message"]["text"] for m in (*run["results"], *run["invocations"][0]["toolExecutionNotifications"])
    ]
    assert not [text for text in texts if "](" in text]
    assert not [text for text in texts if re.search(r"[{}]", text.replace("{{", "").replace("}}", ""))]


def test_sarif_says_what_was_not_seen() -> None:
    """Not called successful; the silent host and the unknown query are errors; with all answers it is, and has none."""
    run = to_object(REPORT, PACK, version="1")["runs"][0]
    calm = to_object(CLEAN, PACK, version="1")["runs"][0]

    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert run["invocations"][0]["executionSuccessful"] is False
    assert [(n["level"], n["descriptor"]["id"]) for n in notes] == [
        ("error", "host-missed"),
        ("error", "query-unknown"),
        ("note", "note"),
    ]
    assert [n["locations"][0]["logicalLocations"][0]["name"] for n in notes[:2]] == [OFFLINE.id, SLOW.id]
    assert calm["invocations"][0]["executionSuccessful"] is True
    assert calm["results"] == []


def test_sarif_rules_are_the_queries_of_the_pack_with_their_reasons() -> None:
    """In the pack's order, each with its reason, its techniques and its SQL; an unknown pack leaves the names."""
    rules = to_object(CLEAN, PACK, version="1")["runs"][0]["tool"]["driver"]["rules"]
    bare = to_object(REPORT, None, version="1")["runs"][0]["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == [query.name for query in PACK.queries]
    for rule, query in zip(rules, PACK.queries, strict=True):
        assert query.sql in rule["help"]["text"]
        assert rule["properties"]["tags"][0] == "security"
        assert rule["properties"]["tags"][1:] == [f"attack.{one.lower()}" for one in query.attack]
    assert {rule["id"] for rule in bare} == {finding.query for finding in FINDINGS}


def test_levels_follow_what_a_finding_marks() -> None:
    """error: it marks its host; warning: it does, tentatively; note: it marks nobody."""
    findings = (
        FINDINGS[0],
        dataclasses.replace(FINDINGS[0], tentative=True),
        dataclasses.replace(FINDINGS[0], outlying=False),
    )

    results = to_object(dataclasses.replace(REPORT, findings=findings), None, version="1")["runs"][0][
        "results"
    ]

    assert [result["level"] for result in results] == ["error", "warning", "note"]


def test_a_fingerprint_outlives_the_run_and_the_host() -> None:
    """The same for another process id, score, order and address of the host; another for another row or change."""
    query = Query("listening_ports", "SELECT 1", "why", ignore=("pid",))

    def of(host: str, ip: str, *, pid: str = "1", port: str = "22", change: Change = Change.ADDED) -> str:
        row = {"pid": pid, "port": port, "address": ip, "cmdline": f"listen --on {ip}:{port} --name {host}"}
        finding = dataclasses.replace(FINDINGS[0], hosts=(host,), query=query.name, row=row, change=change)
        return fingerprint(finding, query, [Host(host, private_ip=ip)])

    first = of("i-0aaa", "10.0.0.1")

    assert first == of("i-0bbb", "10.0.0.12", pid="77")
    assert first != of("i-0aaa", "10.0.0.1", port="2222")
    assert first != of("i-0aaa", "10.0.0.1", change=Change.REMOVED)


def test_equal_fingerprints_in_one_report_are_told_apart() -> None:
    """The second has a running number, so that a viewer shows both."""
    twice = dataclasses.replace(REPORT, findings=(FINDINGS[0], FINDINGS[0]))

    results = to_object(twice, None, version="1")["runs"][0]["results"]

    prints = [result["partialFingerprints"][FINGERPRINT] for result in results]
    assert [each[-2:] for each in prints] == [":1", ":2"]
    assert prints[0][:-2] == prints[1][:-2]


class Page(HTMLParser):
    """Reads the page as a browser does, as far as elements and attributes go."""

    VOID = frozenset({"meta"})

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}
        values = dict(attrs)
        self.links += [values["href"] or ""] if "href" in values else []
        self.ids += [values["id"] or ""] if "id" in values else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


ELEMENTS = frozenset(
    "html head meta title style body header main section h1 h2 h3 p div span ul ol li dl dt dd table caption thead "
    "tbody tfoot tr th td details summary code a b i".split()
)
ATTRIBUTES = frozenset(
    {"class", "id", "scope", "colspan", "href", "rel", "style", "open", "lang", "charset"}
) | {
    "content",
    "name",
    "http-equiv",
    "role",
    "tabindex",
    "aria-labelledby",
    "aria-hidden",
}


@FEW
@given(reports())
def test_no_host_adds_to_the_page(report: Report) -> None:
    """No element, attribute or link that the view did not write; all closed; nothing invisible or reordering in it."""
    content = to_html(report, version="1.2.3")

    page = Page(content)

    assert page.elements <= ELEMENTS
    assert {name for _, name in page.attributes} <= ATTRIBUTES
    assert page.open == []
    assert all(link.startswith(("#f", "https://attack.mitre.org/techniques/T")) for link in page.links)
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))
    text = "".join(page.words).replace("\n", " ").replace("\u00a0", " ")
    assert visible(text) == text


def test_the_page_forbids_scripts_and_foreign_resources() -> None:
    """By its policy, and by having none."""
    page = to_html(REPORT, version="1").decode()

    assert f'http-equiv="Content-Security-Policy" content="{POLICY}"' in page
    assert "default-src 'none'" in POLICY
    for word in ("<script", "<link", "<img", "<iframe", "url(", "@import", "javascript:", " on"):
        assert word not in STYLE
    assert "<script" not in page


def test_the_page_says_the_verdict_first_and_what_is_not_known() -> None:
    """Verdict, hosts that stand out, silent hosts, then the findings, in that order."""
    words = " ".join("".join(Page(to_html(REPORT, version="1")).words).split())

    order = [
        words.index("2 of 24 hosts stand out; 1 did not answer; 1 answered in part", 200),
        words.index("Look at these first"),
        words.index("offline, its SSM agent lost the connection"),
        words.index("Where it shows"),
        words.index("Why so many bits"),
    ]
    assert order == sorted(order)
    assert "15.6" in words
    assert "every host answered every query" in " ".join(Page(to_html(CLEAN, version="1")).words)


def many(hosts: int, queries: int, findings: int) -> Report:
    """A large group: every host with findings, one that stands out, one query unknown on one host."""
    draw = random.Random(1)
    verdicts = tuple(
        HostVerdict(f"i-{number:017x}", number, 9.0 / number, number == 1, HostStatus.ANSWERED, "", "", None)
        for number in range(1, hosts + 1)
    )
    found = tuple(
        dataclasses.replace(
            FINDINGS[number % len(FINDINGS)],
            hosts=(verdicts[number % hosts].id,),
            query=f"query_{draw.randrange(queries)}",
            rows=tuple(row.row for row in FINDINGS),
            outlying=number % hosts == 0,
        )
        for number in range(findings)
    )
    unknown = (UnknownQuery(verdicts[1].id, "query_0", REPORT.coverage.unknown[0].status),)
    coverage = dataclasses.replace(
        REPORT.coverage, targeted=hosts, answered=hosts - 1, partial=1, missed=(), unknown=unknown
    )
    return dataclasses.replace(REPORT, hosts=verdicts, findings=found, coverage=coverage)


def test_a_large_group_has_a_page_of_bounded_size() -> None:
    """1,000 hosts by 60 queries: below 3 MB, 200 rows of the map, and in words what is left out."""
    report = many(1_000, 60, 9_000)

    content = to_html(report, version="1")

    page = content.decode()
    assert len(content) < 3_000_000
    assert page.count('<tr><th scope="row"><code>i-') + page.count('<tr class="out">') == 200
    assert (
        "The first 200 of 1,000 hosts, most suspicious first; 800 have no row here, 800 of them with findings."
        in page
    )
    assert "would not fit on this page" in page


def test_what_several_hosts_share_is_told_with_its_finding() -> None:
    """Each further fact has a row behind the finding and a cell of each host; SARIF holds it too, CSV its number."""
    fact = SharedFact(
        "kernel_modules", Change.ADDED, {"name": "xt_relay"}, None, 7.2, "has kernel module xt_relay"
    )
    whole = dataclasses.replace(
        FINDINGS[0], hosts=(MINER.id, SHELL.id), shared=(fact,), shared_count=3, outlying=True
    )
    report = dataclasses.replace(REPORT, findings=(whole,))

    page = to_html(report, version="1").decode()
    properties = to_object(report, None, version="1")["runs"][0]["results"][0]["properties"]
    lines = list(csv.DictReader(io.StringIO(to_csv(report).decode())))

    assert "2 hosts share these facts too, and nothing in AWS explains it; 1 further fact not listed" in page
    assert "<code>name=xt_relay</code>" in page
    assert page.count('<td class="b2"><a href="#f1">7.2</a></td>') == 2
    assert [(one["why"], one["bits"]) for one in properties["shared"]] == [
        ("has kernel module xt_relay", 7.2)
    ]
    assert [line["shared_facts"] for line in lines[:2]] == ["3", "3"]


def test_what_else_is_seen_of_a_thing_is_told_with_its_finding() -> None:
    """Each further fact has its row and raw rows on the page and a cell; SARIF holds it, CSV has a line for each host."""
    finding = next(finding for finding in FINDINGS if finding.also)
    connection = finding.also[0]
    report = dataclasses.replace(REPORT, findings=(finding,))

    page = to_html(report, version="1").decode()
    result = to_object(report, None, version="1")["runs"][0]["results"][0]
    lines = list(csv.DictReader(io.StringIO(to_csv(report).decode())))

    assert "Also seen of it: 2 facts" in page
    assert "remote_address=198.51.100.3" in page
    assert "1 more row of outbound sockets behind it" in page
    assert '<a href="#f1">10.2</a>' in page
    assert [one["query"] for one in result["properties"]["also"]] == ["outbound_sockets", "tmp_executables"]
    assert [line["record"] for line in lines[:3]] == ["finding", "also", "also"]
    assert {line["finding"] for line in lines[:3]} == {"1"}
    assert {line["host"] for line in lines[:3]} == {MINER.id}
    assert lines[0]["also_facts"] == "2"
    assert json.loads(lines[1]["row"]) == connection.row
    assert lines[1]["more_rows"] == "1"


def test_zero_and_unknown_look_different() -> None:
    """A cell that is not known has a sign of its own; one without a finding is empty."""
    page = to_html(REPORT, version="1").decode()
    row = page.partition(f'<tr><th scope="row"><code>{SLOW.id}')[2].partition("</tr>")[0]

    assert row.count('<td class="u">?</td>') == 1
    assert "<td></td>" in row
    assert '<td class="b4 m"><a href="#f1">15.6</a></td>' in page


@pytest.mark.parametrize("form", FILES)
def test_equal_reports_give_equal_bytes_that_are_known_again(form: Form) -> None:
    """Twice the same; the file's head tells that it is one of ours, and of which form."""
    first, second = (rendered(REPORT, form, PACK, version="1") for _ in range(2))

    assert first == second
    assert [known for known in FILES if is_ours(first[:HEAD_BYTES], known)] == [form]


def test_a_finding_of_a_host_that_nobody_described_is_shown() -> None:
    """A report of an older Diffy may name hosts without saying what they are."""
    stray: Finding = dataclasses.replace(FINDINGS[0], hosts=("i-0stray",))
    report = dataclasses.replace(REPORT, findings=(stray,))
    bare: dict[Form, Any] = {form: rendered(report, form, None, version="1") for form in FILES}

    assert all(b"i-0stray" in content for content in bare.values())
    assert {MINER.id, SHELL.id} <= {host.id for host in report.hosts}


if __name__ == "__main__":
    for each in (Form.SARIF, Form.CSV, Form.HTML):
        (GOLDEN / f"report.{each.value}").write_bytes(golden(each))
