"""What a single run from the command line holds, and what it lets go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.memory import InlineJudge, MemorySnapshots
from bot.errors import NotFound, StoreCorrupt
from bot.model import Answer, Group, Method, Pack, Query, QueryStatus, RunInfo
from bot.ports import JudgeRequest
from tests.fakes.samples import NOON, a_snapshot


def a_request(*snapshots: str) -> JudgeRequest:
    """A request over these digests."""
    info = RunInfo("r1", "web-asg", Method.PEERS, "no baseline yet", "tiny", "command line", NOON, NOON)
    pack = Pack("tiny", "", (Query("users", "SELECT username FROM users", "who", key=("username",)),))
    hosts = tuple(a_snapshot(f"i-0{number}").host for number in range(4))
    return JudgeRequest(info, Group("web-asg", hosts, known=hosts), snapshots, (), pack, Method.PEERS)


@pytest.mark.parametrize("keep", [True, False])
def test_a_run_is_judged_whether_its_snapshots_are_kept_or_let_go(keep: bool) -> None:
    """What is folded is all that judging needs; a snapshot put twice is counted once."""
    held = MemorySnapshots(keep=keep)
    judge = InlineJudge(held)
    snapshots = [a_snapshot(f"i-0{number}", rows=2) for number in range(4)]

    digests = []
    for snapshot in (*snapshots, snapshots[0]):
        digests.append(held.put(snapshot))
        judge.add("r1", digests[-1])
    report = judge.judge(a_request(*digests[:4]))

    assert len(report.hosts) == 4
    if keep:
        assert held.get(digests[0]) == snapshots[0]
    else:
        with pytest.raises(NotFound):
            held.get(digests[0])


def test_what_could_not_be_folded_is_said_when_it_is_judged() -> None:
    """A row that is none is no reason to stop collecting, and no reason to leave the host out in silence."""
    held = MemorySnapshots(keep=False)
    judge = InlineJudge(held)
    bad = (Answer("users", QueryStatus.ROWS, ({"username": ["root"]},)),)  # type: ignore[dict-item]
    digests = [held.put(a_snapshot("i-00")), held.put(replace(a_snapshot("i-01"), answers=bad))]

    for digest in digests:
        judge.add("r1", digest)

    with pytest.raises(StoreCorrupt, match="a row that is none"):
        judge.judge(a_request(*digests))
