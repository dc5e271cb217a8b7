"""How are differences from a baseline written, a line each? ``+`` added, ``-`` missing, ``~`` changed."""

from __future__ import annotations

from bot.hostile import size
from bot.model import Change, Finding, Report
from bot.views.words import differing, one_line, plural, query_title

SIGNS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}
MOST_LINES = 24
LINE_LIMIT = 240
LINES_LIMIT = 4_500


def change_summary(report: Report) -> str:
    """Return "2 added, 1 missing, 1 changed"; the kinds that do not occur are left out."""
    words = []
    for change, said_so in (
        (Change.ADDED, "added"),
        (Change.REMOVED, "removed"),
        (Change.CHANGED, "changed"),
    ):
        number = sum(finding.change is change for finding in report.findings)
        if number:
            words.append(f"{number:,} {said_so}")
    return ", ".join(words) or "nothing changed"


def change_lines(report: Report) -> str:
    """Return the differences grouped by query, as lines for a box of fixed width; host text stands as it is."""
    known = report.coverage.answered + report.coverage.partial
    lines: list[str] = []
    used = shown = 0
    queries = dict.fromkeys(finding.query for finding in report.findings)
    for query in queries:
        findings = [finding for finding in report.findings if finding.query == query]
        entry = [query_title(query)]
        for finding in findings:
            line = f"{SIGNS[finding.change]} {_line(finding)}  [{_on(finding, known)}]"
            if shown == MOST_LINES or used + size(line) > LINES_LIMIT:
                break
            entry.append(line)
            used += size(line) + 1
            shown += 1
        if len(entry) > 1:
            lines += entry
    if shown < len(report.findings):
        lines.append(f"…({plural(len(report.findings) - shown, 'more difference')} in the file)")
    return "\n".join(lines)


def _line(finding: Finding) -> str:
    if finding.change is Change.CHANGED and finding.expected is not None:
        changed = differing(finding.row, finding.expected)
        was = one_line(finding.expected, limit=LINE_LIMIT // 2, only=changed)
        same = tuple(column for column in finding.row if column not in changed)
        where = one_line(finding.row, limit=LINE_LIMIT // 2, only=same) if same else ""
        return f"{where}  {one_line(finding.row, limit=LINE_LIMIT // 2, only=changed)}  (was {was})".strip()
    return one_line(finding.row, limit=LINE_LIMIT)


def _on(finding: Finding, known: int) -> str:
    number = len(finding.hosts)
    if number == known and known > 1:
        return f"all {plural(number, 'host')}"
    return finding.hosts[0][:40] if number == 1 else f"{number:,} of {plural(known, 'host')}"
