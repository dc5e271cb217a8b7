"""Is this machine asked by the script of the fleet, with nothing left behind, whatever becomes of it?"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.local_host import NOT_ROOT, LocalHost
from bot.errors import CollectionError
from bot.model import Asker, Missed, MissReason, Pack, QueryStatus, Snapshot, Target, TargetKind
from bot.ports import Clock, Errand
from tests.collection.hosts import Machine, answers, pack, query
from tests.processes import ended

ASKER = Asker("r1", "command line")
TARGET = Target(TargetKind.GROUP, ("local",))
ASKED = pack(
    query("one", "SELECT 1 AS x"), query("none", "SELECT x FROM void"), query("bad", "SELECT y FROM z")
)


class Impatient(SystemClock):
    """Time stands still until a file is there, and then is up."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def monotonic(self) -> float:
        return 1000.0 if self._file.exists() else 0.0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.install_osquery()
    return made


def ask(
    machine: Machine,
    asked: Pack = ASKED,
    *,
    root: bool = True,
    clock: Clock | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Snapshot | Missed:
    environ = {"PATH": f"{machine.bin}:/usr/bin:/bin", "TMPDIR": str(machine.tmp), "AWS_PROFILE": "x"}
    local = LocalHost(clock or SystemClock(), environ=environ, root=root)
    found: list[Snapshot | Missed] = []
    local.collect(local.resolve(TARGET, ASKER), asked, Errand(ASKER, 60, stop), deliver=found.append)
    (only,) = found
    return only


def test_it_answers_as_a_host_of_the_fleet_does(machine: Machine) -> None:
    """Rows, emptiness and errors apart; the group is `local`, its one host bears the machine's name."""
    group = LocalHost(SystemClock()).resolve(TARGET, ASKER)

    got = ask(machine)

    assert (group.name, [host.id for host in group.hosts]) == ("local", [os.uname().nodename])
    assert {name: item.status for name, item in answers(got).items()} == {
        "one": QueryStatus.ROWS,
        "none": QueryStatus.EMPTY,
        "bad": QueryStatus.NOT_ON_VERSION,
    }
    assert machine.left_behind() == []


def test_without_root_what_is_empty_is_unknown(machine: Machine) -> None:
    """osquery says nothing of what it may not see."""
    got = answers(ask(machine, root=False))

    assert (got["none"].status, got["none"].error) == (QueryStatus.ERROR, NOT_ROOT)
    assert got["one"].status is QueryStatus.ROWS


def test_no_osquery_is_a_reason(tmp_path: Path) -> None:
    """As on any host."""
    machine = Machine(tmp_path)

    got = ask(machine)

    assert isinstance(got, Missed)
    assert got.reason is MissReason.NO_OSQUERY


@pytest.mark.parametrize("reason", [MissReason.DEADLINE, MissReason.CANCELLED])
def test_what_hangs_ends_with_all_its_children(machine: Machine, reason: MissReason) -> None:
    """Deadline or a person's stop: the process group is gone, and so is the script's folder."""
    runner = machine.bin / "osqueryi"
    runner.write_text(f'#!/bin/sh\necho $$ >>"{machine.bin}/pids"\nexec sleep 600\n')
    runner.chmod(stat.S_IRWXU)
    clock = Impatient(machine.bin / "pids")

    got = ask(
        machine,
        clock=clock if reason is MissReason.DEADLINE else SystemClock(),
        stop=lambda: reason is MissReason.CANCELLED and clock.monotonic() > 0,
    )

    assert isinstance(got, Missed)
    assert got.reason is reason
    assert machine.left_behind() == []
    for pid in (machine.bin / "pids").read_text().split():
        assert ended(int(pid))


def test_a_pack_that_cannot_be_sent_is_a_sentence(machine: Machine) -> None:
    """Braces would be taken for a parameter elsewhere; here it is refused alike."""
    with pytest.raises(CollectionError, match="cannot be asked"):
        ask(machine, pack(query("a", "SELECT '{{x}}'")))
