"""Which attacks, honest one-offs and kinds of group does nobody see who tunes the analysis?

README.md beside this file says how they are used.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.attacks import Host
from benchmarks.held import (
    access,
    agents,
    applications,
    backdoors,
    botnets,
    changes,
    clouds,
    cover,
    entrances,
    evasion,
    execution,
    footholds,
    implants,
    jobs,
    mending,
    people,
    persistence,
    relays,
    releases,
    returns,
    rollout,
    sessions,
    settings,
    spoils,
    states,
    trust,
    upkeep,
)
from benchmarks.held.kinds import KINDS
from benchmarks.known.kinds import Kind

Attack = Callable[[Host], None]
OneOff = Callable[[Host, random.Random], None]

ATTACKS: tuple[Attack, ...] = (
    *persistence.ATTACKS,
    *access.ATTACKS,
    *implants.ATTACKS,
    *evasion.ATTACKS,
    *execution.ATTACKS,
    *botnets.ATTACKS,
    *backdoors.ATTACKS,
    *applications.ATTACKS,
    *footholds.ATTACKS,
    *clouds.ATTACKS,
    *cover.ATTACKS,
    *entrances.ATTACKS,
    *returns.ATTACKS,
    *relays.ATTACKS,
    *spoils.ATTACKS,
)
"""What was done to one host. Each changes its tables in place."""

ONE_OFFS: tuple[OneOff, ...] = (
    *sessions.ONE_OFFS,
    *changes.ONE_OFFS,
    *upkeep.ONE_OFFS,
    *states.ONE_OFFS,
    *jobs.ONE_OFFS,
    *people.ONE_OFFS,
    *rollout.ONE_OFFS,
    *mending.ONE_OFFS,
    *releases.ONE_OFFS,
    *agents.ONE_OFFS,
    *trust.ONE_OFFS,
    *settings.ONE_OFFS,
)
"""What one host shows by itself, honestly. Each changes its tables in place."""

__all__ = ["ATTACKS", "KINDS", "ONE_OFFS", "Attack", "Kind", "OneOff"]
