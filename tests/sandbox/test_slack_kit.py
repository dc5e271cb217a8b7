"""Does the local Slack refuse each Block Kit shape that Slack refuses, and say where?"""

from __future__ import annotations

from typing import Any

import pytest

from bot.sandbox.slack.kit import as_blocks, check_message, check_view, filled
from bot.sandbox.slack.refusal import Refusal
from tests.sandbox.slack_bots import actions, button, form, modal, mrkdwn, option, plain, section, text_input

CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("It stays."), "confirm": plain("Yes"), "deny": plain("No")}


def overflow(count: int) -> dict[str, Any]:
    return {"type": "overflow", "action_id": "more", "options": [option(f"v{i}") for i in range(count)]}


def select(count: int, kind: str = "static_select", **more: Any) -> dict[str, Any]:
    options = [option(f"v{i}") for i in range(count)]
    return {"type": kind, "action_id": "pick", "options": options, **more}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def paragraph(*parts: dict[str, Any], kind: str = "rich_text_section") -> dict[str, Any]:
    return {"type": kind, "elements": list(parts)}


def word(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def bullets(*texts: str, **more: Any) -> dict[str, Any]:
    items = [paragraph(word(text)) for text in texts]
    return {"type": "rich_text_list", "style": "bullet", "elements": items, **more}


def table(rows: int, columns: int = 2, text: str = "x") -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] * columns for _ in range(rows)]}


GOOD_IN_MESSAGES: dict[str, list[dict[str, Any]]] = {
    "section": [section("*hi*"), {"type": "section", "fields": [mrkdwn("a"), plain("b")]}],
    "section at its limit": [section("x" * 3000)],
    "header": [{"type": "header", "text": plain("h" * 150)}],
    "context": [{"type": "context", "elements": [mrkdwn("a"), plain("b")]}],
    "divider": [{"type": "divider", "block_id": "d"}],
    "buttons": [
        actions(
            button("a", style="danger", confirm=CONFIRM, value="v" * 2000), button("b", "t" * 75), overflow(5)
        )
    ],
    "accessory": [{**section("x"), "accessory": select(100)}],
    "choices": [actions({**select(10, "checkboxes"), "initial_options": [option("v1")]})],
    "radio": [actions({**select(2, "radio_buttons"), "initial_option": option("v0")})],
    "groups": [
        {
            **section("x"),
            "accessory": {
                "type": "multi_static_select",
                "action_id": "m",
                "option_groups": [{"label": plain("g"), "options": [option("a")]}],
                "max_selected_items": 2,
            },
        }
    ],
    "people": [actions({"type": "users_select", "action_id": "u", "placeholder": plain("who")})],
    "rich text": [
        rich(
            paragraph(word("a", bold=True, code=True), {"type": "user", "user_id": "U1"}),
            bullets("x", "y", indent=8),
            paragraph(word("z"), {"type": "link", "url": "https://a.example"}, kind="rich_text_preformatted"),
            paragraph({"type": "emoji", "name": "eyes"}, kind="rich_text_quote"),
            paragraph(
                {"type": "date", "timestamp": 1, "format": "{date}"}, {"type": "broadcast", "range": "here"}
            ),
        )
    ],
    "table": [{**table(100, 20), "column_settings": [{"align": "right"}, None, {"is_wrapped": True}]}],
    "table with rich and numeric cells": [
        {
            "type": "table",
            "rows": [[rich(paragraph(word("a"))), {"type": "raw_number", "value": 1.5, "text": "1.5"}]],
        }
    ],
    "markdown": [{"type": "markdown", "text": "x" * 12000}],
    "image": [
        {"type": "image", "image_url": "https://a.example/b.png", "alt_text": "b", "title": plain("t")}
    ],
    "fifty blocks": [section("x")] * 50,
    "twelve thousand characters": [section("x" * 3000) for _ in range(4)],
}


@pytest.mark.parametrize("blocks", GOOD_IN_MESSAGES.values(), ids=GOOD_IN_MESSAGES.keys())
def test_a_message_within_the_limits_is_taken(blocks: list[dict[str, Any]]) -> None:
    """Every block type that Diffy may use is taken up to its documented limit."""
    check_message(blocks)


BAD_IN_MESSAGES: dict[str, tuple[dict[str, Any], str]] = {
    "long section": (
        section("x" * 3001),
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    "empty text": (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    "long field": ({"type": "section", "fields": [plain("x" * 2001)]}, "2001 characters"),
    "11 fields": ({"type": "section", "fields": [plain("x")] * 11}, "no more than 10 items"),
    "empty section": ({"type": "section"}, "must provide text or fields"),
    "long header": ({"type": "header", "text": plain("x" * 151)}, "must be less than 151 characters"),
    "mrkdwn header": ({"type": "header", "text": mrkdwn("x")}, "unsupported type: mrkdwn"),
    "header without text": ({"type": "header"}, "missing required field: text [json-pointer:/blocks/0]"),
    "empty context": ({"type": "context", "elements": []}, "no fewer than 1 items"),
    "11 in context": ({"type": "context", "elements": [plain("x")] * 11}, "no more than 10 items"),
    "26 buttons": (actions(*[button(f"b{i}") for i in range(26)]), "no more than 25 items"),
    "same action id": (actions(button("a"), button("a")), '`action_id` "a" already exists'),
    "input in actions": (actions({"type": "plain_text_input", "action_id": "a"}), "unsupported type"),
    "long button": (actions(button("a", "x" * 76)), "must be less than 76 characters"),
    "mrkdwn button": (
        actions({"type": "button", "action_id": "a", "text": mrkdwn("x")}),
        "unsupported type: mrkdwn",
    ),
    "long value": (actions(button("a", value="x" * 2001)), "must be less than 2001 characters"),
    "button style": (actions(button("a", style="warning")), "enum"),
    "long action id": (actions(button("a" * 256)), "must be less than 256 characters"),
    "long block id": ({"type": "divider", "block_id": "x" * 256}, "must be less than 256 characters"),
    "6 in overflow": (actions(overflow(6)), "no more than 5 items"),
    "empty overflow": (actions(overflow(0)), "no fewer than 1 items"),
    "101 options": (actions(select(101)), "no more than 100 items"),
    "11 checkboxes": (actions(select(11, "checkboxes")), "no more than 10 items"),
    "long option": (actions({**select(0), "options": [option("v", "x" * 76)]}), "less than 76"),
    "long option value": (actions({**select(0), "options": [option("v" * 151, "x")]}), "less than 151"),
    "equal option values": (actions({**select(0), "options": [option("v"), option("v")]}), "unique"),
    "url in a select": (
        actions({**select(0), "options": [{**option("v"), "url": "x"}]}),
        "additional property",
    ),
    "options and groups": (
        actions(select(1, option_groups=[{"label": plain("g"), "options": [option("a")]}])),
        "exactly one of options and option_groups",
    ),
    "unknown initial": (actions(select(1, initial_option=option("zz"))), "initial option"),
    "long confirm": (actions(button("a", confirm={**CONFIRM, "text": plain("x" * 301)})), "less than 301"),
    "confirm title": (actions(button("a", confirm={**CONFIRM, "title": plain("x" * 101)})), "less than 101"),
    "confirm button": (actions(button("a", confirm={**CONFIRM, "deny": plain("x" * 31)})), "less than 31"),
    "confirm without deny": (
        actions(button("a", confirm={k: v for k, v in CONFIRM.items() if k != "deny"})),
        "missing required field: deny",
    ),
    "unknown field": ({**section("x"), "colour": "red"}, "invalid additional property: colour"),
    "unknown block": ({"type": "tabel", "rows": []}, "unsupported type: tabel"),
    "no type": ({"text": plain("x")}, "missing required field: type"),
    "text as a string": ({"type": "section", "text": "x"}, "must provide an object"),
    "number as text": (section(7), "must provide a string"),  # type: ignore[arg-type]
    "emoji as a number": ({"type": "header", "text": {**plain("x"), "emoji": 1}}, "must provide a boolean"),
    "rich text part": (rich(paragraph(word(""))), "must be more than 0 characters"),
    "user in preformatted": (
        rich(paragraph({"type": "user", "user_id": "U"}, kind="rich_text_preformatted")),
        "unsupported type: user",
    ),
    "deep list": (rich(bullets("a", indent=9)), "must be less than or equal to 8"),
    "list style": (rich({**bullets("a"), "style": "dash"}), "enum"),
    "unknown style": (rich(paragraph(word("a", blink=True))), "invalid additional property: blink"),
    "101 rows": (table(101), "no more than 100 items"),
    "no rows": (table(0), "no fewer than 1 items"),
    "21 columns": (table(1, 21), "no more than 20 items"),
    "empty cell": (table(1, 1, ""), "must be more than 0 characters"),
    "big table": (table(10, 10, "x" * 101), "must be less than 10001 characters over all cells"),
    "column settings": ({**table(1), "column_settings": [{"align": "top"}]}, "enum"),
    "empty markdown": ({"type": "markdown", "text": ""}, "must be more than 0"),
    "image without source": ({"type": "image", "alt_text": "b"}, "exactly one of image_url and slack_file"),
    "image without alt": (
        {"type": "image", "image_url": "https://a.example"},
        "missing required field: alt_text",
    ),
    "bad date": (actions({"type": "datepicker", "action_id": "d", "initial_date": "1/2/26"}), "pattern"),
    "options as text": (actions({**select(0), "options": "x"}), "must provide an array"),
    "indent as text": (rich(bullets("a", indent="2")), "must provide an integer"),
    "negative offset": (rich(bullets("a", offset=-1)), "greater than or equal to 0"),
    "raw_number as text": (
        {"type": "table", "rows": [[{"type": "raw_number", "value": "1", "text": "1"}]]},
        "must provide a number",
    ),
}


@pytest.mark.parametrize(("block", "said"), BAD_IN_MESSAGES.values(), ids=BAD_IN_MESSAGES.keys())
def test_a_block_beyond_a_limit_is_refused_with_its_place(block: dict[str, Any], said: str) -> None:
    """Slack answers invalid_blocks, with the fault and a JSON pointer to it."""
    with pytest.raises(Refusal) as refused:
        check_message([block])

    assert refused.value.code == "invalid_blocks"
    assert any(said in message for message in refused.value.messages), refused.value.messages
    assert all(message.startswith("[ERROR] ") for message in refused.value.messages)
    assert "[json-pointer:/blocks" in refused.value.messages[0]


TOGETHER: dict[str, tuple[list[dict[str, Any]], str]] = {
    "51 blocks": ([section("x")] * 51, "invalid_blocks"),
    "same block id": ([{"type": "divider", "block_id": "d"}] * 2, "invalid_blocks"),
    "two tables": ([table(1), table(1)], "invalid_attachments"),
    "over 12,000 characters": ([section("x" * 3000)] * 4 + [section("x")], "msg_blocks_too_long"),
    "over 12,000 in markdown": ([{"type": "markdown", "text": "x" * 6001}] * 2, "invalid_blocks"),
    "not an object": (["x"], "invalid_blocks"),  # type: ignore[list-item]
}


@pytest.mark.parametrize(("blocks", "code"), TOGETHER.values(), ids=TOGETHER.keys())
def test_blocks_that_are_too_much_together_are_refused(blocks: list[dict[str, Any]], code: str) -> None:
    """Limits over a whole message have their own codes."""
    with pytest.raises(Refusal) as refused:
        check_message(blocks)

    assert refused.value.code == code


@pytest.mark.parametrize("given", ["{", "{}", 7, None])
def test_blocks_that_are_no_list_are_refused(given: Any) -> None:
    """Anything but a list, or JSON text of one, is invalid_blocks_format."""
    with pytest.raises(Refusal) as refused:
        as_blocks(given)

    assert refused.value.code == "invalid_blocks_format"


def test_blocks_come_as_json_text_too() -> None:
    """Form-encoded calls carry blocks as JSON text."""
    assert as_blocks('[{"type": "divider"}]') == [{"type": "divider"}]


GOOD_VIEWS: dict[str, dict[str, Any]] = {
    "plain": modal(section("x")),
    "form": form(
        text_input(max_length=3000, min_length=0), text_input("more", optional=True, multiline=True)
    ),
    "limits": form(
        text_input(),
        title=plain("t" * 24),
        private_metadata="m" * 3000,
        callback_id="c" * 255,
        close=plain("No"),
    ),
    "hundred blocks": modal(*[section("x")] * 100),
    "number": form(
        {
            "type": "input",
            "label": plain("n"),
            "element": {"type": "number_input", "action_id": "n", "is_decimal_allowed": False},
        }
    ),
}


@pytest.mark.parametrize("view", GOOD_VIEWS.values(), ids=GOOD_VIEWS.keys())
def test_a_view_within_the_limits_is_taken(view: dict[str, Any]) -> None:
    """Modals are taken up to each documented limit."""
    assert check_view(view) == view


BAD_VIEWS: dict[str, tuple[Any, str]] = {
    "long title": (
        modal(title=plain("t" * 25)),
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ),
    "mrkdwn title": (modal(title=mrkdwn("t")), "unsupported type: mrkdwn"),
    "long submit": (modal(submit=plain("t" * 25)), "must be less than 25 characters"),
    "long close": (modal(close=plain("t" * 25)), "must be less than 25 characters"),
    "long metadata": (modal(private_metadata="m" * 3001), "must be less than 3001 characters"),
    "long callback": (modal(callback_id="m" * 256), "must be less than 256 characters"),
    "input without submit": (modal(text_input()), "missing required field: submit"),
    "table": (modal(table(1)), "unsupported type: table"),
    "markdown": (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown"),
    "101 blocks": (modal(*[section("x")] * 101), "no more than 100 items"),
    "no title": ({"type": "modal", "blocks": []}, "missing required field: title"),
    "not JSON": ("{", "invalid JSON"),
    "not an object": ("[]", "must provide an object"),
    "long hint": (form({**text_input(), "hint": plain("x" * 2001)}), "must be less than 2001 characters"),
    "long label": (form({**text_input(), "label": plain("x" * 2001)}), "must be less than 2001 characters"),
    "long initial value": (form(text_input(initial_value="x" * 3001)), "must be less than 3001 characters"),
    "max length": (form(text_input(max_length=3001)), "must be less than or equal to 3000"),
    "lengths": (form(text_input(max_length=1, min_length=2)), "min_length"),
    "long placeholder": (form(text_input(placeholder=plain("x" * 151))), "must be less than 151 characters"),
    "two focused": (
        form(text_input(focus_on_load=True), text_input("b", focus_on_load=True)),
        "focus_on_load",
    ),
    "button as input": (
        form({"type": "input", "label": plain("x"), "element": button("b")}),
        "unsupported type: button",
    ),
}


@pytest.mark.parametrize(("view", "said"), BAD_VIEWS.values(), ids=BAD_VIEWS.keys())
def test_a_view_beyond_a_limit_is_refused(view: Any, said: str) -> None:
    """Slack answers invalid_arguments, with the fault and its place."""
    with pytest.raises(Refusal) as refused:
        check_view(view)

    assert refused.value.code == "invalid_arguments"
    assert any(said in message for message in refused.value.messages), refused.value.messages


def test_a_view_over_250_kb_is_refused() -> None:
    """Size counts on its own, even where every part is within its limit."""
    with pytest.raises(Refusal) as refused:
        check_view(modal(*[section("x" * 3000)] * 100))

    assert refused.value.code == "view_too_large"


def test_ids_and_defaults_are_filled_in() -> None:
    """Blocks and elements without ids get some, texts get their defaults, and the given ones stay."""
    blocks = [section("x"), actions({"type": "button", "text": plain("a")}, button("b"))]

    whole = filled(blocks)

    assert whole[0]["block_id"]
    assert whole[0]["text"]["verbatim"] is False
    assert whole[1]["elements"][0]["action_id"]
    assert whole[1]["elements"][1]["action_id"] == "b"
    assert whole[1]["elements"][0]["text"]["emoji"] is True
    assert "block_id" not in blocks[0]
