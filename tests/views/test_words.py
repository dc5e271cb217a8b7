"""Are counts, ages, verdicts and reasons said in words that are true?"""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from bot.model import Coverage, Method, Missed, MissReason, Quadrant, QueryStatus, Report
from bot.views import missing, sentences, words
from tests.views.examples import BASELINE, CLEAN, FINDINGS, MINER, NOW, OFFLINE, QUIET, REPORT, SHELL


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(days=6, hours=23), "6 days old"),
        (timedelta(hours=1), "1 hour old"),
        (timedelta(minutes=59), "59 minutes old"),
        (timedelta(seconds=3), "less than a minute old"),
        (timedelta(seconds=-30), "less than a minute old"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(length: timedelta, said: str) -> None:
    """Ages are rounded down to one unit; the future counts as now."""
    assert words.age(NOW - length, NOW) == said


def test_recent_moments_and_durations_are_short() -> None:
    """ "Just now" within a minute; seconds up to a minute, then minutes and seconds."""
    assert words.ago(NOW, NOW) == "just now"
    assert words.ago(NOW - timedelta(days=2), NOW) == "2 days ago"
    assert words.took(timedelta(seconds=41)) == "41 s"
    assert words.took(timedelta(seconds=192)) == "3 min 12 s"
    assert words.when(datetime(2026, 1, 2, 3, 4, tzinfo=UTC)) == "2026-01-02 03:04 UTC"


def covered(report: Report, targeted: int, answered: int, partial: int, missed: int) -> Report:
    """Return the report with that coverage and no outlier."""
    lost = tuple(Missed(f"i-{number}", MissReason.DEADLINE) for number in range(missed))
    hosts = tuple(dataclasses.replace(host, outlier=False) for host in report.hosts)
    return dataclasses.replace(report, hosts=hosts, coverage=Coverage(targeted, answered, partial, lost))


@pytest.mark.parametrize(
    ("report", "said", "clear"),
    [
        (REPORT, "2 of 24 hosts stand out; 1 did not answer; 1 answered in part", False),
        (CLEAN, "Nothing stands out in 6 of 6 hosts", True),
        (covered(CLEAN, 24, 23, 0, 1), "Nothing stands out in 23 of 24 hosts; 1 did not answer", False),
        (covered(CLEAN, 24, 22, 2, 0), "Nothing stands out in 24 of 24 hosts; 2 answered in part", False),
        (covered(CLEAN, 24, 0, 0, 24), "No host answered: nothing can be said", False),
        (covered(CLEAN, 0, 0, 0, 0), "There was no host to ask", False),
    ],
)
def test_the_verdict_calls_nothing_clean_that_was_not_answered(
    report: Report, said: str, clear: bool
) -> None:
    """Missing and partial hosts stand in the verdict, and only full coverage without outliers is clear."""
    assert sentences.verdict(report) == said
    assert sentences.clear(report) is clear


def test_a_majority_is_named_before_anything_is_called_quiet() -> None:
    """New on most hosts, or on the larger side of a group without a baseline: said in the verdict, and never clear."""
    quiet = covered(REPORT, 10, 10, 0, 0)
    seven = dataclasses.replace(
        FINDINGS[0], hosts=tuple(f"i-{number}" for number in range(7)), quadrant=Quadrant.NEW_COMMON
    )
    few = dataclasses.replace(seven, hosts=("i-1", "i-2"), quadrant=Quadrant.RARE)
    changed = dataclasses.replace(quiet, findings=(seven, few))
    split = dataclasses.replace(
        quiet,
        findings=(dataclasses.replace(seven, quadrant=Quadrant.RARE), few),
        limits=dataclasses.replace(quiet.limits, baseline=0),
    )
    marked = dataclasses.replace(REPORT, findings=(seven, *FINDINGS))

    assert (
        sentences.verdict(changed)
        == "Most of the group changed: 7 of 10 hosts differ from the baseline alike"
    )
    assert (
        sentences.verdict(split) == "The group is split: 7 of 10 hosts have something that the others do not"
    )
    assert sentences.verdict(marked).startswith("2 of 24 hosts stand out; most of the group changed; ")
    assert sentences.verdict_so_far(changed) == "most of the group changed (7 of 10 hosts)"
    assert sentences.verdict_so_far(split) == "the group is split (7 of 10 hosts)"
    assert not sentences.clear(changed)
    assert not sentences.clear(split)
    assert sentences.majority(dataclasses.replace(quiet, findings=(few,))) == 0


def test_two_hosts_that_differ_and_one_alone_name_nobody() -> None:
    """Without a baseline, two hosts cannot be told apart and one cannot be compared."""
    limits = dataclasses.replace(REPORT.limits, baseline=0, tentative=True)
    two = dataclasses.replace(covered(REPORT, 2, 2, 0, 0), limits=limits)
    one = dataclasses.replace(covered(REPORT, 1, 1, 0, 0), limits=dataclasses.replace(limits, peers=0))

    assert sentences.verdict(two) == "2 hosts differ; which of them is odd cannot be told"
    assert sentences.verdict(one) == "1 host answered, and there is nothing to compare it with"
    assert sentences.rests_on(two).endswith("take it as tentative")
    assert sentences.verdict_so_far(one) == "1 host has answered, with nothing to compare it with"
    assert not sentences.clear(two)
    assert not sentences.clear(one)
    assert (
        sentences.against(one, NOW)
        == "Compared with nothing: there is no baseline, and no other host answered"
    )
    assert sentences.lookalikes(one) == ""


def test_one_host_with_a_baseline_is_compared_with_the_baseline_alone() -> None:
    """Nobody else answered: no peers are spoken of, in no sentence."""
    limits = dataclasses.replace(REPORT.limits, peers=0, baseline=1, tentative=True)
    alone = dataclasses.replace(covered(REPORT, 1, 1, 0, 0), limits=limits)

    assert sentences.against(alone, NOW) == "Compared with baseline 3 (6 days old, 3 hosts) alone"
    assert sentences.compared(alone) == "Compared with the baseline alone (a baseline exists)"
    assert sentences.rests_on(alone).startswith("The host was compared with 1 baseline snapshot: ")
    nothing = dataclasses.replace(alone, limits=dataclasses.replace(limits, baseline=0))
    assert sentences.rests_on(nothing) == "There was nothing to compare with, so no difference has bits"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (SHELL.id, f"{SHELL.id} stands out; 1 other host too"),
        (QUIET[0].id, f"{QUIET[0].id} does not stand out; 2 other hosts do"),
        (OFFLINE.id, f"{OFFLINE.id} did not answer"),
    ],
)
def test_a_host_that_was_asked_for_is_named_first(host: str, said: str) -> None:
    """The verdict on one host against its group begins with that host."""
    report = dataclasses.replace(REPORT, run=dataclasses.replace(REPORT.run, focus=host))

    assert sentences.verdict(report).startswith(said)


def test_tentative_outliers_are_called_so() -> None:
    """With too few hosts the verdict itself says that it is tentative."""
    report = dataclasses.replace(REPORT, limits=dataclasses.replace(REPORT.limits, tentative=True))

    assert "2 of 24 hosts stand out (tentative)" in sentences.verdict(report)


@pytest.mark.parametrize("method", Method)
def test_what_was_compared_is_said_with_the_age_of_the_baseline(method: Method) -> None:
    """Each method says what it compared with, and a baseline's age, also when it was not used."""
    report = dataclasses.replace(REPORT, run=dataclasses.replace(REPORT.run, method=method))
    without = dataclasses.replace(report, baseline=None)

    assert "baseline 3 (6 days old, 3 hosts)" in sentences.against(report, NOW)
    assert sentences.against(without, NOW).startswith("Compared with ")
    assert sentences.compared(report).endswith("(a baseline exists)")


def test_a_baseline_that_was_found_unchanged_says_when() -> None:
    """A scheduled check that changed nothing renews the age, and the reader sees it."""
    assert REPORT.baseline is not None
    info = dataclasses.replace(REPORT.baseline, renewed_at=NOW - timedelta(hours=4))
    report = dataclasses.replace(REPORT, baseline=info)

    assert "found unchanged 4 hours ago" in sentences.against(report, NOW)
    assert sentences.baseline(info, NOW).endswith("last found unchanged 2026-11-22 23:14 UTC")
    assert "template 12" in sentences.baseline_version(BASELINE, NOW)


def test_hosts_that_did_not_answer_are_grouped_by_reason() -> None:
    """500 silent hosts take one line, not 500, and every reason has words."""
    lost = tuple(Missed(f"i-{number:03}", MissReason.DEADLINE) for number in range(500))
    reasons = tuple(Missed(f"i-x{reason}", reason, "detail") for reason in MissReason)

    gaps = missing.missed(Coverage(517, 0, 0, lost + reasons))

    assert str(gaps[0]) == "i-000, i-001, i-002, i-003, i-004 and 496 more: silent until the deadline"
    assert len(gaps) == missing.MOST_REASONS + 1
    assert set(words.MISSED) == set(MissReason)
    assert set(words.UNKNOWN) == set(QueryStatus)


def test_lists_end_in_and() -> None:
    """One, two, three and many names read as a sentence does."""
    assert words.listed(["a"], 3) == "a"
    assert words.listed(["a", "b", "c"], 3) == "a, b and c"
    assert words.listed(["a", "b", "c", "d"], 2) == "a, b and 2 more"
    assert sentences.names(["a", "b"], 1) == "a and 1 more"


def test_a_changed_row_shows_what_is_usual_beside_it() -> None:
    """Only differing columns carry the usual value, and empty columns are left out."""
    row = {"name": "kernel.tainted", "current_value": "12289", "note": ""}
    usual = {"name": "kernel.tainted", "current_value": "0", "note": ""}

    lines = words.table_lines(row, usual, limit=80).splitlines()

    assert lines == ["name           kernel.tainted", "current_value  12289", "               usual: 0"]
    assert words.differing(row, None) == ()
    assert words.one_line({}, limit=80) == "(no columns)"
    assert words.table_lines({"a": ""}, limit=80) == "(no columns)"
    assert words.table_lines({f"c{n}": "x" for n in range(30)}, limit=80).endswith("…(10 more columns)")
    assert words.fold(["a=1", "b=2", "c" * 90], 20, 10) == ["a=1  b=2", "…(1 more column)"]


def test_where_a_host_stands_is_one_line() -> None:
    """Address, zone, template and launch time, each only when known."""
    assert words.where(MINER) == "10.0.2.47 · us-east-1b · template 12 · launched 2026-11-12 09:07 UTC"
    assert words.where(None) == ""
