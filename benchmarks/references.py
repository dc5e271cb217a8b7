"""What would the known ways say of the same answers? Four references to measure against.

JSON diff and stacking are counting. The isolation forest (scikit-learn) and ECOD see the same rows as stacking, one
column for each distinct row. ECOD (Li, Zhao, Hu, Botta, Ionescu, Chen: ECOD, IEEE TKDE 2022) is written out here,
because its library brings numba and matplotlib, half a gigabyte; the scores are those of pyod 3.6.7.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.model import Compare, Pack, Snapshot

Fact = tuple[str, tuple[tuple[str, str], ...]]
"""A query's name and a row without the columns that are never compared."""

ALWAYS_IGNORED = frozenset(
    {"pid", "instances"}
)  # counts of the moment, as the hand-written masks of stacking
TREES = 100
ECOD_SHARE = 0.1  # of the hosts that pyod calls outliers unless told otherwise


class Numbers(dict[tuple[Fact, int], int]):
    """Numbers facts, and rows by their places among equal ones, as they are met: numbers are compared much faster."""

    def __init__(self) -> None:
        super().__init__()
        self.named: list[Fact] = []

    def __missing__(self, key: tuple[Fact, int]) -> int:
        self.named.append(key[0])
        number = self[key] = len(self)
        return number


@dataclass(frozen=True, slots=True)
class Said:
    """What one host said, in numbers: rows as they are, and facts."""

    host: str
    rows: frozenset[int]
    facts: frozenset[int]


@dataclass(frozen=True, slots=True)
class Scored:
    """What a reference makes of a group, by place: scores, hosts that it marks, rows that it shows (None: shows none)."""

    scores: tuple[float, ...]
    marked: tuple[bool, ...]
    shown: tuple[int, ...] | None = None


def said_by(snapshot: Snapshot, pack: Pack, numbers: Numbers) -> Said:
    """Return what a snapshot says to the references; ``numbers`` are those of its group."""
    facts: set[int] = set()
    for answer in snapshot.answers:
        query = pack.query(answer.query)
        if query.compare is not Compare.CONTEXT:
            ignore = ALWAYS_IGNORED.union(query.ignore)
            facts.update(
                numbers[(answer.query, tuple((k, v) for k, v in row.items() if k not in ignore)), 0]
                for row in answer.rows
            )
    return Said(snapshot.host.id, _rows(snapshot, numbers), frozenset(facts))


def json_diff(snapshots: Sequence[Snapshot]) -> Scored:
    """Netflix Diffy's way: every raw row that one reference host does not have counts. The first host is the reference."""
    numbers = Numbers()
    return diff([_rows(snapshot, numbers) for snapshot in snapshots])


def diff(rows: Sequence[frozenset[int]]) -> Scored:
    """See ``json_diff``; of rows that are numbered already."""
    counts = tuple(len(mine - rows[other]) for mine, other in zip(rows, _against(len(rows)), strict=True))
    return Scored(tuple(map(float, counts)), tuple(count > 0 for count in counts), counts)


def stacking(said: Sequence[Said]) -> Scored:
    """Least frequency of occurrence: every fact that one host alone has counts."""
    seen = Counter(fact for each in said for fact in each.facts)
    counts = tuple(sum(seen[fact] == 1 for fact in each.facts) for each in said)
    return Scored(tuple(map(float, counts)), tuple(count > 0 for count in counts), counts)


def shows_by_diff(said: Sequence[Said], place: int, fact: int) -> bool:
    """Whether the JSON diff shows a planted fact, or one that is gone: a row of one side only."""
    other = _against(len(said))[place]
    return (fact in said[place].facts) != (fact in said[other].facts)


def shows_by_stacking(said: Sequence[Said], place: int, fact: int) -> bool:
    """Whether stacking shows a planted fact: no other host has it. What is gone is no rare row."""
    return fact in said[place].facts and sum(fact in each.facts for each in said) == 1


def isolation_forest(matrix: Any, seed: int) -> Scored:
    """scikit-learn's forest with its own defaults, its own bar for an outlier among them. It shows no rows."""
    from sklearn.ensemble import IsolationForest

    forest = IsolationForest(n_estimators=TREES, random_state=seed).fit(matrix)
    scores = -forest.score_samples(matrix)
    return Scored(tuple(map(float, scores)), tuple(bool(s > -forest.offset_) for s in scores))


def ecod(matrix: Any) -> Scored:
    """ECOD: for each column -log of the tail that the host's value lies in, added up. It shows no rows.

    Of zeros and ones one tail is everybody and the other those with the same value, whichever way the column leans.
    """
    import numpy as np

    ones = matrix.mean(axis=0)
    scores = -np.log(np.where(matrix, ones, 1 - ones)).sum(axis=1)
    bar = np.percentile(scores, 100 * (1 - ECOD_SHARE))
    return Scored(tuple(map(float, scores)), tuple(bool(s > bar) for s in scores))


def one_hot(said: Sequence[Said]) -> Any:
    """Return hosts by facts, as zeros and ones; facts that all hosts have say nothing and are left out."""
    import numpy as np

    seen = Counter(fact for each in said for fact in each.facts)
    column = {fact: index for index, fact in enumerate(sorted(f for f, c in seen.items() if c < len(said)))}
    matrix: Any = np.zeros((len(said), len(column)), dtype=np.float32)
    for row, each in enumerate(said):
        matrix[row, [column[fact] for fact in each.facts if fact in column]] = 1
    return matrix


def missing_libraries() -> str:
    """Return the names of what the outlier libraries need and is not installed; empty when all is there."""
    from importlib.util import find_spec

    wanted = {"numpy": "numpy", "sklearn": "scikit-learn"}
    return ", ".join(name for module, name in wanted.items() if find_spec(module) is None)


def _against(count: int) -> list[int]:
    """Return for each place the one that it is compared with: the first, which is compared with the second."""
    return [min(1, count - 1), *([0] * (count - 1))]


def _rows(snapshot: Snapshot, numbers: Numbers) -> frozenset[int]:
    met: Counter[Fact] = Counter()
    found: list[int] = []
    for answer in snapshot.answers:
        for row in answer.rows:
            key = answer.query, tuple(row.items())
            met[key] += 1
            found.append(numbers[key, met[key]])
    return frozenset(found)
