"""In which words does Diffy say counts, ages, reasons and names? Shared by Slack and the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.hostile import clean, said, size
from bot.model import (
    Change,
    Host,
    Method,
    MissReason,
    QueryStatus,
    Row,
    RunKind,
    RunState,
)

MISSED = {
    MissReason.OFFLINE: "offline, its SSM agent lost the connection",
    MissReason.NOT_REGISTERED: "unknown to SSM: no agent, no role, or too young",
    MissReason.NOT_IN_SERVICE: "not in service",
    MissReason.WARM_POOL: "in the warm pool of its group, not in service",
    MissReason.STOPPED: "stopped",
    MissReason.NOT_LINUX: "not Linux",
    MissReason.GONE: "gone, terminated or unknown to EC2",
    MissReason.ACCESS_DENIED: "AWS denied access to it",
    MissReason.UNDELIVERABLE: "the command could not be delivered",
    MissReason.DELIVERY_TIMED_OUT: "it did not pick the command up in time",
    MissReason.EXECUTION_TIMED_OUT: "it started and did not finish in time",
    MissReason.SCRIPT_FAILED: "the script failed on it",
    MissReason.NO_OSQUERY: "osquery is not installed",
    MissReason.EMPTY_OUTPUT: "it answered nothing at all",
    MissReason.CUT_OUTPUT: "its answer was cut off",
    MissReason.MALFORMED_OUTPUT: "its answer could not be read",
    MissReason.DEADLINE: "silent until the deadline",
    MissReason.CANCELLED: "no longer waited for: the run was ended early",
    MissReason.NOT_RECORDED: "no recorded answer",
}

UNKNOWN = {
    QueryStatus.ROWS: "answered",
    QueryStatus.EMPTY: "answered",
    QueryStatus.ERROR: "osquery refused it",
    QueryStatus.NOT_ON_VERSION: "is not known to the osquery there",
    QueryStatus.TIMED_OUT: "timed out",
    QueryStatus.DID_NOT_FIT: "did not fit into the answer",
    QueryStatus.TOO_MANY: "had too many rows",
    QueryStatus.TOO_LARGE: "was larger than its cap",
    QueryStatus.NOT_RUN: "was not run",
}

CHANGES = {
    Change.ADDED: "added",
    Change.REMOVED: "missing",
    Change.CHANGED: "changed",
}

METHODS = {
    Method.PEERS: "peers",
    Method.BASELINE: "the baseline",
    Method.BOTH: "the baseline and peers",
}

STATES = {
    RunState.QUEUED: "queued",
    RunState.COLLECTING: "collecting",
    RunState.COMPARING: "comparing",
    RunState.WAITING: "waiting for a decision",
    RunState.DONE: "done",
    RunState.FAILED: "failed",
    RunState.CANCELLED: "cancelled",
    RunState.INTERRUPTED: "interrupted",
}

KINDS = {
    RunKind.ANALYZE: "analyze",
    RunKind.BASELINE: "baseline",
    RunKind.REFRESH: "scheduled check",
}

MOST_COLUMNS = 20  # of one row, shown; a pack's query has at most 16

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def plural(count: int, noun: str, nouns: str = "") -> str:
    """Return "1 host", "24 hosts", "1,960 rows"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def listed(names: Sequence[str], most: int, *, conjunction: str = "and") -> str:
    """Return "a, b and c", or "a, b and 12 more" when there are more than ``most``."""
    shown = list(names[:most])
    if len(names) > most:
        return f"{', '.join(shown)} {conjunction} {len(names) - most:,} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {conjunction} {shown[-1]}"


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit: "6 days", "3 hours", "1 minute", "less than a minute"."""
    seconds = length.total_seconds()
    for unit_s, noun in _UNITS:
        if seconds >= unit_s:
            return plural(int(seconds // unit_s), noun)
    return "less than a minute"


def age(since: datetime, now: datetime) -> str:
    """Return "6 days old"; a moment in the future counts as now."""
    return f"{span(now - since)} old"


def ago(at: datetime, now: datetime) -> str:
    """Return "6 days ago", or "just now" within a minute; a moment in the future counts as now."""
    if (now - at).total_seconds() < 60:
        return "just now"
    return f"{span(now - at)} ago"


def when(at: datetime) -> str:
    """Return a moment as "2026-11-20 09:12 UTC"."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def took(length: timedelta) -> str:
    """Return how long something took: "41 s", "3 min 12 s"."""
    seconds = max(0, round(length.total_seconds()))
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60:02d} s"


def query_title(query: str) -> str:
    """Return a query's name as words: ``listening_ports`` becomes "listening ports"."""
    return clean(query, 60).replace("_", " ")


def column_words(column: str) -> str:
    """Return a column's name as words: ``current_value`` becomes "value", ``sha256`` "content"."""
    return {"sha256": "content", "current_value": "value"}.get(column, column.replace("_", " "))


def bits(score: float) -> str:
    """Return a score with its unit: "12.4 bits"."""
    return f"{score:.1f} bits"


def where(host: Host | None) -> str:
    """Return what the cloud says of a host: "10.0.1.17 · us-east-1a · template 12 · launched 2026-11-20 09:12 UTC"."""
    if host is None:
        return ""
    known = [
        f"account {said(host.account, 40)}" if host.account else "",
        said(host.private_ip, 45) if host.private_ip else "",
        said(host.zone, 40) if host.zone else "",
        f"template {said(host.template_version, 30)}" if host.template_version else "",
        f"launched {when(host.launch_time)}" if host.launch_time else "",
    ]
    return " · ".join(filter(None, known))


def differing(row: Row, expected: Row | None) -> tuple[str, ...]:
    """Return the columns in which a row differs from what is usual, in the row's order; none without an expected row."""
    if expected is None:
        return ()
    return tuple(column for column in row if row[column] != expected.get(column, row[column]))


def one_line(row: Row, *, limit: int, only: Sequence[str] = ()) -> str:
    """Return a row's telling columns as ``name=nc  path=/tmp/.x/nc``, at most ``limit`` characters."""
    return clean("  ".join(row_pieces(row, max(24, limit // 2), only)), limit) or "(no columns)"


def folded(row: Row, *, limit: int, width: int) -> str:
    """Return the same as ``one_line``, broken between columns so that few lines exceed ``width``."""
    return "\n".join(fold(row_pieces(row, limit // 2), limit, width)) or "(no columns)"


def row_pieces(row: Row, limit: int, only: Sequence[str] = ()) -> list[str]:
    """Return a row's columns as ``name=value``, each value at most ``limit``: those of ``only``, or all not empty."""
    wanted = [column for column in row if (column in only if only else row[column] != "")]
    return [f"{clean(column, 40)}={clean(row[column], limit)}" for column in wanted]


def fold(pieces: Sequence[str], limit: int, width: int) -> list[str]:
    """Return pieces side by side in lines of ``width`` where they fit, ``limit`` characters in all at most."""
    lines: list[str] = []
    used = 0
    for number, piece in enumerate(pieces):
        if used + size(piece) > limit:
            lines.append(f"…({plural(len(pieces) - number, 'more column')})")
            break
        used += size(piece) + 2
        if lines and len(lines[-1]) + 2 + len(piece) <= width:
            lines[-1] += f"  {piece}"
        else:
            lines.append(piece)
    return lines


def table_lines(row: Row, expected: Row | None = None, *, limit: int) -> str:
    """Return a row as aligned lines, one column each, and beside a differing one what is usual.

    ``limit`` bounds each value; empty columns are left out unless another value was expected.
    """
    changed = differing(row, expected)
    shown = [column for column in row if row[column] != "" or column in changed]
    if not shown:
        return "(no columns)"
    more = len(shown) - MOST_COLUMNS
    shown = shown[:MOST_COLUMNS]
    names = {column: clean(column, 40) for column in shown}
    width = max(map(len, names.values()))
    lines = []
    for column, name in names.items():
        lines.append(f"{name:<{width}}  {clean(row[column], limit) or '(empty)'}")
        if expected is not None and column in changed:
            lines.append(f"{'':<{width}}  usual: {clean(expected[column], limit) or '(empty)'}")
    if more > 0:
        lines.append(f"…({more} more columns)")
    return "\n".join(lines)
