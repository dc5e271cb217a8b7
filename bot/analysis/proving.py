"""Which claims on the origin of odd processes do the hosts' process trees confirm?"""

from __future__ import annotations

from collections.abc import Sequence

from bot.analysis.claims import Claim, Proven, claims, explain_program, timers_of
from bot.analysis.evidence import Evidence, Shared
from bot.analysis.fold import Chosen, members
from bot.analysis.lineage import (
    Pids,
    Proof,
    Tree,
    in_session,
    of_own,
    on_schedule,
    own_footprint,
    timers_above,
    trees,
)
from bot.analysis.places import is_tool, program
from bot.analysis.semantics import Kind
from bot.analysis.volatile import Facts
from bot.analysis.weighing import Draft
from bot.model import Row

_RUNS = (
    Kind.PROCESS,
    Kind.CONNECTION,
    Kind.RAW_SOCKET,
    Kind.ENVIRONMENT,
    Kind.LISTENER,
    Kind.PROGRAM,
    Kind.FILE,
)


def prove(
    drafts: Sequence[Draft],
    evidence: Sequence[Evidence],
    shared: Shared,
    chosen: Chosen,
    tables: Sequence[Facts],
) -> dict[tuple[int, int], Proven]:
    """Return what is proven, by the number of the draft and of the host; and note the programs that are explained.

    Only hosts with odd processes are laid out as trees, and only what is claimed is looked up.
    """
    running = [(index, each) for index, each in enumerate(drafts) if each.about.kind in _RUNS]
    hosts = 0
    for _, each in running:
        hosts |= each.oddity.hosts
    found = trees(chosen, hosts)
    own = {host: own_footprint(tree, evidence[host].osquery) for host, tree in found.items()}
    own_paths = {
        host: {found[host].processes[pid].get("path", "") for pid in pids} for host, pids in own.items()
    }
    pids = Pids(tables)
    proven: dict[tuple[int, int], Proven] = {}
    for index, each in running:
        path = program(each.row, each.about.kind) or each.row.get("path", "")
        for host in members(each.oddity.hosts):
            told = list(claims(each.about.kind, each.row, evidence[host], shared))
            here = (
                evidence[host].leaders and Claim.SESSION not in told
            )  # whatever it is called, it may descend from one
            if told or here or path in own_paths[host]:
                mine = _pids(pids, each, host)
                ours = of_own(found[host], mine, own[host])
                proofs = {
                    claim: _proof(claim, found[host], mine, each.row, path, evidence[host], shared)
                    for claim in told
                }
                if here and in_session(found[host], mine, evidence[host].leaders, "") is Proof.CONFIRMED:
                    proofs[Claim.SESSION] = Proof.CONFIRMED
                proven[index, host] = Proven(proofs, ours)
                explain_program(each.about.kind, each.row, evidence[host], proofs)
    return proven


def _pids(pids: Pids, each: Draft, host: int) -> tuple[str, ...]:
    oddity = each.oddity
    if oddity.value is None:
        return ()
    return pids.of(oddity.slot.query.name, oddity.slot.merged.get(oddity.value, [oddity.value]), host)


def _proof(
    claim: Claim, tree: Tree, pids: Sequence[str], row: Row, path: str, evidence: Evidence, shared: Shared
) -> Proof:
    if claim is Claim.SESSION:
        return in_session(tree, pids, evidence.leaders, path)
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
