"""What does Slack take? The limits and dangers of messages and modals, written down apart from the views.

Sources: docs.slack.dev (blocks, block elements, composition objects, views). The text budget of 10,000 leaves room below
the about 11,300 characters at which messages were seen refused.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.model import Message

IN_MESSAGES = {"actions", "context", "divider", "header", "rich_text", "section", "table"}
IN_MODALS = {"actions", "context", "divider", "header", "input", "rich_text", "section"}
LINKABLE = re.compile(
    r"https?://|ftp://|mailto:\S|\bwww\.\w|(?<![/\w.-])[\w-]+\.(?:com|net|org|io|sh|example)\b", re.IGNORECASE
)


def length(text: str) -> int:
    """Return UTF-16 units: what Slack's clients count, and never fewer than code points."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def problems_of_message(message: Message, *, may_mention: frozenset[str] = frozenset()) -> list[str]:
    """Return every rule that a message breaks, in its rich and in its plain form; empty when Slack takes it."""
    found = []
    if not message.text or length(message.text) > 4000:
        found.append("text must have 1 to 4000 characters")
    if re.search(r"[<>&*`~]|:\w+:|\b_|_\b", message.text) or LINKABLE.search(message.text):
        found.append(f"top-level text could be parsed: {message.text!r}")
    found += _unreadable(message.text)
    if not message.blocks:
        found.append("no blocks")
    for blocks in (message.blocks, message.plain):
        if len(blocks) > 50:
            found.append(f"{len(blocks)} blocks in a message")
        total = sum(length(text) for text in _texts(blocks))
        if total > 10_000:
            found.append(f"{total} characters in a message")
        if sum(block["type"] == "table" for block in blocks) > 1:
            found.append("more than one table")
        found += _problems(blocks, IN_MESSAGES, may_mention)
    if message.file and not re.fullmatch(r"[A-Za-z0-9.-]{1,80}", message.file.name):
        found.append(f"file name {message.file.name!r}")
    return found


def problems_of_view(view: Mapping[str, Any], *, may_mention: frozenset[str] = frozenset()) -> list[str]:
    """Return every rule that a modal breaks."""
    blocks = view["blocks"]
    found = _problems(blocks, IN_MODALS, may_mention)
    for name in ("title", "submit", "close"):
        if name in view:
            found += _plain(view[name], 24)
    if not 1 <= len(blocks) <= 100:
        found.append(f"{len(blocks)} blocks in a modal")
    if any(block["type"] == "input" for block in blocks) and "submit" not in view:
        found.append("inputs without submit")
    if length(view.get("private_metadata", "")) > 3000 or length(view.get("callback_id", "")) > 255:
        found.append("metadata or callback id too long")
    if len(json.dumps(view)) > 250_000:
        found.append("modal above 250 kB")
    total = sum(length(text) for text in _texts(blocks))
    if total > 30_000:
        found.append(f"{total} characters in a modal")
    return found


def _problems(
    blocks: Sequence[Mapping[str, Any]], allowed: set[str], may_mention: frozenset[str]
) -> list[str]:
    found = []
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)) or any(not 1 <= length(one) <= 255 for one in ids):
        found.append("block ids")
    for block in blocks:
        if block["type"] not in allowed:
            found.append(f"{block['type']} block here")
        found += _CHECKS[block["type"]](block, may_mention)
    if '"mrkdwn"' in json.dumps(list(blocks)):
        found.append("mrkdwn")
    return found


def _header(block: Mapping[str, Any], _: frozenset[str]) -> list[str]:
    return _plain(block["text"], 150)


def _section(block: Mapping[str, Any], _: frozenset[str]) -> list[str]:
    return _plain(block["text"], 3000)


def _context(block: Mapping[str, Any], _: frozenset[str]) -> list[str]:
    found = [] if 1 <= len(block["elements"]) <= 10 else ["context elements"]
    return found + [problem for element in block["elements"] for problem in _plain(element, 3000)]


def _actions(block: Mapping[str, Any], _: frozenset[str]) -> list[str]:
    elements = block["elements"]
    kinds = [element["type"] for element in elements]
    found = []
    if not 1 <= len(elements) <= 25 or kinds.count("button") > 3 or kinds.count("overflow") > 1:
        found.append(f"actions {kinds}")
    if sum(element.get("style") in ("primary", "danger") for element in elements) > 1:
        found.append("more than one loud button")
    names = [element["action_id"] for element in elements]
    if len(names) != len(set(names)):
        found.append("action ids")
    for element in elements:
        if element["type"] == "button":
            found += _plain(element["text"], 75)
            if not re.fullmatch(r"[A-Za-z0-9-]{1,80}", element["value"]):
                found.append(f"button value {element['value']!r}")
        elif element["type"] == "overflow":
            found += _options(element["options"], 1, 5)
        else:
            found += _plain(element["placeholder"], 150)
            found += _options(element["options"], 1, 100)
            if "initial_option" in element and element["initial_option"] not in element["options"]:
                found.append("initial option is no option")
    return found


def _options(options: Sequence[Mapping[str, Any]], least: int, most: int) -> list[str]:
    found = [] if least <= len(options) <= most else [f"{len(options)} options"]
    values = [option["value"] for option in options]
    if len(values) != len(set(values)) or any(not 1 <= length(value) <= 150 for value in values):
        found.append("option values")
    for option in options:
        found += _plain(option["text"], 75)
        if "description" in option:
            found += _plain(option["description"], 75)
    return found


def _input(block: Mapping[str, Any], _: frozenset[str]) -> list[str]:
    found = _plain(block["label"], 2000)
    element = block["element"]
    if "hint" in block:
        found += _plain(block["hint"], 2000)
    if element["type"] == "checkboxes":
        return found + _options(element["options"], 1, 10)
    return found + _plain(element["placeholder"], 150)


def _rich_text(block: Mapping[str, Any], may_mention: frozenset[str]) -> list[str]:
    found = [] if block["elements"] else ["empty rich text"]
    for element in block["elements"]:
        if element["type"] == "rich_text_list":
            for entry in element["elements"]:
                found += _paragraph(entry, may_mention)
            found += [] if element["elements"] else ["empty list"]
        else:
            found += _paragraph(element, may_mention)
    return found


def _paragraph(element: Mapping[str, Any], may_mention: frozenset[str]) -> list[str]:
    boxed = element["type"] == "rich_text_preformatted"
    found = [] if boxed or element["type"] == "rich_text_section" else [f"{element['type']} in rich text"]
    if not element["elements"]:
        found.append("empty paragraph")
    for part in element["elements"]:
        if part["type"] == "text":
            found += _unreadable(part["text"])
            if not part["text"]:
                found.append("empty text")
            if not boxed and LINKABLE.search(part["text"]):
                found.append(f"a client may link {part['text']!r}")
        elif part["type"] == "user" and not boxed:
            found += [] if part["user_id"] in may_mention else [f"mentions {part['user_id']}"]
        elif part["type"] == "link" and not boxed:
            found += [] if re.match(r"https://\w+\.slack\.com/", part["url"]) else [f"links {part['url']}"]
        elif part["type"] != "channel":
            found.append(f"{part['type']} in a paragraph")
    return found


def _table(block: Mapping[str, Any], _: frozenset[str]) -> list[str]:
    rows = block["rows"]
    found = [] if 1 <= len(rows) <= 100 and all(1 <= len(row) <= 20 for row in rows) else ["table size"]
    if sum(length(cell["text"]) for row in rows for cell in row) > 10_000:
        found.append("table text")
    if any(not cell["text"] for row in rows for cell in row):
        found.append("empty cell")
    return found


def _plain(text: Mapping[str, Any], most: int) -> list[str]:
    found = _unreadable(text["text"])
    if text["type"] != "plain_text" or text.get("emoji") is not False:
        found.append(f"not literal: {text}")
    if not 1 <= length(text["text"]) <= most:
        found.append(f"{length(text['text'])} characters where {most} are taken")
    if LINKABLE.search(text["text"]):
        found.append(f"a client may link {text['text']!r}")
    return found


def _unreadable(text: str) -> list[str]:
    """Control, bidi, zero-width and lone surrogate characters; a line end and the emoji selector are ours."""
    seen = {c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return [f"unreadable characters {sorted(map(ascii, seen))}"] if seen else []


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, Mapping):
        for name, value in part.items():
            if name == "text" and isinstance(value, str):
                yield value
            else:
                yield from _texts(value)
    elif isinstance(part, Sequence) and not isinstance(part, str):
        for one in part:
            yield from _texts(one)


_CHECKS = {
    "actions": _actions,
    "context": _context,
    "divider": lambda block, mentions: [],
    "header": _header,
    "input": _input,
    "rich_text": _rich_text,
    "section": _section,
    "table": _table,
}
