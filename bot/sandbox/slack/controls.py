"""Which things in a message or modal can be pressed, and by which number does a person at a terminal name them?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.slack.inputs import CannotDo, Field, value_for
from bot.sandbox.slack.kit import Json


@dataclass(frozen=True, slots=True)
class Control:
    """Something to press: a button, one option of an overflow menu, or a select as a whole.

    Attributes:
        number: From 1, in the order shown; each option of an overflow menu has its own.
        option: The overflow option, else None.
    """

    number: int
    block_id: str
    action_id: str
    kind: str
    label: str
    element: Json
    option: Json | None = None


def controls_of(blocks: Iterable[Json], user: str = "") -> tuple[Control, ...]:
    """Return what ``user`` can press; a button with ``visible_to_user_ids`` is there for those users only."""
    found: list[Control] = []
    for block in blocks:
        for element in _pressable(block):
            visible_to = element.get("visible_to_user_ids")
            if visible_to and user and user not in visible_to:
                continue
            kind, action_id = element["type"], element["action_id"]
            if kind == "overflow":
                for option in element["options"]:
                    label = option["text"]["text"]
                    found.append(
                        Control(len(found) + 1, block["block_id"], action_id, kind, label, element, option)
                    )
            else:
                label = _label(element)
                found.append(Control(len(found) + 1, block["block_id"], action_id, kind, label, element))
    return tuple(found)


def _pressable(block: Json) -> list[Json]:
    if block["type"] == "input":
        return [block["element"]] if block.get("dispatch_action") else []
    candidates = [*block.get("elements", []), block.get("accessory")]
    if block["type"] not in ("actions", "section"):
        return []
    return [element for element in candidates if isinstance(element, dict) and "action_id" in element]


def _label(element: Json) -> str:
    named = element.get("text") or element.get("placeholder")
    return str(named["text"]) if isinstance(named, dict) else element["type"].replace("_", " ")


def find_control(controls: Iterable[Control], action: str | int, option: Any) -> Control:
    """Return the one control meant by a number, or by its action id, where needed together with a value.

    Raises:
        CannotDo: There is none, or the action id alone does not say which.
    """
    all_of = tuple(controls)
    if isinstance(action, int):
        matching = [control for control in all_of if control.number == action]
    else:
        matching = [control for control in all_of if control.action_id == action]
        if option is not None and len(matching) > 1:
            matching = [control for control in matching if option in _values(control)]
    if len(matching) != 1:
        there = ", ".join(f"[{c.number}] {c.label} ({c.action_id})" for c in all_of) or "nothing to press"
        raise CannotDo(f"{len(matching)} controls match {action!r}: {there}")
    return matching[0]


def _values(control: Control) -> tuple[Any, ...]:
    if control.option is not None:
        return control.option.get("value"), control.label
    return control.element.get("value"), control.label


def action_of(control: Control, option: Any, action_ts: str) -> Json:
    """Return the entry of ``actions`` in Slack's block_actions payload.

    Texts come back with ``&``, ``<`` and ``>`` escaped (slackapi/bolt-python#513), so labels are no identifiers.
    """
    action: Json = {
        "action_id": control.action_id,
        "block_id": control.block_id,
        "type": control.kind,
        "action_ts": action_ts,
    }
    if control.kind == "button":
        action["text"] = _escaped(control.element["text"])
        for name in ("value", "style"):
            if control.element.get(name):
                action[name] = control.element[name]
    elif control.option is not None:
        chosen = {name: _escaped(value) for name, value in control.option.items()}
        action["selected_option"] = chosen
    else:
        field = Field(control.block_id, control.action_id, control.kind, control.element)
        action |= value_for(field, option)
    return action


def _escaped(text: Any) -> Any:
    if not isinstance(text, dict):
        return text
    shown = str(text["text"]).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {**text, "text": shown}
