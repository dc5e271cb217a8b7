"""What a row means by itself lowers it; what only looks like that does not."""

from __future__ import annotations

import pytest

from bot.analysis.benign import told_by_row
from bot.analysis.evidence import Evidence, Shared
from bot.analysis.semantics import Kind
from bot.model import Change, Row

SHARED = Shared(
    programs=frozenset({"/usr/bin/postgres", "/usr/bin/python3.11", "/usr/sbin/atd"}),
    files=frozenset({"/usr/local/bin/sitemap", "/usr/local/bin/php"}),
    mapped=frozenset({"/usr/lib64/libssl.so.3"}),
)
IN = Evidence(sessions={"alice"}, shares={"10.0.7.7"})


def told(kind: Kind, row: Row, evidence: Evidence) -> str:
    """Return what lowers a new row."""
    return "; ".join(part.label for part in told_by_row(kind, row, Change.ADDED, evidence, SHARED))


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        (Kind.LOGIN_CONFIG, {"path": "/etc/sudoers.d/deploy.old"}, "nothing reads"),
        (Kind.LOGIN_CONFIG, {"path": "/etc/ssh/sshd_config.d/50-site.conf.save"}, "nothing reads"),
        (Kind.AUTOSTART, {"path": "/etc/profile.d/company.sh.old"}, "nothing reads"),
        (Kind.LOGIN_CONFIG, {"path": "/etc/sysctl.d/10-node.conf"}, "neither who comes in"),
        (Kind.MOUNT, {"path": "/data", "type": "xfs"}, "covers nothing"),
        (Kind.UNIT, {"id": "session-4.scope"}, "somebody logged in"),
        (
            Kind.LISTENER,
            {"address": "127.0.0.1", "process_path": "/usr/bin/postgres"},
            "only the host itself",
        ),
        (Kind.CRON, {"command": "ada flock -n /run/lock/x /usr/local/bin/sitemap"}, "nothing but programs"),
        (Kind.LOADER, {"path": "/usr/lib64/libssl.so.3 (deleted)"}, "was replaced"),
        (Kind.LOADER, {"path": "/usr/sbin/atd (deleted)"}, "was replaced"),
        (Kind.CONNECTION, {"remote_address": "10.0.7.7", "remote_port": "2049"}, "the kernel's own"),
        (Kind.USER, {"username": "ssm-user"}, "an agent of AWS"),
        (Kind.SUDO, {"source": "/etc/sudoers.d/ssm-agent-users", "header": "ssm-user"}, "an agent of AWS"),
    ],
)
def test_what_a_row_means_lowers_it(kind: Kind, row: Row, said: str) -> None:
    """A file that its service skips, a disk, an instance of a packaged unit, a port for the host itself."""
    assert said in told(kind, row, IN)


@pytest.mark.parametrize(("rule", "bits"), [("ALL=(ALL) NOPASSWD:ALL", -4.5), ("ALL=(ALL:ALL) ALL", -3.0)])
def test_the_rule_that_the_agent_writes_word_for_word_says_least(rule: str, bits: float) -> None:
    """AWS documents the line; another one under the same name is somebody's."""
    row = {"source": "/etc/sudoers.d/ssm-agent-users", "header": "ssm-user", "rule_details": rule}

    assert [part.bits for part in told_by_row(Kind.SUDO, row, Change.ADDED, IN, SHARED)] == [bits]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Kind.AUTOSTART, "/etc/cron.d/backup.bak"),  # cronie reads it
        (Kind.AUTOSTART, "/etc/cron.hourly/sync.sh"),
        (Kind.PROCESS, "/etc/sudoers.d/x.old"),  # it runs
        (Kind.PRIVILEGED_FILE, "/etc/profile.d/x"),
        (Kind.LOADER, "/etc/ssh/sshd_config.d/x"),  # it is loaded
    ],
)
def test_no_name_excuses_what_acts(kind: Kind, path: str) -> None:
    """A service may skip a file of that name; who runs or loads it does not."""
    assert "nothing reads" not in told(kind, {"path": path}, IN)


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (Kind.LOGIN_CONFIG, {"path": "/etc/ssh/sshd_config.d/10-compat.conf"}),
        (Kind.LOGIN_CONFIG, {"path": "/etc/sudoers.d/deploy"}),
        (Kind.AUTOSTART, {"path": "/etc/profile.d/zz-locale.sh"}),
        (Kind.AUTOSTART, {"path": "/etc/cron.d/backup"}),
        (Kind.LOGIN_CONFIG, {"path": "/etc/pam.d/sshd"}),
        (Kind.LOGIN_CONFIG, {"path": "/etc/audit/rules.d/05-performance.rules"}),
        (Kind.LOGIN_CONFIG, {"path": "/etc/rsyslog.d/30-remote.conf"}),
        (Kind.MOUNT, {"path": "/etc/pam.d", "type": "ext4"}),
        (Kind.MOUNT, {"path": "/data", "type": "tmpfs"}),
        (Kind.UNIT, {"id": "x@1.service", "fragment_path": "/etc/systemd/system/x@.service"}),
        (Kind.LISTENER, {"address": "0.0.0.0", "process_path": "/usr/bin/postgres"}),
        (Kind.LISTENER, {"address": "127.0.0.1", "process_path": "/usr/bin/python3.11"}),
        (Kind.LISTENER, {"address": "127.0.0.1", "process_path": "/opt/x"}),
        (Kind.USER, {"username": "sysadm"}),
        (Kind.CRON, {"command": "root /usr/local/bin/sitmap"}),  # nobody else has it
        (Kind.CRON, {"command": "root /usr/local/bin/sitemap; sh /var/tmp/x"}),
        (Kind.CRON, {"command": "root /usr/local/bin/sitemap http://192.0.2.1/"}),
        (Kind.CRON, {"command": "root /usr/local/bin/php -r x"}),  # does as it is told
        (Kind.CRON, {"command": "root /usr/local/bin/sitemap `id`"}),
        (Kind.LOADER, {"path": "/usr/lib64/libssl.so.3"}),
        (Kind.LOADER, {"path": "/tmp/x.so (deleted)"}),
        (Kind.CONNECTION, {"remote_address": "10.0.7.8", "remote_port": "2049"}),
        (Kind.CONNECTION, {"remote_address": "10.0.7.7", "process_path": "/opt/x"}),
    ],
)
def test_what_only_looks_like_it_is_not_lowered(kind: Kind, row: Row) -> None:
    """What is read, what covers the system, what anybody reaches, what does as it is told."""
    assert told(kind, row, IN) == ""


def test_a_scope_of_a_session_needs_the_session() -> None:
    """Anybody may start a unit of that name."""
    assert told(Kind.UNIT, {"id": "session-4.scope"}, Evidence()) == ""
