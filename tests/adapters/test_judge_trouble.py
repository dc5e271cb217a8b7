"""The worker process that judges, when the machine is short of something in the middle of its work."""

from __future__ import annotations

from collections.abc import Iterator
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder
from bot.adapters.judge_process import JudgeProcess
from bot.errors import AnalysisError
from tests.adapters import judgements
from tests.adapters.test_judge_process import a_request
from tests.fakes.samples import a_report


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    with DataFolder.open(tmp_path / "data") as opened:
        yield opened


def test_a_child_that_dies_in_the_middle_of_its_answer_is_replaced(
    folder: DataFolder, tmp_path: Path
) -> None:
    """Killed while half of the report has crossed: the run still gets its report."""
    judge = JudgeProcess(folder, judge=judgements.dies_in_the_middle_of_its_answer)

    report = judge.judge(a_request("once", requested_by=str(tmp_path / "mark")))
    judge.close()

    assert report == a_report("once")


@pytest.mark.parametrize(
    ("where", "what"), [(SpawnProcess, "start"), (SpawnContext, "Pipe")], ids=["memory", "descriptors"]
)
def test_a_replacement_that_could_not_be_started_is_started_for_the_next_run(
    folder: DataFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: type, what: str
) -> None:
    """Short of memory or descriptors for a moment: one run is told so, and the next one is judged."""
    judge = JudgeProcess(folder, judge=judgements.dies)

    def refuse(*_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    with monkeypatch.context() as short:
        short.setattr(where, what, refuse)
        with pytest.raises(AnalysisError, match="could not be started"):
            judge.judge(a_request("once", requested_by=str(tmp_path / "mark")))

    assert judge.judge(a_request("good")) == a_report("good")
    judge.close()
