"""Does a folder of recorded answers say who answered, who did not, and nothing about files outside it?"""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.adapters import recorded as adapter
from bot.adapters.recorded import RecordedFolder
from bot.errors import EmptyTarget, InventoryError, UnknownTarget
from bot.model import (
    Answer,
    Host,
    Missed,
    MissReason,
    QueryStatus,
    Snapshot,
    Target,
    TargetKind,
)
from bot.ports import Errand
from tests.adapters.asking import ASKER, GROUP, PACK, collect


def write(folder: Path, host: str, content: object = None) -> None:
    (folder / "hosts").mkdir(exist_ok=True)
    if content is None:
        content = {"host": host, "queries": {"users": [{"username": "root"}], "crontab": []}}
    text = content if isinstance(content, str) else json.dumps(content)
    (folder / "hosts" / f"{host}.json").write_bytes(text.encode("utf-8", "surrogateescape"))


def describe(folder: Path, *instances: dict[str, Any], group: str = "web-asg") -> None:
    (folder / "asg.json").write_text(json.dumps({"group": group, "instances": list(instances)}))


def test_hosts_are_described_by_the_listing(tmp_path: Path) -> None:
    """asg.json gives the group's name and what the cloud knows; a host there without a file is missed."""
    full = {
        "instance_id": "i-1",
        "image_id": "ami-1",
        "launch_template_version": 12,
        "launch_time": "2026-08-01T10:00:00Z",
        "availability_zone": "eu-west-1a",
        "private_ip": "10.0.0.1",
        "hostname": "ip-10-0-0-1",
        "instance_type": "m5.large",
    }
    describe(tmp_path, full, {"instance_id": "i-2"})
    write(tmp_path, "i-1")

    group = RecordedFolder(tmp_path).resolve(GROUP, ASKER)

    assert group.name == "web-asg"
    assert group.hosts == (
        Host(
            "i-1",
            "web-asg",
            "10.0.0.1",
            "ip-10-0-0-1",
            "eu-west-1a",
            "ami-1",
            "12",
            "m5.large",
            datetime(2026, 8, 1, 10, tzinfo=UTC),
        ),
    )
    assert [(miss.host, miss.reason) for miss in group.missed] == [("i-2", MissReason.NOT_RECORDED)]
    assert [host.id for host in group.known] == ["i-1", "i-2"]


def test_without_a_listing_the_files_are_the_group(tmp_path: Path) -> None:
    """The name is then the one that was typed."""
    write(tmp_path, "i-2")
    write(tmp_path, "i-1")
    (tmp_path / "hosts" / "._i-1.json").write_text("left by an archive tool")

    group = RecordedFolder(tmp_path).resolve(GROUP, ASKER)

    assert (group.name, [host.id for host in group.hosts], group.missed) == ("anything", ["i-1", "i-2"], ())


def test_a_recorded_host_beside_the_listing_is_not_lost(tmp_path: Path) -> None:
    """What was recorded is analysed, listed or not."""
    describe(tmp_path, {"instance_id": "i-1"})
    write(tmp_path, "i-1")
    write(tmp_path, "i-9")

    group = RecordedFolder(tmp_path).resolve(GROUP, ASKER)

    assert [(host.id, host.group) for host in group.hosts] == [("i-1", "web-asg"), ("i-9", "web-asg")]


@pytest.mark.parametrize("name", ["i-2", "10.0.0.2"])
def test_one_host_means_itself_among_its_group(tmp_path: Path, name: str) -> None:
    """Named by id or private IP it is the focus; the whole folder is its group."""
    describe(tmp_path, {"instance_id": "i-1"}, {"instance_id": "i-2", "private_ip": "10.0.0.2"})
    write(tmp_path, "i-1")
    write(tmp_path, "i-2")

    group = RecordedFolder(tmp_path).resolve(Target(TargetKind.HOST, (name,)), ASKER)

    assert (group.focus, len(group.hosts)) == ("i-2", 2)


def test_a_list_of_hosts_is_only_those(tmp_path: Path) -> None:
    """An id that was not recorded is missed, and said so."""
    for host in ("i-1", "i-2", "i-3"):
        write(tmp_path, host)

    group = RecordedFolder(tmp_path).resolve(Target(TargetKind.HOSTS, ("i-3", "i-1", "i-8")), ASKER)

    assert [host.id for host in group.hosts] == ["i-1", "i-3"]
    assert [miss.host for miss in group.missed] == ["i-8"]


@pytest.mark.parametrize("kind", [TargetKind.HOST, TargetKind.HOSTS])
def test_an_unknown_host_gets_near_names(tmp_path: Path, kind: TargetKind) -> None:
    """A mistyped id is answered with those that it may have been."""
    write(tmp_path, "i-0123456789abcdef0")

    with pytest.raises(UnknownTarget) as caught:
        RecordedFolder(tmp_path).resolve(Target(kind, ("i-0123456789abcdef1",)), ASKER)

    assert "Did you mean i-0123456789abcdef0?" in caught.value.hint


def test_a_missing_folder_and_an_empty_one_are_told_apart(tmp_path: Path) -> None:
    """Each with a sentence that says what belongs there."""
    with pytest.raises(UnknownTarget, match="There is no folder"):
        RecordedFolder(tmp_path / "none").resolve(GROUP, ASKER)
    with pytest.raises(EmptyTarget, match="holds no recorded host"):
        RecordedFolder(tmp_path).resolve(GROUP, ASKER)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"group": "g"}', '{"group": "g", "instances": [{"id": "i-1"}]}']
)
def test_a_listing_that_cannot_be_used_is_a_sentence(tmp_path: Path, text: str) -> None:
    """The collection does not start on half a group."""
    write(tmp_path, "i-1")
    (tmp_path / "asg.json").write_text(text)

    with pytest.raises(InventoryError, match=r"asg\.json is not a group"):
        RecordedFolder(tmp_path).resolve(GROUP, ASKER)


def test_an_id_that_is_a_path_reaches_nothing(tmp_path: Path) -> None:
    """`../secret` in asg.json is a host without a file, and a link in hosts/ is not followed."""
    (tmp_path / "secret.json").write_text(json.dumps({"host": "../secret", "queries": {}}))
    describe(tmp_path, {"instance_id": "../secret"}, {"instance_id": "/etc/passwd"}, {"instance_id": "i-1"})
    (tmp_path / "hosts").mkdir()
    (tmp_path / "hosts" / "i-1.json").symlink_to(tmp_path / "secret.json")
    folder = RecordedFolder(tmp_path)

    group = folder.resolve(GROUP, ASKER)
    got = collect(folder, group)

    assert {miss.host for miss in group.missed} == {"../secret", "/etc/passwd"}
    assert got == {"i-1": Missed("i-1", MissReason.MALFORMED_OUTPUT, "i-1.json is not a plain file")}


def test_answers_are_delivered_as_recorded(tmp_path: Path) -> None:
    """Rows, empty answers and errors keep their status; the description is the listing's."""
    describe(tmp_path, {"instance_id": "i-1", "private_ip": "10.0.0.1"})
    write(
        tmp_path,
        "i-1",
        {
            "host": "i-1",
            "queries": {
                "users": [{"username": "root", "uid": 0, "x": None}],
                "crontab": [],
                "mine": [{"a": "b"}],
            },
            "errors": {"mounts": "no such table: mounts"},
            "osquery_version": "5.1",
        },
    )
    folder = RecordedFolder(tmp_path)

    got = collect(folder, folder.resolve(GROUP, ASKER))["i-1"]

    assert isinstance(got, Snapshot)
    assert (got.host.private_ip, got.osquery_version) == ("10.0.0.1", "5.1")
    assert set(map(repr, got.answers)) == {
        repr(Answer("users", QueryStatus.ROWS, ({"username": "root", "uid": "0", "x": ""},))),
        repr(Answer("crontab", QueryStatus.EMPTY)),
        repr(Answer("mine", QueryStatus.ROWS, ({"a": "b"},))),
        repr(Answer("mounts", QueryStatus.ERROR, (), "no such table: mounts")),
    }


def test_a_query_that_only_other_hosts_have_is_not_run_here(tmp_path: Path) -> None:
    """Absent from one file is unknown, not empty; what no file holds was not asked of anyone."""
    write(tmp_path, "i-1")
    write(tmp_path, "i-2", {"host": "i-2", "queries": {"users": []}})
    folder = RecordedFolder(tmp_path)

    got = collect(folder, folder.resolve(GROUP, ASKER))

    assert isinstance(first := got["i-1"], Snapshot)
    assert isinstance(second := got["i-2"], Snapshot)
    assert not first.partial
    assert {answer.query: answer.status for answer in second.answers} == {
        "users": QueryStatus.EMPTY,
        "crontab": QueryStatus.NOT_RUN,
    }


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", MissReason.EMPTY_OUTPUT),
        ("{", MissReason.MALFORMED_OUTPUT),
        ("[]", MissReason.MALFORMED_OUTPUT),
        ({"host": "i-1", "queries": {"users": {"a": "b"}}}, MissReason.MALFORMED_OUTPUT),
        ({"host": "i-1", "queries": {"users": [{"a": {"deep": 1}}]}}, MissReason.MALFORMED_OUTPUT),
        ("[" * 100_000, MissReason.MALFORMED_OUTPUT),
        ({"host": "i-2", "queries": {}}, MissReason.MALFORMED_OUTPUT),
        ("x" * 5_000, MissReason.MALFORMED_OUTPUT),
    ],
)
def test_a_file_that_cannot_be_used_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: object, reason: MissReason
) -> None:
    """Empty, broken, of another form, of another host or too large: a reason, and the other hosts are read."""
    monkeypatch.setattr(adapter, "MOST_BYTES", 200_000 if content != "x" * 5_000 else 4_000)
    write(tmp_path, "i-1", content)
    write(tmp_path, "i-9")
    folder = RecordedFolder(tmp_path)

    got = collect(folder, folder.resolve(GROUP, ASKER))

    assert isinstance(miss := got["i-1"], Missed)
    assert (miss.reason, bool(miss.detail)) == (reason, True)
    assert isinstance(got["i-9"], Snapshot)


def test_bytes_that_are_not_utf8_do_not_lose_the_host(tmp_path: Path) -> None:
    """osquery prints file names as they are."""
    write(tmp_path, "i-1", '{"host": "i-1", "queries": {"users": [{"path": "/tmp/\udcff\udcfe"}]}}')
    folder = RecordedFolder(tmp_path)

    got = collect(folder, folder.resolve(GROUP, ASKER))["i-1"]

    assert isinstance(got, Snapshot)
    assert got.answers[0].rows == ({"path": "/tmp/\\xff\\xfe"},)


def test_a_file_that_vanishes_is_missed(tmp_path: Path) -> None:
    """Between listing and reading the folder may change."""
    write(tmp_path, "i-1")
    folder = RecordedFolder(tmp_path)
    group = folder.resolve(GROUP, ASKER)
    (tmp_path / "hosts" / "i-1.json").unlink()

    got = collect(folder, group)["i-1"]

    assert isinstance(got, Missed)


def test_stop_and_deadline_are_kept(tmp_path: Path) -> None:
    """What was not read yet is cancelled, or over the deadline."""
    write(tmp_path, "i-1")
    write(tmp_path, "i-2")
    ticks = iter([0.0, 1.0, 5.0])
    folder = RecordedFolder(tmp_path, monotonic=lambda: next(ticks))
    group = folder.resolve(GROUP, ASKER)

    late = collect(folder, group, deadline_s=4)
    stopped = collect(RecordedFolder(tmp_path), group, stop=lambda: True)

    assert isinstance(late["i-1"], Snapshot)
    assert isinstance(miss := late["i-2"], Missed)
    assert miss.reason is MissReason.DEADLINE
    assert {item.reason for item in stopped.values() if isinstance(item, Missed)} == {MissReason.CANCELLED}
    assert len(stopped) == 2


def test_memory_does_not_grow_with_the_number_of_hosts(tmp_path: Path) -> None:
    """One file is read at a time: of 20 MB in 100 files a small part is held at once."""
    rows = [{"username": "x" * 1_000}] * 200
    for number in range(100):
        write(tmp_path, f"i-{number}", {"host": f"i-{number}", "queries": {"users": rows}})
    folder = RecordedFolder(tmp_path)
    group = folder.resolve(GROUP, ASKER)
    tracemalloc.start()

    folder.collect(group, PACK, Errand(ASKER, 60), deliver=lambda found: None)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(path.stat().st_size for path in (tmp_path / "hosts").iterdir()) > 20_000_000
    assert peak < 4_000_000
