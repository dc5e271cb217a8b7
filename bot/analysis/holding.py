"""What do the other hosts and the baseline have in the place of a difference?"""

from __future__ import annotations

from bot.analysis.rarity import Oddity
from bot.analysis.slots import VARIES
from bot.analysis.tables import MISSING, Values
from bot.masking import mask_row
from bot.model import Held, Row

MOST = 6


def others_of(oddity: Oddity, hosts: int) -> tuple[Held, ...]:
    """Return who else holds what, the commonest first; a value that only the hosts of the finding hold is left out.

    Args:
        hosts: How many of the first snapshots are hosts of the group; the others are the baseline.
    """
    slot = oddity.slot
    group = (1 << hosts) - 1
    held: list[tuple[Values | None, int]] = [*sorted(slot.values.items()), (None, slot.absent)]
    values = [value for value, _ in held if value is not None]
    telling = [at for at in range(len(slot.columns)) if len({value[at] for value in values}) > 1]
    found = [
        Held(
            _row(slot.columns, value, telling),
            (mask & group & ~oddity.hosts).bit_count(),
            (mask & ~group).bit_count(),
        )
        for value, mask in held
    ]
    kept = [each for each in found if each.hosts or each.snapshots]
    return tuple(sorted(kept, key=lambda each: (-each.hosts, -each.snapshots)))[:MOST]


def _row(columns: tuple[str, ...], value: Values | None, telling: list[int]) -> Row | None:
    if value is None:
        return None
    masked = mask_row(
        dict(zip(columns, value, strict=True))
    )  # whole: a variable's name decides about its value
    return {columns[at]: masked[columns[at]] for at in telling if value[at] not in (VARIES, MISSING)}
