"""Hosts that fail in every way the field has shown: each is accounted for with its reason, none is silently clean."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.whole.stage import Stage, buttons, shown, stage

pytestmark = pytest.mark.slow

FAULTS = {
    "empty": "nothing",
    "garbage": "not",
    "cut": "cut",
    "no_osquery": "osquery is not installed",
    "access_denied": "may not",
    "fail": "script",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("faults"), fleet="demo") as up:
        yield up
        assert up.slack.rejected == ()
        assert "Traceback" not in up.bot.said()


def test_each_fault_is_said_for_its_host(demo: Stage) -> None:
    """Six hosts fail in six ways: 6 of 12 are answered, each other one is named with its reason."""
    ids = demo.aws.ids("api-asg")
    for host, manner in zip(ids, FAULTS, strict=False):
        demo.aws.set_host(host, manner=manner)
    before = len(demo.parents())

    demo.type("analyze api-asg")

    parent = demo.message_with("run_again", after=before)
    text = shown(parent)
    for host, _manner in zip(ids, FAULTS, strict=False):
        demo.aws.set_host(host, manner="")
        assert host in text
    assert "6 did not answer" in text


def test_half_the_hosts_offline_are_named_before_anything_is_sent(demo: Stage) -> None:
    """What SSM knows to be offline is not asked, and the verdict counts them."""
    ids = demo.aws.ids("api-asg")
    for host in ids[:6]:
        demo.aws.set_host(host, ping="ConnectionLost")
    before = len(demo.parents())

    demo.type("analyze api-asg")

    parent = demo.message_with("run_again", after=before)
    first = "\n".join(str(version.blocks) for version in parent.versions)
    for host in ids[:6]:
        demo.aws.set_host(host, ping="Online")
    assert "6 did not answer" in shown(parent)
    assert ids[0] in first


def test_expired_credentials_are_said(demo: Stage) -> None:
    """The run ends with a sentence about the credentials, and works once they are renewed."""
    demo.aws.set_api(expired_credentials=True)
    before = len(demo.parents())

    demo.type("analyze api-asg")

    failed = demo.wait(
        lambda slack: next((m for m in demo.parents()[before:] if "run_again" in buttons(m)), None)
    )
    demo.aws.set_api(expired_credentials=False)
    assert "credentials" in shown(failed)
    demo.press(failed, "run_again")
    assert demo.message_with("drill_down", after=before + 1)


def test_throttled_calls_are_tried_again(demo: Stage) -> None:
    """A fifth of all calls refused with "Rate exceeded": every host still answers."""
    demo.aws.set_api(throttle={"*": 0.2})
    before = len(demo.parents())

    demo.type("analyze api-asg")

    parent = demo.message_with("drill_down", after=before)
    demo.aws.set_api(throttle={})
    assert "did not answer" not in shown(parent)


def test_without_a_bucket_answers_come_whole(tmp_path: Path) -> None:
    """What 24,000 characters do not hold is fetched in pieces: every host answered every query."""
    with stage(tmp_path, fleet="demo", extra={"DIFFY_OUTPUT_BUCKET": ""}) as up:
        up.type("analyze api-asg")
        parent = up.message_with("drill_down")

        assert "12 of 12 hosts" in shown(parent)
        assert "did not fit" not in shown(parent)
        assert up.aws.calls()["SendCommand"] > 1
        assert up.slack.rejected == ()
