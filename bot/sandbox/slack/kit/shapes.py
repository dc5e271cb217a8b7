"""In which terms is a Block Kit shape described, and in which words does Slack say what is wrong with one?

A shape is a function that adds to `Faults` whatever is wrong with a value at a JSON pointer; shapes nest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class Faults:
    """What was found wrong, in order, as Slack writes it into ``response_metadata.messages``."""

    found: list[str] = field(default_factory=list)

    def add(self, path: str, what: str) -> None:
        self.found.append(f"{what} [json-pointer:{path}]")

    @property
    def messages(self) -> list[str]:
        return [f"[ERROR] {fault}" for fault in self.found]


Shape = Callable[[Faults, Any, str], None]


def string(low: int = 0, high: int | None = None, pattern: str = "") -> Shape:
    """Text of ``low`` to ``high`` characters that matches ``pattern`` as a whole."""

    def check(faults: Faults, value: Any, path: str) -> None:
        if not isinstance(value, str):
            faults.add(path, "must provide a string")
        elif len(value) < low:
            faults.add(path, f"must be more than {low - 1} characters")
        elif high is not None and len(value) > high:
            faults.add(path, f"must be less than {high + 1} characters")
        elif pattern and not re.fullmatch(pattern, value):
            faults.add(path, f"must match pattern {pattern}")

    return check


def boolean() -> Shape:
    """True or false; Slack takes no 0, 1 or "true" inside blocks."""

    def check(faults: Faults, value: Any, path: str) -> None:
        if not isinstance(value, bool):
            faults.add(path, "must provide a boolean")

    return check


def integer(low: int | None = None, high: int | None = None) -> Shape:
    """A whole number, bounds included."""

    def check(faults: Faults, value: Any, path: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            faults.add(path, "must provide an integer")
        elif low is not None and value < low:
            faults.add(path, f"must be greater than or equal to {low}")
        elif high is not None and value > high:
            faults.add(path, f"must be less than or equal to {high}")

    return check


def number() -> Shape:
    """Any number."""

    def check(faults: Faults, value: Any, path: str) -> None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            faults.add(path, "must provide a number")

    return check


def one_of(*allowed: str) -> Shape:
    """One of a few words."""

    def check(faults: Faults, value: Any, path: str) -> None:
        if value not in allowed:
            faults.add(path, f"must be a valid enum value: {', '.join(allowed)}")

    return check


def array(of: Shape, low: int = 0, high: int | None = None) -> Shape:
    """A list of ``low`` to ``high`` items of one shape."""

    def check(faults: Faults, value: Any, path: str) -> None:
        if not isinstance(value, list):
            faults.add(path, "must provide an array")
            return
        if len(value) < low:
            faults.add(path, f"no fewer than {low} items allowed")
        if high is not None and len(value) > high:
            faults.add(path, f"no more than {high} items allowed")
        for index, item in enumerate(value):
            of(faults, item, f"{path}/{index}")

    return check


def record(
    required: Mapping[str, Shape], optional: Mapping[str, Shape] | None = None, also: Shape | None = None
) -> Shape:
    """An object: each required field, any optional one, and no other; then ``also`` is asked about the whole."""
    fields = {**required, **(optional or {})}

    def check(faults: Faults, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            faults.add(path, "must provide an object")
            return
        for name in required:
            if name not in value:
                faults.add(path, f"missing required field: {name}")
        for name, item in value.items():
            if name in fields:
                fields[name](faults, item, f"{path}/{name}")
            else:
                faults.add(path, f"invalid additional property: {name}")
        if also is not None:
            also(faults, value, path)

    return check


def typed(table: Mapping[str, Shape]) -> Shape:
    """An object whose ``type`` names which of the shapes it must have."""

    def check(faults: Faults, value: Any, path: str) -> None:
        if not isinstance(value, dict):
            faults.add(path, "must provide an object")
            return
        kind = value.get("type")
        if kind is None:
            faults.add(path, "missing required field: type")
        elif not isinstance(kind, str) or kind not in table:
            faults.add(f"{path}/type", f"unsupported type: {kind}")
        else:
            table[kind](faults, value, path)

    return check


def kind_of(name: str) -> Shape:
    """The ``type`` field of a record that `typed` has already chosen."""
    return one_of(name)


def plain_text(high: int, low: int = 1) -> Shape:
    """A text object that must be plain_text."""
    return typed(
        {
            "plain_text": record(
                {"type": kind_of("plain_text"), "text": string(low, high)}, {"emoji": boolean()}
            )
        }
    )


def any_text(high: int, low: int = 1) -> Shape:
    """A text object: plain_text or mrkdwn."""
    return typed(
        {
            "plain_text": record(
                {"type": kind_of("plain_text"), "text": string(low, high)}, {"emoji": boolean()}
            ),
            "mrkdwn": record({"type": kind_of("mrkdwn"), "text": string(low, high)}, {"verbatim": boolean()}),
        }
    )
