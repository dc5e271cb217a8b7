"""Which slots are there, who holds which value in each, and which places of a value vary by nature?

A slot is a query and a key; its value is the other compared columns. Absence is a value on hosts that gave every row.
A slot that some host fills twice is a set: each value becomes a slot of its own, present or absent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.analysis.fold import members
from bot.analysis.tables import Values
from bot.analysis.volatile import Facts
from bot.model import Query

VARIES = "‹varies›"


@dataclass(slots=True)
class Slot:
    """One slot over all snapshots.

    Attributes:
        values: Value (canonical row) to the snapshots that hold it.
        absent: Snapshots known not to have the slot.
        known: Snapshots whose value or absence is known.
        transient: Whether it varies by nature, so that its absence is nothing to report.
    """

    query: Query
    columns: tuple[str, ...]
    key: Values
    values: dict[Values, int]
    absent: int
    known: int
    merged: dict[Values, list[Values]] = field(default_factory=dict)
    transient: bool = False

    @property
    def present(self) -> int:
        """Snapshots that hold any value."""
        mask = 0
        for holders in self.values.values():
            mask |= holders
        return mask


def slots_of(facts: Facts, host_of: Sequence[int]) -> list[Slot]:
    """Return the slots on which the snapshots of ``facts`` do not all agree, in order of their keys."""
    table = facts.table
    columns = table.columns
    everyone = table.complete | table.partial
    if everyone.bit_count() < 2:
        return []
    key_at = [columns.index(column) for column in table.query.key if column in columns]
    if len(key_at) == len(columns):
        key_at = []
    grouped: dict[Values, list[tuple[Values, int]]] = {}
    for values, mask in facts.rows.items():
        if mask == everyone:
            continue  # all agree; another value beside it makes a set, in which this one says nothing
        key = tuple([values[at] for at in key_at]) if key_at else values
        grouped.setdefault(key, []).append((values, mask))
    found: list[Slot] = []
    for key in sorted(grouped):
        held = sorted(grouped[key])
        overlap = total = 0
        for _, mask in held:
            overlap |= total & mask
            total |= mask
        if overlap:
            found.extend(_slot(facts, (*key, *values), {values: mask}) for values, mask in held)
        else:
            slot = _slot(facts, key, dict(held))
            if len(held) > 2:
                _drop_varying(slot, key_at, host_of)
            found.append(slot)
    return found


def _slot(facts: Facts, key: Values, values: dict[Values, int]) -> Slot:
    table = facts.table
    held = 0
    for mask in values.values():
        held |= mask
    absent = table.complete & ~held
    transient = any(value in facts.varying for value in values)
    return Slot(table.query, table.columns, key, values, absent, held | absent, transient=transient)


def _drop_varying(slot: Slot, key_at: list[int], host_of: Sequence[int]) -> None:
    """Blot out the places of a value that differ on nearly every host, and keep comparing the others."""
    hosts = {host_of[i] for i in members(slot.present)}
    if len(hosts) < 3 or 2 * len(slot.values) < len(hosts):
        return
    drop: list[int] = []
    for place in range(len(slot.columns)):
        if place in key_at:
            continue
        holders: dict[str, set[int]] = {}
        for values, mask in slot.values.items():
            holders.setdefault(values[place], set()).update(host_of[i] for i in members(mask))
        alone = sum(1 for each in holders.values() if len(each) == 1)
        if alone >= max(3, 0.5 * len(hosts)) and len(holders) > 1:
            drop.append(place)
    if not drop:
        return
    values_now: dict[Values, int] = {}
    for values, mask in slot.values.items():
        blotted = tuple([VARIES if i in drop else value for i, value in enumerate(values)])
        values_now[blotted] = values_now.get(blotted, 0) | mask
        slot.merged.setdefault(blotted, []).append(values)
    slot.values = values_now
