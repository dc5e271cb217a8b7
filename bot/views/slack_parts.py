"""How are Slack's blocks put together so that no text in them is ever parsed as markup?

Everything shown is ``rich_text``, ``plain_text`` without emoji, or ``raw_text``: no block of Diffy holds mrkdwn.
Sources of the limits: docs.slack.dev reference of blocks and views; the text budget is measured by others
(slackapi/bolt-js issue 2509: messages were refused from about 11,300 characters in all blocks together).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bot.hostile import clean, defang, label, said, size
from bot.model import Attachment, Block, Message
from bot.views import actions as ids

Part = dict[str, Any]
View = dict[str, Any]

MAX_BLOCKS = 50  # a message
MAX_HEADER = 150
MAX_PLAIN = 3000  # a text object
MAX_OPTIONS = 100  # a select
MAX_VALUE = 150  # of an option
MAX_CHECKBOXES = 10  # one element
MAX_MODAL_TITLE = 24
TEXT_BUDGET = 10_000  # all text of a message's blocks
BUTTON_TEXT = 300  # of the labels, and of the line that says something was left out
PLAIN_SECTION = 2_500
PLAIN_BUDGET = 9_000

_USER = re.compile(r"[UW][A-Z0-9]{2,20}")
_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,20})>")
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")


def plain(text: str) -> Part:
    """Return a plain_text object; ``:emoji:`` in it stays as it is."""
    return {"type": "plain_text", "text": text, "emoji": False}


def header(mark: str, words: str) -> Block:
    """Return a header: a sign, and the words that say the same; cut at Slack's limit."""
    return {"type": "header", "text": plain(f"{mark} {clean(defang(words), MAX_HEADER - 10)}")}


def context(*lines: str) -> Block:
    """Return small grey lines; empty ones are left out, and at least one is not empty."""
    shown = "\n".join(clean(defang(line), 2000) for line in lines if line)
    return {"type": "context", "elements": [plain(shown)]}


def divider() -> Block:
    """Return a thin line."""
    return {"type": "divider"}


def text(words: str, *, bold: bool = False, italic: bool = False) -> Part:
    """Return a rich text part: nothing in it is parsed, and what a client might link is defanged."""
    style = {name: True for name, on in (("bold", bold), ("italic", italic)) if on}
    return {"type": "text", "text": defang(words), **({"style": style} if style else {})}


def code(words: str, *, bold: bool = False, limit: int = 64) -> Part:
    """Return a rich text part in fixed width: ids and names."""
    style = {"code": True} | ({"bold": True} if bold else {})
    return {"type": "text", "text": defang(clean(words, limit)), "style": style}


def user(actor: str) -> Part:
    """Return who did something: a mention for a Slack user id, else the words themselves ("a schedule")."""
    if _USER.fullmatch(actor):
        return {"type": "user", "user_id": actor}
    if actor.startswith("schedule:"):
        return text(f"schedule {said(actor.removeprefix('schedule:'), 40)}")
    return text(said(actor, 40) or "somebody")


def channel(name: str) -> Part:
    """Return a channel: a link to it for an id, else its name."""
    if _CHANNEL.fullmatch(name):
        return {"type": "channel", "channel_id": name}
    return text(said(name, 80) or "this channel")


def people(words: str) -> list[Part]:
    """Return our own sentence with its ``<@U…>`` turned into mentions and the rest left literal."""
    parts: list[Part] = []
    for index, piece in enumerate(_MENTION.split(clean(words, 600))):
        if piece:
            parts.append(user(piece) if index % 2 else text(piece))
    return parts


def link(url: str, words: str) -> Part:
    """Return a link to one of our own messages."""
    return {"type": "link", "url": url, "text": words}


def few(every: Sequence[str], most: int = 6) -> list[Part]:
    """Return the first host ids in fixed width, and how many more there are."""
    return hosts(every[:most], max(0, len(every) - most))


def hosts(ids_: Sequence[str], more_of_them: int = 0) -> list[Part]:
    """Return host ids in fixed width, with commas between, and how many more there are."""
    parts: list[Part] = []
    for index, host in enumerate(ids_):
        parts += [text(", ")] if index else []
        parts.append(code(host, limit=48))
    if more_of_them > 0:
        parts.append(text(f"{' and ' if parts else ''}{more_of_them:,} more"))
    return parts


def section(*parts: Part) -> Part:
    """Return a paragraph of rich text; parts without text are left out, and an empty one holds a dash."""
    kept = [part for part in parts if part.get("text") != ""]
    return {"type": "rich_text_section", "elements": kept or [text("–")]}


def preformatted(words: str) -> Part:
    """Return a box of fixed-width lines: the one place where host text stands exactly as the host said it."""
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": words or "(empty)"}]}


def items(*entries: Sequence[Part], ordered: bool = False) -> Part:
    """Return a list of paragraphs."""
    return {
        "type": "rich_text_list",
        "style": "ordered" if ordered else "bullet",
        "elements": [section(*entry) for entry in entries],
    }


def listing(head: str, entries: Sequence[Sequence[Part]]) -> Block:
    """Return a bold line and a list under it, which may be empty."""
    return rich(section(text(head, bold=True)), *([items(*entries)] if entries else []))


def rich(*elements: Part) -> Block:
    """Return a rich_text block."""
    return {"type": "rich_text", "elements": list(elements)}


def button(words: str, action: str, run: str, *, style: str = "") -> Part:
    """Return a button. Its label is ours, its value the run's id."""
    made = {"type": "button", "text": plain(words), "action_id": action, "value": run}
    return made | ({"style": style} if style else {})


def more(run: str) -> Part:
    """Return the overflow menu: the report as files."""
    options = [
        (ids.MORE_FINDINGS, "All findings as text"),
        (ids.MORE_PAGE, "Report as a web page"),
        (ids.MORE_JSON, "Report as JSON"),
    ]
    return {
        "type": "overflow",
        "action_id": ids.MORE,
        "options": [{"text": plain(words), "value": f"{name}:{run}"} for name, words in options],
    }


def buttons(*elements: Part) -> Block:
    """Return a row of buttons."""
    return {"type": "actions", "elements": list(elements)}


def option(words: str, value: str) -> Part:
    """Return an option of a select, cut at Slack's limits."""
    return {"text": plain(clean(defang(words), 75)), "value": value}


def can_be_picked(value: str) -> bool:
    """Whether a host or query can travel as the value of an option, and is told apart from "all"."""
    return 0 < size(value) <= MAX_VALUE and value != ids.ANY


def message(summary: str, blocks: Iterable[Block], *, file: Attachment | None = None) -> Message:
    """Return a message whose plainer form says the same as its blocks.

    ``summary`` is the notification: our own words; names in it go through ``hostile.label``.
    """
    made = fitted(tuple(blocks))
    return Message(text=clean(summary, 300), blocks=made, plain=plainer(made), file=file)


def fitted(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the blocks within Slack's limits: from where they would exceed them, only the run's line and the buttons.

    Every view bounds what it says; this holds for names so long and so full of dots that their sum still exceeds it.
    """
    sizes = [size(spoken(block)) for block in blocks]
    if sum(sizes) <= TEXT_BUDGET - BUTTON_TEXT and len(blocks) <= MAX_BLOCKS:
        return blocks
    last = max((index for index, block in enumerate(blocks) if block["type"] == "context"), default=-1)
    room = TEXT_BUDGET - BUTTON_TEXT - (sizes[last] if last >= 0 else 0)
    kept: list[Block] = []
    cut = False
    for index, block in enumerate(blocks):
        if block["type"] == "actions" or index == last:
            kept.append(block)
        elif not cut and sizes[index] <= room and len(kept) < MAX_BLOCKS - 4:
            room -= sizes[index]
            kept.append(block)
        elif not cut:
            cut = True
            kept.append(context("…(the rest does not fit here)"))
    return tuple(kept)


def plainer(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Return the same words as plain sections, and the buttons: what any Slack client and server takes."""
    paragraphs = [words for block in blocks if block["type"] != "actions" and (words := spoken(block))]
    text_left = "\n\n".join(paragraphs)
    sections: list[Block] = []
    used = 0
    for piece in _pieces(defang(text_left)):
        if used + size(piece) > PLAIN_BUDGET:
            sections.append({"type": "section", "text": plain("…(the rest is in the file)")})
            break
        used += size(piece)
        sections.append({"type": "section", "text": plain(piece)})
    return (*sections, *(block for block in blocks if block["type"] == "actions"))


def spoken(block: Block) -> str:
    """Return all words of a block, in reading order."""
    return _spoken(block).strip("\n")


def _spoken(part: Any) -> str:
    if isinstance(part, list):
        return "".join(_spoken(one) for one in part)
    kind = part["type"]
    if kind in ("text", "link"):
        return str(part["text"])
    if kind in ("user", "channel"):
        return str(part.get("user_id") or part.get("channel_id"))
    if kind == "rich_text_list":
        ordered = part["style"] == "ordered"
        lines = (
            f"{f'{index}.' if ordered else '•'} {_spoken(one).strip()}"
            for index, one in enumerate(part["elements"], 1)
        )
        return "\n".join(lines) + "\n"
    if kind in ("rich_text_section", "rich_text_preformatted"):
        return _spoken(part["elements"]) + "\n"
    if kind == "context":
        return "\n".join(one["text"] for one in part["elements"])
    if kind == "header":
        return str(part["text"]["text"])
    if kind == "table":
        return "\n".join("  ".join(str(cell["text"]) for cell in row) for row in part["rows"])
    return _spoken(part["elements"]) if kind == "rich_text" else ""


def _pieces(words: str) -> Iterable[str]:
    """Yield ``words`` in pieces that fit one section, cut at line ends where there are any."""
    while words:
        cut = len(words)
        if size(words) > PLAIN_SECTION:
            cut = (
                words.rfind("\n", 0, PLAIN_SECTION // 2)
                if "\n" in words[: PLAIN_SECTION // 2]
                else PLAIN_SECTION // 2
            )
            cut = cut or PLAIN_SECTION // 2
        if piece := words[:cut].strip("\n"):
            yield piece
        words = words[cut:]


__all__ = [
    "MAX_BLOCKS",
    "MAX_CHECKBOXES",
    "MAX_HEADER",
    "MAX_MODAL_TITLE",
    "MAX_OPTIONS",
    "MAX_PLAIN",
    "TEXT_BUDGET",
    "Part",
    "View",
    "button",
    "buttons",
    "can_be_picked",
    "channel",
    "code",
    "context",
    "divider",
    "few",
    "header",
    "hosts",
    "items",
    "label",
    "link",
    "listing",
    "message",
    "more",
    "option",
    "people",
    "plain",
    "plainer",
    "preformatted",
    "rich",
    "section",
    "spoken",
    "text",
    "user",
]
