"""Which queries does Diffy ask? Query packs as data, and their loader, which refuses a pack that cannot be judged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

import msgspec

from bot.errors import NotFound, StoreCorrupt
from bot.model import Pack, Query

DEFAULT = "linux-triage"

_NAME = re.compile(r"[a-z0-9_]+")
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_TELLING = range(1, 6)


def names() -> tuple[str, ...]:
    """Names of the packs that ship with Diffy, sorted."""
    folder = resources.files(__name__)
    return tuple(sorted(p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith(".json")))


def load(name: str) -> Pack:
    """Return a pack by name.

    Raises:
        NotFound: No such pack; the hint names those there are.
        StoreCorrupt: Its file is not a valid pack.
    """
    if name not in names():
        raise NotFound(f"There is no pack {name!r}.", f"Packs: {', '.join(names())}.")
    return parse((resources.files(__name__) / f"{name}.json").read_bytes(), source=f"The pack {name}")


def parse(raw: bytes, *, source: str) -> Pack:
    """Return the pack in ``raw`` (JSON, the fields of ``Pack`` and ``Query``); ``source`` names it in an error.

    Raises:
        StoreCorrupt: Not such JSON, or a query that could not be asked or judged; all that is wrong is named.
    """
    try:
        pack = msgspec.json.decode(raw, type=Pack)
    except msgspec.MsgspecError as error:
        raise StoreCorrupt(
            f"{source} is not a query pack: {error}.", "docs/pack.md shows the form."
        ) from error
    wrong = list(_wrong_with(pack))
    if wrong:
        raise StoreCorrupt(f"{source} cannot be used: {'; '.join(wrong)}.", "docs/pack.md shows the form.")
    return pack


def _wrong_with(pack: Pack) -> Iterator[str]:
    if not pack.queries:
        yield "it has no queries"
    seen: set[str] = set()
    for query in pack.queries:
        if not _NAME.fullmatch(query.name):
            yield f"{query.name!r} is no name (small letters, digits and _)"
        if query.name in seen:
            yield f"{query.name} is there twice"
        seen.add(query.name)
        for problem in _wrong_with_query(query):
            yield f"{query.name}: {problem}"


def _wrong_with_query(query: Query) -> Iterator[str]:
    if not query.sql.strip() or ";" in query.sql or "\n" in query.sql:
        yield "its SQL must be one statement on one line, without a semicolon"
    if not query.why.strip():
        yield "it does not say why it matters"
    columns = (*query.key, *query.ignore)
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        yield f"{', '.join(twice)} stands more than once in key and ignore"
    unknown = [technique for technique in query.attack if not _TECHNIQUE.fullmatch(technique)]
    if unknown:
        yield f"{', '.join(unknown)} is no ATT&CK id"
    if query.telling not in _TELLING:
        yield "telling must be 1 to 5"
    if query.timeout_s < 1 or query.max_rows < 1 or query.max_bytes < 1:
        yield "timeout_s, max_rows and max_bytes must be at least 1"
