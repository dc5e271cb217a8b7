"""What does a row itself say against its host, before anybody else is asked?

Each trait is a plain reading of osquery's columns: where a program lies, who runs it, what a setting permits. Bits are
log2 P(trait | intruder) / P(trait | honest oddity), set by hand from the benchmark's fleets; nothing here knows a
name of malware, since an attacker picks names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.analysis.commands import read_commands
from bot.analysis.places import (
    BUNDLED,
    GUARDS,
    HIDDEN,
    HONEST_HIDDEN,
    HOSTS_OTHERS,
    IN_A_HOME,
    IN_DEV,
    INTERPRETER,
    KERNEL_LOOK,
    LANGUAGE,
    LEFTOVER,
    ODD_HOME,
    OF_A_HOME,
    PUBLIC,
    REACHES,
    SERVICE_USER,
    SHELL,
    SYSTEM_PATH,
    USUAL_PORTS,
    WORLD_WRITABLE,
    Trait,
    at_rest,
    is_tool,
    program,
)
from bot.analysis.readings import READINGS
from bot.analysis.semantics import Kind
from bot.model import Change, Row


def read(kind: Kind, row: Row, change: Change, expected: Row | None) -> tuple[Trait, ...]:
    """Return the traits of a differing row, heaviest first. For REMOVED, ``row`` is what is missing."""
    if change is Change.REMOVED:
        found = list(_missing(kind, row))
    elif LEFTOVER.search(path := row.get("path", "")) and at_rest(kind, path):
        found = [Trait(-2.5, "a copy that nothing reads")]
    else:
        found = [
            *_place(kind, row),
            *read_commands(row),
            *_process(kind, row),
            *_by_kind(kind, row, expected),
        ]
    best: dict[str, Trait] = {}
    for trait in found:
        if trait.words not in best or best[trait.words].bits < trait.bits:
            best[trait.words] = trait
    return tuple(sorted(best.values(), key=lambda trait: (-trait.bits, trait.words)))


def counted(traits: Sequence[Trait]) -> list[tuple[str, float]]:
    """Return the words and the bits that count of several traits, so that they do not pile up.

    Of those that speak against the host the heaviest counts in full, each further one of the first four for half of the
    one before. Those that speak for it are counted apart in the same way: many reasons to worry make no reason to relax smaller.
    """
    against = sorted((trait for trait in traits if trait.bits > 0), key=lambda trait: -trait.bits)[:4]
    pro = sorted((trait for trait in traits if trait.bits < 0), key=lambda trait: trait.bits)[:4]
    return [(t.words, t.bits * 0.5**rank) for side in (against, pro) for rank, t in enumerate(side)]


def weight(traits: Sequence[Trait]) -> float:
    """Return the bits of several traits together."""
    return sum(bits for _, bits in counted(traits))


def _place(kind: Kind, row: Row) -> Iterator[Trait]:
    runs = program(row, kind)
    for path in {runs, row.get("path", ""), row.get("fragment_path", ""), row.get("directory", "")} - {""}:
        verb = "runs from" if path == runs else "lies in"
        if WORLD_WRITABLE.match(path + "/"):
            yield Trait(
                2.5 if path == runs else 0.5,
                f"{verb} a folder that everybody may write to",
                "T1036.005" if path == runs else "",
            )
        elif path == runs and ODD_HOME.match(path):
            yield Trait(1.5, "runs from a folder where programs seldom lie", "T1036.005")
        elif IN_DEV.match(path) and kind is not Kind.MOUNT:
            yield Trait(2.5, f"{verb} /dev, where devices belong", "T1564.001")
        if HIDDEN.search(path) and not HONEST_HIDDEN.search(path):
            bits = 0.5 if OF_A_HOME.match(path) else 1.0 if IN_A_HOME.match(path) else 2.0
            yield Trait(bits, "lies in a hidden place", "T1564.001")
        if "memfd:" in path:
            yield Trait(4.0, "runs from memory, with no file", "T1620")
    if any(REACHES.search(name) for name in (runs, row.get("path", ""), row.get("id", "")) if name):
        yield Trait(2.0, "a way into the host, or onward from it, past its firewall", "T1219")
    if row.get("on_disk") == "0":
        honest = bool(SYSTEM_PATH.match(runs)) and not HIDDEN.search(runs) and not is_tool(runs)
        yield Trait(1.0 if honest else 3.0, "its program file was deleted", "T1070.004")


_METADATA = frozenset({"169.254.169.254", "fd00:ec2::254"})  # AWS: instance metadata service


def _process(kind: Kind, row: Row) -> Iterator[Trait]:
    name = row.get("process_name") or (row.get("name", "") if program(row, kind) or "cmdline" in row else "")
    path, cmdline = program(row, kind), row.get("cmdline", "")
    user = row.get("username") or row.get("user", "")
    base = path.rsplit("/", 1)[-1]
    if path and (KERNEL_LOOK.match(cmdline) or KERNEL_LOOK.match(name)):
        yield Trait(4.0, "is dressed as a kernel thread", "T1036.004")
    if not path and cmdline and kind is Kind.PROCESS:
        yield Trait(2.0, "has a command line but no program file", "T1036")
    if kind is Kind.PROCESS and SERVICE_USER.match(user) and (SHELL.match(base) or SHELL.match(name)):
        yield Trait(2.0, f"is a shell of the service account {user}", "T1059.004")
    if "remote_port" in row and row["remote_port"] not in ("", "0"):
        outside = bool(PUBLIC.match(row.get("remote_address", "").removeprefix("::ffff:")))
        told_what_to_do = any(tool.match(each) for tool in (SHELL, INTERPRETER) for each in (name, base))
        if told_what_to_do and not BUNDLED.match(path):
            # applications are written for interpreters, and talk to their own network
            usual = not outside and any(LANGUAGE.match(each) for each in (name, base))
            yield Trait(
                0.5 if usual else 2.0, "is a shell or interpreter that talks to another host", "T1059.004"
            )
        if outside and SERVICE_USER.match(user) and INTERPRETER.match(base):
            yield Trait(1.0, f"is an interpreter of the service account {user}", "T1059")
        if row.get("remote_address") in _METADATA:
            yield Trait(1.5, "asks the instance for its metadata, where credentials are", "T1552.005")
        if not path and not name:
            yield Trait(3.0, "is a connection whose process cannot be seen", "T1014")
        if outside:
            odd = row["remote_port"] not in USUAL_PORTS
            yield Trait(
                1.5 if odd else 0.5,
                "talks to a public address" + (" on an unusual port" if odd else ""),
                "T1571" if odd else "T1071",
            )
    if (
        kind is Kind.LISTENER
        and "port" in row
        and (SHELL.match(name) or INTERPRETER.match(name) or INTERPRETER.match(base))
    ):
        usual = any(LANGUAGE.match(each) for each in (name, base))
        yield Trait(1.0 if usual else 2.0, "is a shell or interpreter that waits for connections", "T1571")
    if row.get("pid") == "-1" and kind in (Kind.LISTENER, Kind.CONNECTION):
        yield Trait(1.0, "belongs to no process that can be seen", "T1014")
    if (
        name
        and base
        and kind is Kind.PROCESS
        and not base.startswith(name[:6])
        and not name.startswith(base[:6])
        and not (SHELL.match(base) or INTERPRETER.match(base) or HOSTS_OTHERS.match(base))
    ):
        yield Trait(1.0, "calls itself another name than its program file", "T1036.005")


_OBEYED = frozenset({Kind.CRON, Kind.AUTOSTART, Kind.UNIT, Kind.LOGIN_CONFIG, Kind.LOADER})
"""Kinds of files by which the system does what they say."""


def _by_kind(kind: Kind, row: Row, expected: Row | None) -> Iterator[Trait]:
    reading = READINGS.get(kind)
    if reading is not None:
        yield from reading(row, expected)
    key = row.get("key", "")
    if key in ("LD_PRELOAD", "LD_AUDIT"):
        yield Trait(3.0, "loads code that somebody else chose", "T1574.006")
    path = row.get("path", "")
    if path == "/etc/ld.so.preload":
        yield Trait(4.0, "a library is forced into every program", "T1574.006")
    mode = row.get("mode", "")
    if (
        re.fullmatch(r"0?[4267]\d{3}", mode)
        and mode.lstrip("0")[:1] in ("4", "6", "2")
        and len(mode.lstrip("0")) == 4
    ):
        yield Trait(2.0, "its program runs with its owner's rights", "T1548.001")
    device = row.get("type") == "character"  # a link to /dev/null, which everybody may write to
    if kind in _OBEYED and not device and re.fullmatch(r"0?\d?\d\d[2367]", mode):
        yield Trait(2.0, "everybody may write to it", "T1222")
    if expected is not None and _turned_off(row) and not _turned_off(expected):
        text = " ".join(row.get(c, "") for c in ("id", "name", "path"))
        if GUARDS.search(text):
            yield Trait(4.0, "a service that guards the host was switched off", "T1562.001")
        else:
            yield Trait(-0.5, "was switched off")


def _turned_off(row: Row) -> bool:
    states = [
        row.get(c, "") for c in ("load_state", "unit_file_state", "active_state", "sub_state", "status")
    ]
    return any(state in ("masked", "disabled", "inactive", "dead", "failed", "not-found") for state in states)


def _missing(kind: Kind, row: Row) -> Iterator[Trait]:
    if kind in (Kind.PROCESS, Kind.UNIT, Kind.PACKAGE, Kind.LISTENER, Kind.CRON):
        text = " ".join(row.get(c, "") for c in ("id", "name", "path", "process_path", "process_name"))
        if GUARDS.search(text):
            yield Trait(3.5, "a service that guards the host is missing", "T1562.001")
