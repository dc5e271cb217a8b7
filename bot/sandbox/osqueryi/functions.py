"""Which SQL functions does osquery add to SQLite's own, and how do its path patterns match?"""

from __future__ import annotations

import re
import sqlite3
from functools import lru_cache

TYPE_CHECKING = False  # as typing has it, which takes long to import: the shell must start quickly
if TYPE_CHECKING:
    from collections.abc import Callable

Value = str | bytes | int | float | None


def register(connection: sqlite3.Connection) -> None:
    """Add the functions to a connection."""
    table: list[tuple[str, int, Callable[..., Value]]] = [
        ("sandbox_low", 1, _low),
        ("sandbox_high", 1, _high),
        ("sandbox_like", 2, _path_like),
        ("md5", 1, lambda text: _digest("md5", text)),
        ("sha1", 1, lambda text: _digest("sha1", text)),
        ("sha256", 1, lambda text: _digest("sha256", text)),
        ("split", 3, _split),
        ("regex_match", 3, _regex_match),
        ("regex_split", 3, _regex_split),
        ("concat", -1, lambda *parts: "".join(str(part) for part in parts if part is not None)),
        ("concat_ws", -1, _concat_ws),
        ("to_base64", 1, _to_base64),
        ("from_base64", 1, _from_base64),
        ("inet_aton", 1, _inet_aton),
        ("in_cidr_block", 2, _in_cidr_block),
    ]
    for name, arguments, function in table:
        connection.create_function(name, arguments, function, deterministic=True)


@lru_cache(maxsize=512)
def pattern(like: str) -> re.Pattern[str]:
    """osquery's path pattern as a regular expression.

    ``%`` is one level of a path; a trailing ``%%`` is any depth. As with a shell's glob, neither matches a
    leading dot unless the pattern names it, and case counts.
    """
    deep = like.endswith("%%")
    parts: list[str] = []
    for piece in re.split(r"(%+)", like[:-2] if deep else like):
        at_start = not parts or parts[-1].endswith("/")
        parts.append((r"(?!\.)" if at_start else "") + "[^/]*" if piece.startswith("%") else re.escape(piece))
    if deep:
        parts.append(r"(?:(?<!/)|(?!\.))[^/]*(?:/(?!\.)[^/]*)*")
    return re.compile("".join(parts), re.DOTALL)


def _low(like: Value) -> str | None:
    return None if like is None else str(like).split("%", 1)[0]


def _high(like: Value) -> str | None:
    return None if like is None else str(like).split("%", 1)[0] + "\U0010ffff"


def _path_like(like: Value, path: bytes | None) -> int | None:
    if like is None or path is None:
        return None
    return int(pattern(str(like)).fullmatch(path.decode("utf-8", "surrogateescape")) is not None)


def _digest(name: str, text: Value) -> str | None:
    import hashlib  # only where asked for: the shell must start quickly

    if text is None:
        return None
    return hashlib.new(name, text if isinstance(text, bytes) else str(text).encode()).hexdigest()


def _split(text: Value, separators: Value, index: Value) -> str | None:
    if text is None or not separators:
        return None
    return _nth(
        [part for part in re.split(f"[{re.escape(str(separators))}]", str(text)) if part.strip()], index
    )


def _regex_match(text: Value, expression: Value, index: Value) -> str | None:
    if text is None or not expression:
        return None
    found = re.search(str(expression), str(text))
    if found is None:
        return None
    return _nth([found.group(), *found.groups()], index)


def _regex_split(text: Value, expression: Value, index: Value) -> str | None:
    if text is None or not expression:
        return None
    return _nth([part for part in re.split(str(expression), str(text)) if part], index)


def _nth(parts: list[str], index: Value) -> str | None:
    at = int(index or 0)
    return parts[at] if 0 <= at < len(parts) else None


def _concat_ws(separator: Value, *parts: Value) -> str:
    return str(separator).join(str(part) for part in parts if part is not None)


def _to_base64(text: Value) -> str | None:
    import base64

    return None if text is None else base64.b64encode(str(text).encode()).decode("ascii")


def _from_base64(text: Value) -> str | None:
    import base64

    try:
        return None if text is None else base64.b64decode(str(text), validate=True).decode()
    except ValueError:
        return ""


def _inet_aton(text: Value) -> int | None:
    import ipaddress

    try:
        return int(ipaddress.IPv4Address(str(text)))
    except ValueError:
        return None


def _in_cidr_block(block: Value, address: Value) -> int | None:
    import ipaddress

    try:
        return int(ipaddress.ip_address(str(address)) in ipaddress.ip_network(str(block), strict=False))
    except ValueError:
        return None
