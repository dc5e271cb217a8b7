"""Which honest cause, seen in the same collection, lowers a difference? Causes lower, they never hide.

A cause rests on evidence that an intruder does not simply choose: a package of the group at another version, the chain
of parents of a process, what the kernel says of itself. What rests on a name alone counts for less.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.analysis.benign import told_by_row
from bot.analysis.claims import NOTHING, Proven, claims, lowered_by
from bot.analysis.evidence import Evidence, Shared
from bot.analysis.packaging import by_package
from bot.analysis.places import PUBLIC, SYSTEM_PATH, is_tool, program
from bot.analysis.semantics import Kind
from bot.model import Change, Row, ScorePart

WORK = 3.5  # bits where the service does so on all other hosts
_SYSTEM_UNITS = re.compile(r"^(?:/usr)?/lib/systemd/system/")
_SCHEME = re.compile(r"^\w+://")
_LATER = re.compile(r"^/(?:var/spool/(?:at|cron/atjobs)|var/tmp|tmp|run|dev/shm)/")
"""What came while a host ran: no image brings it."""
_RUNNING = (Kind.PROCESS, Kind.PROGRAM, Kind.CONNECTION, Kind.RAW_SOCKET)
_OF_ZONE = (Kind.NAMES, Kind.ROUTE, Kind.MOUNT, Kind.CONNECTION, Kind.PACKAGE_SOURCE)
_OF_IMAGE = (
    Kind.LOGIN_CONFIG,
    Kind.AUTOSTART,
    Kind.LOADER,
    Kind.PRIVILEGED_FILE,
    Kind.CRON,
    Kind.PACKAGE,
    Kind.LIBRARY,
    Kind.PROGRAM,
    Kind.UNIT,
    Kind.FILE,
    Kind.PROCESS,
    Kind.MODULE,
    Kind.SYSCTL,
    Kind.CONTAINER,
)


def lowering(
    kind: Kind,
    row: Row,
    change: Change,
    evidence: Evidence,
    shared: Shared,
    *,
    hosts: int,
    version: bool,
    able: int = -1,
    expected: Row | None = None,
    proven: Proven = NOTHING,
) -> Sequence[ScorePart]:
    """Return the parts (negative bits) that honest causes take off a fact; one adds, where a cause is missing.

    Args:
        hosts: Who shows the fact, of those that the evidence's packages are counted by.
        able: Those that could show it; a program that does not run there cannot differ. By default all.
        version: Most others have the same row with another number in it, and this host lacks theirs.
        expected: The usual row in its place.
        proven: What the host's process tree says; a claim without a proof counts for half.
    """
    parts: list[ScorePart] = []
    if proven.own:
        parts.append(ScorePart("Diffy's own command, by its chain of parents", -6.0))
    if proven.work:
        label = "descends from a service that starts other things on each host"
        parts.append(ScorePart(label, -WORK * proven.work))
    if proven.usual:
        parts.append(ScorePart("of a process that other hosts or the baseline run just so", -1.5))
    path = program(row, kind) or row.get("path", "") or row.get("fragment_path", "")
    if version:
        parts.append(ScorePart("the same thing at another version", -5.0))
    if kind is Kind.CRON and expected is not None and row.get("command") == expected.get("command"):
        parts.append(ScorePart("the same job at other times", -3.0))
    account = row.get("username", "") if kind is Kind.USER else ""
    named = " ".join((path, row.get("name", ""), row.get("id", ""), row.get("subject", ""), account))
    parts.extend(told_by_row(kind, row, change, evidence, shared))
    if kind not in (Kind.PACKAGE, Kind.LIBRARY, Kind.ENVIRONMENT) and not (
        kind in _RUNNING and is_tool(path)
    ):
        part = by_package(kind, row, path, named, change, evidence, hosts=hosts, able=able)
        parts.extend([part] if part else [])
    parts.extend(lowered_by(proven.proofs or claims(kind, row, evidence, shared), proven.proofs))
    if kind is Kind.UNIT and _is_instance(row, shared):
        parts.append(ScorePart("one more instance of a service that came with the system", -2.5))
    if kind in _RUNNING and evidence.installing and SYSTEM_PATH.match(path):
        parts.append(ScorePart("a package manager is at work", -1.0))
    if (
        kind in (Kind.RAW_SOCKET, Kind.INTERFACE)
        and not path
        and evidence.leaders
        and evidence.explained_programs
    ):
        parts.append(ScorePart("somebody logged in runs tools there", -2.0))
    if kind is Kind.CERTIFICATE and change is Change.CHANGED and _renewed(row, expected or {}):
        parts.append(ScorePart("a certificate of the same name and issuer, renewed", -2.0))
    if evidence.live_patched and kind in (Kind.MODULE, Kind.SYSCTL):
        parts.append(ScorePart("the kernel was patched while running, and says nothing worse", -3.0))
    elif evidence.untainted and kind is Kind.MODULE:
        parts.append(ScorePart("the kernel says that nothing unsigned was loaded", -2.5))
    elif evidence.usual_taint and kind is Kind.MODULE:
        parts.append(ScorePart("the kernel says no worse of itself than on most hosts", -1.5))
    runs = kind is Kind.PROCESS and change is not Change.REMOVED  # that others run it is why it is missed
    if runs and path in shared.programs and not is_tool(path):
        parts.append(ScorePart("most hosts run the same program", -2.5))
    for word, value in sorted(evidence.alone.items()):
        if _LATER.match(path) or _names_outside(row):
            break
        if kind in (_OF_ZONE if word in ("zone", "type") else _OF_IMAGE):
            parts.append(ScorePart(f"the only host of {word} {value}", -2.0))
            break
    if evidence.fresh and kind in (*_RUNNING, Kind.UNIT, Kind.MOUNT):
        parts.append(ScorePart("the host booted within the hour", -1.5))
    return parts


def _names_outside(row: Row) -> bool:
    return any(
        PUBLIC.match(_SCHEME.sub("", row.get(column, "")).split("/")[0].split(":")[0])
        for column in ("address", "remote_address", "uri", "base_uri")
    )


def _is_instance(row: Row, shared: Shared) -> bool:
    """Whether a unit is one of many that the service manager makes of a file which no host of the group alone has."""
    file = row.get("fragment_path", "")
    ours = _SYSTEM_UNITS.match(file) and file not in shared.new_unit_files
    return (
        "@" in row.get("id", "")
        and row.get("unit_file_state", "") in ("", "static", "indirect", "enabled-runtime")
        and bool(ours)
    )


def _renewed(row: Row, expected: Row) -> bool:
    """Whether a site's certificate took the place of one of the same name; one that vouches for others never does so."""
    return (
        row.get("ca") == "0"
        and row.get("self_signed") == "0"
        and all(
            row[column] == expected.get(column)
            for column in ("common_name", "subject", "issuer")
            if column in row
        )
    )
