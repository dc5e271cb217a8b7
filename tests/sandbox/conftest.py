"""The local Slack that the tests of it talk to: its clock stands still, and it waits briefly for acknowledgements."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from bot.sandbox.slack import LocalSlack
from tests.sandbox.slack_bots import Bot, Clock, app_of, client_of, over_sockets


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[LocalSlack]:
    with LocalSlack(clock=clock, ack_timeout_s=0.5) as slack:
        yield slack


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


@pytest.fixture
def bot(slack: LocalSlack) -> Iterator[Bot]:
    bot = Bot(app_of(slack))
    with over_sockets(slack, bot.app):
        yield bot
