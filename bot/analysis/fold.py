"""Which exact rows were said, and by which snapshots, counted as the snapshots arrive?

A row is counted by its bytes: what many hosts say alike is kept once and parsed once. Nothing that needs all hosts is
decided here (which columns are compared, what is volatile, whose identifiers are replaced): so the order of arrival says
nothing, and partial folds merge in any grouping. Sets of snapshots are bit masks; bit i is the i-th that arrived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from operator import itemgetter

import msgspec

from bot.model import Answer, QueryStatus, Row, Snapshot, text_row

BATCH = 128  # snapshots between two settlements of one query; 64 to 512 measured alike

RECENT = 32  # answers of a query kept whole, so that the same answer word for word is not taken apart again
RECENT_BYTES = 4 * 2**20  # of them together, at most

_ROWS = msgspec.json.Decoder(list[msgspec.Raw])
_ROW = msgspec.json.Decoder(dict[str, str])
_ANY_ROW = msgspec.json.Decoder(dict[str, str | int | float | bool | None])
_encode = msgspec.json.encode


def decode(bare: bytes) -> dict[str, str]:
    """Return the row of these bytes, a JSON object without its braces, every value as text; msgspec.MsgspecError when it is no row."""
    raw = b"{%b}" % bare
    try:
        return _ROW.decode(raw)
    except msgspec.ValidationError:
        return text_row(_ANY_ROW.decode(raw))


class Counts:
    """The distinct rows of one query and who said each.

    Attributes:
        complete: Snapshots that gave every row.
        partial: Snapshots that gave some rows, so that an absence says nothing.
        shapes: The sets of columns that were met, numbered by place.
        shape_of: For each row, the number of its shape.
    """

    def __init__(self) -> None:
        self.complete = 0
        self.partial = 0
        self.shapes: dict[tuple[str, ...], int] = {}
        self.shape_of: list[int] = []
        self._ids = _Ids(self.shapes, self.shape_of)
        self._held: list[int] = []  # ~i: snapshot i alone; else a mask. A lone row costs no mask of its own
        self._pending: list[tuple[int, set[int]]] = []
        self._recent: list[tuple[bytes, set[int], int]] = []
        self._recent_bytes = 0

    def add(self, number: int, answer: bytes) -> int:
        """Count the rows of the snapshot of that number, a JSON array, and return how many; said twice counts once."""
        said, size = self._read(answer)
        if said:
            self._pending.append((number, said))
            if len(self._pending) >= BATCH:
                self._settle()
        return size

    def _read(self, answer: bytes) -> tuple[set[int], int]:
        for known, said, size in self._recent:
            if known == answer:
                return said, size
        bare = answer[2:-2].split(b"},{")
        try:
            if answer[:2] != b"[{" or answer[-2:] != b"}]":
                raise msgspec.DecodeError
            said = set(map(self._ids.__getitem__, bare))
        except msgspec.MsgspecError:
            # Spaces between rows, or a text that holds "},{": what comes before it ends within a text and is no row.
            rows = [bytes(row) for row in _ROWS.decode(answer)]
            if not all(row.startswith(b"{") for row in rows):
                raise msgspec.ValidationError("a row is not an object") from None
            bare = [row[1:-1] for row in rows]
            said = set(map(self._ids.__getitem__, bare))
        self._recent.append((answer, said, len(bare)))
        self._recent_bytes += len(answer)
        while len(self._recent) > RECENT or self._recent_bytes > RECENT_BYTES:
            self._recent_bytes -= len(self._recent.pop(0)[0])
        return said, len(bare)

    def merge(self, other: Counts, shift: int) -> None:
        """Count all that ``other`` counted, its snapshots' numbers raised by ``shift``."""
        self._settle()
        self.complete |= other.complete << shift
        self.partial |= other.partial << shift
        for bare, held in other.items():
            self._hold(self._ids[bare], ~(~held + shift) if held < 0 else held << shift)

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Yield each distinct row, as ``decode`` takes it, and its holders (~i: snapshot i alone; else a mask), in order of their numbers."""
        self._settle()
        return zip(self._ids, self._held, strict=True)

    def rows(self) -> tuple[list[bytes], list[int]]:
        """Return the distinct rows and the holders of each, by row number."""
        self._settle()
        return list(self._ids), self._held

    def _settle(self) -> None:
        """Move what is pending into the masks; rows that all pending snapshots share take one step together."""
        pending, self._pending = self._pending, []
        alike: dict[int, tuple[set[int], int]] = {}
        for number, said in pending:
            alike[id(said)] = said, alike.get(id(said), (said, 0))[1] | 1 << number
        everyone = 0
        for _, mask in alike.values():
            everyone |= mask
        together = set.intersection(*(said for said, _ in alike.values())) if alike else set[int]()
        for row in together:
            self._hold(row, _holders(everyone))
        held = self._held
        held.extend([0] * (len(self._ids) - len(held)))
        for said, mask in alike.values():
            holders = _holders(mask)
            for row in said - together:
                if held[row]:
                    self._hold(row, holders)
                else:
                    held[row] = holders

    def _hold(self, row: int, holders: int) -> None:
        held = self._held
        if row >= len(held):
            held.extend([0] * (len(self._ids) - len(held)))
        before = held[row]
        if before == 0:
            held[row] = holders
        elif before != holders:
            held[row] = _mask(before) | _mask(holders)


def _holders(mask: int) -> int:
    return ~(mask.bit_length() - 1) if mask.bit_count() == 1 else mask


def _mask(holders: int) -> int:
    return 1 << ~holders if holders < 0 else holders


class _Ids(dict[bytes, int]):
    """Numbers rows in order of arrival; a row that is new is parsed once, for its columns. See ``decode``."""

    def __init__(self, shapes: dict[tuple[str, ...], int], shape_of: list[int]) -> None:
        super().__init__()
        self._shapes = shapes
        self._shape_of = shape_of
        self._as_said: dict[
            tuple[str, ...], int
        ] = {}  # shapes by columns in the order in which hosts write them

    def __missing__(self, bare: bytes) -> int:
        columns = tuple(decode(bare))
        shape = self._as_said.get(columns)
        if shape is None:
            shape = self._shapes.setdefault(tuple(sorted(columns)), len(self._shapes))
            self._as_said[columns] = shape
        self._shape_of.append(shape)
        number = len(self)
        self[bare] = number
        return number


class Fold:
    """What was said by the snapshots so far: each distinct row once, and of each snapshot only what is small.

    Attributes:
        snapshots: By number; their answers carry no rows.
        sizes: By number: how many rows each query gave.
        counts: By query.
    """

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.sizes: list[Mapping[str, int]] = []
        self.counts: dict[str, Counts] = {}
        self._numbers: dict[str, int] = {}
        self._bare: dict[tuple[str, QueryStatus, str], Answer] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def number(self, name: str) -> int:
        """Return the number of the snapshot that was added under that name."""
        return self._numbers[name]

    def add(self, snapshot: Snapshot, name: str = "") -> int:
        """Count a snapshot and return its number; the name is what it can be asked for by."""
        rows = {answer.query: _encode(answer.rows) for answer in snapshot.answers if answer.rows}
        return self.add_rows(snapshot, rows, name)

    def add_rows(self, snapshot: Snapshot, rows: Mapping[str, bytes], name: str = "") -> int:
        """Count a snapshot whose rows are given by query, as JSON arrays of objects. Rows of an answer that is not known are left out.

        Raises:
            msgspec.MsgspecError: A row is no flat object. The fold is then of no further use.
        """
        number = len(self.snapshots)
        sizes: dict[str, int] = {}
        bare: list[Answer] = []
        for answer in snapshot.answers:
            bare.append(self._without_rows(answer))
            partial = answer.status is QueryStatus.TOO_MANY
            if not (answer.known or partial):
                continue
            counts = self.counts.get(answer.query)
            if counts is None:
                counts = self.counts[answer.query] = Counts()
            if partial:
                counts.partial |= 1 << number
            else:
                counts.complete |= 1 << number
            said = rows.get(answer.query)
            if said:
                sizes[answer.query] = counts.add(number, said)
        self.snapshots.append(replace(snapshot, answers=tuple(bare)))
        self.sizes.append(sizes)
        if name:
            self._numbers.setdefault(name, number)
        return number

    def merge(self, other: Fold) -> None:
        """Count all that another fold counted; a name that both know stays with this one."""
        shift = len(self.snapshots)
        self.snapshots.extend(other.snapshots)
        self.sizes.extend(other.sizes)
        for query, counts in other.counts.items():
            self.counts.setdefault(query, Counts()).merge(counts, shift)
        for name, number in other._numbers.items():
            self._numbers.setdefault(name, number + shift)

    def _without_rows(self, answer: Answer) -> Answer:
        key = (answer.query, answer.status, answer.error)
        found = self._bare.get(key)
        if found is None:
            found = self._bare[key] = replace(answer, rows=()) if answer.rows else answer
        return found


class Chosen:
    """Some snapshots of a fold in an order of their own: turns masks over arrivals into masks over that order."""

    def __init__(self, fold: Fold, numbers: Sequence[int]) -> None:
        self.fold = fold
        self.numbers = numbers
        self._total = len(fold.snapshots)
        self._places: list[list[int]] = [[] for _ in range(self._total)]
        for place, number in enumerate(numbers):
            self._places[number].append(place)
        self._bits = [sum(1 << place for place in places) for places in self._places]
        self._everyone = (1 << len(numbers)) - 1
        self._same = list(numbers) == list(range(self._total))
        self._known: dict[int, int] = {}

    def mask(self, held: int) -> int:
        """Return the places of those who hold a row (~i: snapshot i alone; else a mask of numbers)."""
        if held < 0:
            return self._bits[~held]
        if self._same:
            return held
        found = self._known.get(held)
        if found is None:
            found = self._known[held] = self._moved(held)
        return found

    def rows_of(self, query: str) -> Iterator[tuple[int, bytes, int]]:
        """Yield row number, row (as ``decode`` takes it) and places for each distinct row that a chosen snapshot holds."""
        counts = self.fold.counts.get(query)
        if counts is None:
            return iter(())
        rows, held = counts.rows()
        bits = self._bits
        masks = (bits[~who] if who < 0 else self.mask(who) for who in held)
        return filter(itemgetter(2), zip(count(), rows, masks, strict=False))

    def _moved(self, held: int) -> int:
        if 2 * held.bit_count() > self._total:
            rest = ((1 << self._total) - 1) ^ held
            return self._everyone & ~self._moved(rest)
        return mask_of(place for number in members(held) for place in self._places[number])


def mask_of(indices: Iterable[int]) -> int:
    """Return the bit mask of ``indices``, in time linear to their number and the highest."""
    out = bytearray()
    for index in indices:
        at = index >> 3
        if at >= len(out):
            out.extend(bytes(at + 1 - len(out)))
        out[at] |= 1 << (index & 7)
    return int.from_bytes(out, "little")


def members(mask: int) -> Iterator[int]:
    """Yield the indices in ``mask``, ascending."""
    return iter((mask.bit_length() - 1,)) if mask.bit_count() == 1 else _several(mask)


def _several(mask: int) -> Iterator[int]:
    digits = bin(mask)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def rows_with(chosen: Chosen, columns: frozenset[str], word: bytes = b"") -> Iterator[tuple[str, Row, int]]:
    """Yield query, row and places of rows that have any of ``columns``, in an order that arrival does not change.

    Args:
        word: Only rows whose bytes hold it.
    """
    for query in sorted(chosen.fold.counts):
        counts = chosen.fold.counts[query]
        wanted = {number for shape, number in counts.shapes.items() if columns.intersection(shape)}
        if not wanted:
            continue
        found = [
            (raw, mask)
            for row, (raw, held) in enumerate(counts.items())
            if word in raw and counts.shape_of[row] in wanted and (mask := chosen.mask(held))
        ]
        for raw, mask in sorted(found):
            yield query, decode(raw), mask
