"""How do bytes that a host sent become JSON that can be read, and no larger than we allow?"""

from __future__ import annotations

import codecs
import zlib
from typing import cast


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Write a byte that is not UTF-8 so that the JSON string around it reads as ``\\xNN`` (osquery prints it raw)."""
    wrong = cast(UnicodeDecodeError, error)
    return "".join(f"\\\\x{byte:02x}" for byte in wrong.object[wrong.start : wrong.end]), wrong.end


codecs.register_error("diffy-json", _escape)


def as_json(raw: bytes) -> bytes:
    """Return UTF-8; each byte of a JSON string that is not UTF-8 is kept readable as ``\\xNN``."""
    if raw.isascii():
        return raw
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("utf-8", "diffy-json").encode()
    return raw


def as_text(raw: bytes, *, most: int = 500) -> str:
    """Return host bytes as one printable line of at most ``most`` characters."""
    text = raw[: 4 * most].decode("utf-8", "backslashreplace")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:most]


def gunzip(packed: bytes, *, most: int) -> bytes:
    """Return the content of concatenated gzip members.

    Raises:
        ValueError: Not gzip, cut, or more than ``most`` bytes (of which no more than that were unpacked).
    """
    out = bytearray()
    while packed:
        member = zlib.decompressobj(wbits=31)
        try:
            out += member.decompress(packed, most + 1 - len(out))
        except zlib.error as error:
            raise ValueError(f"it cannot be unpacked ({error})") from error
        if len(out) > most:
            raise ValueError(f"it unpacks to more than {most} bytes")
        if not member.eof:
            raise ValueError("it ends in the middle")
        packed = member.unused_data
    return bytes(out)
