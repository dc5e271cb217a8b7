"""What would the known ways say of the same answers? Two references to measure against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.model import Compare, Pack, Snapshot


def json_diff(snapshots: Sequence[Snapshot]) -> dict[str, tuple[float, int]]:
    """Netflix Diffy's way: every raw row that one reference host does not have counts. The first host is the reference.

    Returns, per host, its score and how many rows it would show.
    """
    reference = _rows(snapshots[0])
    other = _rows(snapshots[1]) if len(snapshots) > 1 else Counter()
    found = {}
    for snapshot in snapshots:
        mine = _rows(snapshot)
        against = other if snapshot is snapshots[0] else reference
        count = sum((mine - against).values())
        found[snapshot.host.id] = (float(count), count)
    return found


def stacking(snapshots: Sequence[Snapshot], pack: Pack) -> dict[str, tuple[float, int]]:
    """Least frequency of occurrence: every row, without the pack's ignored columns, that one host alone has counts."""
    per_host = {s.host.id: set(_rows(s, pack)) for s in snapshots}
    seen = Counter(row for rows in per_host.values() for row in rows)
    found = {}
    for host, rows in per_host.items():
        count = sum(1 for row in rows if seen[row] == 1)
        found[host] = (float(count), count)
    return found


def _rows(snapshot: Snapshot, pack: Pack | None = None) -> Counter[tuple[str, tuple[tuple[str, str], ...]]]:
    rows: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter()
    for answer in snapshot.answers:
        query = pack.query(answer.query) if pack else None
        if query is not None and query.compare is Compare.CONTEXT:
            continue
        ignore = {*query.ignore, "pid"} if query else set()
        for row in answer.rows:
            rows[answer.query, tuple(sorted((k, v) for k, v in row.items() if k not in ignore))] += 1
    return rows
