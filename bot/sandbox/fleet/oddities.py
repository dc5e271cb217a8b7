"""What honest one-offs does a host of a real fleet show: a session, a running job, a canary?"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import transaction


def _recent(draft: Draft, seconds: int) -> int:
    return draft.now - draft.booted - seconds


def admin_session(draft: Draft) -> None:
    """An operator is logged in over SSH and looks around."""
    draft.settle()
    user = "admin" if any(row["username"] == "admin" for row in draft.tables["users"]) else "ec2-user"
    at = draft.now - 1260
    listener = draft.pid_of("sshd")
    privileged = draft.spawn(
        "sshd",
        "/usr/sbin/sshd",
        f"sshd: {user} [priv]",
        parent=listener,
        unit="ssh.service",
        after_boot_s=_recent(draft, 1260),
    )
    session = draft.spawn(
        "sshd",
        "/usr/sbin/sshd",
        f"sshd: {user}@pts/0",
        user=user,
        parent=privileged,
        after_boot_s=_recent(draft, 1259),
    )
    shell = draft.spawn(
        "bash",
        "/usr/bin/bash",
        "-bash",
        user=user,
        parent=session,
        cwd=f"/home/{user}",
        after_boot_s=_recent(draft, 1258),
    )
    draft.spawn(
        "less",
        "/usr/bin/less",
        "less /var/log/nginx/error.log",
        user=user,
        parent=shell,
        cwd="/var/log/nginx",
        after_boot_s=_recent(draft, 40),
    )
    manager = draft.spawn(
        "systemd",
        "/usr/lib/systemd/systemd",
        "/lib/systemd/systemd --user",
        user=user,
        after_boot_s=_recent(draft, 1260),
    )
    draft.spawn(
        "(sd-pam)",
        "/usr/lib/systemd/systemd",
        "(sd-pam)",
        user=user,
        parent=manager,
        after_boot_s=_recent(draft, 1260),
    )
    draft.connect(privileged, "10.20.0.8", 51022, local_port=22)
    draft.env(
        shell,
        SSH_CONNECTION=f"10.20.0.8 51022 {draft.ip} 22",
        SSH_AUTH_SOCK=f"/tmp/ssh-XXXXq1w2e3/agent.{session}",
    )
    draft.add(
        "logged_in_users", type="user", user=user, tty="pts/0", host="10.20.0.8", time=at, pid=privileged
    )
    draft.add(
        "last",
        username=user,
        tty="pts/0",
        pid=privileged,
        type=7,
        type_name="user-process",
        time=at,
        host="10.20.0.8",
    )
    draft.unit(
        "session-41.scope",
        f"Session 41 of User {user}",
        state="transient",
        fragment="/run/systemd/transient/session-41.scope",
    )
    draft.unit(
        "user@1000.service",
        "User Manager for UID 1000",
        state="static",
        fragment="/lib/systemd/system/user@.service",
    )
    draft.unit("user-1000.slice", "User Slice of UID 1000", sub="active", state="")
    draft.add(
        "mounts",
        device="tmpfs",
        device_alias="tmpfs",
        path="/run/user/1000",
        type="tmpfs",
        flags="rw,nosuid,nodev,relatime,uid=1000",
    )


def log_rotation(draft: Draft) -> None:
    """Log rotation happens to run."""
    draft.settle()
    parent = draft.spawn(
        "logrotate",
        "/usr/sbin/logrotate",
        "/usr/sbin/logrotate /etc/logrotate.conf",
        unit="logrotate.service",
        after_boot_s=_recent(draft, 6),
    )
    draft.spawn(
        "gzip",
        "/usr/bin/gzip",
        "/bin/gzip",
        parent=parent,
        unit="logrotate.service",
        after_boot_s=_recent(draft, 2),
    )
    for row in draft.tables["systemd_units"]:
        if row["id"] == "logrotate.service":
            row.update(active_state="activating", sub_state="start")


def backup(draft: Draft) -> None:
    """The nightly backup, which every peer has in its schedule, happens to run."""
    draft.settle()
    daemon = next(row for row in draft.tables["processes"] if row["name"] in ("cron", "crond"))
    copied, name = f"/var/backups/etc-{draft.identity.instance_id}.tgz", draft.identity.instance_id
    parent = int(daemon["pid"])
    for process, path, cmdline in (
        (daemon["name"], daemon["path"], "/usr/sbin/CRON -f"),
        ("sh", draft.shell, "/bin/sh -c /usr/local/bin/backup.sh"),
        ("backup.sh", "/usr/bin/bash", "/bin/bash /usr/local/bin/backup.sh"),
    ):
        parent = draft.spawn(
            process, path, cmdline, parent=parent, cwd="/root", after_boot_s=_recent(draft, 31)
        )
    draft.spawn(
        "tar", "/usr/bin/tar", f"tar czf {copied} /etc", parent=parent, after_boot_s=_recent(draft, 30)
    )
    aws = "/usr/local/aws-cli/v2/2.15.0/dist/aws"
    sync = f"aws s3 sync /var/backups s3://example-backups/{name}/"
    copy = draft.spawn("aws", aws, sync, parent=parent, after_boot_s=_recent(draft, 12))
    draft.connect(copy, f"52.218.{draft.rng.randrange(256)}.{draft.rng.randrange(1, 255)}", 443)


def canary(draft: Draft) -> None:
    """One host's application tries a feature before the others do."""
    names = ("gunicorn", "java", "postgres", "dockerd", "celery")
    main = next(row for row in draft.tables["processes"] if row["name"] in names and row["parent"] == "1")
    cmdline = main["cmdline"]
    for row in draft.tables["processes"]:
        if row["cmdline"] == cmdline:
            row["cmdline"] += " --env FEATURE_CANARY=1"
            draft.env(int(row["pid"]), FEATURE_CANARY="1")


def package_upgrade(draft: Draft) -> None:
    """Unattended upgrades reached this host first; the time daemon still runs the program that was replaced."""
    for table in ("deb_packages", "rpm_packages"):
        for row in draft.tables[table]:
            if row["name"] in (
                "vim",
                "vim-common",
                "vim-runtime",
                "vim-tiny",
                "vim-minimal",
                "xxd",
                "chrony",
            ):
                row["version"] += ".1"
    transaction(draft.tables, draft.now - 2_000)
    for row in draft.tables["processes"]:
        if row["name"] == "chronyd":
            row["on_disk"] = "0"
    for row in draft.tables["hash"]:
        if row["path"] == "/usr/sbin/chronyd":
            row["sha256"] = digest(row["sha256"] + " updated")
    draft.file("/var/run/reboot-required", "reboot", changed=draft.now - 3000)


ODDITIES: Mapping[str, Callable[[Draft], None]] = {
    "admin_session": admin_session,
    "log_rotation": log_rotation,
    "backup": backup,
    "canary": canary,
    "package_upgrade": package_upgrade,
}
