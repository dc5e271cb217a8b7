"""Honest one-offs without a person on the host: updates, hardware, leftovers, settings, canaries."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def package_run_broken(host: Host, rng: random.Random) -> None:
    """A run of the package manager was cut off: one package half configured, its lock still held."""
    scene.transaction(host)
    table = host.tables["deb_packages" if scene.debian(host) else "rpm_packages"]
    for row in rng.sample(table, 3):
        row["version"] += "+deb12u1" if scene.debian(host) else ".1"
    if scene.debian(host):
        rng.choice(table)["status"] = "install ok half-configured"
        first = scene.spawn(host, "/usr/bin/apt-get", "apt-get -qq -y upgrade", unit="apt-daily-upgrade.service")  # fmt: skip
        scene.spawn(host, "/usr/bin/dpkg", "/usr/bin/dpkg --status-fd 11 --configure --pending", parent=first)
    else:
        scene.spawn(host, scene.python(host), "/usr/bin/python3 /usr/bin/dnf -y upgrade --security", name="dnf")  # fmt: skip


def core_dump(host: Host, rng: random.Random) -> None:
    """A worker crashed and its core is being written."""
    pid, number = rng.randrange(2_000, 40_000), rng.randrange(9)
    unit = f"systemd-coredump@{number}-{pid}-0.service"
    host.add("systemd_units", id=unit, description=f"Process Core Dump (PID {pid}/UID 0)", load_state="loaded", active_state="active",
             sub_state="running", unit_file_state="static", fragment_path=f"{scene.unit_folder(host)}/systemd-coredump@.service")  # fmt: skip
    scene.spawn(
        host, "/usr/lib/systemd/systemd-coredump", "/lib/systemd/systemd-coredump", name="systemd-coredum", unit=unit, age_s=4
    )  # fmt: skip
    name = scene.work(host)["name"]
    scene.put(host, f"/var/lib/systemd/coredump/core.{name}.{pid}.zst", mode="0640", age_s=3)


def larger_volume(host: Host, rng: random.Random) -> None:
    """A second volume was added when the first filled up."""
    path = rng.choice(("/data", "/mnt/scratch", "/var/log"))
    host.add("mounts", device="/dev/nvme2n1", device_alias="/dev/nvme2n1", path=path, type="xfs", blocks=130_000_000,
             blocks_free=120_000_000, flags="rw,relatime,attr2,inode64,logbufs=8,logbsize=32k,noquota")  # fmt: skip
    if scene.debian(host):
        for name in ("xfs", "libcrc32c"):
            scene.module(host, name, 1_900_000 if name == "xfs" else 16_384)
    scene.put(host, "/etc/fstab", f"with {path}")


def debug_build(host: Host, rng: random.Random) -> None:
    """One host runs the application with more to say."""
    row = scene.work(host)
    was, more = row["cmdline"], rng.choice((" --log-level=debug", " -v 6", " --trace"))
    for each in host.tables["processes"]:
        if each["cmdline"] == was:
            each["cmdline"] += more
    scene.variable(host, row["pid"], LOG_LEVEL="debug", MALLOC_CONF="prof:true")
    units = [each["path"] for each in host.tables["file"] if each["path"].startswith("/etc/systemd/system/") and each["path"].endswith(".service")]  # fmt: skip
    scene.put(host, f"{rng.choice(sorted(units))}.d/debug.conf" if units else "/etc/default/app", "debug")


def first_boot_again(host: Host, rng: random.Random) -> None:
    """cloud-init ran its first boot anew: keys, user, configuration of sshd."""
    text = f"again {rng.randrange(3)}"
    for kind in ("ecdsa", "ed25519", "rsa"):
        scene.put(host, f"/etc/ssh/ssh_host_{kind}_key.pub", f"{kind} {text} {scene.own_address(host)}")
    scene.put(host, "/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication no", mode="0600")
    scene.put(host, "/etc/sudoers.d/90-cloud-init-users", text, mode="0440")
    scene.put(host, "/var/lib/cloud/instance/sem/config_scripts_user", text)


def agent_canary(host: Host, rng: random.Random) -> None:
    """The next version of the exporter is tried on this host."""
    scene.replace(host, "/usr/local/bin/node_exporter", f"1.9.{rng.randrange(3)}")
    scene.replace(host, "/etc/systemd/system/node_exporter.service", "1.9")
    for row in scene.named(host, "node_exporter"):
        row["cmdline"] += " --collector.processes --no-collector.thermal_zone"


def profiler_port(host: Host, rng: random.Random) -> None:
    """A profiler's port is open on loopback for a day."""
    scene.listen(host, scene.work(host)["pid"], rng.choice((6060, 5005, 9222, 4040)), "127.0.0.1")


def other_counts(host: Host, rng: random.Random) -> None:
    """A host with more cores counted its workers and collector threads anew."""
    row, count = scene.work(host), rng.randrange(4, 17)
    was = row["cmdline"]
    flag = f" -XX:ParallelGCThreads={count}" if row["name"] == "java" else f" --workers {count}"
    crew = [each for each in host.tables["processes"] if each["cmdline"] == was]
    for each in crew:
        each["cmdline"] += flag
    for _ in range(2 if row["name"] != "java" else 0):
        scene.spawn(host, row["path"], was + flag, name=row["name"], uid=row["uid"], parent=row["pid"], cwd=row["cwd"])  # fmt: skip


def other_time_daemon(host: Host, rng: random.Random) -> None:
    """An older image: the time is kept by timesyncd instead of chrony."""
    scene.stop(host, "chronyd")
    for table in ("deb_packages", "rpm_packages"):
        host.remove(table, name="chrony")
    for name in ("chrony.service", "chronyd.service"):
        host.remove("systemd_units", id=name)
    scene.unit(host, "systemd-timesyncd.service", "Network Time Synchronization", folder=scene.unit_folder(host), age_s=60 * moves.DAY_S)  # fmt: skip
    scene.spawn(
        host, "/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd", name="systemd-timesyn",
        uid=rng.choice(("997", "998")), unit="systemd-timesyncd.service", age_s=90_000,
    )  # fmt: skip


def leftovers_of_config(host: Host, rng: random.Random) -> None:
    """An upgrade left the former version of a file beside the new one."""
    suffix = ".dpkg-old" if scene.debian(host) else ".rpmsave"
    path = rng.choice(("/etc/pam.d/sshd", "/etc/ssh/sshd_config.d/50-site.conf", "/etc/cron.d/backup", "/etc/sudoers.d/deploy"))  # fmt: skip
    scene.put(host, path + suffix, mode="0440" if "sudoers" in path else "0644", age_s=20 * 86_400)


def moved_endpoint(host: Host, rng: random.Random) -> None:
    """The application reached a service behind other addresses since its name was moved."""
    pid = scene.work(host)["pid"]
    for _ in range(rng.randrange(1, 4)):
        scene.connect(host, pid, f"10.20.{rng.choice((44, 46))}.{rng.randrange(10, 90)}", rng.choice((443, 5432, 9092)))  # fmt: skip


ONE_OFFS = (
    package_run_broken,
    core_dump,
    larger_volume,
    debug_build,
    first_boot_again,
    agent_canary,
    profiler_port,
    other_counts,
    other_time_daemon,
    leftovers_of_config,
    moved_endpoint,
)
