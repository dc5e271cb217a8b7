"""Does what travels with a press come back whole, and does nothing else?"""

from __future__ import annotations

import pytest

from bot import views
from bot.model import Message
from bot.views import actions
from tests.views.examples import APPROVER, MINER, NOW, REPORT, RUN, RUN_ID


def test_a_drill_down_remembers_where_it_stands() -> None:
    """The place in the modal's metadata is the one that was drawn."""
    view = views.drill_down(REPORT, host=MINER.id, query="processes", page=9)

    assert views.drill_place(view) == actions.DrillPlace(RUN_ID, MINER.id, "processes", 1)


@pytest.mark.parametrize("held", ["", "not json", "[1]", '{"run": 3, "page": "x"}', '{"page": -2}', None])
def test_metadata_that_is_not_ours_is_the_first_page_of_everything(held: str | None) -> None:
    """A forged or foreign modal cannot break the listener."""
    assert views.drill_place({"private_metadata": held}) == actions.DrillPlace("")


def test_a_decided_message_loses_the_buttons_that_make_no_sense_any_more() -> None:
    """Once accepted, nobody can press Accept again; looking deeper and running again stay."""

    def pressed(message: Message) -> list[str]:
        return [element["action_id"] for element in message.blocks[-1]["elements"]]

    before = pressed(views.verdict(REPORT, RUN, now=NOW))
    after = pressed(views.verdict(REPORT, RUN, decided=views.kept_text(APPROVER, "now"), now=NOW))

    assert before == [actions.DRILL_DOWN, actions.ACCEPT, actions.RUN_AGAIN, actions.MORE]
    assert after == [actions.DRILL_DOWN, actions.RUN_AGAIN, actions.MORE]
