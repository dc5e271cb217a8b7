"""What does a document make of a request: is it the right one, are its parameters, and which script comes of it?

``AWS-RunShellScript`` is built in; every other one is what CreateDocument left in moto.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.ssm.models import ssm_backends

from bot.sandbox.aws.cloud import ACCOUNT
from bot.sandbox.aws.commands import DOCUMENT, INSTALL, INSTALLER, PLUGIN
from bot.sandbox.aws.requests import AwsError, check_parameters, execution_timeout

_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9]+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Errand:
    """What a host is to run, and from which document it came."""

    document: str
    version: str
    script: str
    execution_timeout_s: float
    working_directory: str = ""


def resolve(region: str, request: Mapping[str, Any]) -> Errand:
    """Find the document and fill in its parameters.

    Raises:
        AwsError: InvalidDocument, InvalidDocumentVersion or InvalidParameters.
    """
    name = str(request.get("DocumentName", "")).rpartition("/")[2]
    given: Mapping[str, Any] = request.get("Parameters", {})
    if name == DOCUMENT:
        check_parameters(given)
        folder = str((given.get("workingDirectory") or [""])[0])
        script = "\n".join(given["commands"]) + "\n"
        return Errand(name, "$DEFAULT", script, execution_timeout(given), folder)
    if name == INSTALLER:
        if given.get("action") not in (["Install"], ["Uninstall"]) or not given.get("name"):
            raise AwsError("InvalidParameters", "Parameters action and name are required.")
        return Errand(name, "$DEFAULT", INSTALL + "\n", execution_timeout({}))
    version = str(request.get("DocumentVersion") or "$DEFAULT")
    document = _find(region, name, version)
    asked = request.get("DocumentHash")
    if asked and (request.get("DocumentHashType", "Sha256") != "Sha256" or asked != document.hash):
        raise AwsError("InvalidDocument", f"The hash of document {name} does not match.")
    content = document.content_json
    values = _values(name, content.get("parameters", {}), given)
    step = content["mainSteps"][0]
    if len(content["mainSteps"]) != 1 or step["action"] != PLUGIN:
        raise AwsError("InvalidDocument", f"Document {name} is not one that this AWS can run.")
    inputs = step["inputs"]
    script = "\n".join(_filled(line, values) for line in inputs["runCommand"]) + "\n"
    timeout = execution_timeout(
        {"executionTimeout": [_filled(str(inputs.get("timeoutSeconds", "")), values)]}
    )
    return Errand(name, version, script, timeout)


def _find(region: str, name: str, version: str) -> Any:
    documents = ssm_backends[ACCOUNT][region]._documents.get(name)
    if documents is None:
        raise AwsError("InvalidDocument", f"Document with name {name} does not exist.")
    found = documents.find(None if version == "$DEFAULT" else version, strict=False)
    if found is None:
        raise AwsError("InvalidDocumentVersion", f"Document {name} has no version {version}.")
    return found


def _values(name: str, declared: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, str]:
    for parameter in given:
        if parameter not in declared:
            raise AwsError("InvalidParameters", f"Parameter {parameter} is not defined in document {name}.")
    values: dict[str, str] = {}
    for parameter, rules in declared.items():
        listed = given.get(parameter, [rules["default"]] if "default" in rules else [])
        if len(listed) != 1:
            raise AwsError("InvalidParameters", f"Parameter {parameter} requires one value.")
        value = str(listed[0])
        if "allowedValues" in rules and value not in rules["allowedValues"]:
            raise AwsError("InvalidParameters", f"Parameter {parameter} is not one of the allowed values.")
        if "allowedPattern" in rules and not re.search(rules["allowedPattern"].replace("$", r"\Z"), value):
            raise AwsError(
                "InvalidParameters",
                f"Parameter {parameter} does not match the allowed pattern {rules['allowedPattern']}.",
            )
        values[parameter] = value
    return values


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), text)
