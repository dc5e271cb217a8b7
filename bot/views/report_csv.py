"""What does `--format csv` print? One line a finding and host, and one for each thing that is not known."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Mapping

from bot.hostile import visible
from bot.model import Finding, HostVerdict, Report, Row, SharedFact
from bot.views.report_json import time_text
from bot.views.words import MISSED, UNKNOWN

COLUMNS = (
    "record",  # finding; also: a further fact of the same thing as the finding of that number; missed: a host that did not answer; unknown: a query without a whole answer there
    "run",
    "target",
    "finished_at",  # ISO 8601, UTC
    "finding",  # its number, from 1: a finding on several hosts has several lines
    "host",
    "private_ip",
    "rank",  # of the host, from 1, most suspicious first
    "host_bits",
    "stands_out",  # the host
    "query",
    "change",
    "bits",  # of the finding
    "marks_host",  # this finding alone makes its hosts stand out
    "tentative",
    "quadrant",
    "why",  # of a missed host or an unknown query: the reason
    "peers_with_same",
    "peers",
    "baseline_with_same",  # empty without a baseline, as is the next
    "baseline_of",
    "attack",  # MITRE ATT&CK ids, with spaces
    "row",  # a JSON object, ASCII; for a change "removed": the expected row
    "usual",  # a JSON object, ASCII; empty where peers or baseline have nothing in its place
    "more_rows",  # how many more rows stand behind it; they are in the JSON report
    "shared_facts",  # how many facts its hosts share in all, this one included; 0 when it stands alone
    "also_facts",  # how many lines "also" follow for each host
)

# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV injection"); the wide forms are Excel's too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def to_csv(report: Report) -> bytes:
    """Return the report as CSV (RFC 4180): UTF-8 without a mark at its head, CR LF, a header line.

    Text of a host that begins like a formula has an apostrophe before it, and what cannot be seen is written out;
    rows are JSON in ASCII, so that nothing in them is lost. Findings are sharpest first, then what is not known.
    Equal reports give equal bytes.
    """
    text = io.StringIO(newline="")
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    about = {host.id: host for host in report.hosts}
    head = {
        "run": report.run.id,
        "target": report.run.target,
        "finished_at": time_text(report.run.finished_at),
    }
    for number, finding in enumerate(report.findings, 1):
        found = _finding(number, finding)
        for host in finding.hosts:
            lines.writerow(_cells({"record": "finding", **head, **found, **_host(host, about.get(host))}))
        for fact, host in itertools.product(finding.also, finding.hosts):
            behind = _fact(number, fact)
            lines.writerow(_cells({"record": "also", **head, **behind, **_host(host, about.get(host))}))
    for missed in report.coverage.missed:
        why = f"{MISSED[missed.reason]}{f' ({missed.detail})' if missed.detail else ''}"
        lines.writerow(
            _cells({"record": "missed", **head, "why": why, **_host(missed.host, about.get(missed.host))})
        )
    for one in report.coverage.unknown:
        why = f"{UNKNOWN[one.status]}{f' ({one.error})' if one.error else ''}"
        known = _host(one.host, about.get(one.host))
        lines.writerow(_cells({"record": "unknown", **head, "query": one.query, "why": why, **known}))
    return text.getvalue().encode()


def guarded(text: str) -> str:
    """Return host text as one cell holds it: nothing invisible, and no formula."""
    shown = visible(text)
    return f"'{shown}" if text.startswith(_FORMULA) or shown.startswith(_FORMULA) else shown


def _cells(values: Mapping[str, str | int | float | bool | None]) -> list[str]:
    return [_cell(values.get(column)) for column in COLUMNS]


def _cell(value: str | int | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return guarded(value) if isinstance(value, str) else str(value)


def _finding(number: int, finding: Finding) -> dict[str, str | int | float | bool | None]:
    return {
        "finding": number,
        "query": finding.query,
        "change": finding.change.value,
        "bits": round(finding.score, 3),
        "marks_host": finding.outlying,
        "tentative": finding.tentative,
        "quadrant": finding.quadrant.value,
        "why": finding.why,
        "peers_with_same": finding.seen_on,
        "peers": finding.of,
        "baseline_with_same": finding.baseline_seen,
        "baseline_of": finding.baseline_of,
        "attack": " ".join(finding.attack),
        "row": _row(finding.row),
        "usual": None if finding.expected is None else _row(finding.expected),
        "more_rows": len(finding.rows),
        "shared_facts": finding.shared_count,
        "also_facts": len(finding.also),
    }


def _fact(number: int, fact: SharedFact) -> dict[str, str | int | float | bool | None]:
    return {
        "finding": number,
        "query": fact.query,
        "change": fact.change.value,
        "bits": round(fact.score, 3),
        "why": fact.why,
        "attack": " ".join(fact.attack),
        "row": _row(fact.row),
        "usual": None if fact.expected is None else _row(fact.expected),
        "more_rows": len(fact.rows),
    }


def _host(host: str, verdict: HostVerdict | None) -> dict[str, str | int | float | bool | None]:
    if verdict is None:
        return {"host": host}
    return {
        "host": host,
        "private_ip": verdict.host.private_ip if verdict.host else None,
        "rank": verdict.rank or None,
        "host_bits": round(verdict.score, 3) if verdict.rank else None,
        "stands_out": verdict.outlier if verdict.rank else None,
    }


def _row(row: Row) -> str:
    return json.dumps(dict(row), ensure_ascii=True, separators=(", ", ": "))
