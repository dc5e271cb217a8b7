"""What do the other hosts and the baseline have in the place of a difference?"""

from __future__ import annotations

from bot.analysis.rarity import Oddity
from bot.analysis.slots import VARIES, Slot
from bot.analysis.tables import MISSING, Values
from bot.masking import mask_row
from bot.model import Held, Row

MOST = 6
LOOKED_AT = 2 * MOST  # of the commonest values of a slot: the hosts of the finding are then left out


class Holders:
    """Who holds what in the slots of a report; each slot is looked through once, however many findings it has.

    Args:
        hosts: How many of the first snapshots are hosts of the group; the others are the baseline.
    """

    def __init__(self, hosts: int) -> None:
        self._group = (1 << hosts) - 1
        self._known: dict[int, tuple[Slot, list[tuple[Row | None, int]]]] = {}

    def others_of(self, oddity: Oddity) -> tuple[Held, ...]:
        """Return who else holds what, the commonest first; what only the hosts of the finding hold is left out."""
        found = [
            Held(row, (mask & self._group & ~oddity.hosts).bit_count(), (mask & ~self._group).bit_count())
            for row, mask in self._commonest(oddity.slot)
        ]
        kept = [each for each in found if each.hosts or each.snapshots]
        return tuple(sorted(kept, key=lambda each: (-each.hosts, -each.snapshots)))[:MOST]

    def _commonest(self, slot: Slot) -> list[tuple[Row | None, int]]:
        if id(slot) not in self._known:
            held: list[tuple[Values | None, int]] = [*sorted(slot.values.items()), (None, slot.absent)]
            telling = [at for at in range(len(slot.columns)) if len({value[at] for value in slot.values}) > 1]
            held.sort(
                key=lambda each: (
                    -(each[1] & self._group).bit_count(),
                    -(each[1] & ~self._group).bit_count(),
                )
            )
            rows = [(_row(slot.columns, value, telling), mask) for value, mask in held[:LOOKED_AT]]
            self._known[id(slot)] = slot, rows  # the slot is kept, so that its number is nobody else's
        return self._known[id(slot)][1]


def _row(columns: tuple[str, ...], value: Values | None, telling: list[int]) -> Row | None:
    if value is None:
        return None
    named = [at for at, column in enumerate(columns) if column == "key"]  # it decides about the value
    masked = mask_row({columns[at]: value[at] for at in (*named, *telling)})
    return {columns[at]: masked[columns[at]] for at in telling if value[at] not in (VARIES, MISSING)}
