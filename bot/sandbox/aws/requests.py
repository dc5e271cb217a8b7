"""Is a Run Command request valid, and in which words does AWS refuse it?"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.aws.commands import DOCUMENT, INSTALLER

MAX_IDS = 50  # SendCommand InstanceIds: botocore's model
MAX_COMMENT = 100
MAX_PREFIX = 500
DEFAULT_TIMEOUT_S = 3600
EXECUTION_TIMEOUT_S = range(5, 172_801)
_PARAMETERS = frozenset({"commands", "workingDirectory", "executionTimeout"})
_LIMIT = re.compile(r"[1-9][0-9]{0,6}|[1-9][0-9]?%|100%")
_ERRORS = re.compile(r"0|0%|[1-9][0-9]{0,6}|[1-9][0-9]?%|100%")


class AwsError(Exception):
    """A refusal, as the service words it: its code and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def constraint(value: object, field: str, must: str) -> AwsError:
    """The error of AWS's own checks before an action is looked at."""
    return AwsError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must {must}",
    )


def check_send(request: Mapping[str, Any]) -> None:
    """Check all of a SendCommand that needs no look at the fleet.

    Raises:
        AwsError: ValidationException, InvalidDocument or InvalidParameters.
    """
    ids: Sequence[str] = request.get("InstanceIds", [])
    if len(ids) > MAX_IDS:
        listed = "[" + ", ".join(ids) + "]"
        raise constraint(listed, "instanceIds", f"have length less than or equal to {MAX_IDS}")
    comment = request.get("Comment", "")
    if len(comment) > MAX_COMMENT:
        raise constraint(comment, "comment", f"have length less than or equal to {MAX_COMMENT}")
    if len(request.get("OutputS3KeyPrefix", "")) > MAX_PREFIX:
        raise constraint("...", "outputS3KeyPrefix", f"have length less than or equal to {MAX_PREFIX}")
    timeout = request.get("TimeoutSeconds", DEFAULT_TIMEOUT_S)
    if timeout < 30:
        raise constraint(timeout, "timeoutSeconds", "have value greater than or equal to 30")
    if timeout > 2_592_000:
        raise constraint(timeout, "timeoutSeconds", "have value less than or equal to 2592000")
    for field, shape in (("MaxConcurrency", _LIMIT), ("MaxErrors", _ERRORS)):
        if field in request and not shape.fullmatch(request[field]):
            name = field[0].lower() + field[1:]
            raise constraint(request[field], name, f"satisfy regular expression pattern: {shape.pattern}")
    if not ids and not request.get("Targets"):
        raise AwsError("ValidationException", "Either InstanceIds or Targets must be specified.")
    if ids and request.get("Targets"):
        raise AwsError("ValidationException", "InstanceIds and Targets cannot be specified together.")
    if request.get("DocumentName") == INSTALLER:
        parameters = request.get("Parameters", {})
        if parameters.get("action") not in (["Install"], ["Uninstall"]) or not parameters.get("name"):
            raise AwsError("InvalidParameters", "Parameters action and name are required.")
        return
    if request.get("DocumentName") != DOCUMENT:
        raise AwsError("InvalidDocument", f"Document with name {request.get('DocumentName')} does not exist.")
    check_parameters(request.get("Parameters", {}))


def check_parameters(parameters: Mapping[str, Any]) -> None:
    """Check the parameters of AWS-RunShellScript. Raises AwsError InvalidParameters."""
    for name in parameters:
        if name not in _PARAMETERS:
            raise AwsError("InvalidParameters", f"Parameter {name} is not defined in document {DOCUMENT}.")
    if not parameters.get("commands"):
        raise AwsError("InvalidParameters", "Parameters commands are required.")


def execution_timeout(parameters: Mapping[str, Any]) -> int:
    """The script's own timeout in seconds; what is no number in range silently becomes 3600, as in the agent."""
    text = str((parameters.get("executionTimeout") or [""])[0])
    return int(text) if text.isdigit() and int(text) in EXECUTION_TIMEOUT_S else DEFAULT_TIMEOUT_S


def page(
    items: Sequence[Any], request: Mapping[str, Any], *, default: int, least: int = 1, most: int = 50
) -> tuple[Sequence[Any], str]:
    """The asked-for page and the token of the next one, empty after the last.

    Raises:
        AwsError: MaxResults out of range, or a token that was never given.
    """
    size = request.get("MaxResults", default)
    if size < least:
        raise constraint(size, "maxResults", f"have value greater than or equal to {least}")
    if size > most:
        raise constraint(size, "maxResults", f"have value less than or equal to {most}")
    start = 0
    if token := request.get("NextToken"):
        try:
            start = int(base64.b64decode(token, validate=True).removeprefix(b"from:"))
        except ValueError:
            raise AwsError("InvalidNextToken", "The specified token isn't valid.") from None
    following = start + size
    more = base64.b64encode(f"from:{following}".encode()).decode() if following < len(items) else ""
    return items[start:following], more
