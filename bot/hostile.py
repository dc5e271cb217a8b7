"""How is text that an attacker may have written made safe to show?

Process names, paths, cron lines and error messages are chosen by whoever owns the host. Three dangers are met here:
characters that cannot be seen or that reorder what is seen, length, and text that a client turns into a link by itself.
Markup (``<!channel>``, ``*bold*``) is met elsewhere, by putting host text only where Slack parses none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_SPACES = str.maketrans(
    {
        "\n": " ",
        "\r": " ",
        "\t": " ",
        "\v": " ",
        "\f": " ",
        "\x85": " ",
        "\u2028": " ",
        "\u2029": " ",
        "\u00a0": " ",
    }
)

# Control, format (bidi, zero-width, tags), lone surrogates, private use and unassigned: nothing a reader could see.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

# Letters and marks that are drawn as nothing: Hangul fillers, Khmer inherent vowels, the blank Braille pattern,
# the combining grapheme joiner, Mongolian and other variation selectors.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800\u034f\u180b\u180c\u180d\u180f") | frozenset(
    map(chr, range(0xFE00, 0xFE10))
)

_MARKS = frozenset({"Mn", "Me"})
_MARKS_IN_A_ROW = 3  # more combining marks than this on one letter only smear over the lines around it

# Ends of names that Slack and terminals are known to turn into links without a scheme: every two-letter country
# code, and the generic ones that are common. ``.service`` and ``.conf`` are none, so unit names stay readable.
_TOP_LEVEL = (
    r"(?:[a-z]{2}|com|net|org|edu|gov|mil|int|info|biz|name|app|dev|xyz|top|site|online|club|shop|icu|cloud|live|"
    r"link|click|space|tech|store|pro|mobi|zip|mov|test|example|onion|local|internal|arpa|wtf|fun|world|today|run)"
)
_SCHEME = re.compile(r"\b([a-z][a-z0-9+.-]{1,20}):(?=//)", re.IGNORECASE)
_MAIL_SCHEME = re.compile(r"\b(mailto|tel|slack|sms):(?=\S)", re.IGNORECASE)
_DOMAIN = re.compile(
    rf"(?<![\w/.\\-])((?:[\w-]{{1,63}}\.){{1,8}})({_TOP_LEVEL})(?![\w-]|\.\w)", re.IGNORECASE
)
_WWW = re.compile(r"\b(www)\.(?=\w)", re.IGNORECASE)
_DOT = re.compile(r"(?<!\[)\.(?!\])")
_BEYOND_ASCII = re.compile(r"[^ -~]+")
_AFTER_SCHEME = re.compile(r"(?<=\[:\]//)[^\s/]+")


def size(text: str) -> int:
    """Return the length in UTF-16 units: what JavaScript clients count, and never less than any other count."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def visible(text: str) -> str:
    """Return ``text`` on one line, with each character that cannot be seen written out (``\\u202e``, ``\\x1b``).

    Written out rather than dropped: that somebody hid one is what a responder wants to know.
    """
    if text.isascii() and text.isprintable():
        return text
    letters = "".join(set(text))
    if not any(unicodedata.category(letter) in _MARKS for letter in letters):  # then each stands for itself
        return text.translate(dict(zip(map(ord, letters), _pieces(letters), strict=True)))
    return _BEYOND_ASCII.sub(lambda run: "".join(_pieces(run[0])), text)  # what is plain ends a row of marks


def _pieces(text: str) -> Iterator[str]:
    """Yield what is shown for each character of ``text``."""
    marks = 0
    for character in text.translate(_SPACES):
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        hidden = category in _INVISIBLE or character in _BLANK or marks > _MARKS_IN_A_ROW
        yield _written_out(character) if hidden else character


def clean(text: str, limit: int) -> str:
    """Return ``text`` with nothing invisible in it, at most ``limit`` UTF-16 units, cut with ``…(n more)``.

    ``n`` counts the characters left out. ``limit`` is at least 24, so that there is room to say so.
    """
    if limit < 24:
        raise ValueError("a limit below 24 leaves no room to say how much was cut")
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    # Longer input is never looked at whole: one character is written out as ten at most, and never as none.
    return _cleaned(text[: limit + 1], len(text), limit)


@lru_cache(maxsize=512)  # hosts of a group say the same, and a report says it in several places
def _cleaned(text: str, length: int, limit: int) -> str:
    """Return what ``clean`` does for a text of that length of which ``text`` is the beginning."""
    shown = visible(text)
    if length <= limit and size(shown) <= limit:
        return shown
    room = limit - size(f"…({length} more)")
    if len(shown) == len(text):  # nothing was written out: one character is one character
        kept = shown.encode("utf-16-le")[: 2 * room].decode("utf-16-le", "ignore")
        return f"{kept}…({length - len(kept)} more)"
    pieces: list[str] = []
    used = 0
    for piece in _pieces(text):
        if used + size(piece) > room:
            break
        pieces.append(piece)
        used += size(piece)
    return f"{''.join(pieces)}…({length - len(pieces)} more)"


def defang(text: str) -> str:
    """Return ``text`` with web addresses and domains written so that no client makes a link of them.

    Twice is the same as once. ``https://evil.example/x`` becomes ``hxxps[:]//evil[.]example/x``; unit names, versions and paths stay as they are.
    """
    text = _SCHEME.sub(lambda match: f"{match[1].replace('tt', 'xx').replace('TT', 'XX')}[:]", text)
    text = _MAIL_SCHEME.sub(r"\1[:]", text)
    text = _WWW.sub(r"\1[.]", text)
    text = _AFTER_SCHEME.sub(lambda match: _DOT.sub("[.]", match[0]), text)
    return _DOMAIN.sub(lambda match: f"{match[1][:-1].replace('.', '[.]')}[.]{match[2]}", text)


def said(text: str, limit: int) -> str:
    """Return host text for a place where a client may make links by itself: cleaned, then defanged.

    Defanging lengthens the text, by less than half again; ``limit`` bounds what is shown of the original.
    """
    return defang(clean(text, limit))


def label(text: str, limit: int = 60) -> str:
    """Return a name that a person typed or an operator chose, for a place where Slack parses markup.

    Every character that could begin markup, a mention, an emoji or a link becomes ``?``.
    """
    literal = re.sub(r"[^\w .,/@=+\-\[\]()…]", "?", said(text, limit))
    return re.sub(r"(?<![^\W_])_|_(?![^\W_])", "?", literal)


def _written_out(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
