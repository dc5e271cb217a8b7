"""Honest one-offs of jobs: what runs at this moment, on one host of a group only."""

from __future__ import annotations

import random
import re
import uuid

from benchmarks.attacks import Host
from benchmarks.known import moves, scene

DATABASE = "10.20.40.17"
BUILD_HOSTS = ("10.20.12.41", "10.20.12.42", "10.20.12.57")


def _document(host: Host, rng: random.Random, age_s: int) -> str:
    """Let Systems Manager run a document of shell commands; return the pid of its shell."""
    command = str(uuid.UUID(int=rng.getrandbits(128), version=4))
    unit, path = "amazon-ssm-agent.service", "/usr/bin/ssm-document-worker"
    known = re.search(r"i-[0-9a-f]{8,17}", " ".join(row["cmdline"] for row in scene.named(host, "sh")))
    instance = known[0] if known else f"i-{rng.getrandbits(68):017x}"
    parents = scene.named(host, "ssm-agent-worke", "amazon-ssm-agen")
    worker = moves.run(host, path, f"{path} {command}", name="ssm-document-wo", parent=parents[0]["pid"] if parents else "1", age_s=age_s, unit=unit)  # fmt: skip
    script = f"/var/lib/amazon/ssm/{instance}/document/orchestration/{command}/awsrunShellScript/0.awsrunShellScript/_script.sh"
    return moves.run(host, scene.shell(host), f"sh -c {script}", name="sh", parent=worker, cwd="/usr/bin", age_s=age_s, unit=unit)  # fmt: skip


def snapshot_with_freeze(host: Host, rng: random.Random) -> None:
    """The lifecycle of volumes makes a snapshot of this host's disks and holds their file systems still by a document."""
    age_s = rng.randrange(2, 40)
    shell = _document(host, rng, age_s)
    paths = sorted(row["path"] for row in host.tables["mounts"] if row["type"] in ("xfs", "ext4") and row["path"] != "/")  # fmt: skip
    unit = "amazon-ssm-agent.service"
    if paths and rng.random() < 0.5:
        moves.run(host, "/usr/sbin/fsfreeze", f"fsfreeze -f {rng.choice(paths)}", parent=shell, age_s=1, unit=unit)  # fmt: skip
    else:
        path, line = rng.choice((("/usr/bin/sync", "sync"), ("/usr/bin/sleep", "sleep 20")))
        moves.run(host, path, line, parent=shell, age_s=1, unit=unit)


def schema_migration_from_ci(host: Host, rng: random.Random) -> None:
    """A release's migration of the database runs from one host of the group, started by the pipeline over SSH."""
    age_s, uid = rng.randrange(10, 900), scene.uid_of(host, "deploy")
    sshd = moves.bare_session(host, user="deploy", address=rng.choice(BUILD_HOSTS), age_s=age_s, number=rng.randrange(40, 900))  # fmt: skip
    release = f"{rng.randrange(2, 6)}.{rng.randrange(40)}.{rng.randrange(6)}"
    images = moves.images(host)
    if images:
        image = moves.moved(rng.choice(images), 1)
        line = f"docker run --rm --network host {image} migrate --to {release}"
    else:
        line = f"/usr/bin/python3 /home/deploy/releases/{release}/migrate.py upgrade head"
    shell = moves.run(host, "/usr/bin/bash", f"bash -c set -eu; {line}", uid=uid, parent=sshd, cwd="/home/deploy", age_s=age_s)  # fmt: skip
    if images:
        moves.run(host, "/usr/bin/docker", line, uid=uid, parent=shell, cwd="/home/deploy", age_s=age_s - 1)
        pid = scene.container(host, f"{rng.choice(('brave', 'calm', 'eager'))}_{rng.choice(('noether', 'euler', 'curie'))}", image, f"/app/migrate --to {release}")  # fmt: skip
    else:
        pid = moves.run(host, scene.python(host), line, name="python3", uid=uid, parent=shell, cwd="/home/deploy", age_s=age_s - 1)  # fmt: skip
        scene.put(host, f"/home/deploy/releases/{release}/migrate.py", release, uid=uid, age_s=age_s + 40)
    scene.connect(host, pid, DATABASE, 5432)


def rescue_tool_by_automation(host: Host, rng: random.Random) -> None:
    """Support's automation brought EC2Rescue to /tmp, unpacked it and lets it examine the host."""
    age_s = rng.randrange(20, 240)
    version = f"1.1.{rng.randrange(4, 9)}"
    folder = rng.choice(("/tmp", "/var/tmp")) + f"/ec2rl-{version}"
    shell = _document(host, rng, age_s)
    scene.put(host, f"{folder.rpartition('/')[0]}/ec2rl-bundled.tgz", version, age_s=age_s)
    for name in ("ec2rl", "lib/_ssl.cpython-36m-x86_64-linux-gnu.so", "lib/libpython3.6m.so.1.0"):
        scene.put(host, f"{folder}/{name}", f"{version}", mode="0755", age_s=age_s - 5)
    for name in ("functions.bash", "README.md", "mod.d/dhclientleases.yaml"):
        scene.put(host, f"{folder}/{name}", f"{version}", age_s=age_s - 5)
    line = f"./ec2rl run --remediate=no --only-class={rng.choice(('diagnose', 'gather', 'collect'))}"
    first = scene.spawn(host, f"{folder}/ec2rl", line, name="ec2rl", parent=shell, cwd=folder, age_s=age_s - 6, unit="amazon-ssm-agent.service")  # fmt: skip
    second = scene.spawn(host, f"{folder}/ec2rl", line, name="ec2rl", parent=first, cwd=folder, age_s=age_s - 7, unit="amazon-ssm-agent.service")  # fmt: skip
    if rng.random() < 0.5:
        moves.run(host, "/usr/bin/bash", f"/bin/bash {folder}/mod.d/vmstat.sh", parent=second, cwd=folder, age_s=2, unit="amazon-ssm-agent.service")  # fmt: skip
    scene.put(host, f"/var/tmp/ec2rl/{scene.now(host) - age_s}/Main.log", version, age_s=1)


ONE_OFFS = (
    snapshot_with_freeze,
    schema_migration_from_ci,
    rescue_tool_by_automation,
)
