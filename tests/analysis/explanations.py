"""Ten attacks as they are explained: `python -m tests.analysis.explanations` writes tests/golden/explanations.txt.

Each is planted on one simulated host of twelve, asked with the pack's own SQL, judged beside a baseline of five, and
written as the file of all findings has it, without its rows. Read it aloud before accepting a changed one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot import packs
from bot.analysis import Case, Fold, judge_folded
from bot.collection import recorded
from bot.model import Finding, Group, Host, Method, RunInfo, Snapshot
from bot.sandbox.fleet import GroupPlan, HostPlan, SimHost, answer, build_group, invent
from bot.sandbox.fleet.scenarios import apply_scenario, scenarios
from bot.views import evidence

GOLDEN = Path(__file__).parents[1] / "golden" / "explanations.txt"
NOW = datetime(2026, 3, 3, 3, 10, tzinfo=UTC)
ATTACKS = (
    "reverse_shell",
    "crontab_reboot",
    "root_key",
    "visible_rootkit",
    "audit_masked",
    "trojaned_sshd",
    "suid_shell",
    "memfd_loader",
    "sudo_rule",
    "hidden_by_mount",
)
HONEST = ("live_patch",)  # one that honest causes lower, for the parts that take bits off
MOST = 2  # findings of one attack
_PACK = packs.load(packs.DEFAULT)


def explanations() -> str:
    """Return the explanations as text, an attack a paragraph."""
    titles = {scenario.id: scenario.title for scenario in scenarios()}
    paragraphs = [f"{titles[name]}\n{_findings(findings)}" for name, findings in _judged()]
    return "\n\n".join(paragraphs) + "\n"


def _findings(findings: list[Finding]) -> str:
    lines = []
    for finding in findings[:MOST]:
        lines.append(f"  The host {finding.why}.")
        lines.append(f"    {evidence.others(finding)}")
        lines += [f"    {line}" for line in (*evidence.sum_lines(finding), *evidence.also(finding))]
    return "\n".join(lines)


def _judged() -> Iterator[tuple[str, list[Finding]]]:
    """Yield the findings of each attack's host. Only that host is asked and folded anew."""
    hosts = _hosts("web-asg", 12, 1)
    fold = Fold()
    group = [fold.add(_snapshot(host)) for host in hosts]
    baseline = [fold.add(_snapshot(host)) for host in _hosts("web-asg", 5, 2)]
    described = tuple(_described(host) for host in hosts)
    run = RunInfo("r-1", "web-asg", Method.BOTH, "a baseline exists", _PACK.name, "cli", NOW, NOW)
    case = Case(run, Group("web-asg", described), (), (), _PACK, Method.BOTH)
    for name in (*ATTACKS, *HONEST):
        scenario = next(each for each in scenarios() if each.id == name)
        victim = replace(
            hosts[4], tables={table: [dict(row) for row in rows] for table, rows in hosts[4].tables.items()}
        )
        apply_scenario(victim.tables, scenario, random.Random(name), victim.identity)
        numbers = [*group[:4], fold.add(_snapshot(victim)), *group[5:]]
        report = judge_folded(case, fold, numbers, baseline)
        yield name, list(report.of_host(victim.identity.instance_id))


def _hosts(name: str, size: int, seed: int) -> list[SimHost]:
    zones = [f"eu-west-1{'abc'[number % 3]}" for number in range(size)]
    hosts = tuple(HostPlan("12", "ami-0d1f6b2a7c4e85d01", zone, "m6i.large", 19 * 86_400) for zone in zones)
    plan = GroupPlan(name, "web", hosts)
    return build_group(plan, invent(plan, seed=seed, now=NOW), seed, now=NOW)


def _described(host: SimHost) -> Host:
    about = host.identity
    return Host(
        about.instance_id,
        "web-asg",
        private_ip=about.private_ip,
        hostname=about.hostname,
        zone=about.availability_zone,
    )


def _snapshot(host: SimHost) -> Snapshot:
    asked = {"queries": [{"name": query.name, "sql": query.sql} for query in _PACK.queries]}
    found = recorded.from_json(json.dumps(answer(host, asked)).encode(), about=_described(host))
    return replace(found, taken_at=NOW)


if __name__ == "__main__":
    GOLDEN.write_text(explanations(), encoding="utf-8")
