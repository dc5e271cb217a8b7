"""Documents of one's own, over real boto3: what is checked before anything runs, and what then runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws_stage import Stage, staged

NAME = "Say-A-Word"
CONTENT = json.dumps(
    {
        "schemaVersion": "2.2",
        "description": "Says a word.",
        "parameters": {
            "Word": {"type": "String", "allowedPattern": "^[a-z]{1,8}$"},
            "Loud": {"type": "String", "allowedValues": ["0", "1"], "default": "0"},
        },
        "mainSteps": [
            {
                "action": "aws:runShellScript",
                "name": "say",
                "inputs": {
                    "timeoutSeconds": "60",
                    "runCommand": ["word='{{ Word }}'", 'echo "$word {{Loud}}"'],
                },
            }
        ],
    }
)
HASH = hashlib.sha256(CONTENT.encode()).hexdigest()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("aws")) as stage:
        stage.ssm.create_document(Name=NAME, Content=CONTENT, DocumentType="Command", DocumentFormat="JSON")
        yield stage


def send(stage: Stage, **changed: Any) -> str:
    request = {
        "DocumentName": NAME,
        "InstanceIds": stage.ids[:1],
        "Parameters": {"Word": ["hello"]},
    } | changed
    return str(stage.ssm.send_command(**request)["Command"]["CommandId"])


def test_the_parameters_are_put_in_and_the_script_runs(stage: Stage) -> None:
    """A default too; the command is listed under the document's name."""
    command_id = send(stage, DocumentHash=HASH, DocumentHashType="Sha256", DocumentVersion="1")
    stage.wait(command_id, ids=stage.ids[:1])

    result = stage.result(command_id, stage.ids[0])
    assert result["StandardOutputContent"] == "hello 0\n"
    assert (result["DocumentName"], result["DocumentVersion"]) == (NAME, "1")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"DocumentName": "Another-Word"}, "InvalidDocument"),
        ({"DocumentHash": "0" * 64, "DocumentHashType": "Sha256"}, "InvalidDocument"),
        ({"DocumentVersion": "7"}, "InvalidDocumentVersion"),
        ({"Parameters": {"Word": ["hello"], "commands": ["id"]}}, "InvalidParameters"),
        ({"Parameters": {"Word": ["a'; id; '"]}}, "InvalidParameters"),
        ({"Parameters": {"Word": ["hello\n"]}}, "InvalidParameters"),
        ({"Parameters": {"Word": ["hello", "you"]}}, "InvalidParameters"),
        ({"Parameters": {"Word": ["hello"], "Loud": ["2"]}}, "InvalidParameters"),
        ({"Parameters": {}}, "InvalidParameters"),
    ],
)
def test_what_does_not_fit_the_document_is_refused(stage: Stage, changed: dict[str, Any], code: str) -> None:
    """Nothing is sent; the service's own code says why."""
    with pytest.raises(ClientError) as caught:
        send(stage, **changed)

    assert caught.value.response["Error"]["Code"] == code
