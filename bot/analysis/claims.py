"""What do names say of the origin of a process, and what is left of it once the host's process tree has been asked?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum

from bot.analysis.evidence import Evidence, Shared
from bot.analysis.lineage import Proof
from bot.analysis.places import SCHEDULER, SYSTEM_PATH, program
from bot.analysis.semantics import Kind
from bot.model import Row, ScorePart


class Claim(StrEnum):
    """What a process says of its origin by names; its lineage confirms or refutes it."""

    SCHEDULE = "started by a scheduled job that most hosts have"
    TIMER = "started by a timer that most hosts have"
    PROGRAM = "the same program has an honest reason to run here"
    SESSION = "belongs to the session of somebody logged in"
    LOADED = "loaded by a program that few hosts run, which is told itself"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a host's process tree says of the origin of one difference.

    Attributes:
        proofs: By claim.
        own: Whether it belongs to the command that asked the host.
        usual: Whether it is a connection of a process that is nothing odd by itself.
        work: The share of other hosts on which the service that it descends from starts things of their own too.
    """

    proofs: Mapping[Claim, Proof] = field(default_factory=dict)
    own: bool = False
    usual: bool = False
    work: float = 0.0


NOTHING = Proven()
_CLAIMED = {
    Claim.SCHEDULE: -3.5,
    Claim.TIMER: -2.5,
    Claim.PROGRAM: -2.5,
    Claim.SESSION: -3.0,
    Claim.LOADED: -2.5,
}
_BETWEEN = re.compile(r"[\s;&|()<>\"']+")
_LED = (Kind.PROCESS, Kind.PROGRAM, Kind.CONNECTION, Kind.RAW_SOCKET, Kind.ENVIRONMENT, Kind.FILE)


def claims(kind: Kind, row: Row, evidence: Evidence, shared: Shared) -> Iterator[Claim]:
    """Yield what names say of the origin of a process, or of what a process has."""
    if kind is Kind.LOADER and SYSTEM_PATH.match(row.get("path", "")):
        yield Claim.LOADED
    if kind not in _LED:
        return
    path = program(row, kind) or row.get("path", "")
    cmdline, parent = row.get("cmdline", ""), row.get("parent_name", "") or row.get("parent_path", "")
    if kind is not Kind.ENVIRONMENT:
        started = _started(row.get("cmdline", ""), path)
        forks = path in shared.programs and bool(SCHEDULER.search(path))  # it does before it starts a job
        if forks or started & shared.commands or parent.rsplit("/", 1)[-1] in shared.commands:
            yield Claim.SCHEDULE
        elif _named(started) & shared.timers or parent.rsplit("/", 1)[-1] in shared.timers:
            yield Claim.TIMER
        elif path in evidence.explained_programs:
            yield Claim.PROGRAM
    if not evidence.sessions or not SYSTEM_PATH.match(path):
        return
    user = row.get("username", "") or row.get("user", "")
    login = re.match(r"^sshd(?:-session)?: (\S+)", cmdline)
    if (
        user in evidence.sessions
        or (login and login.group(1).split("@")[0] in evidence.sessions)
        or "sudo" in (row.get("parent_name", ""), path.rsplit("/", 1)[-1])
    ):
        yield Claim.SESSION


def timers_of(row: Row, path: str, timers: Set[str]) -> Set[str]:
    """Return the timers whose names a process bears: its program's, or that of a program of the system it starts."""
    return _named(_started(row.get("cmdline", ""), path)) & timers


def _named(started: Set[str]) -> set[str]:
    return {part.rsplit("/", 1)[-1] for part in started if SYSTEM_PATH.match(part)}


def _started(cmdline: str, path: str) -> set[str]:
    return {*_BETWEEN.split(cmdline[:2048]), path} if cmdline else {"", path}


def lowered_by(found: Iterable[Claim], proofs: Mapping[Claim, Proof]) -> Iterator[ScorePart]:
    """Yield what the claims take off, each as far as it is proven."""
    for claim in found:
        share = proofs.get(claim, Proof.CONFIRMED if claim is Claim.PROGRAM else Proof.OPEN).value
        if share:
            yield ScorePart(claim.value, _CLAIMED[claim] * share)


def explain_program(kind: Kind, row: Row, evidence: Evidence, proofs: Mapping[Claim, Proof]) -> None:
    """Remember the program of a process that a schedule, a service or a session explains."""
    if kind is Kind.PROCESS and any(proof.value for proof in proofs.values()):
        evidence.explained_programs.add(program(row, kind))
