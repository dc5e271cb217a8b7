"""Which positions of a text vary from host to host by nature, so that they are not compared?

Two steps over distinct rows. A host's own identifiers are replaced, but only in rows that no other host has word for
word (a list of all members names each of them on every host). Then rows that differ only in numbers, uuids, long hex
or random names are put side by side: where the hosts that have such a row nearly all have another value in that
place, the place varies by nature. A list of cases alone never masks: what one host has and no other is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bot.analysis.fold import members
from bot.analysis.semantics import IDENTITY, Kind
from bot.analysis.tables import Table, Values

_WORD = re.compile(r"(?<![0-9A-Za-z_])[a-z_]*+[0-9A-Z][0-9A-Za-z_]*+")
"""Words of small letters alone are passed over: nothing in them can vary."""
_WORD_OR_UUID = re.compile(
    r"(?P<uuid>\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)|"
    + _WORD.pattern
)
_HEX = re.compile(r"^(?:0x)?(?=[0-9a-fA-F]*[0-9])[0-9a-fA-F]{8,}$")
_TURNS = re.compile(
    r"(?:[a-z_]++(?=.)|[A-Z]++(?=.)|[0-9]++(?=.)){3}"
)  # three turns: small letters, capitals, digits
_MAY_VARY = re.compile(r"[0-9A-Z]|[^\x00-\x7f]")  # without a digit or two cases no word looks random
_DIGITS = re.compile(r"\d+")
EPHEMERAL = 32768  # the default lower end of net.ipv4.ip_local_port_range
CHANCE = "‹…›"  # a uuid, long hex, a time, a random name, an ephemeral port
NUMBER = "‹n›"
_PORTS = frozenset({"port", "local_port"})
_LITERAL = re.compile(r"_mask$|^remote_port$|^version$|^release$|^username$|^mode$|^uid$|^gid$")
_ADDRESS = re.compile(r"address$|_ip$")
_EXECUTABLE = frozenset({"path", "process_path", "fragment_path", "directory", "root", "cwd"})


LONG = 256  # characters of a text, beyond which what was found in it is not remembered
_Mark = Callable[[str], tuple[str, bool]]


@dataclass(slots=True)
class Facts:
    """Canonical rows of one table: what is compared, who holds it, and the rows as collected behind it."""

    table: Table
    rows: dict[Values, int] = field(default_factory=dict)
    behind: dict[Values, list[Values]] = field(default_factory=dict)
    varying: frozenset[Values] = frozenset()


def settle(
    table: Table, replace: Sequence[Callable[[Values], Values] | None], host_of: Sequence[int], kind: Kind
) -> Facts:
    """Return the canonical rows of ``table``.

    Args:
        replace: For each snapshot, what puts stand-ins in place of that host's own identifiers.
        host_of: For each snapshot, a number that is equal for snapshots of the same host.
    """
    facts = Facts(table)
    everyone = table.complete | table.partial
    most = everyone.bit_count() / 2
    rare: list[tuple[Values, int]] = []
    for values, mask in table.rows.items():
        count = mask.bit_count()
        if count > most and count > 1:
            _hold(facts, values, mask, values)
            continue
        own = _own(values, mask, replace, host_of) if count <= 8 else values
        _hold(facts, own, mask, values)
    for values, mask in facts.rows.items():
        if mask.bit_count() <= max(1.0, most):
            rare.append((values, mask))
    if kind is not Kind.MODULE:
        _generalise(facts, rare, host_of, everyone, kind)
    return facts


def _hold(facts: Facts, canonical: Values, mask: int, raw: Values) -> None:
    facts.rows[canonical] = facts.rows.get(canonical, 0) | mask
    if canonical != raw:
        facts.behind.setdefault(canonical, []).append(raw)
    elif canonical in facts.behind:
        facts.behind[canonical].append(raw)


def _own(
    values: Values, mask: int, replace: Sequence[Callable[[Values], Values] | None], host_of: Sequence[int]
) -> Values:
    """Return ``values`` with the holders' own identifiers replaced, if every holder gives the same text."""
    answer: Values | None = None
    done: set[int] = set()
    for index in members(mask):
        if host_of[index] in done:
            continue
        done.add(host_of[index])
        put = replace[index]
        if put is None:
            return values
        mine = put(values)
        if mine == values or (answer is not None and mine != answer):
            return values
        answer = mine
    return answer or values


def _generalise(
    facts: Facts, rare: list[tuple[Values, int]], host_of: Sequence[int], everyone: int, kind: Kind
) -> None:
    """Merge rare rows that differ only in places which vary from host to host."""
    columns = facts.table.columns
    groups: dict[Values, list[tuple[Values, int, bool]]] = {}
    for values, mask in rare:
        template, strong = _template(columns, values, kind)
        if template != values:
            groups.setdefault(template, []).append((values, mask, strong))
    varying: set[Values] = set()
    known_hosts = len({host_of[i] for i in members(everyone)})
    for template, group in groups.items():
        if len(group) < 2:
            continue
        hosts_each = [{host_of[i] for i in members(mask)} for _, mask, _ in group]
        hosts = set().union(*hosts_each)
        sharing = max(len(each) for each in hosts_each)
        if all(strong for _, _, strong in group):
            varies = len(hosts) >= 2 and 2 * sharing <= max(2, len(hosts))
        else:
            varies = len(hosts) >= max(3, 0.4 * known_hosts) and 3 * sharing <= max(3, len(hosts))
        if not varies:
            continue
        varying.add(template)
        for values, _, _ in group:
            mask = facts.rows.pop(values)
            raws = facts.behind.pop(values, [values])
            facts.rows[template] = facts.rows.get(template, 0) | mask
            facts.behind.setdefault(template, []).extend(raws)
    facts.varying = frozenset(varying)


@lru_cache(maxsize=1024)
def _reading(columns: tuple[str, ...], kind: Kind) -> tuple[tuple[int, _Mark], ...]:
    """Return the columns that might vary, by place, and for each what marks its places that do and says whether the signs were weak."""

    def of(column: str) -> _Mark | None:
        if IDENTITY.search(column) or _LITERAL.search(column):
            return None
        if _ADDRESS.search(column):
            return _network
        if column in _PORTS:
            return _port
        return _mark_strong if column in _EXECUTABLE or kind is Kind.PACKAGE else _mark

    return tuple((place, mark) for place, column in enumerate(columns) if (mark := of(column)) is not None)


def _template(columns: tuple[str, ...], values: Values, kind: Kind) -> tuple[Values, bool]:
    """Return the row with a mark in each place that might vary, and whether only sure signs of chance were marked."""
    strong = True
    out = list(values)
    for place, mark in _reading(columns, kind):
        value = values[place]
        if _MAY_VARY.search(value):
            out[place], weak = _marked(mark, value)
            strong = strong and not weak
    return tuple(out), strong


def _marked(mark: _Mark, text: str) -> tuple[str, bool]:
    return _remembered(mark, text) if len(text) <= LONG else mark(text)


@lru_cache(maxsize=16384)
def _remembered(mark: _Mark, text: str) -> tuple[str, bool]:
    return mark(text)


def _port(port: str) -> tuple[str, bool]:
    return (CHANCE if port.isdecimal() and int(port[:6]) >= EPHEMERAL else port), False


def _network(address: str) -> tuple[str, bool]:
    """Return the kind of network an address lies in; what is not an IPv4 address stays."""
    if not re.match(r"^(?:::ffff:)?(?:\d{1,3}\.){3}\d{1,3}$", address) or address.startswith(("0.", "127.")):
        return address, True
    inside = re.match(r"^(?:::ffff:)?(?:10\.|192\.168\.|169\.254\.|172\.(?:1[6-9]|2\d|3[01])\.)", address)
    return ("‹inside›" if inside else "‹outside›"), True


def _mark(text: str) -> tuple[str, bool]:
    """Return the text with each uuid, hex, random name and number marked, and whether a number was."""
    weak = False

    def mark(found: re.Match[str]) -> str:
        nonlocal weak
        word = found.group()
        if found.lastgroup == "uuid" or _by_chance(word):
            return CHANCE
        if word.isdigit():
            weak = True
            return NUMBER
        marked, count = _DIGITS.subn(NUMBER, word)
        weak = weak or count > 0
        return marked

    return _tokens(text).sub(mark, text), weak


def _mark_strong(text: str) -> tuple[str, bool]:
    """Return the text with each uuid, hex and random name marked; numbers stay."""

    def mark(found: re.Match[str]) -> str:
        return CHANCE if found.lastgroup == "uuid" or _by_chance(found.group()) else found.group()

    return _tokens(text).sub(mark, text), False


def _tokens(text: str) -> re.Pattern[str]:
    return _WORD_OR_UUID if text.count("-") >= 4 else _WORD  # to look for uuids takes most of the time


def _by_chance(word: str) -> bool:
    """Whether a word is long hex, or mixes cases or digits as mktemp's names do and as no word of a language does."""
    if len(word) < 6:
        return False
    if _HEX.match(word):
        return True
    if len(word) > 64 or not _TURNS.match(word):
        return False
    signs = word.replace("_", "")
    return not signs.isdigit() and not (signs.isalpha() and (signs.isupper() or signs.islower()))


def shape_of_path(path: str) -> str:
    """Return the path with each uuid, hex and random name marked."""
    return _marked(_mark_strong, path)[0] if _MAY_VARY.search(path) else path


def shape_of_row(columns: tuple[str, ...], values: Values, kind: Kind) -> str:
    """Return the row with each number, uuid, hex and random name marked; empty where it has none."""
    marked = _template(columns, values, kind)[0]
    return "\x1f".join(marked) if marked != values else ""


def as_row(columns: tuple[str, ...], values: Values) -> Mapping[str, str]:
    """Return compared values under their column names."""
    return dict(zip(columns, values, strict=True))
