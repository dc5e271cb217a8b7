"""Attacks that wait inside what is honest: boot arguments, plug-ins of daemons, variables of sessions, logs that are kept short (TA0003, TA0005)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def boot_arguments(host: Host) -> None:
    """T1562.012, T1542: audit=0 since the last boot: the unit of the audit daemon is as it was, and its condition is not met."""
    facts = host.tables["kernel_info"][0]
    facts["arguments"] += " audit=0"
    scene.put(host, "/etc/default/grub", "audit=0", age_s=60 * 86_400)
    host.change("systemd_units", {"id": "auditd.service"}, active_state="inactive", sub_state="dead")
    scene.stop(host, "auditd")


def audit_plugin(host: Host) -> None:
    """T1543, T1036.005: one more plug-in of the audit daemon: started by it as root, it reads all events and waits for one."""
    scene.put(host, "/etc/audit/plugins.d/af_forward.conf", mode="0640", age_s=130 * 86_400)
    parent = scene.named(host, "auditd")[0]["pid"]
    scene.put(host, "/usr/sbin/audisp-af_forward", mode="0750", age_s=130 * 86_400)
    scene.spawn(host, "/usr/sbin/audisp-af_forward", "/usr/sbin/audisp-af_forward 0640", parent=parent, unit="auditd.service", age_s=20_000)  # fmt: skip


def log_folder_covered(host: Host) -> None:
    """T1564, T1070.002: another folder of the same disk is mounted over /var/log/audit: who reads there finds what was chosen."""
    root = next(row for row in host.tables["mounts"] if row["path"] == "/")
    host.add("mounts", device=root["device"], device_alias=root["device"], path="/var/log/audit", type=root["type"], flags=root["flags"])  # fmt: skip
    host.add("systemd_units", id="var-log-audit.mount", description="/var/log/audit", load_state="loaded", active_state="active", sub_state="mounted",
             fragment_path="/proc/self/mountinfo", job_id=0, job_path="/")  # fmt: skip


def crypto_provider(host: Host) -> None:
    """T1574, T1556: a provider in openssl.cnf comes into all that speaks TLS or SSH when it starts; it keeps what is typed."""
    library = f"{scene.libraries(host)}/ossl-modules/fipsmodule.so"
    scene.put(host, "/etc/ssl/openssl.cnf" if scene.debian(host) else "/etc/pki/tls/openssl.cnf", "providers", age_s=110 * 86_400)  # fmt: skip
    scene.put(host, library, age_s=110 * 86_400)
    for row in (*scene.named(host, "sshd"), scene.work(host)):
        if not any(each["pid"] == row["pid"] and each["path"] == library for each in host.tables["process_memory_map"]):  # fmt: skip
            scene.load(host, row["pid"], library)


def session_environment(host: Host) -> None:
    """T1574.006: PAM's file of variables gives each session, those of cron too, a library first; no shell's own file was touched."""
    library = f"{scene.libraries(host)}/libnss_usrfiles.so.2"
    scene.put(host, "/etc/security/pam_env.conf", f"LD_PRELOAD DEFAULT={library}", age_s=95 * 86_400)
    scene.put(host, library, age_s=95 * 86_400)
    row = moves.cron_daemon(host)
    job = scene.spawn(host, row["path"], "/usr/sbin/CRON -f" if scene.debian(host) else "/usr/sbin/CROND -n", name=row["name"], parent=row["pid"], age_s=3)  # fmt: skip
    line = "/bin/sh -c debian-sa1 1 1" if scene.debian(host) else "/bin/sh -c run-parts /etc/cron.hourly"
    sh = scene.spawn(host, scene.shell(host), line, name="sh", parent=job, cwd="/root", age_s=3)
    scene.variable(host, sh, LD_PRELOAD=library)
    scene.load(host, sh, library)


def journal_emptied(host: Host) -> None:
    """T1070.002, T1053.003: a job that looks like care for the disk leaves twenty minutes of the journal."""
    command = "root /usr/bin/journalctl --quiet --rotate --vacuum-time=20min"
    scene.cron(host, "/etc/cron.d/journal-size", "*/10 * * * *", command)


ATTACKS = (boot_arguments, audit_plugin, log_folder_covered, crypto_provider, session_environment, journal_emptied)  # fmt: skip
