"""Where does a host stand in its group, and what does that bring: the neighbours, the newest updates?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import upgrade

DATABASE, CACHE = "10.20.40.17", "10.20.41.22"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a host stands in its group.

    Attributes:
        newest: Whether it runs the newest template version of its group (the others: the one before).
        peers: Private addresses of the other hosts.
    """

    newest: bool
    peers: tuple[str, ...]


SECURITY_UPDATES = {
    "debian": {
        "libssl3": "3.0.17-1~deb12u3", "openssl": "3.0.17-1~deb12u3", "curl": "7.88.1-10+deb12u14", "libcurl4": "7.88.1-10+deb12u14",
        "libcurl3-gnutls": "7.88.1-10+deb12u14", "sudo": "1.9.13p3-1+deb12u2", "libxml2": "2.9.14+dfsg-1.3~deb12u4",
        "git": "1:2.39.5-0+deb12u3", "git-man": "1:2.39.5-0+deb12u3", "tzdata": "2025b-0+deb12u2", "amazon-ssm-agent": "3.3.2746.0-1",
        "linux-image-cloud-amd64": "6.1.148-1",
    },
    "amazon": {
        "openssl": "3.2.2-1.amzn2023.0.2", "openssl-libs": "3.2.2-1.amzn2023.0.2", "curl-minimal": "8.11.1-4.amzn2023.0.3",
        "system-release": "2023.8.20250707", "tzdata": "2025b-1", "amazon-ssm-agent": "3.3.2746.0",
    },
}  # fmt: skip


def bring_updates(draft: Draft, system: str, place: Place) -> None:
    """Give a host of the newest template version the updates that its newer image has."""
    if place.newest:
        upgrade(draft, SECURITY_UPDATES[system])
        for row in draft.tables["hash"]:
            if row["path"] in (
                "/usr/bin/amazon-ssm-agent",
                "/usr/bin/ssm-agent-worker",
                "/usr/bin/ssm-document-worker",
                "/usr/bin/curl",
                "/usr/bin/sudo",
            ):
                row["sha256"] = digest(row["sha256"] + " updated")
