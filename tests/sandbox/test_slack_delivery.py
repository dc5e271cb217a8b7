"""Do events reach a real Bolt app over Socket Mode and signed HTTP, also when connections break?"""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox.slack import LocalSlack
from tests.sandbox.slack_bots import (
    Bot,
    app_of,
    form,
    open_modal,
    over_http,
    over_sockets,
    section,
    text_input,
    until,
)


def test_no_connection_is_shown_as_a_failed_dispatch(slack: LocalSlack) -> None:
    """At once."""
    result = slack.command(slack.responder, slack.channel, "/diffy", "x")

    assert result.acked.error == "dispatch_failed"


def test_over_http_everything_is_signed_and_form_encoded() -> None:
    """Bolt checks the signature; commands, presses, modals and url_verification come through."""
    with LocalSlack(mode="http", ack_timeout_s=20.0) as slack:
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
    with LocalSlack(mode="http", ack_timeout_s=20.0) as slack:
        bot = Bot(app_of(slack, signing_secret="another"))
        with over_http(slack, bot.app):
            refused = slack.command(slack.responder, slack.channel, "/diffy", "x")
        unheard = slack.command(slack.responder, slack.channel, "/diffy", "x")
    with LocalSlack(mode="http", ack_timeout_s=0.3) as hasty:
        slow = Bot(app_of(hasty, signing_secret=hasty.signing_secret))
        given_up = threading.Event()

        @slow.app.middleware
        def wait(next: Any) -> None:
            given_up.wait(30)
            next()

        with over_http(hasty, slow.app):
            late = hasty.command(hasty.responder, hasty.channel, "/diffy", "x")
            given_up.set()

    assert [r.acked.error for r in (refused, unheard, late)] == [
        "dispatch_failed",
        "dispatch_failed",
        "operation_timeout",
    ]


def test_sockets_are_refreshed_dropped_and_shared(slack: LocalSlack) -> None:
    """The client reconnects after a refresh, a closed and a cut connection; with two, either one is asked."""
    bot = Bot(app_of(slack))
    with over_sockets(slack, bot.app, ping_s=0.2) as handler:
        breaks: list[Callable[[], None]] = [
            lambda: slack.refresh_sockets(warn_first=True, grace_s=0.05),
            lambda: slack.drop_sockets(clean=True),
            slack.drop_sockets,
        ]
        for break_it in breaks:
            former = handler.client.session_id()
            break_it()
            # Not only begun: slack_sdk leaves a socket open that breaks while it is being opened.
            until(lambda former=former: handler.client.session_id() not in (None, former))  # type: ignore[misc]
            slack.wait_connected()
    with over_sockets(slack, bot.app), over_sockets(slack, bot.app):
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
