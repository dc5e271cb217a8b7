"""How is a finding shown on the page: one line, and behind it the row, what is usual, the parts of its bits, raw rows?"""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Change, Finding, Quadrant, Report, Row, ScorePart, SharedFact
from bot.views import evidence
from bot.views.report_html_parts import (
    code,
    host_text,
    listed_hosts,
    section,
    table,
    techniques,
    written,
)
from bot.views.words import (
    CHANGES,
    MOST_COLUMNS,
    bits,
    differing,
    one_line,
    plural,
    query_title,
)

MOST_WHOLE_BYTES = 1_300_000  # of findings with all that is behind them; then one line each
MOST_LINE_BYTES = 800_000  # of those lines; then only their number
MOST_ROWS_BYTES = 24_000  # of the raw rows of one finding
MOST_OPEN = 6  # the sharpest finding of so many hosts lies open, the others unfold
WHY_LIMIT = 600
VALUE_LIMIT = 1_000
RAW_LIMIT = 300

QUADRANTS = {
    Quadrant.NEW_RARE: "new since the baseline, and rare",
    Quadrant.NEW_COMMON: "new since the baseline, on many hosts",
    Quadrant.KNOWN_RARE: "known to the baseline, rare now",
    Quadrant.RARE: "",
}


def findings(report: Report) -> tuple[str, int]:
    """Return the sections of findings, and how many of them, from the first, stand on the page."""
    out = {host.id for host in report.outliers}
    whole: dict[bool, list[str]] = {True: [], False: []}
    lines: list[str] = []
    opened: set[str] = set()  # hosts of which one finding lies open: the sharpest
    used = lined = shown = 0
    for number, finding in enumerate(report.findings, 1):
        fresh = finding.outlying and set(finding.hosts) - opened
        suspect = finding.outlying or any(host in out for host in finding.hosts)
        if not lines:
            text = _finding(number, finding, first=bool(fresh) and len(opened) < MOST_OPEN)
            used += len(text.encode())
            if used <= MOST_WHOLE_BYTES:
                whole[suspect].append(text)
                opened.update(finding.hosts if fresh else ())
                shown = number
                continue
        line = _line(number, finding)
        lined += len(line.encode())
        if lined > MOST_LINE_BYTES:
            break
        lines.append(line)
        shown = number
    parts = [
        section("findings", "What was found on hosts that stand out", "".join(whole[True]))
        if out
        else section("findings", "What was found", "".join(whole[True])),
        section(
            "more",
            "What was found on other hosts" if out or whole[True] else "What was found",
            "".join(whole[False]),
            lead="Listed for completeness: these mark no host.",
        ),
        section(
            "lines", "Further findings", _lines(lines), lead="One line each: there are too many for a page."
        ),
    ]
    left = len(report.findings) - shown
    if left > 0:
        parts.append(
            f'<p class="lead">{plural(left, "more finding")} would not fit on this page; the JSON and CSV reports hold all.</p>'
        )
    return "".join(parts), shown


def _finding(number: int, finding: Finding, *, first: bool) -> str:
    opened = " open" if first else ""
    kind = "finding marks" if finding.outlying else "finding"
    sign = '<span class="sign">▲</span> marks its host' if finding.outlying else ""
    tentative = '<span class="flag">tentative</span>' if finding.tentative else ""
    said = [
        written(query_title(finding.query)),
        written(CHANGES[finding.change]),
        written(QUADRANTS[finding.quadrant]),
        sign,
        tentative,
        techniques(finding),
    ]
    meta = "".join(f"<li>{one}</li>" for one in said if one)
    return (
        f'<details class="{kind}" id="f{number}"{opened}><summary><span class="number">{number}</span>'
        f'<h3>{host_text(finding.why, WHY_LIMIT)} <span class="who">{_who(finding.hosts)}</span></h3>'
        f'<span class="bits">{bits(finding.score)}</span></summary>'
        f'<ul class="meta"><li class="on">on {listed_hosts(finding.hosts)}</li>{meta}</ul>'
        f'<div class="body"><div>{_row(finding)}</div><div>{_parts(evidence.parts(finding), finding.score)}{_others(finding)}</div></div>'
        f"{_shared(finding)}{_raw(finding.rows)}{_also(finding)}</details>\n"
    )


def _who(hosts: Sequence[str]) -> str:
    more = f" and {len(hosts) - 1:,} more" if len(hosts) > 1 else ""
    return f"{code(hosts[0], 48)}{more}" if hosts else ""


def _row(finding: Finding) -> str:
    row, expected = finding.row, finding.expected
    changed = differing(row, expected)
    columns = [column for column in row if row[column] != "" or column in changed]
    more = f"; {plural(len(columns) - MOST_COLUMNS, 'more column')}" if len(columns) > MOST_COLUMNS else ""
    columns = columns[:MOST_COLUMNS]
    if finding.change is Change.REMOVED:
        here, title = "expected", f"Missing here; this is expected{more}"
    else:
        here, title = "here", f"As collected{more}"
    if expected is None:
        rows = [(code(column, 40), _value(row[column])) for column in columns]
        return table(("column", here), rows, kind="row", caption=title)
    rows_of_both = [
        (
            f"{code(column, 40)}{' <b>≠</b>' if column in changed else ''}",
            _value(row[column]),
            _value(expected[column]) if column in expected else "",
        )
        for column in columns
    ]
    return table(
        ("column", here, "usual"), rows_of_both, kind="row", caption=f"{title}; beside it what is usual"
    )


def _value(text: str) -> str:
    return code(text, VALUE_LIMIT) if text else '<span class="soft">(empty)</span>'


def _others(finding: Finding) -> str:
    """What the other hosts and the baseline have in its place, in a sentence."""
    told = evidence.others(finding)
    return f"<p>{written(told)}</p>" if told else ""


def _parts(parts: Sequence[ScorePart], score: float) -> str:
    if not parts:
        return ""
    widest = max(1.0, *(abs(part.bits) for part in parts))
    rows = "".join(
        f'<tr><th scope="row">{host_text(part.label, 160)}</th><td>{part.bits:+.1f}</td>'
        f'<td class="bar"><i class="{"less" if part.bits < 0 else "more"}" style="width:{abs(part.bits) / widest * 100:.0f}%">'
        f"</i></td></tr>"
        for part in parts
    )
    return (
        '<table class="parts"><caption>Why so many bits</caption><thead><tr><th scope="col">because</th>'
        f'<th scope="col">bits</th><td></td></tr></thead><tbody>{rows}</tbody>'
        f'<tfoot><tr><th scope="row">in all</th><td>{score:.1f}</td><td></td></tr></tfoot></table>'
    )


def _shared(finding: Finding) -> str:
    """Return the other facts that just these hosts share; the sharpest of them, as many as the report holds."""
    if not finding.shared:
        return ""
    more = finding.shared_count - len(finding.shared) - 1
    rest = f"; {plural(more, 'further fact')} not listed" if more > 0 else ""
    title = (
        f"{plural(len(finding.hosts), 'host')} share these facts too, and nothing in AWS explains it{rest}"
    )
    rows = [
        one_line(fact.row, limit=RAW_LIMIT, only=differing(fact.row, fact.expected))
        for fact in finding.shared
    ]
    return _facts(finding.shared, rows, title)


def _also(finding: Finding) -> str:
    """Return the further facts of the same thing, and under them the raw rows behind each."""
    if not finding.also:
        return ""
    title = f"Also seen of it: {plural(len(finding.also), 'fact')}"
    rows = [one_line(fact.row, limit=VALUE_LIMIT) for fact in finding.also]
    return _facts(finding.also, rows, title) + "".join(
        _raw(fact.rows, f" of {query_title(fact.query)}", MOST_ROWS_BYTES // len(finding.also))
        for fact in finding.also
    )


def _facts(facts: Sequence[SharedFact], rows: Sequence[str], title: str) -> str:
    lines = [
        (
            host_text(fact.why, WHY_LIMIT),
            f"{written(query_title(fact.query))}, {CHANGES[fact.change]} {techniques(fact)}".rstrip(),
            f"<code>{written(row)}</code>",
            f"{fact.score:.1f}",
        )
        for fact, row in zip(facts, rows, strict=True)
    ]
    return f'<div class="shared">{table(("what", "query", "row", "bits"), lines, kind="facts", caption=title)}</div>'


def _raw(rows: Sequence[Row], of: str = "", most_bytes: int = MOST_ROWS_BYTES) -> str:
    """Return the further rows behind a finding, folded; as many as fit."""
    if not rows:
        return ""
    columns = list(dict.fromkeys(column for row in rows for column in row if row[column] != ""))[
        :MOST_COLUMNS
    ]
    lines: list[str] = []
    used = 0
    for row in rows:
        cells = "".join(f"<td>{code(row.get(column, ''), RAW_LIMIT)}</td>" for column in columns)
        line = f"<tr>{cells}</tr>"
        used += len(line.encode())
        if used > most_bytes and lines:
            break
        lines.append(line)
    cut = f" ({len(rows) - len(lines)} more in the JSON report)" if len(lines) < len(rows) else ""
    top = "".join(f'<th scope="col">{host_text(column, 40)}</th>' for column in columns)
    return (
        f'<details class="raw"><summary>{plural(len(rows), "more row")}{written(of)} behind it{cut}</summary><div class="scroll">'
        f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table></div></details>"
    )


def _line(number: int, finding: Finding) -> str:
    return (
        f'<tr id="f{number}"><td>{number}</td><td>{finding.score:.1f}</td><td>{_who(finding.hosts)}</td>'
        f"<td>{written(query_title(finding.query))}</td><td>{host_text(finding.why, 200)}</td></tr>\n"
    )


def _lines(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    top = "".join(f'<th scope="col">{name}</th>' for name in ("number", "bits", "host", "query", "what"))
    return f'<div class="scroll"><table class="lines"><thead><tr>{top}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'
