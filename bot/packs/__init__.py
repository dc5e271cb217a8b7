"""Which queries does Diffy ask? Query packs as data, and their loader, which refuses a pack that cannot be judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path

import msgspec

from bot.errors import NotFound, StoreCorrupt
from bot.model import Pack, Query
from bot.packs.osquery_form import Imported, bare, from_osquery, strict, to_osquery

__all__ = [
    "DEFAULT",
    "Imported",
    "Shelf",
    "from_osquery",
    "load",
    "name_of",
    "names",
    "parse",
    "read",
    "to_osquery",
]

DEFAULT = "linux-triage"

MOST_BYTES = 16 * 1024 * 1024  # of a pack's file

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


class Shelf:
    """The packs that can be named: those that ship with Diffy, those of the operator's folder, those of plug-ins.

    Attributes:
        problems: A sentence for each file or pack that could not be taken; the others can be used all the same.
        notes: A sentence for each thing that was left out of an imported pack.
    """

    def __init__(self, folder: Path | None = None, others: Mapping[str, Pack] | None = None) -> None:
        self._added: dict[str, Pack] = {}
        problems: list[str] = []
        notes: list[str] = []
        for source, pack in (others or {}).items():
            self._add(pack, source, problems)
        for path in _files(folder, problems):
            try:
                found = read(path)
            except StoreCorrupt as error:
                problems.append(str(error))
                continue
            notes += (f"{path.name}: {sentence}" for sentence in (*found.left_out, *found.notes))
            self._add(found.pack, str(path), problems)
        self.problems, self.notes = tuple(problems), tuple(notes)

    def names(self) -> tuple[str, ...]:
        """Return the names of all packs, sorted."""
        return tuple(sorted({*names(), *self._added}))

    def load(self, name: str) -> Pack:
        """Return a pack by name; NotFound otherwise, with the names there are."""
        if name in self._added:
            return self._added[name]
        if name not in names():
            raise NotFound(f"There is no pack {name!r}.", f"Packs: {', '.join(self.names())}.")
        return load(name)

    def _add(self, pack: Pack, source: str, problems: list[str]) -> None:
        wrong = "; ".join(_wrong_with(pack))
        if pack.name in names() or pack.name in self._added:
            problems.append(f"{source} brings a pack named {pack.name}, and there is one already: rename it.")
        elif wrong:
            problems.append(f"{source} cannot be used: {wrong}.")
        else:
            self._added[pack.name] = pack


def read(path: Path, *, name: str = "") -> Imported:
    """Return the pack in a file, in our form or in osquery's.

    Args:
        name: Its new name where it is in osquery's form; the file's name without it.

    Raises:
        StoreCorrupt: It cannot be read, or is no pack.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise StoreCorrupt(f"{path} cannot be read: {error.strerror}.") from error
    if len(raw) > MOST_BYTES:
        raise StoreCorrupt(f"{path} is larger than {MOST_BYTES} bytes.")
    try:
        form = msgspec.json.decode(strict(raw.decode("utf-8", "replace")), type=_Form)
        ours = isinstance(form.queries, list)
    except (msgspec.MsgspecError, RecursionError):
        ours = False  # the reader of osquery's form says what is wrong
    if ours:
        return Imported(parse(raw, source=str(path)), (), ())
    return from_osquery(raw, name=name or name_of(path), source=str(path))


def name_of(path: Path) -> str:
    """Return the pack name that a file's name makes: small letters, digits and ``_ . -``."""
    return re.sub(r"[^a-z0-9_.-]+", "-", path.stem.lower()).strip("-.") or "imported"


class _Form(msgspec.Struct):
    queries: list[msgspec.Raw] | dict[str, msgspec.Raw] = msgspec.field(default_factory=dict)


def _files(folder: Path | None, problems: list[str]) -> list[Path]:
    if folder is None:
        return []
    try:
        return sorted(
            path for path in folder.iterdir() if path.suffix in (".json", ".conf") and path.is_file()
        )
    except OSError as error:
        problems.append(f"The folder of packs {folder} cannot be read: {error.strerror}.")
        return []


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
    if not query.sql.strip() or ";" in bare(query.sql) or "\n" in query.sql:
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
