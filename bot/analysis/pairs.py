"""Which rare row stands in the place of a usual one that its hosts lack: changed in one column, or another version?

Without this a new option on a command line is one program too many and one too few, and a refreshed snap is dozens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from bot.analysis.rarity import Oddity
from bot.analysis.semantics import IDENTITY, Kind
from bot.analysis.tables import Values
from bot.analysis.volatile import Facts
from bot.model import Change, Query

_DIGITS = re.compile(r"\d+")
_NEEDS = 3  # columns, below which "all but one are equal" says nothing


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual row, and whether only its version differs."""

    row: Values
    version: bool


def pair(
    facts: Facts, odd: list[Oddity], kind: Kind, majority_of: int
) -> tuple[list[Oddity], frozenset[Values]]:
    """Return the oddities with pairs joined to one CHANGED each, and the rows that are only another version.

    Args:
        majority_of: The snapshots among which a row held by more than half is usual.
    """
    added = [o for o in odd if o.change is Change.ADDED and o.value is not None]
    if not added:
        return odd, frozenset()
    usual = _usual_rows(facts, majority_of)
    if not usual:
        return odd, frozenset()
    by_shape, by_rest = _index(facts.table.query, facts.table.columns, usual)
    replaced: dict[Values, int] = {}
    versions: set[Values] = set()
    for oddity in added:
        value = oddity.value or ()
        found = _match(facts, value, usual, by_shape, by_rest, oddity.hosts, kind)
        if found is None:
            continue
        oddity.change, oddity.expected = Change.CHANGED, found.row
        replaced[found.row] = replaced.get(found.row, 0) | oddity.hosts
        if found.version:
            versions.add(value)
    kept: list[Oddity] = []
    for oddity in odd:
        if oddity.change is Change.REMOVED and oddity.expected in replaced:
            oddity.hosts &= ~replaced[oddity.expected or ()]
            if not oddity.hosts:
                continue
        kept.append(oddity)
    return kept, frozenset(versions)


def _usual_rows(facts: Facts, majority_of: int) -> dict[Values, int]:
    known = facts.table.complete & majority_of
    total = known.bit_count()
    return {
        values: mask
        for values, mask in facts.rows.items()
        if (2 * (mask & known).bit_count() > total and mask & known != known)
        or _on_all_but_others(mask, known, facts)
    }


def _on_all_but_others(mask: int, known: int, facts: Facts) -> bool:
    """Whether all of the majority hold the row but some other snapshot does not."""
    everyone = facts.table.complete | facts.table.partial
    return mask & known == known and mask != everyone and known != 0


@lru_cache(maxsize=1024)
def _shaped(key: tuple[str, ...], columns: tuple[str, ...]) -> tuple[bool, ...]:
    """Return which columns make up the shape of a row."""
    return tuple(c in key if key else not IDENTITY.search(c) for c in columns)


def _shape(query: Query, columns: tuple[str, ...], values: Values) -> Values:
    keep = _shaped(query.key, columns)
    return tuple(
        [_DIGITS.sub("‹n›", value) if here else "" for value, here in zip(values, keep, strict=True)]
    )


def _index(
    query: Query, columns: tuple[str, ...], usual: Iterable[Values]
) -> tuple[dict[Values, list[Values]], dict[tuple[int, Values], list[Values]]]:
    by_shape: dict[Values, list[Values]] = {}
    by_rest: dict[tuple[int, Values], list[Values]] = {}
    for values in sorted(usual):
        by_shape.setdefault(_shape(query, columns, values), []).append(values)
        if len(columns) >= _NEEDS:
            for at in range(len(columns)):
                by_rest.setdefault((at, values[:at] + values[at + 1 :]), []).append(values)
    return by_shape, by_rest


def _match(
    facts: Facts,
    value: Values,
    usual: dict[Values, int],
    by_shape: dict[Values, list[Values]],
    by_rest: dict[tuple[int, Values], list[Values]],
    hosts: int,
    kind: Kind,
) -> Usual | None:
    columns = facts.table.columns
    shape = _shape(facts.table.query, columns, value)
    if kind not in (Kind.LISTENER, Kind.CONNECTION, Kind.USER, Kind.NAMES) and any(
        "‹n›" in part for part in shape
    ):
        for candidate in by_shape.get(shape, ()):
            if not usual[candidate] & hosts:
                return Usual(candidate, True)
    if len(columns) >= _NEEDS:
        for at, column in enumerate(columns):
            if column in ("path", "process_path", "id", "username"):
                continue  # another program or account is another thing
            for candidate in by_rest.get((at, value[:at] + value[at + 1 :]), ()):
                if not usual[candidate] & hosts:
                    return Usual(candidate, False)
    return None
