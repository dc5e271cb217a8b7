"""How do Block Kit blocks look as lines of text?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.controls import controls_of
from bot.sandbox.slack.inputs import values_of
from bot.sandbox.slack.kit import Json
from bot.sandbox.terminal_text import Names, clean, columns, from_mrkdwn, table, wrapped

_BULLETS = ("•", "◦", "▪")
_RANGES = {"here": "@here", "channel": "@channel", "everyone": "@everyone"}


@dataclass(frozen=True, slots=True)
class Page:
    """What drawing needs to know.

    Attributes:
        first: Number of the first thing to press; 0 shows no numbers, as only one message and its thread have them.
        user: Who looks: buttons that are hidden from them are not drawn.
        entered: What was filled in: block id -> action id -> state value.
        errors: Field errors by block id.
    """

    names: Names
    width: int = 100
    first: int = 0
    user: str = ""
    entered: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


def draw_blocks(blocks: Sequence[Json], page: Page) -> list[str]:
    """Return the lines of a message's or modal's blocks."""
    buttons = _button_labels(blocks, page)
    values = values_of(blocks, page.entered)
    return [line for block in blocks for line in _draw(block, page, buttons, values)]


def _button_labels(blocks: Sequence[Json], page: Page) -> dict[str, list[str]]:
    """Return what there is to press, by block and action id, an overflow menu as its options."""
    labels: dict[str, list[str]] = {}
    for control in controls_of(blocks, page.user):
        mark = f"[{page.first + control.number - 1}] " if page.first else "["
        end = "" if page.first else "]"
        more = "… " if control.option is not None else ""
        shown = f"{mark}{more}{clean(control.label)}{end}"
        labels.setdefault(f"{control.block_id} {control.action_id}", []).append(shown)
    return labels


def _draw(block: Json, page: Page, buttons: Mapping[str, list[str]], values: Json) -> Iterator[str]:
    kind, width = block["type"], page.width
    if kind == "header":
        yield from wrapped(f"▍{_text(block['text'], page)}", width)
    elif kind == "divider":
        yield "─" * width
    elif kind == "section":
        for part in [block.get("text"), *block.get("fields", [])]:
            if part:
                yield from wrapped(_text(part, page), width)
        if "accessory" in block:
            yield from _actions(block, [block["accessory"]], page, buttons, values)
    elif kind == "context":
        yield from wrapped(" · ".join(_text(part, page) for part in block["elements"]), width)
    elif kind == "actions":
        yield from _actions(block, block["elements"], page, buttons, values)
    elif kind == "rich_text":
        yield from draw_rich_text(block, page)
    elif kind == "table":
        yield from _table(block, page)
    elif kind == "markdown":
        yield from wrapped(clean(block["text"]), width)
    elif kind == "image":
        yield f"(image: {clean(block['alt_text'])})"
    else:
        yield from _input(block, page, values)


def _text(part: Json, page: Page) -> str:
    if part["type"] == "image":
        return f"(image: {clean(part['alt_text'])})"
    return from_mrkdwn(part["text"], page.names) if part["type"] == "mrkdwn" else clean(part["text"])


def _actions(
    block: Json, elements: Sequence[Json], page: Page, buttons: Mapping[str, list[str]], values: Json
) -> Iterator[str]:
    shown: list[str] = []
    for element in elements:
        if element["type"] == "image":
            shown.append(f"(image: {clean(element['alt_text'])})")
            continue
        labels = buttons.get(f"{block['block_id']} {element['action_id']}", [])
        chosen = _chosen(values.get(block["block_id"], {}).get(element["action_id"]), page)
        shown += (
            [f"{label} ▾ {chosen or '(nothing chosen)'}" for label in labels]
            if chosen is not None
            else labels
        )
    line = ""
    for label in shown:
        if line and columns(f"{line}   {label}") > page.width:
            yield line
            line = ""
        line = f"{line}   {label}" if line else label
    if line:
        yield line


def _input(block: Json, page: Page, values: Json) -> Iterator[str]:
    element = block["element"]
    needed = "" if block.get("optional") else " *"
    yield from wrapped(f"{_text(block['label'], page)}{needed}   ({element['action_id']}=…)", page.width)
    chosen = _chosen(values[block["block_id"]][element["action_id"]], page)
    yield from wrapped(f"  > {chosen}", page.width)
    for option in _shown_options(element):
        yield from wrapped(f"    {option['value']}: {_text(option['text'], page)}", page.width)
    if "hint" in block:
        yield from wrapped(f"  {_text(block['hint'], page)}", page.width)
    if block["block_id"] in page.errors:
        yield from wrapped(f"  ! {clean(page.errors[block['block_id']])}", page.width)


def _shown_options(element: Json) -> list[Json]:
    groups = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *groups]


def _chosen(value: Json | None, page: Page) -> str | None:
    """Return what a select or an input now holds; None for a button, which holds nothing."""
    if value is None:
        return None
    held = next((item for name, item in value.items() if name != "type"), None)
    many = held if isinstance(held, list) else [held]
    return ", ".join(_held(item, page) for item in many if item not in (None, ""))


def _held(item: Any, page: Page) -> str:
    if isinstance(item, dict):
        return _text(item["text"], page) if "text" in item else "(formatted text)"
    return page.names(str(item))


def _table(block: Json, page: Page) -> list[str]:
    settings = block.get("column_settings", [])
    right = {index for index, one in enumerate(settings) if one and one.get("align") == "right"}
    rows = [[_cell(cell, page) for cell in row] for row in block["rows"]]
    return table(rows, page.width, frozenset(right))


def _cell(cell: Json, page: Page) -> str:
    if cell["type"] == "rich_text":
        return "\n".join(draw_rich_text(cell, page, width=10_000))
    return clean(cell["text"])


def draw_rich_text(block: Json, page: Page, *, width: int = 0) -> list[str]:
    """Return the lines of a rich_text block, or of a table's rich_text cell."""
    room = width or page.width
    lines: list[str] = []
    for element in block["elements"]:
        kind = element["type"]
        if kind == "rich_text_list":
            lines += _list(element, page, room)
            continue
        text = "".join(
            _part(part, page, plain=kind == "rich_text_preformatted") for part in element["elements"]
        )
        if kind == "rich_text_section":
            lines += wrapped(text.removesuffix("\n"), room)
        else:
            bar = "│ " if kind == "rich_text_preformatted" else "▏ "
            lines += [bar + line for line in wrapped(text, room - 2)]
    return lines


def _list(element: Json, page: Page, width: int) -> list[str]:
    indent = element.get("indent", 0)
    lines: list[str] = []
    for number, item in enumerate(element["elements"], element.get("offset", 0) + 1):
        mark = f"{number}." if element["style"] == "ordered" else _BULLETS[indent % len(_BULLETS)]
        text = "".join(_part(part, page, plain=False) for part in item["elements"])
        first, *rest = wrapped(text, width - 2 * indent - len(mark) - 1) or [""]
        space = "  " * indent
        lines.append(f"{space}{mark} {first}")
        lines += [f"{space}{' ' * len(mark)} {line}" for line in rest]
    return lines


def _part(part: Json, page: Page, *, plain: bool) -> str:
    kind = part["type"]
    if kind == "text":
        text = clean(part["text"])
        return f"`{text}`" if part.get("style", {}).get("code") and not plain else text
    if kind == "link":
        return f"{clean(part['text'])} ({clean(part['url'])})" if part.get("text") else clean(part["url"])
    if kind == "emoji":
        return f":{part['name']}:"
    if kind == "date":
        return clean(part.get("fallback", str(part["timestamp"])))
    if kind == "broadcast":
        return _RANGES[part["range"]]
    ids = [
        part[name] for name in ("user_id", "channel_id", "usergroup_id", "team_id", "value") if name in part
    ]
    return page.names(str(ids[0]))
