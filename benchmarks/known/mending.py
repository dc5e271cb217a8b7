"""Honest one-offs of repairs: disks, boot arguments, crash kernels, tables of the kernel, names that are asked too often."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def argument(host: Host, text: str, age_s: int) -> None:
    """Let the kernel have been booted with one more argument, and the boot loader know it."""
    host.tables["kernel_info"][0]["arguments"] += f" {text}"
    if scene.debian(host):
        scene.put(host, "/etc/default/grub", text, age_s=age_s)
        scene.put(host, "/boot/grub/grub.cfg", text, mode="0444", age_s=age_s - 9)
    else:
        scene.put(host, "/etc/default/grub", text, age_s=age_s)


def filesystem_read_only(host: Host, rng: random.Random) -> None:
    """A disk had errors once, so its file system is mounted read-only until somebody checks it."""
    disks = sorted((row for row in host.tables["mounts"] if row["type"] in ("ext4", "xfs", "vfat") and row["path"] != "/"), key=lambda row: row["path"])  # fmt: skip
    row = rng.choice([each for each in disks if each["type"] != "vfat"] or disks)
    row["flags"] = row["flags"].replace("rw", "ro", 1)


def volume_on_logical_disk(host: Host, rng: random.Random) -> None:
    """One host has its new data volume on a logical disk, as the former team liked it, and a snapshot of it is kept."""
    path, age_s = rng.choice(("/data", "/srv/data", "/var/lib/data")), moves.days_ago(host, rng, 3, 300)
    kind = rng.choice(("xfs", "ext4"))
    flags = "rw,relatime,attr2,inode64,logbufs=8,logbsize=32k,noquota" if kind == "xfs" else "rw,relatime"
    device = f"/dev/mapper/vg_{path.rpartition('/')[2]}-lv_main"
    host.add("mounts", device=device, device_alias=device, path=path, type=kind, flags=flags, blocks=52_000_000, blocks_free=31_000_000)  # fmt: skip
    host.add("systemd_units", id=f"{path[1:].replace('/', '-')}.mount", description=path, load_state="loaded", active_state="active", sub_state="mounted",
             unit_file_state="generated", fragment_path=f"/run/systemd/generator/{path[1:].replace('/', '-')}.mount", job_id=0, job_path="/")  # fmt: skip
    scene.put(host, "/etc/fstab", device, age_s=age_s)
    loaded = {row["name"] for row in host.tables["kernel_modules"]}
    wanted = (("xfs", "libcrc32c") if kind == "xfs" else ()) + (("dm_snapshot", "dm_bufio") if rng.random() < 0.5 else ())  # fmt: skip
    for name in wanted:
        if name not in loaded:
            scene.module(host, name, 1_900_000 if name == "xfs" else 57_344)
    if "dm_snapshot" in wanted:
        moves.state(host, "dm-event.service", "active", "running", "Device-mapper event daemon")
        moves.run(host, "/usr/sbin/dmeventd", "/sbin/dmeventd -f", age_s=min(age_s, 40_000), unit="dm-event.service")  # fmt: skip
    if not moves.installed(host, "lvm2"):
        for name in ("lvm2", "lvm2-libs", "device-mapper-event", "device-mapper-event-libs", "device-mapper-persistent-data"):  # fmt: skip
            scene.package(host, name, "2.03.16", "1.amzn2023.0.3")


def boot_arguments_for_debugging(host: Host, rng: random.Random) -> None:
    """The host was slow to boot, and was booted with more to say; the argument stayed."""
    text = rng.choice(("systemd.log_level=debug", "printk.devkmsg=on log_buf_len=8M", "initcall_debug", "systemd.show_status=1 loglevel=7"))  # fmt: skip
    argument(host, text, moves.days_ago(host, rng, 20, 200))


def crash_kernel_reserved(host: Host, rng: random.Random) -> None:
    """After a crash that left nothing, memory was kept aside on this host for a kernel that writes the dump of the next one."""
    age_s = moves.days_ago(host, rng, 20, 300)
    argument(host, rng.choice(("crashkernel=256M", "crashkernel=384M-:128M", "crashkernel=512M")), age_s)
    if scene.debian(host):
        for name, version in (("kdump-tools", "1:1.8.1"), ("kexec-tools", "1:2.0.25"), ("makedumpfile", "1:1.7.2")):  # fmt: skip
            scene.package(host, name, version)
        for name in ("kdump-tools", "kexec", "kexec-load"):
            scene.put(host, f"/etc/init.d/{name}", mode="0755", age_s=age_s + 400 * moves.DAY_S)
        scene.put(host, "/etc/sysctl.d/50-kdump.conf", "kernel.panic_on_oops", age_s=age_s)
        scene.unit(host, "kdump-tools.service", "Kernel crash dump capture service", folder=scene.unit_folder(host), sub="exited", age_s=age_s + 400 * moves.DAY_S)  # fmt: skip
    else:
        for name, version in (("kexec-tools", "2.0.26"), ("makedumpfile", "1.7.4"), ("kdump-utils", "1.0.43")):  # fmt: skip
            if not moves.installed(host, name):
                scene.package(host, name, version, "1.amzn2023.0.1")
        scene.unit(host, "kdump.service", "Crash recovery kernel arming", folder=scene.unit_folder(host), sub="exited", age_s=age_s + 400 * moves.DAY_S)  # fmt: skip
        scene.put(host, "/etc/kdump.conf", "path /var/crash", age_s=age_s)


def connection_tracking_enlarged(host: Host, rng: random.Random) -> None:
    """The kernel's table of connections was full in some night; on-call made it larger and wrote it down."""
    most, age_s = rng.choice((262_144, 524_288, 1_048_576)), moves.days_ago(host, rng, 1, 400)
    scene.control(host, "net.netfilter.nf_conntrack_max", str(most))
    scene.put(host, f"/etc/sysctl.d/{rng.choice((60, 90, 99))}-conntrack.conf", f"{most}", age_s=age_s)
    if rng.random() < 0.6:
        scene.put(host, "/etc/modprobe.d/nf_conntrack.conf", f"hashsize={most // 4}", age_s=age_s)


def local_name_cache(host: Host, rng: random.Random) -> None:
    """Names were asked too often, so one host got a cache of its own: dnsmasq, or nscd where something answers names already."""
    age_s, folder = moves.days_ago(host, rng, 1, 200), scene.unit_folder(host)
    taken = any(row["port"] == "53" for row in host.tables["listening_ports"])
    name, nologin = ("nscd" if taken else "dnsmasq", "/usr/sbin/nologin" if scene.debian(host) else "/sbin/nologin")  # fmt: skip
    if any(row["id"] == f"{name}.service" for row in host.tables["systemd_units"]):
        return
    scene.package(host, name, "2.36" if taken else "2.90", "9+deb12u10" if taken else "4~deb12u1")
    scene.unit(host, f"{name}.service", "Name Service Cache Daemon" if taken else "dnsmasq - A lightweight DHCP and caching DNS server", folder=folder, age_s=age_s + 200 * moves.DAY_S)  # fmt: skip
    up_s = min(age_s, int(host.tables["uptime"][0]["total_seconds"]) - 60)
    if taken:
        scene.put(host, "/etc/nscd.conf", "hosts only", age_s=age_s)
        pid = moves.run(host, "/usr/sbin/nscd", "/usr/sbin/nscd", age_s=up_s, unit="nscd.service")
        host.change("processes", {"pid": pid}, threads="9")
        return
    if not any(row["username"] == "dnsmasq" for row in host.tables["users"]):
        moves.account(host, "dnsmasq", moves.free_uid(host, 116), home="/var/lib/misc", shell=nologin)
    scene.put(host, "/etc/dnsmasq.d/cache.conf", f"cache-size={rng.choice((1000, 5000, 10_000))}", age_s=age_s)  # fmt: skip
    if scene.debian(host):
        scene.package(host, "dnsmasq-base", "2.90", "4~deb12u1")
        scene.put(host, "/etc/init.d/dnsmasq", mode="0755", age_s=age_s + 200 * moves.DAY_S)
    pid = moves.run(host, "/usr/sbin/dnsmasq", "/usr/sbin/dnsmasq -x /run/dnsmasq/dnsmasq.pid -u dnsmasq -7 /etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new --local-service",
                    uid=scene.uid_of(host, "dnsmasq"), age_s=up_s, unit="dnsmasq.service")  # fmt: skip
    for protocol in (6, 17):
        scene.listen(host, pid, 53, "127.0.0.1", protocol=protocol)
    for row in host.tables["dns_resolvers"]:
        if row["type"] == "nameserver":
            row["address"] = "127.0.0.1"
    scene.put(host, "/etc/resolv.conf", "127.0.0.1", age_s=age_s)


ONE_OFFS = (
    filesystem_read_only,
    volume_on_logical_disk,
    boot_arguments_for_debugging,
    crash_kernel_reserved,
    connection_tracking_enlarged,
    local_name_cache,
)
