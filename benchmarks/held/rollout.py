"""Honest one-offs of what is on its way to every host and reached this one first."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def ssm_agent_updated(host: Host, rng: random.Random) -> None:
    """Systems Manager updated its own agent on this host in its window; the others have theirs later."""
    age_s, version = rng.randrange(400, 40_000), f"3.3.{rng.choice((2958, 2992, 3050))}.0"
    for row in moves.packages(host):
        if row["name"] == "amazon-ssm-agent":
            row["version"] = f"{version}-1" if scene.debian(host) else version
            if not scene.debian(host):
                row["install_time"] = str(scene.now(host) - age_s)
    for name in ("amazon-ssm-agent", "ssm-agent-worker", "ssm-document-worker", "ssm-session-worker"):
        moves.content(host, f"/usr/bin/{name}", version, age_s=age_s)
    for row in scene.named(host, "amazon-ssm-agen", "ssm-agent-worke"):
        row["start_time"] = str(scene.now(host) - age_s + 4)
    scene.put(host, f"/var/lib/amazon/ssm/update/amazon-ssm-agent/{version}/install.sh", version, mode="0755", age_s=age_s)  # fmt: skip


def unit_limited(host: Host, rng: random.Random) -> None:
    """The host's work was given another limit by systemctl edit, as a trial against its growing memory."""
    unit = scene.work(host)["cgroup_path"].rpartition("/")[2] or "ssh.service"
    limit = rng.choice(("MemoryMax=3G", "MemoryHigh=2500M", "LimitNOFILE=262144", "CPUQuota=180%", "TasksMax=4096"))  # fmt: skip
    scene.put(host, f"/etc/systemd/system/{unit}.d/override.conf", limit, age_s=rng.randrange(4_000, 5_000_000))  # fmt: skip


ONE_OFFS = (
    ssm_agent_updated,
    unit_limited,
)
