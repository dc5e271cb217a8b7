"""Honest one-offs of repairs: a shared folder, addresses that were shut out, a protocol that was switched off."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def shared_folder_by_efs(host: Host, rng: random.Random) -> None:
    """A folder is shared by EFS with its helper: a proxy on loopback that the kernel mounts through, and a watchdog."""
    age_s = min(moves.days_ago(host, rng, 2, 90), int(host.tables["uptime"][0]["total_seconds"]) - 90)
    volume, port = f"fs-0{rng.getrandbits(64):016x}", rng.randrange(20_049, 20_449)
    path = rng.choice(("/mnt/efs", "/srv/shared", "/mnt/uploads"))
    if not moves.installed(host, "amazon-efs-utils"):
        scene.package(host, "amazon-efs-utils", "2.1.0")
    host.add("mounts", device="127.0.0.1:/", device_alias="127.0.0.1:/", path=path, type="nfs4",
             flags=f"rw,relatime,vers=4.1,rsize=1048576,wsize=1048576,namlen=255,hard,noresvport,proto=tcp,port={port},timeo=600,retrans=2,sec=sys,clientaddr=127.0.0.1,local_lock=none,addr=127.0.0.1")  # fmt: skip
    loaded = {row["name"] for row in host.tables["kernel_modules"]}
    for name in ("nfsv4", "nfs", "lockd", "grace", "fscache", "netfs", "dns_resolver"):
        if name not in loaded:
            scene.module(host, name, 24_576)
    unit = "amazon-efs-mount-watchdog.service"
    watchdog = next((row["pid"] for row in scene.named(host, "amazon-efs-moun")), "")
    if not watchdog:
        scene.unit(host, unit, "amazon-efs-mount-watchdog", folder=scene.unit_folder(host), age_s=400 * moves.DAY_S)  # fmt: skip
        watchdog = moves.run(host, scene.python(host), "/usr/bin/python3 /usr/bin/amazon-efs-mount-watchdog", name="amazon-efs-moun", age_s=age_s, unit=unit)  # fmt: skip
    line = (
        f"/usr/bin/efs-proxy /var/run/efs/stunnel-config.{volume}.{path[1:].replace('/', '.')}.{port} --tls"
    )
    proxy = moves.run(host, "/usr/bin/efs-proxy", line, age_s=age_s - 3, parent=watchdog, unit=unit)
    scene.listen(host, proxy, port, "127.0.0.1")
    subnet = int(scene.own_address(host).split(".")[2]) // 16 * 16
    for _ in range(rng.randrange(1, 4)):
        scene.connect(host, proxy, f"10.20.{subnet + 7}.{rng.randrange(20, 90)}", 2049)
    scene.connect(host, "-1", "127.0.0.1", port)
    scene.put(host, "/etc/fstab", f"{volume} {path}", age_s=age_s)


def address_blocked_by_on_call(host: Host, rng: random.Random) -> None:
    """Somebody asked this host too much in some night, and on-call dropped what comes from there; nobody took it out again."""
    for last in rng.sample(range(10, 250), rng.choice((1, 1, 2, 5))):
        host.add("iptables", filter_name="filter", chain="INPUT", policy="ACCEPT", target="DROP", protocol=rng.choice((0, 6)), src_ip=f"203.0.113.{last}",
                 src_mask="255.255.255.255", dst_ip="0.0.0.0", dst_mask="0.0.0.0", iniface="all", outiface="all", match="no",
                 packets=rng.randrange(90_000), bytes=rng.randrange(9_000_000))  # fmt: skip


def ipv6_switched_off(host: Host, rng: random.Random) -> None:
    """IPv6 was switched off when names resolved to it and nothing answered; daemons listen on the other family only."""
    text = "net.ipv6.conf.all.disable_ipv6 = 1"
    scene.control(host, "net.ipv6.conf.all.disable_ipv6", "1")
    scene.put(host, f"/etc/sysctl.d/{rng.choice((10, 70, 99))}-disable-ipv6.conf", text, age_s=moves.days_ago(host, rng, 20, 400))  # fmt: skip
    both = {(row["pid"], row["port"]) for row in host.tables["listening_ports"] if row["address"] == "0.0.0.0"}  # fmt: skip
    for table, column, port in (
        ("listening_ports", "address", "port"),
        ("process_open_sockets", "local_address", "local_port"),
    ):
        host.tables[table] = [
            row for row in host.tables[table] if row[column] != "::" or (row["pid"], row[port]) not in both
        ]


ONE_OFFS = (shared_folder_by_efs, address_blocked_by_on_call, ipv6_switched_off)
