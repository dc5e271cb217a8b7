"""What does a report say in whole sentences? The verdict first; the same words in Slack and on a terminal.

Host text comes back cleaned and defanged: safe where no markup is parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.hostile import clean, said
from bot.model import (
    Baseline,
    BaselineInfo,
    Coverage,
    HostVerdict,
    Method,
    Quadrant,
    Report,
    RunInfo,
)
from bot.views.words import age, ago, bits, listed, plural, took, when

MOST_NAMES = 5  # host names in one sentence
MOST_NOTES = 6
NOTE_LIMIT = 320
REASON_LIMIT = 500


def host_name(host: str) -> str:
    """Return a host's id, bounded: ids come from AWS, but recorded ones from anywhere."""
    return said(host, 48)


def verdict(report: Report) -> str:
    """Return the verdict in one line; nothing is called clean that was not asked and answered.

    "2 of 24 hosts stand out; 1 did not answer", "Nothing stands out in 24 of 24 hosts".
    """
    coverage = report.coverage
    targeted, missed = coverage.targeted, len(coverage.missed)
    known = coverage.known
    if known == 0:
        return "No host answered: nothing can be said" if targeted else "There was no host to ask"
    tentative = " (tentative)" if report.limits.tentative and report.outliers else ""
    if report.run.focus:
        return _clause(f"{_focus(report)}{tentative}", coverage)
    most = majority(report)
    if report.outliers:
        verb = "stands" if len(report.outliers) == 1 else "stand"
        count = f"{len(report.outliers):,} of {plural(targeted, 'host')}"
        changed = "most of the group changed" if report.limits.baseline else "the group is split"
        also = f"; {changed}" if most else ""
        return _clause(f"{count} {verb} out{tentative}{also}", coverage)
    if uncompared(report):
        return _clause("1 host answered, and there is nothing to compare it with", coverage)
    if nameless(report) and report.findings:
        return _clause("2 hosts differ; which of them is odd cannot be told", coverage)
    if most:
        share = f"{most:,} of {plural(targeted, 'host')}"
        if report.limits.baseline:
            return _clause(f"Most of the group changed: {share} differ from the baseline alike", coverage)
        return _clause(f"The group is split: {share} have something that the others do not", coverage)
    if missed or coverage.partial:
        return _clause(f"Nothing stands out in {known:,} of {plural(targeted, 'host')}", coverage)
    return f"Nothing stands out in {targeted:,} of {plural(targeted, 'host')}"


def verdict_so_far(report: Report) -> str:
    """Return the verdict of a provisional report: silent hosts are not yet counted as missing."""
    known = report.coverage.known
    if known == 0:
        return "no host has answered yet"
    if not report.outliers and (most := majority(report)):
        return f"{'most of the group changed' if report.limits.baseline else 'the group is split'} ({most:,} of {plural(known, 'host')})"
    if uncompared(report):
        return "1 host has answered, with nothing to compare it with"
    if not report.outliers:
        return f"nothing stands out in {plural(known, 'host')}"
    verb = "stands" if len(report.outliers) == 1 else "stand"
    return f"{len(report.outliers):,} of {plural(known, 'host')} {verb} out"


def clear(report: Report) -> bool:
    """Whether nothing stands out, nor on most hosts alike, *and* every targeted host answered every query.

    What cannot be compared, or only with one other, is not clear.
    """
    coverage = report.coverage
    heard = coverage.answered > 0 and not coverage.missed and not coverage.partial
    said_so = (
        report.outliers or majority(report) or uncompared(report) or (nameless(report) and report.findings)
    )
    return heard and not said_so


def majority(report: Report) -> int:
    """Return how many hosts share the widest change of most of the group that is listed; 0 where there is none.

    With a baseline it is new there; without one it is a side that has what an intruder would leave.
    """
    known = report.coverage.known
    return max(
        (
            len(finding.hosts)
            for finding in report.findings
            if finding.quadrant is Quadrant.NEW_COMMON
            or (finding.quadrant is Quadrant.RARE and 2 * len(finding.hosts) > known > 2)
        ),
        default=0,
    )


def uncompared(report: Report) -> bool:
    """Whether one host answered and there is no baseline."""
    return report.coverage.known == 1 and report.limits.baseline == 0


def nameless(report: Report) -> bool:
    """Whether two hosts answered and there is no baseline: nobody can be named."""
    return report.coverage.known == 2 and report.limits.baseline == 0


def _focus(report: Report) -> str:
    name = host_name(report.run.focus)
    others = sum(host.id != report.run.focus for host in report.outliers)
    also = f"; {plural(others, 'other host')} {'does' if others == 1 else 'do'}" if others else ""
    if any(missed.host == report.run.focus for missed in report.coverage.missed):
        return f"{name} did not answer"
    if any(host.id == report.run.focus for host in report.outliers):
        return f"{name} stands out{also.replace(' does', ' too').replace(' do', ' too')}"
    return f"{name} does not stand out{also}"


def _clause(head: str, coverage: Coverage) -> str:
    tail = []
    if coverage.missed:
        tail.append(f"{len(coverage.missed):,} did not answer")
    if coverage.partial:
        tail.append(f"{coverage.partial:,} answered in part")
    return "; ".join([head, *tail])


def against(report: Report, now: datetime) -> str:
    """Return with what the hosts were compared, with the baseline's age, in one short line.

    "Compared with baseline 3 (6 days old, 3 hosts) and each other".
    """
    peers = "its peers" if report.run.focus else "each other"
    info = report.baseline
    if uncompared(report):
        with_what = "nothing: there is no baseline, and no other host answered"
    elif info is None:
        with_what = f"{peers} alone" if report.run.method is Method.PEERS else f"the baseline and {peers}"
    else:
        held = f"baseline {info.version} ({age(info.created_at, now)}, {plural(len(info.hosts), 'host')}"
        if info.renewed_at > info.created_at:
            held += f", found unchanged {ago(info.renewed_at, now)}"
        with_what = {
            Method.PEERS: f"{peers} alone, not with {held})",
            Method.BASELINE: f"{held}) alone",
            Method.BOTH: f"{held}) and {peers}" if report.limits.peers else f"{held}) alone",
        }[report.run.method]
    return f"Compared with {with_what}"


def method(report: Report) -> str:
    """Return the method by name, and why it was chosen: "Method both (a baseline exists)"."""
    why = said(report.run.method_reason, 120)
    return f"Method {report.run.method.value}{f' ({why})' if why else ''}"


def compared(report: Report) -> str:
    """Return with what the hosts were compared, and why so: "Compared with peers: no baseline of web-asg yet"."""
    with_what = {
        Method.PEERS: "its peers alone" if report.run.focus else "each other alone",
        Method.BASELINE: "the baseline alone",
        Method.BOTH: "the baseline and each other" if report.limits.peers else "the baseline alone",
    }[report.run.method]
    why = said(report.run.method_reason, 120)
    return f"Compared with {with_what}{f' ({why})' if why else ''}"


def baseline(info: BaselineInfo, now: datetime) -> str:
    """Return the baseline and its age: "Baseline 3: 6 days old, from 3 hosts, confirmed unchanged 4 hours ago"."""
    text = f"Baseline {info.version}: {age(info.created_at, now)}, from {plural(len(info.hosts), 'host')}"
    if info.renewed_at > info.created_at:
        text += f", last found unchanged {when(info.renewed_at)}"
    return text


def baseline_version(present: Baseline, now: datetime) -> str:
    """Return one stored version in words, without its author: "version 3, 6 days old, 3 hosts, template 12"."""
    text = f"version {present.version}, {age(present.created_at, now)}, {plural(len(present.hosts), 'host')}"
    if present.template_versions:
        text += f", template {listed([said(v, 24) for v in present.template_versions], 3)}"
    return text


def rests_on(report: Report) -> str:
    """Return what the evidence can carry, with n, B and the most bits that rarity could give."""
    limits = report.limits
    if not limits.peers and not limits.baseline:
        return "There was nothing to compare with, so no difference has bits"
    with_what = [plural(limits.peers, "other host")] if limits.peers else []
    if limits.baseline:
        with_what.append(plural(limits.baseline, "baseline snapshot"))
    who = "Each host" if report.coverage.known > 1 else "The host"
    text = (
        f"{who} was compared with {listed(with_what, 2)}: for being rare or new one difference can get at most "
        f"{bits(limits.most_bits)}, and from {bits(limits.threshold_bits)} on it makes its host stand out"
    )
    return f"{text}. That is too little to be sure: take it as tentative" if limits.tentative else text


def alike(report: Report) -> tuple[tuple[HostVerdict, ...], ...]:
    """Return the hosts that stand out, those with the same sharpest finding together, in the order of the first of each.

    The host that was asked for comes first.
    """
    focus = report.run.focus
    groups: dict[str, list[HostVerdict]] = {}
    for host in sorted(report.outliers, key=lambda host: host.id != focus):
        groups.setdefault(host.reason or host.id, []).append(host)
    return tuple(map(tuple, groups.values()))


def lookalikes(report: Report) -> str:
    """Return which hosts look alike: "14 on template 12, 8 on template 13, 2 apart"; empty when nothing is known.

    Of one host alone nothing is said.
    """
    parts: list[str] = []
    if report.coverage.known < 2:
        return ""
    for group in report.lookalikes[:6]:
        label = said(group.label, 40)
        joint = " on " if label.startswith(("template", "image", "ami")) else " "
        parts.append(f"{len(group.hosts):,}{joint}{label}")
    more = len(report.lookalikes) - 6
    if more > 0:
        parts.append(f"{more} smaller groups")
    return ", ".join(parts)


def notes(report: Report) -> tuple[str, ...]:
    """Return the report's notes, bounded in number and length."""
    shown = [said(note, NOTE_LIMIT) for note in report.notes[:MOST_NOTES]]
    more = len(report.notes) - MOST_NOTES
    return (*shown, f"{plural(more, 'more note')} in the file") if more > 0 else tuple(shown)


def reason(host: HostVerdict) -> str:
    """Return a host's one-line reason."""
    return said(host.reason, REASON_LIMIT) or "no single finding carries it"


def cohort(host: HostVerdict) -> str:
    """Return the part of the group that a host belongs to, bounded."""
    return clean(host.cohort, 60)


def names(hosts: Sequence[str], most: int = MOST_NAMES) -> str:
    """Return host ids as "a, b and 12 more"."""
    return (
        listed([host_name(host) for host in hosts[: most + 1]], most)
        if len(hosts) <= most
        else (f"{', '.join(host_name(host) for host in hosts[:most])} and {len(hosts) - most:,} more")
    )


def effort(run: RunInfo) -> str:
    """Return how long a run took and what it asked of the cloud's API, as "took 12 s, 14 API calls (2 repeated)"."""
    length = f"took {took(run.finished_at - run.started_at)}"
    if not run.api_calls:
        return length
    repeated = f" ({run.api_repeated:,} repeated)" if run.api_repeated else ""
    return f"{length}, {plural(run.api_calls, 'API call')}{repeated}"
