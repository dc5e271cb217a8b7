"""What did a Web API request ask for, and with which token? Reads the body forms that Slack reads."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.refusal import Refusal

FORM_ONLY = frozenset(  # these take no JSON body: the arguments in one are not seen
    {
        "apps.connections.open",
        "auth.test",
        "chat.getPermalink",
        "conversations.info",
        "conversations.members",
        "files.getUploadURLExternal",
        "users.info",
    }
)


async def read_request(request: web.Request, method: str) -> tuple[str, Json]:
    """Return the token (empty if none) and the arguments.

    Raises:
        Refusal: invalid_json, json_not_object, invalid_form_data or invalid_post_type.
    """
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    args: Json = dict(request.query)
    kind = request.content_type
    if request.body_exists:
        if kind == "application/json":
            sent = _json_body(await request.read())
            args.update({} if method in FORM_ONLY else sent)
        elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            try:
                args.update({name: str(value) for name, value in (await request.post()).items()})
            except ValueError:
                raise Refusal("invalid_form_data") from None
        elif await request.read():
            raise Refusal("invalid_post_type")
    sent_token = str(args.pop("token", ""))  # taken out, so that no log of arguments holds it
    return token or sent_token, {name: value for name, value in args.items() if value is not None}


def _json_body(body: bytes) -> Json:
    if not body:
        return {}
    try:
        sent = json.loads(body)
    except ValueError:
        raise Refusal("invalid_json") from None
    if not isinstance(sent, dict):
        raise Refusal("json_not_object")
    return sent


def as_text(args: Json, name: str) -> str:
    """Return an argument as text; empty when it was left out.

    Raises:
        Refusal: invalid_arguments when it is an object or a list.
    """
    value = args.get(name, "")
    if isinstance(value, dict | list):
        raise Refusal("invalid_arguments", [f"[ERROR] must be a string [json-pointer:/{name}]"])
    return str(value)


def as_flag(args: Json, name: str) -> bool:
    """Return whether a flag is set, in any of the spellings that Slack takes."""
    return str(args.get(name, "")).lower() in ("1", "true")


def as_list(args: Json, name: str) -> list[Any]:
    """Return a list argument, given as a list or as JSON text.

    Raises:
        Refusal: invalid_arguments when it is neither.
    """
    value = args.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, list):
        raise Refusal("invalid_arguments", [f"[ERROR] must be an array [json-pointer:/{name}]"])
    return value
