"""What differs between honest twins besides their names: what was loaded, updated or written on each by itself?"""

from __future__ import annotations

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import upgrade

ON_DEMAND = ("udp_diag", "unix_diag", "tls", "rfkill")
"""Kernel modules that load when a tool first asks for them."""

EARLY_UPDATES = {
    "bind9-host": "1:9.18.41-1~deb12u1",
    "bind9-dnsutils": "1:9.18.41-1~deb12u1",
    "bind9-libs": "1:9.18.41-1~deb12u1",
}
"""Packages that unattended upgrades bring to some hosts before others."""


def lay_differences(draft: Draft) -> None:
    """Add what no two hosts, or only some, have in common although nobody did anything to them."""
    rng, identity = draft.rng, draft.identity
    draft.file("/etc/rsyslog.d/30-forward.conf", f"forward as {identity.hostname}", changed=draft.booted)
    draft.file(
        "/etc/udev/rules.d/70-persistent-net.rules", f"rules of {identity.instance_id}", changed=draft.booted
    )
    for name in rng.sample(ON_DEMAND, k=1 if rng.random() < 0.1 else 0):
        draft.add("kernel_modules", name=name, size=16384, used_by="-", status="Live", address="0x0")
    if rng.random() < 0.3:
        upgrade(draft, EARLY_UPDATES)
    for _ in range(rng.randrange(3)):
        key = f"|1|{rng.getrandbits(112):028x}= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{digest(str(rng.random()), 43)}"
        draft.add("known_hosts", uid=0, key=key, key_file="/root/.ssh/known_hosts")
    if rng.random() < 0.1:
        for row in draft.tables["systemd_units"]:
            if row["id"] in ("man-db.service", "update-motd.service"):
                row.update(active_state="failed", sub_state="failed")
