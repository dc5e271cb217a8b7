"""Who did not answer, and what is not known of those that did? The same words in Slack and on a terminal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.hostile import said
from bot.model import Coverage, Missed, MissReason, QueryStatus, UnknownQuery
from bot.views.sentences import MOST_NAMES, host_name
from bot.views.words import MISSED, UNKNOWN

MOST_REASONS = 6  # sentences on hosts that did not answer, and on queries that are unknown


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not known: on these hosts, and on ``more`` that are not named; why, in words."""

    hosts: tuple[str, ...]
    more: int
    why: str
    query: str = ""

    def __str__(self) -> str:
        named = ", ".join(self.hosts)
        where = f"{named} and {self.more:,} more" if self.more and named else named or f"{self.more:,} more"
        return f"{self.query} {self.why} on {where}" if self.query else f"{where}: {self.why}"


def missed(coverage: Coverage) -> tuple[Gap, ...]:
    """Return the hosts that did not answer, one entry a reason, as first met.

    Where a reason holds one host, what the host or AWS said of it follows the reason.
    """
    by_reason: dict[MissReason, list[Missed]] = defaultdict(list)
    for one in coverage.missed:
        by_reason[one.reason].append(one)
    gaps = []
    for reason, all_of_it in list(by_reason.items())[:MOST_REASONS]:
        detail = said(all_of_it[0].detail, 120) if len(all_of_it) == 1 else ""
        why = f"{MISSED[reason]}{f' ({detail})' if detail else ''}"
        gaps.append(_gap([one.host for one in all_of_it], why, MOST_NAMES))
    rest = sum(len(all_of_it) for all_of_it in list(by_reason.values())[MOST_REASONS:])
    if rest:
        gaps.append(Gap((), rest, "other reasons, listed in the file"))
    return tuple(gaps)


def unknown(coverage: Coverage) -> tuple[Gap, ...]:
    """Return what is not known of hosts that answered in part, one entry a query and how it ended."""
    by_query: dict[tuple[str, QueryStatus], list[UnknownQuery]] = defaultdict(list)
    for one in coverage.unknown:
        by_query[one.query, one.status].append(one)
    gaps = []
    for (query, status), all_of_it in list(by_query.items())[:MOST_REASONS]:
        error = said(all_of_it[0].error, 100) if len(all_of_it) == 1 else ""
        why = f"{UNKNOWN[status]}{f' ({error})' if error else ''}"
        gaps.append(_gap([one.host for one in all_of_it], why, 3, said(query, 60)))
    rest = sum(len(all_of_it) for all_of_it in list(by_query.values())[MOST_REASONS:])
    if rest:
        gaps.append(Gap((), rest, "not known either; listed in the file"))
    return tuple(gaps)


def _gap(hosts: Sequence[str], why: str, most: int, query: str = "") -> Gap:
    return Gap(tuple(host_name(host) for host in hosts[:most]), max(0, len(hosts) - most), why, query)
