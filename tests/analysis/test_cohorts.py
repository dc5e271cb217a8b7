"""Do hosts of several groups keep to their own?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.analysis.cohorts import anchors, lookalikes
from bot.model import Host, Snapshot
from tests.fakes.samples import a_snapshot

NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)


def snapshot(number: int, group: str, version: str, region: str = "") -> Snapshot:
    host = Host(f"i-{number}", group, template_version=version, region=region)
    return replace(a_snapshot(), host=host)


def test_each_group_counts_its_own_template_versions() -> None:
    """Version 12 of one group says nothing of version 12 of another, nor of the same name elsewhere."""
    hosts = [
        snapshot(1, "web", "12"),
        snapshot(2, "web", "12"),
        snapshot(3, "api", "12"),
        snapshot(4, "web", "12", "us-east-1"),
    ]

    found = anchors(hosts, NOW)

    assert found["group"] == {"web": 0b0011, "api": 0b0100, "us-east-1/web": 0b1000}
    assert sorted(found["template"].values()) == [0b0011, 0b0100, 0b1000]
    assert [(one.label, one.hosts) for one in lookalikes(hosts, set())] == [
        ("web, template 12", ("i-1", "i-2")),
        ("api, template 12", ("i-3",)),
        ("us-east-1/web, template 12", ("i-4",)),
    ]


def test_in_one_group_nothing_is_said_of_it() -> None:
    """Nor where a baseline's hosts are of no known group: their versions still compare."""
    hosts = [snapshot(1, "web", "12"), snapshot(2, "", "12")]

    found = anchors(hosts, NOW)

    assert "group" not in found
    assert found["template"] == {"12": 0b11}
    assert [one.label for one in lookalikes(hosts, set())] == ["template 12"]
