"""Real boto3 clients whose answers are given by botocore's Stubber, and a clock that only moves when told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from bot.adapters.aws_session import Aws, connect

REGION = "eu-west-1"


@dataclass(frozen=True)
class Stubs:
    """The clients, and one Stubber for each of them."""

    aws: Aws
    autoscaling: Stubber
    ec2: Stubber
    ssm: Stubber
    s3: Stubber


@contextmanager
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubs]:
    """Clients with moto's dummy credentials that reach nothing; every prepared answer must be used."""
    dummy(monkeypatch)
    aws = _clients()
    with ExitStack() as stack:
        stubs = Stubs(
            aws,
            *(stack.enter_context(Stubber(client)) for client in (aws.autoscaling, aws.ec2, aws.ssm, aws.s3)),
        )
        yield stubs
        for stub in (stubs.autoscaling, stubs.ec2, stubs.ssm, stubs.s3):
            stub.assert_no_pending_responses()


@cache
def _clients() -> Aws:
    """Making clients costs a quarter of a second: they are made once, their stubs anew."""
    return connect(region=REGION, attempts=1)


def dummy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set moto's well-known dummy credentials and hide this machine's own."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent/credentials")


@contextmanager
def moto_server() -> Iterator[str]:
    """The address of a moto server in this process, empty, without the thousands of images that it knows by default."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
        running = ThreadedMotoServer(port=0, verbose=False)
        running.start()
        try:
            host, port = running.get_host_and_port()
            yield f"http://{host}:{port}"
        finally:
            running.stop()


class HandClock:
    """A clock that moves only by ``sleep``, and by a little with each look, so that no loop stands still."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime(2026, 8, 1, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        self.seconds += 0.001
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
