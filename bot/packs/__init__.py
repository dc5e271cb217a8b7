"""Query packs as data, and their loader."""

from __future__ import annotations

from importlib import resources

import msgspec

from bot.errors import NotFound
from bot.model import Pack

DEFAULT = "linux-triage"


def names() -> tuple[str, ...]:
    """Names of the packs that ship with Diffy, sorted."""
    folder = resources.files(__name__)
    return tuple(sorted(p.name.removesuffix(".json") for p in folder.iterdir() if p.name.endswith(".json")))


def load(name: str) -> Pack:
    """Return a pack by name; NotFound names those there are."""
    if name not in names():
        raise NotFound(f"There is no pack {name!r}.", f"Packs: {', '.join(names())}.")
    return msgspec.json.decode((resources.files(__name__) / f"{name}.json").read_bytes(), type=Pack)
