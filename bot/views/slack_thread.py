"""What stands in the thread under a verdict? One reply for each of at most five hosts, and one for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from bot.hostile import clean, label, said
from bot.model import Block, Change, Finding, HostVerdict, Message, Report, SharedFact
from bot.views import evidence, sentences
from bot.views.files import findings_file
from bot.views.slack_parts import Part, code, context, items, message, preformatted, rich, section, text
from bot.views.slack_verdict import MOST_HOSTS, top_hosts
from bot.views.words import bits, differing, folded, one_line, plural, query_title, where

MOST_SHOWN = 6  # findings of one host with their rows
MOST_NAMED = 8  # further ones, a line each
MOST_ALSO = 4  # further facts of the same thing
ALSO_LIMIT = 180
WHY_LIMIT = 520
ROW_LIMIT = 520
LINE_LIMIT = 360
ROW_WIDTH = 74  # what a box in a thread holds on a laptop


def host_reply(report: Report, host_id: str) -> Message:
    """Return one host's findings, sharpest first, each with its technique, score and row.

    A host without findings gets a reply that says so; so does one that is not in the report.
    """
    verdict = next((host for host in report.hosts if host.id == host_id), None)
    findings = report.of_host(host_id)
    blocks: list[Block] = [rich(section(*_head(verdict, host_id, findings)))]
    run = f"run {said(report.run.id, 40)}"
    blocks.append(context(f"{_about(verdict)} · {run}" if verdict and _about(verdict) else run))
    for number, finding in enumerate(findings[:MOST_SHOWN], 1):
        blocks += _shown(number, finding)
    if rest := findings[MOST_SHOWN:]:
        blocks.append(rich(items(*(_named(finding) for finding in rest[:MOST_NAMED]))))
    more = len(findings) - MOST_SHOWN - MOST_NAMED
    if more > 0:
        blocks.append(context(f"{plural(more, 'more finding')} under Look deeper and in the file"))
    found = plural(len(findings), "finding")
    return message(f"{label(host_id)}: {found} (run {label(report.run.id)})", blocks)


def rest_reply(report: Report) -> Message | None:
    """Return what the host replies leave over, as one list and a file; None when they say it all."""
    shown = {host.id for host in top_hosts(report)}
    others = [finding for finding in report.findings if not shown.intersection(finding.hosts)]
    if not others:
        return None
    entries = [_named(finding, with_hosts=True) for finding in others[: MOST_NAMED * 2]]
    more = len(others) - len(entries)
    tail = f"{plural(more, 'more finding')} in the file · " if more > 0 else ""
    hosts = {host for finding in others for host in finding.hosts}
    head = f"{plural(len(others), 'smaller difference')} on {plural(len(hosts), 'other host')}"
    marked = sum(map(len, sentences.alike(report)[MOST_HOSTS:]))
    if marked:
        head = f"{plural(marked, 'more host')} that stand out, and other differences"
    blocks = [
        rich(section(text(head, bold=True)), items(*entries)),
        context(f"{tail}Everything is in the file · Run {said(report.run.id, 40)}"),
    ]
    return message(f"{head} (run {label(report.run.id)})", blocks, file=findings_file(report))


def _shown(number: int, finding: Finding) -> list[Block]:
    why = section(text(f"{number}. {said(finding.why, WHY_LIMIT)}", bold=True))
    telling = any(
        held.row for held in finding.others
    )  # that all have it, or have nothing, the line above says
    behind = [
        small(finding),
        evidence.others(finding) if telling else "",
        *evidence.shared(finding),
        *evidence.also(finding, most=MOST_ALSO, limit=ALSO_LIMIT),
    ]
    return [rich(why), context(*behind), rich(preformatted(rows(finding)))]


def rows(finding: Finding) -> str:
    """Return a finding's row on a line or two: what differs first, then what is usual in its place."""
    changed = differing(finding.row, finding.expected) if finding.change is Change.CHANGED else ()
    lines = [folded(finding.row, limit=ROW_LIMIT, width=ROW_WIDTH)]
    if finding.expected is not None and changed:
        lines.append(f"usual: {one_line(finding.expected, limit=ROW_LIMIT // 2, only=changed)}")
    if finding.rows:
        lines.append(f"and {plural(len(finding.rows), 'more row')} like it")
    return "\n".join(lines)


def _head(verdict: HostVerdict | None, host_id: str, findings: Sequence[Finding]) -> list[Part]:
    parts = [code(host_id, bold=True)]
    if verdict is None:
        return [*parts, text("  is not part of this run.")]
    if verdict.outlier:
        parts.append(text(f"  stands out: {plural(len(findings), 'finding')}", bold=True))
    elif findings:
        parts.append(text(f"  does not stand out: {plural(len(findings), 'smaller difference')}", bold=True))
    else:
        parts.append(text("  shows nothing that differs", bold=True))
    return parts


def _about(verdict: HostVerdict) -> str:
    score = f"rank {verdict.rank}, {bits(verdict.score)} in all" if verdict.rank else ""
    return " · ".join(filter(None, [where(verdict.host), score]))


def small(fact: Finding | SharedFact) -> str:
    """Return what stands under a finding in small letters: techniques, the query, the score."""
    words = [", ".join(clean(one, 24) for one in fact.attack[:4])] if fact.attack else []
    words.append(query_title(fact.query))
    tentative = isinstance(fact, Finding) and fact.tentative
    words.append(bits(fact.score) + (", tentative" if tentative else ""))
    return " · ".join(words)


def _named(finding: Finding, *, with_hosts: bool = False) -> list[Part]:
    parts = [text(f"{sentences.names(finding.hosts, 2)}: ", bold=True)] if with_hosts else []
    return [*parts, text(said(finding.why, LINE_LIMIT))]
