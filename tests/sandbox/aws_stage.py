"""A running embedded AWS with real boto3 clients, and short ways to send and to wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from bot.sandbox.aws import EmbeddedAws

SPEED = 20.0
TERMINAL = {"Success", "Failed", "TimedOut", "Cancelled"}


class Stage:
    """Clients that never retry, so that a test sees each refusal."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.session = boto3.Session(
            aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1"
        )
        self.ssm = self.client("ssm")
        self.ids = aws.ids(next(iter(aws.groups)))

    def client(self, service: str) -> Any:
        config = Config(retries={"total_max_attempts": 1})
        return self.session.client(service, endpoint_url=self.aws.url, config=config)  # type: ignore[call-overload]

    def send(self, script: str, ids: list[str] | None = None, **more: Any) -> str:
        parameters = {"commands": script.split("\n"), **more.pop("parameters", {})}
        request = {"DocumentName": "AWS-RunShellScript", "Parameters": parameters, **more}
        if "Targets" not in more:
            request["InstanceIds"] = self.ids if ids is None else ids
        return str(self.ssm.send_command(**request)["Command"]["CommandId"])

    def listed(self, command_id: str, **more: Any) -> dict[str, Any]:
        answer = self.ssm.list_command_invocations(CommandId=command_id, **more)
        return {invocation["InstanceId"]: invocation for invocation in answer["CommandInvocations"]}

    def details(self, command_id: str) -> dict[str, str]:
        return {instance: inv["StatusDetails"] for instance, inv in self.listed(command_id).items()}

    def wait(self, command_id: str, wanted: str = "", ids: list[str] | None = None) -> dict[str, Any]:
        """Until every host has ended, or is at the wanted details."""
        hosts = self.ids if ids is None else ids
        give_up = time.monotonic() + 120
        while time.monotonic() < give_up:
            listed = self.listed(command_id)
            if all(
                host in listed
                and (
                    listed[host]["StatusDetails"] == wanted if wanted else listed[host]["Status"] in TERMINAL
                )
                for host in hosts
            ):
                return listed
            time.sleep(0.05)
        raise AssertionError(f"still {self.details(command_id)}")

    def result(self, command_id: str, instance_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.ssm.get_command_invocation(CommandId=command_id, InstanceId=instance_id)
        return answer

    def run(self, script: str, instance_id: str, **more: Any) -> dict[str, Any]:
        """Send to one host, wait, and return the result."""
        command_id = self.send(script, [instance_id], **more)
        self.wait(command_id, ids=[instance_id])
        return self.result(command_id, instance_id)

    def restore(self) -> None:
        """Every host and the API as they were."""
        self.aws.set_api(throttle={}, expired_credentials=False)
        for instance_id in self.ids:
            self.aws.set_host(instance_id, ping="Online", delay_s=0, manner="", platform="Linux", osquery={})


@contextmanager
def staged(folder: Path, fleet: str = "tiny", speed: float = SPEED) -> Iterator[Stage]:
    with EmbeddedAws.start(folder, fleet=fleet, speed=speed) as aws:
        yield Stage(aws)
