"""Host output is hostile: does any text stop a judgement, or cost more than its length?

Work is counted, not timed: each call of a Python or built-in function is one. What a pattern does inside the engine of
``re`` is not seen by that, so the patterns themselves are read.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from re import _constants as constants  # type: ignore[attr-defined]  # no public way to read a pattern
from re import _parser as parser  # type: ignore[attr-defined]
from types import FrameType
from typing import Any

import pytest

import bot.analysis
from bot import masking
from bot.analysis import Case, judge
from tests.analysis.cases import case, honest

NO_NUMBERS = ["²", "٣", "9" * 5_000, "-1", "1e9", "0x10", ""]
TWICE = 2.1  # what twice the input may cost: linear, with a little for sorting


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_only_looks_like_a_number_stops_nothing(text: str) -> None:
    """A digit is not always a number: "²" is none, and one of five thousand digits is none that Python reads."""
    hosts = honest(5)
    hosts[0][1]["listening_ports"].append({"port": text, "address": text, "process_path": "/usr/sbin/sshd"})
    hosts[0][1]["kernel_controls"] = [
        {"name": name, "current_value": text} for name in ("kernel.tainted", "kernel.randomize_va_space")
    ]
    hosts[0][1]["host_facts"][0]["uptime_s"] = text

    report = judge(case(hosts))

    assert len(report.hosts) == 5


def work(given: Case) -> int:
    """Return how many calls judging the case takes."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    former = sys.getprofile()
    sys.setprofile(counted)
    try:
        judge(given)
    finally:
        sys.setprofile(former)
    return count


def one_odd_host(rows: int) -> Case:
    """Return a group in which one host says ``rows`` rows of its own that differ in numbers alone, in six tables."""
    hosts = honest(4)
    for number in range(rows):
        path = f"/opt/x/{number % 7}/run{number}"
        for query, row in {
            "processes": {"name": "run", "path": path, "cmdline": f"{path} --n {number}", "username": "app"},
            "deb_packages": {"name": f"lib{number}", "version": f"1.{number}"},
            "auth_config_files": {"path": path, "mode": "0644", "sha256": f"{number:064x}"},
            "listening_ports": {"port": str(number), "address": "0.0.0.0", "process_path": path},
            "systemd_units": {"id": f"x{number}.service", "load_state": "loaded"},
            "crontab": {"command": f"{path} | sh", "path": f"/etc/cron.d/x{number}"},
        }.items():
            hosts[0][1][query].append(row)
    return case(hosts)


def each_pair_its_own(count: int) -> Case:
    """Return a group in which every two hosts have a value in common that nobody else has, so that none varies by nature."""
    return case(
        [
            (
                about,
                {
                    "users": [{"username": "x", "uid": str(2000 + number // 2), "shell": "/bin/sh"}],
                    "kernel_controls": [{"name": "kernel.x", "current_value": f"v{number // 2}"}],
                },
            )
            for number, (about, _) in enumerate(honest(count))
        ]
    )


def long_texts(words: int) -> Case:
    """Return a group in which one host has a command line of so many words that look random."""
    hosts = honest(4)
    text = " ".join(f"aB{number % 89}cD{number % 97}" for number in range(words))
    hosts[0][1]["processes"].append({"name": "x", "path": "/opt/x", "cmdline": text, "username": "app"})
    hosts[0][1]["crontab"].append({"command": text, "path": "/etc/cron.d/x"})
    return case(hosts)


@pytest.mark.parametrize(
    ("made", "size"), [(one_odd_host, 100), (each_pair_its_own, 200), (long_texts, 5_000)]
)
def test_twice_the_answers_cost_twice_the_work(made: Callable[[int], Case], size: int) -> None:
    """Rows of one host, the number of hosts, the length of a text: none costs more than in proportion."""
    once, twice = made(size), made(2 * size)

    assert work(twice) <= TWICE * work(once)


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield each pattern that a module of the analysis, or masking, keeps, with its name."""
    names = [each.name for each in pkgutil.iter_modules(bot.analysis.__path__, "bot.analysis.")]
    for module in (masking, *map(importlib.import_module, names)):
        for name, value in vars(module).items():
            for found in _inside(value):
                yield f"{module.__name__}.{name}", found


def _inside(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _inside(each)


def repeats_inside_repeats(parsed: Any, *, inside: bool = False) -> bool:
    """Whether a repetition without end holds another that can give back what it took: cost beyond any bound."""
    for operation, argument in parsed:
        if operation in (constants.MAX_REPEAT, constants.MIN_REPEAT):
            endless = argument[1] is constants.MAXREPEAT
            if (inside and endless) or repeats_inside_repeats(argument[2], inside=inside or endless):
                return True
        elif operation is constants.SUBPATTERN:
            if repeats_inside_repeats(argument[3], inside=inside):
                return True
        elif operation is constants.BRANCH:
            if any(repeats_inside_repeats(each, inside=inside) for each in argument[1]):
                return True
        elif operation in (constants.ASSERT, constants.ASSERT_NOT) and repeats_inside_repeats(argument[1]):
            return True
    return False


def test_no_pattern_repeats_what_repeats() -> None:
    """Hostile text makes a pattern such as (a+)+ try without end; none of ours is of that form."""
    found = list(patterns())

    assert len(found) > 40
    assert repeats_inside_repeats(parser.parse(r"x(?:a+|b)*y"))
    assert [name for name, each in found if repeats_inside_repeats(parser.parse(each.pattern))] == []
