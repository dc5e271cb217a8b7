"""Honest one-offs with a person or a scheduled job behind them."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import scene

JUMP_HOSTS = ("10.20.0.8", "10.20.0.31")


def session(host: Host, rng: random.Random, *, user: str = "", minutes: int = 0) -> str:
    """Log an operator in over SSH, with all that comes with it; return the pid of the shell."""
    user = user or scene.login(host)
    age_s = 60 * (minutes or rng.randrange(3, 240))
    uid, jump = scene.uid_of(host, user), rng.choice(JUMP_HOSTS)
    number = rng.randrange(2, 900)
    listener = scene.listener(host)["pid"]
    first = scene.spawn(
        host, "/usr/sbin/sshd", f"sshd: {user} [priv]", parent=listener, age_s=age_s, unit="ssh.service"
    )
    second = scene.spawn(
        host, "/usr/sbin/sshd", f"sshd: {user}@pts/0", uid=uid, parent=first, age_s=age_s, unit="ssh.service"
    )
    pid = scene.spawn(
        host, "/usr/bin/bash", "-bash", uid=uid, parent=second, cwd=f"/home/{user}", age_s=age_s
    )
    manager(host, user, age_s)
    when = scene.now(host) - age_s
    host.add("logged_in_users", type="user", user=user, tty="pts/0", host=jump, time=when, pid=first)
    host.add("last", username=user, tty="pts/0", pid=first, type=7, type_name="user-process", time=when, host=jump)  # fmt: skip
    host.add("process_open_sockets", pid=first, fd=4, socket=61_200, family=2, protocol=6, local_address=scene.own_address(host), local_port=22,
             remote_address=jump, remote_port=rng.randrange(32_768, 60_999), state="ESTABLISHED")  # fmt: skip
    host.add("systemd_units", id=f"session-{number}.scope", description=f"Session {number} of User {user}", load_state="loaded",
             active_state="active", sub_state="running", unit_file_state="transient",
             fragment_path=f"/run/systemd/transient/session-{number}.scope")  # fmt: skip
    return pid


def manager(host: Host, user: str, age_s: int) -> None:
    """Start the user's own systemd with its mount, as logind does at the first login."""
    uid = scene.uid_of(host, user)
    if not any(row["path"] == f"/run/user/{uid}" for row in host.tables["mounts"]):
        host.add("mounts", device="tmpfs", device_alias="tmpfs", path=f"/run/user/{uid}", type="tmpfs", flags=f"rw,nosuid,nodev,uid={uid}")  # fmt: skip
        host.add("systemd_units", id=f"user@{uid}.service", description=f"User Manager for UID {uid}", load_state="loaded",
                 active_state="active", sub_state="running", unit_file_state="static",
                 fragment_path=f"{scene.unit_folder(host)}/user@.service")  # fmt: skip
    first = scene.spawn(
        host,
        "/usr/lib/systemd/systemd",
        "/lib/systemd/systemd --user",
        uid=uid,
        age_s=age_s,
        unit=f"user@{uid}.service",
    )
    scene.spawn(host, "/usr/lib/systemd/systemd", "(sd-pam)", name="(sd-pam)", uid=uid, parent=first, age_s=age_s)  # fmt: skip


def below(host: Host, parent: str, path: str, cmdline: str, *, age_s: int = 45, uid: str = "0") -> str:
    """Run something as root below a shell, through sudo."""
    sudo = scene.spawn(host, "/usr/bin/sudo", f"sudo {cmdline}", parent=parent, age_s=age_s)
    return scene.spawn(host, path, cmdline, parent=sudo, age_s=age_s, uid=uid)


def tmux_left_open(host: Host, rng: random.Random) -> None:
    """An engineer went home; tmux, a shell and a pager are still there."""
    user = scene.login(host)
    uid, age_s = scene.uid_of(host, user), 3600 * rng.randrange(9, 90)
    manager(host, user, age_s)
    server = scene.spawn(
        host,
        "/usr/bin/tmux",
        "tmux new -s work",
        name="tmux: server",
        uid=uid,
        cwd=f"/home/{user}",
        age_s=age_s,
    )
    shell = scene.spawn(
        host, "/usr/bin/bash", "-bash", uid=uid, parent=server, cwd=f"/home/{user}", age_s=age_s
    )
    scene.spawn(
        host,
        "/usr/bin/journalctl",
        f"journalctl -fu {rng.choice(('webapp', 'api', 'docker'))}",
        uid=uid,
        parent=shell,
        age_s=age_s,
    )
    scene.put(host, f"/tmp/tmux-{uid}/default", kind="socket", uid=uid, mode="0770")
    host.add("last", username=user, tty="pts/0", pid=7_001, type=7, type_name="user-process", time=scene.now(host) - age_s, host=JUMP_HOSTS[0])  # fmt: skip


def tcpdump_by_on_call(host: Host, rng: random.Random) -> None:
    """On-call writes a capture to /var/tmp: a packet socket and a promiscuous interface for ten minutes."""
    shell = session(host, rng, user="deploy")
    out = f"/var/tmp/{rng.choice(('slow', 'resets', 'case'))}-{rng.randrange(100)}.pcap"
    pid = below(host, shell, "/usr/bin/tcpdump", f"tcpdump -i ens5 -w {out} host 10.20.40.17")
    scene.raw_socket(host, pid)
    scene.put(host, out, uid=scene.uid_of(host, "tcpdump"), age_s=2)
    host.change("interface_details", {"interface": "ens5"}, flags="69955")


def session_manager(host: Host, rng: random.Random) -> None:
    """Somebody came in by Session Manager for the first time: it makes the account ssm-user and its rule of sudo."""
    uid = "1002" if not any(row["uid"] == "1002" for row in host.tables["users"]) else "1003"
    host.add("users", uid=uid, gid=uid, uid_signed=uid, gid_signed=uid, username="ssm-user", directory="/home/ssm-user", shell="/bin/sh" if scene.debian(host) else "/bin/bash")  # fmt: skip
    host.add("shadow", username="ssm-user", password_status="locked", last_change=20514, min=0, max=99999, warning=7)  # fmt: skip
    host.add("groups", gid=uid, gid_signed=uid, groupname="ssm-user")
    host.add("user_groups", uid=uid, gid=uid)
    source = "/etc/sudoers.d/ssm-agent-users"
    host.add("sudoers", source=source, header="ssm-user", rule_details="ALL=(ALL) NOPASSWD:ALL")
    scene.put(host, source, "ssm", mode="0440")
    if rng.random() < 0.6:
        worker = scene.spawn(
            host, "/usr/bin/ssm-session-worker", f"/usr/bin/ssm-session-worker ops-{rng.getrandbits(68):017x}",
            name="ssm-session-wor", parent=scene.named(host, "ssm-agent-worke")[0]["pid"], unit="amazon-ssm-agent.service", age_s=700,
        )  # fmt: skip
        scene.spawn(host, scene.shell(host), "sh", name="sh", uid=uid, parent=worker, cwd="/home/ssm-user", age_s=690)  # fmt: skip


def agents_left_after_logout(host: Host, rng: random.Random) -> None:
    """An operator logged out; ssh-agent and gpg-agent stayed."""
    user = rng.choice((scene.login(host), "deploy"))
    uid = scene.uid_of(host, user)
    age_s = 86_400 * rng.randrange(1, 6)
    pid = scene.spawn(host, "/usr/bin/ssh-agent", "ssh-agent -s", uid=uid, age_s=age_s)
    scene.spawn(
        host,
        "/usr/bin/gpg-agent",
        f"gpg-agent --homedir /home/{user}/.gnupg --use-standard-socket --daemon",
        uid=uid,
        age_s=age_s,
    )
    scene.put(host, f"/tmp/ssh-{rng.getrandbits(48):012x}/agent.{int(pid) - 1}", kind="socket", uid=uid, mode="0600")  # fmt: skip


def python_profiler(host: Host, rng: random.Random) -> None:
    """An engineer installed py-spy for the deploy user and looks at the application once."""
    shell = session(host, rng, user="deploy", minutes=12)
    path = "/home/deploy/.local/bin/py-spy"
    below(host, shell, path, f"{path} dump --pid {scene.work(host)['pid']}", age_s=3)
    host.add("python_packages", name="py-spy", version="0.3.14", path="/home/deploy/.local/lib/python3.11/site-packages/py_spy-0.3.14.dist-info",
             directory="/home/deploy/.local/lib/python3.11/site-packages")  # fmt: skip


def security_scan(host: Host, rng: random.Random) -> None:
    """Amazon Inspector's plug-in of the SSM agent takes its inventory."""
    path = "/opt/aws/inspector/bin/inspectorssmplugin"
    parent = scene.named(host, "ssm-document-wo", "ssm-agent-worke")[0]
    age_s = min(rng.randrange(3, 90), scene.now(host) - int(parent["start_time"]))
    pid = scene.spawn(host, path, f"{path} -bom", parent=parent["pid"], unit="amazon-ssm-agent.service", age_s=age_s, static=True)  # fmt: skip
    scene.connect(host, pid, "10.20.9.41", 443)


ONE_OFFS = (
    tmux_left_open,
    tcpdump_by_on_call,
    session_manager,
    agents_left_after_logout,
    python_profiler,
    security_scan,
)
