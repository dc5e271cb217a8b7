"""What kinds of group are there?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.sandbox.fleet.draft import Draft
from bot.sandbox.fleet.work import batch, container, jvm, replica, web
from bot.sandbox.fleet.work.place import Place


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of work, on a system (``data/<system>.json``). ``lay_work`` adds it to a host that has its system."""

    system: str
    lay_work: Callable[[Draft, Place], None]


ROLES: Mapping[str, Role] = {
    "web": Role("debian", web.lay_work),
    "jvm": Role("amazon", jvm.lay_work),
    "database": Role("debian", replica.lay_work),
    "container": Role("amazon", container.lay_work),
    "batch": Role("debian", batch.lay_work),
}
"""The five kinds of group, by name."""
