"""A small bot that behaves as Diffy does in Slack, run as a process of its own by the demo's tests.

BOT_MODE: "" works; "dies" ends at once; "mute" never finishes; "rude" sends blocks that Slack refuses; "deaf" does not
acknowledge; "stubborn" ignores SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from slack_bolt import Ack, App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError


def button(action_id: str, text: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": text}}


def blocks(text: str, *buttons: dict[str, Any]) -> list[dict[str, Any]]:
    head = {"type": "header", "text": {"type": "plain_text", "text": text}}
    return [head, {"type": "actions", "elements": list(buttons)}] if buttons else [head]


def main(mode: str) -> int:
    Path("environment.txt").write_text("\n".join(sorted(os.environ)))
    if mode == "dies":
        sys.stderr.write("No settings at all.\n")
        return 2
    done = threading.Event()
    handler = signal.SIG_IGN if mode == "stubborn" else lambda *_: done.set()
    signal.signal(signal.SIGTERM, handler)
    client = WebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"])
    app = App(client=client)

    @app.command("/diffy")
    def command(ack: Ack, command: dict[str, Any], client: WebClient) -> None:
        if mode == "deaf":
            return
        ack(f"Running: {command['text']}")
        channel = command["channel_id"]
        if mode == "rude":
            with suppress(SlackApiError):
                client.chat_postMessage(channel=channel, text="x", blocks=blocks("x" * 151))
        running = button("cancel_run", "Cancel")
        ts = client.chat_postMessage(channel=channel, text="run", blocks=blocks("collecting 0/2", running))[
            "ts"
        ]
        if mode == "mute":
            return
        client.chat_update(channel=channel, ts=ts, text="run", blocks=blocks("collecting 1/2", running))
        client.chat_postMessage(channel=channel, text="web-1 stands out", thread_ts=ts)
        final = blocks("1 of 2 hosts stands out", button("drill_down", "Look deeper"))
        client.chat_update(channel=channel, ts=ts, text="run", blocks=final)

    @app.action("drill_down")
    def drill(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        rows = {"type": "section", "text": {"type": "mrkdwn", "text": "processes: +1 row"}}
        title = {"type": "plain_text", "text": "web-1"}
        client.views_open(
            trigger_id=body["trigger_id"], view={"type": "modal", "title": title, "blocks": [rows]}
        )

    SocketModeHandler(app, os.environ["SLACK_APP_TOKEN"]).connect()  # type: ignore[no-untyped-call]
    done.wait()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
