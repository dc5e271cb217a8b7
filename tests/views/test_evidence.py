"""Is what stands behind a finding said in words that are true, and does the sum that is shown add up?"""

from __future__ import annotations

import dataclasses
import re

import pytest

from bot.model import BaselineInfo, Change, Finding, Held, Quadrant, Report, ScorePart, SharedFact
from bot.views import evidence
from tests.views.examples import CLEAN, FINDINGS, REPORT

BASE = FINDINGS[0]


def held(*others: Held, of: int = 22, baseline_of: int | None = 3) -> Finding:
    """Return a finding beside which the others hold that."""
    return dataclasses.replace(BASE, others=others, of=of, baseline_of=baseline_of)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda finding: finding.query)
def test_the_figures_that_are_shown_add_up_to_the_score_that_is_shown(finding: Finding) -> None:
    """To the tenth, in the line and in the column."""
    line, column = evidence.sum_line(finding), evidence.sum_lines(finding)

    figures = re.findall(r"(?:^|([+−]) )(\d+\.\d) ", line.partition(" = ")[2])
    shown = [float(figure) * (-1 if sign == "−" else 1) for sign, figure in figures]
    assert f"{sum(shown):.1f} bits" == line.partition(" = ")[0]
    assert f"{sum(float(entry.split()[0]) for entry in column[:-1]):.1f}" == column[-1].split()[0]


def test_what_rounding_leaves_over_is_not_lost() -> None:
    """Three times 0.34 is 1.0, not 0.9."""
    parts = tuple(ScorePart(name, 0.34) for name in "abc")

    assert (
        evidence.sum_line(dataclasses.replace(BASE, score=1.02, parts=parts))
        == "1.0 bits = 0.4 a + 0.3 b + 0.3 c"
    )
    assert evidence.sum_line(dataclasses.replace(BASE, parts=())) == ""
    assert evidence.sum_lines(dataclasses.replace(BASE, parts=())) == []


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        (held(Held(None, 22, 3)), "The other 22 hosts and all 3 baseline snapshots have nothing there."),
        (held(Held(None, 22, 1), baseline_of=1), "The other 22 hosts and the 1 baseline snapshot have nothing there."),
        (held(Held({}, 22, 3)), "The other 22 hosts and all 3 baseline snapshots have it."),
        (held(Held(None, 22, 0), baseline_of=None), "The other 22 hosts have nothing there."),
        (held(Held(None, 1, 0), of=1, baseline_of=None), "The other host has nothing there."),
        (held(Held({"sha256": "0a" * 32}, 0, 3), of=0), "All 3 baseline snapshots have content 0a0a0a0a…."),
        (
            held(Held({"current_value": "2"}, 21, 3), Held({"current_value": ""}, 1, 0)),
            "Of the other 22 hosts 21 have value 2 and 1 has value nothing. All 3 baseline snapshots have value 2.",
        ),
        (
            held(Held({"mode": "0755", "uid": "0"}, 20, 1), Held(None, 2, 2)),
            "Of the other 22 hosts 20 have mode 0755 and uid 0 and 2 have nothing there. "
            "Of 3 baseline snapshots 2 have nothing there and 1 has mode 0755 and uid 0.",
        ),
        (held(), ""),
    ],
)  # fmt: skip
def test_what_the_others_have_is_said_with_how_many(finding: Finding, said: str) -> None:
    """One sentence where all agree, else each value with its count, the commonest first."""
    assert evidence.others(finding) == said


def test_a_value_of_another_host_is_no_link_and_not_endless() -> None:
    """It is as hostile as the finding's own row."""
    said = evidence.others(held(Held({"cmdline": "https://evil.example/" + "x" * 500}, 22, 0)))

    assert "hxxps[:]//evil[.]example" in said
    assert len(said) < 160


def stands(quadrant: Quadrant, change: Change = Change.ADDED) -> Finding:
    """Return a finding that stands so to the baseline."""
    return dataclasses.replace(BASE, quadrant=quadrant, change=change)


def test_the_differences_are_counted_by_how_they_stand_to_the_baseline() -> None:
    """In plain words, what does not occur left out; nothing without a baseline."""
    findings = (
        stands(Quadrant.NEW_RARE),
        stands(Quadrant.NEW_RARE, Change.CHANGED),
        stands(Quadrant.NEW_RARE, Change.REMOVED),
        stands(Quadrant.NEW_COMMON),
        stands(Quadrant.KNOWN_RARE),
    )
    report = dataclasses.replace(REPORT, findings=findings)

    assert evidence.drift(report) == (
        "2 new and rare, 1 missing here, 1 new on most hosts, 1 as before while the others changed"
    )
    assert evidence.drift(dataclasses.replace(report, findings=findings[:1])) == "1 new and rare"
    assert evidence.drift(dataclasses.replace(report, findings=())) == ""
    assert evidence.drift(dataclasses.replace(report, baseline=None)) == ""
    assert isinstance(report.baseline, BaselineInfo)
    assert evidence.drift(dataclasses.replace(report, findings=(stands(Quadrant.RARE),))) == ""


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (CLEAN, "6 hosts answered 39 queries each. No difference was worth a line"),
        (
            dataclasses.replace(CLEAN, findings=FINDINGS[-2:]),
            "6 hosts answered 39 queries each. The sharpest of 2 differences reaches 4.2 bits of the 8.0 that make a host stand out",
        ),
        (
            dataclasses.replace(REPORT, findings=FINDINGS[-1:]),
            "23 hosts answered 39 queries each, 1 did not answer. The one difference reaches 3.6 bits of the 9.0 that make a host stand out",
        ),
        (
            dataclasses.replace(CLEAN, coverage=dataclasses.replace(CLEAN.coverage, targeted=1, answered=1, queries=0)),
            "1 host answered. No difference was worth a line",
        ),
    ],
)  # fmt: skip
def test_a_quiet_report_says_how_much_was_looked_at(report: Report, said: str) -> None:
    """Hosts, queries, who is missing, and how far the sharpest difference is from standing out."""
    assert evidence.looked_at(report) == said


def test_what_several_hosts_share_is_listed_and_the_rest_counted() -> None:
    """Six facts at most, each with its query and bits; no more than were kept."""
    facts = tuple(SharedFact("crontab", Change.ADDED, {}, None, 4.0, f"has {number}") for number in range(8))
    finding = dataclasses.replace(BASE, shared=facts, shared_count=12)

    assert evidence.shared(finding)[:2] == ["The same hosts also share:", "· has 0 (crontab, 4.0 bits)"]
    assert evidence.shared(finding)[-1] == "· and 5 more facts"
    assert len(evidence.shared(finding)) == 8
    assert evidence.shared(BASE) == []
    thing = dataclasses.replace(BASE, why="has 1; not in the baseline", also=facts[:3])
    assert evidence.also(thing) == [
        "Also seen of it:",
        "· has 0 (crontab, 4.0 bits)",
        "· the same (crontab, 4.0 bits)",
        "· has 2 (crontab, 4.0 bits)",
    ]
    assert evidence.also(thing, most=1)[-1] == "· and 2 more facts"
    assert evidence.also(BASE) == []
    two = dataclasses.replace(BASE, shared=facts[:1], shared_count=2)
    assert evidence.shared(two) == ["The same hosts also share:", "· has 0 (crontab, 4.0 bits)"]
