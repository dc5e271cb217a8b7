"""Does what travels with a press come back whole, and does nothing else?"""

from __future__ import annotations

import pytest

from bot import views
from bot.model import Message
from bot.views import actions
from tests.views.examples import APPROVER, BASELINE, MINER, NOW, REPORT, RUN, RUN_ID, SHELL, SLOW


def test_a_drill_down_remembers_where_it_stands() -> None:
    """The place in the modal's metadata is the one that was drawn."""
    view = views.drill_down(REPORT, host=MINER.id, query="processes", page=9)

    assert views.drill_place(view) == actions.DrillPlace(RUN_ID, MINER.id, "processes", 1)


@pytest.mark.parametrize("held", ["", "not json", "[1]", '{"run": 3, "page": "x"}', '{"page": -2}', None])
def test_metadata_that_is_not_ours_is_the_first_page_of_everything(held: str | None) -> None:
    """A forged or foreign modal cannot break the listener."""
    assert views.drill_place({"private_metadata": held}) == actions.DrillPlace("")


def test_what_was_filled_into_the_accept_modal_is_read_back() -> None:
    """Reason and ticked hosts come from the block and action ids that the modal itself uses."""
    view = views.accept_modal(REPORT, RUN, BASELINE)
    boxes = next(block for block in view["blocks"] if block.get("block_id") == "include-0")
    offered = boxes["element"]["options"]
    state = {
        "values": {
            "include-0": {actions.INCLUDE: {"selected_options": [offered[0]]}},
            actions.REASON: {actions.REASON: {"value": "  release is out \n"}},
        }
    }

    choice = views.accept_choice({**view, "state": state})

    assert [option["value"] for option in offered] == [SHELL.id, MINER.id, SLOW.id]
    assert choice == actions.AcceptChoice(RUN_ID, "release is out", (SHELL.id,))


def test_an_accept_modal_left_empty_names_nobody() -> None:
    """No ticks and no reason are an empty choice, not an error."""
    assert views.accept_choice({"state": {"values": {}}}) == actions.AcceptChoice("", "", ())
    assert (
        views.accept_choice(
            {"state": {"values": {"include-0": {"include": {"selected_options": None}}}}}
        ).include
        == ()
    )


def test_the_first_option_of_a_select_means_all() -> None:
    """ "All hosts" comes back as no host; a host as its id; nothing picked as all."""
    assert views.picked({"selected_option": {"value": "*"}}) == ""
    assert views.picked({"selected_option": {"value": MINER.id}}) == MINER.id
    assert views.picked({"selected_option": None}) == ""


def test_a_decided_message_loses_the_buttons_that_make_no_sense_any_more() -> None:
    """Once accepted, nobody can press Accept again; looking deeper and running again stay."""

    def pressed(message: Message) -> list[str]:
        return [element["action_id"] for element in message.blocks[-1]["elements"]]

    before = pressed(views.verdict(REPORT, RUN, now=NOW))
    after = pressed(views.verdict(REPORT, RUN, decided=views.kept_text(APPROVER, "now"), now=NOW))

    assert before == [actions.DRILL_DOWN, actions.ACCEPT, actions.RUN_AGAIN, actions.MORE]
    assert after == [actions.DRILL_DOWN, actions.RUN_AGAIN, actions.MORE]
