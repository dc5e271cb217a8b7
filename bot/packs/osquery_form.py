"""How do packs in osquery's own form become ours, and ours theirs?

osquery's packs and configurations are JSON with ``//`` and ``#`` comments and with backslash-newline inside of text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from bot.errors import StoreCorrupt
from bot.model import Cost, Pack, Query

_INTERVAL_S = {Cost.FAST: 3600, Cost.MEDIUM: 3600, Cost.SLOW: 14_400}
_DAY_S = 86_400
_OURS = {"", "any", "all", "linux", "posix", "ubuntu", "debian", "centos", "rhel", "amazon", "amzn"}
_OLDEST = (5, 8, 1)  # what our own pack needs

_JSON_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|#[^\n]*|/\*.*?\*/|,(?=\s*[}\]])|\\\r?\n', re.DOTALL)
_CONTINUED = re.compile(r"\\\r?\n|[\r\n\t]")
_SQL_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\s+", re.DOTALL)
_TABLE = re.compile(
    r"\b(?:from|join)\s+\(?\s*([a-z_][a-z0-9_]*)|,\s*([a-z_][a-z0-9_]*)(?=\s|,|$)", re.IGNORECASE
)
_TECHNIQUE = re.compile(r"\bT\d{4}(?:\.\d{3})?\b")

# Tables that answer nothing unless one of these columns is given (osquery's schema).
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "file": ("path", "directory"),
    "hash": ("path", "directory"),
    "magic": ("path",),
    "augeas": ("node", "path"),
    "yara": ("path", "sigfile", "sig_group", "sigrule"),
    "curl": ("url",),
    "curl_certificate": ("hostname",),
    "device_file": ("device",),
    "device_hash": ("device",),
    "device_partitions": ("device",),
    "docker_container_processes": ("id",),
    "docker_container_stats": ("id",),
    "rpm_package_files": ("package",),
    "deb_package_files": ("package",),
}
_ONE_USER = {
    "authorized_keys",
    "known_hosts",
    "shell_history",
    "user_ssh_keys",
    "browser_plugins",
    "chrome_extensions",
    "firefox_addons",
}
_SLOW = {
    "hash",
    "yara",
    "augeas",
    "suid_bin",
    "process_memory_map",
    "rpm_package_files",
    "deb_package_files",
    "magic",
    "curl",
}
_VOLATILE = (
    *("pid", "ppid", "parent", "pgroup", "tid", "fd", "socket", "start_time", "elapsed_time", "time", "unix_time"),
    *("local_time", "atime", "mtime", "ctime", "btime", "uptime", "total_seconds", "user_time", "system_time"),
    *("resident_size", "total_size", "wired_size", "disk_bytes_read", "disk_bytes_written", "threads"),
    *("percent_processor_time", "blocks_free", "blocks_available", "inodes_free", "last_change", "login_time"),
)  # fmt: skip


class _Query(msgspec.Struct):
    query: str = ""
    interval: int | str = 3600
    platform: str | None = ""
    version: str | None = ""
    description: str | None = ""
    value: str | None = ""
    shard: int | str | None = None


class _Pack(msgspec.Struct):
    queries: dict[str, _Query] = {}
    platform: str | None = ""
    version: str | None = ""
    shard: int | str | None = None
    discovery: list[str] | None = None


class _Config(msgspec.Struct):
    """A pack of its own, or an osquery.conf with a schedule and packs in it."""

    queries: dict[str, _Query] = {}
    platform: str | None = ""
    version: str | None = ""
    shard: int | str | None = None
    discovery: list[str] | None = None
    schedule: dict[str, _Query] = {}
    packs: dict[str, _Pack | str] = {}


@dataclass(frozen=True, slots=True)
class Imported:
    """A pack in our form; what could not be taken, and what is to be known: one sentence each."""

    pack: Pack
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def to_osquery(pack: Pack) -> str:
    """Return the pack as osqueryd runs it: whole snapshots, hourly, slow queries every four hours."""
    queries = {
        query.name: {
            "query": f"{query.sql};",
            "interval": _INTERVAL_S[query.cost],
            "snapshot": True,
            "description": query.why,
        }
        for query in pack.queries
    }
    return json.dumps({"platform": "linux", "queries": queries}, indent=2)


def strict(text: str) -> str:
    """Return osquery's JSON as strict JSON: no comments, no continued lines, no comma before a closing bracket."""
    return _JSON_TOKEN.sub(lambda found: _CONTINUED.sub(" ", found[0]) if found[0][0] == '"' else " ", text)


def from_osquery(raw: bytes, *, name: str, source: str) -> Imported:
    """Return the pack in osquery's form as ours.

    Each query asks what it asked. The whole row is the fact, except for columns that change by themselves; the reason is
    the description; the cost follows the tables and the interval.

    Args:
        name: The pack's new name. Result logs find it by this name, so keep the one under which osqueryd runs it.
        source: Names the file in an error.

    Raises:
        StoreCorrupt: Not such JSON, or no query of it can be asked.
    """
    try:
        config = msgspec.json.decode(strict(raw.decode("utf-8")), type=_Config)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError) as error:
        raise StoreCorrupt(
            f"{source} is not a pack of osquery's: {str(error)[:200]}.",
            'It holds {"queries": {name: {"query": SQL, "interval": seconds}}}.',
        ) from error
    left_out: list[str] = []
    notes: list[str] = []
    queries: dict[str, Query] = {}
    for title, pack, asked in _asked(config, left_out, notes):
        why_not = _unfit(pack) or _unfit(asked) or _unaskable(asked.query)
        if why_not:
            left_out.append(f"{title}: {why_not}.")
            continue
        query = _ours(title, asked, source)
        if query.name in queries:
            left_out.append(f"{title}: another query has become {query.name} already.")
            continue
        queries[query.name] = query
        notes += (f"{title}: {note}." for note in _remarks(asked, pack))
    if not queries:
        raise StoreCorrupt(f"{source} holds no query that can be asked.", " ".join(left_out))
    described = f"Imported from {source.rpartition('/')[2]}."
    return Imported(Pack(name, described, tuple(queries.values())), tuple(left_out), tuple(notes))


def bare(sql: str) -> str:
    """Return the SQL with its literals emptied and its comments gone, on one line."""
    return _SQL_TOKEN.sub(_blank, sql).strip()


def _asked(config: _Config, left_out: list[str], notes: list[str]) -> Iterator[tuple[str, _Pack, _Query]]:
    """Yield each query with its name in the log and the pack that it stands in."""
    alone = _Pack(config.queries, config.platform, config.version, config.shard, config.discovery)
    packs = {
        "": alone,
        **{f"pack_{name}_": pack for name, pack in config.packs.items() if isinstance(pack, _Pack)},
    }
    left_out += (
        f"The pack {name} is a path ({pack}): import that file."
        for name, pack in config.packs.items()
        if isinstance(pack, str)
    )
    yield from ((title, _Pack(), query) for title, query in config.schedule.items())
    for prefix, pack in packs.items():
        if pack.discovery:
            notes.append(
                f"{prefix or 'The pack'}: its discovery queries are ignored, it is asked of every host."
            )
        if pack.shard is not None:
            notes.append(f"{prefix or 'The pack'}: its shard is ignored, it is asked of every host.")
        yield from ((prefix + title, pack, query) for title, query in pack.queries.items())


def _unfit(asked: _Query | _Pack) -> str:
    platforms = {word.strip().lower() for word in (asked.platform or "").split(",")}
    return "" if platforms & _OURS else f"it is for {asked.platform}, and hosts are Linux"


def _unaskable(sql: str) -> str:
    plain = bare(sql).rstrip("; ")
    if not plain:
        return "it has no SQL"
    if ";" in plain:
        return "it is several statements"
    if not re.match(r"(?:select|with)\b", plain, re.IGNORECASE):
        return "it is not a SELECT"
    if "{{" in sql or "}}" in sql or not _one_line(sql).isprintable():
        return "its SQL holds double braces or characters that cannot be sent"
    tables = _tables(plain)
    events = sorted(table for table in tables if table.endswith("_events"))
    if events:
        return f"{', '.join(events)} is filled by a running osqueryd only"
    limits = re.split(r"\b(?:where|on|using)\b", plain.lower(), maxsplit=1)
    told = limits[1] if len(limits) > 1 else ""
    for table in sorted(tables & _NEEDS.keys()):
        if not any(re.search(rf"\b{column}\b", told) for column in _NEEDS[table]):
            return f"{table} answers nothing unless {' or '.join(_NEEDS[table])} is given"
    return ""


def _remarks(asked: _Query, pack: _Pack) -> Iterator[str]:
    for version in filter(None, (asked.version, pack.version)):
        parts = tuple(int(part) for part in re.findall(r"\d{1,6}", version)[:3])
        if parts > _OLDEST:
            yield f"it needs osquery {version}; older ones will not answer it"
    if asked.shard is not None:
        yield "its shard is ignored, it is asked of every host"
    tables = _tables(bare(asked.query))
    for table in sorted(tables & _ONE_USER if "users" not in tables else ()):
        yield f"{table} answers for root alone unless it is joined with users"


def _ours(title: str, asked: _Query, source: str) -> Query:
    sql = _one_line(asked.query)
    plain = bare(asked.query).lower()
    tables = _tables(plain)
    every = re.search(r"select\s+(?:distinct\s+)?(?:\w+\.)?\*|,\s*(?:\w+\.)?\*", plain) is not None
    said = " ".join((asked.description or asked.value or "").split())
    slow = bool(tables & _SLOW) or "%%" in sql
    interval = int(asked.interval) if str(asked.interval).isdecimal() else 0
    cost = Cost.SLOW if slow else Cost.MEDIUM if interval >= _DAY_S or len(tables) > 1 else Cost.FAST
    return Query(
        name=re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:64] or "query",
        sql=sql,
        why=said[:300] or f"Asked by {source.rpartition('/')[2]}, which does not say why.",
        ignore=tuple(c for c in _VOLATILE if every or re.search(rf"\b{c}\b", plain)),
        attack=tuple(dict.fromkeys(_TECHNIQUE.findall(said))),
        cost=cost,
        timeout_s=30 if slow else 20,
    )


def _tables(plain: str) -> set[str]:
    """Return the names that may be tables: what follows FROM, JOIN, or a comma between the two and WHERE."""
    found: set[str] = set()
    for part in re.split(r"\bfrom\b", plain, flags=re.IGNORECASE)[1:]:
        named = re.split(r"\b(?:where|group|order|limit|union)\b", part, maxsplit=1, flags=re.IGNORECASE)[0]
        inner = re.search(r"\bselect\b", named, re.IGNORECASE) is not None  # its commas part columns
        found |= {(a or b).lower() for a, b in _TABLE.findall(f"from {named}") if a or not inner}
    return found - {"select"}


def _blank(found: re.Match[str]) -> str:
    return "''" if found[0][0] in "'\"" else " "


def _one_line(sql: str) -> str:
    def kept(found: re.Match[str]) -> Any:
        return found[0] if found[0][0] in "'\"" else " "

    return _SQL_TOKEN.sub(kept, sql).strip().rstrip("; ")
