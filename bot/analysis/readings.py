"""What does a row of a certain kind permit: an account, a setting of the kernel, a mount, a container?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from bot.analysis.places import GUARDS, HIDDEN, INTERPRETER, PUBLIC, SHELL, SYSTEM_PATH, Trait
from bot.analysis.semantics import Kind
from bot.model import Row


def _user(row: Row, expected: Row | None) -> Iterator[Trait]:
    name, uid = row.get("username", ""), row.get("uid", "")
    if uid == "0" and name != "root":
        yield Trait(6.0, "another account with the powers of root", "T1136.001")
    login = row.get("shell", "").rsplit("/", 1)[-1]
    served = uid.isdecimal() and 0 < int(uid[:9]) < 1000
    if served and login in ("nologin", "false") and row.get("password_status", "") != "active":
        yield Trait(-3.0, "an account of a service, which cannot log in")
    if SHELL.match(login) and (expected is None or expected.get("shell", "") != row.get("shell", "")):
        yield Trait(1.0, "may log in", "T1078.003")
    if (
        expected is not None
        and SHELL.match(login)
        and not SHELL.match(expected.get("shell", "").rsplit("/", 1)[-1])
    ):
        yield Trait(3.0, "an account that could not log in now can", "T1078.003")
    before = expected.get("password_status", "") if expected is not None else ""
    if served and before not in ("", "active") and row.get("password_status") == "active":
        yield Trait(2.0, "an account of a service now has a password", "T1098")
    if HIDDEN.search(row.get("directory", "")):
        yield Trait(1.5, "its home is hidden")


def _sysctl(row: Row, expected: Row | None) -> Iterator[Trait]:
    name = row.get("name") or row.get("oid", "")
    value = row.get("current_value", row.get("value", ""))
    before = expected.get("current_value", expected.get("value", "")) if expected else ""
    if name == "kernel.tainted":
        bits = int(value) if value.isdecimal() and len(value) < 10 else 0
        was = int(before) if before.isdecimal() and len(before) < 10 else 0
        new = bits & ~was
        if new & (2 | 4096 | 8192):  # forced, out of tree, unsigned: kernel.org, tainted-kernels
            yield Trait(3.5, "the kernel runs code that nobody signed", "T1547.006")
        elif new and not new & ~(512 | 16384):  # a warning, a lock-up
            yield Trait(-1.5, "the kernel warned of a fault of its own")
        return
    if name == "boot arguments" and expected is not None:
        if _UNGUARDED.search(" ".join(sorted(set(value.split()) - set(before.split())))):
            yield Trait(3.0, "boots with a protection switched off", "T1562.001")
        return
    if name in ("kernel.core_pattern", "kernel.modprobe", "kernel.hotplug", "kernel.poweroff_cmd"):
        if expected is not None:  # every host has such a setting; another one than usual is what counts
            yield Trait(3.0, "the kernel calls another program", "T1546")
    elif value.isdecimal() and before.isdecimal() and max(len(value), len(before)) <= 20:
        weaker = int(value) > int(before) if _MORE_IS_WEAKER.search(name) else int(value) < int(before)
        if name.endswith("rp_filter"):  # 1 is strict, 2 is loose, 0 is none: kernel.org, ip-sysctl
            weaker = value == "0"
        if _HARDENING.search(name) and weaker:
            yield Trait(2.5, "a protection of the kernel was lowered", "T1562.001")


_UNGUARDED = re.compile(
    r"(?:^| )(?:audit=0|selinux=0|enforcing=0|apparmor=0|lsm=|lockdown=none|module\.sig_enforce=0|mitigations=off|ima_appraise=|r?d?init=/"
    r"|rd\.break|systemd\.(?:unit|mask|run)=)"
)
"""Arguments of the kernel and of systemd by which a guard does not start: kernel.org, kernel-parameters; kernel-command-line(7)."""
_MORE_IS_WEAKER = re.compile(
    r"ip_forward|forwarding|suid_dumpable|accept_redirects|accept_source_route|sysrq|send_redirects|unprivileged_userns"
)
_HARDENING = re.compile(
    r"randomize_va_space|ptrace_scope|kptr_restrict|dmesg_restrict|modules_disabled|protected_|suid_dumpable|unprivileged|"
    r"ip_forward|forwarding|rp_filter|redirects|source_route|syncookies|sysrq|perf_event_paranoid|bpf|kexec|lockdown|mmap_min_addr"
)


def _mount(row: Row, _: Row | None) -> Iterator[Trait]:
    if re.match(r"^/proc/.", row.get("path", "")) and row.get("type", "") != "binfmt_misc":
        yield Trait(5.0, "hides the process of that number", "T1564.013")
    elif re.match(r"^/(?:etc|usr|bin|sbin|lib|boot|root)(?:/|$)", row.get("path", "")):
        yield Trait(2.5, "covers files of the system", "T1564")
    elif re.match(r"^/var/log(?:/(?:audit|journal))?$", row.get("path", "")):
        yield Trait(1.5, "covers the host's logs", "T1070.002")


_GIVES_ALL = re.compile(
    r"^(?:\w*sh|sudo|su|sudoedit|env|find|vim?|nano|less|more|man|awk|gawk|sed|tee|cp|mv|dd|tar|rsync|zip|chmod|chown|python[\d.]*|"
    r"perl|ruby|lua|php|node|nc|ncat|socat|nmap|tcpdump|gdb|strace|docker|podman|kubectl|systemd-run|crontab|at|ssh|scp|git|apt|"
    r"apt-get|dpkg|yum|dnf|rpm|pip[\d.]*|npm|mount|insmod|modprobe|visudo|passwd|useradd|usermod|mysql|psql|ftp|screen|tmux|"
    r"gcc|make|openssl|curl|wget|ld\.so|ionice|nice|timeout|xargs|watch|script|run-parts|install|ln)$"
)
"""Programs that give whoever may start them as root all that root may: shells, editors, what writes files or starts others."""


_CONTROLS = re.compile(
    r"^(?:/usr)?/bin/systemctl (?:(?:try-|reload-or-)?restart|start|stop|reload|is-active|is-enabled)(?: [^*]{1,200}| ?\*)$"
)
"""Verbs of systemctl that act on units that are there, and show nothing in a pager (which would start a shell)."""


def _allows_little(rule: str) -> bool:
    """Whether a rule names its commands by path, and none of them is as good as all."""
    granted = rule.partition("=")[2].strip()
    if granted.startswith("("):
        granted = granted.partition(")")[2]
    for command in granted.split(","):
        path, *rest = [word for word in command.split() if not word.endswith(":")] or [""]
        if _CONTROLS.match(" ".join((path, *rest))):
            continue
        base = path.rsplit("/", 1)[-1]
        anything = base == "systemctl" and not rest  # may link a unit of one's own
        if not path.startswith("/") or "*" in command or anything or _GIVES_ALL.match(base):
            return False
    return True


def _sudo(row: Row, _: Row | None) -> Iterator[Trait]:
    if _allows_little(row.get("rule_details", "")[:4096]):
        yield Trait(-3.0, "allows no more than the commands it names")
    elif "NOPASSWD" in row.get("rule_details", ""):
        yield Trait(1.0, "asks for no password", "T1548.003")


def _membership(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("groupname") in ("root", "sudo", "wheel", "admin", "docker", "lxd", "disk", "shadow"):
        yield Trait(1.5, "a group that can become root", "T1098")
    elif row.get("groupname"):
        yield Trait(-3.0, "a group without the powers of root")


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
        r"/|/(?:etc|root|boot|proc|dev|var/run/docker\.sock|run/docker\.sock|var/lib/docker(?!/volumes/[^/]+/_data))(?:/.*)?",
        row.get("source", ""),
    ):
        yield Trait(3.0, "reaches the host's own files", "T1611")
    if row.get("pid_mode") == "host" or row.get("pid_namespace") == "4026531836":
        yield Trait(2.0, "sees the host's processes", "T1611")


_TOOLS = frozenset(
    "ps top ls ss lsof netstat find who w last id ip ifconfig cat grep egrep du df lsmod dmesg kill pgrep pkill stat strings "
    "md5sum sha1sum sha256sum sudo su ssh scp sshd passwd login systemctl journalctl crontab dpkg rpm curl wget mount".split()
)
"""What whoever looks at a host calls by its name; folders of the site's own come first in PATH."""


def _file(row: Row, _: Row | None) -> Iterator[Trait]:
    path = row.get("path", "")
    if row.get("brought_by") == "no package":  # a column of the pack's own
        yield Trait(1.0, "was changed after the last package was installed, so none brought it", "T1554")
    if re.search(r"^/(?:var/www|srv|usr/share/nginx)/.*\.(?:php\d?|phtml|jspx?|aspx?|cgi|pl|py)$", path):
        yield Trait(1.5, "a script that the web server may run", "T1505.003")
    folder, _slash, name = path.rpartition("/")
    if folder in ("/usr/local/bin", "/usr/local/sbin", "/root/bin") and name in _TOOLS:
        yield Trait(2.5, "stands before the system's tool of that name", "T1574.007")


_FEW_RIGHTS = re.compile(
    r"^(?:cap_(?:net_bind_service|net_raw|net_broadcast|ipc_lock|sys_nice|wake_alarm|audit_write),?)+[=+][eip]+$"
)
"""capabilities(7): none of these reads or writes another's file, or becomes another user."""


def _privileged_file(row: Row, _: Row | None) -> Iterator[Trait]:
    base = row.get("path", "").rsplit("/", 1)[-1]
    if (
        SHELL.match(base)
        or INTERPRETER.match(base)
        or base in ("find", "vim", "vi", "less", "env", "awk", "cp", "tar", "nmap", "gdb", "dd")
    ):
        yield Trait(3.0, "a tool that gives whoever starts it a root shell", "T1548.001")
    capabilities = row.get("value", row.get("capabilities", ""))
    if re.search(
        r"cap_(?:setuid|sys_admin|dac_override|sys_ptrace|sys_module|setgid|dac_read_search)", capabilities
    ):
        yield Trait(2.0, "a capability as good as root", "T1548.001")
    elif _FEW_RIGHTS.match(capabilities):
        yield Trait(-3.0, "a capability that opens ports and no files")
    if not SYSTEM_PATH.match(row.get("path", "")) and not re.match(
        r"^/(?:usr/local|opt|snap)/", row.get("path", "")
    ):
        yield Trait(1.0, "outside the system's folders", "T1548.001")


def _certificate(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("ca") == "1":
        yield Trait(1.0, "would be trusted to vouch for any site", "T1553.004")
    elif row.get("ca") == "0":
        yield Trait(-2.5, "vouches for itself alone")


def _firewall(row: Row, expected: Row | None) -> Iterator[Trait]:
    if row.get("policy") == "ACCEPT" and expected is not None and expected.get("policy") == "DROP":
        yield Trait(2.5, "the firewall now lets everything through", "T1562.004")
    closes = row.get("target") in ("DROP", "REJECT")
    if closes and row.get("chain") != "OUTPUT":  # that one cuts the host itself off
        yield Trait(-1.5, "closes something")
    if row.get("target") in ("REDIRECT", "DNAT"):
        yield Trait(1.5, "sends traffic elsewhere", "T1090")
    elif row.get("target") == "ACCEPT" and PUBLIC.match(row.get("src_ip", "").split("/")[0]):
        yield Trait(1.5, "lets one public address in", "T1562.004")


def _login_config(row: Row, _: Row | None) -> Iterator[Trait]:
    path = row.get("path", "")
    if re.search(r"/security/pam_|/pam\.d/|sshd_config|/sudoers", path):
        yield Trait(1.0, "decides who may log in", "T1556.003" if "pam" in path else "")
    elif re.search(r"^/etc/(?:sysctl|docker|systemd)\b", path):
        yield Trait(-1.0, "a setting that decides nothing about logins")


def _names(row: Row, _: Row | None) -> Iterator[Trait]:
    if PUBLIC.match(row.get("address", "")):
        yield Trait(2.0, "points to a public address", "T1565.001")


def _interface(row: Row, _: Row | None) -> Iterator[Trait]:
    flags = row.get("flags", "")
    if flags.isdecimal() and len(flags) < 10 and int(flags) & 256:
        yield Trait(1.5, "listens to traffic that is not its own", "T1040")


_QUIET_HISTORY = {"HISTFILE": ("/dev/null", ""), "HISTSIZE": ("0",), "HISTFILESIZE": ("0",)}
_LOADS = re.compile(
    r"^(?:NODE_OPTIONS=.*(?:--require|--import|--loader|-r\b)|JAVA_TOOL_OPTIONS=.*-(?:javaagent|agentpath|agentlib)"
    r"|(?:PYTHONSTARTUP|PERL5OPT|PERL5DB|RUBYOPT|BASH_ENV|PROMPT_COMMAND|GCONV_PATH)=.)"
)
"""Variables by which an interpreter or a library loads code of somebody else's choice before its own."""


def _environment(row: Row, _: Row | None) -> Iterator[Trait]:
    key, value = row.get("key", ""), row.get("value", "")
    if value in _QUIET_HISTORY.get(key, ()):
        yield Trait(2.0, "keeps no history of its commands", "T1562.003")
    if _LOADS.match(f"{key}={value[:512]}"):
        yield Trait(1.5, "loads other code before its own", "T1574")


def _listener(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("process_path", "").endswith("/sshd") and row.get("port") not in (None, "", "0", "22"):
        yield Trait(1.5, "lets people log in at another port", "T1571")


_MASKS = re.compile(r"^/(?:etc|run)/systemd/(?:system|user)/[^/]+$")
"""Where a link to /dev/null, which osquery follows to a device, masks a unit: systemctl(1), mask."""
_DATA = re.compile(r"\.(?:list|txt|md|json|ya?ml|xml|csv|db)$")


def _starts(row: Row, _: Row | None) -> Iterator[Trait]:
    if row.get("load_state") == "not-found":
        yield Trait(-2.5, "has no file, so nothing can start it")
    if row.get("type") == "character" and _MASKS.match(row.get("path", "")):
        if GUARDS.search(row["path"].rpartition("/")[2]):
            yield Trait(3.0, "is masked, and guards the host", "T1562.001")
        else:
            yield Trait(-2.5, "is masked, so nothing can start it")
    if "/run/systemd/transient/" in (row.get("fragment_path") or row.get("path", "")):
        yield Trait(-1.0, "is gone after the next boot")
    if row.get("path", "").startswith("/etc/logrotate.d/"):
        yield Trait(-1.0, "rotates logs")
    if _DATA.search(row.get("path", "")) and not re.search(r"[1357]", row.get("mode", "")[-3:]):
        yield Trait(-1.5, "holds data, and no commands")
    if re.search(r"/systemd/(?:system|user)(?:-environment)?-generators/", row.get("path", "")):
        yield Trait(1.5, "runs at boot before any service does", "T1543.002")


READINGS: Mapping[Kind, Callable[[Row, Row | None], Iterator[Trait]]] = {
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
    Kind.ENVIRONMENT: _environment,
    Kind.LISTENER: _listener,
    Kind.UNIT: _starts,
    Kind.AUTOSTART: _starts,
    Kind.INTERFACE: _interface,
}
"""By kind, what reads a row; the second argument is the usual row, if there is one."""
