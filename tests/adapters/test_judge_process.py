"""Judging in a process of its own: what crosses, and what happens when it dies."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.data_folder import DataFolder
from bot.adapters.folds import Folds, fold_and_judge
from bot.adapters.judge_process import NICENESS, JudgeProcess
from bot.adapters.snapshot_files import SnapshotFiles
from bot.errors import AnalysisError, NotFound, StoreCorrupt
from bot.model import Group, Method, Pack, Query, RunInfo
from bot.ports import Judge, JudgeRequest
from tests.adapters import judgements
from tests.fakes.judge import InlineJudge
from tests.fakes.samples import NOON, a_report, a_snapshot


def a_request(run_id: str = "r00001", *snapshots: str, requested_by: str = "U0RESPONDER") -> JudgeRequest:
    """A request over these digests."""
    info = RunInfo(run_id, "web-asg", Method.PEERS, "no baseline yet", "tiny", requested_by, NOON, NOON)
    pack = Pack("tiny", "", (Query("users", "SELECT username FROM users", "who", key=("username",)),))
    hosts = tuple(a_snapshot(f"i-0{number}").host for number in range(4))
    return JudgeRequest(info, Group("web-asg", hosts, known=hosts), snapshots, (), pack, Method.PEERS)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    with DataFolder.open(tmp_path / "data") as opened:
        yield opened


class TestContract:
    """Holds for the process and for judging in the calling thread."""

    @pytest.fixture(params=["inline", "process"])
    def judge(self, request: pytest.FixtureRequest, folder: DataFolder) -> Iterator[Judge]:
        judge: Judge = (
            InlineJudge(SnapshotFiles(folder), fold_and_judge)
            if request.param == "inline"
            else JudgeProcess(folder)
        )
        yield judge
        judge.close()

    def test_snapshots_are_judged_by_digest(self, judge: Judge, folder: DataFolder) -> None:
        """The real analysis, over snapshots that only their digests name."""
        files = SnapshotFiles(folder)
        digests = [files.put(a_snapshot(f"i-0{number}", rows=2)) for number in range(4)]

        report = judge.judge(a_request("r7", *digests))

        assert report.run.id == "r7"
        assert sorted(host.id for host in report.hosts) == ["i-00", "i-01", "i-02", "i-03"]
        assert report.coverage.targeted == 4
        assert report.outliers == ()

    def test_a_snapshot_that_cannot_be_read_is_said(self, judge: Judge, folder: DataFolder) -> None:
        """Missing or damaged: the same errors in either process, and the judge goes on."""
        digest = SnapshotFiles(folder).put(a_snapshot("i-00"))
        (path,) = folder.snapshots.glob("*/*.gz")
        whole = path.read_bytes()
        path.write_bytes(b"")

        with pytest.raises(StoreCorrupt, match="is damaged") as caught:
            judge.judge(a_request("r1", digest))
        with pytest.raises(NotFound, match="There is no snapshot"):
            judge.judge(a_request("r1", "0" * 64))

        assert "backup" in caught.value.hint
        path.write_bytes(whole)
        assert judge.judge(a_request("r2", digest)).run.id == "r2"

    def test_what_was_folded_as_it_arrived_is_not_read_again(self, judge: Judge, folder: DataFolder) -> None:
        """Snapshots go into the fold one by one; a provisional and the final judgement rest on the same fold."""
        files = SnapshotFiles(folder)
        digests = [files.put(a_snapshot(f"i-0{number}", rows=2)) for number in range(4)]
        for digest in digests[:3]:
            judge.add("r7", digest)
        provisional = judge.judge(a_request("r7", *digests[:3]))
        judge.add("r7", digests[3])
        judge.judge(a_request("r7", *digests))
        for path in folder.snapshots.glob("*/*.gz"):
            path.unlink()

        final = judge.judge(a_request("r7", *digests))

        assert [host.id for host in provisional.hosts] == ["i-00", "i-01", "i-02"]
        assert [host.id for host in final.hosts] == ["i-00", "i-01", "i-02", "i-03"]
        judge.forget("r7")
        with pytest.raises(NotFound):
            judge.judge(a_request("r7", *digests))

    def test_a_snapshot_that_cannot_be_folded_ahead_is_said_when_judged(
        self, judge: Judge, folder: DataFolder
    ) -> None:
        """Adding never fails: it only saves time."""
        judge.add("r7", "0" * 64)

        with pytest.raises(NotFound):
            judge.judge(a_request("r7", "0" * 64))


def test_only_a_few_runs_are_folded_at_once(folder: DataFolder) -> None:
    """The run that was used longest ago gives way, and is folded anew from what is stored."""
    files = SnapshotFiles(folder)
    digest = files.put(a_snapshot("i-00"))
    folds = Folds(files, most=2)
    for run_id in ("r1", "r2", "r3"):
        folds.add(run_id, (digest,))
    (path,) = folder.snapshots.glob("*/*.gz")
    whole = path.read_bytes()
    path.unlink()

    kept = folds.judge(a_request("r3", digest))
    with pytest.raises(NotFound):
        folds.judge(a_request("r1", digest))
    path.write_bytes(whole)
    again = folds.judge(a_request("r1", digest))

    assert kept.hosts == again.hosts


class TestProcess:
    """What only a process does."""

    def test_it_is_a_gentle_process_without_slack_and_aws(self, folder: DataFolder) -> None:
        """One process for all requests, lower in priority, deaf to Ctrl-C, and small."""
        judge = JudgeProcess(folder, judge=judgements.describes_itself)

        first, second = judge.judge(a_request()).notes, judge.judge(a_request()).notes
        judge.close()

        assert first == second
        assert first[0] != str(os.getpid())
        assert first[1:] == (str(os.nice(0) + NICENESS), "SIGINT", "SIGTERM")

    def test_many_runs_ask_at_once(self, folder: DataFolder) -> None:
        """Each gets its own report."""
        files = SnapshotFiles(folder)
        digests = {f"i-{number}": files.put(a_snapshot(f"i-{number}")) for number in range(10)}
        judge = JudgeProcess(folder, judge=judgements.names_its_hosts)
        answers: dict[str, tuple[str, ...]] = {}

        def ask(host: str) -> None:
            answers[host] = judge.judge(a_request(host, digests[host])).notes

        threads = [threading.Thread(target=ask, args=(host,)) for host in digests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        judge.close()

        assert answers == {host: (host,) for host in digests}

    def test_a_child_that_dies_is_replaced_and_asked_again(
        self, folder: DataFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Killed once by whatever cause: the run still gets its report."""
        judge = JudgeProcess(folder, judge=judgements.dies)

        report = judge.judge(a_request("once", requested_by=str(tmp_path / "mark")))
        judge.close()

        assert report == a_report("once")
        assert "ended while it judged run once" in caplog.text

    def test_a_child_that_died_while_hosts_were_asked_is_replaced_and_folds_anew(
        self, folder: DataFolder
    ) -> None:
        """What it had folded is read again from the stored snapshots: the report lacks no host."""
        files = SnapshotFiles(folder)
        digests = [files.put(a_snapshot(f"i-0{number}")) for number in range(4)]
        judge = JudgeProcess(folder, judge=judgements.folds_and_names_its_process)
        for digest in digests[:2]:
            judge.add("r7", digest)
        first = judge.judge(a_request("r7", *digests[:2])).notes[0]
        os.kill(int(first), 9)
        for digest in digests[2:]:
            judge.add("r7", digest)

        report = judge.judge(a_request("r7", *digests))
        judge.close()

        assert report.notes[0] != first
        assert [host.id for host in report.hosts] == ["i-00", "i-01", "i-02", "i-03"]

    def test_a_run_that_kills_the_child_fails_alone(self, folder: DataFolder, tmp_path: Path) -> None:
        """Twice dead is an error with advice, and the next run is judged."""
        judge = JudgeProcess(folder, judge=judgements.dies)

        with pytest.raises(AnalysisError, match="ended twice"):
            judge.judge(a_request("always", requested_by=str(tmp_path / "mark")))
        report = judge.judge(a_request("good"))
        judge.close()

        assert report == a_report("good")

    def test_a_child_that_died_while_idle_is_replaced(self, folder: DataFolder) -> None:
        """Nobody notices."""
        judge = JudgeProcess(folder, judge=judgements.describes_itself)
        pid = int(judge.judge(a_request()).notes[0])
        os.kill(pid, 9)

        again = int(judge.judge(a_request()).notes[0])
        judge.close()

        assert again != pid

    def test_a_judgement_that_never_ends_is_given_up(self, folder: DataFolder, tmp_path: Path) -> None:
        """It must not hold up all later runs."""
        judge = JudgeProcess(folder, judge=judgements.sleeps, timeout_s=0.2)
        with pytest.raises(AnalysisError, match="longer than"):
            judge.judge(a_request("slow", requested_by=str(tmp_path / "began")))
        judge.close()

        patient = JudgeProcess(folder, judge=judgements.sleeps)
        assert patient.judge(a_request("quick")) == a_report("quick")
        patient.close()

    def test_errors_cross_with_message_and_hint(self, folder: DataFolder) -> None:
        """What a person can be told stays so."""
        judge = JudgeProcess(folder, judge=judgements.refuses)

        with pytest.raises(AnalysisError) as caught:
            judge.judge(a_request())
        judge.close()

        assert (caught.value.message, caught.value.hint) == ("Too few hosts.", "Ask for more.")

    def test_a_defect_is_logged_and_told_in_one_sentence(
        self, folder: DataFolder, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The details go to the log, whatever was raised."""
        judge = JudgeProcess(folder, judge=judgements.fails)

        with (
            caplog.at_level(logging.ERROR),
            pytest.raises(AnalysisError, match="run r00001 could not be judged"),
        ):
            judge.judge(a_request())
        judge.close()

        assert "row 7" in caplog.text

    def test_closing_ends_a_busy_child(self, folder: DataFolder, tmp_path: Path) -> None:
        """Whoever waits gets a sentence; later requests too; nothing is left running."""
        judge = JudgeProcess(folder, judge=judgements.sleeps)
        began, errors = tmp_path / "began", []

        def ask() -> None:
            with pytest.raises(AnalysisError) as caught:
                judge.judge(a_request("slow", requested_by=str(began)))
            errors.append(caught.value.message)

        waiting = threading.Thread(target=ask)
        waiting.start()
        while not began.exists():
            waiting.join(0.02)
        judge.close()
        waiting.join()

        assert errors == ["Diffy is shutting down."]
        with pytest.raises(AnalysisError, match="shutting down"):
            judge.judge(a_request())

    def test_it_cannot_be_started(self, folder: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
        """No memory for another process: a sentence."""

        def refuse(*_: object) -> None:
            raise OSError(12, "Cannot allocate memory")

        monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)

        with pytest.raises(AnalysisError, match="could not be started"):
            JudgeProcess(folder)


PARENT = """
import sys, pathlib
from bot.adapters.data_folder import DataFolder
from bot.adapters.judge_process import JudgeProcess
from tests.adapters import judgements
from tests.adapters.test_judge_process import a_request

if __name__ == "__main__":
    folder = DataFolder.open(pathlib.Path(sys.argv[1]))
    judge = JudgeProcess(folder, judge=judgements.describes_itself)
    print(judge.judge(a_request()).notes[0], flush=True)
    if sys.argv[2] == "stay":
        sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["killed", "forgotten"])
def test_the_child_ends_with_its_parent(tmp_path: Path, how: str) -> None:
    """kill -9 of the bot leaves no orphan, and an exit without close does not hang."""
    script = tmp_path / "parent.py"
    script.write_text(PARENT, "utf-8")
    mode = "stay" if how == "killed" else "go"
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "data"), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    parent.stdout.readline()

    if how == "killed":
        parent.kill()
    code = parent.wait(timeout=60)
    leftover = parent.stdout.read()  # returns when the last process that holds the pipe has ended
    parent.stdin.close()
    parent.stdout.close()

    assert leftover == ""
    assert code == (-9 if how == "killed" else 0)
