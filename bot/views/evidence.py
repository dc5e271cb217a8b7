"""What stands behind a finding and a verdict: the sum of the bits, what the others have, how much was looked at?

Host text comes back cleaned and defanged: safe where no markup is parsed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bot.hostile import clean, said
from bot.model import Change, Finding, Held, Quadrant, Report, ScorePart, SharedFact, summing_to
from bot.views.sentences import uncompared
from bot.views.words import bits, column_words, listed, plural, query_title

A_BIT = "Each bit halves the chance that an honest host looks like this."
THE_HALF = "Of being rare and being new the weaker counts half."
MOST_HELD = 4  # values of others in one sentence
MOST_SHARED = 6  # facts of a bundle that are named
FACT_LIMIT = 300
LABEL_LIMIT = 160
VALUE_LIMIT = 48
_DIGEST = re.compile(r"[0-9a-f]{32,128}")


def parts(finding: Finding) -> tuple[ScorePart, ...]:
    """Return the parts of a finding's score in tenths of a bit, so that their sum is the score that is shown."""
    return summing_to(finding.score, finding.parts, digits=1)


def sum_line(finding: Finding) -> str:
    """Return how the score adds up on one line: "12.6 bits = 4.8 on only 1 of 14 hosts + 2.1 a new connection − …".

    Empty where no parts were kept.
    """
    text = ""
    for part in parts(finding):
        sign = "− " if part.bits < 0 else "+ " if text else ""
        text += f"{' ' if text else ''}{sign}{abs(part.bits):.1f} {said(part.label, LABEL_LIMIT)}"
    return f"{bits(finding.score)} = {text}" if text else ""


def sum_lines(finding: Finding) -> list[str]:
    """Return the same as a column of figures with what each stands for, and the sum under it; host text as it is."""
    lines = [f"{part.bits:+5.1f}  {clean(part.label, LABEL_LIMIT)}" for part in parts(finding)]
    return [*lines, f"{finding.score:5.1f}  bits together"] if lines else []


def others(finding: Finding) -> str:
    """Return what the other hosts and the baseline have: "Of the other 22 hosts 21 have value 2 and 1 has value 1.".

    Empty where that was not kept.
    """
    hosts = [(held, held.hosts) for held in finding.others if held.hosts]
    snapshots = [(held, held.snapshots) for held in finding.others if held.snapshots and finding.baseline_of]
    peers = f"the other {plural(finding.of, 'host')}" if finding.of > 1 else "the other host"
    base = f"{'all ' if (of := finding.baseline_of or 0) > 1 else 'the '}{plural(of, 'baseline snapshot')}"
    if len(hosts) == len(snapshots) == 1 and hosts[0][0] == snapshots[0][0]:
        return f"{_capital(peers)} and {base} have {_value(hosts[0][0])}."
    said_of = [_have(peers, hosts), _have(base, snapshots)]
    return " ".join(f"{_capital(words)}." for words in said_of if words)


def _have(who: str, have: list[tuple[Held, int]]) -> str:
    if len(have) < 2:
        return f"{who} {'have' if have[0][1] > 1 else 'has'} {_value(have[0][0])}" if have else ""
    have = sorted(have, key=lambda pair: -pair[1])
    each = [f"{count:,} {'has' if count == 1 else 'have'} {_value(held)}" for held, count in have]
    return f"of {who.removeprefix('all ')} {listed(each, MOST_HELD)}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _value(held: Held) -> str:
    if held.row is None:
        return "nothing there"
    values = [f"{said(column_words(c), 40)} {_short(v)}" for c, v in list(held.row.items())[:3]]
    return listed(values, 3) or "it"


def _short(value: str) -> str:
    if not value:
        return "nothing"
    return f"{value[:8]}…" if _DIGEST.fullmatch(value) else said(value, VALUE_LIMIT)


def shared(finding: Finding) -> list[str]:
    """Return the further facts that the hosts of a finding share, one a line under a heading, and how many more there are."""
    return _listed("The same hosts also share:", finding.shared, finding.shared_count - 1)


def also(finding: Finding, *, most: int = MOST_SHARED, limit: int = FACT_LIMIT) -> list[str]:
    """Return the further facts of the thing that a finding speaks of, in the same form; nothing is said twice."""
    said_again = [finding.why.startswith((f"{fact.why}; ", f"{fact.why} (")) for fact in finding.also]
    facts = [
        replace(fact, why="the same") if again else fact
        for fact, again in zip(finding.also, said_again, strict=True)
    ]
    return _listed("Also seen of it:", facts, len(facts), most, limit)


def _listed(
    heading: str, facts: Sequence[SharedFact], count: int, most: int = MOST_SHARED, limit: int = FACT_LIMIT
) -> list[str]:
    lines = [f"· {_fact(fact, limit)}" for fact in facts[:most]]
    more = count - len(lines)
    if not lines:
        return []
    return [heading, *lines, *([f"· and {plural(more, 'more fact')}"] if more > 0 else [])]


def _fact(fact: SharedFact, limit: int) -> str:
    return f"{said(fact.why, limit)} ({query_title(fact.query)}, {bits(fact.score)})"


def drift(report: Report) -> str:
    """Return how the differences listed stand to the baseline, in plain words; empty where it was not compared with.

    "3 new and rare, 2 missing here, 1 new on most hosts, 1 as before while the others changed".
    """
    if report.baseline is None or not report.findings:
        return ""
    counted = Counter(_stand(finding) for finding in report.findings)
    said_of = [f"{counted[words]:,} {words}" for words in _STANDS if counted[words]]
    return ", ".join(said_of) if "" not in counted else ""


_STANDS = ("new and rare", "missing here", "new on most hosts", "as before while the others changed")


def _stand(finding: Finding) -> str:
    if finding.quadrant is Quadrant.NEW_COMMON:
        return _STANDS[2]
    if finding.quadrant is Quadrant.KNOWN_RARE:
        return _STANDS[3]
    if finding.quadrant is Quadrant.NEW_RARE:
        return _STANDS[1] if finding.change is Change.REMOVED else _STANDS[0]
    return ""


def looked_at(report: Report) -> str:
    """Return how much a report without outliers rests on: hosts, queries, and how far the sharpest difference reached."""
    coverage = report.coverage
    known = coverage.known
    text = f"{plural(known, 'host')} answered"
    if coverage.queries:
        text += f" {plural(coverage.queries, 'query', 'queries')}{' each' if known > 1 else ''}"
    if coverage.missed:
        text += f", {len(coverage.missed):,} did not answer"
    if not report.findings:
        return text if uncompared(report) else f"{text}. No difference was worth a line"
    sharpest, bar = report.findings[0].score, report.limits.threshold_bits
    among = (
        f"sharpest of {plural(len(report.findings), 'difference')}"
        if len(report.findings) > 1
        else "one difference"
    )
    needed = f" of the {bar:.1f} that make a host stand out" if sharpest < bar else ""
    return f"{text}. The {among} reaches {bits(sharpest)}{needed}"
