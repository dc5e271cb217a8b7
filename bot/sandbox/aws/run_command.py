"""How does Run Command answer: send, list, get, cancel, and which instances does it manage?"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from bot.sandbox.aws import cloud
from bot.sandbox.aws.commands import (
    INSTALL,
    PLUGIN,
    Command,
    Invocation,
    describe_command,
    describe_invocation,
    describe_result,
)
from bot.sandbox.aws.delivery import Delivery
from bot.sandbox.aws.hosts import HostBook, SimulatedHost
from bot.sandbox.aws.requests import DEFAULT_TIMEOUT_S, AwsError, check_send, execution_timeout, page

VISIBLE_AFTER_S = (0.4, 2.0)
"""How long after SendCommand an invocation cannot be seen yet (aws-cli#3546, boto3#2701)."""

MANAGEABLE = frozenset({"running", "pending"})
Request = Mapping[str, Any]
Answer = dict[str, Any]


class RunCommand:
    """The SSM actions that moto lacks or answers wrongly. Thread-safe."""

    def __init__(self, hosts: HostBook, delivery: Delivery, seed: int) -> None:
        self._hosts = hosts
        self._delivery = delivery
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._commands: dict[str, Command] = {}
        self.actions: Mapping[str, Callable[[str, Request], Answer]] = {
            "SendCommand": self.send_command,
            "ListCommands": self.list_commands,
            "ListCommandInvocations": self.list_command_invocations,
            "GetCommandInvocation": self.get_command_invocation,
            "CancelCommand": self.cancel_command,
            "DescribeInstanceInformation": self.describe_instance_information,
        }

    def send_command(self, region: str, request: Request) -> Answer:
        """Take a command. One id that cannot be managed refuses the whole call (InvalidInstanceId)."""
        check_send(request)
        ids = list(request.get("InstanceIds", []))
        wrong = [instance_id for instance_id in ids if self._managed(region, instance_id) is None]
        if wrong:
            listed = ", ".join(wrong)
            raise AwsError(
                "InvalidInstanceId",
                f"Instances [[{listed}]] not in a valid state for account {cloud.ACCOUNT}",
            )
        targets = request.get("Targets", [])
        chosen = ids or [i for i in cloud.targeted(region, targets) if self._managed(region, i)]
        parameters = request["Parameters"]
        now = time.time()
        with self._lock:
            command = Command(
                command_id=str(uuid.UUID(int=self._chance.getrandbits(128), version=4)),
                account=cloud.ACCOUNT,
                region=region,
                script="\n".join(parameters.get("commands", [INSTALL])) + "\n",
                requested_at=now,
                delivery_timeout_s=request.get("TimeoutSeconds", DEFAULT_TIMEOUT_S),
                execution_timeout_s=execution_timeout(parameters),
                max_concurrency=request.get("MaxConcurrency", "50"),
                max_errors=request.get("MaxErrors", "0"),
                parameters=parameters,
                targets=targets,
                by_id=ids,
                comment=request.get("Comment", ""),
                working_directory=(parameters.get("workingDirectory") or [""])[0],
                bucket=request.get("OutputS3BucketName", ""),
                prefix=request.get("OutputS3KeyPrefix", ""),
            )
            for instance_id in dict.fromkeys(chosen):
                host = self._hosts.get(instance_id)
                unseen_s = self._chance.uniform(*VISIBLE_AFTER_S) / self._delivery.speed
                command.invocations[instance_id] = Invocation(
                    instance_id, host.hostname if host else "", now + unseen_s
                )
            self._commands[command.command_id] = command
            answer = describe_command(command)
        self._delivery.begin(command)
        return {"Command": answer}

    def list_commands(self, region: str, request: Request) -> Answer:
        """Commands, newest first; of one id, or of one instance."""
        commands = [
            command
            for command in reversed(self._of(region))
            if request.get("CommandId") in (None, command.command_id)
            and ("InstanceId" not in request or request["InstanceId"] in command.invocations)
        ]
        shown, more = page(commands, request, default=50)
        return _with_token({"Commands": [describe_command(command) for command in shown]}, more)

    def list_command_invocations(self, region: str, request: Request) -> Answer:
        """Invocations by instance id; those just sent are not there yet, and that is no error."""
        now = time.time()
        pairs = [
            (command, invocation)
            for command in reversed(self._of(region))
            if request.get("CommandId") in (None, command.command_id)
            for invocation in sorted(command.invocations.values(), key=lambda inv: inv.instance_id)
            if invocation.visible_at <= now and request.get("InstanceId") in (None, invocation.instance_id)
        ]
        for wanted in request.get("Filters", []):
            if wanted["key"] == "Status":
                pairs = [(command, inv) for command, inv in pairs if inv.status == wanted["value"]]
            else:
                raise AwsError("InvalidFilterKey", f"The specified key is not valid: {wanted['key']}")
        shown, more = page(pairs, request, default=50)
        details = request.get("Details", False)
        listed = [describe_invocation(command, inv, with_output=details) for command, inv in shown]
        return _with_token({"CommandInvocations": listed}, more)

    def get_command_invocation(self, region: str, request: Request) -> Answer:
        """One invocation with its output, cut at 24,000 and 8,000 characters."""
        command = {c.command_id: c for c in self._of(region)}.get(request["CommandId"])
        invocation = command.invocations.get(request["InstanceId"]) if command else None
        if command is None or invocation is None or invocation.visible_at > time.time():
            raise AwsError("InvocationDoesNotExist", "")
        if request.get("PluginName", PLUGIN).lower() != PLUGIN.lower():
            raise AwsError("InvalidPluginName", "")
        return describe_result(command, invocation)

    def cancel_command(self, region: str, request: Request) -> Answer:
        """Cancel as well as can be: what runs is killed, what is lost stays lost until it times out."""
        command = {c.command_id: c for c in self._of(region)}.get(request["CommandId"])
        if command is None:
            raise AwsError("InvalidCommandId", "")
        ids = request.get("InstanceIds") or list(command.invocations)
        if any(instance_id not in command.invocations for instance_id in ids):
            raise AwsError("InvalidInstanceId", "")
        self._delivery.cancel(command, ids, whole="InstanceIds" not in request)
        return {}

    def describe_instance_information(self, region: str, request: Request) -> Answer:
        """The managed instances, by id: neither stopped nor terminated ones, nor those without an agent."""
        filters = [(f["Key"], f["Values"]) for f in request.get("Filters", [])]
        filters += [(f["key"], f["valueSet"]) for f in request.get("InstanceInformationFilterList", [])]
        found = [
            _information(host)
            for host in self._hosts.all()
            if self._managed(region, host.instance_id)
            and all(self._passes(region, host, *f) for f in filters)
        ]
        shown, more = page(found, request, default=10, least=5)
        return _with_token({"InstanceInformationList": list(shown)}, more)

    def _of(self, region: str) -> list[Command]:
        with self._lock:
            return [command for command in self._commands.values() if command.region == region]

    def _managed(self, region: str, instance_id: str) -> SimulatedHost | None:
        host = self._hosts.get(instance_id)
        if host is None or host.manner.ping == "absent":
            return None
        return host if cloud.instance_state(region, instance_id) in MANAGEABLE else None

    @staticmethod
    def _passes(region: str, host: SimulatedHost, key: str, values: list[str]) -> bool:
        simple = {
            "InstanceIds": host.instance_id,
            "PingStatus": host.manner.ping,
            "PlatformTypes": host.manner.platform,
            "ResourceType": "EC2Instance",
            "AgentVersion": AGENT_VERSION,
        }
        if key in simple:
            return simple[key] in values
        if key.startswith("tag:"):
            return host.instance_id in cloud.targeted(region, [{"Key": key, "Values": values}])
        raise AwsError("InvalidFilterKey", f"The specified key is not valid: {key}")


AGENT_VERSION = "3.3.2746.0"


def _information(host: SimulatedHost) -> Answer:
    silent_s = 0 if host.manner.ping == "Online" else 7200
    return {
        "InstanceId": host.instance_id,
        "PingStatus": host.manner.ping,
        "LastPingDateTime": time.time() - silent_s,
        "AgentVersion": AGENT_VERSION,
        "IsLatestVersion": True,
        "PlatformType": host.manner.platform,
        "PlatformName": host.platform_name,
        "PlatformVersion": host.platform_version,
        "ResourceType": "EC2Instance",
        "IPAddress": host.private_ip,
        "ComputerName": host.hostname,
        "SourceId": host.instance_id,
        "SourceType": "AWS::EC2::Instance",
    }


def _with_token(answer: Answer, token: str) -> Answer:
    return {**answer, "NextToken": token} if token else answer
