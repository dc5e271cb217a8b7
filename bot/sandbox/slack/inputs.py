"""What can be filled in, what does the user's entry look like as Slack's state value, and what does Slack's client itself check?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.kit import Json

REQUIRED = "Please complete this required field."
_ONE = {  # element type -> where its single choice stands
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "file_input": ("files", ""),
}
_OPTIONS_MANY = ("multi_static_select", "checkboxes")
_OPTIONS_ONE = ("static_select", "radio_buttons")


class CannotDo(ValueError):
    """A person could not do this in Slack's client: no such button, field or choice, or not a member here."""


@dataclass(frozen=True, slots=True)
class Field:
    """An element that keeps a value. ``label`` is empty outside input blocks."""

    block_id: str
    action_id: str
    kind: str
    element: Json
    label: str = ""
    needed: bool = False


def fields_of(blocks: Iterable[Json]) -> Iterator[Field]:
    """Yield each element that keeps a value, in the order shown."""
    for block in blocks:
        is_input = block["type"] == "input"
        elements = [block["element"]] if is_input else [*block.get("elements", []), block.get("accessory")]
        for element in elements:
            if isinstance(element, dict) and element.get("type") in _ONE and "action_id" in element:
                yield Field(
                    block["block_id"],
                    element["action_id"],
                    element["type"],
                    element,
                    block["label"]["text"] if is_input else "",
                    is_input and not block.get("optional", False),
                )


def options_of(element: Json) -> list[Json]:
    """Return the options of a select, its groups flattened."""
    options = list(element.get("options", []))
    for group in element.get("option_groups", []):
        options.extend(group["options"])
    return options


def values_of(blocks: Iterable[Json], entered: Mapping[str, Mapping[str, Json]]) -> Json:
    """Return ``state.values``: what was entered, else what each element started with, else nothing chosen."""
    values: Json = {}
    for field in fields_of(blocks):
        name, initial = _ONE[field.kind]
        empty: Any = [] if field.kind in _OPTIONS_MANY or name.endswith("s") else None
        start = {"type": field.kind, name: field.element.get(initial, empty)}
        value = entered.get(field.block_id, {}).get(field.action_id, start)
        values.setdefault(field.block_id, {})[field.action_id] = value
    return values


def value_for(field: Field, given: Any) -> Json:
    """Turn what a test or a person gave (text, an option's value, or a list) into a state value.

    Raises:
        CannotDo: The element has no such option.
    """
    name, _ = _ONE[field.kind]
    if field.kind in _OPTIONS_ONE:
        return {"type": field.kind, name: None if given in (None, "") else _option(field, given)}
    if field.kind in _OPTIONS_MANY:
        many = given if isinstance(given, list | tuple) else [given] if given else []
        return {"type": field.kind, name: [_option(field, one) for one in many]}
    if name.endswith("s") and not isinstance(given, list):
        given = [] if given in (None, "") else [given]
    return {"type": field.kind, name: given if given != "" else None}


def _option(field: Field, given: Any) -> Json:
    for option in options_of(field.element):
        if given in (option["value"], option["text"]["text"]):
            return option
    raise CannotDo(f"{field.action_id} has no option {given!r}")


def entered_by_key(blocks: Iterable[Json], values: Mapping[str, Any]) -> dict[str, dict[str, Json]]:
    """Turn ``{action id or block id: what is entered}`` into block id -> action id -> state value.

    Raises:
        CannotDo: No element has that id.
    """
    fields = tuple(fields_of(blocks))
    entered: dict[str, dict[str, Json]] = {}
    for key, given in values.items():
        found = [field for field in fields if key in (field.action_id, field.block_id)]
        if not found:
            raise CannotDo(f"this view has no field {key!r}")
        field = found[0]
        entered.setdefault(field.block_id, {})[field.action_id] = value_for(field, given)
    return entered


def problems_of(blocks: Iterable[Json], values: Json) -> dict[str, str]:
    """Return what Slack's client says before it sends a submission, by block id."""
    problems: dict[str, str] = {}
    for field in fields_of(blocks):
        name, _ = _ONE[field.kind]
        given = values[field.block_id][field.action_id].get(name)
        if field.needed and given in (None, "", []):
            problems[field.block_id] = REQUIRED
        elif isinstance(given, str) and field.kind == "plain_text_input":
            low, high = field.element.get("min_length", 0), field.element.get("max_length", 3000)
            if given and not low <= len(given) <= high:
                problems[field.block_id] = f"Please enter {low} to {high} characters."
    return problems
