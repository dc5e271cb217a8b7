"""How does Slack reach the bot? Payloads become calls, presses and submissions; each is acknowledged at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from typing import Any, Protocol

from slack_bolt import Ack, App, Respond
from slack_bolt.error import BoltError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.errors import SettingsError
from bot.model import Message
from bot.workflows.calls import Call, Press, Submission
from bot.workflows.desk import Tell

log = logging.getLogger(__name__)

LISTENERS = 16  # threads that acknowledge; nothing long runs there


class Front(Protocol):
    """What answers: decides from memory, writes down, and leaves the rest to threads of its own."""

    def command(self, call: Call, tell: Tell) -> Message: ...

    def press(self, press: Press, tell: Tell) -> None: ...

    def submit(self, submission: Submission) -> Mapping[str, str]:
        """Return errors by block id; empty when the modal may close."""
        ...


def make_app(
    client: WebClient,
    front: Front,
    *,
    signing_secret: str,
    actions: Callable[[], list[str]],
    views: list[str],
) -> App:
    """Return the Bolt app.

    Args:
        signing_secret: Empty in Socket Mode, where Slack does not sign.
        actions: The action ids that are listened to.
        views: The callback ids of the modals that are listened to.

    Raises:
        SettingsError: Slack does not accept the bot token.
    """
    try:
        app = App(
            client=client,
            signing_secret=signing_secret or "socket-mode-requests-are-not-signed",
            request_verification_enabled=bool(signing_secret),
            listener_executor=ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener"),
        )
    except (BoltError, SlackApiError, OSError) as error:
        raise SettingsError(
            (f"Slack did not accept SLACK_BOT_TOKEN or could not be reached: {error}.",)
        ) from error

    @app.command("/diffy")
    def on_command(ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        call = Call(user=body["user_id"], channel=body["channel_id"], text=body.get("text") or "")
        message = front.command(call, _teller(respond))
        ack(text=message.text, blocks=_blocks(message), response_type="ephemeral")

    def on_action(ack: Ack, body: dict[str, Any], action: dict[str, Any], respond: Respond) -> None:
        ack()
        front.press(_to_press(body, action), _teller(respond))

    for action_id in actions():
        app.action(action_id)(on_action)

    def on_view(ack: Ack, body: dict[str, Any]) -> None:
        errors = front.submit(_to_submission(body))
        if errors:
            ack(response_action="errors", errors=dict(errors))
        else:
            ack()

    for callback in views:
        app.view(callback)(on_view)
        app.view_closed(callback)(_closed)
    return app


def _closed(ack: Ack) -> None:
    ack()


def _teller(respond: Respond) -> Tell:
    def tell(message: Message) -> None:
        try:
            answer = respond(
                text=message.text,
                blocks=_blocks(message),
                response_type="ephemeral",
                replace_original=False,
            )
        except (OSError, HTTPException, ValueError, SlackApiError) as error:
            log.warning("a private answer could not be delivered: %s", type(error).__name__)
        else:
            if answer is not None and answer.status_code != 200:
                log.warning("a private answer was refused: HTTP %s %s", answer.status_code, answer.body[:200])

    return tell


def _blocks(message: Message) -> list[dict[str, Any]] | None:
    return [dict(block) for block in message.blocks] or None


def _to_press(body: Mapping[str, Any], action: Mapping[str, Any]) -> Press:
    container = body.get("container") or {}
    message = body.get("message") or {}
    view = body.get("view") or {}
    option = action.get("selected_option") or {}
    return Press(
        user=body["user"]["id"],
        channel=(body.get("channel") or {}).get("id") or container.get("channel_id") or "",
        action=action["action_id"],
        value=action.get("value") or option.get("value") or "",
        message_ts=message.get("ts") or container.get("message_ts") or "",
        thread_ts=message.get("thread_ts") or "",
        trigger_id=body.get("trigger_id") or "",
        view_id=view.get("id") or "",
        metadata=view.get("private_metadata") or "",
    )


def _to_submission(body: Mapping[str, Any]) -> Submission:
    view = body["view"]
    values: dict[str, str | tuple[str, ...]] = {}
    for block_id, elements in (view.get("state") or {}).get("values", {}).items():
        for element in elements.values():
            if "selected_options" in element:
                values[block_id] = tuple(option["value"] for option in element["selected_options"] or ())
            else:
                selected = element.get("selected_option") or {}
                values[block_id] = element.get("value") or selected.get("value") or ""
    return Submission(
        user=body["user"]["id"],
        callback=view["callback_id"],
        metadata=view.get("private_metadata") or "",
        view_id=view["id"],
        values=values,
    )
