"""Which distinct compared rows are there, and which snapshots hold each?

Exact rows were counted as they came; everything that is costly or clever happens here and later, over distinct rows.
Sets of snapshots are bit masks: bit i is the i-th snapshot, hosts of the group first, baseline snapshots after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from bot.analysis.fold import Chosen, Counts, decode
from bot.analysis.semantics import VOLATILE
from bot.model import Query, Row

MISSING = "\x00missing"
"""Stands for a column that this host's osquery does not have."""

MOST_GAPS = 32  # sets of missing columns that are filled; versions of osquery in one group are fewer, and each costs a pass

Values = tuple[str, ...]


@dataclass(slots=True)
class Table:
    """The answers to one query, over all snapshots.

    Attributes:
        columns: The compared columns, sorted.
        complete: Snapshots that gave every row.
        partial: Snapshots that gave some rows, so that an absence says nothing.
        rows: Distinct compared values and the snapshots that hold them.
        behind: The compared values as picked, and the numbers of the exact rows that have them.
        chosen: Whose rows they are.
    """

    query: Query
    columns: tuple[str, ...] = ()
    complete: int = 0
    partial: int = 0
    rows: dict[Values, int] = field(default_factory=dict)
    behind: dict[Values, list[int]] = field(default_factory=dict)
    chosen: Chosen | None = None

    def raw_rows(self, values: Iterable[Values], places: Sequence[int]) -> list[list[Row]]:
        """Return, for each of these snapshots, the distinct rows as collected behind any of ``values``, sorted by their text."""
        if self.chosen is None:
            return [[] for _ in places]
        if self._raw is None:
            self._raw = self.chosen.fold.counts[self.query.name].rows()
        rows, held = self._raw
        asked = [self.chosen.numbers[place] for place in places]
        found: dict[int, list[Row]] = {snapshot: [] for snapshot in asked}
        for number in {number for each in values for number in self.behind.get(each, ())}:
            who = held[number]
            for snapshot in (~who,) if who < 0 else found:
                if snapshot in found and (who < 0 or who >> snapshot & 1):
                    found[snapshot].append(decode(rows[number]))
        return [sorted(found[snapshot], key=lambda row: sorted(row.items())) for snapshot in asked]

    _raw: tuple[list[bytes], list[int]] | None = None


def tabulate(query: Query, chosen: Chosen) -> Table:
    """Return the table of ``query``; a snapshot that does not know the answer is in neither mask."""
    counts = chosen.fold.counts.get(query.name)
    table = Table(query, chosen=chosen)
    if counts is None:
        return table
    table.complete, table.partial = chosen.mask(counts.complete), chosen.mask(counts.partial)
    table.columns = compared_columns(query, _held_shapes(counts, chosen))
    if not table.columns:
        return table
    pick = picker(table.columns)
    rows, behind = table.rows, table.behind
    for number, bare, mask in chosen.rows_of(query.name):
        values = pick(bare)
        before = rows.get(values)
        if before is None:
            rows[values] = mask
            behind[values] = [number]
        else:
            rows[values] = before | mask
            behind[values].append(number)
    _impute(table)
    return table


def _held_shapes(counts: Counts, chosen: Chosen) -> dict[tuple[str, ...], int]:
    """Return each set of columns with the snapshots that gave a row of it."""
    shapes = list(counts.shapes)
    masks = [0] * len(shapes)
    if len(shapes) == 1:
        masks[0] = 1  # nothing to weigh
    else:
        for (_, held), shape in zip(counts.items(), counts.shape_of, strict=True):
            masks[shape] |= chosen.mask(held)
    return {shape: mask for shape, mask in zip(shapes, masks, strict=True) if mask}


def compared_columns(query: Query, shapes: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    """Return the columns to compare: those that most answers have, less what is ignored or volatile by nature.

    Args:
        shapes: The sets of columns that rows have, and the snapshots that gave a row of each.
    """
    holders: dict[str, int] = {}
    everyone = 0
    for shape, mask in shapes.items():
        everyone |= mask
        for column in shape:
            holders[column] = holders.get(column, 0) | mask
    total = everyone.bit_count()
    leave_out = set(query.ignore) | (VOLATILE - set(query.key))
    named = sorted(c for c, mask in holders.items() if 2 * mask.bit_count() > total and c not in leave_out)
    return tuple(named or sorted(c for c in holders if c not in query.ignore))


@lru_cache(maxsize=256)
def picker(columns: tuple[str, ...]) -> Callable[[bytes], Values]:
    """Return a function from a row, as ``decode`` takes it, to its compared values; a column that is not there is MISSING."""

    def any_row(bare: bytes) -> Values:
        row = decode(bare)
        return tuple([row.get(column, MISSING) for column in columns])

    if not all(map(str.isidentifier, columns)):  # msgspec takes no odd names
        return any_row
    names = {f"c{place}": column for place, column in enumerate(columns)}
    wanted = msgspec.defstruct("Wanted", [(name, str) for name in names], rename=names, gc=False)
    quick = msgspec.json.Decoder(wanted).decode  # makes no text of what is not compared

    def pick(bare: bytes) -> Values:
        try:
            return msgspec.structs.astuple(quick(b"{%b}" % bare))
        except msgspec.ValidationError:
            return any_row(bare)

    return pick


def _impute(table: Table) -> None:
    """Fill columns that an older osquery lacks from the commonest row that agrees in all others."""
    gaps = [values for values in table.rows if MISSING in values]
    if not gaps:
        return
    wanted: dict[tuple[int, ...], list[Values]] = {}
    for values in gaps:
        present = tuple(i for i, value in enumerate(values) if value is not MISSING and value != MISSING)
        wanted.setdefault(present, []).append(values)
    for count, (present, lacking) in enumerate(
        sorted(wanted.items(), key=lambda gap: (-len(gap[1]), gap[0]))
    ):
        whole: dict[Values, tuple[int, Values]] = {}
        for values, mask in table.rows.items() if count < MOST_GAPS else ():
            if MISSING in values:
                continue
            shown = tuple(values[i] for i in present)
            best = whole.get(shown)
            rank = (mask.bit_count(), values)
            if best is None or rank > best:
                whole[shown] = rank
        for values in lacking:
            mask = table.rows.pop(values)
            match = whole.get(tuple(values[i] for i in present))
            plain = tuple("" if v == MISSING else v for v in values)
            table.behind.setdefault(plain, []).extend(table.behind[values])
            filled = match[1] if match else plain
            table.rows[filled] = table.rows.get(filled, 0) | mask
