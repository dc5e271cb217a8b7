"""How does a case become a report? The whole path in one place: fold, settle, compare, weigh, choose, say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from operator import or_

from bot.analysis import cohorts, own
from bot.analysis.case import Case
from bot.analysis.choosing import Choice, choose
from bot.analysis.contents import by_content
from bot.analysis.evidence import (
    OFFERS,
    Evidence,
    Shared,
    at_work,
    gather,
    note,
    scheduled_commands,
    timer_names,
)
from bot.analysis.fold import Chosen, Fold, members
from bot.analysis.limits import limits_of
from bot.analysis.notes import notes_of
from bot.analysis.novelty import without_explained
from bot.analysis.pairs import pair
from bot.analysis.places import program
from bot.analysis.proving import prove
from bot.analysis.rarity import World, families_of, oddities
from bot.analysis.reporting import coverage_of, findings_of, verdicts_of
from bot.analysis.semantics import Kind, meaning
from bot.analysis.sides import both_sides
from bot.analysis.slots import slots_of
from bot.analysis.splits import bundle
from bot.analysis.tables import tabulate
from bot.analysis.volatile import Facts, as_row, settle
from bot.analysis.weighing import Draft, Weighed, draft, traits_of_common_rows, weigh_all
from bot.model import Compare, LookAlikes, Method, Report, Snapshot

_UNDATED = datetime(1970, 1, 2, tzinfo=UTC)


def judge(case: Case) -> Report:
    """Return the judged result: hosts in order, findings, and what they can carry.

    A host that did not answer a query is left out of that query's counts, so a thin collection makes fewer claims,
    not bolder ones. The order of snapshots, answers and rows does not matter. Among ``hosts`` the focus host comes
    first whatever its rank, then by rank, then the missed ones.
    """
    fold = Fold()
    hosts = [fold.add(snapshot) for snapshot in case.snapshots]
    base = [fold.add(snapshot) for snapshot in case.baseline]
    return judge_folded(case, fold, hosts, base)


def judge_folded(case: Case, fold: Fold, group: Sequence[int], baseline: Sequence[int]) -> Report:
    """Return the report over snapshots of ``fold``; see ``judge``. Nothing is changed in the fold.

    Args:
        case: What is asked; its own snapshots and baseline are not looked at.
        group: The numbers of the snapshots of the group's hosts.
        baseline: The numbers of the baseline's snapshots.
    """
    first = _newest(fold, group)
    rest = _ordered(fold, baseline) if case.method is not Method.PEERS else []
    chosen = Chosen(fold, [*first, *rest])
    hosts, base = [fold.snapshots[number] for number in first], [fold.snapshots[number] for number in rest]
    ids = {name: place for place, name in enumerate(sorted({s.host.id for s in (*hosts, *base)}))}
    host_of = [ids[s.host.id] for s in (*hosts, *base)]
    world = _world(case, hosts, base)
    put = [own.replacer(each) for each in own.identifiers(chosen)]
    tables = [
        settle(tabulate(query, chosen), put, host_of, meaning(query).kind)
        for query in case.pack.queries
        if query.compare is not Compare.CONTEXT
    ]
    weighed = _weigh_all(tables, host_of, world, hosts, chosen)
    limits = limits_of(case, len(hosts), len(base))
    weighed, bundles = bundle(weighed, world)
    choice = choose(weighed, len(hosts), limits, bundles)
    findings = findings_of(choice, weighed, hosts, tables, limits)
    coverage = coverage_of(case, hosts)
    return Report(
        run=case.run,
        coverage=coverage,
        hosts=verdicts_of(case, choice, hosts, findings, coverage),
        findings=findings,
        limits=limits,
        lookalikes=_lookalikes(hosts, choice),
        notes=notes_of(case, choice, weighed, hosts, base, limits),
        baseline=case.baseline_info if base else None,
    )


def _newest(fold: Fold, numbers: Sequence[int]) -> list[int]:
    by_host = {fold.snapshots[number].host.id: number for number in _ordered(fold, numbers)}
    return [by_host[host] for host in sorted(by_host)]


def _ordered(fold: Fold, numbers: Sequence[int]) -> list[int]:
    def key(number: int) -> tuple[object, ...]:
        snapshot = fold.snapshots[number]
        return snapshot.host.id, snapshot.taken_at, snapshot.osquery_version, len(snapshot.answers)

    return sorted(numbers, key=key)


def _world(case: Case, hosts: list[Snapshot], base: list[Snapshot]) -> World:
    now = max((s.taken_at for s in hosts), default=_UNDATED)
    found = cohorts.anchors([*hosts, *base], case.run.started_at if now <= _UNDATED else now)
    return World(
        group=(1 << len(hosts)) - 1,
        base=((1 << len(base)) - 1) << len(hosts),
        peers=case.method is not Method.BASELINE,
        cohorts=cohorts.cohorts_of(len(hosts), found),
        anchors=tuple(
            (label, tuple(sorted(masks.items()))) for label, masks in sorted(found.items()) if label != "age"
        ),
    )


def _weigh_all(
    tables: list[Facts],
    host_of: list[int],
    world: World,
    hosts: list[Snapshot],
    chosen: Chosen,
) -> list[Weighed]:
    evidence = gather(chosen, len(hosts))
    shared = _shared(tables)
    _alone(evidence, hosts)
    drafts: list[Draft] = []
    common: dict[tuple[str, str], int] = {}
    told: dict[Kind, int] = {}
    sizes = {facts.table.query.name: _ordinary_rows(facts) for facts in tables}
    majority_of = world.base or world.group
    for facts in tables:
        about = meaning(facts.table.query)
        told[about.kind] = told.get(about.kind, 0) | facts.table.complete
        slots = slots_of(facts, host_of)
        families = families_of(facts, slots, about.kind, world)
        odd = [oddity for slot in slots for oddity in oddities(slot, families, about.kind, world)]
        odd, versions = pair(facts, odd, about.kind, majority_of)
        drafts.extend(draft(oddity, about, version=oddity.value in versions) for oddity in odd)
        traits_of_common_rows(facts, {o.value for o in odd}, about, common)
        if about.kind is Kind.PACKAGE:
            for host in members(reduce(or_, facts.rows.values(), 0) & facts.table.complete & world.group):
                evidence[host].packages_known = True
    drafts = both_sides(drafts, world)
    new_units = {each.row.get("path", "") for each in drafts if each.about.kind is Kind.UNIT}
    shared = replace(shared, new_unit_files=frozenset(new_units - {""}))
    for each in drafts:
        if each.about.kind not in OFFERS:
            continue
        for host in members(each.oddity.hosts):
            note(evidence[host], each.about.kind, each.row, each.oddity.change, each.oddity.hosts)
    at_work(chosen, evidence, shared.timers)
    proven = prove(drafts, evidence, shared, chosen, tables)
    drafts = without_explained(drafts, proven)
    return by_content(weigh_all(drafts, common, sizes, evidence, shared, world, proven), drafts, told)


def _shared(tables: list[Facts]) -> Shared:
    """Return what more than half of all snapshots have, the baseline's among them."""
    commands: list[dict[str, str]] = []
    units: list[dict[str, str]] = []
    programs: set[str] = set()
    contents: set[tuple[str, str]] = set()
    mapped: set[str] = set()
    for facts in tables:
        columns = facts.table.columns
        known = facts.table.complete.bit_count()
        kind = meaning(facts.table.query).kind
        runs = kind in (Kind.PROCESS, Kind.PROGRAM)
        schedules, starts = "command" in columns, "id" in columns and "load_state" in columns
        holds, maps = {"path", "sha256"} <= set(columns), kind is Kind.LOADER and "path" in columns
        if known < 2 or not (runs or schedules or starts or holds or maps):
            continue
        for values, mask in facts.rows.items():
            if 2 * mask.bit_count() <= known:
                continue
            if holds:
                contents.add((values[columns.index("path")], values[columns.index("sha256")]))
            elif maps:
                mapped.add(values[columns.index("path")])
            if runs:
                programs.add(program(as_row(columns, values), Kind.PROCESS))
            if schedules:
                commands.append(dict(as_row(columns, values)))
            elif starts:
                units.append(dict(as_row(columns, values)))
    return Shared(
        scheduled_commands(commands),
        timer_names(units),
        frozenset(programs - {""}),
        files=frozenset(path for path, _ in contents),
        contents=frozenset(contents),
        mapped=frozenset(mapped),
    )


def _alone(evidence: list[Evidence], hosts: list[Snapshot]) -> None:
    if len(hosts) < 3:
        return
    looks = {
        "template": [s.host.template_version for s in hosts],
        "image": [s.host.image_id for s in hosts],
        "zone": [s.host.zone for s in hosts],
        "type": [s.host.instance_type for s in hosts],
    }
    for word, values in looks.items():
        counted = Counter(values)
        for each, value in zip(evidence, values, strict=True):
            if value and counted[value] == 1:
                each.alone[word] = value


def _ordinary_rows(facts: Facts) -> int:
    """Return how many rows a host ordinarily has: the rows of all hosts by the number of hosts."""
    everyone = (facts.table.complete | facts.table.partial).bit_count()
    return round(sum(mask.bit_count() for mask in facts.rows.values()) / max(1, everyone))


def _lookalikes(hosts: list[Snapshot], choice: Choice) -> tuple[LookAlikes, ...]:
    return cohorts.lookalikes(hosts, {hosts[index].host.id for index in choice.outliers})
