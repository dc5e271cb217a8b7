"""What the analysis says: findings, hosts in order, coverage; all that a view needs, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.hosts import Host, Missed
from bot.model.snapshots import QueryStatus, Row


class Method(StrEnum):
    """Against what a host is compared."""

    PEERS = "peers"
    BASELINE = "baseline"
    BOTH = "both"


class Change(StrEnum):
    """How the row differs from what is expected of this host."""

    ADDED = "added"  # here, and not expected
    REMOVED = "removed"  # expected, and not here; ``row`` is the expected row
    CHANGED = "changed"  # the same slot with another value; ``expected`` is the usual row


class Quadrant(StrEnum):
    """Drift and rarity together."""

    NEW_RARE = "new_rare"  # investigate first
    NEW_COMMON = "new_common"  # the group changed: a deploy, or a majority compromise
    KNOWN_RARE = "known_rare"  # this host lost it or is stale
    RARE = "rare"  # no baseline: only rarity is known


class HostStatus(StrEnum):
    """How much of a host is known."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What was asked, for the head of a report. Times are aware UTC."""

    id: str
    target: str
    method: Method
    method_reason: str  # why this method: "a baseline exists", "no baseline of web-asg yet"
    pack: str
    requested_by: str
    started_at: datetime
    finished_at: datetime
    incident: str = ""
    provisional: bool = False
    focus: str = ""  # the host that was named, if one was
    api_calls: int = 0  # what the run asked of the cloud's API; 0 where it asked nothing
    api_repeated: int = 0  # beside these: attempts repeated after a refusal or a fault


@dataclass(frozen=True, slots=True)
class BaselineInfo:
    """The baseline that was compared with."""

    version: int
    author: str
    created_at: datetime
    renewed_at: datetime
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnknownQuery:
    """A query whose answer is not known on a host. ``error`` is host text: hostile."""

    host: str
    query: str
    status: QueryStatus
    error: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who answered. ``targeted`` = ``answered`` + ``partial`` + len(``missed``); each was asked ``queries`` queries; 0: unsaid."""

    targeted: int
    answered: int
    partial: int
    missed: tuple[Missed, ...] = ()
    unknown: tuple[UnknownQuery, ...] = ()
    queries: int = 0

    @property
    def known(self) -> int:
        """How many hosts answered, in whole or in part."""
        return self.answered + self.partial


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of a finding's score: what it rests on, in words, and its bits."""

    label: str
    bits: float


@dataclass(frozen=True, slots=True)
class Held:
    """What some others hold in a finding's place.

    Attributes:
        row: The columns that tell what is held apart from the finding (secrets masked); none: the thing is there; None:
            nothing is there.
        hosts: Hosts of the group that hold it, those of the finding not counted.
        snapshots: Snapshots of the baseline that hold it.
    """

    row: Row | None
    hosts: int
    snapshots: int


def summing_to(total: float, parts: Iterable[ScorePart], *, digits: int) -> tuple[ScorePart, ...]:
    """Return the parts rounded to ``digits`` decimals so that their sum is ``total``, itself so rounded, exactly.

    The last places that rounding gains or loses are taken back from the parts that were rounded furthest that way
    (largest remainders). Parts that come to nothing are left out; without any there is no sum to keep.
    """
    given = list(parts)
    unit = 10**digits
    places = [round(round(part.bits, digits) * unit) for part in given]  # as formatting rounds: 0.15 is 0.1
    left = round(round(total, digits) * unit) - sum(places)
    step = 1 if left > 0 else -1
    furthest = sorted(
        (place for place, part in enumerate(given) if part.bits),
        key=lambda place: (step * (places[place] - given[place].bits * unit), place),
    )
    for turn in range(abs(left) if furthest else 0):
        places[furthest[turn % len(furthest)]] += step
    return tuple(
        ScorePart(part.label, whole / unit) for part, whole in zip(given, places, strict=True) if whole
    )


@dataclass(frozen=True, slots=True)
class SharedFact:
    """One more difference of a finding's hosts; fields as in ``Finding``. ``why`` is host text, without counts.

    ``rows`` (up to 20 more raw rows behind it) and ``attack`` are not kept of what several hosts share.
    """

    query: str
    change: Change
    row: Row
    expected: Row | None
    score: float
    why: str
    rows: tuple[Row, ...] = ()
    attack: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A judged difference with its reason.

    Attributes:
        hosts: Hosts that show it, sorted by id.
        query: Name of the pack's query.
        row: The row as collected (secrets masked), under the query's column names. For REMOVED, the expected row.
        expected: What peers or the baseline have in its place; None when nothing.
        score: Bits; larger is sharper.
        seen_on: How many of the ``of`` peers that answered the query have the same (the shown hosts not counted).
        baseline_seen: How many of the ``baseline_of`` baseline snapshots have the same; None without a baseline.
        why: One line that a tired person understands. Holds host text: hostile.
        tentative: Too few peers and baseline snapshots to be surer.
        outlying: Whether this finding alone marks its hosts as standing out, by what leads it or by what stands behind.
        others: What the other hosts and the baseline hold in its place, the commonest first; six at most.
        rows: Up to 20 more raw rows behind the finding (secrets masked), when it stands for several.
        shared: Up to 20 other facts that just these hosts share and nothing in AWS explains, sharpest first.
        shared_count: How many facts the hosts share in all, this one included; 0 when it stands for itself alone.
        also: Up to 20 other facts of the same program, file, unit or account on just these hosts, sharpest first.
    """

    hosts: tuple[str, ...]
    query: str
    change: Change
    row: Row
    expected: Row | None
    score: float
    seen_on: int
    of: int
    baseline_seen: int | None
    baseline_of: int | None
    attack: tuple[str, ...]
    why: str
    quadrant: Quadrant = Quadrant.RARE
    tentative: bool = False
    outlying: bool = False
    parts: tuple[ScorePart, ...] = ()
    others: tuple[Held, ...] = ()
    rows: tuple[Row, ...] = ()
    shared: tuple[SharedFact, ...] = ()
    shared_count: int = 0
    also: tuple[SharedFact, ...] = ()

    @property
    def facts(self) -> tuple[Finding | SharedFact, ...]:
        """What leads, and the other facts of the same thing: for whoever counts or shows each row."""
        return self, *self.also


@dataclass(frozen=True, slots=True)
class HostVerdict:
    """One host's place. ``rank`` counts from 1, most suspicious first; missed hosts come last, unranked (0)."""

    id: str
    rank: int
    score: float
    outlier: bool
    status: HostStatus
    cohort: str
    reason: str = ""  # one line: its sharpest finding; host text
    host: Host | None = None


@dataclass(frozen=True, slots=True)
class LookAlikes:
    """Hosts that look alike, for description only; a host is never judged by it."""

    label: str  # "template 12", "apart"
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What the evidence can carry: n peers, B baseline snapshots, the most bits one fact could reach by rarity."""

    peers: int
    baseline: int
    most_bits: float
    threshold_bits: float
    tentative: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The judged result of one run. Order of every tuple is final: views show it as it is.

    ``findings``: sharpest first. ``notes``: sentences on what can and cannot be claimed, group-wide changes,
    a stale baseline, the majority changed; they may hold host text.
    """

    run: RunInfo
    coverage: Coverage
    hosts: tuple[HostVerdict, ...]
    findings: tuple[Finding, ...]
    limits: Limits
    lookalikes: tuple[LookAlikes, ...] = ()
    notes: tuple[str, ...] = ()
    baseline: BaselineInfo | None = None

    @property
    def outliers(self) -> tuple[HostVerdict, ...]:
        """The hosts that stand out, most suspicious first."""
        return tuple(host for host in self.hosts if host.outlier)

    @property
    def doubtful(self) -> tuple[HostVerdict, ...]:
        """The hosts that do not become part of a baseline unless they are named: they stand out or answered in part."""
        unknown = {
            verdict.id: set[str]() for verdict in self.hosts if verdict.status is not HostStatus.MISSED
        }
        for query in self.coverage.unknown:
            unknown.get(query.host, set()).add(query.query)
        partial = partly_answered(unknown)
        return tuple(v for v in self.hosts if v.id in unknown and (v.outlier or v.id in partial))

    def of_host(self, host: str) -> tuple[Finding, ...]:
        """The findings of one host, sharpest first."""
        return tuple(finding for finding in self.findings if host in finding.hosts)


def partly_answered(unknown: Mapping[str, Set[str]]) -> frozenset[str]:
    """Return the hosts that left a query unanswered which another host answered.

    A query that no host could answer (another osquery version, no such table) speaks against no host.

    Args:
        unknown: For each host that answered, the names of the queries it left unanswered.
    """
    if not unknown:
        return frozenset()
    everywhere = frozenset.intersection(*(frozenset(queries) for queries in unknown.values()))
    return frozenset(host for host, queries in unknown.items() if frozenset(queries) - everywhere)
