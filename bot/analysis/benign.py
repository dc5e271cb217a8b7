"""Which honest meaning does a row have by itself: what nothing reads, what the cloud attached, what an agent makes?

Each rests on what the named system does with such a row, whoever caused it: a file that its service skips cannot act,
a disk is attached by the cloud's API and not from within the host. They lower, they never hide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.analysis.chores import is_chore
from bot.analysis.evidence import Evidence, Shared
from bot.analysis.places import LEFTOVER, SYSTEM_PATH, at_rest, is_tool, program
from bot.analysis.semantics import Kind
from bot.model import Change, Row, ScorePart

_UNREAD = re.compile(
    r"^/etc/(?:"
    r"sudoers\.d/[^/]*[.~][^/]*"  # sudoers(5): names with a dot, or ending in ~, are skipped
    r"|(?:ssh/sshd_config\.d|sysctl\.d|modprobe\.d|modules-load\.d|ld\.so\.conf\.d|limits\.d)/[^/]*(?<!\.conf)"
    r"|profile\.d/[^/]*(?<!\.sh)"
    r")$"
)
"""Names that the service of their folder does not read; what package managers leave is ``LEFTOVER``.

Not the folders of cron: Debian's skips names with a dot, cronie (Amazon Linux) reads them.
"""
_LETS_IN = re.compile(
    r"/pam\.d/|/security/(?!limits)|sshd?_config|/sudoers|/nsswitch\.conf|/login\.defs|/securetty|/(?:passwd|shadow|gshadow|group)$"
    r"|/ld\.so\.|/audit|/rsyslog|/apparmor|/selinux|/(?:trusted|keyrings)|/modprobe|/modules|/resolv\.conf|/hosts|/krb5|/sssd|/polkit|/apt/|/yum|/profile|/environment|/rc\.|/cloud/"
)
"""What decides who comes in, whose code is loaded or trusted, and what is written down."""
_DISK = frozenset({"xfs", "ext4", "ext3", "btrfs", "nfs", "nfs4"})
_COVERS = re.compile(r"^/(?:etc|usr|bin|sbin|lib\w*|boot|root|proc|sys|dev|var/log)(?:/|$)")
_SCOPE = re.compile(
    r"^(?:session-\w+\.scope|user@\d+\.service|user-\d+\.slice|run-user-\d+\.mount|user-runtime-dir@\d+\.service)$"
)
_LOOPBACK = re.compile(r"^(?:127\.|::1$|::ffff:127\.)")
_AGENTS = frozenset({"ssm-user", "ec2-instance-connect"})
"""Accounts that AWS's agents make by themselves, at the first session of Session Manager or EC2 Instance Connect."""
_OF_AGENTS = (Kind.USER, Kind.SUDO, Kind.MEMBERSHIP, Kind.LOGIN_CONFIG)
_AGENT_FILE = "/etc/sudoers.d/ssm-agent-users"
_AGENT_RULE = "ALL=(ALL) NOPASSWD:ALL"


def told_by_row(
    kind: Kind, row: Row, change: Change, evidence: Evidence, shared: Shared
) -> Iterator[ScorePart]:
    """Yield the parts (negative bits) that the row's own meaning takes off."""
    path = row.get("path", "")
    if _UNREAD.match(path) and at_rest(kind, path) and not LEFTOVER.search(path):
        yield ScorePart("nothing reads a file of that name", -2.5)
    elif kind is Kind.LOGIN_CONFIG and path and not _LETS_IN.search(path):
        yield ScorePart("decides neither who comes in nor whose code runs", -1.5)
    if kind is Kind.MOUNT and row.get("type") in _DISK and not _COVERS.match(path):
        yield ScorePart("a disk or share, and it covers nothing of the system", -1.5)
    if kind is Kind.UNIT and evidence.sessions and _SCOPE.match(row.get("id", "")):
        yield ScorePart("made for the session of somebody logged in", -2.0)
    if kind is Kind.LISTENER and change is not Change.REMOVED and _LOOPBACK.match(row.get("address", "")):
        runs = program(row, kind)
        if runs in shared.programs and not is_tool(runs):
            yield ScorePart("only the host itself reaches it, at a program that most hosts run", -1.5)
    if kind is Kind.CRON and change is not Change.REMOVED and _starts_what_all_have(row, shared):
        yield ScorePart("starts nothing but programs that most hosts have", -2.5)
    elif kind is Kind.CRON and change is not Change.REMOVED and _is_chore(row):
        yield ScorePart("only looks, tidies up or reports", -3.0)
    if row.get("brought_by") and row.get("sha256") and (path, row["sha256"]) in shared.contents:
        yield ScorePart("holds what it holds on most hosts: only its rights were touched", -3.0)
    gone = path.removesuffix(" (deleted)")
    if kind is Kind.LOADER and gone != path and (gone in shared.programs or gone in shared.mapped):
        yield ScorePart("most hosts use the same file; here it was replaced, as an update does", -2.5)
    if kind is Kind.LOGIN_KEY and row.get("username") in evidence.no_shell:
        yield ScorePart("of an account that gets no shell", -2.0)
    if kind is Kind.CONNECTION and not program(row, kind) and row.get("remote_address") in evidence.shares:
        yield ScorePart("the kernel's own, to a share that is mounted from there", -4.0)
    if kind in _OF_AGENTS and (
        (
            {row.get("username"), row.get("groupname"), row.get("header")} & _AGENTS
            and row.get("source", _AGENT_FILE) == _AGENT_FILE
        )
        or path == _AGENT_FILE
    ):
        documented = kind is Kind.SUDO and row.get("rule_details") == _AGENT_RULE
        yield ScorePart("an agent of AWS makes it by itself, under this name", -4.5 if documented else -3.0)


def _is_chore(row: Row) -> bool:
    """Whether a scheduled command is a chore; below /etc, cron's lines name the account first."""
    command = row.get("command", "").strip()
    return is_chore(
        command.partition(" ")[2].lstrip() if row.get("path", "").startswith("/etc/") else command
    )


_ROUTINE = re.compile(r"^/(?:dev/null$|(?:run|var)/(?:lock|log|run)/|run/)")
_SPLIT = re.compile(r"[\s;&|<>=\"'(),:]+")


def _starts_what_all_have(row: Row, shared: Shared) -> bool:
    """Whether a job names a file of the site's own that holds the same on most hosts, and nothing else but plain system programs.

    A tool that does whatever it is told, an address or a text that is run could be anybody's.
    """
    text = row.get("command", "")[:2048]
    if "://" in text or "$(" in text or "`" in text:
        return False
    words = [word for word in _SPLIT.split(text) if word]
    paths = [word for word in words if word.startswith("/") and not _ROUTINE.match(word)]
    own = [path for path in paths if path in shared.files and not SYSTEM_PATH.match(path)]
    return (
        bool(own)
        and not any(is_tool(word) for word in words)
        and all(path in shared.files or SYSTEM_PATH.match(path) for path in paths)
    )
