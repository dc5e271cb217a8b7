"""Attacks on the doors of a host: su that asks nothing, another tool than sudo, a login that was stolen (TA0001, TA0004)."""

from __future__ import annotations

from benchmarks.attacks import Host
from benchmarks.known import moves, scene


def su_opens(host: Host) -> None:
    """T1556.003: one line more for su: whoever is of one group becomes root without a password."""
    path, gid = "/etc/pam.d/su", scene.work(host)["gid"]
    scene.put(host, path, "auth sufficient", age_s=180 * 86_400)
    for label, value in (("type", "auth"), ("control", "sufficient"), ("module", "pam_succeed_if.so"), ("argument", f"gid={gid}")):  # fmt: skip
        host.add("augeas", node=f"/files{path}/11/{label}", path=path, label=label, value=value)


def doas_installed(host: Host) -> None:
    """T1548: doas beside sudo, from the distribution or built by hand; its one rule lets the application's user become root."""
    by_hand = not scene.debian(host)
    path = "/usr/local/bin/doas" if by_hand else "/usr/bin/doas"
    if by_hand:
        scene.put(host, "/usr/local/etc/doas.conf", "permit nopass", mode="0400", age_s=400_000)
    else:
        scene.package(host, "opendoas", "6.8.2", "1")
        scene.put(host, "/etc/doas.conf", "permit nopass", mode="0400", age_s=400_000)
        scene.put(host, "/etc/pam.d/doas", "of the package", age_s=500 * 86_400)
    scene.put(host, path, mode="4755", age_s=400_000)
    host.add("suid_bin", path=path, username="root", groupname="root", permissions="S")


def stolen_login(host: Host) -> None:
    """T1078, T1552.001: the deploy user's stolen key, from an address of nobody's, without a terminal; a shell looks for more keys."""
    uid = scene.uid_of(host, "deploy")
    sshd = moves.bare_session(host, user="deploy", address="203.0.113.74", age_s=700, number=388)
    shell = scene.spawn(host, "/usr/bin/bash", "bash --noprofile --norc -i", uid=uid, parent=sshd, cwd="/home/deploy", age_s=698)  # fmt: skip
    scene.variable(host, shell, HISTFILE="/dev/null")
    line = "grep -rIl --include=*.env --include=credentials = /home /opt /srv /etc"
    moves.run(host, "/usr/bin/grep", line, uid=uid, parent=shell, cwd="/home/deploy", age_s=40)


ATTACKS = (su_opens, doas_installed, stolen_login)
