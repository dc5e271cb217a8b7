"""How are typed words read? Phones change dashes and quotes; people leave out the dashes; typing errs."""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.errors import UsageError

_QUOTES = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "\u00a0": " "}
)
_DASHES = re.compile(r"^[-‐‑‒–—―−]+(?=[A-Za-z])")
_SLACK_LINK = re.compile(r"<(?:https?://|mailto:)[^|>]*\|([^>]*)>|<(https?://[^|>]*)>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)(?:\|[^>]*)?>")


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed, sorted out: words without dashes in order, and options by name."""

    plain: tuple[str, ...]
    options: Mapping[str, str]

    def option(self, name: str) -> str:
        """The option's value, or an empty text."""
        return self.options.get(name, "")


def split(text: str) -> tuple[str, ...]:
    """Return the words of a command; quotes group, every kind of leading dash counts as two.

    Slack's own markup for links (`web.example` becomes a link by itself) is turned back to what was typed.
    """
    straight = _SLACK_LINK.sub(lambda match: match.group(1) or match.group(2), text).translate(_QUOTES)
    for escaped, typed in (
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ):  # Slack escapes these three, and no other
        straight = straight.replace(escaped, typed)
    try:
        words = shlex.split(straight)
    except ValueError:  # an apostrophe in a reason is no open quote
        words = straight.split()
    return tuple(_DASHES.sub("--", word) for word in words)


def sort_out(words: Sequence[str], *, options: Sequence[str], usage: str, bare: bool = True) -> Words:
    """Return plain words and options; ``--name value``, ``--name=value`` and, after the first word, ``name value``.

    Args:
        options: The names that take a value.
        usage: Shown with each error.
        bare: Whether an option's name without dashes counts.

    Raises:
        UsageError: An unknown option (with the nearest known one), or one without a value.
    """
    plain: list[str] = []
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        dashed = word.startswith("--")
        if dashed and name not in options:
            raise UsageError(
                f"There is no option --{name[:40]}.{suggest(name, options, '--')}", f"Usage: {usage}"
            )
        if dashed or (bare and plain and not equals and word in options and rest):
            if not equals:
                if not rest or rest[0].startswith("--"):
                    raise UsageError(f"--{name} needs a value.", f"Usage: {usage}")
                value = rest.pop(0)
            found[name] = value
        else:
            plain.append(word)
    return Words(tuple(plain), found)


def suggest(word: str, known: Sequence[str], prefix: str = "") -> str:
    """Return " Did you mean X?" for the nearest known word, or nothing."""
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.55)
    return f" Did you mean {prefix}{near[0]}?" if near else ""


def channel_id(word: str) -> str:
    """Return the channel id in Slack's markup `<#C…|name>`, or in a bare id.

    Raises:
        UsageError: Neither.
    """
    match = _CHANNEL.fullmatch(word)
    if match:
        return match.group(1)
    if re.fullmatch(r"[CG][A-Z0-9]{6,}", word):
        return word
    raise UsageError(f"{word[:60]!r} is not a channel.", "Pick the channel from Slack's list as you type #.")


def whole_number(word: str, name: str, *, least: int, most: int) -> int:
    """Return the number typed for an option; UsageError names the bounds otherwise."""
    if not word.isdecimal() or not least <= int(word) <= most:
        raise UsageError(f"--{name} needs a whole number from {least} to {most}, not {word[:20]!r}.")
    return int(word)
