"""What stands in the files that go with a run? Everything that a message has no room for."""

from __future__ import annotations

import re

from bot.hostile import clean
from bot.model import Attachment, Finding, Report, SharedFact
from bot.views import evidence, sentences
from bot.views.report_html import to_html
from bot.views.report_json import to_json
from bot.views.words import (
    CHANGES,
    MISSED,
    UNKNOWN,
    bits,
    query_title,
    table_lines,
    when,
    where,
)

VALUE_LIMIT = 4_000
MOST_BYTES = 8_000_000


def json_file(report: Report) -> Attachment:
    """Return the report as one JSON object (docs/report.schema.json)."""
    return Attachment(f"{_file_stem(report)}.json", f"Report of run {_run_name(report)}", to_json(report))


def page_file(report: Report) -> Attachment:
    """Return the report as a page for a browser: hosts by queries, and the findings with all that is behind them."""
    return Attachment(f"{_file_stem(report)}.html", f"Page of run {_run_name(report)}", to_html(report))


def findings_file(report: Report) -> Attachment:
    """Return the whole report as text that a person can read: hosts, findings with every row, what is not known."""
    lines = [
        f"{sentences.verdict(report)}",
        f"Target {clean(report.run.target, 400)}, run {clean(report.run.id, 80)}, {when(report.run.finished_at)}",
        f"{sentences.compared(report)}.",
        *([f"Against the baseline: {drift}."] if (drift := evidence.drift(report)) else []),
        f"Looked at: {evidence.looked_at(report)}.",
        f"{sentences.rests_on(report)}. {evidence.A_BIT} {evidence.THE_HALF}",
        *(f"Note: {clean(note, 2000)}" for note in report.notes),
        "",
        "HOSTS, most suspicious first",
    ]
    for host in report.hosts:
        rank = f"{host.rank:>4}" if host.rank else "   –"
        sign = "STANDS OUT" if host.outlier else host.status.value
        lines.append(
            f"{rank}  {clean(host.id, 80)}  {bits(host.score):>10}  {sign}  {where(host.host)}".rstrip()
        )
        if host.reason:
            lines.append(f"      {clean(host.reason, 1000)}")
    if report.coverage.missed:
        lines += ["", "DID NOT ANSWER"]
        for missed in report.coverage.missed:
            detail = f" ({clean(missed.detail, 1000)})" if missed.detail else ""
            lines.append(f"      {clean(missed.host, 80)}: {MISSED[missed.reason]}{detail}")
    if report.coverage.unknown:
        lines += ["", "NOT KNOWN: queries without a whole answer"]
        for one in report.coverage.unknown:
            error = f" ({clean(one.error, 1000)})" if one.error else ""
            lines.append(f"      {clean(one.host, 80)}: {clean(one.query, 80)} {UNKNOWN[one.status]}{error}")
    lines += ["", f"FINDINGS, sharpest first: {len(report.findings)}"]
    kept = sum(len(line) + 1 for line in lines)
    for number, finding in enumerate(report.findings, 1):
        entry = _finding(number, finding)
        kept += len(entry)
        if kept > MOST_BYTES // 4:
            lines.append(f"\n…({len(report.findings) - number + 1} more findings: see the JSON file)")
            break
        lines.append(entry)
    content = ("\n".join(lines) + "\n").encode()
    return Attachment(f"{_file_stem(report)}.txt", f"All findings of run {_run_name(report)}", content)


def _finding(number: int, finding: Finding) -> str:
    lines = [
        f"\n{number}. {clean(finding.why, 1000)}",
        f"   {_about(finding)}",
        f"   on {', '.join(clean(host, 80) for host in finding.hosts)}",
    ]
    if others := evidence.others(finding):
        lines.append(f"   {others}")
    lines += [f"   {fact}" for fact in evidence.shared(finding)]
    if added := evidence.sum_lines(finding):
        lines += ["   how the score adds up:", *(f"     {line}" for line in added)]
    lines += _tables(finding)
    for fact in finding.also:
        told = f"also seen of it: {clean(fact.why, 1000)}"
        lines += [f"   {told}", f"   {_about(fact)}"]
        lines += _tables(fact)
    return "\n".join(lines).rstrip()


def _about(fact: Finding | SharedFact) -> str:
    attack = f"  {', '.join(clean(one, 24) for one in fact.attack)}" if fact.attack else ""
    return f"{query_title(fact.query)}, {CHANGES[fact.change]}; {bits(fact.score)}{attack}"


def _tables(shown: Finding | SharedFact) -> list[str]:
    tables = [table_lines(shown.row, shown.expected, limit=VALUE_LIMIT)]
    tables += [table_lines(row, limit=VALUE_LIMIT) for row in shown.rows]
    return [line for table in tables for line in [*(f"      {one}" for one in table.splitlines()), ""]]


def _file_stem(report: Report) -> str:
    return f"diffy-{re.sub(r'[^A-Za-z0-9-]', '', report.run.id)[:40] or 'run'}"


def _run_name(report: Report) -> str:
    return re.sub(r"[^A-Za-z0-9-]", "", report.run.id)[:40]
