"""Is Block Kit drawn as readable text, every character of it, and nothing that moves the cursor?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.kit import check_message, filled
from bot.sandbox.terminal_blocks import Page, draw_blocks
from bot.sandbox.terminal_text import clean, columns, from_mrkdwn, padded, table, wrapped
from tests.sandbox.slack_bots import actions, button, mrkdwn, option, plain, section, text_input


def names(id_: str) -> str:
    return {"U1": "@responder", "C1": "#incident-1"}.get(id_, id_)


def draw(*blocks: dict[str, Any], width: int = 60, first: int = 0) -> list[str]:
    check_message(list(blocks))
    return draw_blocks(filled(list(blocks)), Page(names, width, first))


def rich(kind: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": list(parts)}]}


def word(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def bullets(style: str, indent: int, *texts: str) -> dict[str, Any]:
    items = [{"type": "rich_text_section", "elements": [word(text)]} for text in texts]
    whole = {"type": "rich_text_list", "style": style, "indent": indent, "elements": items}
    return {"type": "rich_text", "elements": [whole]}


DATE = {"type": "date", "timestamp": 1, "format": "{date}", "fallback": "1970"}
DRAWN: dict[str, tuple[dict[str, Any], list[str]]] = {
    "header": ({"type": "header", "text": plain("2 of 24 differ")}, ["▍2 of 24 differ"]),
    "section": (section("*bold* <https://a.example|here> &lt;b&gt;"), ["bold here (https://a.example) <b>"]),
    "mentions": (
        section("<@U1> <#C1|x> <!here> <!date^1^{date}|today>"),
        ["@responder #incident-1 @here today"],
    ),
    "fields": ({"type": "section", "fields": [plain("a"), mrkdwn("b")]}, ["a", "b"]),
    "context": ({"type": "context", "elements": [mrkdwn("a"), plain("b")]}, ["a · b"]),
    "image in context": (
        {
            "type": "context",
            "elements": [{"type": "image", "image_url": "https://a.example", "alt_text": "logo"}],
        },
        ["(image: logo)"],
    ),
    "buttons": (actions(button("a", "One"), button("b", "Two")), ["[One]   [Two]"]),
    "code": (rich("rich_text_section", word("run "), word("/bin/x", code=True)), ["run `/bin/x`"]),
    "preformatted": (rich("rich_text_preformatted", word("a\n  b")), ["│ a", "│   b"]),
    "quote": (rich("rich_text_quote", word("a")), ["▏ a"]),
    "bullets": (bullets("bullet", 1, "a", "b"), ["  ◦ a", "  ◦ b"]),
    "numbers": (bullets("ordered", 0, "a", "b"), ["1. a", "2. b"]),
    "link": (
        rich("rich_text_section", {"type": "link", "url": "https://a.example", "text": "t"}),
        ["t (https://a.example)"],
    ),
    "bare link": (
        rich("rich_text_section", {"type": "link", "url": "https://a.example"}),
        ["https://a.example"],
    ),
    "people": (
        rich("rich_text_section", {"type": "user", "user_id": "U1"}, {"type": "channel", "channel_id": "C1"}),
        ["@responder#incident-1"],
    ),
    "emoji and date": (rich("rich_text_section", {"type": "emoji", "name": "eyes"}, DATE), [":eyes:1970"]),
    "broadcast": (rich("rich_text_section", {"type": "broadcast", "range": "channel"}), ["@channel"]),
    "image": ({"type": "image", "image_url": "https://a.example", "alt_text": "chart"}, ["(image: chart)"]),
    "markdown": ({"type": "markdown", "text": "**a**\nb"}, ["**a**", "b"]),
    "divider": ({"type": "divider"}, ["─" * 60]),
    "select": (
        {
            **section("x"),
            "accessory": {
                "type": "static_select",
                "action_id": "s",
                "placeholder": plain("Query"),
                "options": [option("a")],
            },
        },
        ["x", "[Query] ▾ (nothing chosen)"],
    ),
    "image beside": (
        {**section("x"), "accessory": {"type": "image", "image_url": "https://a.example", "alt_text": "i"}},
        ["x", "(image: i)"],
    ),
    "input": (
        {**text_input(initial_value="so"), "hint": plain("why")},
        ["Reason *   (reason_text=…)", "  > so", "  why"],
    ),
}


@pytest.mark.parametrize(("block", "lines"), DRAWN.values(), ids=DRAWN.keys())
def test_each_block_has_its_text(block: dict[str, Any], lines: list[str]) -> None:
    """One look for each block type."""
    assert draw(block) == lines


def test_a_table_is_aligned_and_wrapped() -> None:
    """Columns line up, numbers may stand right, long cells go over several lines."""
    rows = [["host", "n"], ["web-1", "7"], ["a much longer name than fits here", "12"]]
    cells = [[{"type": "raw_text", "text": text} for text in row] for row in rows]
    block = {"type": "table", "rows": cells, "column_settings": [None, {"align": "right"}]}

    lines = draw(block, width=24)

    assert lines == [
        "host                │  n",
        "────────────────────┼───",
        "web-1               │  7",
        "a much longer name  │ 12",
        "than fits here      │",
    ]


def test_a_table_cell_may_be_rich_text() -> None:
    """And is drawn like any rich text."""
    cell = rich("rich_text_section", word("x", code=True))

    assert draw({"type": "table", "rows": [[cell]]}) == ["`x`"]


def test_buttons_are_numbered_on_from_any_number() -> None:
    """An overflow menu as its options, and long rows are broken."""
    menu = {"type": "overflow", "action_id": "m", "options": [option("a", "Again"), option("b", "File")]}

    lines = draw(actions(button("x", "A long button"), button("y", "Another"), menu), width=40, first=4)

    assert lines == ["[4] A long button   [5] Another", "[6] … Again   [7] … File"]


def test_host_text_is_shown_as_it_is_and_moves_nothing() -> None:
    """Escape sequences, line ends and bidirectional marks of a hostile name do not reach the terminal."""
    hostile = "<!channel> *x* \x1b[2J\r\u202eevil\x07 https://evil.example"

    lines = draw(rich("rich_text_section", word(hostile)), width=100)

    assert lines == ["<!channel> *x* [2Jevil https://evil.example"]


def test_mrkdwn_marks_are_read_as_slack_reads_them() -> None:
    """So a hostile name that reached mrkdwn is seen to have done so."""
    assert from_mrkdwn("<!channel> a*b *c* <!subteam^S1>", names) == "@channel a*b c @subteam"


@given(st.text(max_size=80), st.integers(2, 30))
def test_wrapping_loses_only_spaces_and_keeps_to_the_width(text: str, width: int) -> None:
    """Whatever the text: wide, combining, without spaces."""
    shown = clean(text)

    lines = wrapped(shown, width)

    assert "".join("".join(lines).split()) == "".join(shown.split())
    assert all(columns(line) <= width for line in lines)


def test_wide_characters_take_two_columns() -> None:
    """Alignment counts columns, not characters."""
    assert columns("日本e\u0301") == 5
    assert padded("日", 4) == "日  "
    assert padded("7", 3, right=True) == "  7"
    assert table([["日", "b"], ["c", "d"]], 20) == ["日 │ b", "───┼──", "c  │ d"]
