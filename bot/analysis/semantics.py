"""What is a query about, judged by the tables its SQL reads, its columns and its ATT&CK ids?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bot.model import Compare, Query

# Columns that never say what a host *is*: identifiers and counters that the kernel hands out, times, sizes.
# From osquery's published schema (roles "volatile"); a pack may name any of them as a key and wins.
VOLATILE = frozenset(
    [
        "pid",
        "parent",
        "ppid",
        "pgroup",
        "start_time",
        "elapsed_time",
        "time",
        "last_time",
        "unix_time",
        "host_time",
        "uptime",
        "total_seconds",
        "uptime_s",
        "atime",
        "mtime",
        "ctime",
        "btime",
        "inode",
        "fd",
        "socket",
        "net_namespace",
        "resident_size",
        "total_size",
        "user_time",
        "system_time",
        "threads",
        "state",
        "nice",
        "wired_size",
        "disk_bytes_read",
        "disk_bytes_written",
        "used_by",
        "address_family",
        "instances",
        "count",
        "times",
        "packets",
        "bytes",
        "ibytes",
        "obytes",
        "ipackets",
        "opackets",
        "last_change",
        "refcount",
        "job_id",
        "started_at",
        "created",
        "status_text",
    ]
)

# Never masked, whatever they look like: what makes them look random is what identifies them.
IDENTITY = re.compile(
    r"(sha\d+|md5|hash|digest|fingerprint|serial|subject|issuer|key_id|public_key|common_name|^key$|^key_)"
)


class Kind(StrEnum):
    """What a fact is about."""

    PROCESS = "process"
    PROGRAM = "program file"
    LISTENER = "listener"
    CONNECTION = "connection"
    RAW_SOCKET = "raw socket"
    ENVIRONMENT = "environment"
    LOADER = "library loader"
    CRON = "scheduled job"
    UNIT = "service"
    AUTOSTART = "startup file"
    MODULE = "kernel module"
    SYSCTL = "kernel setting"
    USER = "account"
    MEMBERSHIP = "group membership"
    LOGIN_KEY = "login key"
    SUDO = "sudo rule"
    LOGIN_CONFIG = "login configuration"
    PRIVILEGED_FILE = "privileged program"
    CERTIFICATE = "certificate authority"
    NAMES = "name resolution"
    ROUTE = "route"
    MOUNT = "mount"
    FIREWALL = "firewall rule"
    PACKAGE = "package"
    LIBRARY = "language package"
    PACKAGE_SOURCE = "package source"
    CONTAINER = "container"
    INTERFACE = "network interface"
    FILE = "file"
    OTHER = "row"


# Bits before anything else is known: how much more often a lone fact of this kind comes from an intruder than from
# honest life, if it was (added, changed, removed). Hand-set from what the benchmark's fleets showed; log2 ratios.
WEIGHTS: dict[Kind, tuple[float, float, float]] = {
    Kind.PROCESS: (0.0, -1.0, -1.5),
    Kind.PROGRAM: (0.0, 0.5, -2.5),
    Kind.LISTENER: (1.0, 0.5, -1.0),
    Kind.CONNECTION: (-0.5, -0.5, -3.0),
    Kind.RAW_SOCKET: (1.5, 0.5, -2.0),
    Kind.ENVIRONMENT: (0.5, -0.5, -2.0),
    Kind.LOADER: (2.5, 2.0, 0.0),
    Kind.CRON: (2.5, 2.0, 0.0),
    Kind.UNIT: (1.5, 1.0, -0.5),
    Kind.AUTOSTART: (2.5, 2.0, -0.5),
    Kind.MODULE: (2.5, 0.0, -1.5),
    Kind.SYSCTL: (0.5, 0.5, -0.5),
    Kind.USER: (2.5, 1.5, -0.5),
    Kind.MEMBERSHIP: (3.0, 2.0, -1.0),
    Kind.LOGIN_KEY: (3.5, 2.5, -1.0),
    Kind.SUDO: (3.5, 3.0, -0.5),
    Kind.LOGIN_CONFIG: (2.5, 2.5, 0.5),
    Kind.PRIVILEGED_FILE: (3.5, 2.0, -1.0),
    Kind.CERTIFICATE: (3.0, 2.0, 0.0),
    Kind.NAMES: (1.0, 1.0, 0.0),
    Kind.ROUTE: (1.0, 1.0, 0.0),
    Kind.MOUNT: (1.0, 0.5, -0.5),
    Kind.FIREWALL: (2.0, 1.5, 1.5),
    Kind.PACKAGE: (-0.5, -2.5, -1.5),
    Kind.LIBRARY: (1.0, -2.0, -1.5),
    Kind.PACKAGE_SOURCE: (2.5, 2.0, 0.0),
    Kind.CONTAINER: (0.5, 0.0, -1.0),
    Kind.INTERFACE: (1.5, 1.0, -1.0),
    Kind.FILE: (1.5, 1.0, -0.5),
    Kind.OTHER: (0.5, 0.5, -0.5),
}

# The first line whose table the SQL reads decides. Tables that only lend columns (users, processes, hash) come late.
_TABLES: tuple[tuple[str, Kind], ...] = (
    ("process_envs", Kind.ENVIRONMENT),
    ("process_memory_map", Kind.LOADER),
    ("suid_bin extended_attributes", Kind.PRIVILEGED_FILE),
    ("authorized_keys user_ssh_keys ssh_configs known_hosts", Kind.LOGIN_KEY),
    ("sudoers", Kind.SUDO),
    ("user_groups groups", Kind.MEMBERSHIP),
    ("shadow users", Kind.USER),
    ("crontab at_jobs", Kind.CRON),
    ("systemd_units startup_items", Kind.UNIT),
    ("kernel_modules", Kind.MODULE),
    (
        "system_controls sysctl_utils kernel_integrity selinux_settings apparmor_profiles secureboot",
        Kind.SYSCTL,
    ),
    ("certificates", Kind.CERTIFICATE),
    ("etc_hosts dns_resolvers", Kind.NAMES),
    ("routes", Kind.ROUTE),
    ("mounts", Kind.MOUNT),
    ("iptables", Kind.FIREWALL),
    ("apt_sources yum_sources", Kind.PACKAGE_SOURCE),
    ("python_packages npm_packages", Kind.LIBRARY),
    ("deb_packages rpm_packages", Kind.PACKAGE),
    ("interface_details interface_addresses arp_cache", Kind.INTERFACE),
    ("listening_ports", Kind.LISTENER),
    ("process_open_sockets", Kind.CONNECTION),
    ("augeas", Kind.LOGIN_CONFIG),
)
_TECHNIQUES: tuple[tuple[str, Kind], ...] = (
    ("T1098.004", Kind.LOGIN_KEY),
    ("T1548.003", Kind.SUDO),
    ("T1548.001", Kind.PRIVILEGED_FILE),
    ("T1574.006", Kind.LOADER),
    ("T1053", Kind.CRON),
    ("T1543", Kind.UNIT),
    ("T1556", Kind.LOGIN_CONFIG),
    ("T1037", Kind.AUTOSTART),
    ("T1546", Kind.AUTOSTART),
    ("T1547.006", Kind.MODULE),
    ("T1136", Kind.USER),
    ("T1553.004", Kind.CERTIFICATE),
    ("T1562.004", Kind.FIREWALL),
    ("T1059", Kind.PROCESS),
)
_READS = re.compile(r"\b(?:from|join)\s+([a-z_][a-z0-9_]*)", re.IGNORECASE)
_NOT_IN = re.compile(r"\bnot\s+in\s*\(\s*select\b[^()]*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a query is about, and its weights: bits for (added, changed, removed)."""

    kind: Kind
    added: float
    changed: float
    removed: float


@lru_cache(maxsize=4096)
def meaning(query: Query) -> Meaning:
    """Return what ``query`` is about; ``telling`` and EXPECT_EMPTY move its weights."""
    kind = _kind(query)
    added, changed, removed = WEIGHTS[kind]
    nudge = 0.3 * (query.telling - 3)
    if query.compare is Compare.EXPECT_EMPTY:
        least = 0.5 if kind is Kind.FILE else 1.5
        added = least if kind is Kind.FILE else max(added, least)
        return Meaning(kind, added + nudge, changed + nudge, min(removed, -3.0))
    return Meaning(kind, added + nudge, changed + nudge, removed)


def _kind(query: Query) -> Kind:
    tables = {name.lower() for name in _READS.findall(_NOT_IN.sub(" ", query.sql))}
    by_technique = next(
        (kind for attack in query.attack for prefix, kind in _TECHNIQUES if attack.startswith(prefix)),
        Kind.OTHER,
    )
    if "process_open_sockets" in tables and re.search(
        r"\bfamily\s*=\s*17|protocol\s+in\s*\(1", query.sql, re.I
    ):
        return Kind.RAW_SOCKET
    if any(t.startswith(("docker_", "lxd_", "containerd_")) for t in tables):
        return Kind.CONTAINER
    if "users" in tables and tables - {"users", "shadow"} and "shadow" not in tables:
        tables = tables - {"users"}
    for names, kind in _TABLES:
        if tables & set(names.split()):
            return kind
    if "file" in tables or "hash" in tables:
        if "processes" in tables:
            return Kind.PROGRAM if "hash" in tables else Kind.PROCESS
        return by_technique if by_technique not in (Kind.OTHER, Kind.PROCESS) else Kind.FILE
    if "processes" in tables:
        return Kind.PROCESS
    return by_technique
