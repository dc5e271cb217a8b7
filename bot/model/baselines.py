"""What a named person accepted as normal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Baseline:
    """Snapshots of a target that a named person accepted as normal.

    ``snapshots`` are content digests, in the order of ``hosts``. ``version`` counts from 1 per target; the highest
    is the present one. ``renewed_at`` is the last time a scheduled collection found nothing changed.
    """

    target: str
    version: int
    hosts: tuple[str, ...]
    snapshots: tuple[str, ...]
    pack: str
    author: str
    created_at: datetime
    renewed_at: datetime
    reason: str = ""
    run: str = ""
    images: tuple[str, ...] = ()
    template_versions: tuple[str, ...] = ()
