"""Honest one-offs without a person on the host: updates, hardware, leftovers, settings, canaries."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import scene


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


def unit_failed(host: Host, rng: random.Random) -> None:
    """A unit failed at boot and waits to be looked at."""
    names = [row["id"] for row in host.tables["systemd_units"] if row["unit_file_state"] == "static" and row["id"].endswith(".service")]  # fmt: skip
    host.change("systemd_units", {"id": rng.choice(names)}, active_state="failed", sub_state="failed")


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


def other_processor(host: Host, rng: random.Random) -> None:
    """The host came up on another type of machine: other microcode, other drivers."""
    host.change("system_info", {}, cpu_brand="AMD EPYC 7R13 Processor", hardware_model="m6a.large")
    for name in rng.sample(("ccp", "amd_energy", "kvm_amd", "edac_mce_amd", "sha_ni"), 2):
        scene.module(host, name)
    host.remove("kernel_modules", name="crc32c_intel")


def locale_added(host: Host, rng: random.Random) -> None:
    """A report needed other locales."""
    scene.package(host, rng.choice(("locales-all", "glibc-langpack-de", "fonts-dejavu-core")), "2.36", "9")
    scene.put(host, "/etc/default/locale", "LANG=de_DE.UTF-8")
    scene.put(host, "/etc/profile.d/lang.sh", "de_DE")


def waits_for_restart(host: Host, rng: random.Random) -> None:
    """The host still runs the kernel before the one that is installed."""
    was = host.tables["kernel_info"][0]["version"]
    older = was.replace("37", "35").replace("141-155.222", "134-152.225")
    host.change("kernel_info", {}, version=older, arguments=host.tables["kernel_info"][0]["arguments"].replace(was, older))  # fmt: skip
    if scene.debian(host):
        scene.put(host, "/run/reboot-required", "kernel")
        host.add("deb_packages", name="linux-image-6.1.0-35-cloud-amd64", version="6.1.137-1", arch="amd64", status="install ok installed")  # fmt: skip


def longer_search(host: Host, rng: random.Random) -> None:
    """The resolver searches one domain more, as another DHCP option set says."""
    host.add("dns_resolvers", id=1, type="search", address=f"{rng.choice(('corp', 'svc', 'prod'))}.internal.example", options=705)  # fmt: skip


def swap_added(host: Host, rng: random.Random) -> None:
    """A swap file was added after the last lack of memory."""
    scene.put(host, "/swapfile", mode="0600")
    scene.put(host, "/etc/systemd/system/swapfile.swap", "swap")
    scene.put(host, "/etc/sysctl.d/90-swappiness.conf", f"vm.swappiness={rng.choice((1, 10, 20))}")
    scene.control(host, "vm.swappiness", "10")


def tuned_by_hand(host: Host, rng: random.Random) -> None:
    """Controls were set for one experiment and written down."""
    name, value = rng.choice((("net.ipv4.ip_local_port_range", "15000\t65000"), ("vm.overcommit_memory", "1"), ("kernel.sysrq", "0")))  # fmt: skip
    scene.control(host, name, value)
    scene.put(host, "/etc/sysctl.d/60-experiment.conf", f"{name}={value}")


def driver_rebuilt(host: Host, rng: random.Random) -> None:
    """A driver outside the kernel's tree, of the network card, was built here: it taints the kernel."""
    host.change("kernel_modules", {"name": "ena"}, size=str(180_224 + rng.randrange(9) * 4096))
    scene.control(host, "kernel.tainted", "12288")
    scene.package(host, "ena-dkms" if scene.debian(host) else "kmod-ena", "2.13.0")
    scene.put(host, "/etc/modprobe.d/ena.conf", "options ena")


ONE_OFFS = (
    library_replaced,
    unit_failed,
    snap_revisions,
    other_processor,
    locale_added,
    waits_for_restart,
    longer_search,
    swap_added,
    tuned_by_hand,
    driver_rebuilt,
)
