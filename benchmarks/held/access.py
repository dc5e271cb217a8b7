"""Attacks on who may come in and become root: keys, PAM, sudo, capabilities, accounts, stolen credentials (TA0004, TA0006)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def pam_module(host: Host) -> None:
    """T1556.003: pam_unix.so replaced by one with a master password, as Skidmap does; size and times kept."""
    folder = "/usr/lib/x86_64-linux-gnu/security" if scene.debian(host) else "/usr/lib64/security"
    scene.replace(host, f"{folder}/pam_unix.so")


def forwarding_key(host: Host) -> None:
    """T1098.004, T1572: a key of the deploy user that may do nothing but forward a port into the network."""
    scene.key(
        host,
        "deploy",
        "forwarding",
        comment="deploy@ci-2",
        options='restrict,port-forwarding,permitopen="10.20.40.17:5432"',
    )


def service_key(host: Host) -> None:
    """T1098.004: a key for an account that nobody logs in with, and a shell for it."""
    user = "backup" if scene.debian(host) else "operator"
    host.change("users", {"username": user}, shell="/bin/bash")
    scene.key(host, user, "service", comment="")


def perl_capability(host: Host) -> None:
    """T1548: perl may set its uid; one extended attribute is all that changed."""
    host.add(
        "extended_attributes",
        path="/usr/bin/perl",
        directory="/usr/bin",
        key="security.capability",
        value="cap_setuid=ep",
        base64=0,
    )


def name_service(host: Host) -> None:
    """T1556: a module of the name service knows one more user and reads passwords as they pass."""
    library = f"{scene.libraries(host)}/libnss_cache_oslogin.so.2"
    scene.put(host, "/etc/nsswitch.conf", "planted", age_s=5 * 86_400)
    scene.put(host, library, age_s=5 * 86_400)
    for row in scene.named(host, "sshd", "cron", "crond"):
        scene.load(host, row["pid"], library)


def root_password(host: Host) -> None:
    """T1098: root, locked on every peer, got a password."""
    host.change("shadow", {"username": "root"}, password_status="active", hash_alg="6", last_change="20514")


def hidden_account(host: Host) -> None:
    """T1136.001: an account among those of the system: low uid, home of a service, no description."""
    host.add("users", uid=119, gid=65534, uid_signed=119, gid_signed=65534, username="systemd-bus-proxy", directory="/run/systemd", shell="/bin/sh")  # fmt: skip
    host.add("shadow", username="systemd-bus-proxy", password_status="active", hash_alg="y", last_change=20514, min=0, max=99999, warning=7)  # fmt: skip


def key_in_agent_socket(host: Host) -> None:
    """T1563.001: root borrows the forwarded agent of an operator to go on to the next host."""
    pid = scene.spawn(host, "/usr/bin/ssh", "ssh -A -o BatchMode=yes admin@10.20.7.31 hostname")
    scene.variable(host, pid, SSH_AUTH_SOCK="/tmp/ssh-oU3kQw2v9B/agent.31877")
    scene.connect(host, pid, "10.20.7.31", 22)


def memory_dump(host: Host) -> None:
    """T1003.007: gdb writes the memory of the application to a file, for the passwords in it."""
    row = scene.work(host)
    scene.package(host, "gdb", "13.1", "3")
    scene.spawn(
        host,
        "/usr/bin/gdb",
        f"gdb --batch -p {row['pid']} -ex dump memory /var/tmp/.m 0x7f0000000000 0x7f0000400000",
        age_s=20,
    )
    scene.put(host, "/var/tmp/.m", mode="0600", age_s=15)


def session_of_service(host: Host) -> None:
    """T1078: a session without a terminal, of an account that never logs in; nothing else shows."""
    listener = scene.listener(host)["pid"]
    first = scene.spawn(host, "/usr/sbin/sshd", "sshd: metrics [priv]", parent=listener, unit="ssh.service")
    uid = scene.uid_of(host, "metrics")
    scene.spawn(host, "/usr/sbin/sshd", "sshd: metrics@notty", uid=uid, parent=first, unit="ssh.service")


def write_bit(host: Host) -> None:
    """T1222.002: the password file may be written by the group of the application; nothing asks for its mode."""
    host.change("file", {"path": "/etc/passwd"}, mode="0664", gid=scene.work(host)["gid"])


ATTACKS = (
    pam_module,
    forwarding_key,
    service_key,
    perl_capability,
    name_service,
    root_password,
    hidden_account,
    key_in_agent_socket,
    memory_dump,
    session_of_service,
    write_bit,
)
