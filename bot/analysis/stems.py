"""Which changed package may a word speak of: one that begins it, or that it begins, as chrony and chronyd?

A host may say that thousands of packages changed beside thousands of files, so no word is held against all others: a
word costs its length in lookups, and a few steps in the sorted names.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import islice

_LEAST = 4  # letters that a name and a word must have in common
_LONGER = 32  # names that a word begins, looked at


class Stems(dict[str, int]):
    """Words of names of packages, each with the hosts that it stands for, as a mask."""

    def __init__(self, words: Mapping[str, int] | None = None) -> None:
        super().__init__(words or {})
        self._sorted: list[str] = []
        self._lengths: list[int] = []

    def of(self, word: str) -> Iterator[int]:
        """Yield the hosts of each name that is the word, begins it, or is begun by it (of the last kind at most 32)."""
        if word in self:
            yield self[word]
        if len(word) < _LEAST:
            return
        if len(self._sorted) != len(self):
            self._sorted = sorted(self)
            self._lengths = sorted({len(name) for name in self if len(name) >= _LEAST})
        for length in self._lengths[: bisect_right(self._lengths, len(word) - 1)]:
            if word[:length] in self:
                yield self[word[:length]]
        for name in islice(self._sorted, at := bisect_right(self._sorted, word), at + _LONGER):
            if not name.startswith(word):
                return
            yield self[name]
