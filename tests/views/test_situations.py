"""What does the channel read of thin, split, changed and quiet groups?"""

from __future__ import annotations

from tests.views.situations import GOLDEN, SITUATIONS, situations


def test_each_situation_is_said_as_when_somebody_last_read_it() -> None:
    """One host, two, three; a majority, a split; a stale baseline; nothing: `python -m tests.views.situations` renews it."""
    said = situations()

    assert said == GOLDEN.read_text(encoding="utf-8")
    assert said.count("\n\n") == len(SITUATIONS) - 1
