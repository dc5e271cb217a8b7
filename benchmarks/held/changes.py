"""Honest one-offs without a person on the host: updates, hardware, leftovers, settings, canaries."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.held import scene


def package_run_broken(host: Host, rng: random.Random) -> None:
    """A run of the package manager was cut off: one package half configured, its lock still held."""
    table = host.tables["deb_packages" if scene.debian(host) else "rpm_packages"]
    for row in rng.sample(table, 3):
        row["version"] += "+deb12u1" if scene.debian(host) else ".1"
    if scene.debian(host):
        rng.choice(table)["status"] = "install ok half-configured"
        first = scene.spawn(host, "/usr/bin/apt-get", "apt-get -qq -y upgrade", unit="apt-daily-upgrade.service")  # fmt: skip
        scene.spawn(host, "/usr/bin/dpkg", "/usr/bin/dpkg --status-fd 11 --configure --pending", parent=first)
    else:
        scene.spawn(host, scene.python(host), "/usr/bin/python3 /usr/bin/dnf -y upgrade --security", name="dnf")  # fmt: skip


def library_replaced(host: Host, rng: random.Random) -> None:
    """Updates replaced a library; daemons that were not restarted still map the old one."""
    name = rng.choice(("libssl.so.3", "libcrypto.so.3", "libsystemd.so.0.35.0", "libexpat.so.1.8.10"))
    path = f"{scene.libraries(host)}/{name}"
    for row in host.tables["process_memory_map"]:
        if row["path"] == path and rng.random() < 0.7:
            row["path"] += " (deleted)"
    for row in host.tables["deb_packages"] + host.tables["rpm_packages"]:
        if row["name"] in ("openssl", "libssl3", "openssl-libs", "libexpat1", "expat", "libsystemd0"):
            row["version"] += ".2"
    for row in rng.sample(scene.named(host, "sshd", "cron", "crond", "rsyslogd"), 1):
        scene.load(host, row["pid"], f"{path} (deleted)")


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


def unit_failed(host: Host, rng: random.Random) -> None:
    """A unit failed at boot and waits to be looked at."""
    names = [row["id"] for row in host.tables["systemd_units"] if row["unit_file_state"] == "static" and row["id"].endswith(".service")]  # fmt: skip
    host.change("systemd_units", {"id": rng.choice(names)}, active_state="failed", sub_state="failed")


def larger_volume(host: Host, rng: random.Random) -> None:
    """A second volume was added when the first filled up."""
    path = rng.choice(("/data", "/mnt/scratch", "/var/log"))
    host.add("mounts", device="/dev/nvme2n1", device_alias="/dev/nvme2n1", path=path, type="xfs", blocks=130_000_000,
             blocks_free=120_000_000, flags="rw,relatime,attr2,inode64,logbufs=8,logbsize=32k,noquota")  # fmt: skip
    if scene.debian(host):
        for name in ("xfs", "libcrc32c"):
            scene.module(host, name, 1_900_000 if name == "xfs" else 16_384)
    scene.put(host, "/etc/fstab", f"with {path}")


def snap_revisions(host: Host, rng: random.Random) -> None:
    """A snap was refreshed and its former revision is kept."""
    for revision in (rng.randrange(7_000, 7_400), rng.randrange(7_400, 7_990)):
        host.add("mounts", device=f"/dev/loop{revision % 7}", device_alias=f"/dev/loop{revision % 7}", path=f"/snap/lxd/{revision}",
                 type="squashfs", flags="ro,nodev,relatime")  # fmt: skip
        name = f"snap-lxd-{revision}.mount"
        scene.put(host, f"/etc/systemd/system/{name}", f"mount {revision}")
        scene.put(host, f"/etc/systemd/system/multi-user.target.wants/{name}", f"mount {revision}", target=f"/etc/systemd/system/{name}")  # fmt: skip
    scene.unit(host, "snap.lxd.daemon.service", "Service for snap application lxd.daemon", state="static", active="inactive", sub="dead")  # fmt: skip
    scene.unit(host, "snap.lxd.activate.service", "Service for snap application lxd.activate", sub="exited")


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


def other_processor(host: Host, rng: random.Random) -> None:
    """The host came up on another type of machine: other microcode, other drivers."""
    host.change("system_info", {}, cpu_brand="AMD EPYC 7R13 Processor", hardware_model="m6a.large")
    for name in rng.sample(("ccp", "amd_energy", "kvm_amd", "edac_mce_amd", "sha_ni"), 2):
        scene.module(host, name)
    host.remove("kernel_modules", name="crc32c_intel")


def first_boot_again(host: Host, rng: random.Random) -> None:
    """cloud-init ran its first boot anew: keys, user, configuration of sshd."""
    text = f"again {rng.randrange(3)}"
    for kind in ("ecdsa", "ed25519", "rsa"):
        scene.put(host, f"/etc/ssh/ssh_host_{kind}_key.pub", f"{kind} {text} {scene.own_address(host)}")
    scene.put(host, "/etc/ssh/sshd_config.d/50-cloud-init.conf", "PasswordAuthentication no", mode="0600")
    scene.put(host, "/etc/sudoers.d/90-cloud-init-users", text, mode="0440")
    scene.put(host, "/var/lib/cloud/instance/sem/config_scripts_user", text)


def locale_added(host: Host, rng: random.Random) -> None:
    """A report needed other locales."""
    scene.package(host, rng.choice(("locales-all", "glibc-langpack-de", "fonts-dejavu-core")), "2.36", "9")
    scene.put(host, "/etc/default/locale", "LANG=de_DE.UTF-8")
    scene.put(host, "/etc/profile.d/lang.sh", "de_DE")


def agent_canary(host: Host, rng: random.Random) -> None:
    """The next version of the exporter is tried on this host."""
    scene.replace(host, "/usr/local/bin/node_exporter", f"1.9.{rng.randrange(3)}")
    scene.replace(host, "/etc/systemd/system/node_exporter.service", "1.9")
    for row in scene.named(host, "node_exporter"):
        row["cmdline"] += " --collector.processes --no-collector.thermal_zone"


def waits_for_restart(host: Host, rng: random.Random) -> None:
    """The host still runs the kernel before the one that is installed."""
    was = host.tables["kernel_info"][0]["version"]
    older = was.replace("37", "35").replace("141-155.222", "134-152.225")
    host.change("kernel_info", {}, version=older, arguments=host.tables["kernel_info"][0]["arguments"].replace(was, older))  # fmt: skip
    if scene.debian(host):
        scene.put(host, "/run/reboot-required", "kernel")
        host.add("deb_packages", name="linux-image-6.1.0-35-cloud-amd64", version="6.1.137-1", arch="amd64", status="install ok installed")  # fmt: skip


def profiler_port(host: Host, rng: random.Random) -> None:
    """A profiler's port is open on loopback for a day."""
    scene.listen(host, scene.work(host)["pid"], rng.choice((6060, 5005, 9222, 4040)), "127.0.0.1")


def longer_search(host: Host, rng: random.Random) -> None:
    """The resolver searches one domain more, as another DHCP option set says."""
    host.add("dns_resolvers", id=1, type="search", address=f"{rng.choice(('corp', 'svc', 'prod'))}.internal.example", options=705)  # fmt: skip


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


def swap_added(host: Host, rng: random.Random) -> None:
    """A swap file was added after the last lack of memory."""
    scene.put(host, "/swapfile", mode="0600")
    scene.put(host, "/etc/systemd/system/swapfile.swap", "swap")
    scene.put(host, "/etc/sysctl.d/90-swappiness.conf", f"vm.swappiness={rng.choice((1, 10, 20))}")
    scene.control(host, "vm.swappiness", "10")


def other_time_daemon(host: Host, rng: random.Random) -> None:
    """An older image: the time is kept by timesyncd instead of chrony."""
    scene.stop(host, "chronyd")
    for table in ("deb_packages", "rpm_packages"):
        host.remove(table, name="chrony")
    for name in ("chrony.service", "chronyd.service"):
        host.remove("systemd_units", id=name)
    scene.unit(host, "systemd-timesyncd.service", "Network Time Synchronization", folder=scene.unit_folder(host))  # fmt: skip
    scene.spawn(
        host, "/usr/lib/systemd/systemd-timesyncd", "/lib/systemd/systemd-timesyncd", name="systemd-timesyn",
        uid=rng.choice(("997", "998")), unit="systemd-timesyncd.service", age_s=90_000,
    )  # fmt: skip


def tuned_by_hand(host: Host, rng: random.Random) -> None:
    """Controls were set for one experiment and written down."""
    name, value = rng.choice((("net.ipv4.ip_local_port_range", "15000\t65000"), ("vm.overcommit_memory", "1"), ("kernel.sysrq", "0")))  # fmt: skip
    scene.control(host, name, value)
    scene.put(host, "/etc/sysctl.d/60-experiment.conf", f"{name}={value}")


def leftovers_of_config(host: Host, rng: random.Random) -> None:
    """An upgrade left the former version of a file beside the new one."""
    suffix = ".dpkg-old" if scene.debian(host) else ".rpmsave"
    path = rng.choice(("/etc/pam.d/sshd", "/etc/ssh/sshd_config.d/50-site.conf", "/etc/cron.d/backup", "/etc/sudoers.d/deploy"))  # fmt: skip
    scene.put(host, path + suffix, mode="0440" if "sudoers" in path else "0644", age_s=20 * 86_400)


def driver_rebuilt(host: Host, rng: random.Random) -> None:
    """A driver outside the kernel's tree, of the network card, was built here: it taints the kernel."""
    host.change("kernel_modules", {"name": "ena"}, size=str(180_224 + rng.randrange(9) * 4096))
    scene.control(host, "kernel.tainted", "12288")
    scene.package(host, "ena-dkms" if scene.debian(host) else "kmod-ena", "2.13.0")
    scene.put(host, "/etc/modprobe.d/ena.conf", "options ena")


def moved_endpoint(host: Host, rng: random.Random) -> None:
    """The application reached a service behind other addresses since its name was moved."""
    pid = scene.work(host)["pid"]
    for _ in range(rng.randrange(1, 4)):
        scene.connect(host, pid, f"10.20.{rng.choice((44, 46))}.{rng.randrange(10, 90)}", rng.choice((443, 5432, 9092)))  # fmt: skip


ONE_OFFS = (
    package_run_broken, library_replaced, core_dump, unit_failed, larger_volume, snap_revisions, debug_build, other_processor,
    first_boot_again, locale_added, agent_canary, waits_for_restart, profiler_port, longer_search, other_counts, swap_added,
    other_time_daemon, tuned_by_hand, leftovers_of_config, driver_rebuilt, moved_endpoint,
)  # fmt: skip
