"""Which interactive elements does Slack take? (docs.slack.dev/reference/block-kit/block-elements)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.slack.kit.rich_text import RICH_TEXT
from bot.sandbox.slack.kit.shapes import (
    Faults,
    Shape,
    any_text,
    array,
    boolean,
    integer,
    kind_of,
    one_of,
    plain_text,
    record,
    string,
    typed,
)

MAX_OPTIONS = 100  # of a select, and as many groups
MAX_CHOICES = 10  # of checkboxes and radio buttons
MAX_OVERFLOW = 5

CONFIRM = record(
    {"title": plain_text(100), "text": any_text(300), "confirm": plain_text(30), "deny": plain_text(30)},
    {"style": one_of("primary", "danger")},
)
_PLACEHOLDER = plain_text(150)
_ACTION_ID = string(1, 255)


def _option(text: Callable[[int], Shape], *, link: bool = False) -> Shape:
    optional: dict[str, Shape] = {"description": text(75)}
    if link:
        optional["url"] = string(1, 3000)
    return record({"text": text(75), "value": string(1, 150)}, optional)


_OPTION = _option(plain_text)
_CHOICE = _option(any_text)
_OPTIONS = array(_OPTION, 1, MAX_OPTIONS)
_GROUPS = array(record({"label": plain_text(75), "options": _OPTIONS}), 1, MAX_OPTIONS)


def _options_of(element: dict[str, Any]) -> list[Any]:
    options = list(element.get("options") or [])
    for group in element.get("option_groups") or []:
        options.extend(group.get("options") or [] if isinstance(group, dict) else [])
    return options


def _choices(*, grouped: bool) -> Shape:
    """Options or groups, not both; distinct values; what is initially chosen is among them."""

    def check(faults: Faults, element: Any, path: str) -> None:
        if grouped and ("options" in element) == ("option_groups" in element):
            faults.add(path, "must provide exactly one of options and option_groups")
        options = [option for option in _options_of(element) if isinstance(option, dict)]
        values = [option.get("value") for option in options]
        if len(set(map(repr, values))) != len(values):
            faults.add(path, "option values must be unique")
        initial = element.get("initial_options", [])
        chosen = list(initial) if isinstance(initial, list) else []
        if "initial_option" in element:
            chosen.append(element["initial_option"])
        for option in chosen:
            if option not in options:
                faults.add(path, "initial option must be one of the options")

    return check


def _element(
    kind: str,
    required: dict[str, Shape] | None = None,
    optional: dict[str, Shape] | None = None,
    also: Shape | None = None,
    *,
    confirm: bool = True,
) -> Shape:
    fields: dict[str, Shape] = {"action_id": _ACTION_ID, **(optional or {})}
    if confirm:
        fields["confirm"] = CONFIRM
    return record({"type": kind_of(kind), **(required or {})}, fields, also)


def _menu(kind: str, optional: dict[str, Shape], also: Shape | None = None) -> Shape:
    fields = {"placeholder": _PLACEHOLDER, "focus_on_load": boolean(), **optional}
    if kind.startswith("multi_"):
        fields["max_selected_items"] = integer(1)
    return _element(kind, {}, fields, also)


def _typing(kind: str, optional: dict[str, Shape], also: Shape | None = None) -> Shape:
    dispatch = record(
        {}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)}
    )
    fields = {"placeholder": _PLACEHOLDER, "focus_on_load": boolean(), "dispatch_action_config": dispatch}
    return _element(kind, {}, {**fields, **optional}, also, confirm=False)


def _ordered_lengths(faults: Faults, element: Any, path: str) -> None:
    low, high = element.get("min_length"), element.get("max_length")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        faults.add(path, "min_length must be less than or equal to max_length")


_FILTER = record(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 1),
        "exclude_external_shared_channels": boolean(),
        "exclude_bot_users": boolean(),
    },
)
_CONVERSATION = {"default_to_current_conversation": boolean(), "filter": _FILTER}
_STATIC = {"options": _OPTIONS, "option_groups": _GROUPS}
_SEARCH = {"min_query_length": integer(0)}

BUTTON = _element(
    "button",
    {"text": plain_text(75)},
    {
        "value": string(0, 2000),
        "url": string(0, 3000),
        "style": one_of("primary", "danger"),
        "accessibility_label": string(0, 75),
        "visible_to_user_ids": array(string(1), 1),
    },
)
OVERFLOW = _element(
    "overflow",
    {"options": array(_option(plain_text, link=True), 1, MAX_OVERFLOW)},
    {},
    _choices(grouped=False),
)
IMAGE = record(
    {"type": kind_of("image"), "alt_text": string(1, 2000)},
    {"image_url": string(1, 3000), "slack_file": record({}, {"id": string(1), "url": string(1)})},
)
SELECTS: dict[str, Shape] = {
    "static_select": _menu("static_select", {**_STATIC, "initial_option": _OPTION}, _choices(grouped=True)),
    "external_select": _menu("external_select", {**_SEARCH, "initial_option": _OPTION}),
    "users_select": _menu("users_select", {"initial_user": string(1)}),
    "conversations_select": _menu(
        "conversations_select",
        {**_CONVERSATION, "initial_conversation": string(1), "response_url_enabled": boolean()},
    ),
    "channels_select": _menu(
        "channels_select", {"initial_channel": string(1), "response_url_enabled": boolean()}
    ),
}
MULTI_SELECTS: dict[str, Shape] = {
    "multi_static_select": _menu(
        "multi_static_select", {**_STATIC, "initial_options": _OPTIONS}, _choices(grouped=True)
    ),
    "multi_external_select": _menu("multi_external_select", {**_SEARCH, "initial_options": _OPTIONS}),
    "multi_users_select": _menu("multi_users_select", {"initial_users": array(string(1))}),
    "multi_conversations_select": _menu(
        "multi_conversations_select", {**_CONVERSATION, "initial_conversations": array(string(1))}
    ),
    "multi_channels_select": _menu("multi_channels_select", {"initial_channels": array(string(1))}),
}
CHOICES: dict[str, Shape] = {
    "checkboxes": _element(
        "checkboxes",
        {"options": array(_CHOICE, 1, MAX_CHOICES)},
        {"initial_options": array(_CHOICE, 1, MAX_CHOICES), "focus_on_load": boolean()},
        _choices(grouped=False),
    ),
    "radio_buttons": _element(
        "radio_buttons",
        {"options": array(_CHOICE, 1, MAX_CHOICES)},
        {"initial_option": _CHOICE, "focus_on_load": boolean()},
        _choices(grouped=False),
    ),
}
PICKERS: dict[str, Shape] = {
    "datepicker": _menu("datepicker", {"initial_date": string(pattern=r"\d{4}-\d\d-\d\d")}),
    "timepicker": _menu("timepicker", {"initial_time": string(pattern=r"\d\d:\d\d"), "timezone": string(1)}),
    "datetimepicker": _element(
        "datetimepicker", {}, {"initial_date_time": integer(10**9, 10**10 - 1), "focus_on_load": boolean()}
    ),
}
TYPED_INPUTS: dict[str, Shape] = {
    "plain_text_input": _typing(
        "plain_text_input",
        {
            "initial_value": string(0, 3000),
            "multiline": boolean(),
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        _ordered_lengths,
    ),
    "email_text_input": _typing("email_text_input", {"initial_value": string()}),
    "url_text_input": _typing("url_text_input", {"initial_value": string()}),
    "number_input": record(
        {"type": kind_of("number_input"), "is_decimal_allowed": boolean()},
        {
            "action_id": _ACTION_ID,
            "initial_value": string(),
            "min_value": string(),
            "max_value": string(),
            "placeholder": _PLACEHOLDER,
            "focus_on_load": boolean(),
        },
    ),
    "rich_text_input": _typing("rich_text_input", {"initial_value": typed({"rich_text": RICH_TEXT})}),
    "file_input": _element(
        "file_input", {}, {"filetypes": array(string(1), 1), "max_files": integer(1, 10)}, confirm=False
    ),
}

IN_ACTIONS: dict[str, Shape] = {"button": BUTTON, "overflow": OVERFLOW, **SELECTS, **CHOICES, **PICKERS}
IN_SECTION: dict[str, Shape] = {**IN_ACTIONS, **MULTI_SELECTS, "image": IMAGE}
IN_INPUT: dict[str, Shape] = {**SELECTS, **MULTI_SELECTS, **CHOICES, **PICKERS, **TYPED_INPUTS}
