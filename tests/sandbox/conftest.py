"""The local Slack and the embedded AWS that their tests talk to.

Slack's clock stands still, and it waits long for acknowledgements: a busy machine is no failure. One AWS, at a path with a space, serves all tests
of a file; each test finds it as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.sandbox.slack import LocalSlack
from tests.sandbox.aws_stage import Stage, staged
from tests.sandbox.slack_bots import Bot, Clock, app_of, client_of, over_sockets


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[LocalSlack]:
    with LocalSlack(clock=clock, ack_timeout_s=20.0) as slack:
        yield slack


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


@pytest.fixture
def bot(slack: LocalSlack) -> Iterator[Bot]:
    bot = Bot(app_of(slack))
    with over_sockets(slack, bot.app):
        yield bot


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("an aws")) as stage:
        yield stage


@pytest.fixture
def stage(running: Stage) -> Iterator[Stage]:
    yield running
    running.restore()
