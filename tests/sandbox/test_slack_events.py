"""Do commands, presses and answers reach a real Bolt app and come back as in Slack?"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack import CannotDo, LocalSlack
from tests.sandbox.slack_bots import (
    Bot,
    actions,
    app_of,
    client_of,
    modal,
    option,
    over_sockets,
    plain,
    post_button,
    section,
    until,
)


def test_a_command_comes_with_slacks_fields(slack: LocalSlack, bot: Bot) -> None:
    """Names are escaped to ids, everything is text, and the acknowledgement is shown to the user alone."""
    bot.command_ack = {"text": "on it"}

    result = slack.command(slack.responder, slack.channel, "/diffy", "analyze web & @approver #incident-2")

    (body,) = bot.commands
    assert body["text"] == "analyze web &amp; <@U0APPROVE01|approver> <#C0INCIDENT2|incident-2>"
    assert (body["user_id"], body["channel_id"]) == (slack.responder, slack.channel)
    assert body["response_url"].startswith(slack.api_url.removesuffix("api/"))
    assert {"trigger_id", "team_id", "api_app_id", "command", "channel_name", "user_name"} <= set(body)
    assert (result.acked.ok, result.text) == (True, "on it")
    assert [m.text for m in slack.ephemerals(slack.responder)] == ["on it"]
    assert slack.messages(slack.channel) == ()
    assert slack.scopes_used == {"commands"}


@pytest.fixture
def hasty() -> Iterator[LocalSlack]:
    """A Slack that hardly waits for acknowledgements."""
    with LocalSlack(ack_timeout_s=0.3) as slack:
        yield slack


def test_no_acknowledgement_in_time_is_shown_as_a_timeout(hasty: LocalSlack) -> None:
    """The user is told by Slackbot, and the bot is not asked again."""
    bot = Bot(app_of(hasty), silent=True)

    with over_sockets(hasty, bot.app):
        result = hasty.command(hasty.responder, hasty.channel, "/diffy", "x")
        until(lambda: bot.commands)

    assert (result.acked.ok, result.acked.error) == (False, "operation_timeout")
    assert result.text == '/diffy failed with the error "operation_timeout"'
    assert len(bot.commands) == 1


def test_an_acknowledgement_that_slack_would_refuse_is_counted(slack: LocalSlack, bot: Bot) -> None:
    """Blocks in an acknowledgement are checked like any others."""
    bot.command_ack = {"text": "x", "blocks": [{"type": "section", "text": plain("x" * 3001)}]}

    result = slack.command(slack.responder, slack.channel, "/diffy", "x")

    assert "invalid_blocks" in result.text
    assert [call.method for call in slack.rejected] == ["ack"]


def test_who_is_not_a_member_cannot_type_here(slack: LocalSlack, bot: Bot) -> None:
    """Nor a deactivated one; and commands that no app has are not sent anywhere."""
    for user, channel in (
        (slack.guest, slack.second_channel),
        (slack.deactivated, slack.channel),
        (slack.responder, slack.archived_channel),
        ("U0NOBODY", slack.channel),
    ):
        with pytest.raises(CannotDo):
            slack.command(user, channel, "/diffy", "x")

    other = slack.command(slack.responder, slack.channel, "/other", "x")

    assert "not a valid command" in other.text
    assert bot.commands == []


def test_a_press_comes_with_its_message_and_value(slack: LocalSlack, bot: Bot) -> None:
    """Also by its number, with labels escaped so that they are no identifiers."""
    ts = post_button(slack, value="run-1", text="A & B")

    result = slack.press(slack.responder, slack.channel, ts, 1)

    (body,) = bot.presses
    (action,) = body["actions"]
    assert result.acked.ok
    assert (action["value"], action["text"]["text"]) == ("run-1", "A &amp; B")
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": slack.channel,
        "is_ephemeral": False,
    }
    assert body["message"]["ts"] == ts
    assert body["user"]["id"] == slack.responder


def test_a_menu_choice_comes_as_the_selected_option(slack: LocalSlack, bot: Bot) -> None:
    """From an overflow menu by number, from a select by value, with its state."""
    client = client_of(slack)
    overflow = {"type": "overflow", "action_id": "go", "options": [option("a"), option("b")]}
    select = {"type": "static_select", "action_id": "go", "options": [option("c"), option("d")]}
    first = client.chat_postMessage(channel=slack.channel, text="x", blocks=[actions(overflow)])["ts"]
    block = {**section("x"), "accessory": select, "block_id": "s"}
    second = client.chat_postMessage(channel=slack.channel, text="x", blocks=[block])["ts"]

    slack.press(slack.responder, slack.channel, first, 2)
    slack.press(slack.responder, slack.channel, first, "go", "a")
    slack.press(slack.responder, slack.channel, second, "go", "d")

    chosen = [body["actions"][0]["selected_option"]["value"] for body in bot.presses]
    assert chosen == ["b", "a", "d"]
    assert bot.presses[2]["state"]["values"]["s"]["go"]["selected_option"]["value"] == "d"


def test_what_a_user_does_not_see_cannot_be_pressed(slack: LocalSlack, bot: Bot) -> None:
    """Hidden buttons, wrong numbers, unknown ids and options, deleted messages; a declined confirmation sends nothing."""
    confirm = {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
    ts = post_button(slack, visible_to_user_ids=[slack.approver], confirm=confirm)
    for user, action in ((slack.responder, "go"), (slack.approver, 2), (slack.approver, "nope")):
        with pytest.raises(CannotDo):
            slack.press(user, slack.channel, ts, action)
    with pytest.raises(CannotDo):
        slack.press(slack.responder, slack.channel, "1.000000", 1)

    declined = slack.press(slack.approver, slack.channel, ts, "go", confirm=False)

    assert (declined.sent, bot.presses) == (False, [])


def test_a_press_that_is_not_acknowledged_is_shown(hasty: LocalSlack) -> None:
    """As a notice beside the button."""
    ts = post_button(hasty)
    bot = Bot(app_of(hasty), silent=True)

    with over_sockets(hasty, bot.app):
        result = hasty.press(hasty.responder, hasty.channel, ts, "go")

    assert result.acked.error == "operation_timeout"
    assert "operation_timeout" in hasty.ephemerals(hasty.responder)[-1].text


def test_a_trigger_works_once_and_for_three_seconds() -> None:
    """By the server's clock: expired_trigger_id, exchanged_trigger_id, invalid_trigger_id."""
    now = [1_700_000_000.0]
    with LocalSlack(clock=lambda: now[0], ack_timeout_s=20.0) as slack:
        bot = Bot(app_of(slack))
        client = client_of(slack)
        with over_sockets(slack, bot.app):
            late = slack.command(slack.responder, slack.channel, "/diffy", "x").acked.trigger_id
            now[0] += 3.1
            fresh = slack.command(slack.responder, slack.channel, "/diffy", "x").acked.trigger_id
            now[0] += 2.9
            client.views_open(trigger_id=fresh, view=modal())
            codes = []
            for trigger_id in (late, fresh, "1.2.nonsense"):
                with pytest.raises(SlackApiError) as refused:
                    client.views_open(trigger_id=trigger_id, view=modal())
                codes.append(refused.value.response["error"])
            with pytest.raises(SlackApiError) as refused:
                client.views_push(
                    trigger_id=slack.command(slack.responder, slack.channel, "/diffy", "x").acked.trigger_id,
                    view=modal(),
                )

    assert codes == ["expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"]
    assert refused.value.response["error"] == "invalid_arguments"


RESPONSES: dict[str, tuple[dict[str, Any], tuple[int, int, str]]] = {
    "a new ephemeral": ({"text": "new"}, (1, 1, "x")),
    "in the channel": ({"text": "new", "response_type": "in_channel"}, (2, 0, "x")),
    "in place": ({"text": "new", "replace_original": True}, (1, 0, "new")),
    "deleted": ({"text": "", "delete_original": True}, (0, 0, "x")),
}


@pytest.mark.parametrize(("answer", "expected"), RESPONSES.values(), ids=RESPONSES.keys())
def test_a_response_url_answers_replaces_or_deletes(
    slack: LocalSlack, bot: Bot, answer: dict[str, Any], expected: tuple[int, int, str]
) -> None:
    """As its body says; by default to the user alone."""
    ts = post_button(slack)
    bot.responds = answer

    slack.press(slack.responder, slack.channel, ts, "go")
    slack.wait_for(lambda s: any(call.method == "response_url" for call in s.calls))

    seen = (len(slack.messages(slack.channel)), len(slack.ephemerals(slack.responder)))
    assert (*seen, slack.message(slack.channel, ts).text) == expected
    assert slack.rejected == ()


def _respond(url: str, body: dict[str, Any]) -> int:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_response_url_ends_after_five_uses_or_thirty_minutes() -> None:
    """404 then; what a message is refused for is refused here too."""
    now = [1_700_000_000.0]
    with LocalSlack(clock=lambda: now[0], ack_timeout_s=20.0) as slack:
        bot = Bot(app_of(slack))
        with over_sockets(slack, bot.app):
            for _ in range(2):
                slack.command(slack.responder, slack.channel, "/diffy", "x")
        first, second = (body["response_url"] for body in bot.commands)

        refused = _respond(first, {"text": ""})
        uses = [_respond(first, {"text": "x"}) for _ in range(5)]
        now[0] += 1801
        late = _respond(second, {"text": "x"})

    assert refused == 400
    assert uses == [200, 200, 200, 200, 404]
    assert late == 404
    assert [call.error for call in slack.rejected] == ["no_text", "used_url", "expired_url"]


def test_a_bot_that_was_removed_is_told_so(slack: LocalSlack, bot: Bot) -> None:
    """Membership can change while a run is on."""
    slack.remove_bot(slack.channel)

    with pytest.raises(SlackApiError) as refused:
        client_of(slack).chat_postMessage(channel=slack.channel, text="x")

    assert refused.value.response["error"] == "not_in_channel"
