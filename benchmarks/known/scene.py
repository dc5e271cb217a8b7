"""What does one simulated host offer to what happens on it: its work, its clock, its system, and rows that fit together?"""

from __future__ import annotations

import hashlib
from posixpath import basename, dirname

from benchmarks import image
from benchmarks.attacks import Host
from bot.sandbox.fleet import services
from bot.sandbox.fleet.draft import Row

WORK = (
    "master",
    "slurmd",
    "php-fpm8.1",
    "php-fpm8.3",
    "charon-systemd",
    "beam.smp",
    "gunicorn",
    "java",
    "postgres",
    "celery",
    "redis-server",
    "Runner.Listener",
    "runsvc.sh",
    "dockerd",
    "kubelet",
    "fail2ban-server",
    "radosgw",
    "ceph-osd",
)
"""Names of the process that is a host's work; the first that is there counts."""

CONTAINED = ("radosgw", "ceph-osd")
"""Those of them that run below an init of their own, not below systemd."""


def digest(text: str, length: int = 64) -> str:
    """Return hex that stands for some content."""
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def number(host: Host, what: str, below: int) -> int:
    """Return a number that belongs to this host and this purpose."""
    return int(digest(own_address(host) + what, 12), 16) % below


def now(host: Host) -> int:
    """Return the host's clock."""
    return int(host.tables["time"][0]["unix_time"])


def debian(host: Host) -> bool:
    """Whether it is a Debian; the others are Amazon Linux."""
    return bool(host.tables["deb_packages"])


def libraries(host: Host) -> str:
    """Return the folder of shared libraries."""
    return "/usr/lib/x86_64-linux-gnu" if debian(host) else "/usr/lib64"


def shell(host: Host) -> str:
    """Return where /bin/sh leads."""
    return "/usr/bin/dash" if debian(host) else "/usr/bin/bash"


def python(host: Host) -> str:
    """Return the system's Python."""
    return "/usr/bin/python3.11" if debian(host) else "/usr/bin/python3.9"


def unit_folder(host: Host) -> str:
    """Return where packages put their units."""
    return "/lib/systemd/system" if debian(host) else "/usr/lib/systemd/system"


def login(host: Host) -> str:
    """Return the name of the account that operators use."""
    names = {row["username"] for row in host.tables["users"]}
    return next(name for name in ("admin", "ubuntu", "ec2-user") if name in names)


def uid_of(host: Host, user: str) -> str:
    """Return the uid of an account."""
    return next(row["uid"] for row in host.tables["users"] if row["username"] == user)


def own_address(host: Host) -> str:
    """Return the host's private address."""
    return next(row["address"] for row in host.tables["interface_addresses"] if row["interface"] == "ens5")


def work(host: Host) -> Row:
    """Return the process that is the host's work; sshd where there is none."""
    for name in (*WORK, "sshd"):
        for row in host.tables["processes"]:
            if row["name"] == name and (row["parent"] == "1" or name in CONTAINED):
                return row
    raise LookupError("a host without sshd")


def named(host: Host, *names: str) -> list[Row]:
    """Return the processes with one of these names."""
    return [row for row in host.tables["processes"] if row["name"] in names]


def listener(host: Host) -> Row:
    """Return the sshd that listens: the oldest; the others are of sessions."""
    return min(named(host, "sshd"), key=lambda row: (row["parent"] != "1", int(row["start_time"])))


def put(
    host: Host, path: str, text: str = "", *, mode: str = "0644", uid: str = "0", age_s: int = 9_000,
    kind: str = "regular", target: str = "",
) -> None:  # fmt: skip
    """Write a file: a new one, or other content, time and mode for the one that is there."""
    when, sha256 = now(host) - age_s, digest(f"{path} {text}")
    where = {"path": path}
    if any(row["path"] == path for row in host.tables["file"]):
        host.change("file", where, mtime=str(when), ctime=str(when), mode=mode)
        host.change("hash", where, sha256=sha256)
        return
    host.add(
        "file", path=path, directory=dirname(path), filename=basename(path), uid=uid, gid=uid, mode=mode, size=64 + int(sha256[:3], 16),
        mtime=when, ctime=when, atime=when, btime=when, type=kind, symlink=int(bool(target)), symlink_target_path=target,
        hard_links=1, inode=int(sha256[:5], 16),
    )  # fmt: skip
    if kind == "regular":
        host.add("hash", path=path, directory=dirname(path), sha256=sha256)


def replace(host: Host, path: str, text: str = "") -> None:
    """Change what a file holds and nothing else that shows: times and mode were put back."""
    if any(row["path"] == path for row in host.tables["hash"]):
        host.change("hash", {"path": path}, sha256=digest(f"{path} {text} replaced"))
    else:
        put(host, path, text, mode="0755", age_s=90 * 86_400)


def load(host: Host, pid: str, library: str) -> None:
    """Map a library into a process."""
    start = 0x7F3A_0000_0000 + int(digest(library + pid, 6), 16) * 4096
    host.add(
        "process_memory_map", pid=pid, start=f"0x{start:012x}", end=f"0x{start + 0x9000:012x}", permissions="r-xp", offset=4096,
        device="103:01", inode=int(digest(library, 5), 16), path=library, pseudo=0,
    )  # fmt: skip


def spawn(
    host: Host, path: str, cmdline: str, *, name: str = "", uid: str = "0", parent: str = "1", cwd: str = "/", age_s: int = 2_400,
    on_disk: str = "1", unit: str = "", threads: int = 1, static: bool = False,
) -> str:  # fmt: skip
    """Start a program and return its pid; its file is there unless it was deleted."""
    pid = str(max(int(row["pid"]) for row in host.tables["processes"]) + 3)
    ids = dict.fromkeys(("uid", "gid", "euid", "egid", "suid", "sgid"), uid)
    host.add(
        "processes", pid=pid, name=(name or basename(path))[:15], path=path, cmdline=cmdline, state="S", root="/", cwd=cwd,
        on_disk=on_disk, parent=parent, pgroup=pid, start_time=now(host) - age_s, threads=threads, nice=0,
        resident_size=4096 * (700 + int(pid) % 900), cgroup_path=f"/system.slice/{unit}" if unit else "/", **ids,
    )  # fmt: skip
    if on_disk == "1" and not any(row["path"] == path for row in host.tables["hash"]):
        put(host, path, mode="0755", age_s=image.AGE_S if image.of_image(path) else age_s + 60)
    load(host, pid, path)
    if not static:
        for library in ("ld-linux-x86-64.so.2", "libc.so.6"):
            load(host, pid, f"{libraries(host)}/{library}")
    return pid


def connect(host: Host, pid: str, address: str, port: int, *, protocol: int = 6) -> None:
    """Open a connection from the host."""
    local = 32_768 + number(host, f"{pid} {address} {port}", 28_000)
    host.add(
        "process_open_sockets", pid=pid, fd=7, socket=90_000 + local, family=2, protocol=protocol, local_address=own_address(host),
        local_port=local, remote_address=address, remote_port=port, state="ESTABLISHED" if protocol == 6 else "",
        net_namespace="4026531840",
    )  # fmt: skip


def listen(host: Host, pid: str, port: int, address: str = "0.0.0.0", *, protocol: int = 6) -> None:
    """Bind a port, as both tables of sockets tell it."""
    shared = {"pid": pid, "fd": 5, "socket": 80_000 + port, "family": 2, "protocol": protocol}
    host.add("listening_ports", port=port, address=address, net_namespace="4026531840", **shared)
    host.add(
        "process_open_sockets", local_address=address, local_port=port, remote_address="0.0.0.0", remote_port=0,
        state="LISTEN" if protocol == 6 else "", net_namespace="4026531840", **shared,
    )  # fmt: skip


def raw_socket(host: Host, pid: str) -> None:
    """Open a packet socket."""
    host.add(
        "process_open_sockets",
        pid=pid,
        fd=3,
        socket=77_120,
        family=17,
        protocol=768,
        local_port=0,
        remote_port=0,
    )


def stop(host: Host, *names: str) -> None:
    """End the processes with these names, and all that they hold."""
    pids = {row["pid"] for row in named(host, *names)}
    for table in (
        "processes",
        "listening_ports",
        "process_open_sockets",
        "process_memory_map",
        "process_envs",
    ):
        host.tables[table] = [row for row in host.tables[table] if row["pid"] not in pids]


def unit(
    host: Host, name: str, description: str, *, folder: str = "/etc/systemd/system", state: str = "enabled", active: str = "active",
    sub: str = "running", text: str = "", age_s: int = 9_000,
) -> None:  # fmt: skip
    """Add a unit with its file."""
    host.add(
        "systemd_units", id=name, description=description, load_state="loaded", active_state=active, sub_state=sub, unit_file_state=state,
        fragment_path=f"{folder}/{name}", job_id=0, job_path="/",
    )  # fmt: skip
    put(host, f"{folder}/{name}", text or description, age_s=age_s)
    if state == "enabled" and name.endswith(".service"):
        link = f"/etc/systemd/system/multi-user.target.wants/{name}"
        put(host, link, kind="regular", target=f"{folder}/{name}", text=text or description, age_s=age_s)


def key(host: Host, user: str, text: str, *, comment: str, options: str = "", age_s: int = 9_000) -> None:
    """Let a key log in."""
    account = next(row for row in host.tables["users"] if row["username"] == user)
    path = f"{account['directory']}/.ssh/authorized_keys"
    host.add(
        "authorized_keys", uid=account["uid"], algorithm="ssh-ed25519", key=f"AAAAC3NzaC1lZDI1NTE5AAAAI{digest(text, 43)}",
        options=options, comment=comment, key_file=path,
    )  # fmt: skip
    put(host, path, text, mode="0600", uid=account["uid"], age_s=age_s)


def control(host: Host, name: str, value: str) -> None:
    """Set a kernel control."""
    if any(row["name"] == name for row in host.tables["system_controls"]):
        host.change("system_controls", {"name": name}, current_value=value)
    else:
        host.add("system_controls", name=name, subsystem=name.split(".")[0], current_value=value, type="string")  # fmt: skip


def cron(host: Host, path: str, when: str, command: str) -> None:
    """Add a line to a crontab; ``when`` is five fields or one @word."""
    if when.startswith("@"):
        host.add("crontab", event=when, command=command, path=path)
    else:
        minute, hour, day, month, weekday = when.split()
        host.add("crontab", minute=minute, hour=hour, day_of_month=day, month=month, day_of_week=weekday, command=command, path=path)  # fmt: skip
    put(host, path, command, mode="0600" if "/spool/" in path else "0644")


def spool(host: Host, user: str) -> str:
    """Return where a user's crontab lies."""
    return f"/var/spool/cron/crontabs/{user}" if debian(host) else f"/var/spool/cron/{user}"


def user_of(host: Host, uid: str) -> str:
    """Return the first account of a uid."""
    return next((row["username"] for row in host.tables["users"] if row["uid"] == uid), "root")


def module(host: Host, name: str, size: int = 16_384) -> None:
    """Load a kernel module that shows itself."""
    host.add("kernel_modules", name=name, size=size, used_by="-", status="Live", address="0xffffffffc0b11000")


def transaction(host: Host) -> None:
    """Let the package manager have ended a transaction just now: what it brought is older than its own record."""
    services.transaction(host.tables, int(now(host)) - 20)


def package(host: Host, name: str, version: str, release: str = "1") -> None:
    """Install a package with the system's own package manager."""
    transaction(host)
    if debian(host):
        host.add("deb_packages", name=name, version=f"{version}-{release}", arch="amd64", status="install ok installed", revision=release, admindir="/var/lib/dpkg")  # fmt: skip
    else:
        host.add("rpm_packages", name=name, version=version, release=release, arch="x86_64", install_time=now(host) - 9_000)  # fmt: skip


def variable(host: Host, pid: str, **values: str) -> None:
    """Add to the environment of a process."""
    for name, value in values.items():
        host.add("process_envs", pid=pid, key=name, value=value)


def container(
    host: Host, name: str, image: str, command: str, *, mounts: tuple[tuple[str, str], ...] = (), host_processes: bool = False,
    privileged: int = 0,
) -> str:  # fmt: skip
    """Run a container and return its pid on the host."""
    identifier = digest(f"{own_address(host)} {name}")
    shim = spawn(
        host, "/usr/bin/containerd-shim-runc-v2",
        f"/usr/bin/containerd-shim-runc-v2 -namespace moby -id {identifier} -address /run/containerd/containerd.sock", name="containerd-shim",
    )  # fmt: skip
    program = command.split()[0]
    pid = spawn(
        host,
        program,
        command,
        parent=shim,
        on_disk="0",
        unit=f"docker-{identifier}.scope",
        static=True,
        age_s=2_300,
    )
    host.add(
        "docker_containers", id=identifier, name=f"/{name}", image=image, image_id="sha256:" + digest(image), command=command, path=program,
        created=now(host) - 2_400, state="running", status="Up 38 minutes", pid=pid, config_entrypoint=command, privileged=privileged,
        readonly_rootfs=0, security_options="", net_namespace="4026531840",
        pid_namespace="4026531836" if host_processes else 4_026_532_000 + number(host, name, 900),
    )  # fmt: skip
    for source, destination in mounts:
        host.add("docker_container_mounts", id=identifier, type="bind", source=source, destination=destination, mode="", rw=1)  # fmt: skip
    return pid
