"""What do other packages bring? Their entry points, loaded once at start; a broken one is named and stops nothing.

Groups of entry points: ``diffy.targets``, ``diffy.collectors``, ``diffy.stores``, ``diffy.packs``; what each must point to
is said by the Protocols of ``ports`` (docs/plugins.md has an example).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from bot import packs
from bot.errors import CollectionError, DiffyError, InventoryError, NotFound, UsageError
from bot.model import Asker, Group, Missed, MissReason, Pack, Snapshot, Target, TargetKind
from bot.ports import Collector, CollectorPlugin, Errand, Inventory, StorePlugin, TargetPlugin
from bot.workflows import targets

GROUPS = ("diffy.targets", "diffy.collectors", "diffy.stores", "diffy.packs")

_PREFIX = re.compile(r"[a-z][a-z0-9-]{0,30}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point that was taken: what it adds, and the distribution that brought it."""

    group: str
    name: str
    package: str
    adds: str


@dataclass(frozen=True, slots=True)
class Plugins:
    """All that was taken, and a sentence for each entry point that was not.

    Attributes:
        targets: By prefix.
        collectors: By the prefix of the targets that they ask.
        stores: By entry point name.
        packs: By a phrase that says where the pack comes from.
    """

    found: tuple[Plugin, ...]
    targets: Mapping[str, TargetPlugin]
    collectors: Mapping[str, CollectorPlugin]
    stores: Mapping[str, StorePlugin]
    packs: Mapping[str, Pack]
    problems: tuple[str, ...]

    def store(self, name: str) -> StorePlugin:
        """Return the store of that name; NotFound when no package brings it, since another store holds other truth."""
        if name not in self.stores:
            known = ", ".join(sorted(self.stores)) or "none"
            raise NotFound(f"There is no store {name!r}.", " ".join((f"Stores: {known}.", *self.problems)))
        return self.stores[name]


NONE = Plugins((), {}, {}, {}, {}, ())


def load(points: Iterable[EntryPoint] | None = None) -> Plugins:
    """Load every entry point of ours, in order of package and name; the first of two that clash is taken."""
    found: list[Plugin] = []
    problems: list[str] = []
    taken: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    everything = (
        [e for group in GROUPS for e in entry_points(group=group)] if points is None else list(points)
    )
    for point in sorted(everything, key=lambda e: (GROUPS.index(e.group), _package(e), e.name)):
        who = f"The plug-in {point.name} of {_package(point)} ({point.group})"
        try:
            keys, part = _part(point)
        except _Unfit as error:
            problems.append(f"{who} is left out: {error}.")
            continue
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code: whatever it raises, Diffy goes on
            _log.debug("%s", who, exc_info=True)
            problems.append(f"{who} cannot be loaded: {type(error).__name__}: {str(error)[:200]}.")
            continue
        clash = next((key for key in keys if key in taken[point.group]), "")
        if clash:
            problems.append(f"{who} is left out: {clash} is there already.")
            continue
        taken[point.group].update(dict.fromkeys(keys, part))
        found.append(Plugin(point.group, point.name, _package(point), ", ".join(keys)))
    return Plugins(
        tuple(found),
        taken["diffy.targets"],
        taken["diffy.collectors"],
        taken["diffy.stores"],
        taken["diffy.packs"],
        tuple(problems),
    )


@cache
def installed() -> Plugins:
    """Return what is installed beside Diffy, loaded at the first call only."""
    return load()


class _Unfit(ValueError):
    """The entry point loads, and what it points to cannot be used."""


def _part(point: EntryPoint) -> tuple[tuple[str, ...], Any]:
    """Return what an entry point adds, under which names."""
    part = point.load()
    if isinstance(part, type):
        part = part()
    match point.group:
        case "diffy.targets":
            _has(part, "resolve", "fits")
            prefix = getattr(part, "prefix", None)
            if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
                raise _Unfit(f"its prefix, {prefix!r}, is no word of small letters")
            if prefix in targets.FORMS:
                raise _Unfit(f"{prefix}: is a kind of target already")
            if not isinstance(getattr(part, "example", None), str):
                raise _Unfit("it has no example")
            return (prefix,), part
        case "diffy.collectors":
            _has(part, "collect")
            prefixes = getattr(part, "prefixes", None)
            if (
                not isinstance(prefixes, tuple)
                or not prefixes
                or not all(isinstance(p, str) for p in prefixes)
            ):
                raise _Unfit("its prefixes must be a tuple of the targets' prefixes that it asks")
            return prefixes, part
        case "diffy.stores":
            _has(part, "open")
            return (point.name,), part
        case _:
            return (f"The pack {point.name} of {_package(point)}",), _pack(part)


def _pack(part: object) -> Pack:
    if isinstance(part, Path):
        return packs.read(part).pack
    if not isinstance(part, Pack):
        raise _Unfit(f"it is {type(part).__name__}, and must be a Pack or the Path of a pack's file")
    return part


def _has(part: object, *names: str) -> None:
    for name in names:
        if not callable(getattr(part, name, None)):
            raise _Unfit(f"it has no {name}()")


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unnamed package"


class Routed:
    """``ports.Inventory`` and ``ports.Collector``: plug-ins for their own targets, the default for all others.

    A plug-in's group is named as its target was typed, so that the collector knows whose it is: no auto scaling group
    has a colon in its name.

    Args:
        default: Makes the default pair; called at the first target that is no plug-in's.
    """

    def __init__(self, plugins: Plugins, default: Callable[[], tuple[Inventory, Collector]]) -> None:
        self._plugins = plugins
        self._make = default
        self._default: tuple[Inventory, Collector] | None = None

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``ports.Inventory``. InventoryError names the plug-in when it raises anything else than it may."""
        ours = [name for name in target.names if name.partition(":")[0] in self._plugins.targets]
        if not ours:
            return self._defaults()[0].resolve(target, asker)
        if target.kind is not TargetKind.PREFIXED:
            raise UsageError(f"{ours[0]} cannot be named together with other targets.", "Name it alone.")
        prefix = ours[0].partition(":")[0]
        try:
            group = self._plugins.targets[prefix].resolve(target, asker)
            missed = {m.host: m for m in group.missed}
            hosts = {h.id: h for h in group.hosts if h.id not in missed}
            known = {h.id: h for h in (*group.known, *group.hosts)}
        except DiffyError:
            raise
        except Exception as error:
            raise InventoryError(
                f"The plug-in for {prefix}: failed: {type(error).__name__}: {str(error)[:200]}."
            ) from error
        return Group(
            target.label,
            tuple(hosts[id_] for id_ in sorted(hosts)),
            tuple(missed[id_] for id_ in sorted(missed)),
            tuple(known[id_] for id_ in sorted(known)),
            group.focus,
        )

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        """See ``ports.Collector``. A host that a plug-in says nothing of is missed, and what it says twice counts once."""
        prefix = group.name.partition(":")[0] if ":" in group.name else ""
        collector = self._plugins.collectors.get(prefix)
        if collector is None:
            self._defaults()[1].collect(group, pack, errand, deliver=deliver)
            return
        silent = {host.id for host in group.hosts}

        def once(found: Snapshot | Missed) -> None:
            id_ = found.host if isinstance(found, Missed) else found.host.id
            if id_ in silent:
                silent.discard(id_)
                deliver(found)

        try:
            collector.collect(group, pack, errand, deliver=once)
        except DiffyError:
            raise
        except Exception as error:
            raise CollectionError(
                f"The plug-in that asks {prefix}: failed: {type(error).__name__}: {str(error)[:200]}."
            ) from error
        for id_ in sorted(silent):
            deliver(
                Missed(id_, MissReason.EMPTY_OUTPUT, f"the plug-in that asks {prefix}: said nothing of it")
            )

    def _defaults(self) -> tuple[Inventory, Collector]:
        if self._default is None:
            self._default = self._make()
        return self._default


def register(plugins: Plugins) -> None:
    """Let the plug-ins' targets be typed; what was registered before stays."""
    for prefix, plugin in plugins.targets.items():
        if prefix not in targets.FORMS:
            targets.register(targets.Form(prefix, plugin.example, plugin.fits))
