"""Attacks on who may come in and become root: keys, PAM, sudo, capabilities, accounts, stolen credentials (TA0004, TA0006)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import scene


def ebury(host: Host) -> None:
    """T1556, T1554: Ebury: sshd loads a libkeyutils of another folder; file names and times look right."""
    library = f"{scene.libraries(host)}/tls/libkeyutils.so.1.5"
    scene.put(host, library, age_s=300 * 86_400)
    for row in scene.named(host, "sshd"):
        scene.load(host, row["pid"], library)


def keys_command(host: Host) -> None:
    """T1098.004: AuthorizedKeysCommand in a drop-in of sshd gives any user a key that is in no file."""
    scene.put(host, "/etc/ssh/sshd_config.d/40-ec2-connect.conf", age_s=250_000)
    scene.put(host, "/usr/libexec/ec2-keys", mode="0755", age_s=250_000)


def sudo_alias(host: Host) -> None:
    """T1548.003: an alias with an editor in it lets the deploy user become root."""
    source = "/etc/sudoers.d/deploy" if scene.debian(host) else "/etc/sudoers.d/20-deploy"
    host.add(
        "sudoers", source=source, header="Cmnd_Alias", rule_details="RELEASE = /usr/bin/rsync, /usr/bin/vim"
    )
    host.add("sudoers", source=source, header="deploy", rule_details="ALL=(root) NOPASSWD: RELEASE")
    scene.put(host, source, "planted", mode="0440")


def polkit_rule(host: Host) -> None:
    """T1548: a polkit rule answers yes to everything that the application's user asks."""
    scene.put(host, "/etc/polkit-1/rules.d/49-nopasswd_global.rules", age_s=120_000)


def teamtnt_account(host: Host) -> None:
    """T1136.001: an account with a home, sudo and a key of its own, as TeamTNT's `hilde`."""
    host.add("users", uid=1002, gid=1002, uid_signed=1002, gid_signed=1002, username="hilde", directory="/home/hilde", shell="/bin/bash")  # fmt: skip
    host.add("shadow", username="hilde", password_status="active", hash_alg="6", last_change=20514, min=0, max=99999, warning=7)  # fmt: skip
    host.add("groups", gid=1002, gid_signed=1002, groupname="hilde")
    wanted = "sudo" if scene.debian(host) else "wheel"
    gid = next(row["gid"] for row in host.tables["groups"] if row["groupname"] == wanted)
    host.add("user_groups", uid=1002, gid=1002)
    host.add("user_groups", uid=1002, gid=gid)
    scene.key(host, "hilde", "hilde", comment="hilde@teamtnt")
    host.add("sudoers", source="/etc/sudoers", header="hilde", rule_details="ALL=(ALL) NOPASSWD:ALL")


def audit_variable(host: Host) -> None:
    """T1574.006: LD_AUDIT instead of LD_PRELOAD loads a library before all others, as Symbiote's relatives do."""
    row = scene.work(host)
    library = "/usr/share/locale/libaudit-shim.so"
    scene.put(host, library, age_s=3_000)
    scene.variable(host, row["pid"], LD_AUDIT=library)
    scene.load(host, row["pid"], library)


def metadata_by_aws(host: Host) -> None:
    """T1552.005, T1580: the application's user asks AWS who it is and what there is."""
    row = scene.work(host)
    sh = scene.spawn(host, scene.shell(host), "sh -c aws sts get-caller-identity; aws s3 ls", name="sh", uid=row["uid"], parent=row["pid"], age_s=9)  # fmt: skip
    pid = scene.spawn(host, "/usr/local/bin/aws", "aws s3 ls", uid=row["uid"], parent=sh, age_s=3)
    scene.connect(host, pid, "169.254.169.254", 80)


def second_sshd(host: Host) -> None:
    """T1021.004: a second sshd with its own configuration and keys on a high port."""
    pid = scene.spawn(host, "/usr/sbin/sshd", "/usr/sbin/sshd -f /usr/share/doc/ssh/sshd2 -p 52022")
    scene.put(host, "/usr/share/doc/ssh/sshd2")
    scene.listen(host, pid, 52_022)


ATTACKS = (
    ebury,
    keys_command,
    sudo_alias,
    polkit_rule,
    teamtnt_account,
    audit_variable,
    metadata_by_aws,
    second_sshd,
)
