"""The part of SARIF 2.1.0's schema that Diffy writes, closed: a property that is not here is a mistake.

Required properties, types and enumerations are those of the OASIS schema (sarif-schema-2.1.0.json); the objects that
Diffy does not write are left out.
"""

from __future__ import annotations

from typing import Any

_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"}
_BAG = {"type": "object", "properties": {"tags": {"type": "array", "items": _TEXT, "uniqueItems": True}}}


def _object(required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _array(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


_MESSAGE = _object("text", text=_TEXT)
_LOGICAL = _object(
    "", name={"type": "string"}, fullyQualifiedName={"type": "string"}, kind=_TEXT, properties=_BAG
)
_LOCATION = _object(
    "",
    physicalLocation=_object(
        "artifactLocation",
        artifactLocation=_object("uri", uri={"type": "string", "pattern": r"^[A-Za-z0-9._~%/-]+$"}),
        region=_object("startLine", startLine={"type": "integer", "minimum": 1}),
    ),
    logicalLocations=_array(_LOGICAL, uniqueItems=True),
)
_DESCRIPTOR = _object(
    "id",
    id={"type": "string"},
    shortDescription=_MESSAGE,
    fullDescription=_MESSAGE,
    help=_MESSAGE,
    properties=_BAG,
)
_NOTIFICATION = _object(
    "message",
    descriptor=_object("", id=_TEXT, index={"type": "integer", "minimum": 0}),
    level={"enum": ["none", "note", "warning", "error"]},
    message=_MESSAGE,
    locations=_array(_LOCATION, uniqueItems=True),
    properties=_BAG,
)
_RESULT = _object(
    "message",
    ruleId={"type": "string"},
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["none", "note", "warning", "error"]},
    message=_MESSAGE,
    locations=_array(_LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": {"type": "string"}},
    properties=_BAG,
)
_RUN = _object(
    "tool",
    tool=_object(
        "driver",
        driver=_object(
            "name",
            name=_TEXT,
            version=_TEXT,
            shortDescription=_MESSAGE,
            rules=_array(_DESCRIPTOR, uniqueItems=True),
            notifications=_array(_DESCRIPTOR, uniqueItems=True),
        ),
    ),
    automationDetails=_object("", id=_TEXT),
    invocations=_array(
        _object(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            startTimeUtc=_TIME,
            endTimeUtc=_TIME,
            toolExecutionNotifications=_array(_NOTIFICATION),
        )
    ),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    results=_array(_RESULT),
    properties=_BAG,
)
SARIF = _object("version runs", **{"$schema": _TEXT, "version": {"enum": ["2.1.0"]}, "runs": _array(_RUN)})
