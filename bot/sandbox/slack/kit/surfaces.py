"""Does Slack take this message, and this view? The answer is a list of refusals in Slack's words."""

from __future__ import annotations

import json
from typing import Any

from bot.sandbox.slack.kit.blocks import MAX_MESSAGE_CHARACTERS, check_blocks, texts_of
from bot.sandbox.slack.kit.shapes import Faults, Json, array, boolean, one_of, plain_text, record, string
from bot.sandbox.slack.refusal import Refusal

MAX_VIEW_BYTES = 250_000

_VIEW = record(
    {"type": one_of("modal"), "title": plain_text(24), "blocks": array(lambda *_: None)},
    {
        "submit": plain_text(24),
        "close": plain_text(24),
        "private_metadata": string(0, 3000),
        "callback_id": string(0, 255),
        "external_id": string(0, 255),
        "clear_on_close": boolean(),
        "notify_on_close": boolean(),
        "submit_disabled": boolean(),
    },
)


def as_blocks(value: Any) -> list[Json]:
    """Read a ``blocks`` argument: a list, or JSON text of one.

    Raises:
        Refusal: invalid_blocks_format, when it is neither.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal("invalid_blocks_format") from None
    if not isinstance(value, list):
        raise Refusal("invalid_blocks_format")
    return value


def check_message(blocks: list[Json]) -> None:
    """Check the blocks of one message.

    Raises:
        Refusal: invalid_blocks with its messages, invalid_attachments for a second table,
            msg_blocks_too_long when all texts together exceed 12,000 characters.
    """
    faults = Faults()
    check_blocks(faults, blocks, "/blocks", modal=False)
    if faults.found:
        raise Refusal("invalid_blocks", faults.messages, extra={"errors": faults.found})
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise Refusal("invalid_attachments", ["[ERROR] only_one_table_allowed [json-pointer:/blocks]"])
    if sum(map(len, texts_of(blocks))) > MAX_MESSAGE_CHARACTERS:
        raise Refusal("msg_blocks_too_long")


def check_view(value: Any) -> Json:
    """Read and check a ``view`` argument: an object, or JSON text of one.

    Raises:
        Refusal: invalid_arguments with its messages, or view_too_large.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refusal("invalid_arguments", ["[ERROR] invalid JSON [json-pointer:/view]"]) from None
    faults = Faults()
    _VIEW(faults, value, "/view")
    if isinstance(value, dict) and isinstance(value.get("blocks"), list):
        check_blocks(faults, value["blocks"], "/view/blocks", modal=True)
        inputs = [b for b in value["blocks"] if isinstance(b, dict) and b.get("type") == "input"]
        if inputs and "submit" not in value:
            faults.add("/view", "missing required field: submit")
        elements = [block.get("element") for block in inputs]
        focused = sum(isinstance(e, dict) and e.get("focus_on_load") is True for e in elements)
        if focused > 1:
            faults.add("/view/blocks", "only one element may have focus_on_load")
    if faults.found:
        raise Refusal("invalid_arguments", faults.messages)
    if len(json.dumps(value).encode()) > MAX_VIEW_BYTES:
        raise Refusal("view_too_large")
    view: Json = value
    return view
