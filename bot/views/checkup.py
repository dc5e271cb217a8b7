"""How does the doctor's visit read on a terminal, and as JSON?"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import msgspec

from bot.hostile import clean
from bot.model.checkup import Check, Outcome

WIDTH = 100
MOST_SAID = 2000  # what a host calls its osquery is part of it
_NAMES = 18


def check_text(check: Check) -> str:
    """Return one check as lines: how it ended, what it is, one sentence, and how to mend it."""
    lead = f"{check.outcome.value:<8} {check.name:<{_NAMES}} "
    text = textwrap.fill(
        clean(check.said, MOST_SAID),
        WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{text}\n{' ' * 9}mend it: {check.mend}" if check.mend else text


def checkup_line(checks: Sequence[Check]) -> str:
    """Return the last line: how many are how."""
    count = {outcome: sum(check.outcome is outcome for check in checks) for outcome in Outcome}
    return f"{count[Outcome.OK]} ok, {count[Outcome.WRONG]} wrong, {count[Outcome.UNKNOWN]} unknown."


def checkup_json(checks: Sequence[Check]) -> str:
    """Return ``{"schema": "diffy.checkup/1", "checks": [{name, outcome, said, mend}]}``."""
    encoded = msgspec.json.encode({"schema": "diffy.checkup/1", "checks": list(checks)})
    return msgspec.json.format(encoded).decode()
