"""How does a file get into a channel? An address to send the bytes to, the bytes, then the completion."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.methods_chat import channel_for_post, check_thread
from bot.sandbox.slack.records import File
from bot.sandbox.slack.refusal import Refusal, missing
from bot.sandbox.slack.request import as_list, as_text
from bot.sandbox.slack.state import State
from bot.sandbox.slack.workspace import BOT

MAX_FILE_BYTES = 1_000_000_000


def get_upload_url(state: State, args: Json, *, base: str) -> Json:
    """Return an address for one upload of exactly ``length`` bytes."""
    for name in ("filename", "length"):
        if not as_text(args, name):
            raise missing(name)
    length = as_text(args, "length")
    if not length.isdecimal() or not 0 < int(length) <= MAX_FILE_BYTES:
        raise Refusal("invalid_arguments", ["[ERROR] must be a positive integer [json-pointer:/length]"])
    file = File("F" + secrets.token_hex(5).upper(), as_text(args, "filename"), int(length))
    key = secrets.token_urlsafe(24)
    state.files[file.id] = file
    state.uploads[key] = file.id
    return {"upload_url": f"{base}upload/v1/{key}", "file_id": file.id}


def take_upload(state: State, key: str, content: bytes) -> File:
    """Keep the bytes sent to an upload address.

    Raises:
        Refusal: file_not_found (no such address, or used before); length_mismatch.
    """
    file_id = state.uploads.pop(key, None)
    if file_id is None:
        raise Refusal("file_not_found", status=404)
    file = state.files[file_id]
    if len(content) != file.length:
        raise Refusal("length_mismatch", status=400)
    state.files[file_id] = replace(file, content=content)
    return state.files[file_id]


def _finished(state: State, item: Any) -> File:
    file = state.files.get(str(item.get("id"))) if isinstance(item, dict) else None
    if file is None or file.content is None or file.shared_in:
        raise Refusal("file_not_found")
    return replace(file, title=str(item.get("title") or file.name))


def complete_upload(state: State, args: Json) -> Json:
    """Share uploaded files, in a channel (or its thread) where one is named."""
    if not args.get("files"):
        raise missing("files")
    files = [_finished(state, item) for item in as_list(args, "files")]
    channel_id, thread_ts = (
        as_text(args, "channel_id") or as_text(args, "channels"),
        as_text(args, "thread_ts"),
    )
    if channel_id:
        channel = channel_for_post(state, channel_id)
        check_thread(state, channel, thread_ts)
        comment = as_text(args, "initial_comment")
        ids = tuple(file.id for file in files)
        message = state.put_message(channel.id, BOT.id, comment, [], thread_ts=thread_ts, files=ids)
        files = [replace(file, channel=channel.id, shared_in=message.ts) for file in files]
    for file in files:
        state.files[file.id] = file
    return {"files": [{"id": file.id, "title": file.title, "name": file.name} for file in files]}
