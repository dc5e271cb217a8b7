"""How are differences from a baseline written, a line each? ``+`` added, ``-`` missing, ``~`` changed."""

from __future__ import annotations

from bot.hostile import clean, size
from bot.model import Change, Finding, Report, SharedFact
from bot.views.words import differing, fold, plural, query_title, row_pieces

SIGNS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}
MOST_ENTRIES = 24
VALUE_LIMIT = 160
ENTRY_LIMIT = 360
LINES_LIMIT = 4_500
WIDTH = 76  # what a box holds on a laptop


def change_summary(report: Report) -> str:
    """Return "2 added, 1 missing, 1 changed"; the kinds that do not occur are left out."""
    words, facts = [], _facts(report)
    for change, said_so in (
        (Change.ADDED, "added"),
        (Change.REMOVED, "removed"),
        (Change.CHANGED, "changed"),
    ):
        number = sum(fact.change is change for _, fact in facts)
        if number:
            words.append(f"{number:,} {said_so}")
    return ", ".join(words) or "nothing changed"


def change_lines(report: Report) -> str:
    """Return the differences grouped by query, as lines for a box of fixed width; host text stands as it is."""
    known = report.coverage.known
    lines: list[str] = []
    used = shown = 0
    facts = _facts(report)
    for query in dict.fromkeys(fact.query for _, fact in facts):
        entries = []
        for finding, fact in facts:
            if fact.query != query or shown == MOST_ENTRIES:
                continue
            entry = _entry(fact, _on(finding, known))
            if used + size(entry) > LINES_LIMIT:
                break
            entries.append(entry)
            used += size(entry) + 1
            shown += 1
        if entries:
            lines += [query_title(query).upper(), *entries]
    if shown < len(facts):
        lines.append(f"…({plural(len(facts) - shown, 'more difference')} in the file)")
    return "\n".join(lines)


def _facts(report: Report) -> list[tuple[Finding, Finding | SharedFact]]:
    """Return each finding beside itself and beside every further fact of the same thing: here each row counts."""
    return [(finding, fact) for finding in report.findings for fact in finding.facts]


def _entry(finding: Finding | SharedFact, on: str) -> str:
    if finding.change is Change.CHANGED and finding.expected is not None:
        changed = differing(finding.row, finding.expected)
        same = tuple(column for column in finding.row if column not in changed)
        pieces = [*row_pieces(finding.row, VALUE_LIMIT, same), *row_pieces(finding.row, VALUE_LIMIT, changed)]
        was = "  ".join(row_pieces(finding.expected, VALUE_LIMIT, changed))
        lines = [*fold(pieces, ENTRY_LIMIT, WIDTH), f"was {clean(was, ENTRY_LIMIT)}"]
    else:
        lines = fold(row_pieces(finding.row, VALUE_LIMIT), ENTRY_LIMIT, WIDTH)
    lines.append(f"on {on}")
    return "\n".join(
        f"{SIGNS[finding.change] if index == 0 else ' '} {line}" for index, line in enumerate(lines)
    )


def _on(finding: Finding, known: int) -> str:
    number = len(finding.hosts)
    if number == known and known > 1:
        return f"all {plural(number, 'host')}"
    return clean(finding.hosts[0], 48) if number == 1 else f"{number:,} of {plural(known, 'host')}"
