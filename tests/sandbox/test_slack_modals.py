"""Do modals open, fill, answer, stack and close as in Slack, with a real Bolt app behind them?"""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack import CannotDo, LocalSlack
from tests.sandbox.slack_bots import (
    Bot,
    actions,
    button,
    client_of,
    form,
    modal,
    open_modal,
    option,
    plain,
    section,
    text_input,
)


def test_a_modal_is_opened_filled_in_and_refused_by_the_bot(slack: LocalSlack, bot: Bot) -> None:
    """Required fields are checked by Slack itself; the bot's errors stay with their field."""
    view_id = open_modal(slack, bot, form(text_input(max_length=10), private_metadata="run-1"))
    bot.view_ack = {"response_action": "errors", "errors": {"reason": "too vague"}}

    empty = slack.submit(slack.responder, view_id)
    long = slack.submit(slack.responder, view_id, {"reason_text": "x" * 11})
    refused = slack.submit(slack.responder, view_id, {"reason_text": "because"})

    assert (empty.sent, empty.errors) == (False, {"reason": "Please complete this required field."})
    assert not long.sent
    assert refused.errors == {"reason": "too vague"}
    assert slack.views(slack.responder)[0].errors == {"reason": "too vague"}
    (body,) = bot.submissions
    assert body["view"]["state"]["values"]["reason"]["reason_text"]["value"] == "because"
    assert body["view"]["private_metadata"] == "run-1"


VIEW_ACKS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing closes it": ({}, []),
    "clear closes all": ({"response_action": "clear"}, []),
    "update replaces it": ({"response_action": "update", "view": modal(title=plain("Second"))}, ["Second"]),
    "push stacks another": (
        {"response_action": "push", "view": modal(title=plain("On top"))},
        ["Title", "On top"],
    ),
}


@pytest.mark.parametrize(("answer", "titles"), VIEW_ACKS.values(), ids=VIEW_ACKS.keys())
def test_a_submission_leads_where_the_bot_says(
    slack: LocalSlack, bot: Bot, answer: dict[str, Any], titles: list[str]
) -> None:
    """response_action decides what is open afterwards."""
    view_id = open_modal(slack, bot, form(text_input()))
    bot.view_ack = answer

    result = slack.submit(slack.responder, view_id, {"reason": "x"})

    assert [view.title for view in slack.views(slack.responder)] == titles
    assert (result.errors, result.view and result.view.title) == ({}, titles[-1] if titles else None)
    assert slack.rejected == ()


BAD_VIEW_ACKS: dict[str, dict[str, Any]] = {
    "errors for no input": {"response_action": "errors", "errors": {"other": "x"}},
    "a view that is none": {"response_action": "update", "view": {"type": "modal"}},
    "an unknown action": {"response_action": "explode"},
}


@pytest.mark.parametrize("answer", BAD_VIEW_ACKS.values(), ids=BAD_VIEW_ACKS.keys())
def test_a_wrong_answer_to_a_submission_is_counted(
    slack: LocalSlack, bot: Bot, answer: dict[str, Any]
) -> None:
    """The user is told to try again, and the modal stays."""
    view_id = open_modal(slack, bot, form(text_input()))
    bot.view_ack = answer

    result = slack.submit(slack.responder, view_id, {"reason": "x"})

    assert result.errors == {"": "We had some trouble connecting. Try again?"}
    assert len(slack.views(slack.responder)) == len(slack.rejected) == 1


def test_presses_and_choices_inside_a_modal(slack: LocalSlack, bot: Bot) -> None:
    """They carry the view with what is chosen, and no response_url; modals stack three high."""
    select = {"type": "static_select", "action_id": "go", "options": [option("q1"), option("q2")]}
    choose = {"type": "actions", "block_id": "row", "elements": [select]}
    view_id = open_modal(slack, bot, modal(actions(button("go", value="next")), choose))
    slack.press_in_view(slack.responder, view_id, 2, "q2")
    choice = bot.presses[-1]

    bot.pushes = modal({"type": "actions", "elements": [button("go")]})
    slack.press_in_view(slack.responder, view_id, "go", "next")
    second = slack.wait_for(lambda s: next(iter(s.views(s.responder)[1:]), None))
    slack.press_in_view(slack.responder, second.id, 1)
    third = slack.wait_for(lambda s: next(iter(s.views(s.responder)[2:]), None))
    slack.press_in_view(slack.responder, third.id, 1)
    slack.wait_for(lambda s: s.rejected)

    assert choice["view"]["state"]["values"]["row"]["go"]["selected_option"]["value"] == "q2"
    assert "response_url" not in choice
    assert choice["container"] == {"type": "view", "view_id": view_id}
    assert (third.previous, third.root) == (second.id, view_id)
    assert [call.error for call in slack.rejected] == ["push_limit_reached"]
    with pytest.raises(CannotDo):
        slack.press_in_view(slack.responder, view_id, 1)


def test_closing_is_told_only_where_asked_for(slack: LocalSlack, bot: Bot) -> None:
    """notify_on_close, and clear_on_close closes the whole stack."""
    quiet = open_modal(slack, bot, modal(section("x")))
    slack.close_view(slack.responder, quiet)
    told = open_modal(slack, bot, modal(section("x"), notify_on_close=True, clear_on_close=True))

    acked = slack.close_view(slack.responder, told)

    assert acked.ok
    assert [(body["view"]["id"], body["is_cleared"]) for body in bot.closed] == [(told, True)]
    assert slack.views(slack.responder) == ()


def test_a_view_can_be_updated_while_open_and_not_after(slack: LocalSlack, bot: Bot) -> None:
    """Entries stay where ids stay; an old hash conflicts; a closed view is not found; a twin external id is refused."""
    view_id = open_modal(slack, bot, form(text_input(), external_id="one"))
    client = client_of(slack)
    slack.enter(slack.responder, view_id, {"reason_text": "typed"})
    old = slack.views(slack.responder)[0].hash
    client.views_update(
        view_id=view_id, hash=old, view=form(text_input(), title=plain("New"), external_id="one")
    )
    present = slack.views(slack.responder)[0]

    codes = []
    for args in ({"view_id": view_id, "hash": old}, {"external_id": "two"}, {"view_id": "V0"}):
        with pytest.raises(SlackApiError) as refused:
            client.views_update(view=modal(), **args)
        codes.append(refused.value.response["error"])

    assert present.title == "New"
    assert present.entered["reason"]["reason_text"]["value"] == "typed"
    assert codes == ["hash_conflict", "not_found", "not_found"]
