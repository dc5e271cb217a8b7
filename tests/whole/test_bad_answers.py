"""Hosts that fail in every way the field has shown: each is accounted for with its reason, none is silently clean."""

from __future__ import annotations

import base64
import random
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
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Twelve hosts that answer alike, but for one that is compromised."""
    with stage(tmp_path_factory.mktemp("faults"), fleet="many:12") as up:
        yield up


def test_each_fault_is_said_for_its_host(many: Stage) -> None:
    """Six hosts fail in six ways: 6 of 12 are answered, each other one is named with its reason."""
    ids = many.aws.ids("many-asg")
    for host, manner in zip(ids, FAULTS, strict=False):
        many.aws.set_host(host, manner=manner)
    before = len(many.parents())

    many.type("analyze many-asg")

    parent = many.message_with("run_again", after=before)
    text = shown(parent)
    for host, _manner in zip(ids, FAULTS, strict=False):
        many.aws.set_host(host, manner="")
        assert host in text
    assert "6 did not answer" in text


def test_half_the_hosts_offline_are_named_before_anything_is_sent(many: Stage) -> None:
    """What SSM knows to be offline is not asked, and the verdict counts them."""
    ids = many.aws.ids("many-asg")
    for host in ids[:6]:
        many.aws.set_host(host, ping="ConnectionLost")
    before = len(many.parents())

    many.type("analyze many-asg")

    parent = many.message_with("run_again", after=before)
    first = "\n".join(str(version.blocks) for version in parent.versions)
    for host in ids[:6]:
        many.aws.set_host(host, ping="Online")
    assert "6 did not answer" in shown(parent)
    assert ids[0] in first


def test_expired_credentials_are_said(many: Stage) -> None:
    """The run ends with a sentence about the credentials, and works once they are renewed."""
    many.aws.set_api(expired_credentials=True)
    before = len(many.parents())

    many.type("analyze many-asg")

    failed = many.wait(
        lambda slack: next((m for m in many.parents()[before:] if "run_again" in buttons(m)), None)
    )
    many.aws.set_api(expired_credentials=False)
    assert "credentials" in shown(failed)
    many.press(failed, "run_again")
    assert many.message_with("drill_down", after=before + 1)


def test_throttled_calls_are_tried_again(many: Stage) -> None:
    """A fifth of all calls refused with "Rate exceeded": every host still answers."""
    many.aws.set_api(throttle={"*": 0.2})
    before = len(many.parents())

    many.type("analyze many-asg")

    parent = many.message_with("drill_down", after=before)
    many.aws.set_api(throttle={})
    assert "did not answer" not in shown(parent)


def test_without_a_bucket_answers_come_whole(tmp_path: Path) -> None:
    """What 24,000 characters do not hold is fetched in pieces: every host answered every query."""
    noise = [
        base64.b64encode(random.Random(n).randbytes(300)).decode() for n in range(120)
    ]  # does not compress
    with stage(tmp_path, extra={"DIFFY_OUTPUT_BUCKET": ""}) as up:
        for host in up.aws.ids("tiny-asg")[:2]:
            up.aws.add_rows(host, "crontab", [{"path": "/etc/cron.d/x", "command": text} for text in noise])

        up.type("analyze tiny-asg")

        parent = up.message_with("drill_down")
        assert "1 of 3 hosts stands out" in shown(parent)
        assert "did not" not in shown(parent)
        assert up.aws.calls()["SendCommand"] > 2
