"""Where in the group is something odd? Hosts by queries, each cell the sharpest finding there, in bits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.model import HostVerdict, Limits, Report
from bot.views.report_html_parts import code, host_text, written
from bot.views.words import MISSED, UNKNOWN, plural

MOST_ROWS = 200
LEAST_BITS = 0.05  # of a shared fact: less is printed as 0.0, which would look like something
STEPS = (0.5, 1.0, 1.5)  # of the bits that mark a host: where a colour ends and the next begins


@dataclass(frozen=True, slots=True)
class _Cell:
    """The sharpest difference of one host in one query, and the number of the finding that tells it."""

    bits: float
    finding: int
    marks: bool


Cells = dict[tuple[str, str], _Cell]


def heat_map(report: Report, *, linked: int) -> str:
    """Return the table with its legend; empty when no finding is listed and nothing is unknown.

    Hosts that stand out come first, then by rank; those that did not answer are last. Queries come sharpest first;
    only those that show something somewhere, or that some hosts answered and others did not, have a column.

    Args:
        linked: Findings up to this number stand on the page and can be linked to.
    """
    best = _sharpest(report)
    unknown = {(one.host, one.query): UNKNOWN[one.status] for one in report.coverage.unknown}
    columns = _columns(report, best, unknown)
    missed = {one.host: MISSED[one.reason] for one in report.coverage.missed}
    if not columns:
        return ""
    shown, told = _rows(report, best)
    body = "".join(_row(host, columns, best, unknown, missed, report, linked) for host in shown)
    top = "".join(
        f'<th scope="col"><span>{host_text(query.replace("_", " "), 60)}</span></th>' for query in columns
    )
    return (
        f'{_legend(report.limits, bool(unknown), bool(missed))}<div class="scroll" role="region" '
        f'aria-labelledby="map-title" tabindex="0"><table class="map"><caption id="map-title">Hosts by queries: the '
        f"sharpest finding of each, in bits. {written(told)}</caption>"
        f'<thead><tr><th scope="col">Host</th><th scope="col">In all</th>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _sharpest(report: Report) -> Cells:
    """Return the cells that hold something: of findings, and of the facts that stand behind a finding."""
    best: Cells = {}
    for number, finding in enumerate(report.findings, 1):
        behind = (*finding.shared, *finding.also)
        for query, score, marks in (
            (finding.query, finding.score, finding.outlying),
            *((fact.query, fact.score, False) for fact in behind if fact.score >= LEAST_BITS),
        ):
            for host in finding.hosts:
                known = best.get((host, query))
                if known is None or known.bits < score:
                    best[host, query] = _Cell(score, number, marks)
    return best


def _columns(report: Report, best: Cells, unknown: Mapping[tuple[str, str], str]) -> list[str]:
    sharpest: dict[str, float] = defaultdict(float)
    for (_, query), cell in best.items():
        sharpest[query] = max(sharpest[query], cell.bits)
    silent: dict[str, int] = defaultdict(int)
    for _, query in unknown:
        silent[query] += 1
    answering = report.coverage.known
    for query, hosts in silent.items():
        if hosts < answering and query not in sharpest:
            sharpest[query] = 0.0
    return sorted(sharpest, key=lambda query: (-sharpest[query], query))


def _rows(report: Report, best: Cells) -> tuple[list[HostVerdict], str]:
    """Return the hosts that have a row, and in words which have none."""
    order = sorted(report.hosts, key=lambda host: (not host.outlier, host.rank == 0, host.rank))
    shown, left = order[:MOST_ROWS], order[MOST_ROWS:]
    if not left:
        return shown, ""
    found = {host for host, _ in best}
    with_finding = sum(host.id in found for host in left)
    also = [f"{with_finding:,} of them with findings"] if with_finding else ["none of them with a finding"]
    if out := sum(host.outlier for host in left):
        also.append(f"{out:,} of them stand out")
    if silent := sum(host.rank == 0 for host in left):
        also.append(f"{silent:,} of them did not answer")
    return shown, (
        f"The first {len(shown)} of {plural(len(order), 'host')}, most suspicious first; "
        f"{len(left):,} have no row here, {', '.join(also)}."
    )


def _row(
    host: HostVerdict,
    columns: Sequence[str],
    best: Cells,
    unknown: Mapping[tuple[str, str], str],
    missed: Mapping[str, str],
    report: Report,
    linked: int,
) -> str:
    sign = '<span class="sign">▲</span> ' if host.outlier else ""
    head = f'<th scope="row">{sign}{code(host.id, 48)}</th>'
    if host.id in missed or host.rank == 0:
        why = missed.get(host.id, "did not answer")
        return f'<tr class="silent">{head}<td>–</td><td colspan="{len(columns)}">did not answer: {written(why)}</td></tr>'
    cells = []
    for query in columns:
        cell = best.get((host.id, query))
        if cell is not None:
            mark = " m" if cell.marks else ""
            text = f"{cell.bits:.1f}"
            inner = f'<a href="#f{cell.finding}">{text}</a>' if cell.finding <= linked else text
            cells.append(f'<td class="b{_step(cell.bits, report.limits)}{mark}">{inner}</td>')
        elif (host.id, query) in unknown:
            cells.append('<td class="u">?</td>')
        else:
            cells.append("<td></td>")
    kind = ' class="out"' if host.outlier else ""
    return f"<tr{kind}>{head}<td>{host.score:.1f}</td>{''.join(cells)}</tr>"


def _step(score: float, limits: Limits) -> int:
    """Return the colour of a cell, 1 to 4, by how its bits compare with those that mark a host."""
    return 1 + sum(score >= step * limits.threshold_bits for step in STEPS)


def _legend(limits: Limits, unknown: bool, missed: bool) -> str:
    low, bar, high = (step * limits.threshold_bits for step in STEPS)
    parts = [
        f'<li><span class="b1">1.0</span> below {low:.1f}</li>',
        f'<li><span class="b2">{low:.1f}</span> and more</li>',
        f'<li><span class="b3">{bar:.1f}</span> and more: as much as marks a host</li>',
        f'<li><span class="b4">{high:.1f}</span> and more</li>',
        '<li><span class="b3 m">framed</span> marks its host</li>',
        '<li><span class="none">&nbsp;</span> nothing listed</li>',
    ]
    if unknown:
        parts.append('<li><span class="u">?</span> not known: the query has no whole answer there</li>')
    if missed:
        parts.append('<li><span class="silent">–</span> the host did not answer</li>')
    return f'<ul class="legend">{"".join(parts)}</ul>'
