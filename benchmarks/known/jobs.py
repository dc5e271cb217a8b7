"""Honest one-offs of jobs: what runs at this moment, or runs on one host of a group only."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import below, session

HOUSEKEEPING = {
    True: (
        ("man-db.service", "/usr/bin/mandb", "/usr/bin/mandb --quiet"),
        ("fstrim.service", "/usr/sbin/fstrim", "/sbin/fstrim --listed-in /etc/fstab:/proc/self/mountinfo --verbose --quiet-unsupported"),
        ("e2scrub_all.service", "/usr/bin/bash", "/bin/bash /sbin/e2scrub_all"),
        ("dpkg-db-backup.service", "/usr/bin/dash", "/bin/sh /usr/libexec/dpkg/dpkg-db-backup"),
        ("systemd-tmpfiles-clean.service", "/usr/bin/systemd-tmpfiles", "/bin/systemd-tmpfiles --clean"),
        ("sysstat-summary.service", "/usr/bin/dash", "/bin/sh /usr/lib/sysstat/sa2 -A"),
        ("apt-daily-upgrade.service", "/usr/bin/python3.11", "/usr/bin/python3 /usr/bin/unattended-upgrade"),
    ),
    False: (
        ("man-db-cache-update.service", "/usr/bin/mandb", "/usr/bin/mandb --quiet"),
        ("fstrim.service", "/usr/sbin/fstrim", "/usr/sbin/fstrim --listed-in /etc/fstab:/proc/self/mountinfo --verbose --quiet-unsupported"),
        ("systemd-tmpfiles-clean.service", "/usr/bin/systemd-tmpfiles", "/usr/bin/systemd-tmpfiles --clean"),
        ("sysstat-summary.service", "/usr/bin/bash", "/bin/sh /usr/lib64/sa/sa2 -A"),
        ("sysstat-collect.service", "/usr/lib64/sa/sadc", "/usr/lib64/sa/sadc -F -L -S DISK 1 1 -"),
        ("update-motd.service", "/usr/bin/bash", "/bin/bash /usr/sbin/update-motd"),
    ),
}  # fmt: skip
"""Unit, program and command line of what timers of the system start, on Debian and elsewhere."""

SINGLETONS = (
    ("usage-report", "10 5 * * *", "python3"), ("invoice-export", "0 6 1 * *", "python3"), ("purge-expired", "*/20 * * * *", "bash"),
    ("reindex-search", "30 2 * * 0", "bash"), ("sitemap", "15 4 * * *", "bash"), ("mail-digest", "0 7 * * 1-5", "python3"),
)  # fmt: skip
"""Name, schedule and interpreter of jobs that may run once in a group."""

BUNDLED = (
    ("/usr/bin/journalctl", "journalctl --no-pager --catalog --boot"), ("/usr/bin/lsof", "lsof +M -n -l -c ''"),
    ("/usr/bin/du", "du -sh /var/log"), ("/usr/sbin/ip", "ip -s -d link"),
)  # fmt: skip
"""What sos asks the system, for example."""

CONTROL_HOST = "10.20.12.20"
"""From where configuration management pushes."""


def housekeeping_runs(host: Host, rng: random.Random) -> None:
    """A timer of the system, which every host has, is due on this one now."""
    unit, path, line = rng.choice(HOUSEKEEPING[scene.debian(host)])
    uid = scene.uid_of(host, "man") if scene.debian(host) and unit.startswith("man-db") else "0"
    age_s = rng.randrange(1, 50)
    name = line.split()[1].rpartition("/")[2] if path.endswith(("sh", "python3.11")) else ""
    pid = moves.run(host, path, line, name=name, uid=uid, age_s=age_s, unit=unit)
    if unit.startswith("e2scrub"):
        moves.run(host, "/usr/sbin/lvs", "lvs --name-prefixes -o vg_name,lv_name,lv_path,origin -S lv_role=snapshot", parent=pid, age_s=1, unit=unit)  # fmt: skip
    moves.state(host, unit, "activating", "start")


def leader_schedule(host: Host, rng: random.Random) -> None:
    """Configuration management gives one host of the group the jobs that may run once only."""
    path, lines = "/etc/cron.d/leader-jobs", []
    for name, when, interpreter in rng.sample(SINGLETONS, rng.randrange(1, 4)):
        script = f"/usr/local/bin/{name}"
        command = f"/usr/bin/flock -n /run/lock/{name}.lock {script}"
        scene.put(host, script, f"{interpreter} {name}", mode="0755", age_s=30 * moves.DAY_S)
        scene.cron(host, path, when, f"deploy {command}")
        lines.append((script, interpreter, command))
    host.change("file", {"path": path}, mtime=str(scene.now(host) - 30 * moves.DAY_S), ctime=str(scene.now(host) - 30 * moves.DAY_S))  # fmt: skip
    if rng.random() < 0.35:
        script, interpreter, command = rng.choice(lines)
        uid, daemon, age_s = scene.uid_of(host, "deploy"), moves.cron_daemon(host), rng.randrange(5, 280)
        forked = moves.run(host, daemon["path"], "/usr/sbin/CRON -f", name=daemon["name"], parent=daemon["pid"], age_s=age_s)  # fmt: skip
        shell = moves.run(host, scene.shell(host), f"/bin/sh -c {command}", name="sh", uid=uid, parent=forked, cwd="/home/deploy", age_s=age_s)  # fmt: skip
        lock = moves.run(
            host, "/usr/bin/flock", command, uid=uid, parent=shell, cwd="/home/deploy", age_s=age_s
        )
        path = "/usr/bin/bash" if interpreter == "bash" else scene.python(host)
        job = moves.run(host, path, f"{'/bin/bash' if interpreter == 'bash' else '/usr/bin/python3'} {script}", name=script.rpartition("/")[2],
                        uid=uid, parent=lock, cwd="/home/deploy", age_s=age_s)  # fmt: skip
        if interpreter == "python3":
            scene.connect(host, job, "10.20.40.17", 5432)


def job_in_transient_unit(host: Host, rng: random.Random) -> None:
    """An operator started a long job with systemd-run, so that it outlives the session, and went home."""
    path, line = rng.choice((
        ("/usr/bin/rsync", "/usr/bin/rsync -a --bwlimit=40m --remove-source-files /var/log/archive/ /mnt/shared/logs/"),
        ("/usr/bin/tar", "/usr/bin/tar -czf /var/backups/before-migration.tar.gz /var/lib"),
        ("/usr/bin/find", "/usr/bin/find /var/spool/exports -xdev -type f -mtime +400 -delete"),
        ("/usr/bin/sha256sum", "/usr/bin/sha256sum --check --quiet /var/backups/MANIFEST"),
    ))  # fmt: skip
    unit = rng.choice((f"run-r{rng.getrandbits(128):032x}.service", f"run-u{rng.randrange(20, 900)}.service", "archive-once.service"))  # fmt: skip
    age_s = rng.randrange(900, 50_000)
    fragment = f"/run/systemd/transient/{unit}"
    host.add("systemd_units", id=unit, description=line, load_state="loaded", active_state="active", sub_state="running",
             unit_file_state="transient", fragment_path=fragment, job_id=0, job_path="/")  # fmt: skip
    scene.put(host, fragment, line, age_s=age_s)
    pid = moves.run(host, path, line, age_s=age_s, unit=unit)
    if path.endswith("rsync"):
        for _ in range(2):
            pid = moves.run(host, path, line, parent=pid, age_s=age_s, unit=unit)
    elif path.endswith("tar"):
        moves.run(host, "/usr/bin/gzip", "gzip", parent=pid, age_s=age_s, unit=unit)
    host.add("last", username=scene.login(host), tty="pts/0", pid=9_000 + rng.randrange(900), type=7, type_name="user-process",
             time=scene.now(host) - age_s - 120, host="10.20.0.8")  # fmt: skip


def support_bundle(host: Host, rng: random.Random) -> None:
    """A vendor asked for sos's report, and an operator lets it collect."""
    shell = session(host, rng, minutes=rng.randrange(4, 30))
    work, age_s = f"/var/tmp/sos.{moves.some(rng, 8).lower()}", rng.randrange(30, 200)
    case = rng.randrange(3_100_000, 3_900_000)
    if not moves.installed(host, "sosreport") and not moves.installed(host, "sos"):
        scene.package(host, "sosreport" if scene.debian(host) else "sos", "4.8.2")
    program = "/usr/sbin/sos" if not scene.debian(host) else "/usr/bin/sos"
    moves.program(host, program)
    collector = below(host, shell, scene.python(host), f"/usr/bin/python3 {program} report --batch --case-id {case}", age_s=age_s)  # fmt: skip
    host.change("processes", {"pid": collector}, name="sos", threads="5")
    for path, line in rng.sample(BUNDLED, rng.randrange(1, 4)):
        timeout = moves.run(host, "/usr/bin/timeout", f"timeout 300s {line}", parent=collector, age_s=rng.randrange(1, 9))  # fmt: skip
        moves.run(host, path, line, parent=timeout, age_s=1)
    scene.put(host, work, kind="directory", mode="0700", age_s=age_s)
    short = host.tables["system_info"][0]["hostname"]
    for name in ("sos_logs/sos.log", "sos_logs/ui.log", "version.txt"):
        scene.put(host, f"{work}/sosreport-{short}-{case}/{name}", f"{case}", mode="0600", age_s=3)


def ansible_at_work(host: Host, rng: random.Random) -> None:
    """Configuration management by SSH works through its hosts one after the other, and is at this one."""
    age_s = rng.randrange(8, 90)
    uid, number = scene.uid_of(host, "deploy"), rng.randrange(40, 900)
    sshd = moves.bare_session(host, user="deploy", address=CONTROL_HOST, age_s=age_s, number=number)
    module = rng.choice(("apt" if scene.debian(host) else "dnf", "setup", "template", "systemd"))
    stamp = scene.now(host) - age_s
    folder = f"/home/deploy/.ansible/tmp/ansible-tmp-{stamp}.{rng.randrange(10**6)}-{rng.randrange(10_000, 90_000)}-{rng.getrandbits(47)}"
    script = f"{folder}/AnsiballZ_{module}.py"
    scene.put(host, script, f"{stamp}", mode="0700", uid=uid, age_s=age_s)
    flag = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=32))
    line = f"/bin/sh -c echo BECOME-SUCCESS-{flag} ; /usr/bin/python3 {script}"
    outer = moves.run(host, scene.shell(host), f"/bin/sh -c sudo -H -S -n -u root {line} && sleep 0", name="sh", uid=uid, parent=sshd, cwd="/home/deploy", age_s=age_s)  # fmt: skip
    sudo = moves.run(host, "/usr/bin/sudo", f"sudo -H -S -n -u root {line}", parent=outer, cwd="/home/deploy", age_s=age_s)  # fmt: skip
    shell = moves.run(host, scene.shell(host), line, name="sh", parent=sudo, cwd="/home/deploy", age_s=age_s)
    pid = moves.run(host, scene.python(host), f"/usr/bin/python3 {script}", name="python3", parent=shell, cwd="/home/deploy", age_s=age_s)  # fmt: skip
    payload = f"/tmp/ansible_{module}_payload_{moves.some(rng, 8).lower()}/ansible_{module}_payload.zip"
    scene.put(host, payload, script, mode="0600", age_s=age_s)
    if module == "apt":
        moves.run(host, "/usr/bin/apt-get", "/usr/bin/apt-get -y -o Dpkg::Options::=--force-confdef install chrony", parent=pid, age_s=3)  # fmt: skip


ONE_OFFS = (
    housekeeping_runs,
    leader_schedule,
    job_in_transient_unit,
    support_bundle,
    ansible_at_work,
)
