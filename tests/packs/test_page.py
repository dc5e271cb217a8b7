"""docs/pack.md agrees with the pack, docs/scenarios.md with the scenarios."""

from __future__ import annotations

from tests.packs import scenario_page
from tests.packs.page import PAGE, render


def test_the_page_agrees_with_the_pack() -> None:
    """A changed query or scenario cannot leave its documentation behind."""
    assert PAGE.read_text("utf-8") == render(), "run python -m tests.packs.page"


def test_the_page_of_scenarios_agrees_with_their_labels() -> None:
    """Every scenario is there in its words; that the queries are right is asked of hosts, in the tests of scenarios."""
    page = scenario_page.PAGE.read_text("utf-8")

    told = scenario_page.parse(page)

    assert page == scenario_page.render(told), "run python -m tests.packs.scenario_page"
    assert {name for name, shown in told.items() if not shown} >= scenario_page.NEEDED.keys()
