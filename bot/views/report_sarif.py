"""What does `--format sarif` print? A SARIF 2.1.0 log: queries are rules, findings are results, silence is a notification.

SARIF 2.1.0 is the OASIS standard docs.oasis-open.org/sarif/sarif/v2.1.0; section numbers below are of it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bot.hostile import said, visible
from bot.model import Finding, Host, Pack, Query, QueryStatus, Report, SharedFact
from bot.views import sentences
from bot.views.gate import conclusive
from bot.views.report_json import bits_number, coverage_object, time_text
from bot.views.words import MISSED, UNKNOWN, plural, query_title

VERSION = "2.1.0"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
MESSAGE_LIMIT = 1_000
MOST_TAGS = 20  # a rule's, more are refused: docs.github.com, "SARIF support for code scanning"
FINGERPRINT = "diffyFinding/v1"
LINE_HASH = "primaryLocationLineHash"  # the one fingerprint that GitHub's code scanning reads
MISSED_ID, UNKNOWN_ID, NOTE_ID = "host-missed", "query-unknown", "note"

_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")


def to_sarif(report: Report, pack: Pack | None, *, version: str) -> bytes:
    """Return the report as a SARIF log with one run, ASCII only, ending with a newline.

    Args:
        pack: The pack that was asked; None when it is no longer known: then only queries with findings are rules,
            without their reasons, and fingerprints count each column.
        version: Diffy's own.

    Equal reports give equal bytes. A finding keeps its fingerprint from run to run, in whatever order hosts answer.
    """
    made = to_object(report, pack, version=version)
    return (json.dumps(made, ensure_ascii=True, indent=1, allow_nan=False) + "\n").encode("ascii")


def to_object(report: Report, pack: Pack | None, *, version: str) -> dict[str, Any]:
    """Return the same as plain dicts, lists and scalars."""
    asked = {query.name: query for query in pack.queries} if pack else {}
    names = list(dict.fromkeys([*asked, *sorted({finding.query for finding in report.findings})]))
    index = {name: number for number, name in enumerate(names)}
    about = {verdict.id: verdict.host for verdict in report.hosts if verdict.host is not None}
    prints = _fingerprints(report.findings, asked, about)
    whole = conclusive(report) and report.coverage.answered == report.coverage.targeted
    run = {
        "tool": {
            "driver": {
                "name": "Diffy",
                "version": version,
                "shortDescription": _text("Finds the hosts of a group that stand out, and says why."),
                "rules": [_rule(name, asked.get(name)) for name in names],
                "notifications": [
                    {"id": MISSED_ID, "shortDescription": _text("A host that did not answer.")},
                    {"id": UNKNOWN_ID, "shortDescription": _text("A query without a whole answer.")},
                    {"id": NOTE_ID, "shortDescription": _text("What can and cannot be claimed.")},
                ],
            }
        },
        "automationDetails": {"id": f"diffy/{_address(report.run.target)}/{_address(report.run.id)}"},
        "invocations": [
            {
                "executionSuccessful": whole,
                "startTimeUtc": time_text(report.run.started_at),
                "endTimeUtc": time_text(report.run.finished_at),
                "toolExecutionNotifications": _notifications(report),
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, index[finding.query], prints[number], about)
            for number, finding in enumerate(report.findings)
        ],
        "properties": _about_run(report),
    }
    return {"$schema": SCHEMA, "version": VERSION, "runs": [run]}


def _about_run(report: Report) -> dict[str, Any]:
    run, limits, info = report.run, report.limits, report.baseline
    return {
        "run": run.id,
        "target": run.target,
        "pack": run.pack,
        "incident": run.incident,
        "method": run.method.value,
        "verdict": sentences.verdict(report),
        "standsOut": [host.id for host in report.outliers],
        "coverage": coverage_object(report.coverage),
        "limits": {
            "peers": limits.peers,
            "baselineSnapshots": limits.baseline,
            "mostBits": bits_number(limits.most_bits),
            "thresholdBits": bits_number(limits.threshold_bits),
            "tentative": limits.tentative,
        },
        "baseline": None
        if info is None
        else {
            "version": info.version,
            "author": info.author,
            "createdAt": time_text(info.created_at),
            "hosts": list(info.hosts),
        },
    }


def _rule(name: str, query: Query | None) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": name, "shortDescription": _text(query_title(name) or name)}
    if query is None:
        return rule
    techniques = list(dict.fromkeys(query.attack))
    told = f" ATT&CK: {', '.join(techniques)}." if techniques else ""
    tags = ["security", *(f"attack.{technique.lower()}" for technique in techniques)]
    return {
        **rule,
        "fullDescription": _text(query.why or query_title(name)),
        "help": _text(
            f"{query.why}{told} A finding is a row of this query that peers or the baseline do not have, that they "
            f"have and this host lacks, or that has another value here. Query: {query.sql}"
        ),
        "properties": {"tags": tags[:MOST_TAGS]},
    }


def _result(
    finding: Finding, rule: int, prints: Mapping[str, str], about: Mapping[str, Host]
) -> dict[str, Any]:
    return {
        "ruleId": finding.query,
        "ruleIndex": rule,
        "level": _level(finding),
        "message": _text(_message(finding)),
        "locations": [_location(host, about.get(host)) for host in finding.hosts],
        "partialFingerprints": dict(prints),
        "properties": {
            "bits": bits_number(finding.score),
            "change": finding.change.value,
            "marksHost": finding.outlying,
            "tentative": finding.tentative,
            "quadrant": finding.quadrant.value,
            "parts": [{"label": part.label, "bits": bits_number(part.bits)} for part in finding.parts],
            "peersWithSame": finding.seen_on,
            "peers": finding.of,
            "baselineWithSame": finding.baseline_seen,
            "baselineOf": finding.baseline_of,
            "attack": list(finding.attack),
            "row": dict(finding.row),
            "usual": None if finding.expected is None else dict(finding.expected),
            "others": [
                {
                    "row": None if held.row is None else dict(held.row),
                    "hosts": held.hosts,
                    "snapshots": held.snapshots,
                }
                for held in finding.others
            ],
            "moreRows": len(finding.rows),
            "sharedCount": finding.shared_count,
            "shared": [_fact(fact) for fact in finding.shared],
            "also": [
                _fact(fact) | {"attack": list(fact.attack), "moreRows": len(fact.rows)}
                for fact in finding.also
            ],
        },
    }


def _fact(fact: SharedFact) -> dict[str, Any]:
    return {
        "query": fact.query,
        "change": fact.change.value,
        "bits": bits_number(fact.score),
        "why": fact.why,
        "row": dict(fact.row),
    }


def _level(finding: Finding) -> str:
    """error: marks its hosts; warning: would, were the evidence not thin; note: listed, and marks nobody."""
    if not finding.outlying:
        return "note"
    return "warning" if finding.tentative else "error"


def _message(finding: Finding) -> str:
    return f"{sentences.names(finding.hosts, 3)}: {said(finding.why, MESSAGE_LIMIT)}"


def _text(text: str) -> dict[str, str]:
    """Return a message in which nothing is a placeholder (3.11.5: braces are doubled) or a link (3.11.6), whoever wrote it."""
    shown = visible(text).replace("{", "{{").replace("}", "}}").replace("](", "] (")
    return {"text": shown or "(nothing)"}


def _location(host: str, about: Host | None) -> dict[str, Any]:
    """The host as a logical place, and as the file that holds its recorded answers: some viewers show files only."""
    known = {"privateIp": about.private_ip, "zone": about.zone, "group": about.group} if about else {}
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": f"hosts/{_address(host)}.json"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [
            {**_host(host), "properties": {name: value for name, value in known.items() if value}},
        ],
    }


def _host(host: str) -> dict[str, str]:
    """A host is a place of its own, at the top (3.33.5)."""
    return {"name": host, "fullyQualifiedName": host, "kind": "host"}


def _notifications(report: Report) -> list[dict[str, Any]]:
    """What was not seen, and what the notes say. An error is a gap in the results (3.58.6); a note is none."""
    found: list[dict[str, Any]] = []
    for missed in report.coverage.missed:
        detail = f" ({said(missed.detail, MESSAGE_LIMIT)})" if missed.detail else ""
        words = f"{sentences.host_name(missed.host)} did not answer: {MISSED[missed.reason]}{detail}"
        found.append(_notification(MISSED_ID, 0, "error", words, [missed.host], reason=missed.reason.value))
    by_query: dict[tuple[str, QueryStatus], list[str]] = defaultdict(list)
    errors: dict[tuple[str, QueryStatus], str] = {}
    for one in report.coverage.unknown:
        by_query[one.query, one.status].append(one.host)
        errors.setdefault((one.query, one.status), one.error)
    for (query, status), hosts in by_query.items():
        error = f" ({said(errors[query, status], MESSAGE_LIMIT)})" if errors[query, status] else ""
        words = f"{said(query, 60)} {UNKNOWN[status]} on {plural(len(hosts), 'host')}{error}"
        found.append(_notification(UNKNOWN_ID, 1, "error", words, hosts, query=query, reason=status.value))
    found.extend(_notification(NOTE_ID, 2, "note", said(note, MESSAGE_LIMIT), ()) for note in report.notes)
    return found


def _notification(
    name: str, index: int, level: str, words: str, hosts: Sequence[str], **properties: str
) -> dict[str, Any]:
    body: dict[str, Any] = {
        "descriptor": {"id": name, "index": index},
        "level": level,
        "message": _text(words),
    }
    if hosts:
        body["locations"] = [{"logicalLocations": [_host(host)]} for host in dict.fromkeys(hosts)]
    if properties:
        body["properties"] = properties
    return body


def _fingerprints(
    findings: Sequence[Finding], asked: Mapping[str, Query], about: Mapping[str, Host]
) -> list[dict[str, str]]:
    """Return the fingerprints of each finding; equal ones in one report are told apart by a running number."""
    met: Counter[str] = Counter()
    made = []
    for finding in findings:
        key = fingerprint(finding, asked.get(finding.query), [about[h] for h in finding.hosts if h in about])
        met[key] += 1
        made.append({FINGERPRINT: f"{key}:{met[key]}", LINE_HASH: f"{key[:16]}:{met[key]}"})
    return made


def fingerprint(finding: Finding, query: Query | None, hosts: Iterable[Host]) -> str:
    """Return 64 hex digits that are the same for the same fact on whichever hosts it is seen, and in each run.

    Left out of it: the columns that the pack ignores (process ids, times), the hosts' own names and addresses,
    the score and the counts. A fact with random text in it gets another one each time.
    """
    own = sorted(
        {word for host in hosts for word in (host.id, host.private_ip, host.hostname) if word},
        key=lambda word: (-len(word), word),
    )
    ignored = set(query.ignore) if query else set()
    row = {column: _without(value, own) for column, value in finding.row.items() if column not in ignored}
    canonical = json.dumps([finding.query, finding.change.value, row], ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _without(value: str, own: Sequence[str]) -> str:
    for word in own:
        if word not in value:
            continue
        value = re.sub(rf"(?<![\w.-]){re.escape(word)}(?![\w-]|\.\w)", "<host>", value)
    return value


def _address(text: str) -> str:
    return quote(text.encode("utf-8", "backslashreplace"), safe="-._~") or "-"


def techniques(finding: Finding) -> tuple[str, ...]:
    """Return the finding's techniques that are well-formed ATT&CK ids."""
    return tuple(one for one in finding.attack if _TECHNIQUE.fullmatch(one))
