"""What does the command line print? The same verdict and words as Slack, as plain text for a terminal or a pipe."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime

from tabulate import tabulate

from bot.hostile import clean
from bot.model import Finding, Pack, Report
from bot.views import evidence, missing, sentences
from bot.views.changes import change_lines, change_summary
from bot.views.words import CHANGES, bits, one_line, plural, query_title, when

MOST_FINDINGS = 40
MOST_CLEAN_HOSTS = 10
NARROWEST = 60


def report_text(report: Report, *, width: int = 100, now: datetime) -> str:
    """Return the report: verdict, hosts, findings, who did not answer, notes. No escape sequence of a host survives.

    Args:
        width: Columns of the terminal; below 60 counts as 60.
    """
    width = max(NARROWEST, width)
    known = f" {sentences.baseline(report.baseline, now)}." if report.baseline else ""
    blocks = [
        sentences.verdict(report),
        _wrapped(
            f"{clean(report.run.target, 200)}. {sentences.compared(report)}.{known}",
            width,
        ),
        _wrapped(f"Looked at: {evidence.looked_at(report)}.", width) if not report.outliers else "",
        _wrapped(f"Against the baseline: {drift}.", width) if (drift := evidence.drift(report)) else "",
        _hosts(report, width),
        _findings(report, width),
        _gaps(report, width),
        "\n".join(_wrapped(f"Note: {clean(note, 600)}", width) for note in report.notes),
        _wrapped(f"{sentences.rests_on(report)}. {evidence.A_BIT} {evidence.THE_HALF}", width),
        _wrapped(f"Look alike: {alike}.", width) if (alike := sentences.lookalikes(report)) else "",
        _foot(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def drift_text(report: Report) -> str:
    """Return what differs from the version before, a line each; no escape sequence of a host survives."""
    if not report.findings:
        return "Nothing differs from the version before."
    lines = "\n".join(clean(line, 400) for line in change_lines(report).split("\n"))
    return f"Against the version before: {change_summary(report)}\n{lines}"


def packs_text(packs: Sequence[Pack]) -> str:
    """Return the query packs as a table."""
    rows = [(clean(pack.name, 40), len(pack.queries), clean(pack.description, 200)) for pack in packs]
    return tabulate(rows, headers=("pack", "queries", "what for"), tablefmt="simple") + "\n"


def plugins_text(plugins: Sequence[tuple[str, str, str, str]]) -> str:
    """Return what other packages bring as a table; each is (entry point group, name, package, what it adds)."""
    if not plugins:
        return "No other package adds anything to Diffy.\n"
    rows = [tuple(clean(word, 60) for word in plugin) for plugin in plugins]
    return tabulate(rows, headers=("kind", "plug-in", "package", "adds"), tablefmt="simple") + "\n"


def pack_text(pack: Pack, *, width: int = 100) -> str:
    """Return one pack's queries with cost, techniques and why each matters."""
    rows = [
        (clean(query.name, 40), query.cost.value, ", ".join(query.attack), clean(query.why, 300))
        for query in pack.queries
    ]
    headers = ("query", "cost", "ATT&CK", "why")
    room = max(24, max(NARROWEST, width) - 52)
    table = tabulate(rows, headers=headers, tablefmt="simple", maxcolwidths=[None, None, 12, room])
    return f"{clean(pack.name, 60)}: {clean(pack.description, 300)}\n\n{table}\n"


def _hosts(report: Report, width: int) -> str:
    shown = [host for host in report.hosts if host.outlier or host.reason][
        : len(report.outliers) + MOST_CLEAN_HOSTS
    ]
    if not shown:
        return ""
    reasons = [host.reason for host in shown]
    rows = [
        (
            host.rank or "–",
            clean(host.id, 40),
            clean(host.host.private_ip, 40) if host.host else "",
            f"{host.score:.1f}",
            "STANDS OUT" if host.outlier else host.status.value,
            "(as above)"
            if reasons[index] and reasons[index] in reasons[:index][-1:]
            else clean(host.reason, 500),
        )
        for index, host in enumerate(shown)
    ]
    headers = ("#", "host", "address", "bits", "verdict", "why")
    widths = [None, 19, 15, None, 10, max(24, width - 66)]
    table = tabulate(rows, headers=headers, tablefmt="simple", maxcolwidths=widths, disable_numparse=True)
    rest = len(report.hosts) - len(shown) - len(report.coverage.missed)
    return table + (f"\n{plural(rest, 'more host')} that answered and have less to show" if rest > 0 else "")


def _findings(report: Report, width: int) -> str:
    if not report.findings:
        return ""
    lines = [f"{plural(len(report.findings), 'finding')}, sharpest first"]
    for number, finding in enumerate(report.findings[:MOST_FINDINGS], 1):
        lines.append(
            _wrapped(f"{number:>3}. {sentences.names(finding.hosts, 3)}: {clean(finding.why, 600)}", width, 5)
        )
        lines += [_wrapped(f"     {line}", width, 7) for line in _behind(finding)]
    if len(report.findings) > MOST_FINDINGS:
        lines.append(f"{plural(len(report.findings) - MOST_FINDINGS, 'more finding')}: see --json")
    return "\n".join(lines)


def _behind(finding: Finding) -> list[str]:
    attack = f"; {', '.join(clean(one, 24) for one in finding.attack)}" if finding.attack else ""
    usual = f"usual: {one_line(finding.expected, limit=300)}" if finding.expected is not None else ""
    lines = [
        f"{query_title(finding.query)}, {CHANGES[finding.change]}{attack}",
        evidence.sum_line(finding) or bits(finding.score),
        evidence.others(finding),
        *evidence.shared(finding),
        one_line(finding.row, limit=600),
        usual,
        *evidence.also(finding),
    ]
    return [line for line in lines if line]


def _gaps(report: Report, width: int) -> str:
    lines = [_wrapped(f"Did not answer: {gap}", width, 2) for gap in missing.missed(report.coverage)]
    lines += [_wrapped(f"Answered in part: {gap}", width, 2) for gap in missing.unknown(report.coverage)]
    return "\n".join(lines)


def _foot(report: Report) -> str:
    run = report.run
    incident = f", {clean(run.incident, 60)}" if run.incident else ""
    effort = sentences.effort(run)
    return f"Run {clean(run.id, 60)}, pack {clean(run.pack, 60)}, {when(run.finished_at)}, {effort}{incident}"


def _wrapped(line: str, width: int, indent: int = 0) -> str:
    return textwrap.fill(
        line, width, subsequent_indent=" " * indent, break_on_hyphens=False, drop_whitespace=True
    )
