"""What one host answered at one moment, query by query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.hosts import Host

Row = Mapping[str, str]
"""One row as osquery prints it: column name to text. Host text: hostile."""


def text_row(row: Mapping[str, str | int | float | bool | None]) -> dict[str, str]:
    """Return the row with every value as text, as osquery prints it (NULL is empty)."""
    return {
        key: value if type(value) is str else "" if value is None else str(value)
        for key, value in row.items()
    }


class QueryStatus(StrEnum):
    """How one query ended on one host. Only the first two are knowledge."""

    ROWS = "rows"
    EMPTY = "empty"
    ERROR = "error"  # osquery refused; the message is kept
    NOT_ON_VERSION = "not_on_version"  # this osquery has no such table, column or function
    TIMED_OUT = "timed_out"
    DID_NOT_FIT = "did_not_fit"  # given up on the host to stay within SSM's output limit
    TOO_MANY = "too_many"  # more rows than the query's cap: the rows kept are a part
    TOO_LARGE = "too_large"  # more bytes than the query's cap: nothing is kept
    NOT_RUN = "not_run"


KNOWN = frozenset({QueryStatus.ROWS, QueryStatus.EMPTY})


@dataclass(frozen=True, slots=True)
class Answer:
    """One query's answer on one host. ``rows`` is empty unless the status is ROWS or TOO_MANY."""

    query: str
    status: QueryStatus
    rows: tuple[Row, ...] = ()
    error: str = ""

    @property
    def known(self) -> bool:
        """Whether the rows are all there is; otherwise this host is *unknown* for the query, not empty."""
        return self.status in KNOWN


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One host's answers at one moment. ``answers`` are in no particular order, one a query."""

    host: Host
    taken_at: datetime
    answers: tuple[Answer, ...]
    osquery_version: str = ""

    @property
    def partial(self) -> bool:
        """Whether any query is unknown here."""
        return not all(answer.known for answer in self.answers)
