"""Which rich_text does Slack take? (docs.slack.dev/reference/block-kit/blocks/rich-text-block)"""

from __future__ import annotations

from bot.sandbox.slack.kit.shapes import (
    Shape,
    array,
    boolean,
    integer,
    kind_of,
    one_of,
    record,
    string,
    typed,
)

_STYLE = record(
    {},
    {
        name: boolean()
        for name in (
            "bold",
            "italic",
            "strike",
            "code",
            "underline",
            "highlight",
            "client_highlight",
            "unlink",
        )
    },
)


def _part(name: str, required: dict[str, Shape], optional: dict[str, Shape] | None = None) -> Shape:
    return record({"type": kind_of(name), **required}, {"style": _STYLE, **(optional or {})})


_TEXT = _part("text", {"text": string(1)})
_LINK = _part("link", {"url": string(1, 3000)}, {"text": string(), "unsafe": boolean()})
_PARTS: dict[str, Shape] = {
    "text": _TEXT,
    "link": _LINK,
    "emoji": _part("emoji", {"name": string(1)}, {"unicode": string(), "skin_tone": integer(1, 6)}),
    "user": _part("user", {"user_id": string(1)}),
    "usergroup": _part("usergroup", {"usergroup_id": string(1)}),
    "team": _part("team", {"team_id": string(1)}),
    "channel": _part("channel", {"channel_id": string(1)}),
    "broadcast": _part("broadcast", {"range": one_of("here", "channel", "everyone")}),
    "color": _part("color", {"value": string(1)}),
    "date": _part(
        "date", {"timestamp": integer(), "format": string(1)}, {"url": string(1), "fallback": string(1)}
    ),
}
_ANY_PARTS = array(typed(_PARTS))
_SECTION = record({"type": kind_of("rich_text_section"), "elements": _ANY_PARTS})
_ELEMENTS: dict[str, Shape] = {
    "rich_text_section": _SECTION,
    "rich_text_quote": record(
        {"type": kind_of("rich_text_quote"), "elements": _ANY_PARTS}, {"border": integer(0, 1)}
    ),
    "rich_text_preformatted": record(
        {"type": kind_of("rich_text_preformatted"), "elements": array(typed({"text": _TEXT, "link": _LINK}))},
        {"border": integer(0, 1)},
    ),
    "rich_text_list": record(
        {
            "type": kind_of("rich_text_list"),
            "style": one_of("bullet", "ordered"),
            "elements": array(typed({"rich_text_section": _SECTION}), 1),
        },
        {"indent": integer(0, 8), "offset": integer(0), "border": integer(0, 1)},
    ),
}

RICH_TEXT = record(
    {"type": kind_of("rich_text"), "elements": array(typed(_ELEMENTS))}, {"block_id": string(0, 255)}
)
"""The rich_text block, and a rich_text cell of a table."""
