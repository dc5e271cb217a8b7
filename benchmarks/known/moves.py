"""What do people, jobs and package managers do on a host again and again: update, run, log in without a terminal?"""

from __future__ import annotations

import random
import re

from benchmarks import image
from benchmarks.attacks import Host
from benchmarks.known import scene
from benchmarks.known.sessions import manager
from bot.sandbox.fleet.draft import Row

DAY_S = 86_400
PACKAGES = ("deb_packages", "rpm_packages")


def packages(host: Host) -> list[Row]:
    """Return the rows of the system's own package manager."""
    return host.tables["deb_packages" if scene.debian(host) else "rpm_packages"]


def installed(host: Host, name: str) -> bool:
    """Whether a package is there."""
    return any(row["name"] == name for row in packages(host))


def moved(text: str, by: int) -> str:
    """Return a version whose last number is ``by`` further."""
    return re.sub(r"\d+(?=\D*$)", lambda found: str(max(0, int(found[0]) + by)), text)


def update(host: Host, *names: str, by: int = 1, age_s: int = 9_000) -> None:
    """Give packages that are installed a later (or earlier) patch level; names that are not are passed over."""
    scene.transaction(host)
    for row in packages(host):
        if row["name"] not in names:
            continue
        if not scene.debian(host):
            row.update(release=moved(row["release"], by), install_time=str(scene.now(host) - age_s))
        elif re.search(r"deb12u\d+|ubuntu", row["version"]):
            row["version"] = moved(row["version"], by)
        else:
            row["version"] += "+deb12u1" if by > 0 else "~deb12u1"
        if scene.debian(host):
            row["revision"] = row["version"].rpartition("-")[2]


def content(host: Host, path: str, text: str, *, age_s: int = 9_000) -> None:
    """Give a program that is there other content, as a package does; one that is not there stays away."""
    when = str(scene.now(host) - age_s)
    scene.transaction(host)
    host.change("file", {"path": path}, ctime=when)
    host.change("hash", {"path": path}, sha256=scene.digest(f"{path} {text}"))


def program(host: Host, path: str, *, age_s: int = image.AGE_S) -> None:
    """Let a program of the image be there, as old as the image, unless it is already."""
    if not any(row["path"] == path for row in host.tables["hash"]):
        scene.put(host, path, mode="0755", age_s=age_s)


def run(
    host: Host, path: str, cmdline: str, *, name: str = "", uid: str = "0", parent: str = "1", cwd: str = "/", age_s: int = 2_400,
    unit: str = "",
) -> str:  # fmt: skip
    """Start a program that the image or a package brought long ago; return its pid."""
    program(host, path)
    return scene.spawn(host, path, cmdline, name=name, uid=uid, parent=parent, cwd=cwd, age_s=age_s, unit=unit)  # fmt: skip


def state(host: Host, unit: str, active: str, sub: str, description: str = "") -> None:
    """Put a unit that a package brought into a state; one that systemd did not know is added, static."""
    if any(row["id"] == unit for row in host.tables["systemd_units"]):
        host.change("systemd_units", {"id": unit}, active_state=active, sub_state=sub)
    else:
        scene.unit(
            host, unit, description or unit, folder=scene.unit_folder(host), state="static", active=active, sub=sub, age_s=image.AGE_S
        )  # fmt: skip


def bare_session(host: Host, *, user: str, address: str, age_s: int, number: int) -> str:
    """Log in over SSH without a terminal, so without a line in wtmp; return the pid of the user's sshd."""
    uid, listener = scene.uid_of(host, user), scene.listener(host)["pid"]
    first = scene.spawn(host, "/usr/sbin/sshd", f"sshd: {user} [priv]", parent=listener, age_s=age_s, unit="ssh.service")  # fmt: skip
    second = scene.spawn(host, "/usr/sbin/sshd", f"sshd: {user}@notty", uid=uid, parent=first, age_s=age_s, unit="ssh.service")  # fmt: skip
    manager(host, user, age_s)
    host.add("process_open_sockets", pid=first, fd=4, socket=61_900, family=2, protocol=6, local_address=scene.own_address(host), local_port=22,
             remote_address=address, remote_port=32_768 + number * 31, state="ESTABLISHED", net_namespace="4026531840")  # fmt: skip
    host.add("systemd_units", id=f"session-{number}.scope", description=f"Session {number} of User {user}", load_state="loaded",
             active_state="active", sub_state="running", unit_file_state="transient",
             fragment_path=f"/run/systemd/transient/session-{number}.scope")  # fmt: skip
    return second


def account(host: Host, name: str, uid: str, *, home: str, shell: str) -> None:
    """Add an account with its group and a locked password."""
    host.add("users", uid=uid, gid=uid, uid_signed=uid, gid_signed=uid, username=name, directory=home, shell=shell)  # fmt: skip
    host.add("shadow", username=name, password_status="locked", last_change=scene.now(host) // DAY_S, min=0, max=99_999, warning=7)  # fmt: skip
    host.add("groups", gid=uid, gid_signed=uid, groupname=name)
    host.add("user_groups", uid=uid, gid=uid)


def free_uid(host: Host, first: int, step: int = 1) -> str:
    """Return the next uid from ``first`` on that neither an account nor a group has."""
    taken = {row["uid"] for row in host.tables["users"]} | {row["gid"] for row in host.tables["groups"]}
    while str(first) in taken:
        first += step
    return str(first)


def days_ago(host: Host, rng: random.Random, first: int, last: int) -> int:
    """Return an age of that many days, in seconds, but none from before the host was there."""
    up_s = int(host.tables["uptime"][0]["total_seconds"])
    return max(60, min(rng.randrange(first, last) * DAY_S + rng.randrange(DAY_S), up_s - 600))


def cron_daemon(host: Host) -> Row:
    """Return the process of the cron daemon."""
    return min(scene.named(host, "cron", "crond"), key=lambda row: (row["parent"] != "1", int(row["start_time"])))  # fmt: skip


def images(host: Host) -> list[str]:
    """Return the images of the application that run here; none where Docker does not run."""
    rows = host.tables["docker_containers"] if scene.named(host, "dockerd") else []
    return sorted({row["image"] for row in rows if "agent" not in row["image"]})


def some(rng: random.Random, count: int) -> str:
    """Return what mktemp puts in the place of its X."""
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=count))
