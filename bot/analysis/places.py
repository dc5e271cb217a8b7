"""What do a path, a program's name, an account and an address say by themselves?"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.analysis.semantics import Kind
from bot.model import Row


@dataclass(frozen=True, slots=True)
class Trait:
    """One reading. ``attack`` narrows the technique.

    ``words`` go on after "it", the thing just named ("lies in a hidden place"), or stand alone ("its program file was
    deleted"); what stands alone begins with no plural, which would be taken for a verb.
    """

    bits: float
    words: str
    attack: str = ""


WORLD_WRITABLE = re.compile(r"^(?:/tmp/|/var/tmp/|/dev/shm/|/run/shm/|/run/user/|/run/lock/|/dev/mqueue/)")
IN_DEV = re.compile(r"^/dev/(?!shm/|mqueue/)")
ODD_HOME = re.compile(
    r"^(?:/usr/(?:share|include|src)/|/etc/|/boot/|/root/|/media/|/mnt/|/lost\+found/|/var/(?:log|www|spool|mail|cache|run|crash|backups"
    r"|lib/(?:misc|dpkg|apt|rpm|dnf|dhcp\w*|systemd|logrotate|sudo|pam|private|urandom|alternatives|dbus|chrony|rsyslog|nfs|polkit-1|ucf|vim"
    r"|man-db|plymouth|initramfs-tools|os-prober|update-\w+))/)"
)
"""Folders in which data lies, and programs seldom."""
HIDDEN = re.compile(r"/\.(?!\.?(?:/|$))[^/]+")
OF_A_HOME = re.compile(r"^/home/[^/]+/\.(?!.*/\.)")
"""Below a dot folder of somebody's home, where every program keeps what is that user's: hidden by custom."""
IN_A_HOME = re.compile(r"^/home/[^/]+(?!.*/\..*/\.)/")
"""Below one dot folder somewhere in a home: projects keep what belongs to them there."""
LEFTOVER = re.compile(r"^/etc/.*(?:\.rpm(?:save|new|orig)|\.dpkg-(?:old|new|dist|bak)|\.ucf-(?:old|dist)|~)$")
"""What package managers leave beside a configuration; sudo, cron, PAM and sshd read no file of such a name."""
HONEST_HIDDEN = re.compile(
    r"/\.(?:ssh|cache/pip|local/(?:bin|lib|share|state)|config|venv|nvm|rbenv|pyenv|cargo|rustup|npm|gnupg|aws|docker|kube|"
    r"bashrc|profile|bash_profile|bash_logout|bash_history|viminfo|lesshst|build-id|dockerenv|git(?:ignore|attributes|keep)?)(?:[/\s:;\"']|$)"
)
SYSTEM_PATH = re.compile(r"^(?:/usr)?/(?:s?bin|lib(?:32|64|exec)?)/")
SHELL = re.compile(r"^(?:ba|da|z|k|a|tc|fi|c)?sh$|^busybox$")
INTERPRETER = re.compile(
    r"^(?:python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|node|nc(?:\.\w+)?|ncat|socat|telnet|gawk)$"
)
LANGUAGE = re.compile(r"^(?:python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*|node)$")
"""Interpreters that applications are written for; the others are tools of whoever types."""
KERNEL_LOOK = re.compile(
    r"^\[[^\]]+\]$|^(?:kworker|kthreadd|ksoftirqd|rcu_|migration|kswapd|khugepaged|kdevtmpfs)"
)
# accounts of services, and a uid below 1000 that no account is named for: useradd gives people 1000 and more
SERVICE_USER = re.compile(
    r"^(?:www-data|nobody|daemon|apache|nginx|http|mysql|postgres|redis|tomcat|jenkins|mail|bin|sys|"
    r"[1-9]\d{0,2}|games|proxy|backup|ftp|memcache\w*|rabbitmq|elasticsearch|systemd-\w+|_\w+|app|webapp)$"
)
REACHES = re.compile(
    r"(?:^|/)(?:tor|ngrok|frp[cs]|chisel|gost|rathole|cloudflared|tailscaled?|zerotier-one|netbird|meshagent|rustdesk|anydesk|teamviewerd?"
    r"|screenconnect|splashtop|velociraptor(?:_client)?|teleport|pagekite|inlets|wstunnel|gs-netcat|proxychains4?|microsocks|3proxy|revsocks"
    r"|ligolo(?:-\w+)?|iodined?|dnscat2?|ptunnel(?:-ng)?|session-manager-plugin)(?:\.service)?$"
)
"""Programs by which a host is reached from outside, or reaches on, past its firewall: honest ones run on every host of a group."""
GUARDS = re.compile(
    r"(?:^|/|\b)(?:auditd|audit|falcon|crowdstrike|wazuh|ossec|osqueryd|amazon-ssm-agent|ssm-agent|r?syslogd?|syslog-ng|apparmor|"
    r"selinux|ufw|nftables|iptables|firewalld|fail2ban|clamav|clamd|guardduty|sysmon|falco|tetragon|sandfly|aide|tripwire|"
    r"journald|auditbeat|filebeat|cloudwatch|cbagent|sentinel|cylance|mdatp|unattended-upgrades)",
    re.IGNORECASE,
)
PUBLIC = re.compile(
    r"^(?!10\.|127\.|0\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|22[4-9]\.|23\d\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)"
    r"\d{1,3}(?:\.\d{1,3}){3}$"
)
USUAL_PORTS = frozenset(
    {
        "22",
        "25",
        "53",
        "80",
        "123",
        "443",
        "587",
        "853",
        "3128",
        "8080",
        "8443",
        "9092",
        "5432",
        "3306",
        "6379",
        "11211",
        "2049",
        "389",
        "636",
    }
)


ENABLES = re.compile(r"^/etc/systemd/system/[^/]+\.(?:wants|requires)/([^/]+)$")
"""A link that switches a unit on, which installing a package makes; the group is the unit's name."""
SCHEDULER = re.compile(r"/(?:s?bin)/(?:cron|crond|anacron|atd|fcron)$")
"""Programs that start what a schedule names; a path as the kernel gives it, not a name."""
HOSTS_OTHERS = re.compile(r"^(?:java|busybox|systemd|dotnet|beam)")


BUNDLED = re.compile(r"^/opt/[^/.]+/[^.]*/bin/[^/]+$")
"""An interpreter that a product brings for itself: it runs that product, as java does."""


def program(row: Row, kind: Kind) -> str:
    """Return the path of the program a row is about; empty when it is about something else."""
    if path := row.get("process_path"):
        return path
    if kind in (
        Kind.PROCESS,
        Kind.PROGRAM,
        Kind.CONNECTION,
        Kind.LISTENER,
        Kind.RAW_SOCKET,
        Kind.ENVIRONMENT,
    ):
        return row.get("path", "")
    return ""


def at_rest(kind: Kind, path: str) -> bool:
    """Whether a file acts only when a service reads it: what runs, is loaded or lends rights acts under any name."""
    return kind in _READ_BY_SERVICES or (kind is Kind.LOADER and path.startswith("/etc/ld.so"))


_READ_BY_SERVICES = frozenset(
    {
        Kind.FILE,
        Kind.LOGIN_CONFIG,
        Kind.CRON,
        Kind.AUTOSTART,
        Kind.UNIT,
        Kind.SUDO,
        Kind.SYSCTL,
        Kind.PACKAGE_SOURCE,
    }
)


def is_tool(path: str) -> bool:
    """Whether a program does whatever it is told: a shell, an interpreter, a network tool."""
    base = path.rsplit("/", 1)[-1]
    return bool(SHELL.match(base) or INTERPRETER.match(base)) or base in (
        "ssh",
        "curl",
        "wget",
        "tcpdump",
        "openssl",
    )
