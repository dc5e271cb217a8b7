"""manifest.yml is valid, and asks for exactly what the code uses."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import jsonschema
import yaml

ROOT = Path(__file__).parent.parent

# The scope that each Web API method needs: docs.slack.dev, "Bot token scopes" of the method.
SCOPES: dict[str, frozenset[str]] = {
    "auth_test": frozenset(),
    "chat_postMessage": frozenset({"chat:write"}),
    "chat_postEphemeral": frozenset({"chat:write"}),
    "chat_update": frozenset({"chat:write"}),
    "files_upload_v2": frozenset({"files:write"}),
    "views_open": frozenset(),
    "views_update": frozenset(),
    "users_info": frozenset({"users:read"}),
    "conversations_info": frozenset({"channels:read", "groups:read"}),
}


def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
    return loaded


def methods_called() -> set[str]:
    """Every method called on a WebClient in the adapters."""
    called: set[str] = set()
    for path in sorted((ROOT / "bot" / "adapters").glob("slack_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("_client"):
                called.add(node.attr)
    return called


def test_the_manifest_fits_slacks_schema() -> None:
    """Slack's own schema accepts it."""
    schema = json.loads((ROOT / "tests" / "data" / "slack-manifest.schema.json").read_text())

    jsonschema.validate(manifest(), schema)


def test_the_manifest_asks_for_exactly_the_scopes_used() -> None:
    """Neither a missing scope, which fails at night, nor one too many, which an administrator refuses."""
    needed = {"commands"}.union(*(SCOPES[method] for method in methods_called()))

    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == needed


def test_the_manifest_names_the_command_and_its_words() -> None:
    """The hint that Slack shows names subcommands that exist."""
    from bot.commands import COMMANDS

    command = manifest()["features"]["slash_commands"][0]
    hinted = {part.split()[0] for part in command["usage_hint"].split(" | ")}

    assert command["command"] == "/diffy"
    assert hinted == set(COMMANDS)


def test_the_doctor_looks_for_the_manifests_scopes() -> None:
    """What `diffy doctor` compares a token with."""
    from bot.workflows import checkup

    assert set(manifest()["oauth_config"]["scopes"]["bot"]) == checkup.SCOPES
