"""kill -9 at seeded moments of a run's life: the next start goes on, and what the channel sees is one run, whole.

A few moments in every run of the suite; ``DIFFY_KILL_MOMENTS=50`` takes that many.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
import pytest

from bot.sandbox.slack.workspace import INCIDENT, RESPONDER
from tests.whole.stage import PATIENCE_S, Stage, buttons, shown, stage

pytestmark = pytest.mark.slow

SLOW_S = 2.0  # one host takes so much longer, so that there is a time in which some have answered
LIFE_S = 7.0  # a run of the tiny fleet takes about so long, its thread included
CALLS = frozenset(
    {"chat.postMessage", "chat.update", "files.getUploadURLExternal", "files.completeUploadExternal"}
)


@dataclass(frozen=True)
class Moment:
    """When the bot is killed: so many seconds after the command, or when its so-manieth call reached Slack, unanswered."""

    after_s: float = 0.0
    call: int = 0

    def __str__(self) -> str:
        return f"call-{self.call}" if self.call else f"{self.after_s:.2f}s"


def moments(count: int) -> list[Moment]:
    """The same ones each time: the first calls in turn, and times over the whole life, alternating."""
    chance = random.Random(4)
    times = [LIFE_S * (at + chance.random()) / 25 for at in range(25)]
    chance.shuffle(times)
    calls = [1, 5, 2, 6, 3, 7, 4]
    return [
        Moment(call=calls[at // 2 % len(calls)]) if at % 2 == 0 else Moment(times[at // 2 % 25])
        for at in range(count)
    ]


MOMENTS = moments(int(os.environ.get("DIFFY_KILL_MOMENTS", "4")))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("resume")
    with stage(folder, fleet="tiny", ack_s=6.0) as up:  # a bot that was killed acknowledges nothing
        up.slack.set_rate_limits(False)
        up.aws.set_host(up.aws.ids(group(up))[0], delay_s=SLOW_S)
        yield up


def group(up: Stage) -> str:
    return next(iter(up.aws.groups))


def reports(up: Stage) -> set[str]:
    return {path.name.split(".")[0] for path in (up.folder / "data" / "reports").glob("r*.json.gz")}


def left_to_do(up: Stage) -> list[str]:
    """The runs that have a journal."""
    return [path.name for path in (up.folder / "data" / "live").iterdir()]


def begin_and_kill(up: Stage, moment: Moment) -> None:
    """Ask for an analysis, and kill the bot at the moment; at the latest once everything is said."""
    made = Counter[str]()

    def react(method: str) -> None:
        made["all"] += method in CALLS
        if moment.call and made["all"] == moment.call:
            up.bot.kill()

    known = reports(up)
    up.type("status")  # the bot knows the person again, so that the command is accepted and not only heard
    up.slack.on_call(react)
    up.slack.command(RESPONDER.id, INCIDENT.id, "/diffy", f"analyze {group(up)}")
    if not moment.call:
        time.sleep(moment.after_s)
    for _ in range(120 if moment.call else 0):
        if up.bot.process.poll() is not None or (reports(up) != known and not left_to_do(up)):
            break
        time.sleep(0.25)
    up.slack.on_call(lambda method: None)
    if up.bot.process.poll() is None:
        up.bot.kill()


def all_said(up: Stage) -> None:
    """Wait until nothing is left to do for any run."""
    give_up = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up:
        if not left_to_do(up):
            return
        time.sleep(0.25)
    raise AssertionError(f"something was left to do; the bot's log ends:\n{up.bot.said()[-4000:]}")


def asked(up: Stage, run_id: str) -> Counter[str]:
    """How often the run sent a command to each host."""
    ssm = boto3.client(
        "ssm",
        endpoint_url=up.aws.url,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    pages = ssm.get_paginator("list_commands").paginate()
    commands = [command for page in pages for command in page["Commands"] if run_id in command["Comment"]]
    return Counter(host for command in commands for host in command["InstanceIds"])


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_a_run_survives_kill_9(tiny: Stage, moment: Moment) -> None:
    """One parent message, one report, each host asked once, no reply twice, and the planted host is named."""
    known, before = reports(tiny), len(tiny.parents())
    begin_and_kill(tiny, moment)

    tiny.restart()

    tiny.wait(lambda slack: [m for m in slack.messages(INCIDENT.id)[before:] if "drill_down" in buttons(m)])
    all_said(tiny)
    (run_id,) = reports(tiny) - known
    (parent,) = tiny.parents()[before:]
    replies = [shown(reply) for reply in tiny.slack.thread(INCIDENT.id, parent.ts)]
    assert run_id in shown(parent)
    assert asked(tiny, run_id) == Counter(tiny.aws.ids(group(tiny)))
    assert tiny.aws.ids(group(tiny))[-1] in shown(parent)
    assert "did not answer" not in shown(parent)
    assert len(replies) == len(set(replies))
    assert replies
