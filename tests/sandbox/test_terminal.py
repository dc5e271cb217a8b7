"""Can a person use the local Slack by typing, and see what happens?"""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Protocol

import pytest
from slack_bolt import Ack
from slack_sdk import WebClient

from bot.sandbox.slack import LocalSlack
from bot.sandbox.terminal import Terminal
from bot.sandbox.terminal_live import Live
from tests.sandbox.slack_bots import (
    actions,
    app_of,
    button,
    client_of,
    form,
    option,
    over_sockets,
    plain,
    section,
    text_input,
)

CONFIRM = {
    "title": plain("Sure?"),
    "text": plain("It stays."),
    "confirm": plain("Accept"),
    "deny": plain("No"),
}


def a_form() -> dict[str, Any]:
    select = {
        "type": "static_select",
        "action_id": "pick",
        "options": [option("q1", "Query 1"), option("q2", "Query 2")],
    }
    boxes = {"type": "checkboxes", "action_id": "hosts", "options": [option("h1"), option("h2")]}
    hosts = {"type": "input", "block_id": "h", "label": plain("Hosts"), "element": boxes, "optional": True}
    return form(
        {"type": "actions", "block_id": "row", "elements": [select]},
        text_input(),
        {**hosts, "hint": plain("those to take")},
        notify_on_close=True,
    )


class Answering(ThreadPoolExecutor):
    """Runs the bot's listeners, and knows when all of them have ended."""

    def __init__(self) -> None:
        super().__init__(5)
        self._begun: list[Future[Any]] = []

    def submit(self, *work: Any, **more: Any) -> Future[Any]:
        self._begun.append(super().submit(*work, **more))
        return self._begun[-1]

    def idle(self) -> None:
        """Wait until the bot has done all that it was asked to do."""
        wait(self._begun)


@pytest.fixture
def answering() -> Iterator[Answering]:
    with Answering() as executor:
        yield executor


@pytest.fixture
def slack(answering: Answering) -> Iterator[LocalSlack]:
    with LocalSlack(ack_timeout_s=20.0) as slack:
        app = app_of(slack, listener_executor=answering)

        @app.command("/diffy")
        def command(ack: Ack, command: dict[str, Any], client: WebClient) -> None:
            ack(f"Running {command['text']}" if command["text"] != "quiet" else "")
            menu = {
                "type": "overflow",
                "action_id": "more",
                "options": [option("a", "Again"), option("f", "File")],
            }
            rows = [
                section("*web-asg*"),
                actions(button("open", "Look"), button("sure", "Accept", confirm=CONFIRM), menu),
            ]
            ts = client.chat_postMessage(channel=command["channel_id"], text="x", blocks=rows)["ts"]
            reply = [section("web-1"), actions(button("host", "This host"))]
            client.chat_postMessage(channel=command["channel_id"], text="x", blocks=reply, thread_ts=ts)

        @app.action("open")
        def open_(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=a_form())

        @app.action("pick")
        def pick(ack: Ack, action: dict[str, Any], client: WebClient) -> None:
            ack()
            client.chat_postMessage(
                channel=slack.channel, text=f"picked {action['selected_option']['value']}"
            )

        for name in ("sure", "host", "more"):

            @app.action(name)
            def pressed(ack: Ack, action: dict[str, Any], body: dict[str, Any], client: WebClient) -> None:
                ack()
                chosen = action.get("selected_option", {}).get("value", "")
                text = f"{body['user']['name']} pressed {action['action_id']} {chosen}"
                client.chat_postMessage(channel=slack.channel, text=text)

        @app.view("modal")
        def view(ack: Ack, view: dict[str, Any], client: WebClient) -> None:
            values = view["state"]["values"]
            reason = values["reason"]["reason_text"]["value"]
            if len(reason) < 3:
                ack(response_action="errors", errors={"reason": "say more"})
                return
            ack()
            hosts = ",".join(one["value"] for one in values["h"]["hosts"]["selected_options"])
            client.chat_postMessage(channel=slack.channel, text=f"because {reason}; {hosts}")

        @app.view_closed("modal")
        def closed(ack: Ack) -> None:
            ack()

        with over_sockets(slack, app):
            yield slack


class Play(Protocol):
    def __call__(self, *lines: str) -> str: ...


@pytest.fixture
def play(slack: LocalSlack, answering: Answering) -> Play:
    """Type lines, each once the bot has done with the one before; return all that was shown."""

    def type_all(*lines: str) -> str:
        out, typed = io.StringIO(), iter(lines)
        live = Live(slack, out, tty=False)

        def ask(prompt: str) -> str | None:
            answering.idle()
            live.catch_up()
            return next(typed, None)

        Terminal(slack, ask, live).run()
        return out.getvalue()

    return type_all


def texts(slack: LocalSlack) -> list[str]:
    return [message.text for message in slack.messages(slack.channel)]


def test_a_command_and_its_buttons(slack: LocalSlack, play: Play) -> None:
    """The answer, the message with numbered buttons and menu options, and the reply, numbered on."""
    shown = play("/diffy analyze web-asg", "5")

    assert "Running analyze web-asg" in shown
    assert "web-asg" in shown
    assert "[1] Look   [2] Accept   [3] … Again   [4] … File" in shown
    assert "↳ in the thread" in shown
    assert "[5] This host" in shown
    assert texts(slack)[-1] == "responder pressed host "


def test_a_menu_a_confirmation_and_another_person(slack: LocalSlack, play: Play) -> None:
    """A declined confirmation sends nothing; `as` switches who presses."""
    shown = play("/diffy quiet", "2", "n", "4", "as approver", "2", "y", "quit", "never read")

    assert "(acknowledged in" in shown
    assert "Sure?\nIt stays." in shown
    assert texts(slack)[1:] == ["responder pressed more f", "approver pressed sure "]


def test_a_modal_is_filled_in_and_submitted(slack: LocalSlack, play: Play) -> None:
    """Choices by number, fields by key, missing ones asked for, errors shown at their field."""
    shown = play(
        "/diffy x",
        "1",
        "1",
        "2",
        "hosts=[h1, h2]",
        "submit",
        "no",
        'reason_text="because it is so"',
        "submit",
    )

    assert "── Title ─" in shown
    assert "Reason *   (reason_text=…)" in shown
    assert "  > h1, h2" in shown
    assert "! say more" in shown
    assert texts(slack)[1:] == ["picked q2", "because because it is so; h1,h2"]
    assert slack.views(slack.responder) == ()


def test_a_modal_is_closed(play: Play) -> None:
    """And then there is none to close, submit or fill in."""
    shown = play("/diffy x", "1", "show", "close", "close", "submit", "reason=x")

    assert shown.count("── Title ─") == 2
    assert shown.count("Not possible: no modal is open") == 3


def test_what_cannot_be_done_is_said(play: Play) -> None:
    """Wrong numbers, unknown words, people, channels and files."""
    shown = play("7", "/diffy x", "9", "dance", "as nobody", "file x.json", "in old-incident", "/diffy x", "")

    assert shown.count("Not possible: there is no [7] here") == 1
    assert shown.count("Not possible: there is no [9] here") == 1
    assert "I do not know 'dance'" in shown
    assert "nobody and nothing here is called nobody" in shown
    assert "there is no file x.json" in shown
    assert "old-incident is archived" in shown


def test_choosing_nothing_sends_nothing(slack: LocalSlack, play: Play) -> None:
    """An empty line at the list of options."""
    shown = play("/diffy x", "1", "1", "")

    assert "1  Query 1" in shown
    assert "Not possible: nothing was chosen" in shown
    assert len(texts(slack)) == 1


def test_threads_files_and_the_channel_can_be_shown_again(slack: LocalSlack, play: Play) -> None:
    """On demand, a file's bytes as text without control characters."""
    ts = client_of(slack).chat_postMessage(channel=slack.channel, text="parent")["ts"]
    client_of(slack).files_upload_v2(
        channel=slack.channel, thread_ts=ts, content="a\x1b[31mb", filename="all.txt", title="All rows"
    )

    shown = play("show", "threads", "file all.txt", "help")

    assert "↳ 1 reply (type: threads)" in shown
    assert "📎 all.txt — All rows (7 bytes)" in shown
    assert "a[31mb" in shown
    assert shown.count("help · quit") == 2


def test_progress_is_printed_once_without_a_tty(slack: LocalSlack) -> None:
    """An edit that only changes numbers is not printed; one that changes words is."""
    client, out = client_of(slack), io.StringIO()
    live = Live(slack, out, tty=False)
    live.watch(slack.responder, slack.channel)
    ts = client.chat_postMessage(channel=slack.channel, text="collecting 1/24 █░░")["ts"]
    live.catch_up()

    for text in ("collecting 9/24 ██░", "collecting 23/24 ███", "2 of 24 hosts stand out"):
        client.chat_update(channel=slack.channel, ts=ts, text=text)
        live.catch_up()
    live.catch_up()

    shown = out.getvalue()
    assert shown.count("collecting") == 1
    assert shown.count("stand out") == 1


def test_progress_is_drawn_over_on_a_tty(slack: LocalSlack) -> None:
    """The cursor goes up over the last drawing, unless something else was printed since; the prompt comes back."""
    client, out = client_of(slack), io.StringIO()
    live = Live(slack, out, tty=True, typing=lambda: "me> half a li")
    live.watch(slack.responder, slack.channel)
    ts = client.chat_postMessage(channel=slack.channel, text="collecting 1/24")["ts"]
    live.catch_up()

    client.chat_update(channel=slack.channel, ts=ts, text="collecting 2/24")
    live.catch_up()
    over = out.getvalue()
    live.typed()
    client.chat_update(channel=slack.channel, ts=ts, text="collecting 3/24")
    live.catch_up()
    anew = out.getvalue().removeprefix(over)

    assert over.count("\x1b[2A\x1b[J") == 1
    assert over.endswith("me> half a li")
    assert "A\x1b[J" not in anew


def test_the_thread_that_watches_shows_changes_by_itself(slack: LocalSlack) -> None:
    """Without a word from the person, until it is stopped."""
    out = io.StringIO()
    live = Live(slack, out, tty=False)
    live.watch(slack.responder, slack.channel)
    live.start()

    client_of(slack).chat_postMessage(channel=slack.channel, text="news")
    live.stop()

    assert "news" in out.getvalue()
