"""Honest one-offs of agents: tried, at work as a scanner, a list of checksums, a module for backups."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.agents import service_account, since
from benchmarks.known.sessions import below, session


def datadog_on_trial(host: Host, rng: random.Random) -> None:
    """A vendor of monitoring is on trial: its agent with three daemons, its source, its account, on one host."""
    age_s, folder = moves.days_ago(host, rng, 1, 25), "/opt/datadog-agent"
    uid = service_account(host, "dd-agent", folder)
    scene.package(host, "datadog-agent", f"1:7.{rng.randrange(55, 64)}.{rng.randrange(3)}")
    if scene.debian(host):
        host.add("apt_sources", name="datadog", base_uri="https://apt.datadoghq.com/", release="stable", components="7", source="/etc/apt/sources.list.d/datadog.list")  # fmt: skip
        scene.put(host, "/usr/share/keyrings/datadog-archive-keyring.gpg", age_s=age_s)
    else:
        host.add("yum_sources", name="Datadog, Inc.", baseurl="https://yum.datadoghq.com/stable/7/x86_64/", enabled=1, gpgcheck=1, source="/etc/yum.repos.d/datadog.repo")  # fmt: skip
    for name, path, line, account, ports in (
        ("datadog-agent", f"{folder}/bin/agent/agent", f"{folder}/bin/agent/agent run -p {folder}/run/agent.pid", uid, (5000, 5001)),
        ("datadog-agent-trace", f"{folder}/embedded/bin/trace-agent", f"{folder}/embedded/bin/trace-agent --config /etc/datadog-agent/datadog.yaml --pid {folder}/run/trace-agent.pid", uid, (8126, 5012)),
        ("datadog-agent-process", f"{folder}/embedded/bin/process-agent", f"{folder}/embedded/bin/process-agent --cfgpath=/etc/datadog-agent/datadog.yaml --pid={folder}/run/process-agent.pid", uid, (6062, 6162)),
    ):  # fmt: skip
        scene.unit(host, f"{name}.service", name.replace("-", " ").title(), folder=scene.unit_folder(host), age_s=age_s + 30 * moves.DAY_S)  # fmt: skip
        pid = moves.run(host, path, line, uid=account, age_s=since(host, age_s), unit=f"{name}.service")
        host.change("processes", {"pid": pid}, threads="12")
        for port in ports:
            scene.listen(host, pid, port, "127.0.0.1")
        if name == "datadog-agent":
            scene.listen(host, pid, 8125, "127.0.0.1", protocol=17)
            for last in rng.sample(range(100, 120), rng.randrange(1, 4)):
                scene.connect(host, pid, f"198.51.100.{last}", 443)


def scanner_logged_in(host: Host, rng: random.Random) -> None:
    """The scanner of the security team has logged in with its rights and asks what is installed: one shell after the other."""
    user, age_s = scene.login(host), rng.randrange(2, 60)
    sshd = moves.bare_session(host, user=user, address=f"10.20.60.{rng.choice((15, 16))}", age_s=age_s + 40, number=rng.randrange(40, 900))  # fmt: skip
    uid = scene.uid_of(host, user)
    listed = "dpkg -l --no-pager" if scene.debian(host) else "rpm -qa --qf %{NAME}~%{VERSION}~%{RELEASE}"
    asked, path = rng.choice((
        (listed, "/usr/bin/dpkg-query" if scene.debian(host) else "/usr/bin/rpm"), ("find / -xdev -type f -name log4j*.jar", "/usr/bin/find"),
        ("netstat -anp", "/usr/bin/netstat"), ("find / -xdev -perm -4000", "/usr/bin/find"), ("cat /etc/passwd /etc/shadow", "/usr/bin/cat"),
    ))  # fmt: skip
    token = rng.getrandbits(32)
    line = f'bash -c printf "command_start_%s" "{token:08x}"; LC_ALL=C sudo -n {asked}; printf "command_done_%s" "{token:08x}"'
    sh = moves.run(host, "/usr/bin/bash", line, uid=uid, parent=sshd, cwd=f"/home/{user}", age_s=age_s)
    sudo = moves.run(host, "/usr/bin/sudo", f"sudo -n {asked}", parent=sh, cwd=f"/home/{user}", age_s=age_s)
    moves.run(host, path, asked, parent=sudo, cwd=f"/home/{user}", age_s=age_s)


def integrity_database_built(host: Host, rng: random.Random) -> None:
    """Checksums of all files are taken for the first time, as a rule for hosts with cards' data wants it."""
    age_s = rng.randrange(30, 900)
    scene.package(host, "aide", "0.18.3" if scene.debian(host) else "0.18.6")
    if scene.debian(host):
        scene.package(host, "aide-common", "0.18.3")
        service_account(host, "_aide", "/var/lib/aide")
        scene.unit(host, "dailyaidecheck.timer", "daily AIDE check timer", folder=scene.unit_folder(host), sub="waiting", age_s=200 * moves.DAY_S)  # fmt: skip
        scene.unit(host, "dailyaidecheck.service", "daily AIDE check", folder=scene.unit_folder(host), state="static", active="inactive", sub="dead", age_s=200 * moves.DAY_S)  # fmt: skip
        scene.put(host, "/etc/cron.daily/dailyaidecheck", mode="0755", age_s=200 * moves.DAY_S)
        scene.put(host, "/etc/logrotate.d/aide-common", age_s=200 * moves.DAY_S)
    else:
        scene.put(host, "/etc/logrotate.d/aide", age_s=200 * moves.DAY_S)
    shell = session(host, rng, minutes=30)
    if scene.debian(host):
        script = below(host, shell, "/usr/bin/bash", "/bin/bash /usr/sbin/aideinit -y -f", age_s=age_s)
        host.change("processes", {"pid": script}, name="aideinit")
        moves.run(host, "/usr/bin/aide", "aide --init --config /etc/aide/aide.conf", parent=script, age_s=age_s - 1)  # fmt: skip
    else:
        below(host, shell, "/usr/sbin/aide", "aide --init", age_s=age_s)


def backup_agent_with_module(host: Host, rng: random.Random) -> None:
    """A vendor's agent for images of whole hosts: a daemon, a module that was built here and taints the kernel."""
    age_s = moves.days_ago(host, rng, 5, 400)
    for name, version in (("veeam", "6.2.0.101"), ("veeam-libs", "6.2.0.101"), ("blksnap" if scene.debian(host) else "kmod-blksnap", "6.2.0.101")):  # fmt: skip
        scene.package(host, name, version)
    for name in ("blksnap", "bdevfilter"):
        scene.module(host, name, 155_648)
    was = next((row["current_value"] for row in host.tables["system_controls"] if row["name"] == "kernel.tainted"), "0")  # fmt: skip
    scene.control(host, "kernel.tainted", str(int(was or 0) | 12_288))
    gid = moves.free_uid(host, 985, -1)
    host.add("groups", gid=gid, gid_signed=gid, groupname="veeam")
    unit = "veeamservice.service"
    scene.unit(host, unit, "Veeam Agent for Linux service daemon", folder=scene.unit_folder(host), age_s=age_s + 60 * moves.DAY_S)  # fmt: skip
    scene.put(host, "/etc/modules-load.d/veeam.conf", "blksnap", age_s=age_s)
    path = "/usr/sbin/veeamservice"
    main = moves.run(host, path, f"{path} --daemonize --pidfile=/var/run/veeamservice.pid", age_s=since(host, age_s), unit=unit)  # fmt: skip
    host.change("processes", {"pid": main}, threads="15")
    if rng.random() < 0.4:
        job = moves.run(host, "/usr/sbin/veeamjobman", "veeamjobman", parent=main, age_s=900, unit=unit)
        moves.run(host, "/usr/sbin/veeamagent", "/usr/sbin/veeamagent -l flush,/var/log/veeam/Backup/agent.log", parent=job, age_s=890, unit=unit)  # fmt: skip
        scene.connect(host, job, "10.20.43.15", 10_002)


ONE_OFFS = (datadog_on_trial, scanner_logged_in, integrity_database_built, backup_agent_with_module)
