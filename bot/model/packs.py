"""What is asked of a host: queries, and packs of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cost(StrEnum):
    """How hard a query is on a host. Slow ones run in a process of their own, with their own time limit."""

    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"


class Compare(StrEnum):
    """How the rows of a query are judged."""

    FACTS = "facts"  # each row is a fact: slot (key columns) and value (other compared columns)
    EXPECT_EMPTY = "expect_empty"  # as facts; any row at all is notable
    CONTEXT = "context"  # never judged by itself; explains other facts (logins, host facts)


@dataclass(frozen=True, slots=True)
class Query:
    """One question. Columns neither in ``key`` nor in ``ignore`` are the fact's value.

    Attributes:
        key: Columns that identify a fact; empty means the whole compared row.
        ignore: Columns collected for the reader, never compared (pid, times, sizes).
        attack: MITRE ATT&CK technique ids that a difference here may show.
        telling: 1 (background) to 5 (sharp): the order in which answers are kept when not all fit.
        max_bytes: Most bytes of its answer as osquery prints it; one that is larger is not kept.
        why: Why a responder cares, one sentence.
    """

    name: str
    sql: str
    why: str
    key: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    compare: Compare = Compare.FACTS
    attack: tuple[str, ...] = ()
    cost: Cost = Cost.FAST
    telling: int = 3
    timeout_s: int = 20
    max_rows: int = 5000
    max_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pack:
    """A named set of queries, in the order they are asked."""

    name: str
    description: str
    queries: tuple[Query, ...]

    def query(self, name: str) -> Query:
        """Return the query of that name; KeyError when the pack has none."""
        for query in self.queries:
            if query.name == name:
                return query
        raise KeyError(name)
