"""What does Run Command know about a command and each of its invocations, and in which words does it say so?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.aws.agent import STDERR_LIMIT, STDOUT_LIMIT, cut, merged

DOCUMENT = "AWS-RunShellScript"
INSTALLER = "AWS-ConfigureAWSPackage"
INSTALL = "mkdir -p ../../installed && cp ../../bin/osqueryi ../../installed/osqueryi"
"""What installing a package does on a simulated host: only then is osqueryi on the PATH of one that had none."""
PLUGIN = "aws:runShellScript"
NEVER_RAN = -1

_STATUS = {
    "Success": "Success",
    "Failed": "Failed",
    "ExecutionTimedOut": "TimedOut",
    "DeliveryTimedOut": "TimedOut",
    "Cancelled": "Cancelled",
    "Terminated": "Cancelled",
    "Undeliverable": "Failed",
    "InvalidPlatform": "Failed",
    "AccessDenied": "Failed",
}
"""Terminal details to status. For the last four AWS does not say which; readers must judge by the details."""

COUNTED_ERRORS = frozenset({"Failed", "ExecutionTimedOut"})
"""What counts toward MaxErrors: AWS's user guide, send-commands-multiple."""


@dataclass(slots=True)
class Invocation:
    """One host's part of a command."""

    instance_id: str
    instance_name: str
    visible_at: float
    details: str = "Pending"
    sent: bool = False
    response_code: int = NEVER_RAN
    started_at: float | None = None
    ended_at: float | None = None
    elapsed_s: float = 0.0
    stdout: bytes = b""
    stderr: bytes = b""

    @property
    def terminal(self) -> bool:
        """Whether nothing more will come."""
        return self.details in _STATUS

    @property
    def status(self) -> str:
        """The status that goes with the details."""
        return _STATUS.get(self.details, self.details)


@dataclass(slots=True)
class Command:
    """One call of SendCommand. Times are seconds since 1970."""

    command_id: str
    account: str
    region: str
    script: str
    requested_at: float
    delivery_timeout_s: float
    execution_timeout_s: float
    max_concurrency: str
    max_errors: str
    parameters: Mapping[str, Sequence[str]]
    targets: Sequence[Mapping[str, Any]]
    by_id: Sequence[str]
    comment: str = ""
    document: str = DOCUMENT
    document_version: str = "$DEFAULT"
    working_directory: str = ""
    bucket: str = ""
    prefix: str = ""
    cancelled: bool = False
    invocations: dict[str, Invocation] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """How many invocations count toward MaxErrors."""
        return sum(inv.details in COUNTED_ERRORS for inv in self.invocations.values())

    def allowed(self, limit: str) -> int:
        """A limit such as ``50`` or ``10%`` of the hosts, in hosts; at least one for a share above none."""
        if limit.endswith("%"):
            share = int(limit[:-1])
            return max(1, len(self.invocations) * share // 100) if share else 0
        return int(limit)

    def key(self, instance_id: str, stream: str) -> str:
        """Where the agent uploads a stream: PREFIX/COMMAND/INSTANCE/PLUGIN/STEP/stream."""
        parts = [
            self.prefix.strip("/"),
            self.command_id,
            instance_id,
            "awsrunShellScript/0.awsrunShellScript",
            stream,
        ]
        return "/".join(part for part in parts if part)

    def url(self, invocation: Invocation, stream: str) -> str:
        """Address of an uploaded stream, as the API gives it; empty without a bucket or before the script ran."""
        if not self.bucket or invocation.started_at is None:
            return ""
        return (
            f"https://s3.{self.region}.amazonaws.com/{self.bucket}/{self.key(invocation.instance_id, stream)}"
        )


def describe_command(command: Command) -> dict[str, Any]:
    """A command as SendCommand and ListCommands return it."""
    invocations = list(command.invocations.values())
    status, details = _overall(command, invocations)
    return {
        "CommandId": command.command_id,
        "DocumentName": command.document,
        "DocumentVersion": command.document_version,
        "Comment": command.comment,
        "ExpiresAfter": command.requested_at + command.delivery_timeout_s + command.execution_timeout_s,
        "Parameters": {name: list(values) for name, values in command.parameters.items()},
        "InstanceIds": list(command.by_id),
        "Targets": list(command.targets),
        "RequestedDateTime": command.requested_at,
        "Status": status,
        "StatusDetails": details,
        "OutputS3Region": command.region,
        "OutputS3BucketName": command.bucket,
        "OutputS3KeyPrefix": command.prefix,
        "MaxConcurrency": command.max_concurrency,
        "MaxErrors": command.max_errors,
        "TargetCount": len(invocations),
        "CompletedCount": sum(inv.terminal for inv in invocations),
        "ErrorCount": sum(inv.details in COUNTED_ERRORS for inv in invocations),
        "DeliveryTimedOutCount": sum(inv.details == "DeliveryTimedOut" for inv in invocations),
        "ServiceRole": "",
        "NotificationConfig": {"NotificationArn": "", "NotificationEvents": [], "NotificationType": ""},
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
        "TimeoutSeconds": int(command.delivery_timeout_s),
    }


def describe_invocation(command: Command, invocation: Invocation, *, with_output: bool) -> dict[str, Any]:
    """An invocation as ListCommandInvocations returns it; ``with_output`` is its Details parameter."""
    return {
        "CommandId": command.command_id,
        "InstanceId": invocation.instance_id,
        "InstanceName": invocation.instance_name,
        "Comment": command.comment,
        "DocumentName": command.document,
        "DocumentVersion": command.document_version,
        "RequestedDateTime": command.requested_at,
        "Status": invocation.status,
        "StatusDetails": invocation.details,
        "StandardOutputUrl": command.url(invocation, "stdout"),
        "StandardErrorUrl": command.url(invocation, "stderr"),
        "CommandPlugins": [_plugin(command, invocation)] if with_output else [],
        "ServiceRole": "",
        "NotificationConfig": {"NotificationArn": "", "NotificationEvents": [], "NotificationType": ""},
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
    }


def describe_result(command: Command, invocation: Invocation) -> dict[str, Any]:
    """An invocation as GetCommandInvocation returns it: output cut, times as text, empty before it started."""
    ended = invocation.ended_at is not None and invocation.started_at is not None
    return {
        "CommandId": command.command_id,
        "InstanceId": invocation.instance_id,
        "Comment": command.comment,
        "DocumentName": command.document,
        "DocumentVersion": command.document_version,
        "PluginName": PLUGIN,
        "ResponseCode": invocation.response_code,
        "ExecutionStartDateTime": _iso(invocation.started_at),
        "ExecutionElapsedTime": f"PT{invocation.elapsed_s:.3f}S" if ended else "",
        "ExecutionEndDateTime": _iso(invocation.ended_at) if ended else "",
        "Status": invocation.status,
        "StatusDetails": invocation.details,
        "StandardOutputContent": cut(invocation.stdout, STDOUT_LIMIT),
        "StandardOutputUrl": command.url(invocation, "stdout"),
        "StandardErrorContent": cut(invocation.stderr, STDERR_LIMIT),
        "StandardErrorUrl": command.url(invocation, "stderr"),
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
    }


def _plugin(command: Command, invocation: Invocation) -> dict[str, Any]:
    plugin: dict[str, Any] = {
        "Name": PLUGIN,
        # A plugin knows no Delayed and no Cancelling.
        "Status": {"Delayed": "Pending", "Cancelling": "InProgress"}.get(
            invocation.status, invocation.status
        ),
        "StatusDetails": invocation.details,
        "ResponseCode": invocation.response_code,
        "Output": merged(invocation.stdout, invocation.stderr),
        "StandardOutputUrl": command.url(invocation, "stdout"),
        "StandardErrorUrl": command.url(invocation, "stderr"),
        "OutputS3Region": command.region,
        "OutputS3BucketName": command.bucket,
        "OutputS3KeyPrefix": command.prefix,
    }
    if invocation.started_at is not None:
        plugin["ResponseStartDateTime"] = invocation.started_at
    if invocation.ended_at is not None:
        plugin["ResponseFinishDateTime"] = invocation.ended_at
    return plugin


def _overall(command: Command, invocations: Sequence[Invocation]) -> tuple[str, str]:
    """Status and details of a whole command: the worst of its invocations once all have ended."""
    if not invocations:
        return "Success", "NoInstancesInTag"
    if not all(inv.terminal for inv in invocations):
        if command.cancelled:
            return "Cancelling", "Cancelling"
        begun = any(inv.sent for inv in invocations)
        return ("InProgress", "InProgress") if begun else ("Pending", "Pending")
    details = {inv.details for inv in invocations}
    if command.cancelled and "Cancelled" in details:
        return "Cancelled", "Cancelled"
    for worst in (
        "Failed",
        "ExecutionTimedOut",
        "DeliveryTimedOut",
        "AccessDenied",
        "Undeliverable",
        "InvalidPlatform",
    ):
        if worst in details:
            shown = worst if worst in ("Failed", "ExecutionTimedOut", "DeliveryTimedOut") else "Incomplete"
            return _STATUS[worst], shown
    return "Success", "Success"


def _iso(at: float | None) -> str:
    """A time as GetCommandInvocation writes it; empty for none."""
    if at is None:
        return ""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
