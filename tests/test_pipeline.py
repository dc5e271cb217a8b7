"""What does a pipeline get: report files, an exit code by a number of bits, and a sentence why?"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from bot import cli, packs
from bot.adapters import exported
from bot.adapters.data_folder import DataFolder
from bot.adapters.report_files import ReportFiles
from bot.errors import StoreError
from bot.model import Coverage, Limits, Report
from bot.oneshot import exit_code
from bot.sandbox import fleet
from tests.views.examples import CLEAN, FINDINGS, REPORT, RUN_ID, SHELL, SO_FAR

WHOLE = dataclasses.replace(REPORT, coverage=Coverage(24, 24, 0))
ALONE = dataclasses.replace(
    CLEAN, coverage=Coverage(1, 1, 0), hosts=CLEAN.hosts[:1], limits=Limits(0, 0, 0.0, 2.4, True)
)
CHANGED = dataclasses.replace(
    CLEAN,
    findings=(
        dataclasses.replace(
            FINDINGS[0],
            hosts=tuple(host.id for host in CLEAN.hosts if host.rank),
            score=CLEAN.limits.threshold_bits,
            outlying=False,
        ),
    ),
)
"""Nobody is marked for what all hosts show, however sharp."""
DULL = dataclasses.replace(
    CHANGED, findings=(dataclasses.replace(CHANGED.findings[0], score=CLEAN.limits.threshold_bits - 1),)
)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a data folder that holds the example report, and one without gaps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFY_DATA_DIR", str(tmp_path / "data"))
    with closing(DataFolder.open(tmp_path / "data", lock=True)) as folder:
        kept = ReportFiles(folder)
        kept.put(REPORT)
        kept.put(dataclasses.replace(WHOLE, run=dataclasses.replace(REPORT.run, id="r-whole")))
    return tmp_path


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory beside recorded answers of three hosts of api-asg to two queries."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIFFY_DATA_DIR", str(tmp_path / "data"))
    pack = msgspec.json.decode(msgspec.json.encode(packs.load(packs.DEFAULT)))
    plan = next(plan for plan in fleet.plan() if plan.name == "api-asg")
    hosts = fleet.build(plan.name, fleet.invent(plan, seed=3), 3)[:3]
    fleet.record(hosts, plan.name, tmp_path / "api", pack)
    return tmp_path


@pytest.mark.parametrize(
    ("report", "fail_on", "min_coverage", "code"),
    [
        (WHOLE, None, 1.0, 1),  # two hosts stand out
        (WHOLE, 15.6, 1.0, 1),  # the sharpest finding has as much
        (WHOLE, 30.0, 1.0, 0),  # stands out, and does not reach it
        (REPORT, 30.0, 1.0, 2),  # one host is silent: the gate does not pass
        (REPORT, 30.0, 0.9, 0),
        (REPORT, 8.0, 1.0, 1),
        (CLEAN, 8.0, 1.0, 0),
        (CLEAN, None, 1.0, 0),
        (CHANGED, None, 1.0, 1),  # as sharp as what marks a host
        (DULL, None, 1.0, 0),
        (ALONE, 8.0, 1.0, 2),  # nothing to compare with
        (ALONE, None, 0.0, 2),
        (SO_FAR, 30.0, 0.5, 2),  # hosts were still being asked
    ],
)
def test_the_exit_code_of_a_gate(
    report: Report, fail_on: float | None, min_coverage: float, code: int
) -> None:
    """1 when it is reached; else 0 if enough answered and could be compared; else 2."""
    assert exit_code(report, min_coverage=min_coverage, fail_on=fail_on) == code


def test_a_host_reaches_what_no_single_finding_does() -> None:
    """Its findings together count too: 15.6 bits and 30 % of the next are 19.3."""
    sharpest = max(finding.score for finding in FINDINGS)
    together = max(host.score for host in WHOLE.hosts)

    assert sharpest < 16 < together
    assert exit_code(WHOLE, min_coverage=1.0, fail_on=16) == 1


@pytest.mark.parametrize(
    ("bits", "coverage", "code", "sentence"),
    [
        ("9", "1", 1, f"7 findings reach it, the sharpest with 15.6 bits on {SHELL.id}."),
        ("16", "1", 1, f"{SHELL.id} reaches it, with 19.3 bits in all."),
        ("30", "1", 2, "but only 22 of 24 hosts answered every query (--min-coverage 1): no verdict."),
        ("30", "90%", 0, "--fail-on 30: nothing reaches it (most: 19.3 bits).\n"),
    ],
)
def test_a_gate_says_why(
    bits: str, coverage: str, code: int, sentence: str, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One sentence on stderr; the report on stdout stays as it is."""
    done = cli.main(["report", RUN_ID, "--json", "--fail-on", bits, "--min-coverage", coverage])

    out, err = capfd.readouterr()
    assert done == code
    assert sentence in err
    assert json.loads(out)["run"]["id"] == RUN_ID


@pytest.mark.parametrize("bits", ["0", "-1", "many", "nan", "inf", ""])
def test_what_is_no_number_of_bits_is_refused(bits: str, capfd: pytest.CaptureFixture[str]) -> None:
    """In a sentence, with exit 2."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["analyze", "web-asg", "--fail-on", bits])

    assert ended.value.code == 2
    assert f"{bits!r} is no number of bits: write one above 0, such as 8" in capfd.readouterr().err


def test_a_stored_report_is_shown_in_each_form(data: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """To stdout by --format, to files by their suffixes; the same bytes both ways."""
    names = ["a.json", "a.sarif", "a.csv", "a.HTML"]
    cli.main(["report", RUN_ID, "--format", "text", *(word for name in names for word in ("--report", name))])
    text = capfd.readouterr().out

    printed = {}
    for form in ("json", "sarif", "csv", "html"):
        assert cli.main(["report", RUN_ID, "--format", form]) == 1
        printed[form] = capfd.readouterr().out

    assert text.startswith("2 of 24 hosts stand out")
    for name in names:
        form = name.partition(".")[2].lower()
        assert printed[form].rstrip("\n") == (data / name).read_bytes().decode().rstrip("\n")
        assert (data / name).stat().st_mode & 0o777 == 0o600
    assert json.loads(printed["sarif"])["runs"][0]["properties"]["run"] == RUN_ID
    told = sum(len(finding.facts) for finding in FINDINGS)
    assert len(list(csv.DictReader(io.StringIO(printed["csv"])))) == told + 2


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("report.pdf", "names no form of a report"),
        ("report", "names no form of a report"),
        ("nowhere/report.html", "There is no folder nowhere"),
        ("package.json", "is there already, and is no json report of Diffy's"),
        ("link.html", "is there already, and is no html report"),
        ("folder.csv", "is there already, and is no csv report"),
        ("other.sarif", "is there already, and is no sarif report"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_before_any_host_is_asked(
    name: str, sentence: str, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The sentence comes before the target, which does not exist, is looked for; nothing is written over."""
    (data / "package.json").write_text('{"name": "mine"}')
    (data / "other.sarif").write_text(
        '{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Other"}}}]}'
    )
    (data / "link.html").symlink_to(data / "package.json")
    (data / "folder.csv").mkdir()

    done = cli.main(["analyze", "web-asg", "--recorded", "nowhere", "--report", name])

    assert done == 2
    assert sentence in capfd.readouterr().err
    assert (data / "package.json").read_text() == '{"name": "mine"}'


def test_a_former_report_and_an_empty_file_are_replaced(data: Path) -> None:
    """A pipeline runs again in the same place."""
    (data / "a.csv").touch()

    codes = [cli.main(["report", run, "--report", "a.csv"]) for run in (RUN_ID, "r-whole")]

    assert codes == [1, 1]
    assert b"r-whole" in (data / "a.csv").read_bytes()
    assert RUN_ID.encode() not in (data / "a.csv").read_bytes()


def test_a_report_that_cannot_be_written_is_printed(
    data: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs the file alone: exit 2 with a sentence, and the report on stdout."""

    def full(path: Path, content: bytes) -> None:
        raise StoreError(f"{path} could not be written: No space left on device.", "Free some space.")

    monkeypatch.setattr(exported, "write_atomically", full)

    done = cli.main(["report", RUN_ID, "--json", "--report", "a.html"])

    out, err = capfd.readouterr()
    assert done == 2
    assert "a.html could not be written" in err
    assert json.loads(out)["run"]["id"] == RUN_ID


@pytest.mark.parametrize("run", ["r-none", "../../etc/passwd"])
def test_a_run_without_a_report_is_a_sentence(
    run: str, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, and the run's id in the sentence."""
    assert cli.main(["report", run]) == 2
    assert run in capfd.readouterr().err


def test_a_baseline_is_not_taken_over_drift(recorded: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """After a deploy a baseline is taken; the next is refused when a host differs by as many bits, and says how."""
    first = cli.main(["baseline", "api-asg", "--recorded", "api", "--out", "b.json", "--fail-on", "8"])
    before = (recorded / "b.json").read_bytes()
    again = ["baseline", "api-asg", "--recorded", "api", "--baseline", "b.json", "--out", "b.json"]
    same = cli.main([*again, "--fail-on", "8"])
    host = next((recorded / "api" / "hosts").iterdir())
    content = json.loads(host.read_text())
    rows = content["queries"]["users"]
    rows.append({**rows[0], "username": "eve", "uid": "0", "shell": "/bin/bash", "directory": "/tmp/.e"})
    host.write_text(json.dumps(content))
    kept = (recorded / "b.json").read_bytes()
    capfd.readouterr()

    names = ",".join(path.stem for path in (recorded / "api" / "hosts").iterdir())
    drifted = cli.main([*again, "--from", names, "--fail-on", "3", "--report", "drift.sarif"])

    out, err = capfd.readouterr()
    results = json.loads((recorded / "drift.sarif").read_text())["runs"][0]["results"]
    assert (first, same, drifted) == (0, 0, 1), err
    assert "No baseline was taken." in err
    assert "eve" in out
    assert before != b""
    assert (recorded / "b.json").read_bytes() == kept
    assert "eve" in [result["properties"]["row"].get("username") for result in results]
