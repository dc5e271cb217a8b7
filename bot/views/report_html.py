"""What does `--format html` print? One page: verdict, who did not answer, hosts by queries, findings with all behind them.

No script, nothing loaded from elsewhere, and a policy that forbids both: the page is safe to open and to send, and reads
the same in ten years. Host text reaches it through ``report_html_parts`` alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from bot.hostile import clean
from bot.model import HostVerdict, MissReason, QueryStatus, Report
from bot.views import evidence, sentences
from bot.views.report_html_findings import findings
from bot.views.report_html_map import heat_map
from bot.views.report_html_parts import code, host_text, listed_hosts, section, table, terms, written
from bot.views.report_html_style import STYLE
from bot.views.words import MISSED, UNKNOWN, bits, plural, took, when, where

GENERATOR = '<meta name="generator" content="Diffy'
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
MOST_NOTES = 60
MOST_SUSPECTS = 50  # groups of hosts that have the same sharpest finding
MOST_ALIKE = 12  # of the hosts of one such group
MOST_LINKS = 12
MOST_UNKNOWN = 60  # hosts that are named for one query without a whole answer


def to_html(report: Report, *, version: str = "") -> bytes:
    """Return the report as one self-contained page, UTF-8. Equal reports give equal bytes.

    Of large reports a part is left out, in words: rows of the map beyond 200 hosts, what is behind findings beyond
    about 1.3 MB. The JSON report holds all.

    Args:
        version: Diffy's own; empty: not said.
    """
    found, shown = findings(report)
    title = f"{sentences.verdict(report)} · {clean(report.run.target, 120)}"
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'{GENERATOR}{f" {written(version)}" if version else ""}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{written(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{_head(report)}<main>\n"
        f"{section('suspects', 'Look at these first', _suspects(report, linked=shown))}"
        f"{section('unknown', 'What is not known', _unknown(report))}"
        f"{section('notes', 'Notes', _notes(report))}"
        f"{section('map', 'Where it shows', heat_map(report, linked=shown))}"
        f"{found}"
        f"{section('alike', 'Which hosts look alike', _lookalikes(report), lead='For orientation only: no host is judged by it.')}"
        f"{section('provenance', 'Where this comes from', _provenance(report, version))}"
        "</main>\n</body>\n</html>\n"
    )
    return page.encode()


def _head(report: Report) -> str:
    run = report.run
    kind, sign = ("alarm", "▲") if report.outliers else ("doubt", "?")
    if sentences.clear(report):
        kind, sign = "calm", "✓"
    incident = f" · {host_text(run.incident, 60)}" if run.incident else ""
    provisional = (
        '<p class="flag">Provisional: not every host has answered yet.</p>' if run.provisional else ""
    )
    compared = f"{sentences.against(report, run.finished_at)}."
    drift = evidence.drift(report)
    more = f"<p>Against the baseline: {written(drift)}.</p>" if drift else ""
    if not report.outliers:
        more += f"<p>{written(evidence.looked_at(report))}.</p>"
    return (
        f'<header class="{kind}"><p class="kicker">Diffy · {code(run.target, 200)} · {when(run.finished_at)}{incident}</p>'
        f'<h1><span class="sign" aria-hidden="true">{sign}</span> {written(sentences.verdict(report))}</h1>{provisional}'
        f"<p>{written(compared)}</p>{more}{_tiles(report)}</header>\n"
    )


def _tiles(report: Report) -> str:
    coverage, limits = report.coverage, report.limits
    marking = sum(finding.outlying for finding in report.findings)
    every = f"all {coverage.queries:,} queries" if coverage.queries > 1 else "every query"
    answered = f"<b>{coverage.answered:,}</b> of {coverage.targeted:,} answered {every}"
    gaps = [
        f"{coverage.partial:,} in part" if coverage.partial else "",
        f"{len(coverage.missed):,} not at all" if coverage.missed else "",
    ]
    with_what = [
        f"<b>{count:,}</b> {noun if count == 1 else noun + 's'}"
        for count, noun in ((limits.peers, "other host"), (limits.baseline, "baseline snapshot"))
        if count
    ]
    thin = "; too little to be sure: tentative" if limits.tentative and with_what else ""
    bar = f"<b>{limits.threshold_bits:.1f}</b> mark a host; being rare or new gives at most {limits.most_bits:.1f}"
    return terms(
        (
            ("Hosts", ", ".join(part for part in (answered, *gaps) if part)),
            ("Findings", _count_of(len(report.findings), marking)),
            ("Each compared with", f"{', '.join(with_what) or 'nothing'}{thin}"),
            ("Bits", bar if with_what else ""),
        ),
        kind="tiles",
    )


def _count_of(findings: int, marking: int) -> str:
    if not findings:
        return "<b>none</b>"
    told = (
        f"{marking:,} of them mark a host"
        if marking > 1
        else "1 marks a host"
        if marking
        else "none marks a host"
    )
    return f"<b>{findings:,}</b>, {told}"


def _suspects(report: Report, *, linked: int) -> str:
    groups = sentences.alike(report)
    if not groups:
        return ""
    mine: dict[str, list[int]] = defaultdict(list)
    for number, finding in enumerate(report.findings[:linked], 1):
        for host in finding.hosts:
            mine[host].append(number)
    more = sum(map(len, groups[MOST_SUSPECTS:]))
    rest = f"<p>{plural(more, 'more host')} stand out: see the map and the findings.</p>" if more else ""
    return f'<ol class="suspects">{"".join(_suspect(group, mine) for group in groups[:MOST_SUSPECTS])}</ol>{rest}'


def _suspect(group: Sequence[HostVerdict], mine: Mapping[str, Sequence[int]]) -> str:
    """Return hosts with the same sharpest finding, mostly one, with that finding's line and links to all of theirs."""
    first = group[0]
    names, score = code(first.id, 80), bits(first.score)
    about = f'<p class="soft">{written(where(first.host))}</p>' if where(first.host) else ""
    if len(group) > 1:
        names = f"{len(group):,} hosts with the same sharpest finding"
        least = min(host.score for host in group)
        score = f"{least:.1f} to {score}" if f"{least:.1f}" != f"{first.score:.1f}" else score
        lines = [f"<li>{code(host.id, 80)} {written(where(host.host))}</li>" for host in group[:MOST_ALIKE]]
        left = f"<li>and {len(group) - MOST_ALIKE:,} more</li>" if len(group) > MOST_ALIKE else ""
        about = f'<ul class="soft">{"".join(lines)}{left}</ul>'
    numbers = sorted({number for host in group for number in mine.get(host.id, ())})
    links = ", ".join(f'<a href="#f{number}">{number}</a>' for number in numbers[:MOST_LINKS])
    more = f" and {len(numbers) - MOST_LINKS} more" if len(numbers) > MOST_LINKS else ""
    found = f'<p class="soft">Findings {links}{more}</p>' if numbers else ""
    return (
        f'<li><h3><span>{names}</span> <span class="bits">{score}</span></h3>'
        f"<p>{written(sentences.reason(first))}</p>{about}{found}</li>"
    )


def _unknown(report: Report) -> str:
    coverage = report.coverage
    if not coverage.missed and not coverage.unknown:
        return "<p>Nothing: every host answered every query.</p>" if coverage.targeted else ""
    by_reason: dict[MissReason, list[str]] = defaultdict(list)
    details: dict[MissReason, str] = {}
    for missed in coverage.missed:
        by_reason[missed.reason].append(missed.host)
        details.setdefault(missed.reason, missed.detail)
    rows = [
        ("host", f"{written(MISSED[reason])}{_aside(details[reason], len(hosts))}", listed_hosts(hosts))
        for reason, hosts in by_reason.items()
    ]
    by_query: dict[tuple[str, QueryStatus], list[str]] = defaultdict(list)
    errors: dict[tuple[str, QueryStatus], str] = {}
    for one in coverage.unknown:
        by_query[one.query, one.status].append(one.host)
        errors.setdefault((one.query, one.status), one.error)
    rows += [
        (
            f"query {code(query, 60)}",
            f"{written(UNKNOWN[status])}{_aside(errors[query, status], len(hosts))}",
            listed_hosts(hosts, at_all=MOST_UNKNOWN),
        )
        for (query, status), hosts in by_query.items()
    ]
    return table(("what", "why", "where"), rows, kind="gaps")


def _aside(text: str, hosts: int) -> str:
    """Return what was said of one host, as a part of a sentence; of several hosts one's words would mislead."""
    return f' <span class="soft">({host_text(text, 300)})</span>' if text and hosts == 1 else ""


def _notes(report: Report) -> str:
    if not report.notes:
        return ""
    items = "".join(f"<li>{host_text(note, 2_000)}</li>" for note in report.notes[:MOST_NOTES])
    more = len(report.notes) - MOST_NOTES
    rest = f"<p>{plural(more, 'more note')} in the JSON report.</p>" if more > 0 else ""
    return f"<ul>{items}</ul>{rest}"


def _lookalikes(report: Report) -> str:
    if not sentences.lookalikes(report):
        return ""
    rows = [
        (host_text(group.label, 60), f"{len(group.hosts):,}", listed_hosts(group.hosts))
        for group in report.lookalikes
    ]
    return table(("group", "hosts", "which"), rows, kind="gaps")


def _provenance(report: Report, version: str) -> str:
    run, info = report.run, report.baseline
    calls = f", {plural(run.api_calls, 'API call')}" if run.api_calls else ""
    pairs = [
        ("Run", code(run.id)),
        ("Target", code(run.target, 200)),
        ("Query pack", code(run.pack)),
        ("Method", written(sentences.method(report).removeprefix("Method "))),
        ("Asked by", host_text(run.requested_by, 80)),
        ("Incident", host_text(run.incident, 80)),
        (
            "Time",
            f"{when(run.started_at)} to {when(run.finished_at)}: {took(run.finished_at - run.started_at)}{calls}",
        ),
        ("Evidence", written(f"{sentences.rests_on(report)}.")),
    ]
    if info is not None:
        kept = f"version {info.version} by {host_text(info.author, 60)}, {when(info.created_at)}"
        if info.renewed_at > info.created_at:
            kept += f", last found unchanged {when(info.renewed_at)}"
        pairs.append(("Baseline", f"{kept}, from {listed_hosts(info.hosts)}"))
    pairs.append(("Diffy", written(version)))
    told = (
        f"<p>{written(evidence.A_BIT)} {written(evidence.THE_HALF)} Secrets in rows are masked. Characters that "
        "cannot be seen are written out, such as <code>\\u202e</code>.</p>"
    )
    return terms(pairs, kind="about") + told
