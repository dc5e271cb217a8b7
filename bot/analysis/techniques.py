"""Which of a query's ATT&CK techniques does one row show?"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.analysis.places import Trait
from bot.model import Query, Row

MOST = 3

# What a path gives away, most special first; only techniques that the query names are claimed.
_BY_PATH: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), technique)
    for pattern, technique in (
        (r"/atjobs/|/var/spool/at/", "T1053.002"),
        (r"/cron|/anacron", "T1053.003"),
        (r"\.timer$", "T1053.006"),
        (r"/systemd/", "T1543.002"),
        (r"/udev/", "T1546.017"),
        (r"/(?:apt|dnf|yum)[/.]", "T1546.016"),
        (r"/profile|bashrc|\.bash_|\.zshrc|\.profile", "T1546.004"),
        (r"/rc\.local|/init\.d/|motd", "T1037.004"),
        (r"/autostart/", "T1547.013"),
        (r"pam", "T1556.003"),
        (r"/ssh/", "T1021.004"),
        (r"/audit/", "T1562.012"),
        (r"rsyslog|selinux", "T1562.001"),
        (r"ld\.so|\.so(?:\.|$)", "T1574.006"),
    )
)


def narrowed(query: Query, row: Row, traits: Sequence[Trait]) -> tuple[str, ...]:
    """Return the techniques of the traits, else the one that the row's path gives away, else all of the query's."""
    by_trait = tuple(dict.fromkeys(trait.attack for trait in traits if trait.attack and trait.bits > 0))
    if by_trait:
        return by_trait[:MOST]
    path = row.get("path") or row.get("id", "")
    for pattern, technique in _BY_PATH:
        if technique in query.attack and pattern.search(path):
            return (technique,)
    return query.attack
