"""Is what a host starts the work of a service that starts other things on every host?

A build agent, a batch daemon or a pool of workers runs what it is given, and that differs from host to host. How often it
does is counted: on how many other hosts things that nobody else runs descend from the same service. An intruder who comes
through a service that always does the same stays as odd as he is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.analysis.fold import members
from bot.analysis.places import program
from bot.analysis.semantics import Kind
from bot.analysis.weighing import Draft
from bot.model import Change

LEAST = 0.25  # of the other hosts, below which a service is not one that starts what differs


def shares(services: Mapping[tuple[int, int], str], hosts: int) -> dict[tuple[int, int], float]:
    """Return the share of the other hosts whose own things descend from the same service, where it is ``LEAST`` or more.

    Args:
        services: By number of the draft and of the host the service that a new thing descends from.
        hosts: How many hosts there are.
    """
    varied: dict[str, int] = {}
    for (_, host), service in services.items():
        varied[service] = varied.get(service, 0) | 1 << host
    found: dict[tuple[int, int], float] = {}
    for (index, host), service in services.items():
        share = (varied[service] & ~(1 << host)).bit_count() / max(1, hosts - 1)
        if share >= LEAST:
            found[index, host] = share
    return found


def at_work(
    drafts: Sequence[Draft], services: Mapping[tuple[int, int], str], hosts: int
) -> dict[tuple[int, int], float]:
    """Return the ``shares``, and with them those of the program files that run so."""
    found = shares(services, hosts)
    files: dict[tuple[str, int], float] = {}
    for (index, host), share in found.items():
        if path := program(drafts[index].row, drafts[index].about.kind):
            files[path, host] = max(share, files.get((path, host), 0.0))
    for index, each in enumerate(drafts) if files else ():
        if each.about.kind in (Kind.PROGRAM, Kind.FILE) and each.oddity.change is Change.ADDED:
            for host in members(each.oddity.hosts):
                if share := files.get((each.row.get("path", ""), host), 0.0):
                    found[index, host] = share
    return found
