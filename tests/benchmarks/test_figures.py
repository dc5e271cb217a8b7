"""Are the figures of the detection benchmark what their names say?"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import detection, detection_tables, fleets, trials
from benchmarks.detection import Counts, tasks_of
from benchmarks.figures import Part, aims, blind, cells, share, wilson
from benchmarks.fleets import HELD_FROM, Drawn, Planting
from benchmarks.references import Fact, Numbers, Said, diff, said_by, stacking
from benchmarks.trials import ONE, OURS, Outcome, Task
from bot import packs
from bot.analysis import Fold, judge, judge_folded
from bot.model import (
    Change,
    Coverage,
    Finding,
    HostStatus,
    HostVerdict,
    Limits,
    Method,
    Report,
    RunInfo,
    SharedFact,
)

PACK = packs.load(packs.DEFAULT)
COUNTS = Counts(groups=100, singles=10)


def outcome(rank: int, *, group: int = 0, attack: str = "shell", planted: int = 1, shown: int = 1) -> Outcome:
    """Return one trial of one compromised host among ten."""
    return Outcome(
        ONE, 10, "web", group, attack, "peers", 1, (rank,), planted, shown, 1, 9, (), 4, ((0, 6), (2, 3))
    )


@pytest.mark.parametrize(
    ("value", "count", "low", "high"),
    [(0.9, 10, 0.596, 0.982), (1.0, 100, 0.963, 1.0), (0.0, 20, 0.0, 0.161)],
)
def test_wilson(value: float, count: float, low: float, high: float) -> None:
    """The interval is Wilson's, as printed in tables of it."""
    interval = wilson(value, count)

    assert interval == pytest.approx((low, high), abs=5e-4)


def test_repetition_is_no_evidence() -> None:
    """Ten trials that always agree, in each of ten groups, are worth ten trials and not a hundred."""
    parts = [Part(group % 2, 1.0, (group,)) for group in range(10) for _ in range(10)]

    found = share(parts)

    assert (found.low, found.high) == pytest.approx(wilson(0.5, 10))


def test_the_wider_clustering_counts() -> None:
    """Where trials agree by attack rather than by group, the attacks are what was tried."""
    parts = [Part(attack % 2, 1.0, (group, attack)) for group in range(10) for attack in range(4)]

    found = share(parts)

    assert (found.low, found.high) == pytest.approx(wilson(0.5, 4))


def test_ranks_become_figures() -> None:
    """hit@1, hit@3 and the mean reciprocal rank follow from the places of the compromised host."""
    trials_ = [outcome(rank, group=rank) for rank in (1, 2, 4)]

    (cell,) = cells(trials_)

    assert cell["hit_1"].value == pytest.approx(1 / 3)
    assert cell["hit_3"].value == pytest.approx(2 / 3)
    assert cell["reciprocal_rank"].value == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    assert cell["findings_per_clean"] == 0


def test_aims_are_taken_over_all_sizes() -> None:
    """What is aimed at is compared with all trials of the method in question, and of no other."""
    full = [replace(outcome(rank, group=rank), method="both, of 5", size=rank + 4) for rank in (1, 2)]

    found = {each["aim"]: each["reached"] for each in aims([*full, outcome(1), outcome(1, group=2)])}

    assert [estimate.value for estimate in found.values()] == [0.5, 1.0, 1.0]
    assert next(iter(found)) == "hit@1 with both, baseline of 5, from 3 hosts"


def test_planted_rows_are_counted_as_rows() -> None:
    """An attack of nine rows weighs nine times one of a single row."""
    trials_ = [outcome(1, group=1, planted=9, shown=9), outcome(1, group=2, planted=1, shown=0)]

    (cell,) = cells(trials_)

    assert cell["planted_shown"].value == pytest.approx(0.9)
    assert cell["planted_shown"].of == 10


def test_what_no_query_shows_is_counted() -> None:
    """A planting without a planted row is in no figure, and is told by attack and kind of group."""
    unseen = replace(outcome(1, attack="injected"), method="", ranks=(), planted=0)

    found = blind([outcome(1), unseen])

    assert (found["blind"], found["plantings"]) == (1, 2)
    assert found["attacks"] == {"injected": ["web"]}
    assert len(cells([outcome(1), unseen])) == 1


def finding(host: str, path: str, **more: Any) -> Finding:
    """Return a finding of a file on one host."""
    usual = {
        "query": "unit_files",
        "change": Change.ADDED,
        "expected": None,
        "score": 9.0,
        "attack": (),
        "why": "",
    }
    counts = {"seen_on": 0, "of": 2, "baseline_seen": None, "baseline_of": None}
    return Finding(hosts=(host,), row={"path": path, "size": "7"}, **{**usual, **counts, **more})


def reported(findings: tuple[Finding, ...], *scores: float) -> Report:
    """Return a report on hosts a, b, c with these scores."""
    hosts = [
        HostVerdict(name, 1, score, name == "a", HostStatus.ANSWERED, "")
        for name, score in zip("abc", scores, strict=True)
    ]
    run = RunInfo("r-1", "web", Method.PEERS, "", PACK.name, "cli", fleets.NOW, fleets.NOW)
    return Report(run, Coverage(3, 3, 0), tuple(hosts), findings, Limits(2, 0, 2.6, 4.5, tentative=True))


def judged(report: Report, victim: int, added: tuple[int, ...], gone: tuple[int, ...] = ()) -> Outcome:
    """Return the outcome for planted files /0, /1, /2 … on one of the hosts a, b, c."""
    said = tuple(Said(name, frozenset(), frozenset()) for name in "abc")
    named: list[Fact] = [("unit_files", (("path", f"/{number}"),)) for number in range(4)]
    task = Task("seen", "web", 3, 1, packs.DEFAULT, ())
    planting = Planting((0, 1, 2), said, {victim: added}, {victim: gone})
    numbers = Numbers()
    numbers.named.extend(named)
    drawn = Drawn((), {2: "backup"}, Fold(), numbers, (0, 1, 2), (), said, ())
    return trials.by_report(task, "peers", planting, "shell", drawn, report)


def test_planted_rows_among_the_findings() -> None:
    """A planted row counts as shown in a finding of its host: as its row, among more rows, or among shared facts."""
    shared = SharedFact("unit_files", Change.ADDED, {"path": "/2"}, None, 3.0, "")
    found = (finding("a", "/0", rows=({"path": "/1"},), shared=(shared,)), finding("b", "/3"))

    result = judged(reported(found, 9.0, 1.0, 0.0), 0, (0, 1, 2, 3))

    assert (result.planted, result.shown, result.sides) == (4, 3, 4)
    assert (result.ranks, result.caught, result.marked) == ((1,), 1, ())
    assert result.findings == ((0, 1), (1, 1))


def test_what_was_taken_away_is_shown_as_expected() -> None:
    """A row that the host lost is shown when the finding says that it was expected there."""
    found = (finding("a", "/9", change=Change.CHANGED, expected={"path": "/0"}),)

    result = judged(reported(found, 9.0, 1.0, 0.0), 0, (), (0,))

    assert (result.planted, result.shown) == (1, 1)


def test_equal_scores_are_no_hit() -> None:
    """A clean host with the same score counts as before the compromised one; one that is marked comes first anyway."""
    result = judged(reported((), 1.0, 4.0, 4.0), 1, (0,))

    assert result.ranks == (3,)
    assert (result.marked, result.odd) == (("",), 1)


def test_references_count_rows_of_one_host() -> None:
    """The JSON diff compares with the first host (the first with the second); stacking counts what one host alone has."""
    rows = [frozenset({1, 2}), frozenset({1, 3, 4}), frozenset({1, 2, 4})]
    said = [Said(name, frozenset(), facts) for name, facts in zip("abc", rows, strict=True)]

    assert diff(rows).shown == (1, 2, 1)
    assert stacking(said).shown == (0, 1, 0)


def test_attacks_and_kinds_come_round_evenly() -> None:
    """No attack is planted a third time before each was planted twice, and what is kept away has groups of its own."""
    population = fleets.seen()
    kept = replace(population, first=HELD_FROM)

    tasks = list(tasks_of(population, {3: COUNTS}))
    planted = Counter(name for task in tasks for name in task.singles)

    assert max(planted.values()) - min(planted.values()) <= 1
    assert set(planted) == set(population.attacks)
    kinds = Counter(task.kind for task in tasks)
    assert set(kinds) == set(population.kinds)
    assert max(kinds.values()) - min(kinds.values()) <= 1
    assert min(task.number for task in tasks_of(kept, {3: COUNTS})) == HELD_FROM


def test_planting_into_a_folded_group_changes_nothing_else() -> None:
    """A group with a planted host is judged as if all its hosts were asked anew; its rows are what is told as planted."""
    attacks = fleets.seen().attacks
    drawn = fleets.draw(fleets.seen(), "web", 3, 5, PACK)
    planting = fleets.plant(drawn, attacks["rogue_timer"], [1], random.Random(1), PACK)
    victim = replace(drawn.hosts[1], tables={t: [dict(r) for r in rows] for t, rows in drawn.hosts[1].tables.items()})  # fmt: skip
    attacks["rogue_timer"](victim, random.Random(1))
    snapshots = [fleets.snapshot_of(host, PACK) for host in (drawn.hosts[0], victim, drawn.hosts[2])]
    name, method, count = OURS[0]
    case = trials.case_of(drawn, PACK, method)

    report = judge_folded(case, drawn.fold, planting.group, drawn.baseline[:count])

    assert name == "peers"
    assert report == judge(replace(case, snapshots=tuple(snapshots)))
    assert {drawn.numbers.named[fact][0] for fact in planting.added[1]} >= {"systemd_units", "unit_files"}
    assert planting.gone == {1: ()}
    assert said_by(snapshots[0], PACK, drawn.numbers) == drawn.said[0]


def test_what_is_replaced_counts_once() -> None:
    """A new value under an old key is one planted row; a row that went counts when most other hosts have it."""
    numbers = Numbers()
    old, new, common, rare = (
        numbers[("unit_files", (("path", path), ("sha256", text))), 0]
        for path, text in (("/a", "1"), ("/a", "2"), ("/b", "1"), ("/c", "1"))
    )
    before = Said("a", frozenset(), frozenset({old, common, rare}))
    others = [
        Said("b", frozenset(), frozenset({old, common})),
        Said("c", frozenset(), frozenset({old, common})),
    ]

    added, gone = fleets.differences(
        before, Said("a", frozenset(), frozenset({new})), others, numbers.named, PACK
    )

    assert (added, gone) == ((new,), (common,))


def test_nothing_kept_away_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of what is kept away only sums are told, even when the names of what was lost are asked for."""
    written = tmp_path / "figures.json"
    asked = ["--quick", "--held", "only", "--sizes", "1", "--trials", "1", "--lost", "--jobs", "1"]

    detection.main([*asked, "--json", str(written)])

    text = written.read_text()
    (told,) = json.loads(text)["populations"]
    assert "One host alone" in capsys.readouterr().out
    assert not told.keys() & {"lost", "marked"}
    assert isinstance(told["blind"]["attacks"], int)
    assert "held " not in text


def measured(folder: Path) -> Path:
    """Return a file of figures as the benchmark writes it."""
    written = folder / "figures.json"
    asked = ["--quick", "--sizes", "1", "--trials", "1", "--jobs", "1"]
    detection.main([*asked, "--json", str(written)])
    return written


def test_the_page_has_room_for_the_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tables of docs/detection.md are renewed between two marks, and only there; without a page they are printed."""
    page = (Path(__file__).parents[2] / "docs" / "detection.md").read_text("utf-8")
    copy = tmp_path / "detection.md"
    copy.write_text(page, "utf-8")
    figures = measured(tmp_path)
    capsys.readouterr()

    detection.main(["--from", str(figures), "--into", str(copy)])
    detection.main(["--from", str(figures)])

    before, after = page.split(detection_tables.BEGIN)[0], page.split(detection_tables.END)[1]
    tables = capsys.readouterr().out[:-1]
    assert "One host alone" in tables
    assert (
        copy.read_text("utf-8") == f"{before}{detection_tables.BEGIN}\n{tables}{detection_tables.END}{after}"
    )


@pytest.mark.parametrize("text", [None, "", "no JSON", "[]", "7", '{"populations": [{}]}', '{"runs": []}'])
def test_what_is_no_file_of_figures_gets_a_sentence(
    text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is missing, or not what --json writes, is named with what to do next; the page stays as it was."""
    figures, page = tmp_path / "figures.json", tmp_path / "page.md"
    page.write_text(f"{detection_tables.BEGIN}\n{detection_tables.END}", "utf-8")
    if text is not None:
        figures.write_text(text, "utf-8")

    with pytest.raises(SystemExit) as ended:
        detection.main(["--from", str(figures), "--into", str(page)])

    (said,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert f"{figures} " in said
    assert f"--json {figures}" in said
    assert page.read_text("utf-8") == f"{detection_tables.BEGIN}\n{detection_tables.END}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "cannot be renewed (No such file or directory)"),
        (b"# Detection\n", f"write {detection_tables.BEGIN} and {detection_tables.END}"),
        (b"\xff\xfe", "not text in UTF-8"),
    ],
)
def test_what_is_no_page_gets_a_sentence(
    text: bytes | None, expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page that is missing or has no marks is left as it was, and the person is told what to do next."""
    figures, page = tmp_path / "figures.json", tmp_path / "page.md"
    figures.write_text('{"populations": []}', "utf-8")
    if text is not None:
        page.write_bytes(text)

    with pytest.raises(SystemExit) as ended:
        detection.main(["--from", str(figures), "--into", str(page)])

    (said,) = capsys.readouterr().err.splitlines()
    assert ended.value.code == 2
    assert expected in said
    assert (page.read_bytes() if page.exists() else None) == text


def test_a_page_alone_renews_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--into without --from is refused before anything is measured."""
    with pytest.raises(SystemExit) as ended:
        detection.main(["--into", str(tmp_path / "page.md")])

    assert ended.value.code == 2
    assert "--from" in capsys.readouterr().err
