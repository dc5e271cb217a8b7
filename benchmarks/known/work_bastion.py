"""What does a jump host do: the same twenty accounts on each, and whoever of them is logged in, with all that they have open?"""

from __future__ import annotations

from benchmarks.known.work_estate import (
    account,
    control,
    lay_estate,
    lay_size,
    lay_upkeep,
    leave,
    program,
    script,
    zone_net,
)
from benchmarks.known.work_people import (
    ADMINISTRATORS,
    FIRST_UID,
    INSIDE,
    LEAVER,
    NAMES,
    NEWCOMER,
    WORDS,
    habits,
)
from benchmarks.known.work_terminals import Terminal, lay_terminal, open_sshd
from bot.sandbox.fleet.draft import UDP, Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package
from bot.sandbox.fleet.work.place import Place, bring_updates

SCANNERS = tuple(f"{net}.{last}" for net in ("45.148.10", "80.94.95", "141.98.11", "185.224.128", "193.32.162", "218.92.0") for last in range(20, 200, 17))  # fmt: skip
"""Addresses from which the whole internet is tried, so most hosts ban some of the same."""


def lay_bastion(draft: Draft, place: Place) -> None:
    """Add accounts and keys by configuration, second factors, fail2ban, and the engineers who are logged in.

    A host in eight lags behind the last change of the configuration. A newer template brings other clients and rules of audit.
    """
    rng = draft.rng
    bring_updates(draft, "debian", place)
    lay_size(draft)
    lay_estate(draft, newest=place.newest)
    for name, version in (
        ("libpam-google-authenticator", "20191231-2"), ("libqrencode4", "4.1.1-1"), ("fail2ban", "1.0.2-2"), ("python3-systemd", "235-1"), ("audispd-plugins", "1:3.0.9-1"), ("postgresql-client-15", "15.13-0+deb12u1"),
        ("redis-tools", "5:7.0.15-1~deb12u5"), ("tmux", "3.3a-3"), ("zsh", "5.9-4"), ("mosh", "1.4.0-1"), ("vim", "2:9.0.1378-2"), ("rsync", "3.2.7-1+deb12u2"), ("autossh", "1.4g-1"), ("jq", "1.6-2.1"),
    ):  # fmt: skip
        package(draft, name, *version.rsplit("-", 1))
    draft.file("/usr/local/bin/kubectl", f"kubectl {'1.31.4' if place.newest else '1.30.8'}", mode="0755")
    lags = rng.random() < 0.12
    people = [name for name in NAMES if name != (NEWCOMER if lags else LEAVER)]
    _accounts(draft, people, lags)
    _login_settings(draft, place)
    _bans(draft)
    for name in people:
        _home(draft, name)
    draft.settle()
    share = rng.uniform(0.2, 0.65)
    number = rng.randrange(200, 9_000)
    seats = 0
    for name in people:
        if name != NEWCOMER and rng.random() < share:
            seats = lay_terminal(draft, Terminal(name, number := number + rng.randrange(4, 40), seats))
    _strangers(draft)
    for name in rng.sample(people, k=len(people) * 2 // 3):
        for _ in range(rng.randrange(1, 4)):
            draft.login(name, habits(name).from_address, draft.now - rng.randrange(3_000, max(4_000, min(20 * 86_400, draft.now - draft.booted))))  # fmt: skip
    control(draft, "kernel.yama.ptrace_scope", "2")
    control(draft, "net.ipv4.ip_forward", "0")
    lay_upkeep(draft, "/var/log")
    lay_temporary_files(draft, ("chrony", "systemd-logind"))


def _accounts(draft: Draft, people: list[str], lags: bool) -> None:
    draft.add("groups", gid=2_000, gid_signed=2_000, groupname="engineers")
    for name in people:
        uid, usual = FIRST_UID + NAMES.index(name), habits(name)
        account(draft, name, uid, f"/home/{name}", f"/bin/{usual.shell}" if usual.shell == "bash" else "/usr/bin/zsh")  # fmt: skip
        draft.add("user_groups", uid=uid, gid=2_000)
        if name in ADMINISTRATORS:
            draft.add("user_groups", uid=uid, gid=27)
        path = f"/home/{name}/.ssh/authorized_keys"
        replaced = name == "petra" and lags  # her laptop's key was changed at the same time
        for number in range(usual.keys):
            text = f"{name} {number}{' before' if replaced else ''}"
            hardware = number == 1
            draft.add("authorized_keys", uid=uid, algorithm="sk-ssh-ed25519@openssh.com" if hardware else "ssh-ed25519", comment=f"{name}@{'yubikey' if hardware else 'laptop'}", key_file=path,
                      key=f"{'AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAI' if hardware else 'AAAAC3NzaC1lZDI1NTE5AAAAI'}{digest(text, 43)}")  # fmt: skip
        draft.file(path, f"keys of {name} {replaced}", mode="0600", uid=uid, changed=draft.booted + 200)
    for source, header, rule in (("/etc/sudoers.d/10-engineers", "%engineers", "ALL=(root) NOPASSWD: /usr/bin/journalctl, /usr/bin/ss"), ("/etc/sudoers.d/20-on-call", ", ".join(ADMINISTRATORS), "ALL=(ALL:ALL) ALL")):  # fmt: skip
        draft.file(source, rule, mode="0440", changed=draft.booted + 200)
        draft.add("sudoers", source=source, header=header, rule_details=rule)


def _login_settings(draft: Draft, place: Place) -> None:
    """Ask for a code beside the key: PAM's module, sshd's settings, and rules of audit for what people run."""
    for row in draft.tables["augeas"]:
        if row["label"] in ("KbdInteractiveAuthentication", "X11Forwarding", "PermitRootLogin"):
            row["value"] = "yes" if row["label"].startswith("Kbd") else "no"
    lines = (("9/type", "type", "auth"), ("9/control", "control", "required"), ("9/module", "module", "pam_google_authenticator.so"), ("9/argument[1]", "argument", "nullok"), ("9/argument[2]", "argument", "grace_period=28800"))  # fmt: skip
    for node, label, value in lines:
        draft.add("augeas", node=f"/files/etc/pam.d/sshd/{node}", path="/etc/pam.d/sshd", label=label, value=value)  # fmt: skip
    for label, value in (("AuthenticationMethods", "publickey,keyboard-interactive"), ("AllowGroups", "engineers admin deploy"), ("AllowAgentForwarding", "yes"), ("GatewayPorts", "no"), ("MaxStartups", "30:50:200")):  # fmt: skip
        draft.add("augeas", node=f"/files/etc/ssh/sshd_config/{label}", path="/etc/ssh/sshd_config", label=label, value=value)  # fmt: skip
    for row in draft.tables["hash"]:
        if row["path"] in ("/etc/pam.d/sshd", "/etc/ssh/sshd_config"):
            row["sha256"] = digest(f"bastion {row['path']}")
    draft.file("/usr/lib/x86_64-linux-gnu/security/pam_google_authenticator.so", "pam google 20191231")
    draft.file("/etc/audit/rules.d/50-sessions.rules", f"execve of people {place.newest}")
    draft.file("/etc/ssh/sshd_config.d/30-bastion.conf", "managed by salt")
    draft.file("/etc/profile.d/session-timeout.sh", "TMOUT=28800")
    draft.file("/etc/ssh/ssh_config.d/inside.conf", "hosts inside")


def _bans(draft: Draft) -> None:
    """Run fail2ban; whom it bans at this moment depends on who tried this host in the last day."""
    rng = draft.rng
    python = "/usr/bin/python3.11"
    script(draft, "fail2ban", python, "/usr/bin/python3 /usr/bin/fail2ban-server -xf start", name="fail2ban-server", threads=5)  # fmt: skip
    draft.file("/usr/bin/fail2ban-server", "fail2ban 1.0.2", mode="0755")
    draft.file("/etc/fail2ban/jail.local", "sshd, aggressive, a day")
    draft.file("/etc/init.d/fail2ban", mode="0755")
    draft.file("/etc/logrotate.d/fail2ban")

    def rule(chain: str, target: str, source: str = "0.0.0.0", *, port: str = "", match: str = "no") -> None:
        draft.add("iptables", filter_name="filter", chain=chain, policy="ACCEPT" if chain == "INPUT" else "", target=target, protocol=6 if port else 0, src_ip=source, dst_port=port,
                  src_mask="0.0.0.0" if source == "0.0.0.0" else "255.255.255.255", dst_ip="0.0.0.0", dst_mask="0.0.0.0", iniface="all", outiface="all", match=match,
                  packets=rng.randrange(9_000), bytes=rng.randrange(900_000))  # fmt: skip

    rule("INPUT", "f2b-sshd", match="yes", port="22")
    banned = {*rng.sample(SCANNERS, k=rng.randrange(3, 30)), *(f"{rng.randrange(24, 222)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}" for _ in range(rng.randrange(25)))}  # fmt: skip
    for address in sorted(banned):
        rule("f2b-sshd", "REJECT", address)
    rule("f2b-sshd", "RETURN")
    if rng.random() < 0.3:
        rule("INPUT", "f2b-recidive", match="yes")
        for address in rng.sample(SCANNERS, k=rng.randrange(1, 4)):
            rule("f2b-recidive", "REJECT", address)
        rule("f2b-recidive", "RETURN")


def _home(draft: Draft, name: str) -> None:
    """Fill a home: what the skeleton brings, dot files that some carry everywhere and others changed here, scripts, a crontab."""
    rng, usual, uid, home = draft.rng, habits(name), draft.uid(name), f"/home/{name}"
    here_often = rng.random() < 0.55
    for dot in (".bashrc", ".profile", ".bash_logout"):
        text = f"skeleton {dot}"
        if usual.carries_dotfiles:
            text = f"dot files of {name} {rng.choice((1, 1, 1, 2))}"
        elif here_often and dot == ".bashrc" and rng.random() < 0.35:
            text = f"{name} changed this {rng.random()}"
        draft.file(f"{home}/{dot}", text, uid=uid, changed=draft.booted + rng.randrange(300, 20_000))
    if usual.shell == "zsh":
        draft.file(f"{home}/.zshrc", f"zsh of {name}", uid=uid)
    if usual.tmux and here_often:
        draft.file(f"{home}/.tmux.conf", f"tmux of {name}", uid=uid)
    draft.file(f"{home}/.google_authenticator", f"code of {name}", mode="0400", uid=uid)
    if not here_often:
        return
    for tool, version in (("k9s", "0.32.7"), ("stern", "1.31.0"), ("fzf", "0.57.0"), ("kubectx", "0.9.5")):
        if rng.random() < 0.15:
            draft.file(f"{home}/bin/{tool}", f"{tool} {version}", mode="0755", uid=uid, changed=draft.now - rng.randrange(9_000, 400_000))  # fmt: skip
    for _ in range(rng.randrange(3)):
        word = rng.choice(WORDS)
        leave(draft, f"{home}/bin/{word}-{rng.choice(('tail', 'drain', 'dump', 'check'))}.sh", f"{name} {word} {rng.randrange(3)}", uid=uid, age_s=rng.randrange(9_000, 400_000))  # fmt: skip
    for _ in range(rng.randrange(1, 6)):
        key = f"|1|{rng.getrandbits(112):028x}= ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{digest(rng.choice(INSIDE), 43)}"
        draft.add("known_hosts", uid=uid, key=key, key_file=f"{home}/.ssh/known_hosts")
    if rng.random() < 0.12:
        when, command = rng.choice((("0 7 * * 1-5", f"{home}/bin/cert-expiry.sh | mail -s certificates {name}@example"), ("*/30 * * * *", f"cd {home}/runbooks && git pull -q"), ("@reboot", "tmux new-session -d -s work"),
                                    ("15 2 * * *", f"rsync -a {rng.choice(INSIDE)}:/var/backups/ {home}/dumps/")))  # fmt: skip
        path = f"/var/spool/cron/crontabs/{name}"
        draft.cron(path, when, command)
        draft.file(path, command, mode="0600", uid=uid, changed=draft.now - rng.randrange(9_000, 600_000))
    if rng.random() < 0.15:
        path, mode = rng.choice(((f"/tmp/kubectl-edit-{rng.randrange(10**9)}.yaml", "0600"), (f"/tmp/{name}-{rng.choice(WORDS)}.sh", "0755"), (f"/tmp/{rng.choice(WORDS)}.{name}.csv", "0644"), (f"/var/tmp/.{name}.swp", "0600")))  # fmt: skip
        leave(draft, path, f"{name} {rng.random()}", mode=mode, uid=uid, age_s=rng.randrange(600, 400_000))


def _strangers(draft: Draft) -> None:
    """Let those who try passwords be in the middle of it: sshd has a process for each before it knows them."""
    rng, up_s = draft.rng, draft.now - draft.booted
    draft._uids.setdefault("sshd", 102)
    for _ in range(rng.choice((0, 1, 1, 2, 4))):
        who = rng.choice(("root", "unknown", "unknown"))
        since = up_s - rng.randrange(2, 100)
        first = open_sshd(draft, f"sshd: {who} [priv]", since)
        draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {who} [net]", user="sshd", parent=first, unit="ssh.service", after_boot_s=since)  # fmt: skip
        draft.connect(first, rng.choice(SCANNERS), draft.ephemeral(), local_port=22)
    if rng.random() < 0.25:
        path = "/usr/lib/autossh/autossh"
        program(draft, path)
        tunnel = draft.spawn("autossh", path, f"{path} -M 0 -N -R 127.0.0.1:9443:127.0.0.1:443 tunnel@10.20.{zone_net(draft) + 9}.14", user="deploy", unit="tunnel-office.service")  # fmt: skip
        ssh = draft.spawn("ssh", "/usr/bin/ssh", f"/usr/bin/ssh -N -R 127.0.0.1:9443:127.0.0.1:443 tunnel@10.20.{zone_net(draft) + 9}.14", user="deploy", parent=tunnel, unit="tunnel-office.service")  # fmt: skip
        draft.connect(ssh, f"10.20.{zone_net(draft) + 9}.14", 22)
    if rng.random() < 0.1:
        draft.listen(draft.pid_of("chronyd"), draft.ephemeral(), "0.0.0.0", UDP)
