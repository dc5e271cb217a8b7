"""How do chosen differences become findings with raw rows, hosts in order, and coverage?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from bot.analysis import cohorts
from bot.analysis.case import Case
from bot.analysis.choosing import Choice
from bot.analysis.fold import members
from bot.analysis.holding import Holders
from bot.analysis.semantics import Kind
from bot.analysis.slots import VARIES
from bot.analysis.tables import MISSING, Values
from bot.analysis.techniques import narrowed
from bot.analysis.telling import alike, subject, things
from bot.analysis.things import cut
from bot.analysis.volatile import Facts
from bot.analysis.weighing import Weighed
from bot.analysis.wording import also_seen, counts, perhaps, say, share
from bot.masking import mask_row
from bot.model import (
    Coverage,
    Finding,
    HostStatus,
    HostVerdict,
    Limits,
    Missed,
    Quadrant,
    Row,
    SharedFact,
    Snapshot,
    UnknownQuery,
    summing_to,
)

MORE_ROWS = 20
MORE_FACTS = 20


class RawRows:
    """Finds the rows as collected behind canonical values, as the fold keeps them."""

    def __init__(self, tables: Sequence[Facts]):
        self._facts = {facts.table.query.name: facts for facts in tables}

    def of(self, query: str, wanted: Sequence[Values], places: Iterable[int], most: int) -> list[Row]:
        """Return the rows of these snapshots behind any of ``wanted``, of each at most ``most``, sorted by their text."""
        facts = self._facts[query]
        raw = {values for each in wanted for values in (each, *facts.behind.get(each, ()))}
        return [row for rows in facts.table.raw_rows(raw, list(places)) for row in rows[:most]]


def findings_of(
    choice: Choice,
    weighed: Sequence[Weighed],
    hosts: Sequence[Snapshot],
    tables: Sequence[Facts],
    limits: Limits,
) -> tuple[Finding, ...]:
    """Return the chosen differences as findings, sharpest first; rows as collected, secrets masked."""
    raw, held = RawRows(tables), Holders(len(hosts))
    found: list[tuple[Weighed, Finding]] = []
    for index in choice.shown:
        bundled = [weighed[other] for other in choice.bundles.get(index, ())]
        made = _finding(weighed[index], index in choice.outlying, raw, held, hosts, limits, bundled)
        found.append((weighed[index], made))
    found.sort(key=lambda pair: _order(pair[1]))
    about = [
        (alike(each), None if f.shared_count else subject(each.kind, f.row, f.change)) for each, f in found
    ]
    told = [_joined([found[place] for place in places]) for places in things(about)]
    return tuple(sorted(told, key=_order))


def _order(finding: Finding) -> tuple[object, ...]:
    row = sorted(finding.row.items())
    return -finding.score, finding.query, finding.hosts, finding.change.value, row


def _joined(found: Sequence[tuple[Weighed, Finding]]) -> Finding:
    """Return the sharpest of findings that speak of one thing, with the others behind it; of equals one that tells more."""
    each, lead = min(found, key=lambda pair: (-pair[1].score, pair[0].kind is Kind.PROGRAM))
    others = [pair for pair in found if pair[1] is not lead]
    if not others:
        return lead
    seen = also_seen(each.kind, lead.query, [(other.kind, f.query, f.change) for other, f in others])
    return replace(
        lead,
        why=f"{lead.why} {seen}" if seen else lead.why,
        outlying=any(finding.outlying for _, finding in found),
        also=tuple([_behind(other, finding) for other, finding in others]),
    )


def _behind(each: Weighed, found: Finding) -> SharedFact:
    said = _said(each, found.row, found.expected)
    return SharedFact(
        found.query,
        found.change,
        found.row,
        found.expected,
        found.score,
        why=said,
        rows=found.rows,
        attack=found.attack,
    )


def _finding(
    each: Weighed,
    outlying: bool,
    raw: RawRows,
    held: Holders,
    hosts: Sequence[Snapshot],
    limits: Limits,
    bundled: Sequence[Weighed],
) -> Finding:
    oddity = each.oddity
    holders = list(members(oddity.hosts))
    row, expected, rest = _rows(each, raw, MORE_ROWS)
    said = _said(each, row, expected)
    shared = 1 + len(bundled) if bundled else 0
    count = counts(
        holders=1 if shared else len(holders),  # what is shared begins with how many share it
        of=0 if shared else oddity.of,
        seen=oddity.baseline_seen if oddity.baseline_of else None,
        baseline_of=oddity.baseline_of or None,
        change=oddity.change,
    )
    among = len(holders) + oddity.of
    if shared:
        why_not = (
            "the baseline does not know"
            if oddity.quadrant is Quadrant.NEW_COMMON or oddity.follows
            else "the others lack"
            if oddity.unsure
            else "nothing in AWS explains"
        )
        said = share(len(holders), among, shared, said, why_not)
    if oddity.follows:
        said = f"{said}; so on the hosts of {cut(oddity.follows, 60)} and no others"
    if oddity.unsure:
        said = f"{said}; without a baseline nobody can say which side changed"
    return Finding(
        hosts=tuple(sorted(hosts[index].host.id for index in holders)),
        query=oddity.slot.query.name,
        change=oddity.change,
        row=row,
        expected=expected,
        score=round(each.score, 2),
        seen_on=oddity.seen_on,
        of=oddity.of,
        baseline_seen=oddity.baseline_seen if oddity.baseline_of else None,
        baseline_of=oddity.baseline_of or None,
        attack=narrowed(oddity.slot.query, row, each.traits),
        why="; ".join(part for part in (said, count, perhaps(each.cause)) if part),
        quadrant=oddity.quadrant,
        tentative=limits.tentative,
        outlying=outlying,
        parts=summing_to(each.score, each.parts, digits=2),
        others=held.others_of(oddity),
        rows=_distinct(rest, row),
        shared=tuple([_shared_fact(other, raw) for other in bundled[:MORE_FACTS]]),
        shared_count=shared,
    )


def _differing(each: Weighed) -> dict[str, tuple[str, str]]:
    """Return the columns in which a difference and what is expected in its place were judged to differ, with both values.

    A host's own names are replaced in them, secrets masked.
    """
    oddity = each.oddity
    here, usual = (
        _pick([], oddity.slot.columns, oddity.value),
        _pick([], oddity.slot.columns, oddity.expected),
    )
    if here is None or usual is None:
        return {}
    shown, beside = mask_row(here), mask_row(usual)
    return {c: (shown[c], beside[c]) for c in here if here[c] != usual[c]}


def _shared_fact(each: Weighed, raw: RawRows) -> SharedFact:
    oddity = each.oddity
    row, expected, _ = _rows(each, raw, 1)
    why = _said(each, row, expected)
    return SharedFact(oddity.slot.query.name, oddity.change, row, expected, round(each.score, 2), why)


def _said(each: Weighed, row: Row, expected: Row | None) -> str:
    """Return what differs and why it matters, without the counts."""
    oddity = each.oddity
    return say(each.kind, oddity.slot.query, oddity.change, row, expected, each.traits, _differing(each))


def _rows(each: Weighed, raw: RawRows, most: int) -> tuple[Row, Row | None, Iterator[Row]]:
    """Return the row of a difference as collected, what is expected in its place, and more rows; secrets masked.

    Args:
        most: Of how many of its hosts the rows are looked up.
    """
    oddity = each.oddity
    slot, query = oddity.slot, oddity.slot.query
    expected_rows: list[Row] = []
    if oddity.expected is not None:
        wanted = slot.merged.get(oddity.expected, [oddity.expected])
        others = slot.values.get(oddity.expected, 0)
        expected_rows = raw.of(query.name, wanted, islice(members(others & ~oddity.hosts), 3), 1)
    expected = _pick(expected_rows, slot.columns, oddity.expected)
    if oddity.value is None:
        return mask_row(expected or {}), None, iter(())
    wanted = slot.merged.get(oddity.value, [oddity.value])
    rows = raw.of(query.name, wanted, islice(members(oddity.hosts), most), most + 1)
    row, rest = (rows[0], rows[1:]) if rows else (_pick([], slot.columns, oddity.value) or {}, [])
    return mask_row(row), mask_row(expected) if expected is not None else None, map(mask_row, rest)


def _pick(rows: Sequence[Row], columns: tuple[str, ...], values: Values | None) -> Row | None:
    if rows:
        return rows[0]
    if values is None:
        return None
    return {c: "" if v in (VARIES, MISSING) else v for c, v in zip(columns, values, strict=True)}


def _distinct(rows: Iterator[Row], but: Row) -> tuple[Row, ...]:
    seen = {tuple(sorted(but.items()))}
    kept: list[Row] = []
    for row in rows:
        key = tuple(sorted(row.items()))
        if key not in seen:
            seen.add(key)
            kept.append(row)
        if len(kept) == MORE_ROWS:
            break
    return tuple(kept)


def coverage_of(case: Case, hosts: Sequence[Snapshot]) -> Coverage:
    """Return who answered; a host that both answered and is named as missed counts as answered."""
    answered = {snapshot.host.id for snapshot in hosts}
    missed: dict[str, Missed] = {}
    for each in sorted((*case.group.missed, *case.missed), key=lambda m: (m.host, m.reason, m.detail)):
        if each.host not in answered:
            missed.setdefault(each.host, each)
    asked = {query.name for query in case.pack.queries}
    unknown: list[UnknownQuery] = []
    partial = 0
    for snapshot in hosts:
        if all(answer.known for answer in snapshot.answers):
            continue
        given = {answer.query: answer for answer in snapshot.answers}
        gaps = [
            UnknownQuery(snapshot.host.id, name, given[name].status, given[name].error)
            for name in sorted(asked & given.keys())
            if not given[name].known
        ]
        unknown.extend(gaps)
        partial += bool(gaps)
    return Coverage(
        targeted=len(hosts) + len(missed),
        answered=len(hosts) - partial,
        partial=partial,
        missed=tuple(missed.values()),
        unknown=tuple(unknown),
        queries=len(asked),
    )


def verdicts_of(
    case: Case, choice: Choice, hosts: Sequence[Snapshot], findings: Sequence[Finding], coverage: Coverage
) -> tuple[HostVerdict, ...]:
    """Return the hosts: the focus first whatever its rank, then by rank, then the missed ones (rank 0)."""
    described = {host.id: host for host in (*case.group.known, *case.group.hosts)}
    order = sorted(
        range(len(hosts)),
        key=lambda i: (i not in choice.outliers, -choice.scores[i], hosts[i].host.id),
    )
    partial = {unknown.host for unknown in coverage.unknown}
    reasons: dict[str, str] = {}
    for finding in findings:
        for host in finding.hosts:
            reasons.setdefault(host, finding.why)
    verdicts: list[HostVerdict] = []
    for rank, index in enumerate(order, start=1):
        snapshot = hosts[index]
        verdicts.append(
            HostVerdict(
                id=snapshot.host.id,
                rank=rank,
                score=round(choice.scores[index], 2),
                outlier=index in choice.outliers,
                status=HostStatus.PARTIAL if snapshot.host.id in partial else HostStatus.ANSWERED,
                cohort=cohorts.label(snapshot),
                reason=cut(reasons.get(snapshot.host.id, ""), 480),
                host=described.get(snapshot.host.id, snapshot.host),
            )
        )
    for missed in coverage.missed:
        verdicts.append(
            HostVerdict(missed.host, 0, 0.0, False, HostStatus.MISSED, "", host=described.get(missed.host))
        )
    focus = case.group.focus or case.run.focus
    return tuple(sorted(verdicts, key=lambda v: v.id != focus)) if focus else tuple(verdicts)
