"""What does `--json` print, and what is in the JSON file? One object, schema ``diffy.report/1`` (docs/report.schema.json)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from bot.model import BaselineInfo, Coverage, Finding, Host, HostVerdict, Report, RunInfo, SharedFact

SCHEMA = "diffy.report/1"


def to_json(report: Report) -> bytes:
    """Return the report as JSON, ASCII only, so that no byte of a host's text can steer the terminal it is printed on.

    Rows and reasons are as the host said them (secrets masked); times are ISO 8601 in UTC, scores in bits.
    Ends with a newline; equal reports give equal bytes.
    """
    return (json.dumps(to_object(report), ensure_ascii=True, indent=2, allow_nan=False) + "\n").encode(
        "ascii"
    )


def to_object(report: Report) -> dict[str, Any]:
    """Return the report as plain dicts, lists and scalars, in the order of the schema."""
    return {
        "schema": SCHEMA,
        "run": _run(report.run),
        "coverage": coverage_object(report.coverage),
        "hosts": [_host(host) for host in report.hosts],
        "findings": [_finding(finding) for finding in report.findings],
        "limits": {
            "peers": report.limits.peers,
            "baseline": report.limits.baseline,
            "most_bits": bits_number(report.limits.most_bits),
            "threshold_bits": bits_number(report.limits.threshold_bits),
            "tentative": report.limits.tentative,
        },
        "lookalikes": [{"label": group.label, "hosts": list(group.hosts)} for group in report.lookalikes],
        "notes": list(report.notes),
        "baseline": _baseline(report.baseline),
    }


def _run(run: RunInfo) -> dict[str, Any]:
    return {
        "id": run.id,
        "target": run.target,
        "method": run.method.value,
        "method_reason": run.method_reason,
        "pack": run.pack,
        "requested_by": run.requested_by,
        "started_at": time_text(run.started_at),
        "finished_at": time_text(run.finished_at),
        "incident": run.incident,
        "provisional": run.provisional,
        "focus": run.focus,
        "api_calls": run.api_calls,
        "api_repeated": run.api_repeated,
    }


def coverage_object(coverage: Coverage) -> dict[str, Any]:
    """Return who answered and who did not, as in the schema."""
    return {
        "targeted": coverage.targeted,
        "answered": coverage.answered,
        "partial": coverage.partial,
        "queries": coverage.queries,
        "missed": [
            {"host": missed.host, "reason": missed.reason.value, "detail": missed.detail}
            for missed in coverage.missed
        ],
        "unknown": [
            {"host": one.host, "query": one.query, "status": one.status.value, "error": one.error}
            for one in coverage.unknown
        ],
    }


def _host(host: HostVerdict) -> dict[str, Any]:
    return {
        "id": host.id,
        "rank": host.rank,
        "score": bits_number(host.score),
        "outlier": host.outlier,
        "status": host.status.value,
        "cohort": host.cohort,
        "reason": host.reason,
        "about": _about(host.host),
    }


def _about(host: Host | None) -> dict[str, Any] | None:
    if host is None:
        return None
    return {
        "account": host.account,
        "region": host.region,
        "group": host.group,
        "private_ip": host.private_ip,
        "hostname": host.hostname,
        "availability_zone": host.zone,
        "image_id": host.image_id,
        "launch_template_version": host.template_version,
        "instance_type": host.instance_type,
        "launch_time": time_text(host.launch_time) if host.launch_time else None,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "hosts": list(finding.hosts),
        "query": finding.query,
        "change": finding.change.value,
        "row": dict(finding.row),
        "expected": None if finding.expected is None else dict(finding.expected),
        "score": bits_number(finding.score),
        "seen_on": finding.seen_on,
        "of": finding.of,
        "baseline_seen": finding.baseline_seen,
        "baseline_of": finding.baseline_of,
        "attack": list(finding.attack),
        "why": finding.why,
        "quadrant": finding.quadrant.value,
        "tentative": finding.tentative,
        "outlying": finding.outlying,
        "others": [
            {
                "row": None if held.row is None else dict(held.row),
                "hosts": held.hosts,
                "snapshots": held.snapshots,
            }
            for held in finding.others
        ],
        "parts": [{"label": part.label, "bits": bits_number(part.bits)} for part in finding.parts],
        "rows": [dict(row) for row in finding.rows],
        "shared": [_fact(fact) for fact in finding.shared],
        "shared_count": finding.shared_count,
        "also": [
            _fact(fact) | {"rows": [dict(row) for row in fact.rows], "attack": list(fact.attack)}
            for fact in finding.also
        ],
    }


def _fact(fact: SharedFact) -> dict[str, Any]:
    return {
        "query": fact.query,
        "change": fact.change.value,
        "row": dict(fact.row),
        "expected": None if fact.expected is None else dict(fact.expected),
        "score": bits_number(fact.score),
        "why": fact.why,
    }


def _baseline(info: BaselineInfo | None) -> dict[str, Any] | None:
    if info is None:
        return None
    return {
        "version": info.version,
        "author": info.author,
        "created_at": time_text(info.created_at),
        "renewed_at": time_text(info.renewed_at),
        "hosts": list(info.hosts),
    }


def time_text(at: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def bits_number(score: float) -> float:
    """Return bits as files say them, to three digits."""
    return round(score, 3)
