"""What does a row itself say against its host, before anybody else is asked?

Each trait is a plain reading of osquery's columns: where a program lies, who runs it, what a setting permits. Bits are
log2 P(trait | intruder) / P(trait | honest oddity), set by hand from the benchmark's fleets; nothing here knows a
name of malware, since an attacker picks names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.analysis.semantics import Kind
from bot.model import Change, Row


@dataclass(frozen=True, slots=True)
class Trait:
    """One reading. ``words`` completes "this host …" or stands alone; ``attack`` narrows the technique."""

    bits: float
    words: str
    attack: str = ""


WORLD_WRITABLE = re.compile(r"^(?:/tmp/|/var/tmp/|/dev/shm/|/run/shm/|/run/user/|/run/lock/|/dev/mqueue/)")
IN_DEV = re.compile(r"^/dev/(?!shm/|mqueue/)")
HIDDEN = re.compile(r"/\.(?!\.?(?:/|$))[^/]+")
_HIDDEN_HONEST = re.compile(
    r"/\.(?:ssh|cache/pip|local/share|config|venv|nvm|rbenv|pyenv|cargo|npm|bashrc|profile|bash_profile|"
    r"bash_logout|build-id|dockerenv|git)(?:/|$)"
)
SYSTEM_PATH = re.compile(r"^(?:/usr)?/(?:s?bin|lib(?:32|64|exec)?)/")
_SHELL = re.compile(r"^(?:ba|da|z|k|a|tc|fi|c)?sh$|^busybox$")
_INTERPRETER = re.compile(
    r"^(?:python[\d.]*|perl[\d.]*|ruby[\d.]*|php[\d.]*|lua[\d.]*|node|nc(?:\.\w+)?|ncat|socat|telnet|gawk)$"
)
_KERNEL_LOOK = re.compile(
    r"^\[[^\]]+\]$|^(?:kworker|kthreadd|ksoftirqd|rcu_|migration|kswapd|khugepaged|kdevtmpfs)"
)
_SERVICE_USER = re.compile(
    r"^(?:www-data|nobody|daemon|apache|nginx|http|mysql|postgres|redis|tomcat|jenkins|mail|bin|sys|"
    r"games|proxy|backup|ftp|memcache\w*|rabbitmq|elasticsearch|systemd-\w+|_\w+|app|webapp|deploy)$"
)
_COMMANDS: tuple[tuple[re.Pattern[str], float, str, str], ...] = tuple(
    (re.compile(pattern), bits, words, attack)
    for pattern, bits, words, attack in (
        (r"/dev/(?:tcp|udp)/", 4.0, "opens a network connection from a shell", "T1059.004"),
        (r"\b(?:ba|z|k)?sh\s+-i\b", 2.5, "runs an interactive shell without a terminal program", "T1059.004"),
        (
            r"(?:\bnc\S*|\bncat|\bsocat)\b.{0,200}(?:\s-\w*e\b|\bexec:|/bin/(?:ba|da)?sh)",
            4.0,
            "ties a shell to a socket",
            "T1059.004",
        ),
        (r"\b(?:nc|ncat|netcat)(?:\.\w+)?\s+-\w*l", 3.0, "waits for connections with netcat", "T1571"),
        (r"\bbase64\s+(?:-d|--decode)|\bb64decode\b|\bfromhex\b", 3.0, "decodes a hidden command", "T1027"),
        (
            r"\b(?:curl|wget|fetch)\b.{0,300}\|\s*(?:sudo\s+)?(?:ba|da|z|k)?sh\b",
            4.0,
            "downloads a script straight into a shell",
            "T1105",
        ),
        (
            r"\b(?:curl|wget)\b.{0,200}https?://\d{1,3}(?:\.\d{1,3}){3}\b",
            1.5,
            "fetches from a bare address",
            "T1105",
        ),
        (
            r"169\.254\.169\.254.{0,80}(?:security-credentials|iam)",
            3.0,
            "asks for the instance's credentials",
            "T1552.005",
        ),
        (
            r"\bimport\s+(?:pty|socket)|pty\.spawn|socket\.socket\(|fsockopen\(|use\s+Socket\b",
            3.0,
            "opens a socket from a one-line script",
            "T1059",
        ),
        (r"\bstratum\+|--donate-level|--coin[ =]|\bmining\b", 4.0, "mines coins", "T1496"),
        (r"\bnsenter\b.{0,40}(?:-t|--target)[ =]?1\b", 3.5, "steps out of a container", "T1611"),
        (r"\bchmod\b.{0,60}(?:\+s|[24]7\d\d|u\+s)", 3.0, "makes a program run as its owner", "T1548.001"),
        (
            r"\b(?:R|reverse)[:=]\s?(?:socks|\d)|\s-R\s*\S*\d+:\S+:\d+|\bsocks5?:|\s-D\s*\d+",
            2.5,
            "opens a tunnel",
            "T1090",
        ),
        (r"LD_PRELOAD=", 3.0, "preloads a library", "T1574.006"),
        (r"StrictHostKeyChecking[= ]no", 1.0, "connects without checking the other side", "T1021.004"),
        (
            r"\b(?:setenforce\s+0|auditctl\s+-e\s*0|iptables\s+-F|history\s+-c|HISTFILE=/dev/null|unset\s+HISTFILE)",
            3.0,
            "switches a guard off",
            "T1562",
        ),
        (r"\bmkfifo\b|\bmknod\b", 2.0, "builds a pipe for a shell", "T1059.004"),
        (r"\b(?:tcpdump|tshark|dumpcap|ettercap|bettercap)\b", 1.5, "records network traffic", "T1040"),
        (r"\b(?:nmap|masscan|zmap|hydra|medusa)\b", 2.5, "scans other hosts", "T1046"),
        (
            r"\b(?:gdb|strace|ltrace)\b.{0,60}\s-p\b|/proc/\d+/mem",
            1.5,
            "reads another process's memory",
            "T1055",
        ),
        (r"/etc/shadow\b", 2.0, "reads the password file", "T1003.008"),
        (
            r">\s*/dev/null\s+2>&1\s*&|\bnohup\b|\bsetsid\b|\bdisown\b",
            1.0,
            "hides its output and stays behind",
            "",
        ),
    )
)
_GUARDS = re.compile(
    r"(?:^|/|\b)(?:auditd|audit|falcon|crowdstrike|wazuh|ossec|osqueryd|amazon-ssm-agent|ssm-agent|r?syslogd?|syslog-ng|apparmor|"
    r"selinux|ufw|nftables|iptables|firewalld|fail2ban|clamav|clamd|guardduty|sysmon|falco|tetragon|sandfly|aide|tripwire|"
    r"journald|auditbeat|filebeat|cloudwatch|cbagent|sentinel|cylance|mdatp|unattended-upgrades)",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"^(?!10\.|127\.|0\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|22[4-9]\.|23\d\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)"
    r"\d{1,3}(?:\.\d{1,3}){3}$"
)
_USUAL_PORTS = frozenset(
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


_HOSTS_OTHERS = re.compile(r"^(?:java|busybox|systemd|dotnet|beam)")


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


def is_tool(path: str) -> bool:
    """Whether a program does whatever it is told: a shell, an interpreter, a network tool."""
    base = path.rsplit("/", 1)[-1]
    return bool(_SHELL.match(base) or _INTERPRETER.match(base)) or base in (
        "ssh",
        "curl",
        "wget",
        "tcpdump",
        "openssl",
    )


def read(kind: Kind, row: Row, change: Change, expected: Row | None) -> tuple[Trait, ...]:
    """Return the traits of a differing row, heaviest first. For REMOVED, ``row`` is what is missing."""
    if change is Change.REMOVED:
        found = list(_missing(kind, row))
    else:
        found = [*_place(kind, row), *_commands(row), *_process(kind, row), *_by_kind(kind, row, expected)]
    best: dict[str, Trait] = {}
    for trait in found:
        if trait.words not in best or best[trait.words].bits < trait.bits:
            best[trait.words] = trait
    return tuple(sorted(best.values(), key=lambda trait: (-trait.bits, trait.words)))


def weight(traits: tuple[Trait, ...]) -> float:
    """Return the bits of several traits: the heaviest in full, each further one for half, so that they do not pile up."""
    return sum(trait.bits * 0.5**rank for rank, trait in enumerate(traits[:4]))


def _place(kind: Kind, row: Row) -> Iterator[Trait]:
    runs = program(row, kind)
    for path in {runs, row.get("path", ""), row.get("fragment_path", ""), row.get("directory", "")} - {""}:
        verb = "runs from" if path == runs else "lies in"
        if WORLD_WRITABLE.match(path + "/"):
            yield Trait(
                2.5 if path == runs else 0.5,
                f"{verb} a folder that everybody may write to",
                "T1036.005" if path == runs else "",
            )
        elif IN_DEV.match(path) and kind is not Kind.MOUNT:
            yield Trait(2.5, f"{verb} /dev, where devices belong", "T1564.001")
        if HIDDEN.search(path) and not _HIDDEN_HONEST.search(path):
            yield Trait(2.0, "lies in a hidden place", "T1564.001")
        if "memfd:" in path:
            yield Trait(4.0, "runs from memory, with no file", "T1620")
    if row.get("on_disk") == "0":
        honest = bool(SYSTEM_PATH.match(runs)) and not HIDDEN.search(runs) and not is_tool(runs)
        yield Trait(1.0 if honest else 3.0, "its program file was deleted", "T1070.004")


def _commands(row: Row) -> Iterator[Trait]:
    for column in (
        "cmdline",
        "command",
        "parent_cmdline",
        "rule_details",
        "value",
        "content",
        "current_value",
        "options",
    ):
        text = row.get(column, "")[:4096]
        if not text:
            continue
        for pattern, bits, words, attack in _COMMANDS:
            if pattern.search(text):
                yield Trait(bits, words, attack)
        if any(
            WORLD_WRITABLE.match(part) for part in re.split(r"[\s=\"'(|;&>]+", text) if part.startswith("/")
        ):
            yield Trait(1.5, "names a file in a folder that everybody may write to")
        if HIDDEN.search(text) and not _HIDDEN_HONEST.search(text):
            yield Trait(1.5, "names a hidden file", "T1564.001")


def _process(kind: Kind, row: Row) -> Iterator[Trait]:
    name = row.get("process_name") or (row.get("name", "") if program(row, kind) or "cmdline" in row else "")
    path, cmdline = program(row, kind), row.get("cmdline", "")
    user = row.get("username") or row.get("user", "")
    base = path.rsplit("/", 1)[-1]
    if path and (_KERNEL_LOOK.match(cmdline) or _KERNEL_LOOK.match(name)):
        yield Trait(4.0, "is dressed as a kernel thread", "T1036.004")
    if not path and cmdline and kind is Kind.PROCESS:
        yield Trait(2.0, "has a command line but no program file", "T1036")
    if kind is Kind.PROCESS and _SERVICE_USER.match(user) and (_SHELL.match(base) or _SHELL.match(name)):
        yield Trait(2.0, f"is a shell of the service account {user}", "T1059.004")
    if "remote_port" in row and row["remote_port"] not in ("", "0"):
        if _SHELL.match(name) or _SHELL.match(base) or _INTERPRETER.match(name) or _INTERPRETER.match(base):
            yield Trait(2.0, "is a shell or interpreter that talks to another host", "T1059.004")
        if not path and not name:
            yield Trait(3.0, "is a connection whose process cannot be seen", "T1014")
        if _PUBLIC.match(row.get("remote_address", "").removeprefix("::ffff:")):
            odd = row["remote_port"] not in _USUAL_PORTS
            yield Trait(
                1.5 if odd else 0.5,
                "talks to a public address" + (" on an unusual port" if odd else ""),
                "T1571" if odd else "T1071",
            )
    if (
        kind is Kind.LISTENER
        and "port" in row
        and (_SHELL.match(name) or _INTERPRETER.match(name) or _INTERPRETER.match(base))
    ):
        yield Trait(2.0, "is a shell or interpreter that waits for connections", "T1571")
    if row.get("pid") == "-1" and kind in (Kind.LISTENER, Kind.CONNECTION):
        yield Trait(1.0, "belongs to no process that can be seen", "T1014")
    if (
        name
        and base
        and kind is Kind.PROCESS
        and not base.startswith(name[:6])
        and not name.startswith(base[:6])
        and not (_SHELL.match(base) or _INTERPRETER.match(base) or _HOSTS_OTHERS.match(base))
    ):
        yield Trait(1.0, "calls itself another name than its program file", "T1036.005")


def _by_kind(kind: Kind, row: Row, expected: Row | None) -> Iterator[Trait]:
    reading = _READINGS.get(kind)
    if reading is not None:
        yield from reading(row, expected)
    key = row.get("key", "")
    if key in ("LD_PRELOAD", "LD_AUDIT"):
        yield Trait(3.0, f"a process starts with {key} set", "T1574.006")
    path = row.get("path", "")
    if path == "/etc/ld.so.preload":
        yield Trait(4.0, "a library is forced into every program", "T1574.006")
    mode = row.get("mode", "")
    if (
        re.fullmatch(r"0?[4267]\d{3}", mode)
        and mode.lstrip("0")[:1] in ("4", "6", "2")
        and len(mode.lstrip("0")) == 4
    ):
        yield Trait(2.0, "its program runs with its owner's rights", "T1548.001")
    if re.fullmatch(r"0?\d?\d\d[2367]", mode) and kind in (
        Kind.CRON,
        Kind.AUTOSTART,
        Kind.UNIT,
        Kind.LOGIN_CONFIG,
        Kind.LOADER,
    ):
        yield Trait(2.0, "everybody may write to it", "T1222")
    if expected is not None and _turned_off(row) and not _turned_off(expected):
        text = " ".join(row.get(c, "") for c in ("id", "name", "path"))
        if _GUARDS.search(text):
            yield Trait(4.0, "a guard was switched off", "T1562.001")
        else:
            yield Trait(0.5, "was switched off")


def _turned_off(row: Row) -> bool:
    states = [
        row.get(c, "") for c in ("load_state", "unit_file_state", "active_state", "sub_state", "status")
    ]
    return any(state in ("masked", "disabled", "inactive", "dead", "failed", "not-found") for state in states)


def _missing(kind: Kind, row: Row) -> Iterator[Trait]:
    if kind in (Kind.PROCESS, Kind.UNIT, Kind.PACKAGE, Kind.LISTENER, Kind.CRON):
        text = " ".join(row.get(c, "") for c in ("id", "name", "path", "process_path", "process_name"))
        if _GUARDS.search(text):
            yield Trait(3.5, "a guard that should be there is missing", "T1562.001")


def _user(row: Row, expected: Row | None) -> Iterator[Trait]:
    name, uid = row.get("username", ""), row.get("uid", "")
    if uid == "0" and name != "root":
        yield Trait(6.0, "another account with the powers of root", "T1136.001")
    login = row.get("shell", "").rsplit("/", 1)[-1]
    if _SHELL.match(login) and (expected is None or expected.get("shell", "") != row.get("shell", "")):
        yield Trait(1.0, "may log in", "T1078.003")
    if (
        expected is not None
        and _SHELL.match(login)
        and not _SHELL.match(expected.get("shell", "").rsplit("/", 1)[-1])
    ):
        yield Trait(3.0, "an account that could not log in now can", "T1078.003")
    if HIDDEN.search(row.get("directory", "")):
        yield Trait(1.5, "its home is hidden")


def _sysctl(row: Row, expected: Row | None) -> Iterator[Trait]:
    name = row.get("name") or row.get("oid", "")
    value = row.get("current_value", row.get("value", ""))
    before = expected.get("current_value", expected.get("value", "")) if expected else ""
    if name == "kernel.tainted":
        bits = int(value) if value.isdigit() and len(value) < 10 else 0
        was = int(before) if before.isdigit() and len(before) < 10 else 0
        new = bits & ~was
        if new & (2 | 4096 | 8192):  # forced, out of tree, unsigned: kernel.org, tainted-kernels
            yield Trait(3.5, "the kernel runs code that nobody signed", "T1547.006")
        return
    if name in ("kernel.core_pattern", "kernel.modprobe", "kernel.hotplug", "kernel.poweroff_cmd"):
        yield Trait(3.0, "the kernel calls another program", "T1546")
    elif value.isdigit() and before.isdigit():
        weaker = int(value) > int(before) if _MORE_IS_WEAKER.search(name) else int(value) < int(before)
        if name.endswith("rp_filter"):  # 1 is strict, 2 is loose, 0 is none: kernel.org, ip-sysctl
            weaker = value == "0"
        if _HARDENING.search(name) and weaker:
            yield Trait(2.5, "a protection of the kernel was lowered", "T1562.001")


_MORE_IS_WEAKER = re.compile(
    r"ip_forward|forwarding|suid_dumpable|accept_redirects|accept_source_route|sysrq|send_redirects|unprivileged_userns"
)
_HARDENING = re.compile(
    r"randomize_va_space|ptrace_scope|kptr_restrict|dmesg_restrict|modules_disabled|protected_|suid_dumpable|unprivileged|"
    r"ip_forward|forwarding|rp_filter|redirects|source_route|syncookies|sysrq|perf_event_paranoid|bpf|kexec|lockdown|mmap_min_addr"
)


def _mount(row: Row, _: Row | None) -> Iterator[Trait]:
    if re.match(r"^/proc/.", row.get("path", "")) and row.get("type", "") != "binfmt_misc":
        yield Trait(5.0, "something is mounted over a process's entry", "T1564.013")
    elif re.match(r"^/(?:etc|usr|bin|sbin|lib|boot|root)(?:/|$)", row.get("path", "")):
        yield Trait(2.5, "something is mounted over system files", "T1564")


def _sudo(row: Row, _: Row | None) -> Iterator[Trait]:
    if "NOPASSWD" in row.get("rule_details", ""):
        yield Trait(1.0, "without a password", "T1548.003")


def _membership(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("groupname") in ("root", "sudo", "wheel", "admin", "docker", "lxd", "disk", "shadow"):
        yield Trait(1.5, "a group that can become root", "T1098")


def _login_key(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("username") == "root" or row.get("key_file", "").startswith("/root/"):
        yield Trait(1.0, "opens the root account", "T1098.004")
    if "command=" in row.get("options", ""):
        yield Trait(0.5, "starts a command at login")


def _container(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("privileged") == "1":
        yield Trait(3.0, "has the powers of the host", "T1611")
    if re.search(r"(?:seccomp|apparmor)[=:]unconfined|label[=:]disable", row.get("security_options", "")):
        yield Trait(1.5, "runs without confinement", "T1611")
    if re.fullmatch(
        r"/|/(?:etc|root|boot|proc|dev|var/run/docker\.sock|run/docker\.sock|var/lib/docker)(?:/.*)?",
        row.get("source", ""),
    ):
        yield Trait(3.0, "reaches the host's own files", "T1611")
    if row.get("pid_mode") == "host" or row.get("pid_namespace") == "4026531836":
        yield Trait(2.0, "sees the host's processes", "T1611")


def _file(row: Row, _: Row | None) -> Iterator[Trait]:
    path = row.get("path", "")
    if re.search(r"^/(?:var/www|srv|usr/share/nginx)/.*\.(?:php\d?|phtml|jspx?|aspx?|cgi|pl|py)$", path):
        yield Trait(1.5, "a script that the web server may run", "T1505.003")


def _privileged_file(row: Row, _: Row | None) -> Iterator[Trait]:
    base = row.get("path", "").rsplit("/", 1)[-1]
    if (
        _SHELL.match(base)
        or _INTERPRETER.match(base)
        or base in ("find", "vim", "vi", "less", "env", "awk", "cp", "tar", "nmap", "gdb", "dd")
    ):
        yield Trait(3.0, "a tool that gives whoever starts it a root shell", "T1548.001")
    if re.search(
        r"cap_(?:setuid|sys_admin|dac_override|sys_ptrace|sys_module|setgid|dac_read_search)",
        row.get("value", row.get("capabilities", "")),
    ):
        yield Trait(2.0, "a capability as good as root", "T1548.001")
    if not SYSTEM_PATH.match(row.get("path", "")) and not re.match(
        r"^/(?:usr/local|opt|snap)/", row.get("path", "")
    ):
        yield Trait(1.0, "outside the system's folders", "T1548.001")


def _certificate(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("ca") == "1" or row.get("self_signed") == "1":
        yield Trait(1.0, "would be trusted to vouch for any site", "T1553.004")


def _firewall(row: Row, expected: Row | None) -> Iterator[Trait]:
    if row.get("policy") == "ACCEPT" and expected is not None and expected.get("policy") == "DROP":
        yield Trait(2.5, "the firewall now lets everything through", "T1562.004")
    if row.get("target") in ("DROP", "REJECT"):
        yield Trait(-1.5, "closes something")
    if row.get("target") in ("REDIRECT", "DNAT"):
        yield Trait(1.5, "sends traffic elsewhere", "T1090")
    elif row.get("target") == "ACCEPT" and _PUBLIC.match(row.get("src_ip", "").split("/")[0]):
        yield Trait(1.5, "lets one public address in", "T1562.004")


def _login_config(row: Row, _: Row | None) -> Iterator[Trait]:
    path = row.get("path", "")
    if re.search(r"/security/pam_|/pam\.d/|sshd_config|/sudoers", path):
        yield Trait(1.0, "decides who may log in", "T1556.003" if "pam" in path else "")


def _names(row: Row, _: Row | None) -> Iterator[Trait]:
    if _PUBLIC.match(row.get("address", "")):
        yield Trait(2.0, "points to a public address", "T1565.001")


def _interface(row: Row, _: Row | None) -> Iterator[Trait]:
    flags = row.get("flags", "")
    if flags.isdigit() and len(flags) < 10 and int(flags) & 256:
        yield Trait(1.5, "listens to traffic that is not its own", "T1040")


_READINGS = {
    Kind.USER: _user,
    Kind.SYSCTL: _sysctl,
    Kind.MOUNT: _mount,
    Kind.SUDO: _sudo,
    Kind.MEMBERSHIP: _membership,
    Kind.LOGIN_KEY: _login_key,
    Kind.CONTAINER: _container,
    Kind.PRIVILEGED_FILE: _privileged_file,
    Kind.CERTIFICATE: _certificate,
    Kind.FILE: _file,
    Kind.FIREWALL: _firewall,
    Kind.LOGIN_CONFIG: _login_config,
    Kind.NAMES: _names,
    Kind.INTERFACE: _interface,
}
