"""What does Look deeper show? Every differing row of a report, by host and by query, in pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.hostile import clean, label, said, size
from bot.model import Block, Change, Finding, Message, Report, Row, SharedFact
from bot.views import actions as ids
from bot.views import evidence
from bot.views.actions import ANY, DrillPlace, to_metadata
from bot.views.sentences import host_name, names
from bot.views.slack_parts import (
    MAX_OPTIONS,
    Part,
    View,
    button,
    buttons,
    can_be_picked,
    code,
    context,
    message,
    option,
    plain,
    preformatted,
    rich,
    section,
    text,
    user,
)
from bot.views.slack_thread import WHY_LIMIT, small
from bot.views.words import CHANGES, bits, plural, query_title, table_lines

PAGE = 4  # rows on a page
TABLE_LIMIT = 1_500  # of one row, whole
VALUE_LIMIT = 480
LEAD_LIMIT = 160  # of what leads a finding, where a further fact is shown without it


@dataclass(frozen=True, slots=True)
class _Entry:
    """One row: of a finding, or of a further fact of the same thing."""

    finding: Finding
    fact: Finding | SharedFact
    row: Row
    number: int  # of the rows of this fact, from 1
    of: int


def drill_down(report: Report, *, host: str = "", query: str = "", page: int = 1) -> View:
    """Return the modal: two selects, the differing rows of one page, paging, Post to thread.

    Args:
        host, query: Empty for all; one that the report does not hold shows an empty page.
        page: From 1; beyond the last one shows the last.
    """
    entries = _entries(report, host, query)
    pages = max(1, -(-len(entries) // PAGE))
    page = min(max(1, page), pages)
    run = report.run.id
    shown = entries[(page - 1) * PAGE : page * PAGE]
    blocks: list[Block] = [
        _selects(report, host, query),
        rich(section(*_summary(report, host, query, len(entries)))),
    ]
    if shown:
        blocks += _rows(shown)
    elif entries == [] and not report.findings:
        blocks.append(rich(section(text("No row differs on any host that answered."))))
    else:
        blocks.append(rich(section(text("No row differs here. Pick another host or query."))))
    choices = []
    if page > 1:
        choices.append(button("◀ Previous", ids.PAGE_PREVIOUS, run))
    if page < pages:
        choices.append(button("Next ▶", ids.PAGE_NEXT, run))
    if shown:
        choices.append(button("Post to thread", ids.POST_TO_THREAD, run, style="primary"))
    if choices:
        blocks.append(buttons(*choices))
    blocks.append(
        context(
            f"Page {page} of {pages} · Run {said(run, 40)} · nothing is collected again",
            f"{evidence.A_BIT} {evidence.THE_HALF}",
        )
    )
    return {
        "type": "modal",
        "callback_id": ids.DRILL_VIEW,
        "title": plain("What differs"),
        "close": plain("Close"),
        "private_metadata": to_metadata(DrillPlace(run, clean(host, 200), clean(query, 200), page)),
        "blocks": blocks,
    }


def posted_rows(report: Report, host: str, query: str, page: int, by: str) -> Message:
    """Return one page of the modal for the thread, with who posted it."""
    entries = _entries(report, host, query)
    pages = max(1, -(-len(entries) // PAGE))
    page = min(max(1, page), pages)
    shown = entries[(page - 1) * PAGE : page * PAGE]
    blocks: list[Block] = [
        rich(section(user(by), text(" posted: ", bold=True), *_summary(report, host, query, len(entries))))
    ]
    if shown:
        blocks += _rows(shown)
    blocks.append(context(f"Page {page} of {pages} · Run {said(report.run.id, 40)}"))
    return message(f"{plural(len(shown), 'differing row')} (run {label(report.run.id)})", blocks)


def _entries(report: Report, host: str, query: str) -> list[_Entry]:
    return [
        _Entry(finding, fact, row, number, 1 + len(fact.rows))
        for finding in report.findings
        if not host or host in finding.hosts
        for fact in finding.facts
        if not query or query == fact.query
        for number, row in enumerate((fact.row, *fact.rows), 1)
    ]


def _selects(report: Report, host: str, query: str) -> Block:
    hosts = [option(_all("All hosts", len(report.findings)), ANY)]
    with_findings = (
        [one for one in report.hosts if report.of_host(one.id)]
        if len(report.hosts) <= 200
        else [one for one in report.hosts if one.rank]
    )
    for one in with_findings:
        if can_be_picked(one.id) and (len(hosts) < MAX_OPTIONS - 1 or one.id == host):
            sign = " stands out" if one.outlier else ""
            hosts.append(option(f"{host_name(one.id)} ·{sign} {bits(one.score)}".replace("· ", "· "), one.id))
        if len(hosts) == MAX_OPTIONS:
            break
    of_host = [finding for finding in report.findings if not host or host in finding.hosts]
    counted = Counter(name for f in of_host for name in dict.fromkeys(fact.query for fact in f.facts))
    queries = [option(_all("All queries", len(of_host)), ANY)]
    for name, number in counted.items():
        if can_be_picked(name) and (len(queries) < MAX_OPTIONS - 1 or name == query):
            queries.append(option(f"{query_title(name)} ({number})", name))
        if len(queries) == MAX_OPTIONS:
            break
    row = buttons(
        _select(ids.PICK_HOST, "Host", hosts, host or ANY),
        _select(ids.PICK_QUERY, "Query", queries, query or ANY),
    )
    # Another block id for another choice: Slack keeps what was picked as long as the block stays the same.
    return {**row, "block_id": f"pick:{clean(host, 60)}:{clean(query, 60)}"}


def _all(words: str, number: int) -> str:
    return f"{words} ({plural(number, 'finding')})"


def _select(action: str, placeholder: str, options: list[Part], chosen: str) -> Part:
    made: Part = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder),
        "options": options,
    }
    initial = next((one for one in options if one["value"] == chosen), None)
    return made | ({"initial_option": initial} if initial else {})


def _summary(report: Report, host: str, query: str, rows: int) -> list[Part]:
    parts = [text(f"{plural(rows, 'differing row')} on ")]
    parts.append(code(host) if host else text("all hosts of "))
    if not host:
        parts.append(code(report.run.target))
    parts += [text(" in "), text(query_title(query) if query else "all queries", italic=True)]
    return parts


def _rows(entries: list[_Entry]) -> list[Block]:
    blocks: list[Block] = []
    for entry in entries:
        finding, fact, first = entry.finding, entry.fact, entry.number == 1
        leads = isinstance(fact, Finding)
        which = f" · row {entry.number} of {entry.of}" if entry.of > 1 else ""
        if first:
            head = "" if leads else "Also seen of it: "
            blocks.append(rich(section(text(head + said(fact.why, WHY_LIMIT), bold=leads))))
        about = f"{names(finding.hosts, 3)} · {CHANGES[fact.change]}{which}"
        if isinstance(fact, Finding):
            behind = [evidence.others(fact), *evidence.shared(fact)] if first else []
            blocks.append(context(about, small(fact), *behind))
        else:
            elsewhere = first and all(other.fact is not finding for other in entries)
            it = f"It: {said(finding.why, LEAD_LIMIT)}" if elsewhere else ""
            blocks.append(context(about, small(fact), it))
        if leads and first and (added := evidence.sum_lines(finding)):
            blocks.append(rich(preformatted("\n".join(added))))
        expected = fact.expected if fact.change is Change.CHANGED and first else None
        blocks.append(rich(preformatted(_bounded(table_lines(entry.row, expected, limit=VALUE_LIMIT)))))
    return blocks


def _bounded(lines: str) -> str:
    kept: list[str] = []
    used = 0
    every = lines.split("\n")
    for number, line in enumerate(every):
        if used + size(line) > TABLE_LIMIT:
            kept.append(f"…({plural(len(every) - number, 'more line')} in the file)")
            break
        kept.append(line)
        used += size(line) + 1
    return "\n".join(kept)
