"""Honest one-offs of a host's state: restarted, warned, mounted, attached, switched off."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import session
from bot.sandbox.fleet.draft import Row

HOLDING = ("processes", "process_open_sockets", "listening_ports", "process_memory_map", "process_envs")
"""Tables of processes and of what they hold."""

EPHEMERAL = 32_768
"""First port that the kernel chooses by itself."""


def service_restarted(host: Host, rng: random.Random) -> None:
    """The host's work was restarted a moment ago: other children, its jobs ended, not every connection open again."""
    work, age_s = scene.work(host), rng.randrange(15, 600)
    below = _descendants(host, work["pid"])
    children = [row for row in below if row["parent"] == work["pid"] and row["path"] in (work["path"], "/usr/bin/docker-proxy")]  # fmt: skip
    ended = {row["pid"] for row in below} - {row["pid"] for row in children}
    for table in HOLDING:
        host.tables[table] = [row for row in host.tables[table] if row["pid"] not in ended]
    last = max(int(row["pid"]) for row in host.tables["processes"])
    anew = {row["pid"]: str(last + 11 + 2 * place) for place, row in enumerate((work, *children))}
    for row in (work, *children):
        row["start_time"] = str(scene.now(host) - age_s)
    for table in HOLDING:
        for row in host.tables[table]:
            for column in ("pid", "parent"):
                if row.get(column) in anew:
                    row[column] = anew[row[column]]
    ours, by = set(anew.values()), rng.randrange(1, 900)
    for row in host.tables["listening_ports"] + host.tables["process_open_sockets"]:
        column = "port" if "port" in row else "local_port"
        if row["pid"] in ours and int(row[column] or 0) >= EPHEMERAL and row.get("state", "LISTEN") in ("LISTEN", ""):  # fmt: skip
            row[column] = str(EPHEMERAL + (int(row[column]) - EPHEMERAL + by) % 28_000)
    host.tables["process_open_sockets"] = [
        row
        for row in host.tables["process_open_sockets"]
        if row["pid"] not in ours or row["state"] != "ESTABLISHED" or rng.random() < 0.5
    ]


def _descendants(host: Host, pid: str) -> list[Row]:
    """Return the processes below one, whatever lies between."""
    found = [row for row in host.tables["processes"] if row["parent"] == pid]
    return [*found, *(each for row in found for each in _descendants(host, row["pid"]))]


def zombie_left(host: Host, rng: random.Random) -> None:
    """The work does not wait for its children, so one or some that ended are still in the table."""
    work, name = scene.work(host), rng.choice(("sh", "curl", "gzip", "git", "convert", "aws"))
    last = max(int(row["pid"]) for row in host.tables["processes"])
    ids = dict.fromkeys(("uid", "gid", "euid", "egid", "suid", "sgid"), work["uid"])
    for place in range(rng.choice((1, 1, 2, 7))):
        host.add("processes", pid=last + 17 * (place + 1), name=name, path="", cmdline="", state="Z", cwd="", root="", on_disk=-1,
                 parent=work["pid"], pgroup=work["pid"], start_time=scene.now(host) - 600 * (place + 1), threads=1, nice=0,
                 resident_size=0, cgroup_path=work["cgroup_path"], **ids)  # fmt: skip


def time_from_another_server(host: Host, rng: random.Random) -> None:
    """chrony was given a pool to ask besides Amazon's clock when that seemed to drift, and prefers it now."""
    for row in scene.named(host, "chronyd", "systemd-timesyn")[:1]:
        for last in rng.sample(range(10, 90), rng.choice((1, 3))):
            scene.connect(host, row["pid"], f"198.51.100.{last}", 123, protocol=17)
    folder = "/etc/chrony/sources.d" if scene.debian(host) else "/etc/chrony.d"
    scene.put(host, f"{folder}/pool.sources", "pool", age_s=rng.randrange(3, 200) * moves.DAY_S)


def kernel_warned(host: Host, rng: random.Random) -> None:
    """The kernel printed a warning with a trace, of a driver or of a lack of memory, and is tainted by it until the next boot."""
    scene.control(host, "kernel.tainted", rng.choice(("512", "512", "16384", "16896")))


def timer_switched_off(host: Host, rng: random.Random) -> None:
    """A timer was switched off for the time of an incident, and nobody switched it on again."""
    names = {row["id"] for row in host.tables["systemd_units"] if row["id"].endswith(".timer") and row["unit_file_state"] == "enabled"}  # fmt: skip
    wanted = ("apt-daily.timer", "apt-daily-upgrade.timer", "man-db.timer", "fstrim.timer", "update-motd.timer", "sysstat-collect.timer")  # fmt: skip
    here = [name for name in wanted if name in names]
    chosen = [name for name in here if name.startswith("apt-")] if rng.random() < 0.5 else []
    masked = rng.random() < 0.4
    for name in chosen or rng.sample(here, min(len(here), 1)):
        host.change("systemd_units", {"id": name}, active_state="inactive", sub_state="dead", unit_file_state="masked" if masked else "disabled")  # fmt: skip
        link = f"/etc/systemd/system/timers.target.wants/{name}"
        for table in ("file", "hash"):
            host.remove(table, path=link)
        if masked:
            host.change("systemd_units", {"id": name}, load_state="masked", fragment_path=f"/etc/systemd/system/{name}")  # fmt: skip
            scene.put(host, f"/etc/systemd/system/{name}", kind="character", target="/dev/null", age_s=rng.randrange(2, 90) * moves.DAY_S)  # fmt: skip


def own_certificate_renewed(host: Host, rng: random.Random) -> None:
    """The certificate that the host signs for itself had run out, and was made anew for some years."""
    name = host.tables["system_info"][0]["hostname"]
    days, age_s = rng.choice((365, 825, 3650)), rng.randrange(1, 20) * moves.DAY_S
    path, private = (
        ("/etc/ssl/certs/ssl-cert-snakeoil.pem", "/etc/ssl/private/ssl-cert-snakeoil.key")
        if scene.debian(host)
        else ("/etc/pki/tls/certs/localhost.crt", "/etc/pki/tls/private/localhost.key")
    )
    since = scene.now(host) - age_s
    host.add("certificates", common_name=name, subject=f"/CN={name}", issuer=f"/CN={name}", ca=0, self_signed=1, not_valid_before=since,
             not_valid_after=since + days * moves.DAY_S, signing_algorithm="sha256WithRSAEncryption", key_algorithm="rsaEncryption", key_strength=2048,
             sha1=scene.digest(f"{name} {since}", 40), path=path, serial=scene.digest(name, 16))  # fmt: skip
    scene.put(host, path, name, age_s=age_s)
    scene.put(host, private, name, mode="0640", age_s=age_s)


def nfs_mounted_by_hand(host: Host, rng: random.Random) -> None:
    """Somebody mounted a share to fetch old data and left it mounted; the kernel holds the connection."""
    server, name = (
        f"10.20.43.{rng.randrange(10, 60)}",
        rng.choice(("archive", "exports", "old-data", "media")),
    )
    path = f"/mnt/{name}"
    host.add("mounts", device=f"{server}:/{name}", device_alias=f"{server}:/{name}", path=path, type="nfs4",
             flags=f"rw,relatime,vers=4.1,rsize=262144,wsize=262144,namlen=255,hard,proto=tcp,timeo=600,retrans=2,sec=sys,clientaddr={scene.own_address(host)},local_lock=none,addr={server}")  # fmt: skip
    scene.connect(host, "-1", server, 2049)
    loaded = {row["name"] for row in host.tables["kernel_modules"]}
    for module in ("nfsv4", "nfs", "lockd", "grace", "fscache", "netfs", "dns_resolver", "auth_rpcgss", "rpcsec_gss_krb5"):  # fmt: skip
        if module not in loaded:
            scene.module(host, module, 24_576)
    host.add("systemd_units", id=f"mnt-{name.replace('-', '_')}.mount", description=path, load_state="loaded", active_state="active", sub_state="mounted",
             unit_file_state="", fragment_path="/proc/self/mountinfo")  # fmt: skip


def rescue_volume_mounted(host: Host, rng: random.Random) -> None:
    """The root volume of a host that does not boot hangs here, and somebody repairs it inside a chroot."""
    kind = rng.choice(("xfs", "ext4"))
    flags = "rw,relatime,attr2,inode64,logbufs=8,logbsize=32k,noquota,nouuid" if kind == "xfs" else "rw,relatime"  # fmt: skip
    if kind == "xfs" and scene.debian(host) and not any(row["name"] == "xfs" for row in host.tables["kernel_modules"]):  # fmt: skip
        for name in ("xfs", "libcrc32c"):
            scene.module(host, name, 1_900_000 if name == "xfs" else 16_384)
    path = rng.choice(("/mnt/rescue", "/rescue", "/mnt"))
    for device, below, of, how in (
        ("/dev/nvme2n1p1", "", kind, flags), ("proc", "/proc", "proc", "rw,relatime"), ("sysfs", "/sys", "sysfs", "rw,relatime"),
        ("udev" if scene.debian(host) else "devtmpfs", "/dev", "devtmpfs", "rw,nosuid,relatime,size=4063052k,mode=755"),
    ):  # fmt: skip
        host.add("mounts", device=device, device_alias=device, path=path + below, type=of, flags=how)
    if rng.random() < 0.7:
        shell = session(host, rng)
        age_s = rng.randrange(60, 160)
        sudo = moves.run(host, "/usr/bin/sudo", f"sudo chroot {path} /bin/bash", parent=shell, age_s=age_s)
        inside = moves.run(host, "/usr/bin/bash", "/bin/bash", parent=sudo, cwd="/", age_s=age_s)
        host.change("processes", {"pid": inside}, root=path, on_disk="1")


def second_interface(host: Host, rng: random.Random) -> None:
    """A second network interface was attached, for an address that moves between hosts, and brought up by itself."""
    subnet = int(scene.own_address(host).split(".")[2]) // 16 * 16
    address = f"10.20.{subnet + rng.randrange(2, 15)}.{rng.randrange(20, 240)}"
    host.add("interface_addresses", interface="ens6", address=address, mask="255.255.240.0", broadcast=f"10.20.{subnet + 15}.255", type="dhcp")  # fmt: skip
    host.add("interface_details", interface="ens6", mac=":".join(f"{byte:02x}" for byte in (10, *rng.randbytes(5))), type=6, mtu=9001, flags=69699)  # fmt: skip
    host.add("routes", destination=f"10.20.{subnet}.0", netmask=20, source=address, interface="ens6", metric=522, type="local")  # fmt: skip
    for row in scene.named(host, "systemd-network")[:1]:
        scene.listen(host, row["pid"], 68, address, protocol=17)
    if not scene.debian(host):
        for name, description, kind in (("policy-routes@ens6.service", "Set up policy routes for ens6", "enabled-runtime"),
                                        ("refresh-policy-routes@ens6.service", "Refresh policy routes for ens6", "static"),
                                        ("refresh-policy-routes@ens6.timer", "Timer to refresh policy routes for ens6", "enabled-runtime")):  # fmt: skip
            fragment = f"{scene.unit_folder(host)}/{name.split('@')[0]}@.{name.rpartition('.')[2]}"
            host.add("systemd_units", id=name, description=description, load_state="loaded", active_state="inactive" if kind == "static" else "active",
                     sub_state={"enabled-runtime": "waiting" if name.endswith("timer") else "exited"}.get(kind, "dead"), unit_file_state=kind, fragment_path=fragment)  # fmt: skip


ONE_OFFS = (
    service_restarted,
    zombie_left,
    time_from_another_server,
    kernel_warned,
    timer_switched_off,
    own_certificate_renewed,
    nfs_mounted_by_hand,
    rescue_volume_mounted,
    second_interface,
)
