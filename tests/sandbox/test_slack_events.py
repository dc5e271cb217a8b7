"""Do commands, presses and modals reach a real Bolt app, over Socket Mode and over signed HTTP, and come back as in Slack?"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack import CannotDo, LocalSlack
from tests.sandbox.slack_bots import (
    actions,
    app_of,
    button,
    client_of,
    form,
    modal,
    option,
    over_http,
    over_sockets,
    plain,
    section,
    text_input,
)


@dataclass
class Bot:
    """A Bolt app that keeps what it was sent and answers as each test sets it."""

    app: App
    commands: list[dict[str, Any]] = field(default_factory=list)
    presses: list[dict[str, Any]] = field(default_factory=list)
    submissions: list[dict[str, Any]] = field(default_factory=list)
    closed: list[dict[str, Any]] = field(default_factory=list)
    command_ack: dict[str, Any] = field(default_factory=dict)
    view_ack: dict[str, Any] = field(default_factory=dict)
    opens: dict[str, Any] | None = None
    pushes: dict[str, Any] | None = None
    responds: dict[str, Any] | None = None
    silent: bool = False

    def __post_init__(self) -> None:
        @self.app.command("/diffy")
        def command(ack: Ack, body: dict[str, Any]) -> None:
            self.commands.append(body)
            if not self.silent:
                ack(**self.command_ack)

        @self.app.action({"type": "block_actions", "action_id": "go"})
        def press(ack: Ack, body: dict[str, Any], client: WebClient, respond: Respond) -> None:
            self.presses.append(body)
            if self.silent:
                return
            ack()
            if self.opens is not None:
                client.views_open(trigger_id=body["trigger_id"], view=self.opens)
            if self.pushes is not None:
                client.views_push(trigger_id=body["trigger_id"], view=self.pushes)
            if self.responds is not None:
                respond(**self.responds)

        @self.app.view("modal")
        def submission(ack: Ack, body: dict[str, Any]) -> None:
            self.submissions.append(body)
            ack(**self.view_ack)

        @self.app.view_closed("modal")
        def closed(ack: Ack, body: dict[str, Any]) -> None:
            self.closed.append(body)
            ack()


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(ack_timeout_s=0.5) as slack:
        yield slack


@pytest.fixture
def bot(slack: LocalSlack) -> Iterator[Bot]:
    bot = Bot(app_of(slack))
    with over_sockets(slack, bot.app):
        yield bot


def post_button(slack: LocalSlack, *more: dict[str, Any], **extra: Any) -> str:
    client = client_of(slack)
    ts = client.chat_postMessage(
        channel=slack.channel, text="x", blocks=[actions(button("go", **extra), *more)]
    ).data["ts"]  # type: ignore[call-overload]
    return str(ts)


def open_modal(slack: LocalSlack, bot: Bot, view: dict[str, Any]) -> str:
    ts = post_button(slack, value="open")
    bot.opens = view
    slack.press(slack.responder, slack.channel, ts, "go")
    view_id = slack.wait_for(lambda s: s.views(s.responder))[-1].id
    bot.opens = None
    return view_id


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


def test_no_acknowledgement_in_time_is_shown_as_a_timeout(slack: LocalSlack, bot: Bot) -> None:
    """The user is told by Slackbot, and the bot is not asked again."""
    bot.silent = True

    result = slack.command(slack.responder, slack.channel, "/diffy", "x")

    assert (result.acked.ok, result.acked.error) == (False, "operation_timeout")
    assert result.text == '/diffy failed with the error "operation_timeout"'
    assert len(bot.commands) == 1


def test_no_connection_is_shown_as_a_failed_dispatch(slack: LocalSlack) -> None:
    """At once."""
    result = slack.command(slack.responder, slack.channel, "/diffy", "x")

    assert result.acked.error == "dispatch_failed"


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


def test_a_press_that_is_not_acknowledged_is_shown(slack: LocalSlack, bot: Bot) -> None:
    """As a notice beside the button."""
    ts = post_button(slack)
    bot.silent = True

    result = slack.press(slack.responder, slack.channel, ts, "go")

    assert result.acked.error == "operation_timeout"
    assert "operation_timeout" in slack.ephemerals(slack.responder)[-1].text


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


def test_a_trigger_works_once_and_for_three_seconds() -> None:
    """By the server's clock: expired_trigger_id, exchanged_trigger_id, invalid_trigger_id."""
    now = [1_700_000_000.0]
    with LocalSlack(clock=lambda: now[0]) as slack:
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
    with LocalSlack(clock=lambda: now[0]) as slack:
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


def test_over_http_everything_is_signed_and_form_encoded() -> None:
    """Bolt checks the signature; commands, presses, modals and url_verification come through."""
    with LocalSlack(mode="http", ack_timeout_s=2.0) as slack:
        assert "SLACK_APP_TOKEN" not in slack.env
        bot = Bot(app_of(slack, signing_secret=slack.env["SLACK_SIGNING_SECRET"]))
        bot.command_ack = {"text": "on it"}
        with over_http(slack, bot.app):
            verified = slack.verify_url()
            result = slack.command(slack.responder, slack.channel, "/diffy", "analyze ümlaut & co")
            view_id = open_modal(slack, bot, form(text_input()))
            bot.view_ack = {"response_action": "errors", "errors": {"reason": "no"}}
            submitted = slack.submit(slack.responder, view_id, {"reason": "x"})
            bot.command_ack = {"text": "with blocks", "blocks": [section("b")]}
            blocks = slack.command(slack.responder, slack.channel, "/diffy", "x")

    assert verified
    assert result.text == "on it"
    assert bot.commands[0]["text"] == "analyze ümlaut &amp; co"
    assert submitted.errors == {"reason": "no"}
    assert blocks.ephemeral is not None
    assert len(blocks.ephemeral.blocks) == 1


def test_over_http_a_wrong_secret_or_no_listener_fails_the_dispatch() -> None:
    """Bolt answers 401; a closed port and silence fail as well."""
    with LocalSlack(mode="http", ack_timeout_s=0.5) as slack:
        bot = Bot(app_of(slack, signing_secret="another"))
        with over_http(slack, bot.app):
            refused = slack.command(slack.responder, slack.channel, "/diffy", "x")
        unheard = slack.command(slack.responder, slack.channel, "/diffy", "x")
        slow = Bot(app_of(slack, signing_secret=slack.signing_secret))

        @slow.app.middleware
        def wait(next: Any) -> None:
            time.sleep(1.0)
            next()

        with over_http(slack, slow.app):
            late = slack.command(slack.responder, slack.channel, "/diffy", "x")

    assert [r.acked.error for r in (refused, unheard, late)] == [
        "dispatch_failed",
        "dispatch_failed",
        "operation_timeout",
    ]


def test_sockets_are_refreshed_dropped_and_shared(slack: LocalSlack) -> None:
    """The client reconnects after a refresh, a closed and a cut connection; with two, either one is asked."""
    bot = Bot(app_of(slack))
    with over_sockets(slack, bot.app):
        slack.refresh_sockets(warn_first=True, grace_s=0.05)
        slack.wait_connected()
        slack.drop_sockets(clean=True)
        slack.wait_connected()
        slack.drop_sockets()
        slack.wait_connected(timeout_s=20.0)
        with over_sockets(slack, bot.app):
            for number in range(4):
                assert slack.command(slack.responder, slack.channel, "/diffy", str(number)).acked.ok

    assert sorted(body["text"] for body in bot.commands) == ["0", "1", "2", "3"]
    assert slack.rejected == ()


def test_a_socket_address_opens_one_connection(slack: LocalSlack) -> None:
    """A ticket is used up by the first who comes with it."""
    app = app_of(slack)
    with over_sockets(slack, app) as handler:
        used = str(handler.client.wss_uri).replace("ws://", "http://")

        with pytest.raises(urllib.error.HTTPError) as again:
            urllib.request.urlopen(used)
        again.value.close()

    assert again.value.code == 403


def test_a_bot_that_was_removed_is_told_so(slack: LocalSlack, bot: Bot) -> None:
    """Membership can change while a run is on."""
    slack.remove_bot(slack.channel)

    with pytest.raises(SlackApiError) as refused:
        client_of(slack).chat_postMessage(channel=slack.channel, text="x")

    assert refused.value.response["error"] == "not_in_channel"


def test_handler_type_is_the_builtin_one() -> None:
    """The tests use the client that the bot uses."""
    assert SocketModeHandler.__module__ == "slack_bolt.adapter.socket_mode.builtin"
