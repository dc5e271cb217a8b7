"""Honest one-offs of agents: tried, left by a former owner, brought for an audit, or at work on backups."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import below, session


def since(host: Host, age_s: int) -> int:
    """Return that age, or that of the boot where it is younger."""
    return max(60, min(age_s, int(host.tables["uptime"][0]["total_seconds"]) - 90))


def nologin(host: Host) -> str:
    """Return the shell of accounts that nobody logs in with."""
    return "/usr/sbin/nologin" if scene.debian(host) else "/sbin/nologin"


def service_account(host: Host, name: str, home: str) -> str:
    """Return the uid of a service's account, which is added as a package does unless it is there."""
    if not any(row["username"] == name for row in host.tables["users"]):
        uid = moves.free_uid(host, 996 if scene.debian(host) else 986, -1)
        moves.account(host, name, uid, home=home, shell=nologin(host))
    return scene.uid_of(host, name)


def netdata_by_script(host: Host, rng: random.Random) -> None:
    """Somebody wanted graphs in an incident and ran Netdata's script: all of it is below /opt, and a part of the script is left in /tmp."""
    age_s, folder, unit = moves.days_ago(host, rng, 1, 120), "/opt/netdata", "netdata.service"
    uid = service_account(host, "netdata", folder)
    scene.put(host, f"/tmp/netdata-kickstart-{moves.some(rng, 10)}/netdata-uninstaller.sh", "script", mode="0755", age_s=age_s)  # fmt: skip
    scene.unit(host, unit, "Netdata, X-Ray Vision for your infrastructure!", folder=scene.unit_folder(host), age_s=age_s)  # fmt: skip
    scene.unit(host, "netdata-updater.timer", "Daily auto-updates for Netdata", folder=scene.unit_folder(host), sub="waiting", age_s=age_s)  # fmt: skip
    scene.put(host, "/etc/logrotate.d/netdata", "netdata", age_s=age_s)
    for tool in ("netdata", "netdatacli", "netdata-claim.sh", "bash", "curl"):
        scene.put(host, f"{folder}/bin/{tool}", "static v1.47", mode="0755", age_s=age_s)
    main = moves.run(host, f"{folder}/bin/srv/netdata", f"{folder}/bin/srv/netdata -P /run/netdata/netdata.pid -D", uid=uid, age_s=since(host, age_s), unit=unit)  # fmt: skip
    host.change("processes", {"pid": main}, threads="41")
    plugins = f"{folder}/usr/libexec/netdata/plugins.d"
    host.add("suid_bin", path=f"{plugins}/apps.plugin", username="root", groupname="netdata", permissions="S")
    for name, account in (("go.d.plugin", uid), ("apps.plugin", "0"), ("network-viewer.plugin", "0")):
        scene.put(host, f"{plugins}/{name}", "static v1.47", mode="4750" if account == "0" else "0750", age_s=age_s)  # fmt: skip
        moves.run(host, f"{plugins}/{name}", f"{plugins}/{name} 1", uid=account, parent=main, age_s=since(host, age_s) - 5, unit=unit)  # fmt: skip
    scene.listen(host, main, 19_999)
    for protocol in (6, 17):
        scene.listen(host, main, 8125, "127.0.0.1", protocol=protocol)


def second_log_shipper(host: Host, rng: random.Random) -> None:
    """Logs are moved to another store: Filebeat runs beside the usual shipper on the first host."""
    age_s, unit, version = rng.randrange(2_000, 900_000), "filebeat.service", f"8.{rng.randrange(13, 17)}.{rng.randrange(4)}"  # fmt: skip
    scene.package(host, "filebeat", version)
    scene.unit(host, unit, "Filebeat sends log files to Logstash or directly to Elasticsearch.", folder=scene.unit_folder(host), age_s=age_s)  # fmt: skip
    if scene.debian(host):
        host.add("apt_sources", name="elastic-8.x", base_uri="https://artifacts.elastic.co/packages/8.x/apt", release="stable", components="main", source="/etc/apt/sources.list.d/elastic-8.x.list")  # fmt: skip
        scene.put(host, "/etc/init.d/filebeat", mode="0755", age_s=age_s + 50 * moves.DAY_S)
    else:
        host.add("yum_sources", name="Elastic repository for 8.x packages", baseurl="https://artifacts.elastic.co/packages/8.x/yum", enabled=1, gpgcheck=1, source="/etc/yum.repos.d/elastic.repo")  # fmt: skip
    line = "/usr/share/filebeat/bin/filebeat --environment systemd -c /etc/filebeat/filebeat.yml --path.home /usr/share/filebeat --path.config /etc/filebeat --path.data /var/lib/filebeat --path.logs /var/log/filebeat"
    pid = moves.run(host, "/usr/share/filebeat/bin/filebeat", line, age_s=since(host, age_s), unit=unit)
    host.change("processes", {"pid": pid}, threads="10")
    for last in rng.sample((21, 22, 23), rng.randrange(1, 3)):
        scene.connect(host, pid, f"10.20.53.{last}", rng.choice((5044, 9200)))


def zabbix_of_former_owner(host: Host, rng: random.Random) -> None:
    """The host was taken over from another team, and their Zabbix agent still waits for a server that is gone."""
    age_s, unit = rng.randrange(200, 900) * moves.DAY_S, "zabbix-agent.service"
    uid = service_account(host, "zabbix", "/var/lib/zabbix")
    scene.package(host, "zabbix-agent", "1:6.0.14+dfsg" if scene.debian(host) else "6.0.36")
    scene.unit(host, unit, "Zabbix Agent", folder=scene.unit_folder(host), age_s=age_s)
    if scene.debian(host):
        scene.put(host, "/etc/init.d/zabbix-agent", mode="0755", age_s=age_s)
    scene.put(host, "/etc/logrotate.d/zabbix-agent", age_s=age_s)
    path = "/usr/sbin/zabbix_agentd"
    main = moves.run(host, path, f"{path} -c /etc/zabbix/zabbix_agentd.conf", uid=uid, age_s=since(host, age_s), unit=unit)  # fmt: skip
    for title in ("collector [idle 1 sec]", "listener #1 [waiting for connection]", "listener #2 [waiting for connection]", "active checks #1 [idle 1 sec]"):  # fmt: skip
        moves.run(host, path, f"{path}: {title}", uid=uid, parent=main, age_s=since(host, age_s) - 1, unit=unit)  # fmt: skip
    scene.listen(host, main, 10_050)
    for name in rng.sample(("userparameter_disk.conf", "userparameter_app.conf"), rng.randrange(3)):
        scene.put(host, f"/etc/zabbix/zabbix_agentd.d/{name}", name, age_s=age_s)


def virus_scanner_for_audit(host: Host, rng: random.Random) -> None:
    """An auditor asks for a virus scanner on hosts that take uploads; it was put onto one at first."""
    age_s = moves.days_ago(host, rng, 2, 60)
    if scene.debian(host):
        names, user, clamd, unit = ("clamav", "clamav-base", "clamav-daemon", "clamav-freshclam", "libclamav11"), "clamav", "/usr/sbin/clamd --foreground=true", "clamav-daemon.service"  # fmt: skip
    else:
        names, user, clamd, unit = ("clamav1.4", "clamav1.4-data", "clamav1.4-lib", "clamav1.4-freshclam", "clamd1.4"), "clamscan", "/usr/sbin/clamd -c /etc/clamd.d/scan.conf", "clamd@scan.service"  # fmt: skip
    for name in names:
        scene.package(host, name, "1.4.1" if scene.debian(host) else "1.4.2")
    uid = service_account(host, user, "/var/lib/clamav")
    folder = scene.unit_folder(host)
    for name, text in ((unit, "Clam AntiVirus userspace daemon"), ("clamav-freshclam.service", "ClamAV virus database updater")):  # fmt: skip
        scene.unit(host, name, text, folder=folder, age_s=age_s + 100 * moves.DAY_S)
    for name in ("clamav-daemon", "clamav-freshclam") if scene.debian(host) else ("clamav-freshclam",):
        scene.put(host, f"/etc/logrotate.d/{name}", age_s=age_s + 100 * moves.DAY_S)
        if scene.debian(host):
            scene.put(host, f"/etc/init.d/{name}", mode="0755", age_s=age_s + 100 * moves.DAY_S)
    pid = moves.run(host, "/usr/sbin/clamd", clamd, uid=uid, age_s=since(host, age_s), unit=unit)
    host.change("processes", {"pid": pid}, threads="2")
    fresh = moves.run(host, "/usr/bin/freshclam", "/usr/bin/freshclam -d --foreground=true", uid=uid, age_s=since(host, age_s), unit="clamav-freshclam.service")  # fmt: skip
    if rng.random() < 0.2:
        scene.connect(host, fresh, f"198.51.100.{rng.randrange(80, 90)}", 443)


def hardening_check(host: Host, rng: random.Random) -> None:
    """The security team's engineer lets Lynis look at one host of the group, out of its archive."""
    shell = session(host, rng, minutes=rng.randrange(4, 40))
    folder, age_s = rng.choice(("/root/lynis", "/usr/local/lynis")), rng.randrange(20, 180)
    for name in ("lynis", "extras/build-lynis.sh"):
        scene.put(host, f"{folder}/{name}", "3.1.2", mode="0755", age_s=age_s + 400)
    if folder.startswith("/usr"):
        scene.put(host, "/usr/local/bin/lynis", "3.1.2", mode="0755", target=f"{folder}/lynis", age_s=age_s + 390)  # fmt: skip
    audit = below(host, shell, scene.shell(host), "/bin/sh ./lynis audit system --quick", age_s=age_s)
    host.change("processes", {"pid": audit}, name="lynis", cwd=folder)
    path, line = rng.choice((("/usr/bin/find", "find / -xdev -type d -perm -0002 -print"), ("/usr/bin/grep", "grep -E ^umask /etc/profile"), ("/usr/bin/sleep", "sleep 1"), ("/usr/bin/systemctl", "systemctl list-unit-files --type=service")))  # fmt: skip
    moves.run(host, path, line, parent=audit, cwd=folder, age_s=1)
    scene.put(host, f"/tmp/lynis.{moves.some(rng, 10)}", "temporary", mode="0600", age_s=age_s)


def backup_by_borg(host: Host, rng: random.Random) -> None:
    """This host holds something that only it has, so it has a backup of its own, which is at work."""
    age_s = rng.randrange(20, 3_000)
    for name, version in (("borgbackup", "1.2.4"), ("borgmatic", "1.7.7"), ("python3-llfuse", "1.4.1")):
        scene.package(host, name, version)
    command = "root PATH=$PATH:/usr/bin:/usr/local/bin /usr/bin/borgmatic --verbosity -1 --syslog-verbosity 1"
    scene.cron(host, "/etc/cron.d/borgmatic", f"{rng.randrange(60)} {rng.choice((9, 10, 11))} * * *", command)
    for path in ("/etc/cron.d/borgmatic", "/etc/borgmatic/config.yaml"):
        scene.put(host, path, command, mode="0600" if "yaml" in path else "0644", age_s=moves.days_ago(host, rng, 90, 500))  # fmt: skip
    daemon = moves.cron_daemon(host)
    forked = moves.run(host, daemon["path"], "/usr/sbin/CRON -f" if scene.debian(host) else "/usr/sbin/CROND -n", name=daemon["name"], parent=daemon["pid"], age_s=age_s)  # fmt: skip
    sh = moves.run(host, scene.shell(host), f"/bin/sh -c {command.removeprefix('root ')}", name="sh", parent=forked, cwd="/root", age_s=age_s)  # fmt: skip
    outer = moves.run(host, scene.python(host), "/usr/bin/python3 /usr/bin/borgmatic --verbosity -1 --syslog-verbosity 1", name="borgmatic", parent=sh, cwd="/root", age_s=age_s)  # fmt: skip
    borg = moves.run(host, scene.python(host), "/usr/bin/python3 /usr/bin/borg create --exclude-caches ssh://borg@10.20.43.12/./main::{hostname}-{now} /etc /var/lib", name="borg", parent=outer, cwd="/root", age_s=age_s - 3)  # fmt: skip
    ssh = moves.run(host, "/usr/bin/ssh", "ssh borg@10.20.43.12 borg serve --umask=077", parent=borg, cwd="/root", age_s=age_s - 4)  # fmt: skip
    scene.connect(host, ssh, "10.20.43.12", 22)


ONE_OFFS = (
    netdata_by_script,
    second_log_shipper,
    zabbix_of_former_owner,
    virus_scanner_for_audit,
    hardening_check,
    backup_by_borg,
)
