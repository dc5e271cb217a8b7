"""What does a row say by itself? One row an idea, hostile and honest side by side."""

from __future__ import annotations

import pytest

from bot.analysis.places import Trait, is_tool, program
from bot.analysis.semantics import Kind
from bot.analysis.traits import counted, read, weight
from bot.model import Change, Row


def words(kind: Kind, row: Row, *, expected: Row | None = None, change: Change = Change.ADDED) -> str:
    """Return the words of all traits of a row."""
    return "; ".join(trait.words for trait in read(kind, row, change, expected))


def process(path: str, cmdline: str = "", user: str = "root", **other: str) -> Row:
    """Return a row of a query of processes."""
    return {
        "name": path.rsplit("/", 1)[-1][:15],
        "path": path,
        "cmdline": cmdline or path,
        "username": user,
        **other,
    }


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        (Kind.PROCESS, process("/tmp/x"), "a folder that everybody may write to"),
        (Kind.PROCESS, process("/dev/.udev/x"), "where devices belong"),
        (Kind.PROCESS, process("/usr/share/nginx/nginx"), "a folder where programs seldom lie"),
        (Kind.PROCESS, process("/opt/.cache/x"), "a hidden place"),
        (Kind.PROCESS, process("/memfd:x (deleted)"), "from memory"),
        (Kind.PROCESS, process("/usr/local/bin/x", on_disk="0"), "was deleted"),
        (Kind.PROCESS, process("/usr/share/k/kw", "[kworker/u4:3]"), "dressed as a kernel thread"),
        (Kind.PROCESS, process("", "python3 -c x"), "no program file"),
        (Kind.PROCESS, process("/usr/bin/bash", "bash -c id", "www-data"), "a shell of the service account www-data"),
        (Kind.PROCESS, {**process("/usr/bin/perl5"), "name": "sshd"}, ""),
        (Kind.PROCESS, {**process("/opt/x/run"), "name": "sshd"}, "calls itself another name"),
        (Kind.PROCESS, process("/usr/bin/bash", "bash -i"), "an interactive shell"),
        (Kind.PROCESS, process("/usr/bin/nc", "nc -lkp 31337 -e /bin/sh"), "ties a shell to a socket"),
        (Kind.ENVIRONMENT, {"key": "HISTFILE", "value": "/dev/null"}, "keeps no history"),
        (Kind.CONNECTION, {"process_path": "/opt/x", "remote_address": "169.254.169.254", "remote_port": "80"}, "asks the instance for its metadata"),
        (Kind.ENVIRONMENT, {"key": "HISTFILE", "value": "/home/a/.bash_history"}, ""),
        (Kind.ENVIRONMENT, {"key": "NODE_OPTIONS", "value": "--require /usr/lib/x.js"}, "loads other code"),
        (Kind.ENVIRONMENT, {"key": "NODE_OPTIONS", "value": "--max-old-space-size=512"}, ""),
        (Kind.LISTENER, {"process_path": "/usr/sbin/sshd", "port": "52022"}, "log in at another port"),
        (Kind.LISTENER, {"process_path": "/usr/sbin/sshd", "port": "22"}, ""),
        (Kind.UNIT, {"path": "/etc/systemd/system-generators/x"}, "before any service"),
        (Kind.FILE, {"path": "/usr/local/bin/ps"}, "before the system's tool"),
        (Kind.FILE, {"path": "/usr/local/bin/terraform"}, ""),
        (Kind.PROCESS, process("/bin/x", "x stratum+tcp://198.51.100.3:3333"), "mines coins"),
        (Kind.PROCESS, process("/usr/bin/ssh", "ssh -fNR 2222:localhost:22 u@198.51.100.2"), "opens a tunnel"),
        (Kind.PROCESS, process("/usr/bin/x", "x /tmp/y"), "names a file in a folder that everybody"),
        (Kind.PROCESS, process("/usr/bin/x", "x /opt/.y"), "names a hidden file"),
        (Kind.CONNECTION, {"process_path": "/usr/bin/python3.11", "remote_address": "203.0.113.9", "remote_port": "4444"}, "an unusual port"),
        (Kind.CONNECTION, {"process_path": "", "remote_address": "10.0.0.9", "remote_port": "443"}, "cannot be seen"),
        (Kind.LISTENER, {"process_path": "/usr/bin/perl", "port": "9"}, "waits for connections"),
        (Kind.LISTENER, {"process_path": "", "port": "9", "pid": "-1"}, "no process that can be seen"),
        (Kind.USER, {"username": "toor", "uid": "0", "shell": "/bin/bash"}, "powers of root"),
        (Kind.USER, {"username": "x", "uid": "9", "directory": "/var/.x", "shell": ""}, "home is hidden"),
        (Kind.MOUNT, {"path": "/proc/4242", "type": "ext4"}, "hides the process"),
        (Kind.MOUNT, {"path": "/etc", "type": "ext4"}, "covers files of the system"),
        (Kind.SUDO, {"rule_details": "ALL=(ALL) NOPASSWD:ALL"}, "no password"),
        (Kind.MEMBERSHIP, {"groupname": "docker", "username": "x"}, "can become root"),
        (Kind.LOGIN_KEY, {"username": "root", "key_file": "/root/.ssh/authorized_keys"}, "opens the root account"),
        (Kind.LOGIN_KEY, {"username": "x", "options": 'command="x"'}, "starts a command at login"),
        (Kind.CONTAINER, {"privileged": "1", "security_options": "label=disable"}, "powers of the host"),
        (Kind.CONTAINER, {"source": "/var/run/docker.sock"}, "host's own files"),
        (Kind.CONTAINER, {"pid_mode": "host"}, "sees the host's processes"),
        (Kind.PRIVILEGED_FILE, {"path": "/usr/bin/find"}, "root shell"),
        (Kind.PRIVILEGED_FILE, {"path": "/usr/bin/x", "value": "cap_setuid=ep"}, "as good as root"),
        (Kind.PRIVILEGED_FILE, {"path": "/data/x"}, "outside the system's folders"),
        (Kind.CERTIFICATE, {"ca": "1"}, "vouch for any site"),
        (Kind.FIREWALL, {"target": "REDIRECT"}, "sends traffic elsewhere"),
        (Kind.FIREWALL, {"target": "ACCEPT", "src_ip": "203.0.113.9"}, "one public address"),
        (Kind.FIREWALL, {"target": "DROP", "src_ip": "203.0.113.9"}, "closes something"),
        (Kind.LOGIN_CONFIG, {"path": "/etc/pam.d/sshd"}, "decides who may log in"),
        (Kind.NAMES, {"address": "203.0.113.9"}, "points to a public address"),
        (Kind.INTERFACE, {"flags": "69955"}, "traffic that is not its own"),
        (Kind.FILE, {"path": "/var/www/html/up/.t.php"}, "the web server may run"),
        (Kind.ENVIRONMENT, {"key": "LD_PRELOAD", "value": "/x.so"}, "loads code"),
        (Kind.LOADER, {"path": "/etc/ld.so.preload"}, "forced into every program"),
        (Kind.AUTOSTART, {"path": "/etc/rc.local", "mode": "0777"}, "everybody may write to it"),
        (Kind.FILE, {"path": "/usr/bin/x", "mode": "4755"}, "its owner's rights"),
    ],
)  # fmt: skip
def test_a_row_says_what_is_wrong_with_it(kind: Kind, row: Row, said: str) -> None:
    """The trait is found, in words that need no glossary."""
    assert said in words(kind, row)


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        (Kind.PROCESS, process("/usr/sbin/nginx", "nginx: worker process", "www-data")),
        (Kind.PROCESS, process("/usr/lib/jvm/java-17/bin/java", "java -jar /opt/svc/svc.jar")),
        (
            Kind.CONNECTION,
            {"process_path": "/usr/sbin/nginx", "remote_address": "10.0.0.9", "remote_port": "8080"},
        ),
        (Kind.MOUNT, {"path": "/proc/sys/fs/binfmt_misc", "type": "binfmt_misc"}),
        (Kind.SYSCTL, {"name": "kernel.tainted", "current_value": "32768"}),
        (Kind.PRIVILEGED_FILE, {"path": "/usr/bin/passwd"}),
        (Kind.NAMES, {"address": "10.0.0.2"}),
        (Kind.INTERFACE, {"flags": "69699"}),
    ],
)
def test_honest_rows_say_nothing(kind: Kind, row: Row) -> None:
    """A trait that every host shows would be no trait."""
    assert words(kind, row) == ""


@pytest.mark.parametrize(
    ("name", "before", "after", "said"),
    [
        ("kernel.tainted", "0", "12288", "code that nobody signed"),
        ("kernel.randomize_va_space", "2", "0", "protection of the kernel was lowered"),
        ("net.ipv4.ip_forward", "0", "1", "protection of the kernel was lowered"),
        ("net.ipv4.conf.all.rp_filter", "2", "0", "protection of the kernel was lowered"),
        ("kernel.core_pattern", "core", "|/x", "calls another program"),
        ("net.ipv4.conf.all.rp_filter", "2", "1", ""),
        ("kernel.randomize_va_space", "0", "2", ""),
        ("vm.swappiness", "60", "10", ""),
    ],
)
def test_a_setting_of_the_kernel_is_read_in_its_direction(
    name: str, before: str, after: str, said: str
) -> None:
    """Hardening is no finding; the loss of it is."""
    row, usual = {"name": name, "current_value": after}, {"name": name, "current_value": before}

    assert (
        words(Kind.SYSCTL, row, expected=usual, change=Change.CHANGED) == said
        if not said
        else said in words(Kind.SYSCTL, row, expected=usual, change=Change.CHANGED)
    )


def test_a_guard_that_was_switched_off_says_more_than_another_service() -> None:
    """What watches a host is what an intruder stops first."""
    off, on = {"load_state": "masked"}, {"load_state": "loaded"}

    assert "guard" in words(
        Kind.UNIT, {"id": "auditd.service", **off}, expected={"id": "auditd.service", **on}
    )
    assert (
        words(Kind.UNIT, {"id": "man-db.service", **off}, expected={"id": "man-db.service", **on})
        == "was switched off"
    )
    assert "guard" in words(Kind.PROCESS, {"path": "/usr/sbin/rsyslogd"}, change=Change.REMOVED)
    assert words(Kind.PROCESS, {"path": "/usr/bin/less"}, change=Change.REMOVED) == ""


def test_an_account_that_could_not_log_in_and_now_can() -> None:
    """A shell for a service account is how one comes back."""
    before = {"username": "daemon", "uid": "1", "shell": "/usr/sbin/nologin"}

    assert "now can" in words(
        Kind.USER, {**before, "shell": "/bin/bash"}, expected=before, change=Change.CHANGED
    )


def test_a_firewall_that_lets_everything_through() -> None:
    """The policy of a chain went from DROP to ACCEPT."""
    said = words(Kind.FIREWALL, {"policy": "ACCEPT"}, expected={"policy": "DROP"}, change=Change.CHANGED)

    assert "lets everything through" in said


def test_traits_do_not_pile_up() -> None:
    """The heaviest counts in full, each further one for half of the one before."""
    traits = read(Kind.PROCESS, process("/tmp/.x/y", on_disk="0"), Change.ADDED, None)

    assert [trait.bits for trait in traits] == sorted((trait.bits for trait in traits), reverse=True)
    assert traits[0].bits < weight(traits) < 2 * traits[0].bits


def test_a_reason_to_relax_counts_in_full_beside_reasons_to_worry() -> None:
    """What speaks for a host and what speaks against it are counted apart; a trait of no bits takes no place."""
    traits = [Trait(2.0, "a"), Trait(1.0, "b"), Trait(0.0, "c"), Trait(-1.5, "d"), Trait(-1.0, "e")]

    assert counted(traits) == [("a", 2.0), ("b", 0.5), ("d", -1.5), ("e", -0.5)]
    assert weight(traits) == 0.5


@pytest.mark.parametrize(
    ("rule", "little"),
    [
        ("ALL=(root) NOPASSWD: /usr/bin/journalctl", True),
        ("ALL=(root) NOPASSWD: SETENV: /usr/sbin/nginx -t, /bin/systemctl reload nginx", True),
        ("ALL=(root) NOPASSWD: /usr/bin/systemctl restart *", True),
        ("ALL=(root) NOPASSWD: /usr/bin/systemctl try-restart nginx.service", True),
        ("ALL=(root) NOPASSWD: /usr/bin/systemctl *", False),
        ("ALL=(root) NOPASSWD: /usr/bin/systemctl edit *", False),
        ("ALL=(root) NOPASSWD: /usr/bin/systemctl restart *, /usr/bin/vim", False),
        ("ALL=(root) NOPASSWD: /home/x/bin/systemctl restart *", False),
        ("ALL=(ALL) NOPASSWD:ALL", False),
        ("ALL=(root) NOPASSWD: /usr/bin/journalctl, /usr/bin/vim", False),
        ("ALL=(root) NOPASSWD: /opt/tools/*", False),
        ("ALL=(root) NOPASSWD: /usr/bin/systemctl", False),
        ("ALL=(root) NOPASSWD: RELEASE", False),
        ("ALL=(ALL:ALL) ALL", False),
        ("", False),
    ],
)
def test_a_sudo_rule_that_names_harmless_commands_allows_little(rule: str, little: bool) -> None:
    """Everything, a shell, an editor, a pattern or an alias is as good as root."""
    assert ("no more than the commands" in words(Kind.SUDO, {"rule_details": rule})) is little


@pytest.mark.parametrize(
    ("kind", "row", "said"),
    [
        (Kind.USER, {"username": "exporter", "uid": "997", "shell": "/usr/sbin/nologin"}, "which cannot log in"),
        (Kind.MEMBERSHIP, {"groupname": "adm"}, "without the powers of root"),
        (Kind.CERTIFICATE, {"ca": "0", "self_signed": "1"}, "vouches for itself alone"),
        (Kind.UNIT, {"id": "ntp.service", "load_state": "not-found"}, "nothing can start it"),
        (Kind.UNIT, {"path": "/run/systemd/transient/run-u5.service"}, "gone after the next boot"),
        (Kind.SYSCTL, {"name": "kernel.tainted", "current_value": "512"}, "a fault of its own"),
        (Kind.AUTOSTART, {"path": "/etc/dnf/plugins/versionlock.list", "mode": "0644"}, "holds data"),
    ],
)  # fmt: skip
def test_what_can_do_little_weighs_less(kind: Kind, row: Row, said: str) -> None:
    """It is still odd, and still shown."""
    (trait,) = read(kind, row, Change.ADDED, None)

    assert trait.bits < 0
    assert said in trait.words


@pytest.mark.parametrize(
    "row",
    [
        {"username": "x", "uid": "0", "shell": "/usr/sbin/nologin"},
        {"username": "x", "uid": "997", "shell": "/usr/sbin/nologin", "password_status": "active"},
        {"username": "x", "uid": "1001", "shell": "/usr/sbin/nologin"},
        {"username": "x", "uid": "997", "shell": "/bin/bash"},
    ],
)
def test_an_account_that_may_log_in_or_is_root_is_not_one_of_a_service(row: Row) -> None:
    """A password, root's number, a person's number or a shell each takes the excuse away."""
    assert "cannot log in" not in words(Kind.USER, row)


def test_what_a_row_is_about() -> None:
    """The program of a process or socket; nothing for a file that is no program."""
    assert program({"process_path": "/a", "path": "/b"}, Kind.LISTENER) == "/a"
    assert program({"path": "/b"}, Kind.FILE) == ""
    assert is_tool("/usr/bin/python3.11")
    assert not is_tool("/usr/sbin/nginx")


@pytest.mark.parametrize(
    ("cmdline", "bits"),
    [
        ("py-spy dump --output /home/ada/.spy/out", 0.5),
        ("sh /home/ada/.local/bin/tool", 0),
        ("sh /home/ada/.config/x.sh /opt/.y/run", 1.5),
    ],
)
def test_one_honest_hidden_path_covers_no_other(cmdline: str, bits: float) -> None:
    """Each path of a command line is read by itself; what lies in somebody's home is hidden by custom."""
    found = read(Kind.PROCESS, process("/usr/bin/dash", cmdline), Change.ADDED, None)

    assert sum(trait.bits for trait in found if trait.words == "names a hidden file") == bits


@pytest.mark.parametrize(
    ("path", "bits"),
    [
        ("/etc/pam.d/sshd.rpmsave", -2.5),
        ("/etc/sudoers.d/deploy.dpkg-old", -2.5),
        ("/home/deploy/.tools/bin/tool", 0.5),
        ("/home/deploy/.local/bin/tool", 0),
        ("/home/deploy/.cache/.x/tool", 2.0),
        ("/usr/lib/.x/tool", 2.0),
    ],
)
def test_what_is_hidden_by_custom_or_read_by_nothing_says_less(path: str, bits: float) -> None:
    """A package manager's copy is read by no service; a dot folder in somebody's home is where programs keep their things."""
    assert weight(read(Kind.FILE, {"path": path}, Change.ADDED, None)) == bits


def test_a_program_that_runs_is_no_leftover() -> None:
    """A name that services skip excuses no process: it runs, whatever it is called."""
    row = {"path": "/etc/cron.d/.x~", "cmdline": "[kworker/0:1]", "name": "x"}

    traits = read(Kind.PROCESS, row, Change.ADDED, None)

    assert "is dressed as a kernel thread" in {trait.words for trait in traits}
    assert weight(traits) > 4.0


@pytest.mark.parametrize(
    ("path", "kind", "said"),
    [
        ("/etc/systemd/system/fstrim.timer", "character", "is masked, so nothing can start it"),
        ("/etc/systemd/system/auditd.service", "character", "is masked, and guards the host"),
        ("/etc/systemd/system/fstrim.timer", "regular", ""),
        ("/etc/systemd/system/multi-user.target.wants/x.service", "character", ""),
    ],
)
def test_a_masked_unit_starts_nothing(path: str, kind: str, said: str) -> None:
    """A link to /dev/null shows as a device; one that guards the host is missed when it is masked."""
    mode = "0666" if kind == "character" else "0644"

    assert words(Kind.UNIT, {"path": path, "type": kind, "mode": mode}) == said


@pytest.mark.parametrize(
    ("user", "path", "address", "told"),
    [
        ("postgres", "/usr/bin/perl", "198.51.100.9", True),
        ("postgres", "/usr/bin/perl", "10.0.0.9", False),
        ("root", "/usr/bin/perl", "198.51.100.9", False),
        ("postgres", "/usr/lib/postgresql/15/bin/postgres", "198.51.100.9", False),
    ],
)
def test_an_interpreter_of_a_service_account_that_talks_outside(
    user: str, path: str, address: str, told: bool
) -> None:
    """What breaks into a service runs as its account."""
    row = {"process_path": path, "username": user, "remote_address": address, "remote_port": "443"}

    assert ("interpreter of the service account" in words(Kind.CONNECTION, row)) is told


def test_what_no_package_brought_is_said() -> None:
    """The query asks for it in a column of its own."""
    row = {"path": "/usr/bin/sysdr", "brought_by": "no package"}

    assert "none brought it" in words(Kind.FILE, row)
    assert words(Kind.FILE, {**row, "brought_by": "aws-cli"}) == ""


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("cap_net_bind_service=ep", "a capability that opens ports and no files"),
        ("cap_net_bind_service,cap_net_raw+ep", "a capability that opens ports and no files"),
        ("cap_net_bind_service,cap_setuid=ep", "a capability as good as root"),
        ("cap_chown=ep", ""),
    ],
)
def test_a_capability_is_read(value: str, said: str) -> None:
    """What binds a port is not what becomes root."""
    assert words(Kind.PRIVILEGED_FILE, {"path": "/usr/bin/x", "value": value}) == said
