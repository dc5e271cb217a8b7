"""Honest one-offs of small settings, and of what an engineer left to be done on one host."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def connections_kept_alive(host: Host, rng: random.Random) -> None:
    """Sessions to this host were cut off by a firewall on the way, so its sshd asks its clients more often."""
    text = rng.choice(("ClientAliveInterval 60", "ClientAliveInterval 30\nClientAliveCountMax 10", "TCPKeepAlive yes"))  # fmt: skip
    scene.put(host, f"/etc/ssh/sshd_config.d/{rng.choice(('20-keepalive', '99-local'))}.conf", text, mode="0644", age_s=moves.days_ago(host, rng, 3, 600))  # fmt: skip


def restore_tested(host: Host, rng: random.Random) -> None:
    """A backup was unpacked on this host, to see whether it can be read, and lies in /var/tmp with all its bits."""
    folder, age_s = f"/var/tmp/restore-{rng.choice(('test', '20260201', 'check'))}", moves.days_ago(host, rng, 1, 60)  # fmt: skip
    for path in ("etc/cron.daily/logrotate", "etc/init.d/cron", "etc/update-motd.d/10-uname", "usr/local/bin/backup.sh", "etc/.pwd.lock", "etc/ssh/sshd_config", "root/.profile")[: rng.randrange(3, 8)]:  # fmt: skip
        mode = "0755" if any(part in path for part in ("cron.daily", "init.d", "motd", "bin/")) else "0600"
        scene.put(host, f"{folder}/{path}", f"backup of {path}", mode=mode, age_s=age_s + 30 * moves.DAY_S)


def note_at_login(host: Host, rng: random.Random) -> None:
    """Whoever logs in is told that this host is special: do not restart it, ask that team first."""
    text, age_s = rng.choice(("do not reboot, see OPS-2291", "owned by the data team", "leader of the migration")), moves.days_ago(host, rng, 3, 400)  # fmt: skip
    scene.put(host, "/etc/motd", text, age_s=age_s)
    way = rng.random()
    if way < 0.5:
        scene.put(host, f"/etc/update-motd.d/{rng.choice((5, 95, 99)):02}-note", text, mode="0755", age_s=age_s)  # fmt: skip
    elif way < 0.8:
        scene.put(host, "/etc/profile.d/zz-note.sh", text, age_s=age_s)


def job_queued_for_tonight(host: Host, rng: random.Random) -> None:
    """An operator let `at` restart the work tonight, when nobody uses it."""
    folder = "/var/spool/cron/atjobs" if scene.debian(host) else "/var/spool/at"
    user, age_s = rng.choice((scene.login(host), "root")), rng.randrange(600, 30_000)
    if scene.debian(host) and not moves.installed(host, "at"):
        scene.package(host, "at", "3.2.5", "1+b1")
        scene.unit(host, "atd.service", "Deferred execution scheduler", folder=scene.unit_folder(host), age_s=500 * moves.DAY_S)  # fmt: skip
        moves.run(host, "/usr/sbin/atd", "/usr/sbin/atd -f", age_s=age_s + 60, unit="atd.service")
        host.add("suid_bin", path="/usr/bin/at", username="daemon", groupname="daemon", permissions="S")
        scene.put(host, "/usr/bin/at", mode="6755", age_s=500 * moves.DAY_S)
        scene.put(host, "/etc/init.d/atd", mode="0755", age_s=500 * moves.DAY_S)
    minute = (scene.now(host) + rng.randrange(30_000, 60_000)) // 60
    scene.put(host, f"{folder}/a{rng.randrange(1, 9):05x}{minute:08x}", f"restart {age_s}", mode="0700", uid=scene.uid_of(host, user), age_s=age_s)  # fmt: skip
    host.add("last", username=scene.login(host), tty="pts/0", pid=9_411, type=7, type_name="user-process", time=scene.now(host) - age_s - 200, host="10.20.0.8")  # fmt: skip


ONE_OFFS = (connections_kept_alive, restore_tested, note_at_login, job_queued_for_tonight)
