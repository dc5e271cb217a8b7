"""Are plug-ins loaded once, refused with a reason, and held to the contract of what they stand for?"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from bot.adapters import plugins
from bot.adapters.data_folder import DataFolder
from bot.adapters.memory import MemoryStore
from bot.adapters.plugins import Routed
from bot.errors import CollectionError, InventoryError, NotFound, UnknownTarget, UsageError
from bot.model import Asker, Group, Host, Missed, MissReason, Pack, Query, Snapshot, Target, TargetKind
from bot.ports import Errand, Store
from bot.settings import read
from bot.ways import open_store
from bot.workflows import targets

ASKER = Asker("r1", "U0RESPOND01")
RACK = Target(TargetKind.PREFIXED, ("rack:r1",))
PACK = Pack("p", "d", (Query("one", "SELECT 1 AS a", "why"),))
HOSTS = (Host("b"), Host("a"))


class Racks:
    prefix = "rack"
    example = "rack:r1"

    def __init__(self, resolve: Callable[[], Group] = lambda: Group("x", HOSTS)) -> None:
        self._resolve = resolve

    def fits(self, text: str) -> bool:
        return text.startswith("r")

    def resolve(self, target: Target, asker: Asker) -> Group:
        return self._resolve()


class Asks:
    prefixes = ("rack",)

    def __init__(self, says: Callable[[Callable[[Snapshot | Missed], None]], None]) -> None:
        self._says = says

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        self._says(deliver)


class Keeps:
    def open(self, data_dir: Path) -> AbstractContextManager[Store]:
        return nullcontext(MemoryStore(lambda target: None))


@pytest.fixture
def points() -> Iterator[Callable[..., list[EntryPoint]]]:
    """Makes entry points to objects, as an installed package has them."""
    module = types.ModuleType("tests_plugins_module")
    sys.modules[module.__name__] = module

    def make(*parts: tuple[str, str, Any]) -> list[EntryPoint]:
        for index, (_, _, part) in enumerate(parts):
            setattr(module, f"part{index}", part)
        return [
            EntryPoint(name, f"{module.__name__}:part{index}", f"diffy.{group}")
            for index, (group, name, _) in enumerate(parts)
        ]

    yield make
    del sys.modules[module.__name__]


def routed(points: list[EntryPoint]) -> Routed:
    def default() -> Any:
        raise AssertionError("the default is not for a plug-in's target")

    found = plugins.load(points)
    assert found.problems == ()
    return Routed(found, default)


Points = Callable[..., list[EntryPoint]]


def test_each_kind_is_taken(points: Points, tmp_path: Path) -> None:
    """An object or a class; a pack itself or its file."""
    (tmp_path / "it.conf").write_text(
        '{"queries": {"u": {"query": "SELECT uid FROM users;", "interval": 60}}}'
    )

    found = plugins.load(
        points(
            ("targets", "rack", Racks),
            ("collectors", "bmc", Asks(lambda deliver: None)),
            ("stores", "pg", Keeps()),
            ("packs", "mine", PACK),
            ("packs", "it", tmp_path / "it.conf"),
        )
    )

    assert found.problems == ()
    assert (set(found.targets), set(found.collectors), set(found.stores)) == ({"rack"}, {"rack"}, {"pg"})
    assert {pack.name for pack in found.packs.values()} == {"p", "it"}
    assert len(found.found) == 5


class Shouts(Racks):
    prefix = "Rack!"


class Stacks(Racks):
    prefix = "stack"


def explode() -> None:
    raise SystemExit(3)


class Exits:
    def __init__(self) -> None:
        explode()


@pytest.mark.parametrize(
    ("group", "part", "says"),
    [
        ("targets", object(), r"it has no resolve\(\)"),
        ("targets", Shouts(), "no word of small letters"),
        ("targets", Stacks(), "stack: is a kind of target already"),
        ("collectors", Racks(), r"it has no collect\(\)"),
        ("stores", object(), r"it has no open\(\)"),
        ("packs", "text", "must be a Pack or the Path"),
        ("packs", Path("/nowhere.json"), "cannot be read"),
        ("stores", Exits, "SystemExit"),
    ],
)
def test_a_broken_one_is_named_and_stops_nothing(points: Points, group: str, part: object, says: str) -> None:
    """Whatever foreign code does while it loads; the others are taken."""
    found = plugins.load(points((group, "bad", part), ("packs", "good", PACK)))

    (problem,) = found.problems
    assert "plug-in bad" in problem
    assert re.search(says, problem)
    assert list(found.packs.values()) == [PACK]


def test_of_two_that_clash_the_first_is_taken(points: Points) -> None:
    """In order of package and name, and the other is named."""
    first, second = Racks(), Racks()

    found = plugins.load(points(("targets", "b", second), ("targets", "a", first)))

    assert found.targets["rack"] is first
    assert "plug-in b" in found.problems[0]
    assert "rack is there already" in found.problems[0]


def test_a_group_is_brought_into_order(points: Points) -> None:
    """Sorted, disjoint, each host known, and named as it was typed, so that its collector is found."""
    group = Group("x", HOSTS, (Missed("b", MissReason.OFFLINE),))

    got = routed(points(("targets", "rack", Racks(lambda: group)))).resolve(RACK, ASKER)

    assert got.name == "rack:r1"
    assert [host.id for host in got.hosts] == ["a"]
    assert [host.id for host in got.known] == ["a", "b"]


def test_its_failures_are_sentences_that_name_it(points: Points) -> None:
    """Its own errors pass; anything else is translated."""

    def own() -> Group:
        raise UnknownTarget("no such rack")

    with pytest.raises(UnknownTarget, match="no such rack"):
        routed(points(("targets", "rack", Racks(own)))).resolve(RACK, ASKER)
    with pytest.raises(InventoryError, match="plug-in for rack: failed: ZeroDivisionError"):
        routed(points(("targets", "rack", Racks(lambda: 1 // 0)))).resolve(RACK, ASKER)  # type: ignore[arg-type,return-value]
    with pytest.raises(CollectionError, match="asks rack: failed: ZeroDivisionError"):
        collected(routed(points(("collectors", "bmc", Asks(lambda deliver: 1 // 0)))))  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="together"):
        routed(points(("targets", "rack", Racks()))).resolve(
            Target(TargetKind.SEVERAL, ("rack:r1", "web-asg")), ASKER
        )


def collected(both: Routed) -> list[Snapshot | Missed]:
    found: list[Snapshot | Missed] = []
    both.collect(Group("rack:r1", HOSTS), PACK, Errand(ASKER, 60), deliver=found.append)
    return found


def test_every_host_of_a_collector_ends_exactly_once(points: Points) -> None:
    """What it says twice, or of strangers, is dropped; a host that it says nothing of is missed."""

    def says(deliver: Callable[[Snapshot | Missed], None]) -> None:
        for host in ("a", "a", "stranger"):
            deliver(Missed(host, MissReason.OFFLINE))

    got = collected(routed(points(("collectors", "bmc", Asks(says)))))

    assert [(m.host, m.reason) for m in got if isinstance(m, Missed)] == [
        ("a", MissReason.OFFLINE),
        ("b", MissReason.EMPTY_OUTPUT),
    ]


def test_a_target_can_be_typed_once_it_is_registered(points: Points) -> None:
    """Registering twice is the same as once."""
    found = plugins.load(points(("targets", "rack", Racks())))
    try:
        plugins.register(found)
        plugins.register(found)

        assert targets.parse(["rack:r1"]) == RACK
        with pytest.raises(UsageError, match="cannot follow rack:"):
            targets.parse(["rack:x"])
    finally:
        del targets.FORMS["rack"]


def test_a_store_is_chosen_by_name_and_never_replaced_in_silence(points: Points, tmp_path: Path) -> None:
    """A store that nobody brings ends the start: another store holds other truth."""
    found = plugins.load(points(("stores", "pg", Keeps)))
    with closing(DataFolder.open(tmp_path / "data", lock=True)) as folder:
        with open_store(read({"DIFFY_STORE": "pg"}, cwd=tmp_path, need_slack=False), folder, found) as store:
            assert isinstance(store, MemoryStore)

        with pytest.raises(NotFound, match="no store 'other'"):
            open_store(read({"DIFFY_STORE": "other"}, cwd=tmp_path, need_slack=False), folder, found)
