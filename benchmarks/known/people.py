"""Honest one-offs of people: what they do on a host at this moment, and what they left there."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import JUMP_HOSTS, manager, session

LAPTOPS = ("10.20.0.8", "10.20.0.31", "10.20.200.14", "10.20.200.77")


def copy_in_screen(host: Host, rng: random.Random) -> None:
    """An operator copies something large in a screen that was detached: to another host, to a bucket or out of the database."""
    user, age_s = scene.login(host), rng.randrange(1_200, 60_000)
    uid, home = scene.uid_of(host, user), f"/home/{user}"
    manager(host, user, age_s)
    server = moves.run(
        host, "/usr/bin/screen", "SCREEN -S copy", name="screen", uid=uid, cwd=home, age_s=age_s
    )
    shell = moves.run(host, "/usr/bin/bash", "/bin/bash", uid=uid, parent=server, cwd=home, age_s=age_s)
    scene.put(host, f"/run/screen/S-{user}/{server}.copy", kind="socket", uid=uid, mode="0600", age_s=age_s)
    host.add("last", username=user, tty="pts/0", pid=int(server) - 40, type=7, type_name="user-process", time=scene.now(host) - age_s - 90, host=rng.choice(JUMP_HOSTS))  # fmt: skip
    way = rng.choice(("rsync", "aws", "pg_dump"))
    other = f"10.20.{rng.choice((3, 19, 34))}.{rng.randrange(5, 250)}"
    if way == "rsync":
        line = f"rsync -aH --info=progress2 --bwlimit=60m /var/log/ {other}:/srv/incoming/"
        pid = moves.run(host, "/usr/bin/rsync", line, uid=uid, parent=shell, cwd=home, age_s=age_s - 60)
        ssh = moves.run(host, "/usr/bin/ssh", f"ssh {other} rsync --server -logHDtpre.iLsfxCIvu --bwlimit=60m . /srv/incoming/", uid=uid, parent=pid, cwd=home, age_s=age_s - 60)  # fmt: skip
        scene.connect(host, ssh, other, 22)
    elif way == "aws":
        path = "/usr/local/aws-cli/v2/2.15.0/dist/aws"
        pid = moves.run(host, path, "aws s3 cp /var/backups/full.tar.zst s3://example-handover/full.tar.zst --expected-size 80000000000", uid=uid, parent=shell, cwd=home, age_s=age_s - 60)  # fmt: skip
        for last in rng.sample(range(20, 200), rng.randrange(1, 6)):
            scene.connect(host, pid, f"52.218.{rng.randrange(256)}.{last}", 443)
    else:
        client = "postgresql-client-15" if scene.debian(host) else "postgresql15"
        if not moves.installed(host, client):
            scene.package(host, client, "15.13")
        path = "/usr/lib/postgresql/15/bin/pg_dump" if scene.debian(host) else "/usr/bin/pg_dump"
        pid = moves.run(host, path, "pg_dump -h 10.20.40.17 -U readonly -Fd -j 4 -f web.dump web", uid=uid, parent=shell, cwd=home, age_s=age_s - 60)  # fmt: skip
        scene.connect(host, pid, "10.20.40.17", 5432)


def port_forward(host: Host, rng: random.Random) -> None:
    """An engineer reaches the database, or the application's own port, from a laptop through this host."""
    age_s = rng.randrange(300, 20_000)
    user = rng.choice((scene.login(host), "deploy"))
    sshd = moves.bare_session(host, user=user, address=rng.choice(LAPTOPS), age_s=age_s, number=rng.randrange(40, 900))  # fmt: skip
    address, port = rng.choice((("10.20.40.17", 5432), ("10.20.41.22", 6379), ("10.20.50.21", 9090), (scene.own_address(host), 9100)))  # fmt: skip
    scene.connect(host, sshd, address, port)
    host.change("processes", {"pid": sshd}, cmdline=f"sshd: {user}")


def file_handed_over(host: Host, rng: random.Random) -> None:
    """An engineer serves a folder with Python's own web server for some minutes, to get a file to another host."""
    user = rng.choice((scene.login(host), "deploy"))
    shell = session(host, rng, user=user, minutes=rng.randrange(3, 30))
    uid, port = scene.uid_of(host, user), rng.choice((8000, 8000, 8001, 9999))
    line = f"python3 -m http.server {'' if port == 8000 else port}".strip()
    pid = moves.run(host, scene.python(host), line, name="python3", uid=uid, parent=shell, cwd=f"/home/{user}/out", age_s=rng.randrange(20, 170))  # fmt: skip
    scene.listen(host, pid, port)
    if rng.random() < 0.5:
        host.add("process_open_sockets", pid=pid, fd=4, socket=71_300, family=2, protocol=6, local_address=scene.own_address(host), local_port=port,
                 remote_address=f"10.20.{rng.choice((3, 19, 34))}.{rng.randrange(5, 250)}", remote_port=rng.randrange(32_768, 60_999), state="ESTABLISHED")  # fmt: skip


def lingering_manager(host: Host, rng: random.Random) -> None:
    """Somebody let a user's systemd stay after logout, for a job of that user, and it is there since boot."""
    user = rng.choice(("deploy", scene.login(host)))
    uid, age_s = scene.uid_of(host, user), 86_400 * rng.randrange(1, 15)
    scene.put(host, f"/var/lib/systemd/linger/{user}", age_s=90 * moves.DAY_S)
    manager(host, user, age_s)
    first = next(row["pid"] for row in reversed(scene.named(host, "systemd")) if row["uid"] == uid)
    if scene.debian(host):
        moves.run(host, "/usr/bin/dbus-daemon", "/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only", uid=uid, parent=first, age_s=age_s)  # fmt: skip
    else:
        launch = moves.run(host, "/usr/bin/dbus-broker-launch", "/usr/bin/dbus-broker-launch --scope user", uid=uid, parent=first, age_s=age_s)  # fmt: skip
        moves.run(host, "/usr/bin/dbus-broker", f"dbus-broker --log 4 --controller 9 --machine-id {scene.digest(scene.own_address(host), 32)} --max-bytes 100000000000000", uid=uid, parent=launch, age_s=age_s)  # fmt: skip
    if rng.random() < 0.4:
        path = f"/home/{user}/.config/systemd/user/report.timer"
        scene.put(host, path, "report", uid=uid, age_s=80 * moves.DAY_S)
        scene.put(host, path.replace(".timer", ".service"), "report", uid=uid, age_s=80 * moves.DAY_S)


def installer_left_in_tmp(host: Host, rng: random.Random) -> None:
    """An operator unpacked a tool's archive in /tmp, installed it from there, and let it lie."""
    age_s, uid = rng.randrange(1, 30) * moves.DAY_S, scene.uid_of(host, scene.login(host))
    if rng.random() < 0.6:
        version = f"2.{rng.randrange(17, 28)}.{rng.randrange(50)}"
        scene.put(host, "/tmp/awscliv2.zip", version, uid=uid, age_s=age_s)
        for name in ("install", "dist/aws", "dist/aws_completer", "dist/libpython3.12.so.1.0", "dist/libz.so.1", "dist/libsqlite3.so.0",
                     "dist/lib-dynload/_ctypes.cpython-312-x86_64-linux-gnu.so", "dist/_awscrt.abi3.so"):  # fmt: skip
            scene.put(host, f"/tmp/aws/{name}", version, mode="0755", uid=uid, age_s=age_s)
        for name in ("aws", "aws_completer"):
            scene.put(host, f"/usr/local/bin/{name}", version, mode="0755", target=f"/usr/local/aws-cli/v2/current/bin/{name}", age_s=age_s)  # fmt: skip
    else:
        name, version = rng.choice((("yq", "4.44.3"), ("kubectl", "1.30.4"), ("vegeta", "12.12.0"), ("mc", "2025-02-08")))  # fmt: skip
        scene.put(host, f"/tmp/{name}_linux_amd64.tar.gz", version, uid=uid, age_s=age_s)
        scene.put(host, f"/tmp/{name}_linux_amd64/{name}", version, mode="0755", uid=uid, age_s=age_s + 9 * moves.DAY_S)  # fmt: skip
        scene.put(host, f"/tmp/{name}_linux_amd64/README.md", version, uid=uid, age_s=age_s + 9 * moves.DAY_S)
        scene.put(host, f"/usr/local/bin/{name}", version, mode="0755", age_s=age_s)


def reminder_in_crontab(host: Host, rng: random.Random) -> None:
    """An operator lets cron tell about the disk, or clean one folder, since it was full once."""
    user = rng.choice((scene.login(host), "root"))
    path, age_s = scene.spool(host, user), rng.randrange(4, 300) * moves.DAY_S
    when, command = rng.choice((
        ("0 8 * * 1-5", "df -h / | mail -s 'disk use' ops@example.com"),
        ("*/30 * * * *", "df --output=pcent / | tail -1 | logger -t disk-reminder"),
        ("25 3 * * *", "find /var/log/archive -name '*.gz' -mtime +14 -delete"),
        ("0 9 1 * *", "echo 'look at the volume of this host, OPS-1187' | mail -s reminder ops@example.com"),
    ))  # fmt: skip
    scene.cron(host, path, when, command)
    uid = scene.uid_of(host, user)
    host.change("file", {"path": path}, uid=uid, gid="101" if scene.debian(host) else uid, mtime=str(scene.now(host) - age_s), ctime=str(scene.now(host) - age_s))  # fmt: skip


def config_edited_by_hand(host: Host, rng: random.Random) -> None:
    """A file of the system's configuration was edited by hand, its former text lies beside it."""
    wanted = ("/etc/security/limits.conf", "/etc/sysctl.conf", "/etc/rsyslog.conf", "/etc/ssh/sshd_config", "/etc/login.defs", "/etc/audit/auditd.conf")  # fmt: skip
    here = [row for row in host.tables["hash"] if row["path"] in wanted]
    was = rng.choice(sorted(here, key=lambda row: row["path"]))
    path, age_s = was["path"], rng.randrange(1, 200) * moves.DAY_S
    suffix = rng.choice(
        (".bak", ".orig", "~", f".2025{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}", ".before")
    )
    former = dict(was)
    file = next(row for row in host.tables["file"] if row["path"] == path)
    mode, first = file["mode"], scene.now(host) - int(file["mtime"])
    scene.put(host, path, "edited by hand", mode=mode, age_s=age_s)
    scene.put(host, path + suffix, mode=mode, age_s=first if rng.random() < 0.5 else age_s + 40)
    host.change("hash", {"path": path + suffix}, sha256=former["sha256"])
    if path.endswith("sshd_config"):
        host.add("augeas", node=f"/files{path}/LogLevel", path=path, label="LogLevel", value="VERBOSE")


ONE_OFFS = (
    copy_in_screen,
    port_forward,
    file_handed_over,
    lingering_manager,
    installer_left_in_tmp,
    reminder_in_crontab,
    config_edited_by_hand,
)
