"""The pack is part of detection: every labelled intrusion changes the answers of the queries that are said to show it."""

from __future__ import annotations

import pytest

from bot.sandbox.fleet.roles import ROLES
from bot.sandbox.fleet.scenarios import Scenario, scenarios
from tests.packs.scenario_page import HONEST_ROLE, PAGE, changed, parse

PAGE_SAYS = parse(PAGE.read_text("utf-8"))
MALICIOUS = [each for each in scenarios() if each.kind == "malicious"]
HONEST = [each for each in scenarios() if each.kind != "malicious"]
VISIBLE_THOUGH_HONEST = {
    "ephemeral_listener": {"listening_ports"},
    "identity_in_cmdline": {"processes", "process_hashes"},
    "random_containers": {"containers"},
    "zone_networks": {"hosts_and_resolvers", "mounts"},
    "forwarding_config": {"config_files"},
}
"""What the pack alone does not silence: the host's own names, ephemeral ports, zones; the analysis does."""


@pytest.mark.parametrize("what", MALICIOUS, ids=lambda each: each.id)
@pytest.mark.parametrize("role", ROLES)
def test_each_intrusion_is_shown_by_the_queries_that_it_names(what: Scenario, role: str) -> None:
    """On every kind of host the named queries answer differently, what is called blind changes no answer, and
    docs/scenarios.md says so."""
    shown = changed(what, role)

    assert set(what.shown_by) <= shown
    assert bool(shown) is (what.expected != "blind")
    assert shown == {query for query, roles in PAGE_SAYS[what.id].items() if role in roles}, (
        "run python -m tests.packs.scenario_page"
    )


@pytest.mark.parametrize("what", HONEST, ids=lambda each: each.id)
def test_honest_events_change_what_the_page_says(what: Scenario) -> None:
    """Noise stays out of the compared columns, save what only the host's own names, ports and zones explain."""
    shown = changed(what, HONEST_ROLE)

    assert shown == PAGE_SAYS[what.id].keys()
    assert what.expected != "suppress" or shown == VISIBLE_THOUGH_HONEST.get(what.id, set())
