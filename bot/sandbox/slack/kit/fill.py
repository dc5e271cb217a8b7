"""What does Slack add to blocks that it has taken? Ids that were left out, and each text's defaults."""

from __future__ import annotations

import secrets
from typing import Any

from bot.sandbox.slack.kit.shapes import Json

_INTERACTIVE = (
    "button",
    "overflow",
    "checkboxes",
    "radio_buttons",
    "datepicker",
    "timepicker",
    "datetimepicker",
)


def filled(blocks: list[Json]) -> list[Json]:
    """Return a copy with block and action ids and text defaults in place, as Slack echoes it."""
    return [_filled_block(block) for block in blocks]


def _short_id() -> str:
    return secrets.token_urlsafe(4)[:5]


def _filled_block(block: Json) -> Json:
    whole: Json = _with_defaults(block)
    if not whole.get("block_id"):
        whole["block_id"] = _short_id()
    return whole


def _with_defaults(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_defaults(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {name: _with_defaults(item) for name, item in value.items()}
    kind = copy.get("type")
    if kind == "plain_text":
        copy.setdefault("emoji", True)
    elif kind == "mrkdwn":
        copy.setdefault("verbatim", False)
    elif isinstance(kind, str) and (kind in _INTERACTIVE or kind.endswith(("_select", "_input"))):
        copy.setdefault("action_id", _short_id())
    return copy
