"""How is a finding said in one line that a tired person understands?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.analysis.places import Trait, program
from bot.analysis.semantics import Kind
from bot.model import Change, Query, Row

MOST = 110  # characters of host text within one line


def cut(text: str, most: int = MOST) -> str:
    """Return text of at most ``most`` characters on one line."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def say(
    kind: Kind, query: Query, change: Change, row: Row, expected: Row | None, traits: Sequence[Trait]
) -> str:
    """Return what differs, without the counts: "runs /var/tmp/.x/upd from a folder that everybody may write to"."""
    thing = cut(_thing(kind, query, row))
    if change is Change.REMOVED:
        text = f"lacks {thing}"
    elif change is Change.CHANGED and expected is not None:
        text = f"{_VERBS.get(kind, 'has another')} {thing}{_difference(row, expected, query)}"
    else:
        text = f"{_VERBS.get(kind, 'has')} {thing}"
    reasons = [trait.words for trait in traits if trait.bits > 0][:2]
    return f"{text}: {' and '.join(reasons)}" if reasons else text


_VERBS = {
    Kind.PROCESS: "runs",
    Kind.PROGRAM: "runs the program",
    Kind.LISTENER: "waits for connections on",
    Kind.CONNECTION: "is connected to",
}


def _thing(kind: Kind, query: Query, row: Row) -> str:
    said = _THINGS.get(kind)
    text = said(row) if said else ""
    if text:
        return text
    columns = query.key or tuple(sorted(set(row) - set(query.ignore)))
    values = [row[column] for column in columns if row.get(column)][:3]
    return f"{query.name.replace('_', ' ')} {' '.join(values)}".strip()


def _process(row: Row) -> str:
    command = row.get("cmdline") or row.get("path") or row.get("name", "")
    path = program(row, Kind.PROCESS)
    text = command if path in command or not path else f"{path} ({command})"
    user = row.get("username", "")
    return f"{text} as {user}" if user else text


def _listener(row: Row) -> str:
    by = row.get("process_path") or row.get("process_name") or row.get("path") or "an unseen process"
    return f"port {row.get('port', '?')} of {row.get('address') or 'any address'} ({by})"


def _connection(row: Row) -> str:
    by = (
        row.get("process_path")
        or row.get("path")
        or row.get("process_name")
        or row.get("name")
        or "an unseen process"
    )
    return f"{row.get('remote_address', '?')} port {row.get('remote_port', '?')} ({by})"


def _library(row: Row) -> str:
    path = row.get("path", "")
    return f"library loader file {path}" if path.startswith("/etc/") else f"a loaded library {path}"


def _schedule(row: Row) -> str:
    if "command" not in row:
        return f"scheduled job file {row.get('path', '')}"
    return f"scheduled job {row['command']} (in {row.get('path', '?')})"


_THINGS: dict[Kind, Callable[[Row], str]] = {
    Kind.PROCESS: _process,
    Kind.PROGRAM: lambda row: row.get("path", ""),
    Kind.LISTENER: _listener,
    Kind.CONNECTION: _connection,
    Kind.CRON: _schedule,
    Kind.UNIT: lambda row: f"service {row.get('id') or row.get('path', '')}",
    Kind.MODULE: lambda row: f"kernel module {row.get('name', '')}",
    Kind.SYSCTL: lambda row: f"kernel setting {row.get('name', '')} = {row.get('current_value', '')}",
    Kind.USER: lambda row: f"account {row.get('username', '')} (uid {row.get('uid', '?')})",
    Kind.MEMBERSHIP: lambda row: f"account {row.get('username', '')} in group {row.get('groupname', '')}",
    Kind.LOGIN_KEY: lambda row: (
        f"login key {row.get('comment', '')} for {row.get('username', '')} ({row.get('key_file', '')})"
    ),
    Kind.SUDO: lambda row: (
        f"sudo rule {row.get('header', '')} {row.get('rule_details', '')} in {row.get('source', '')}"
    ),
    Kind.PACKAGE: lambda row: f"package {row.get('name', '')} {row.get('version', '')}",
    Kind.LIBRARY: lambda row: f"language package {row.get('name', '')} {row.get('version', '')}",
    Kind.PRIVILEGED_FILE: lambda row: f"privileged program {row.get('path', '')}",
    Kind.AUTOSTART: lambda row: f"startup file {row.get('path', '')}",
    Kind.LOGIN_CONFIG: lambda row: f"login configuration {row.get('path', '')}",
    Kind.LOADER: _library,
    Kind.CERTIFICATE: lambda row: f"trusted certificate {row.get('common_name') or row.get('path', '')}",
    Kind.MOUNT: lambda row: f"mount on {row.get('path', '')}",
    Kind.CONTAINER: lambda row: (
        f"container {row.get('name') or row.get('container', '')} of image {row.get('image', '')}"
    ),
    Kind.ENVIRONMENT: lambda row: (
        f"process {row.get('path', '')} with {row.get('key', '')}={row.get('value', '')}"
    ),
    Kind.FILE: lambda row: f"file {row.get('path', '')}",
}


def _difference(row: Row, expected: Row, query: Query) -> str:
    changed = [c for c in sorted(row) if c not in query.ignore and row[c] != expected.get(c, "")]
    if not changed:
        return ""
    column = changed[0]
    if len(row[column]) > 40 or len(expected.get(column, "")) > 40:
        return f" ({', '.join(changed[:3])} differ)" if len(changed) > 1 else f" ({column} differs)"
    return f" ({column} {row[column] or 'empty'} instead of {expected.get(column) or 'empty'})"


def share(count: int, among: int, facts: int, sharpest: str, why_not: str) -> str:
    """Return what several hosts share: "4 of 30 hosts share these 6 facts, which nothing in AWS explains; …"."""
    return f"{count} of {among} hosts share these {facts} facts, which {why_not}; the sharpest: {sharpest}"


def counts(*, seen_on: int, of: int, seen: int | None, baseline_of: int | None, change: Change) -> str:
    """Return the counts in words: "on none of 23 peers; not in the baseline"."""
    parts = []
    if of:
        peers = f"{of} {'peer' if of == 1 else 'peers'}"
        if change is Change.REMOVED:
            parts.append(f"none of {peers} lacks it" if seen_on == 0 else f"{seen_on} of {peers} lack it too")
        else:
            parts.append(f"on {'none' if seen_on == 0 else seen_on} of {peers}")
    if baseline_of:
        if not seen:
            parts.append("the baseline has it" if change is Change.REMOVED else "not in the baseline")
        elif seen == baseline_of:
            parts.append("missing in the baseline too" if change is Change.REMOVED else "in the baseline")
        else:
            parts.append(
                f"{'missing in' if change is Change.REMOVED else 'in'} {seen} of {baseline_of} baseline snapshots"
            )
    return "; ".join(parts)
