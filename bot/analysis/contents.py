"""What is a file worth when another query tells what it holds? No more than that.

That a crontab, a sudo rule or a file of keys changed is known twice: by the file, of which only a digest is seen, and by its
lines. The lines say what it is about; the file alone could be anything, and must not speak louder than they do. Where a host
told all lines of its sudoers files and none of a changed file is odd, comments changed: osquery's table has every line else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.analysis.semantics import Kind
from bot.analysis.weighing import Draft, Weighed
from bot.model import Change

_NAMED_IN = {Kind.CRON: "path", Kind.SUDO: "source", Kind.LOGIN_KEY: "key_file"}
"""The column of a line that names the file it stands in."""
_FILES = frozenset({Kind.AUTOSTART, Kind.LOGIN_CONFIG, Kind.FILE})
_SUDOERS = re.compile(r"^/etc/sudoers(?:\.d/[^/]+)?$")
COMMENTS = 2.0  # bits of a file in which nothing but comments can have changed, at most


def by_content(
    weighed: Sequence[Weighed], drafts: Sequence[Draft], told: Mapping[Kind, int]
) -> list[Weighed]:
    """Return the differences of ``drafts`` in their order; a file is worth at most the sharpest odd line of it on the same host.

    Only where the host shows such a line: a file that changed in what no query reads keeps its bits.

    Args:
        told: By kind of line, the snapshots that answered with all of them.
    """
    lines: dict[tuple[str, int], float] = {}
    touched: set[tuple[str, int]] = set()
    for each, about in zip(weighed, drafts, strict=True):
        path = about.row.get(_NAMED_IN.get(each.kind, ""), "")
        if path:
            touched.update((path, host) for host in each.scores)
        if path and each.oddity.change is not Change.REMOVED:
            for host, score in each.scores.items():
                lines[path, host] = max(score, lines.get((path, host), 0.0))
    rules = told.get(Kind.SUDO, 0)

    def most(path: str, host: int) -> float | None:
        if (path, host) in touched or not (rules >> host & 1 and _SUDOERS.match(path)):
            return lines.get((path, host))
        return COMMENTS

    return [
        _at_most(each, {host: most(about.row.get("path", ""), host) for host in each.scores})
        if each.kind in _FILES and each.oddity.change is not Change.REMOVED
        else each
        for each, about in zip(weighed, drafts, strict=True)
    ]


def _at_most(each: Weighed, most: Mapping[int, float | None]) -> Weighed:
    """Return the difference with each host's score at most that given for it."""
    scores = {
        host: score if (top := most[host]) is None else min(score, top) for host, score in each.scores.items()
    }
    if scores == each.scores:
        return each
    best = max(scores.values())
    return replace(
        each, scores=scores, steps=replace(each.steps, by_lines=best - each.steps.score, score=best)
    )
