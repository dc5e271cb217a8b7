"""Which blocks does Slack take, on which surface, and how many? (docs.slack.dev/reference/block-kit/blocks)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.kit.elements import IMAGE, IN_ACTIONS, IN_INPUT, IN_SECTION
from bot.sandbox.slack.kit.rich_text import RICH_TEXT
from bot.sandbox.slack.kit.shapes import (
    Faults,
    Shape,
    any_text,
    array,
    boolean,
    kind_of,
    number,
    one_of,
    plain_text,
    record,
    string,
    typed,
)

MAX_BLOCKS_MESSAGE = 50
MAX_BLOCKS_MODAL = 100
MAX_TABLE_ROWS = 100
MAX_TABLE_COLUMNS = 20
MAX_TABLE_CHARACTERS = 10_000
MAX_MARKDOWN_CHARACTERS = 12_000  # over all markdown blocks of a message
MAX_MESSAGE_CHARACTERS = 12_000  # all text of all blocks; the documented figure, without Slack's slack
_BLOCK_ID: dict[str, Shape] = {"block_id": string(0, 255)}


def _block(
    kind: str,
    required: dict[str, Shape] | None = None,
    optional: dict[str, Shape] | None = None,
    also: Shape | None = None,
) -> Shape:
    return record({"type": kind_of(kind), **(required or {})}, {**_BLOCK_ID, **(optional or {})}, also)


def _text_or_fields(faults: Faults, block: Any, path: str) -> None:
    if "text" not in block and "fields" not in block:
        faults.add(path, "must provide text or fields")


def _image_source(faults: Faults, block: Any, path: str) -> None:
    if ("image_url" in block) == ("slack_file" in block):
        faults.add(path, "must provide exactly one of image_url and slack_file")


def _distinct_action_ids(faults: Faults, block: Any, path: str) -> None:
    seen: set[str] = set()
    elements = block.get("elements")
    for index, element in enumerate(elements if isinstance(elements, list) else []):
        action_id = element.get("action_id") if isinstance(element, dict) else None
        if isinstance(action_id, str):
            if action_id in seen:
                faults.add(
                    f"{path}/elements/{index}/action_id",
                    f'`action_id` "{action_id}" already exists in the block',
                )
            seen.add(action_id)


def _table_size(faults: Faults, block: Any, path: str) -> None:
    characters = sum(len(text) for text in texts_of(block.get("rows")))
    if characters > MAX_TABLE_CHARACTERS:
        faults.add(f"{path}/rows", f"must be less than {MAX_TABLE_CHARACTERS + 1} characters over all cells")


def _column_setting(faults: Faults, value: Any, path: str) -> None:
    if value is not None:  # null skips a column
        record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean()})(faults, value, path)


_CELL = typed(
    {
        "raw_text": record({"type": kind_of("raw_text"), "text": string(1)}),
        "raw_number": record({"type": kind_of("raw_number"), "value": number(), "text": string(1)}),
        "rich_text": RICH_TEXT,
    }
)
_TABLE = _block(
    "table",
    {"rows": array(array(_CELL, 1, MAX_TABLE_COLUMNS), 1, MAX_TABLE_ROWS)},
    {"column_settings": array(_column_setting, 0, MAX_TABLE_COLUMNS)},
    _table_size,
)
_EVERYWHERE: dict[str, Shape] = {
    "section": _block(
        "section",
        {},
        {
            "text": any_text(3000),
            "fields": array(any_text(2000), 1, 10),
            "accessory": typed(IN_SECTION),
            "expand": boolean(),
        },
        _text_or_fields,
    ),
    "header": _block("header", {"text": plain_text(150)}),
    "divider": _block("divider"),
    "context": _block(
        "context",
        {
            "elements": array(
                typed({"image": IMAGE, "plain_text": any_text(3000), "mrkdwn": any_text(3000)}), 1, 10
            )
        },
    ),
    "actions": _block("actions", {"elements": array(typed(IN_ACTIONS), 1, 25)}, {}, _distinct_action_ids),
    "input": _block(
        "input",
        {"label": plain_text(2000), "element": typed(IN_INPUT)},
        {"hint": plain_text(2000), "optional": boolean(), "dispatch_action": boolean()},
    ),
    "image": _block(
        "image",
        {"alt_text": string(1, 2000)},
        {
            "image_url": string(1, 3000),
            "slack_file": record({}, {"id": string(1), "url": string(1)}),
            "title": plain_text(2000),
        },
        _image_source,
    ),
    "rich_text": RICH_TEXT,
}
MODAL_BLOCKS: dict[str, Shape] = _EVERYWHERE
MESSAGE_BLOCKS: dict[str, Shape] = {
    **_EVERYWHERE,
    "table": _TABLE,
    "markdown": _block("markdown", {"text": string(1, MAX_MARKDOWN_CHARACTERS)}),
}


def texts_of(value: Any) -> Iterator[str]:
    """Yield each text that a reader would see anywhere inside blocks."""
    if isinstance(value, list):
        for item in value:
            yield from texts_of(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("text", "alt_text", "fallback") and isinstance(item, str):
                yield item
            else:
                yield from texts_of(item)


def check_blocks(faults: Faults, blocks: list[Any], path: str, *, modal: bool) -> None:
    """Add what is wrong with the blocks of one message or modal, each by itself and all together."""
    table = MODAL_BLOCKS if modal else MESSAGE_BLOCKS
    array(typed(table), 0, MAX_BLOCKS_MODAL if modal else MAX_BLOCKS_MESSAGE)(faults, blocks, path)
    seen: set[str] = set()
    markdown = 0
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if isinstance(block_id, str) and block_id:
            if block_id in seen:
                faults.add(f"{path}/{index}/block_id", f'`block_id` "{block_id}" already exists')
            seen.add(block_id)
        if block.get("type") == "markdown" and isinstance(block.get("text"), str):
            markdown += len(block["text"])
    if markdown > MAX_MARKDOWN_CHARACTERS:
        faults.add(
            path, f"must be less than {MAX_MARKDOWN_CHARACTERS + 1} characters over all markdown blocks"
        )
