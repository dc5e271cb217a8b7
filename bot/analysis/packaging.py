"""Does a package explain a difference, or is the package missing that such a difference has?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.analysis.evidence import Evidence, covers, words_of
from bot.analysis.places import ENABLES, SYSTEM_PATH
from bot.analysis.semantics import Kind
from bot.analysis.stems import Stems
from bot.model import Change, Row, ScorePart

_PACKAGES_PUT = re.compile(r"^/(?:usr/(?!local/)|s?bin/|lib|etc/|boot/|var/lib/|snap/|opt/)")
"""Where a package puts files (of a vendor: /opt); what lies elsewhere belongs to none, whatever its name."""
_BROUGHT_BY = {
    name: words.split()
    for names, words in (
        ("sshd ssh scp sftp ssh-agent ssh-add ssh-keygen", "openssh"),
        ("ps top free vmstat uptime w pgrep pkill", "procps"),
        ("ss ip tc", "iproute iproute2"),
        ("netstat ifconfig route arp", "net-tools"),
        ("ls cat cp mv rm stat du df who id date sleep tail head wc sort dd env nohup", "coreutils"),
        ("find xargs locate", "findutils"),
        ("login su mount umount agetty last lsblk", "util-linux login shadow-utils shadow"),
        (
            "passwd useradd usermod chage newgrp gpasswd nologin",
            "passwd shadow-utils shadow util-linux login",
        ),
        ("sudo visudo sudoedit", "sudo"),
        ("bash", "bash"),
        ("dash", "dash"),
        ("curl", "curl curl-minimal"),
        ("wget", "wget"),
        (
            "systemctl journalctl systemd systemd-logind systemd-journald systemd-udevd udevadm loginctl",
            "systemd udev",
        ),
        ("cron crond crontab", "cron cronie"),
        ("auditd auditctl ausearch", "audit auditd"),
        ("rsyslogd", "rsyslog"),
        ("chronyd chronyc", "chrony"),
        ("unix_chkpwd pam_timestamp_check", "pam libpam-modules-bin libpam-modules"),
        ("kmod lsmod insmod modprobe depmod", "kmod"),
        ("rpm", "rpm"),
        ("dpkg", "dpkg"),
    )
    for name in names.split()
}
"""Which packages bring the programs that an intruder replaces first: Debian's, Ubuntu's and Amazon Linux's file lists."""
_PACKAGED = (Kind.PROGRAM, Kind.MODULE, Kind.PRIVILEGED_FILE, Kind.PROCESS, Kind.UNIT)
_PROGRAMS = (Kind.PROGRAM, Kind.PRIVILEGED_FILE)


def by_package(
    kind: Kind,
    row: Row,
    path: str,
    named: str,
    change: Change,
    evidence: Evidence,
    *,
    hosts: int,
    able: int,
) -> ScorePart | None:
    """Return what the packages of the same collection take off a fact, or what it adds that none changed.

    Args:
        path: Of the program or file that the fact is about; may be empty.
        named: What the fact is called, in words that a package's name may share.
        hosts: Who shows the fact.
        able: Those that could show it.
    """
    inside = bool(SYSTEM_PATH.match(path))
    covered = not path or _PACKAGES_PUT.match(path)
    any_changed = covers(evidence.any_package & able, hosts)
    none_changed = change is Change.CHANGED and evidence.packages_known and inside
    bringers = _BROUGHT_BY.get(path.rpartition("/")[2]) if inside else None
    if bringers is not None and kind in (*_PROGRAMS, Kind.FILE):
        if _one_of(evidence.brought, bringers, hosts, able):
            return ScorePart("the package that brings it changed on the same host", -3.0)
        if none_changed and not any_changed:  # else another build of the image, or of the package
            return ScorePart("a program of the system changed, and no package with it", 3.5)
        return None
    if covered and _same_stem(evidence.packages, named, hosts, able):
        return ScorePart("a package of that name changed on the same host", -3.0)
    if covered and _same_stem(evidence.new_packages, named, hosts, able):
        return ScorePart("a package of that name is new on the same host", -1.5)
    if any_changed and kind in _PACKAGED and (inside or (kind is Kind.UNIT and ENABLES.match(path))):
        return ScorePart("packages changed on the same host", -1.0)
    if none_changed and kind in _PROGRAMS:
        return ScorePart("a program of the system changed, and no package with it", 2.5)
    if none_changed and kind is Kind.UNIT and row.get("sha256"):
        return ScorePart("a unit file of a package changed, and no package with it", 1.5)
    return None


def _same_stem(packages: Stems, named: str, hosts: int, able: int) -> bool:
    """Whether a changed package that covers ``hosts`` has a name like one of the words in ``named``."""
    words = words_of(named) if packages else ()
    return any(covers(having & able, hosts) for word in words for having in packages.of(word))


def _one_of(brought: Mapping[str, int], names: Sequence[str], hosts: int, able: int) -> bool:
    """Whether one of the packages, or a part of one (openssh-server), changed on the hosts that show the fact."""
    return any(
        covers(having & able, hosts)
        for package, having in brought.items()
        if any(package == name or package.startswith(f"{name}-") for name in names)
    )
