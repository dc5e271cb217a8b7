"""Which further attacks, honest one-offs and kinds of group may be looked at while the analysis is tuned?

They were written together with ``benchmarks.held`` by somebody who tuned nothing, and parted from it by their place in
its lists: two of five attacks, every other one-off, two of five kinds. Sixty attacks, 48 one-offs and six kinds came
later, by hands that tuned nothing either: of these, two of three are here. Three more kinds (workers of a cluster, build
runners, jump hosts) were written to be looked at; none of them is kept away. Last came 36 attacks, 48 one-offs and two
kinds, in the same way: two of three of the attacks and one-offs, and the first of the kinds, are here.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from benchmarks.attacks import Host
from benchmarks.known import (
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
from benchmarks.known.kinds import KINDS, Kind

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
