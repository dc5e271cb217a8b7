"""Which payloads does Slack send, field by field? (docs.slack.dev/interactivity; shapes as slack_bolt's own tests have them)"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.slack.inputs import values_of
from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.methods_chat import echo
from bot.sandbox.slack.methods_views import echo_view
from bot.sandbox.slack.records import Channel, Message, User, View
from bot.sandbox.slack.workspace import APP_ID, TEAM_DOMAIN, TEAM_ID

VERIFICATION_TOKEN = "not-used-signatures-are"  # deprecated by Slack, still sent


def escape_typed(text: str, users: Mapping[str, User], channels: Mapping[str, Channel]) -> str:
    """Return command text as Slack sends it with ``should_escape``: names become ids, ``& < >`` entities."""
    by_name = {user.name: user for user in users.values()}
    rooms = {channel.name: channel for channel in channels.values() if not channel.private}
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def person(match: re.Match[str]) -> str:
        user = by_name.get(match[1])
        return f"<@{user.id}|{user.name}>" if user else match[0]

    def room(match: re.Match[str]) -> str:
        channel = rooms.get(match[1])
        return f"<#{channel.id}|{channel.name}>" if channel else match[0]

    text = re.sub(r"(?<!\S)@([\w.-]+)", person, text)
    text = re.sub(r"(?<!\S)#([\w.-]+)", room, text)
    return re.sub(r"(?<!\S)(https?://\S+)", r"<\1>", text)


def _channel_name(channel: Channel) -> str:
    if channel.im:
        return "directmessage"
    return "privategroup" if channel.private else channel.name


def slash_command(
    user: User, channel: Channel, command: str, text: str, *, response_url: str, trigger_id: str
) -> Json:
    """Return the fields of a slash command: all text, as they come in a form."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": _channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def _who(kind: str, user: User) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def message_action(
    user: User, channel: Channel, message: Message, action: Json, *, response_url: str, trigger_id: str
) -> Json:
    """Return block_actions for a press in a message; an ephemeral message itself is not sent along."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.only_for),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body = _who("block_actions", user) | {
        "container": container,
        "trigger_id": trigger_id,
        "channel": {"id": channel.id, "name": _channel_name(channel)},
        "state": {"values": values_of(message.blocks, _entry(action))},
        "response_url": response_url,
        "actions": [action],
    }
    if not message.only_for:
        body["message"] = echo(message)
    return body


def view_action(user: User, view: View, action: Json, *, trigger_id: str) -> Json:
    """Return block_actions for a press inside a modal."""
    return _who("block_actions", user) | {
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": trigger_id,
        "view": echo_view(view),
        "actions": [action],
    }


def view_submission(user: User, view: View, *, trigger_id: str) -> Json:
    """Return view_submission, with all values as they stand in the view."""
    return _who("view_submission", user) | {
        "trigger_id": trigger_id,
        "view": echo_view(view),
        "response_urls": [],
    }


def view_closed(user: User, view: View, *, cleared: bool) -> Json:
    """Return view_closed; ``cleared`` when the whole stack went."""
    return _who("view_closed", user) | {"view": echo_view(view), "is_cleared": cleared}


def entry_of(action: Json) -> dict[str, Any]:
    """Return the state value inside an action: its type and what was chosen."""
    return {
        name: value
        for name, value in action.items()
        if name == "type" or name.startswith(("selected", "value"))
    }


def _entry(action: Json) -> dict[str, dict[str, Json]]:
    if action["type"] in ("button", "overflow"):
        return {}
    return {action["block_id"]: {action["action_id"]: entry_of(action)}}
