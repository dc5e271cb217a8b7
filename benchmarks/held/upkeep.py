"""Honest one-offs of packages: what was updated here, or not, or installed, or taken away."""

from __future__ import annotations

import random
import re
from posixpath import basename, dirname

from benchmarks.attacks import Host
from benchmarks.known import moves, scene

KERNELS = (
    (r"6\.1\.0-\d+", "6.1.0-40", "6.1.153"),
    (r"6\.1\.\d+-\d+\.\d+", "6.1.144-170.251", ""),
    (r"6\.8\.0-\d+", "6.8.0-1033", "6.8.0-1033.35"),
)  # fmt: skip
"""What kernels of each distribution are called, the newest, and the version of its package where that is another."""

UNUSED = {
    "binutils": ("binutils", "binutils-common", "binutils-x86-64-linux-gnu", "libbinutils", "libctf0", "libctf-nobfd0", "libgprofng0"),
    "kernel": ("linux-image-6.1.0-35-cloud-amd64",),
    "storage": ("mdadm", "multipath-tools", "btrfs-progs", "kpartx"),
    "terminal": ("byobu", "screen"),
    "tests": ("eatmydata", "libeatmydata1"),
    "words": ("hunspell", "hunspell-en", "hunspell-en-GB", "hunspell-en-US", "hunspell-filesystem", "words"),
    "quota": ("quota", "quota-nls"),
    "shells": ("tcsh", "nano"),
    "macros": ("ocaml-srpm-macros", "rust-srpm-macros", "go-srpm-macros", "ghc-srpm-macros", "perl-srpm-macros"),
}  # fmt: skip
"""What a clean-up finds that nothing needs, by what belongs together."""

APPLICATIONS = ("webapp", "api-service", "postgresql-15", "batch-worker", "redis-server", "kubelet", "docker-ce", "fail2ban", "java-11-amazon-corretto-headless",
                "rabbitmq-server", "php8.3-fpm", "php8.1-fpm", "charon-systemd")  # fmt: skip
"""What may be a host's work, or what it runs on, as a package."""

INTERPRETED = ("webapp", "api-service", "batch-worker", "fail2ban", "rabbitmq-server")
"""Of these those that run in an interpreter of another package."""


def kernel_newer_after_reboot(host: Host, rng: random.Random) -> None:
    """The host was rebooted last night, as the first of its group, and runs the kernel that updates had brought."""
    facts = host.tables["kernel_info"][0]
    was = facts["version"]
    pattern, new, version = next(each for each in KERNELS if re.search(each[0], was))
    runs = re.sub(pattern, new, was)
    facts.update(version=runs, path=f"/boot/vmlinuz-{runs}", arguments=facts["arguments"].replace(was, runs))
    if scene.debian(host):
        scene.package(host, f"linux-image-{runs}", version)
        host.change("deb_packages", {"name": "linux-image-cloud-amd64"}, version=f"{version}-1")
    else:
        version, _, release = runs.removesuffix(".x86_64").partition("-")
        scene.package(host, "kernel", version, release)
    booted(host, rng.randrange(3_000, 130_000), kernel=runs)


def booted(host: Host, up_s: int, *, kernel: str = "") -> None:
    """Let the host have come up that long ago: clocks, start times, the record of it, /tmp without leftovers."""
    boot = scene.now(host) - up_s
    host.tables["uptime"][0].update(
        days=str(up_s // 86_400), hours=str(up_s // 3_600 % 24), minutes=str(up_s // 60 % 60), seconds=str(up_s % 60), total_seconds=str(up_s)
    )  # fmt: skip
    for row in host.tables["processes"]:
        if int(row["start_time"]) < boot:
            row["start_time"] = str(boot + 2 + int(row["pid"]) % 40)
    host.tables["file"] = [
        row
        for row in host.tables["file"]
        if not (
            row["directory"] == "/tmp" and row["filename"].startswith("tmp") and int(row["mtime"] or 0) < boot
        )
    ]
    host.add("last", username="reboot", tty="~", pid=0, type=2, type_name="boot-time", time=boot, host=kernel)
    for name in ("udp_diag", "unix_diag", "rfkill"):
        host.remove("kernel_modules", name=name)


def old_packages_removed(host: Host, rng: random.Random) -> None:
    """Somebody cleaned up what nothing needs any more when the disk was full."""
    here = {row["name"] for row in moves.packages(host)}
    lots = [names for _, names in sorted(UNUSED.items()) if here & set(names)]
    for names in rng.sample(lots, min(len(lots), rng.choice((1, 1, 2)))):
        for table in moves.PACKAGES:
            host.tables[table] = [row for row in host.tables[table] if row["name"] not in names]


def hotfix_on_one_host(host: Host, rng: random.Random) -> None:
    """A fix of the application, or of what it runs on, was put on this host alone, to see whether it helps, before it goes to all."""
    age_s = rng.randrange(900, 20_000)
    images = moves.images(host)
    if images:
        image = rng.choice(images)
        fixed = moves.moved(image, 1)
        for row in host.tables["docker_containers"]:
            if row["image"] == image:
                row.update(image=fixed, image_id=f"sha256:{scene.digest(fixed)}", created=str(scene.now(host) - age_s),
                           status="Up 2 hours" if age_s > 7_200 else "Up About an hour")  # fmt: skip
        return
    package = next(
        (row for name in APPLICATIONS for row in moves.packages(host) if row["name"] == name), None
    )
    if package is None:  # what came without one is put in its place and started anew
        work = scene.work(host)
        _started_anew(host, work["pid"], age_s)
        moves.content(host, work["path"], "fixed", age_s=age_s)
        return
    was = package["version"].rpartition("-")[0] if scene.debian(host) else package["version"]
    fixed = moves.moved(was, 1)
    package["version"] = package["version"].replace(was, fixed)
    if not scene.debian(host):
        package["install_time"] = str(scene.now(host) - age_s)
    _released(host, package["name"], was, fixed, age_s)


def _released(host: Host, package: str, was: str, fixed: str, age_s: int) -> None:
    """Let files, schedules and the application that was started anew be of the fixed release."""
    when = str(scene.now(host) - age_s)
    work = scene.named(host, "dockerd")[0] if package == "docker-ce" else scene.work(host)
    for row in host.tables["processes"]:
        if was in row["cmdline"] or row["pid"] == work["pid"] or row["parent"] == work["pid"]:
            row.update(cmdline=row["cmdline"].replace(was, fixed), cwd=row["cwd"].replace(was, fixed), start_time=when)  # fmt: skip
    _started_anew(host, work["pid"], age_s)
    for row in host.tables["process_envs"]:
        row["value"] = row["value"].replace(was, fixed)
    for row in host.tables["crontab"]:
        if was in row["command"]:
            row["command"] = row["command"].replace(was, fixed)
            moves.content(host, row["path"], fixed, age_s=age_s)
    for table in ("file", "hash"):
        for row in host.tables[table]:
            if was in row["path"] and row["path"].startswith(("/opt/", "/srv/")):
                path = row["path"].replace(was, fixed)
                row.update(path=path, directory=dirname(path))
                row.update({"filename": basename(path), "mtime": when, "ctime": when} if table == "file" else {"sha256": scene.digest(path)})  # fmt: skip
    if package not in INTERPRETED:
        moves.content(host, work["path"], fixed, age_s=age_s)


def _started_anew(host: Host, pid: str, age_s: int) -> None:
    """Let a process and all below it have started that long ago; what is younger stays so."""
    when, level = scene.now(host) - age_s, {pid}
    while level:
        for row in host.tables["processes"]:
            if row["pid"] in level and int(row["start_time"]) < when:
                row["start_time"] = str(when)
        level = {row["pid"] for row in host.tables["processes"] if row["parent"] in level}


ONE_OFFS = (
    kernel_newer_after_reboot,
    old_packages_removed,
    hotfix_on_one_host,
)
