"""Which SSM document may run on a host, and what does a request for it say?

The document holds the whole script of one pack. Whoever may send it, and nothing else, can choose only the values of
its closed parameters: no command, no SQL. Its hash pins every byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.collection import script
from bot.model import Pack

SHELL_DOCUMENT = "AWS-RunShellScript"
MOST_BYTES = 64 * 1024  # of a document's content: SSM quotas
_TIMEOUT = "executionTimeout"


@dataclass(frozen=True, slots=True)
class Pinned:
    """The document that an operator made for a pack.

    Attributes:
        name: ``{pack}`` in it stands for the pack's name.
        version: A number, ``$DEFAULT`` or ``$LATEST``.
        digest: Sha256 in hex; empty: that of the content that this Diffy builds.
        download: What the document brings to hosts without osquery.
    """

    name: str
    version: str = "$DEFAULT"
    digest: str = ""
    download: script.Download | None = None

    def named(self, pack: str) -> str:
        """Return the document's name for a pack."""
        return self.name.replace("{pack}", pack)

    def expected(self, pack: Pack) -> str:
        """Return the sha256 that the document must have, in hex."""
        return self.digest or digest(content(pack, self.download))


def content(pack: Pack, download: script.Download | None = None) -> str:
    """Return the document's content, JSON with a final line break; the same bytes for the same pack and program.

    Raises:
        ValueError: A query cannot be sent safely, or the document would be larger than SSM takes.
    """
    first = script.assignments({variable.name: f"{{{{ {variable.name} }}}}" for variable in script.VARIABLES})
    body = script.body(pack, download)
    if "{{" in body:
        raise ValueError(f"the script of pack {pack.name!r} holds {{{{, which SSM would take for a parameter")
    parameters = {
        variable.name: {
            "type": "String",
            "description": variable.why,
            "allowedPattern": variable.pattern,
        }
        for variable in script.VARIABLES
    }
    parameters[_TIMEOUT] = {
        "type": "String",
        "description": "Seconds after which the agent ends the script.",
        "default": str(script.EXECUTION_TIMEOUT_S),
        "allowedPattern": "^[1-9][0-9]{1,3}$",
    }
    text = json.dumps(
        {
            "schemaVersion": "2.2",
            "description": f"Diffy: ask osquery the queries of the pack {pack.name}. Changes nothing on the host.",
            "parameters": parameters,
            "mainSteps": [
                {
                    "action": "aws:runShellScript",
                    "name": "ask",
                    "precondition": {"StringEquals": ["platformType", "Linux"]},
                    "inputs": {
                        "timeoutSeconds": f"{{{{ {_TIMEOUT} }}}}",
                        "runCommand": (first + body).splitlines(),
                    },
                }
            ],
        },
        indent=1,
    )
    if len(text.encode()) >= MOST_BYTES:
        raise ValueError(
            f"the document of pack {pack.name!r} would have {len(text.encode())} bytes; {MOST_BYTES} are too many"
        )
    return text + "\n"


def digest(text: str) -> str:
    """Return the hash by which SSM knows a content: sha256 of its bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def request(
    pinned: Pinned | None,
    pack: Pack,
    values: Mapping[str, str],
    *,
    download: script.Download | None = None,
    timeout_s: int = script.EXECUTION_TIMEOUT_S,
) -> dict[str, Any]:
    """Return the part of a SendCommand that says what to run.

    Args:
        pinned: None sends the whole script as the command of ``AWS-RunShellScript``.
        values: Of ``script.values``.
        download: For the shell document; a document of the operator's own holds its own.
        timeout_s: After which the agent ends the script.

    Raises:
        ValueError: A query cannot be sent safely.
    """
    timeout = {_TIMEOUT: [str(timeout_s)]}
    if pinned is None:
        text = script.assignments(values) + (
            script.body(pack, download) if values["Act"] == "ask" else script.kept()
        )
        return {"DocumentName": SHELL_DOCUMENT, "Parameters": {"commands": [text], **timeout}}
    return {
        "DocumentName": pinned.named(pack.name),
        "DocumentVersion": pinned.version,
        "DocumentHash": pinned.expected(pack),
        "DocumentHashType": "Sha256",
        "Parameters": {name: [value] for name, value in values.items()} | timeout,
    }
