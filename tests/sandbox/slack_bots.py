"""Which small Bolt apps do the tests of the local Slack talk to? Real ones, over real sockets."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from slack_bolt import Ack, App, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack import LocalSlack

PING_S = 5.0  # a client takes a connection for dead after four of these: never on a busy machine


class Clock:
    """Moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text)}


def button(action_id: str, text: str = "Press", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def option(value: str, text: str = "") -> dict[str, Any]:
    return {"text": plain(text or value), "value": value}


def text_input(block_id: str = "reason", *, optional: bool = False, **more: Any) -> dict[str, Any]:
    element = {"type": "plain_text_input", "action_id": f"{block_id}_text", **more}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(block_id.title()),
        "optional": optional,
        "element": element,
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "title": plain("Title"), "callback_id": "modal", "blocks": list(blocks), **more}


def form(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return modal(*blocks, submit=plain("Send"), **more)


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Return the code with which Slack refuses the call."""
    with pytest.raises(SlackApiError) as refused:
        call(*args, **kwargs)
    return str(refused.value.response["error"])


def client_of(slack: LocalSlack, token: str = "") -> WebClient:
    return WebClient(token=token or slack.bot_token, base_url=slack.api_url)


def app_of(slack: LocalSlack, **more: Any) -> App:
    logger = logging.getLogger("test-bolt")
    logger.setLevel(logging.CRITICAL)
    return App(client=client_of(slack), logger=logger, **more)


@contextmanager
def over_sockets(slack: LocalSlack, app: App, *, ping_s: float = PING_S) -> Iterator[SocketModeHandler]:
    """Run an app over Socket Mode with slack_sdk's builtin client."""
    handler = SocketModeHandler(app, slack.app_token, ping_interval=ping_s)
    before = slack.connections
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        slack.wait_connected(before + 1)
        yield handler
    finally:
        handler.client.auto_reconnect_enabled = False
        slack.drop_sockets(clean=True)  # else close() waits for the client's receive timeout of 3 s
        while handler.client.is_connected():  # closing a socket that its reader closes fails in slack_sdk
            time.sleep(0.005)
            slack.drop_sockets(clean=True)  # a connection that was just being made, too
        handler.client.closed = True
        handler.client.message_queue.put(None)  # and for its queue's of 1 s
        handler.close()  # type: ignore[no-untyped-call]


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        return None


def until(true: Callable[[], object]) -> None:
    """Wait for something that a bot's own thread does."""
    give_up = time.monotonic() + 30
    while not true():
        assert time.monotonic() < give_up, "it never came to pass"
        time.sleep(0.005)


@contextmanager
def over_http(slack: LocalSlack, app: App) -> Iterator[str]:
    """Run an app behind a real WSGI server and send it the events; yields its address."""
    server = make_server("127.0.0.1", 0, SlackRequestHandler(app), handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/slack/events"
    slack.deliver_to(url)
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


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
            opens, pushes, responds = (
                self.opens,
                self.pushes,
                self.responds,
            )  # the test goes on once it is acknowledged
            ack()
            if opens is not None:
                client.views_open(trigger_id=body["trigger_id"], view=opens)
            if pushes is not None:
                with suppress(SlackApiError):  # raised, it could overtake the acknowledgement in Bolt
                    client.views_push(trigger_id=body["trigger_id"], view=pushes)
            if responds is not None:
                respond(**responds)

        @self.app.view("modal")
        def submission(ack: Ack, body: dict[str, Any]) -> None:
            self.submissions.append(body)
            ack(**self.view_ack)

        @self.app.view_closed("modal")
        def closed(ack: Ack, body: dict[str, Any]) -> None:
            self.closed.append(body)
            ack()


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
