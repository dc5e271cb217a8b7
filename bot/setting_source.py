"""Which values stand in the environment or in a table of diffy.toml, and what is wrong with them?"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

EVERYONE = "*"
USER = re.compile(r"[UW][A-Z0-9]{2,}")  # user ids begin with U, of Enterprise Grid also with W


class Source:
    """The environment, or one table of diffy.toml: takes values out, notes what is wrong with them, knows what was asked.

    Args:
        where: What goes before a name in a sentence: "" for the environment, "access." for a table.
    """

    def __init__(self, values: Mapping[str, Any], where: str, problems: list[str]) -> None:
        self._values = values
        self._where = where
        self._problems = problems
        self._asked: list[str] = []

    def wrong(self, name: str, what: str) -> None:
        """Note a problem with the value of that name; ``what`` must not repeat the value of a secret."""
        self._problems.append(f"{self._where}{name} {what}.")

    def text(self, name: str, form: re.Pattern[str] | None = None) -> str:
        """Return the text, empty when it is not set."""
        value = self._take(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(name, f"must be text in quotes, and is {_kind(value)}")
            return ""
        if form is not None and not form.fullmatch(value):
            self.wrong(name, f"is not a valid name: {_shown(value)}")
            return ""
        return value

    def secret(self, name: str, prefix: str) -> str:
        """Return a token; one with another prefix is a problem, and is never shown."""
        value = self.text(name)
        if not value.startswith(prefix):
            if value:
                self.wrong(name, f"does not begin with {prefix}: another kind of token was put there")
            return ""
        return value

    def url(self, name: str) -> str:
        """Return an address ending in a slash; unencrypted only to this machine, since a token goes with every call."""
        value = self.text(name)
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            host = parts.hostname or ""
        except ValueError:
            host = ""
        local = host in ("localhost", "::1") or host.startswith("127.")
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            self.wrong(name, "must be an https:// address (http:// only on this machine)")
            return ""
        return value.rstrip("/") + "/"

    def number(self, name: str, default: float, *, least: float, most: float, whole: bool = False) -> float:
        """Return a number within bounds. Text is read as a number in the environment only."""
        value = self._take(name)
        if value is None:
            return default
        if not self._where:
            value = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else value
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            self.wrong(name, f"must be {kind} from {least:g} to {most:g}, and is {_shown(str(value))}")
            return default
        return value

    def ids(self, name: str, form: re.Pattern[str], *, everyone: bool = True) -> frozenset[str] | None:
        """Return Slack ids from a list, or from text with commas; None when it is not set."""
        value = self._take(name)
        if value is None:
            return None
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.wrong(name, f"must be a list of ids in quotes, and is {_kind(value)}")
            return None
        found = frozenset(word.strip() for word in words) - {""}
        bad = sorted(
            word for word in found if not form.fullmatch(word) and not (everyone and word == EVERYONE)
        )
        if bad:
            what = (
                "users (they begin with U or W)" if form is USER else "channels (they begin with C, G or D)"
            )
            star = "" if everyone else "; * does not count here: name each"
            self.wrong(name, f"takes ids of {what}, and holds {', '.join(map(_shown, bad))}{star}")
        return found

    def table(self, name: str) -> Source:
        """Return a table of the file, empty when it is not there."""
        value = self._take(name)
        if value is not None and not isinstance(value, dict):
            self._problems.append(f"{name} in diffy.toml must be a table: [{name}].")
            value = None
        return Source(value or {}, f"{name}.", self._problems)

    def names(self, name: str, form: re.Pattern[str]) -> tuple[str, ...]:
        """Return a list of names of that form, in the order given; empty when it is not set."""
        value = self._take(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(
            isinstance(one, str) and form.fullmatch(one) for one in value
        ):
            self.wrong(name, "must be a list of valid names in quotes")
            return ()
        return tuple(dict.fromkeys(value))

    def tables(self, name: str) -> list[Source]:
        """Return the tables of ``[[…]]``, none when there is none."""
        value = self._take(name)
        if value is not None and not (
            isinstance(value, list) and all(isinstance(one, dict) for one in value)
        ):
            self.wrong(name, f"must be tables: [[{self._where}{name}]]")
            value = None
        return [
            Source(one, f"{self._where}{name}[{at}].", self._problems) for at, one in enumerate(value or [])
        ]

    def unknown(self) -> list[str]:
        """Return a sentence for each name that nobody asked for, with the name that was probably meant."""
        return [
            f"{self._where}{name} in diffy.toml is not a setting{_near(name, self._asked)}."
            for name in self._values
            if name not in self._asked
        ]

    def report_unknown(self) -> None:
        """Note each name that nobody asked for as a problem."""
        self._problems.extend(self.unknown())

    def misspelt(self, prefix: str) -> list[str]:
        """Return a sentence for each name with the prefix that is nearly the name of a setting."""
        strangers = (name for name in self._values if name.startswith(prefix) and name not in self._asked)
        return [f"{name} is not a setting{near}." for name in strangers if (near := _near(name, self._asked))]

    def _take(self, name: str) -> Any:
        self._asked.append(name)
        return self._values.get(name)


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f": {near[0]} was probably meant" if near else ""


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
        str: "text",
    }
    return names.get(type(value), "a date")


def _shown(value: str) -> str:
    """Return the value for a sentence, unless it might be a secret that was put in the wrong place."""
    harmless = re.fullmatch(r"[\w#@*.:/ -]{1,24}", value) and not value.lower().startswith(("xox", "xapp"))
    return f'"{value}"' if harmless else "something else"
