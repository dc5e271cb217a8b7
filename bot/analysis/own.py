"""Which texts in a host's rows are only its own name, address or number, and what stands for them when comparing?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.analysis.fold import Chosen, members, rows_with
from bot.analysis.tables import Values
from bot.model import Row

_COMMON = frozenset(
    {"localhost", "localdomain", "ip6-localhost", "host", "server", "linux", "unknown", "none"}
)
_IPV4 = re.compile(r"^(?:\d{1,3}\.){3}\d{1,3}$")
_NAMED_BY_IP = re.compile(r"^(?:ip|ec2)-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})\b")
_MAC = re.compile(r"^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$", re.IGNORECASE)
_NAME_COLUMNS = ("hostname", "computer_name", "local_hostname", "fqdn")
_NUMBER_COLUMNS = ("uuid", "host_uuid", "machine_id", "hardware_serial", "instance_id", "host_identifier")
_SAY_WHO = frozenset({*_NAME_COLUMNS, *_NUMBER_COLUMNS, "mac", "mask"})
MOST_ROWS = 64  # facts about the host itself come in short answers


def identifiers(chosen: Chosen) -> list[dict[str, str]]:
    """Return, for each chosen snapshot, the host's own identifiers and what stands for each.

    They come from the cloud first, then from what the host says of itself.
    """
    found: list[dict[str, str]] = []
    for number in chosen.numbers:
        host = chosen.fold.snapshots[number].host
        own: dict[str, str] = {}
        _add(own, host.id, "‹instance›")
        _address(own, host.private_ip)
        _name(own, host.hostname)
        _add(own, host.zone, "‹zone›")
        found.append(own)
    sizes = [chosen.fold.sizes[number] for number in chosen.numbers]
    for query, row, mask in rows_with(chosen, _SAY_WHO):
        for place in members(mask):
            if sizes[place][query] <= MOST_ROWS:
                _said(found[place], row)
    return found


def _said(own: dict[str, str], row: Row) -> None:
    for column in _NAME_COLUMNS:
        _name(own, row.get(column, ""))
    for column in _NUMBER_COLUMNS:
        _add(own, row.get(column, ""), "‹machine›")
    mac = row.get("mac", "")
    if _MAC.match(mac) and mac != "00:00:00:00:00:00":
        _add(own, mac, "‹mac›")
    if "interface" in row and "mask" in row:
        address = row.get("address", "")
        if not address.startswith(("127.", "::1", "fe80")):
            _address(own, address)


def replacer(own: dict[str, str]) -> Callable[[Values], Values] | None:
    """Return a function that puts the stand-ins into values; None when nothing is known of the host."""
    if not own:
        return None
    longest_first = sorted(own, key=lambda text: (-len(text), text))

    def put(found: re.Match[str]) -> str:
        return own.get(found.group().lower(), found.group())  # "ſ" matches "s" and stays itself in lower case

    def replace(values: Values) -> Values:
        whole = "\n".join(values)
        low = whole.lower()  # looking for plain texts first is ten times quicker than a pattern
        found = [text for text in longest_first if text in low]
        if not found:
            return values
        if whole.isascii():
            return tuple([_put(value, found, own) for value in values])
        pattern = _any_of(found)
        return tuple([pattern.sub(put, value) for value in values])

    return replace


def _put(value: str, texts: Sequence[str], own: Mapping[str, str]) -> str:
    """Do what ``_any_of`` and its stand-ins would, in ASCII: a pattern for each host costs more than all else about it."""
    low = value.lower()
    places: list[tuple[int, int]] = []
    for rank, text in enumerate(texts):
        at = low.find(text)
        while at >= 0:
            if _stands_alone(low, at, at + len(text)):
                places.append((at, rank))
            at = low.find(text, at + 1)
    if not places:
        return value
    parts: list[str] = []
    done = 0
    for at, rank in sorted(places):
        if at >= done:
            parts += value[done:at], own[texts[rank]]
            done = at + len(texts[rank])
    return "".join([*parts, value[done:]])


def _stands_alone(low: str, at: int, end: int) -> bool:
    """Whether the text between is no part of a longer word or number."""
    if (at and low[at - 1].isalnum()) or low[end : end + 1].isalnum():
        return False
    return low[end : end + 1] != "." or not low[end + 1 : end + 2].isdigit()


def _any_of(texts: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(text) for text in texts)
    return re.compile(rf"(?<![0-9A-Za-z])(?:{alternatives})(?![0-9A-Za-z])(?!\.\d)", re.IGNORECASE)


def _add(own: dict[str, str], text: str, token: str) -> None:
    text = text.strip().lower()
    if len(text) >= 6 and text not in _COMMON:
        own.setdefault(text, token)


def _address(own: dict[str, str], address: str) -> None:
    if _IPV4.match(address):
        _add(own, address, "‹ip›")
        dashed = address.replace(".", "-")
        for form in (f"ip-{dashed}", f"ec2-{dashed}", dashed):
            _add(own, form, "‹host›")
    else:
        _add(own, address, "‹ip›")


def _name(own: dict[str, str], name: str) -> None:
    name = name.strip().lower()
    if not name or name in _COMMON:
        return
    by_ip = _NAMED_BY_IP.match(name)
    if by_ip:
        _address(own, ".".join(by_ip.groups()))
    _add(own, name, "‹host›")
    short = name.split(".", 1)[0]
    _add(own, short, "‹host›")
