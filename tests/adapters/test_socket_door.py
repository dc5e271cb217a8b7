"""The door of Socket Mode closes: what was taken before is answered, over the real protocol."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_bolt import Ack, App

from bot.adapters.slack_chat import make_client
from bot.adapters.slack_doors import SocketDoor
from bot.sandbox.slack import LocalSlack
from bot.sandbox.slack.workspace import RESPONDER
from tests.workflows.parts import WAIT_S, until


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(rate_limits=False) as up:
        yield up


def test_a_command_in_hand_is_answered_while_the_door_closes(slack: LocalSlack) -> None:
    """Its answer goes over the connection that it came by."""
    app = App(client=make_client(slack.bot_token, base_url=slack.api_url), signing_secret="for-tests")
    reached, go_on, closing = threading.Event(), threading.Event(), threading.Event()

    @app.command("/diffy")
    def slow(ack: Ack) -> None:
        reached.set()
        assert go_on.wait(WAIT_S)
        ack(text="done")

    door = SocketDoor(app, slack.app_token)
    door.open()
    slack.wait_connected(1, WAIT_S)

    def close() -> None:
        closing.set()
        door.close()

    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(slack.command, RESPONDER.id, slack.channel, "/diffy", "status")
        assert reached.wait(WAIT_S)
        ending = threads.submit(close)
        assert closing.wait(WAIT_S)
        go_on.set()
        result = answer.result(WAIT_S)
        ending.result(WAIT_S)

    assert result.acked.ok, result.acked.error
    assert slack.connections == 0


def test_a_connection_that_is_being_renewed_is_closed_too(slack: LocalSlack) -> None:
    """Slack renews connections all the time; the new one must not swallow commands of a bot that is gone."""
    app = App(client=make_client(slack.bot_token, base_url=slack.api_url), signing_secret="for-tests")
    door = SocketDoor(app, slack.app_token)
    door.open()
    slack.wait_connected(1, WAIT_S)
    client: Any = door._handler.client
    connect, reached, go_on = client.issue_new_wss_url, threading.Event(), threading.Event()

    def slow() -> str:
        reached.set()
        assert go_on.wait(WAIT_S)
        return str(connect())

    client.issue_new_wss_url = slow
    slack.refresh_sockets(warn_first=True, grace_s=0.0)
    assert reached.wait(WAIT_S)
    ending = threading.Thread(target=door.close)
    ending.start()
    until(lambda: client.closed)
    go_on.set()
    ending.join(WAIT_S)

    slack.wait_for(lambda up: up.connections == 0, WAIT_S)
