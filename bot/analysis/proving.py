"""Which claims on the origin of odd processes do the hosts' process trees confirm?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.analysis.claims import NOTHING, Claim, Proven, claims, explain_program, timers_of
from bot.analysis.evidence import Evidence, Shared
from bot.analysis.fold import Chosen, members
from bot.analysis.lineage import (
    Forest,
    Pids,
    Proof,
    Tree,
    by_few,
    in_session,
    of_own,
    on_schedule,
    own_footprint,
    service_above,
    timers_above,
)
from bot.analysis.places import is_tool, program
from bot.analysis.semantics import Kind
from bot.analysis.volatile import Facts
from bot.analysis.weighing import Draft
from bot.analysis.work import at_work
from bot.model import Change, Row

_RUNS = (
    Kind.PROCESS,
    Kind.CONNECTION,
    Kind.RAW_SOCKET,
    Kind.ENVIRONMENT,
    Kind.LISTENER,
    Kind.PROGRAM,
    Kind.FILE,
    Kind.LOADER,
)


FEW = 8
"""Hosts that may share a thing which is still a host's own work; to look up more would cost without end."""


def prove(
    drafts: Sequence[Draft],
    evidence: Sequence[Evidence],
    shared: Shared,
    chosen: Chosen,
    tables: Sequence[Facts],
) -> dict[tuple[int, int], Proven]:
    """Return what is proven, by the number of the draft and of the host; and note the programs that are explained.

    One host with odd processes after the other is laid out as a tree: thousands of them would not fit in memory.
    """
    running: dict[int, list[int]] = {}
    for index, each in enumerate(drafts):
        if each.about.kind in _RUNS:
            for host in members(each.oddity.hosts):
                running.setdefault(host, []).append(index)
    lookup = _Lookup(drafts, shared, Pids(tables))
    grown = Forest(chosen, sum(1 << host for host in running))
    proven: dict[tuple[int, int], Proven] = {}
    for host, odd in running.items():
        proven.update(lookup.of_host(host, odd, evidence[host], grown.tree(host)))
    for place, share in at_work(drafts, lookup.services, len(evidence)).items():
        proven[place] = replace(proven.get(place, NOTHING), work=share)
    return proven


class _Lookup:
    """Holds what is the same on all hosts while one after the other is looked at."""

    def __init__(self, drafts: Sequence[Draft], shared: Shared, pids: Pids) -> None:
        self._drafts, self._shared, self._pids = drafts, shared, pids
        self._paths = {
            index: program(each.row, each.about.kind) or each.row.get("path", "")
            for index, each in enumerate(drafts)
            if each.about.kind in _RUNS
        }
        self._plain: dict[int, list[Claim]] = {}
        self.services: dict[tuple[int, int], str] = {}

    def of_host(
        self, host: int, odd: Sequence[int], evidence: Evidence, tree: Tree
    ) -> Iterator[tuple[tuple[int, int], Proven]]:
        """Yield what the tree of one host proves of its ``odd`` differences, in their order."""
        shared = self._shared
        own = own_footprint(tree, evidence.osquery)
        own_paths = {tree.processes[pid].path for pid in own}
        odd_pids: frozenset[str] | None = None
        for index in odd:
            each, path = self._drafts[index], self._paths[index]
            told = self._claims(index, path, evidence)
            count = each.oddity.hosts.bit_count()
            rare = each.oddity.change is Change.ADDED and count <= min(each.oddity.of, FEW)
            # whatever it is called, it may descend from a login
            here = evidence.leaders and Claim.SESSION not in told
            claimed = told or here or path in own_paths
            if not (rare or claimed):
                continue
            mine = self._pids_of(each, host)
            if rare and (service := service_above(tree, mine, shared.programs)):
                self.services[index, host] = service
            usual = False
            if rare and each.about.kind is Kind.CONNECTION and is_tool(path):
                odd_pids = self._odd_processes(odd, host) if odd_pids is None else odd_pids
                usual = bool(mine) and all(pid in tree.processes and pid not in odd_pids for pid in mine)
            if not claimed:
                if usual:
                    yield (index, host), Proven(usual=True)
                continue
            proofs = {claim: _proof(claim, tree, mine, each.row, path, evidence, shared) for claim in told}
            if here and in_session(tree, mine, evidence.leaders, "") is Proof.CONFIRMED:
                proofs[Claim.SESSION] = Proof.CONFIRMED
            yield (index, host), Proven(proofs, of_own(tree, mine, own), usual)
            explain_program(each.about.kind, each.row, evidence, proofs)

    def _odd_processes(self, odd: Sequence[int], host: int) -> frozenset[str]:
        """Return the ids of the processes of a host that neither most others nor the baseline have."""
        found: set[str] = set()
        for index in odd:
            each = self._drafts[index]
            if each.about.kind is Kind.PROCESS and not each.oddity.baseline_seen:
                found.update(self._pids_of(each, host))
        return frozenset(found)

    def _claims(self, index: int, path: str, evidence: Evidence) -> list[Claim]:
        """Return what is claimed; where nobody is logged in and no program explained, the same on every host."""
        each = self._drafts[index]
        if evidence.sessions or path in evidence.explained_programs:
            return list(claims(each.about.kind, each.row, evidence, self._shared))
        if index not in self._plain:
            self._plain[index] = list(claims(each.about.kind, each.row, evidence, self._shared))
        return self._plain[index]

    def _pids_of(self, each: Draft, host: int) -> tuple[str, ...]:
        oddity = each.oddity
        if oddity.value is None:
            return ()
        values = oddity.slot.merged.get(oddity.value, [oddity.value])
        return self._pids.of(oddity.slot.query.name, values, host)


def _proof(
    claim: Claim, tree: Tree, pids: Sequence[str], row: Row, path: str, evidence: Evidence, shared: Shared
) -> Proof:
    if claim is Claim.SESSION:
        return in_session(tree, pids, evidence.leaders, path)
    if claim is Claim.LOADED:
        return by_few(tree, pids, shared.programs)
    if claim is Claim.SCHEDULE:
        return on_schedule(tree, pids, shared.programs)
    if claim is Claim.TIMER:
        named = timers_of(row, path, shared.timers) or timers_above(tree, pids, shared.timers)
        if not named:
            return Proof.REFUTED if pids else Proof.OPEN
        # the service manager is asked seconds before or after the processes: its silence refutes nothing
        return Proof.CONFIRMED if named & (evidence.active or frozenset()) else Proof.OPEN
    if not pids or not is_tool(path):
        return Proof.CONFIRMED
    led = (in_session(tree, pids, evidence.leaders, path), on_schedule(tree, pids, shared.programs))
    return max(led, key=lambda proof: proof.value)
