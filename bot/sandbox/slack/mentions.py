"""Whom would a message notify, and what would it link to, as Slack reads its markup?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from bot.sandbox.slack.kit import Json

_PING = re.compile(r"<(![a-z]+(?:\^[A-Z0-9]+)?|@[UW][A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<((?:https?|mailto|ftp):[^|>\s]+)(?:\|[^>]*)?>")
_BARE = re.compile(r"(?<![<\w/])(https?://[^\s<>|`]+)")


def read_mentions(text: str, blocks: Iterable[Json]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (pings, links) of a message: its text, its mrkdwn and markdown, and its rich_text parts.

    ``<!date^…>`` notifies nobody. Blocks take the place of the text on screen, yet the text is still what
    a notification shows and is parsed, so both are read.
    """
    pings: list[str] = []
    links: list[str] = []
    for markup in (text, *_markup(list(blocks))):
        pings += [f"<{found}>" for found in _PING.findall(markup) if not found.startswith("!date")]
        links += _LINK.findall(markup) + _BARE.findall(markup)
    for part in _parts(list(blocks)):
        kind = part.get("type")
        if kind == "user":
            pings.append(f"<@{part['user_id']}>")
        elif kind == "broadcast":
            pings.append(f"<!{part['range']}>")
        elif kind == "usergroup":
            pings.append(f"<!subteam^{part['usergroup_id']}>")
        elif kind == "link":
            links.append(str(part["url"]))
    return tuple(dict.fromkeys(pings)), tuple(dict.fromkeys(links))


def _markup(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _markup(item)
    elif isinstance(value, dict):
        if value.get("type") in ("mrkdwn", "markdown"):
            yield str(value.get("text", ""))
        for item in value.values():
            yield from _markup(item)


def _parts(value: Any) -> Iterator[Json]:
    if isinstance(value, list):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _parts(item)
