"""Does a folder of osqueryd's result logs give each host's answers, or the reason why they are not known?"""

from __future__ import annotations

import gzip
import itertools
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.adapters import osquery_logs as adapter
from bot.adapters.osquery_logs import OsqueryLogs
from bot.errors import CollectionError, EmptyTarget, UnknownTarget
from bot.model import (
    Answer,
    Missed,
    MissReason,
    QueryStatus,
    Snapshot,
    Target,
    TargetKind,
)
from bot.ports import Errand
from tests.adapters.asking import ASKER, GROUP, PACK, collect

NOON = 1_700_000_000


def line(host: str, query: str = "users", *, at: int = NOON, **content: Any) -> str:
    if not content:
        content = {"snapshot": [{"username": "root"}]}
    head = {"name": f"pack_p_{query}", "hostIdentifier": host, "unixTime": at, "epoch": 0, "counter": 0}
    return json.dumps({**head, **content}) + "\n"


def change(host: str, counter: int, action: str, name: str) -> str:
    return line(host, at=NOON + counter, counter=counter, action=action, columns={"username": name})


def ask(
    path: Path,
    target: Target = GROUP,
    *,
    stop: Callable[[], bool] = lambda: False,
    monotonic: Callable[[], float] = lambda: 0.0,
) -> dict[str, Snapshot | Missed]:
    """Every host, those that are known to be missed too."""
    logs = OsqueryLogs(path, monotonic=monotonic)
    group = logs.resolve(target, ASKER)
    found = {miss.host: miss for miss in group.missed} | collect(logs, group, stop=stop)
    assert {host.id for host in group.known} == found.keys()
    return found


def answers(found: Snapshot | Missed) -> dict[str, Answer]:
    assert isinstance(found, Snapshot), found
    return {answer.query: answer for answer in found.answers}


def test_many_hosts_in_one_file_and_one_host_in_many(tmp_path: Path) -> None:
    """Plain and gzip, in folders; rotated files may come in any order, and the newest line dates the host."""
    (tmp_path / "b").mkdir()
    (tmp_path / "osqueryd.results.log").write_text(
        change("h1", 2, "removed", "eve") + line("h2", at=NOON + 9)
    )
    (tmp_path / "osqueryd.results.log.1.gz").write_bytes(
        gzip.compress((change("h1", 0, "added", "eve") + change("h1", 0, "added", "root")).encode())
    )
    (tmp_path / "b" / "osqueryd.snapshots.log").write_text(line("h3", snapshot=[]))
    (tmp_path / "osqueryd.INFO").write_text("no result log\n")

    got = ask(tmp_path)

    assert set(got) == {"h1", "h2", "h3"}
    assert answers(got["h1"])["users"].rows == ({"username": "root"},)
    assert answers(got["h3"])["users"].status is QueryStatus.EMPTY
    assert isinstance(second := got["h2"], Snapshot)
    assert second.taken_at.timestamp() == NOON + 9


def test_lines_add_up_the_same_in_any_order_of_files(tmp_path: Path) -> None:
    """Law: how lines are spread over files changes no answer."""
    lines = [
        change("h1", n, *what) for n, what in enumerate([("added", "a"), ("added", "b"), ("removed", "a")])
    ]

    for number, order in enumerate(itertools.permutations(lines)):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, text in zip("xyz", order, strict=True):
            (folder / f"{name}.log").write_text(text)

        assert answers(ask(folder)["h1"])["users"].rows == ({"username": "b"},)


def test_a_query_that_only_other_hosts_have_is_not_run_here(tmp_path: Path) -> None:
    """Never seen for a host but seen for others: unknown there, never empty; what no host has was asked of none."""
    (tmp_path / "a.log").write_text(line("h1") + line("h1", "crontab", snapshot=[]) + line("h2"))

    got = ask(tmp_path)

    assert {name: found.status for name, found in answers(got["h2"]).items()} == {
        "users": QueryStatus.ROWS,
        "crontab": QueryStatus.NOT_RUN,
    }
    assert not set(answers(got["h1"])) - {"users", "crontab"}


def test_a_stream_whose_beginning_is_not_there_is_partial(tmp_path: Path) -> None:
    """The first line's counter is not 0, so earlier rows are not known."""
    (tmp_path / "a.log").write_text(change("h1", 4, "added", "eve") + line("h1", "crontab"))

    got = ask(tmp_path)["h1"]

    assert isinstance(got, Snapshot)
    assert got.partial
    assert "begins at result 4" in answers(got)["users"].error
    assert answers(got)["crontab"].known


def test_a_torn_last_line_costs_the_stream_that_it_was_of(tmp_path: Path) -> None:
    """A file that is still being written ends anywhere; other hosts of it stay whole."""
    torn = change("h1", 1, "added", "eve")[:60]
    (tmp_path / "a.log").write_text(
        change("h2", 0, "added", "root") + change("h1", 0, "added", "root") + torn
    )

    got = ask(tmp_path)

    assert "last line, 3, is cut off" in answers(got["h1"])["users"].error
    assert answers(got["h2"])["users"].known


@pytest.mark.parametrize("garbage", ["no json\n", "[1]\n", '{"b":' + "[" * 50_000 + "\n", "y" * 5_000 + "\n"])
def test_garbage_lines_are_named_and_put_sums_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, garbage: str
) -> None:
    """Whose line it was is not known: differences are unknown, snapshots stand, and the file is among the missed."""
    monkeypatch.setattr(adapter, "MOST_LINE", 100_000 if not garbage.startswith("y") else 1_000)
    (tmp_path / "a.log").write_text(change("h1", 0, "added", "root") + garbage + line("h1", "crontab"))
    (tmp_path / "b.log").write_text(change("h2", 0, "added", "root"))

    got = ask(tmp_path)

    assert "a.log: line 2" in answers(got["h1"])["users"].error
    assert answers(got["h1"])["crontab"].known
    assert answers(got["h2"])["users"].known
    assert isinstance(miss := got["a.log"], Missed)
    assert (miss.reason, "line 2" in miss.detail) == (MissReason.MALFORMED_OUTPUT, True)


def test_a_damaged_gzip_file_is_named(tmp_path: Path) -> None:
    """Hosts that stood only in its lost part are not known: the file stands among the missed."""
    whole = gzip.compress("".join(line(f"h{n}", "crontab") for n in range(3000)).encode())
    (tmp_path / "a.log.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "b.log").write_text(line("b1"))

    got = ask(tmp_path)

    assert isinstance(miss := got["a.log.gz"], Missed)
    assert "damaged or cut off" in miss.detail
    assert answers(got["b1"])["users"].known


def test_the_cloud_describes_hosts_where_there_is_a_listing(tmp_path: Path) -> None:
    """asg.json as for recorded answers: a host without a line is missed; an address names a host among its group."""
    (tmp_path / "a.log").write_text(line("i-1") + line("i-2"))
    instances = [{"instance_id": "i-1", "private_ip": "10.0.0.1"}, {"instance_id": "i-9"}]
    (tmp_path / "asg.json").write_text(json.dumps({"group": "web", "instances": instances}))

    group = OsqueryLogs(tmp_path).resolve(Target(TargetKind.HOST, ("10.0.0.1",)), ASKER)

    assert (group.name, group.focus, [h.id for h in group.hosts]) == ("web", "i-1", ["i-1", "i-2"])
    assert [(m.host, m.reason) for m in group.missed] == [("i-9", MissReason.NOT_RECORDED)]


def test_a_host_of_other_queries_only_is_missed(tmp_path: Path) -> None:
    """Its lines say nothing to this pack."""
    (tmp_path / "a.log").write_text(line("h1") + line("h2", "other"))

    got = ask(tmp_path)["h2"]

    assert isinstance(got, Missed)
    assert got.reason is MissReason.NOT_RECORDED


def test_logs_of_another_pack_are_a_sentence_that_names_its_queries(tmp_path: Path) -> None:
    """What to do: import that pack, or let osqueryd run this one."""
    (tmp_path / "a.log").write_text(line("h1", "other"))

    with pytest.raises(CollectionError, match="pack_p_other") as caught:
        ask(tmp_path)

    assert "packs import" in caught.value.hint


def test_no_log_and_no_line_are_sentences(tmp_path: Path) -> None:
    """What to name instead."""
    with pytest.raises(UnknownTarget, match="nowhere"):
        ask(tmp_path / "nowhere")
    with pytest.raises(EmptyTarget, match="no line"):
        ask(tmp_path)


def test_stop_and_deadline_are_kept(tmp_path: Path) -> None:
    """What was not read is cancelled, or over the deadline; every host ends once."""
    (tmp_path / "a.log").write_text(line("h1") + line("h2"))
    ticks = itertools.count(0, 30)

    stopped = ask(tmp_path, stop=lambda: True)
    late = ask(tmp_path, monotonic=lambda: float(next(ticks)))

    for got, reason in ((stopped, MissReason.CANCELLED), (late, MissReason.DEADLINE)):
        assert {m.reason for m in got.values() if isinstance(m, Missed)} == {reason}
        assert len(got) == 2


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """40 MB of lines of one host, of which the newest counts: a small part of that is held at once."""
    rows = [{"username": "x" * 1_000}] * 100
    with (tmp_path / "a.log").open("w") as file:
        file.writelines(line("h1", at=NOON + n, snapshot=rows) for n in range(400))
    logs = OsqueryLogs(tmp_path)
    tracemalloc.start()

    logs.collect(logs.resolve(GROUP, ASKER), PACK, Errand(ASKER, 60), deliver=lambda found: None)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "a.log").stat().st_size > 40_000_000
    assert peak < 8_000_000
