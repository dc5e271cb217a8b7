"""How does Slack's text look in a terminal: cleaned of control characters, markup resolved, wrapped, aligned?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

Names = Callable[[str], str]
"""Turns a user or channel id into ``@name`` or ``#name``."""

_INVISIBLE = frozenset("\u200b\u200e\u200f\u2028\u2029\u2060\ufeff")
_BIDI = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_MENTION = re.compile(r"<([@#!])([^|>]+)(?:\|([^>]*))?>")
_LINK = re.compile(r"<([a-z]+:[^|>\s]+)(?:\|([^>]*))?>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


def clean(text: str) -> str:
    """Return text without control, bidirectional and invisible characters; tabs become spaces, line ends stay."""
    kept = (
        ch
        for ch in text.replace("\r\n", "\n").expandtabs(4)
        if ch == "\n" or not (unicodedata.category(ch) in ("Cc", "Cs") or ch in _BIDI or ch in _INVISIBLE)
    )
    return "".join(kept)


def from_mrkdwn(text: str, names: Names) -> str:
    """Return mrkdwn as a reader sees it: mentions and links resolved, bold marks gone, entities turned back."""

    def mention(match: re.Match[str]) -> str:
        sign, name, label = match[1], match[2], match[3]
        if sign == "!":
            return label or f"@{name.split('^')[0]}"
        return names(name)

    def link(match: re.Match[str]) -> str:
        return f"{match[2]} ({match[1]})" if match[2] else match[1]

    shown = _LINK.sub(link, _MENTION.sub(mention, text))
    shown = _BOLD.sub(r"\1", shown)
    return clean(shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


def columns(text: str) -> int:
    """Return how many terminal columns a line takes: wide characters two, combining ones none."""
    return sum(
        0
        if unicodedata.combining(ch) or ch == "\ufe0f"
        else 2
        if unicodedata.east_asian_width(ch) in "WF"
        else 1
        for ch in text
    )


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return text filled up with spaces to a width in columns."""
    space = " " * max(0, width - columns(text))
    return space + text if right else text + space


def wrapped(text: str, width: int) -> list[str]:
    """Break text into lines of at most ``width`` columns, at spaces where there are any; nothing is left out."""
    return [line for paragraph in text.split("\n") for line in _wrapped_line(paragraph, max(width, 2))]


def _wrapped_line(line: str, width: int) -> Iterator[str]:
    if columns(line) <= width:  # as it is, inner spaces too
        yield line
        return
    current = ""
    for word in re.findall(r"\s*\S+", line):
        if current and columns(current + word) > width:
            yield current
            current = ""
            word = word.lstrip()
        current += word
        while columns(current) > width:
            cut = _fitting(current, width)
            yield current[:cut]
            current = current[cut:]
    if current:
        yield current


def _fitting(text: str, width: int) -> int:
    used = 0
    for index, ch in enumerate(text):
        used += columns(ch)
        if used > width:
            return max(index, 1)
    return len(text)


def table(rows: Sequence[Sequence[str]], width: int, right: frozenset[int] = frozenset()) -> list[str]:
    """Lay rows out in aligned columns, the first row as head; cells that do not fit are wrapped.

    Args:
        right: Indexes of the columns that are aligned to the right.
    """
    count = max(map(len, rows))
    grid = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = _column_widths(grid, width - 3 * (count - 1))
    lines: list[str] = []
    for number, row in enumerate(grid):
        cells = [wrapped(cell, w) for cell, w in zip(row, widths, strict=True)]
        for height in range(max(map(len, cells))):
            parts = [
                padded(cell[height] if height < len(cell) else "", w, right=index in right)
                for index, (cell, w) in enumerate(zip(cells, widths, strict=True))
            ]
            lines.append(" │ ".join(parts).rstrip())
        if number == 0 and len(grid) > 1:
            lines.append("─┼─".join("─" * w for w in widths))
    return lines


def _column_widths(grid: Sequence[Sequence[str]], room: int) -> list[int]:
    """Give each column what it needs; while that is too much, take from the widest."""
    widths = [
        max(1, *(columns(line) for cell in column for line in cell.split("\n")))
        for column in zip(*grid, strict=True)
    ]
    while sum(widths) > room and max(widths) > 4:
        widths[widths.index(max(widths))] -= 1
    return widths
