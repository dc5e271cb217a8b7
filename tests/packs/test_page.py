"""docs/pack.md agrees with the pack."""

from __future__ import annotations

from tests.packs.page import PAGE, render


def test_the_page_agrees_with_the_pack() -> None:
    """A changed query or scenario cannot leave its documentation behind."""
    assert PAGE.read_text("utf-8") == render(), "run python -m tests.packs.page"
