"""Does a report stop a pipeline, and in which words is that said?"""

from __future__ import annotations

from bot.model import Finding, HostVerdict, Report
from bot.views.sentences import host_name, uncompared
from bot.views.words import bits, plural


def conclusive(report: Report) -> bool:
    """Whether there was something to compare, two hosts that answered or one and a baseline, and it is not so far only."""
    known = report.coverage.known
    return known > 0 and not uncompared(report) and not report.run.provisional


def coverage_share(report: Report) -> float:
    """Return the share of targeted hosts that answered every query, from 0 to 1; 0 where none was targeted."""
    return report.coverage.answered / report.coverage.targeted if report.coverage.targeted else 0.0


def reaching(report: Report, fail_on: float) -> tuple[tuple[Finding, ...], tuple[HostVerdict, ...]]:
    """Return the findings and the hosts of at least ``fail_on`` bits, in the report's order.

    Bits are compared as they are printed in the files, to three digits, so that what is read is what was judged.
    """
    return (
        tuple(finding for finding in report.findings if round(finding.score, 3) >= fail_on),
        tuple(host for host in report.hosts if host.rank and round(host.score, 3) >= fail_on),
    )


def unnamed(report: Report) -> bool:
    """Whether a difference is as sharp as one that marks a host, where no host can be named for it.

    Two hosts that differ; more than half of a group that changed, or that differs from the rest.
    """
    known = report.coverage.known
    return any(
        finding.score >= report.limits.threshold_bits and (known == 2 or 2 * len(finding.hosts) > known)
        for finding in report.findings
    )


def gate_sentence(report: Report, *, fail_on: float, min_coverage: float) -> str:
    """Return why a pipeline stops or goes on: "--fail-on 8: 3 findings reach it, the sharpest with 13.9 bits on …"."""
    findings, hosts = reaching(report, fail_on)
    head = f"--fail-on {fail_on:g}:"
    if findings:
        sharpest = max(findings, key=lambda finding: finding.score)
        first = host_name(sharpest.hosts[0]) if sharpest.hosts else "no host"
        more = f" and {plural(len(sharpest.hosts) - 1, 'more host')}" if len(sharpest.hosts) > 1 else ""
        reach = f"{plural(len(findings), 'finding')} {'reaches' if len(findings) == 1 else 'reach'} it"
        return f"{head} {reach}, the sharpest with {bits(sharpest.score)} on {first}{more}."
    if hosts:
        return f"{head} {host_name(hosts[0].id)} reaches it, with {bits(hosts[0].score)} in all."
    most = max((host.score for host in report.hosts if host.rank), default=0.0)
    nothing = f"{head} nothing reaches it (most: {bits(most)})"
    if not conclusive(report):
        so_far = "hosts were still being asked" if report.run.provisional else "there was nothing to compare"
        return f"{nothing}, but {so_far}: no verdict."
    coverage = report.coverage
    if coverage_share(report) < min_coverage:
        answered = f"{coverage.answered:,} of {plural(coverage.targeted, 'host')}"
        return f"{nothing}, but only {answered} answered every query (--min-coverage {min_coverage:g}): no verdict."
    return f"{nothing}."
