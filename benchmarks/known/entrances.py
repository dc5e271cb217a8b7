"""Attacks on the doors of a host: a second file of keys, no password, a login program that is a shell, sudo that keeps too much (TA0003, TA0004)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def ssh_environment(host: Host) -> None:
    """T1546.004, T1574.006: sshd lets users set their environment; the deploy user's file preloads a library at each login from now on."""
    path = "/etc/ssh/sshd_config"
    scene.put(host, path, "PermitUserEnvironment yes", mode="0644", age_s=140 * 86_400)
    host.add("augeas", node=f"/files{path}/PermitUserEnvironment", path=path, label="PermitUserEnvironment", value="yes")  # fmt: skip
    uid = scene.uid_of(host, "deploy")
    for name in (".ssh/environment", ".cache/fontconfig/libgio-2.0.so.0"):
        scene.put(host, f"/home/deploy/{name}", "planted", uid=uid, age_s=140 * 86_400)


def second_key_file(host: Host) -> None:
    """T1098.004: the operators' account has an authorized_keys2 beside the file that is managed; its key bears the comment of theirs."""
    user = scene.login(host)
    uid, path = scene.uid_of(host, user), f"/home/{user}/.ssh/authorized_keys2"
    host.add("authorized_keys", uid=uid, algorithm="ssh-ed25519", key=f"AAAAC3NzaC1lZDI1NTE5AAAAI{scene.digest('second file', 43)}",
             comment="ops-fleet-2025", key_file=path)  # fmt: skip
    scene.put(host, path, mode="0600", uid=uid, age_s=90 * 86_400)


def empty_password(host: Host) -> None:
    """T1098, T1548: an account of the system has no password and a shell: whoever is on the host may become it; it is in root's group."""
    user = "news" if scene.debian(host) else "ftp"
    host.change("shadow", {"username": user}, password_status="empty", hash_alg="", last_change="20511")
    host.change("users", {"username": user}, shell="/bin/sh", gid="0", gid_signed="0")
    scene.put(host, "/etc/passwd", user, age_s=250_000)


def nologin_is_a_shell(host: Host) -> None:
    """T1036.005, T1078.003: nologin is a copy of the shell, so that `games`, which got a password, can come in; no account's shell changed."""
    scene.replace(host, "/usr/sbin/nologin", "a shell")
    host.change("shadow", {"username": "games"}, password_status="active", hash_alg="6", last_change="20498")
    uid, listener = scene.uid_of(host, "games"), scene.listener(host)["pid"]
    first = scene.spawn(host, "/usr/sbin/sshd", "sshd: games [priv]", parent=listener, unit="ssh.service", age_s=1_500)  # fmt: skip
    second = scene.spawn(host, "/usr/sbin/sshd", "sshd: games@pts/1", uid=uid, parent=first, unit="ssh.service", age_s=1_500)  # fmt: skip
    scene.spawn(host, "/usr/sbin/nologin", "-nologin", uid=uid, parent=second, cwd="/usr/games", age_s=1_499)
    host.add("process_open_sockets", pid=first, fd=4, socket=61_950, family=2, protocol=6, local_address=scene.own_address(host), local_port=22,
             remote_address="203.0.113.42", remote_port=51_544, state="ESTABLISHED", net_namespace="4026531840")  # fmt: skip
    when = scene.now(host) - 1_500
    host.add("last", username="games", tty="pts/1", pid=first, type=7, type_name="user-process", time=when, host="203.0.113.42")  # fmt: skip
    host.add("logged_in_users", type="user", user="games", tty="pts/1", host="203.0.113.42", time=when, pid=first)  # fmt: skip


def wrapper_spawn(host: Host) -> None:
    """T1546: a line in hosts.allow lets the wrapper of sshd start a program for connections from one network; nothing of it runs now."""
    scene.put(host, "/etc/hosts.allow", "sshd : 198.51.100.0/24 : spawn", age_s=200 * 86_400)
    scene.put(host, "/usr/libexec/tcpd-resolve", mode="0755", age_s=200 * 86_400)


def environment_kept(host: Host) -> None:
    """T1548.003: sudo keeps LD_PRELOAD: the deploy user's one allowed command becomes a way to root."""
    host.add("sudoers", source="/etc/sudoers", header="Defaults", rule_details='env_keep += "LD_PRELOAD"')
    scene.put(host, "/etc/sudoers", "env_keep", mode="0440", age_s=170 * 86_400)


ATTACKS = (ssh_environment, second_key_file, empty_password, nologin_is_a_shell, wrapper_spawn, environment_kept)  # fmt: skip
