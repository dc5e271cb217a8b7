"""Which distinct rows are there, and which snapshots hold each?

Exact rows are counted first, as collected; everything that is costly or clever happens later, over distinct rows.
Sets of snapshots are bit masks: bit i is the i-th snapshot, hosts of the group first, baseline snapshots after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from bot.analysis.semantics import VOLATILE
from bot.model import Answer, Query, QueryStatus, Row, Snapshot

MISSING = "\x00missing"
"""Stands for a column that this host's osquery does not have."""

Values = tuple[str, ...]


@dataclass(slots=True)
class Table:
    """The answers to one query, over all snapshots.

    Attributes:
        columns: The compared columns, sorted.
        complete: Snapshots that gave every row.
        partial: Snapshots that gave some rows, so that an absence says nothing.
        rows: Distinct compared values and the snapshots that hold them.
    """

    query: Query
    columns: tuple[str, ...] = ()
    complete: int = 0
    partial: int = 0
    rows: dict[Values, int] = field(default_factory=dict)


def fold(query: Query, snapshots: Sequence[Snapshot]) -> Table:
    """Return the table of ``query``; a snapshot that does not know the answer is in neither mask."""
    table = Table(query)
    answers: list[tuple[int, Answer]] = []
    for index, snapshot in enumerate(snapshots):
        for answer in snapshot.answers:
            if answer.query != query.name:
                continue
            if answer.known:
                table.complete |= 1 << index
            elif answer.status is QueryStatus.TOO_MANY:
                table.partial |= 1 << index
            else:
                continue
            if answer.rows:
                answers.append((index, answer))
    table.columns = compared_columns(query, [answer for _, answer in answers])
    if not table.columns:
        return table
    pick = picker(table.columns)
    held: dict[Values, list[int]] = {}
    for index, answer in answers:
        for values in set(map(pick, answer.rows)):
            holders = held.get(values)
            if holders is None:
                held[values] = [index]
            else:
                holders.append(index)
    table.rows = {values: mask_of(holders) for values, holders in held.items()}
    _impute(table)
    return table


def compared_columns(query: Query, answers: Iterable[Answer]) -> tuple[str, ...]:
    """Return the columns to compare: those that most answers have, less what is ignored or volatile by nature."""
    shapes = Counter(frozenset(answer.rows[0]) for answer in answers)
    total = sum(shapes.values())
    weight: Counter[str] = Counter()
    for shape, count in shapes.items():
        for column in shape:
            weight[column] += count
    leave_out = set(query.ignore) | (VOLATILE - set(query.key))
    named = sorted(c for c, count in weight.items() if 2 * count > total and c not in leave_out)
    return tuple(named or sorted(c for c in weight if c not in query.ignore))


def picker(columns: tuple[str, ...]) -> Callable[[Row], Values]:
    """Return a function from a row to its compared values; a column that is not there is MISSING."""
    quick = itemgetter(*columns) if len(columns) > 1 else None

    def pick(row: Row) -> Values:
        if quick is not None:
            try:
                return quick(row)  # type: ignore[no-any-return]
            except KeyError:
                pass
        return tuple(row.get(column, MISSING) for column in columns)

    return pick


def mask_of(indices: Iterable[int]) -> int:
    """Return the bit mask of ``indices``."""
    mask = 0
    for index in indices:
        mask |= 1 << index
    return mask


def members(mask: int) -> Iterable[int]:
    """Yield the indices in ``mask``, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _impute(table: Table) -> None:
    """Fill columns that an older osquery lacks from the commonest row that agrees in all others."""
    gaps = [values for values in table.rows if MISSING in values]
    if not gaps:
        return
    wanted: dict[tuple[int, ...], list[Values]] = {}
    for values in gaps:
        present = tuple(i for i, value in enumerate(values) if value is not MISSING and value != MISSING)
        wanted.setdefault(present, []).append(values)
    for present, lacking in wanted.items():
        whole: dict[Values, tuple[int, Values]] = {}
        for values, mask in table.rows.items():
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
            filled = match[1] if match else tuple("" if v == MISSING else v for v in values)
            table.rows[filled] = table.rows.get(filled, 0) | mask
