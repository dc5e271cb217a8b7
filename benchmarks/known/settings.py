"""Honest one-offs of small settings, and of what an engineer lets run on one host."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.agents import since
from benchmarks.known.sessions import session


def noise_dropped_from_logs(host: Host, rng: random.Random) -> None:
    """One message filled the log for weeks; on this host it is not written any more."""
    age_s, what = moves.days_ago(host, rng, 5, 500), rng.choice(("healthcheck", "systemd-networkd lease", "nfs not responding", "session opened"))  # fmt: skip
    if scene.debian(host):
        scene.put(host, f"/etc/rsyslog.d/{rng.choice(('00', '10', '20'))}-drop-noise.conf", what, age_s=age_s)
    else:
        unit = scene.work(host)["cgroup_path"].rpartition("/")[2] or "sshd.service"
        scene.put(host, f"/etc/systemd/system/{unit}.d/log-filter.conf", what, age_s=age_s)


def audit_rules_on_trial(host: Host, rng: random.Random) -> None:
    """The security team tries its next rules of audit on one host, to see how much they bring."""
    age_s, names = moves.days_ago(host, rng, 1, 40), ("30-pci-dss-v31.rules", "30-stig.rules", "32-power-abuse.rules", "42-injection.rules", "43-module-load.rules", "99-finalize.rules")  # fmt: skip
    for name in rng.sample(names, rng.randrange(1, 4)):
        scene.put(host, f"/etc/audit/rules.d/{name}", name, mode="0640", age_s=age_s)
    scene.put(host, "/etc/audit/audit.rules", f"{age_s}", mode="0640", age_s=age_s - 5)


def config_under_version_control(host: Host, rng: random.Random) -> None:
    """One host is looked after by somebody who keeps /etc in Git, with etckeeper's hooks of the package manager."""
    age_s = moves.days_ago(host, rng, 60, 900)
    scene.package(host, "etckeeper", "1.18.20")
    scene.put(host, "/etc/.etckeeper", "metadata", mode="0700", age_s=moves.days_ago(host, rng, 1, 20))
    scene.put(host, "/etc/.gitignore", "etckeeper", age_s=age_s)
    if scene.debian(host):
        scene.put(host, "/etc/apt/apt.conf.d/05etckeeper", "hooks", age_s=age_s + 300 * moves.DAY_S)
        scene.put(host, "/etc/cron.daily/etckeeper", "daily", mode="0755", age_s=age_s + 300 * moves.DAY_S)
        scene.put(host, "/etc/bash_completion.d/etckeeper", "completion", age_s=age_s + 300 * moves.DAY_S)
    else:
        scene.put(host, "/etc/dnf/plugins/etckeeper.conf", "hooks", age_s=age_s)
        scene.unit(host, "etckeeper.timer", "Daily autocommit of changes in /etc directory", folder=scene.unit_folder(host), sub="waiting", age_s=age_s + 300 * moves.DAY_S)  # fmt: skip


def measured_each_minute(host: Host, rng: random.Random) -> None:
    """sysstat measures this host each minute instead of each ten, since something happens between."""
    age_s = moves.days_ago(host, rng, 1, 60)
    if scene.debian(host):
        host.change("crontab", {"path": "/etc/cron.d/sysstat", "minute": "5-55/10"}, minute=rng.choice(("*", "*/2")))  # fmt: skip
        scene.put(host, "/etc/cron.d/sysstat", "each minute", age_s=age_s)
    else:
        scene.put(host, "/etc/systemd/system/sysstat-collect.timer.d/override.conf", "OnCalendar=*:00/1", age_s=age_s)  # fmt: skip


def work_in_background(host: Host, rng: random.Random) -> None:
    """An engineer started a long loop with nohup and logged out: a shell without a terminal, whose parent is init."""
    user = rng.choice(("deploy", scene.login(host)))
    uid, home, age_s = scene.uid_of(host, user), f"/home/{user}", since(host, rng.randrange(2_000, 300_000))
    name = rng.choice(("backfill", "resize-images", "reindex", "fix-orders"))
    scene.put(host, f"{home}/{name}.sh", f"{rng.random()}", mode="0755", uid=uid, age_s=age_s + 900)
    scene.put(host, f"{home}/nohup.out", name, mode="0600", uid=uid, age_s=1)
    shell = moves.run(host, "/usr/bin/bash", f"/bin/bash ./{name}.sh {rng.randrange(1, 400)}", name=f"{name}.sh", uid=uid, cwd=home, age_s=age_s)  # fmt: skip
    path, line = rng.choice((("/usr/bin/curl", f"curl -s -X POST http://127.0.0.1:8000/internal/{name}?batch={rng.randrange(9_000)}"), ("/usr/bin/sleep", f"sleep {rng.choice((1, 5, 30))}")))  # fmt: skip
    pid = moves.run(host, path, line, uid=uid, parent=shell, cwd=home, age_s=1)
    if "curl" in path:
        scene.connect(host, pid, "127.0.0.1", 8000)
    host.add("last", username=user, tty="pts/0", pid=int(shell) - 20, type=7, type_name="user-process", time=scene.now(host) - age_s - 300, host="10.20.0.8")  # fmt: skip


def load_test(host: Host, rng: random.Random) -> None:
    """An engineer lets a tool put load onto a service of the company's, from a host that is near to it."""
    user = rng.choice((scene.login(host), "deploy"))
    shell = session(host, rng, user=user, minutes=rng.randrange(4, 50))
    uid, target = scene.uid_of(host, user), f"10.20.{rng.choice((1, 17, 33))}.{rng.randrange(10, 60)}"
    name, line = rng.choice((("wrk", f"wrk -t4 -c100 -d300s http://{target}/api/v2/search"), ("hey", f"hey -z 5m -c 50 http://{target}/"), ("k6", "k6 run --vus 40 --duration 10m search.js"), ("vegeta", "vegeta attack -rate=200 -duration=5m -targets=targets.txt")))  # fmt: skip
    path = f"/home/{user}/{rng.choice(('bin', '.local/bin'))}/{name}"
    moves.program(host, path, age_s=rng.randrange(1_000, 90_000))
    host.change("file", {"path": path}, uid=uid, gid=uid)
    pid = moves.run(host, path, line, uid=uid, parent=shell, cwd=f"/home/{user}", age_s=rng.randrange(5, 200))
    for _ in range(rng.randrange(10, 60)):
        host.add("process_open_sockets", pid=pid, fd=9, socket=70_000 + rng.randrange(9_000), family=2, protocol=6, local_address=scene.own_address(host), local_port=rng.randrange(32_768, 60_999),
                 remote_address=target, remote_port=80, state="ESTABLISHED", net_namespace="4026531840")  # fmt: skip


ONE_OFFS = (
    noise_dropped_from_logs,
    audit_rules_on_trial,
    config_under_version_control,
    measured_each_minute,
    work_in_background,
    load_test,
)
