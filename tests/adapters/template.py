"""Reads deploy/template.yaml: CloudFormation's short forms become words, so that policies can be compared."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).parents[2] / "deploy" / "template.yaml"


class _Loader(yaml.SafeLoader):
    """Knows ``!Ref``, ``!Sub`` and their like."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return f"${{{node.value}}}" if suffix in ("Ref", "GetAtt") else node.value
    assert isinstance(node, yaml.SequenceNode)
    return {suffix: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)


def load() -> dict[str, Any]:
    """Return the template; ``!Ref X`` and ``!GetAtt X.Y`` become ``${X}`` and ``${X.Y}``, ``!Sub`` its text."""
    loaded: dict[str, Any] = yaml.load(PATH.read_text(), _Loader)
    return loaded


def statements(policy: str) -> list[dict[str, Any]]:
    """Return the statements of a managed policy that hold without conditions of the template."""
    document = load()["Resources"][policy]["Properties"]["PolicyDocument"]
    return [statement for statement in document["Statement"] if "If" not in statement]


def actions(policy: str) -> set[str]:
    """Return all actions that a managed policy allows."""
    named = (statement["Action"] for statement in statements(policy))
    return {action for some in named for action in ([some] if isinstance(some, str) else some)}


def for_lint() -> str:
    """Return the template's text with the document as an object: in YAML, JSON text is just that."""
    return re.sub(r"Content: \|\n", "Content:\n", PATH.read_text(), count=1)
