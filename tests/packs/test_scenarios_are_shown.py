"""The pack is part of detection: every labelled intrusion changes the answers of the queries that are said to show it."""

from __future__ import annotations

import pytest

from bot.model import Compare
from bot.sandbox.fleet.roles import ROLES
from bot.sandbox.fleet.scenarios import Scenario, scenarios
from tests.packs.asking import after, ask, clean, clean_answers, compared, pack, tables_of

MALICIOUS = [each for each in scenarios() if each.kind == "malicious"]
QUIET = [each for each in scenarios() if each.expected == "suppress"]
VISIBLE_THOUGH_HONEST = {
    "ephemeral_listener": {"listening_ports"},
    "identity_in_cmdline": {"processes", "process_hashes"},
    "random_containers": {"containers"},
    "zone_networks": {"hosts_and_resolvers", "mounts"},
    "forwarding_config": {"config_files"},
}
"""What the pack alone does not silence: the host's own names, ephemeral ports, zones; the analysis does."""


def changed(what: Scenario, role: str) -> set[str]:
    """Return the queries that answer differently; those that name no table with other rows cannot."""
    touched, host = after(what, role)

    assert touched

    other = {table for table, rows in clean(role).tables.items() if rows != host.tables[table]}
    asked = [q for q in pack().queries if q.compare is not Compare.CONTEXT and other & tables_of(q)]
    before, now = clean_answers(role), ask(host, asked)
    return {q.name for q in asked if compared(q, before[q.name]) != compared(q, now[q.name])}


@pytest.mark.parametrize("what", MALICIOUS, ids=lambda each: each.id)
@pytest.mark.parametrize("role", ROLES)
def test_each_intrusion_is_shown_by_the_queries_that_it_names(what: Scenario, role: str) -> None:
    """On every kind of host the named queries answer differently; what is called blind changes no answer."""
    shown = changed(what, role)

    assert set(what.shown_by) <= shown
    assert bool(shown) is (what.expected != "blind")


@pytest.mark.parametrize("what", QUIET, ids=lambda each: each.id)
def test_noise_stays_out_of_the_compared_columns(what: Scenario) -> None:
    """Differences by nature change no compared column, save those that only the host's own names explain."""
    assert changed(what, "web") == VISIBLE_THOUGH_HONEST.get(what.id, set())
