"""Honest one-offs of what is on its way to every host and reached this one first."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene

PEOPLE = ("nbauer", "lrossi", "kandersen", "fdupont", "ywang", "mhorvat")

EXPORTERS = (
    ("process-exporter", "0.7.10", 9256, "--config.path /etc/process-exporter/all.yaml"),
    ("blackbox-exporter", "0.23.0", 9115, "--config.file=/etc/prometheus/blackbox.yml"),
    ("smokeping-prober", "0.7.1", 9374, "--config.file=/etc/prometheus/smokeping.yml"),
    ("ipmi-exporter", "1.6.1", 9290, "--config.file=/etc/prometheus/ipmi.yml"),
)
"""Name, version, port and arguments of exporters of metrics."""


def operator_account_first(host: Host, rng: random.Random) -> None:
    """Configuration management brings a new colleague's account and key to every host, and reached this one first."""
    here = {row["username"] for row in host.tables["users"]}
    name = rng.choice([person for person in PEOPLE if person not in here])
    uid, age_s = moves.free_uid(host, 1_010), rng.randrange(120, 3_000)
    home = f"/home/{name}"
    moves.account(host, name, uid, home=home, shell="/bin/bash")
    for row in host.tables["groups"]:
        if row["groupname"] in ("sudo", "wheel", "adm"):
            host.add("user_groups", uid=uid, gid=row["gid"])
    files = (".bashrc", ".profile", ".bash_logout") if scene.debian(host) else (".bashrc", ".bash_profile", ".bash_logout")  # fmt: skip
    for file in files:
        scene.put(host, f"{home}/{file}", "skeleton", uid=uid, age_s=age_s)
    scene.key(host, name, f"{name} laptop", comment=f"{name}@example.com", age_s=age_s - 2)
    for path in ("/etc/passwd", "/etc/group"):
        scene.put(host, path, name, age_s=age_s)


def sudo_rule_first(host: Host, rng: random.Random) -> None:
    """Configuration management brings a rule for on-call to every host, and reached this one first."""
    group, age_s = rng.choice(("oncall", "sre", "support")), rng.randrange(120, 3_000)
    source = f"/etc/sudoers.d/{rng.choice((20, 30, 50))}-{group}"
    gid = moves.free_uid(host, 2_100)
    host.add("groups", gid=gid, gid_signed=gid, groupname=group)
    host.add("user_groups", uid=scene.uid_of(host, scene.login(host)), gid=gid)
    rules = ("ALL=(root) NOPASSWD: /usr/bin/systemctl restart *", "ALL=(root) NOPASSWD: /usr/bin/journalctl", "ALL=(root) NOPASSWD: /usr/bin/ss, /usr/bin/lsof")  # fmt: skip
    for rule in rng.sample(rules, rng.randrange(1, 4)):
        host.add("sudoers", source=source, header=f"%{group}", rule_details=rule)
    scene.put(host, source, group, mode="0440", age_s=age_s)
    scene.put(host, "/etc/group", group, age_s=age_s + 1)


def cloudwatch_agent_first(host: Host, rng: random.Random) -> None:
    """Amazon's CloudWatch agent was rolled out to a first host: package, account, service, connections."""
    age_s, unit = rng.randrange(600, 90_000), "amazon-cloudwatch-agent.service"
    version = f"1.3000{rng.randrange(52, 60)}.{rng.randrange(2)}"
    scene.package(host, "amazon-cloudwatch-agent", version, f"b{rng.randrange(1_000, 1_400)}")
    host.change(
        "rpm_packages", {"name": "amazon-cloudwatch-agent"}, install_time=str(scene.now(host) - age_s)
    )
    uid = moves.free_uid(host, 989, -1)
    moves.account(host, "cwagent", uid, home="/home/cwagent", shell="/usr/sbin/nologin" if scene.debian(host) else "/sbin/nologin")  # fmt: skip
    folder = "/opt/aws/amazon-cloudwatch-agent"
    for name in ("amazon-cloudwatch-agent", "amazon-cloudwatch-agent-ctl", "config-downloader", "config-translator", "start-amazon-cloudwatch-agent", "amazon-cloudwatch-agent-config-wizard"):  # fmt: skip
        scene.put(host, f"{folder}/bin/{name}", version, mode="0755", age_s=age_s + 12 * moves.DAY_S)
    scene.put(host, f"{folder}/etc/amazon-cloudwatch-agent.toml", version, uid=uid, age_s=age_s - 20)
    scene.unit(host, unit, "Amazon CloudWatch Agent", text=version, age_s=age_s)
    user = rng.choice(("0", uid))
    line = f"{folder}/bin/amazon-cloudwatch-agent -config {folder}/etc/amazon-cloudwatch-agent.toml -envconfig {folder}/etc/env-config.json -otelconfig {folder}/etc/amazon-cloudwatch-agent.yaml -pidfile {folder}/var/amazon-cloudwatch-agent.pid"
    pid = scene.spawn(host, f"{folder}/bin/amazon-cloudwatch-agent", line, name="amazon-cloudwat", uid=user, age_s=age_s - 30, unit=unit, threads=9, static=True)  # fmt: skip
    subnet = int(scene.own_address(host).split(".")[2]) // 16 * 16
    for last in rng.sample((51, 62, 73), rng.randrange(1, 3)):
        scene.connect(host, pid, f"10.20.{subnet + 9}.{last}", 443)


def exporter_packaged(host: Host, rng: random.Random) -> None:
    """An exporter of metrics was installed from a package on one host, to see what it costs."""
    name, version, port, arguments = rng.choice(EXPORTERS)
    age_s = rng.randrange(2_000, 600_000)
    name = f"prometheus-{name}" if scene.debian(host) else name.replace("-", "_")
    scene.package(host, name, version, "1+b5" if scene.debian(host) else "1.el9")
    host.change("rpm_packages", {"name": name}, install_time=str(scene.now(host) - age_s))
    uid = moves.free_uid(host, 988, -1)
    moves.account(host, "prometheus", uid, home="/var/lib/prometheus", shell="/usr/sbin/nologin" if scene.debian(host) else "/sbin/nologin")  # fmt: skip
    scene.unit(host, f"{name}.service", f"Prometheus exporter {name}", folder=scene.unit_folder(host), age_s=age_s)  # fmt: skip
    if scene.debian(host):
        scene.put(host, f"/etc/init.d/{name}", mode="0755", age_s=age_s + 300 * moves.DAY_S)
        scene.put(host, f"/etc/logrotate.d/{name}", age_s=age_s + 300 * moves.DAY_S)
    scene.put(host, f"/etc/default/{name}", arguments, age_s=age_s)
    moves.program(host, f"/usr/bin/{name}", age_s=age_s + 300 * moves.DAY_S)
    pid = scene.spawn(host, f"/usr/bin/{name}", f"/usr/bin/{name} {arguments}", uid=uid, age_s=age_s - 5, unit=f"{name}.service", threads=6, static=True)  # fmt: skip
    scene.listen(host, pid, port, "::")
    if rng.random() < 0.6:
        host.add("process_open_sockets", pid=pid, fd=8, socket=72_410, family=10, protocol=6, local_address=scene.own_address(host), local_port=port,
                 remote_address="10.20.50.21", remote_port=rng.randrange(32_768, 60_999), state="ESTABLISHED")  # fmt: skip


ONE_OFFS = (
    operator_account_first,
    sudo_rule_first,
    cloudwatch_agent_first,
    exporter_packaged,
)
