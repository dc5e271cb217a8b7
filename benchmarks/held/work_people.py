"""What does a bastion hold: many people, each with a home, keys, sessions and habits?"""

from __future__ import annotations

from benchmarks.known.work_common import lay_agents
from bot.sandbox.fleet.draft import Draft, digest
from bot.sandbox.fleet.services import lay_temporary_files, package, service
from bot.sandbox.fleet.work.place import Place, bring_updates

ACCOUNTS = tuple(f"eng{number:02}" for number in range(1, 15))
TOOLS = ("kubectx", "stern", "jq", "k9s", "yq", "fzf", "mysqlsh", "dive", "httpie", "terraform")
TARGETS = ("10.20.3.", "10.20.19.", "10.20.34.", "10.20.40.")


def lay_bastion(draft: Draft, place: Place) -> None:
    """Add people, what they left behind on this host, and who is here now."""
    rng = draft.rng
    bring_updates(draft, "amazon", place)
    for name, version in (("fail2ban", "1.0.2"), ("tmux", "3.2a"), ("google-authenticator", "1.10")):
        package(draft, name, version, "1.amzn2023")
    lay_agents(draft, newest=place.newest)
    guard = service(
        draft,
        "fail2ban",
        "/usr/bin/python3.9",
        "/usr/bin/python3 -s /usr/bin/fail2ban-server -xf start",
        name="fail2ban-server",
        packaged=True,
        threads=5,
    )
    draft.listen(guard, draft.ephemeral(), "127.0.0.1", "17")
    draft.file("/etc/pam.d/sshd", "pam with a second factor")
    draft.file("/etc/ssh/sshd_config.d/10-bastion.conf", f"bastion {place.newest}")
    draft.add("groups", gid=2000, gid_signed=2000, groupname="engineers")
    draft.add("sudoers", source="/etc/sudoers.d/engineers", header="%engineers", rule_details="ALL=(root) NOPASSWD: /usr/bin/tcpdump")  # fmt: skip
    draft.file("/etc/sudoers.d/engineers", mode="0440")
    for number, name in enumerate(ACCOUNTS):
        _person(draft, name, 2001 + number)
    for address in {f"203.0.113.{rng.randrange(1, 250)}" for _ in range(rng.randrange(2, 12))}:
        draft.add("iptables", filter_name="filter", chain="f2b-sshd", policy="", target="REJECT", protocol=0, src_ip=address,
                  src_mask="255.255.255.255", dst_ip="0.0.0.0", dst_mask="0.0.0.0", iniface="all", outiface="all", match="no")  # fmt: skip
    present = rng.sample(ACCOUNTS, rng.choice((0, 1, 1, 2, 3, 5)))
    draft.settle()
    for name in present:
        _session(draft, name)
    lay_temporary_files(draft, ("chronyd", "dbus-broker", "systemd-logind"))


def _person(draft: Draft, name: str, uid: int) -> None:
    rng = draft.rng
    draft.user(name, uid, f"/home/{name}", "/bin/zsh" if int(digest(name, 2), 16) < 60 else "/bin/bash")
    draft.add("user_groups", uid=uid, gid=2000)
    for which in range(1 + (int(digest(name, 3), 16) < 900)):
        key = f"AAAAC3NzaC1lZDI1NTE5AAAAI{digest(f'{name} {which}', 43)}"
        draft.add("authorized_keys", uid=uid, algorithm="ssh-ed25519", key=key, comment=f"{name}@laptop{which}", key_file=f"/home/{name}/.ssh/authorized_keys")  # fmt: skip
    if rng.random() < 0.45:
        draft.file(f"/home/{name}/.bashrc", f"{name}'s own {rng.randrange(2)}", uid=uid)
        draft.file(f"/home/{name}/.profile", f"{name}'s own", uid=uid)
        for tool in rng.sample(TOOLS, rng.randrange(3)):
            draft.file(f"/home/{name}/bin/{tool}", f"{tool} {rng.randrange(4)}", mode="0755", uid=uid)
        if rng.random() < 0.15:
            draft.file(f"/tmp/{name}-notes.sh", f"{name} {rng.random()}", mode="0755", uid=uid)
        draft.login(name, f"10.20.0.{rng.randrange(4, 40)}", draft.now - rng.randrange(90_000))


def _session(draft: Draft, name: str) -> None:
    rng = draft.rng
    since = draft.now - draft.booted - rng.randrange(60, 30_000)
    first = draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {name} [priv]", parent=draft.pid_of("sshd"), unit="sshd.service", after_boot_s=since)  # fmt: skip
    second = draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {name}@pts/{rng.randrange(9)}", user=name, parent=first, after_boot_s=since)  # fmt: skip
    shell = draft.spawn("bash", "/usr/bin/bash", "-bash", user=name, parent=second, cwd=f"/home/{name}", after_boot_s=since)  # fmt: skip
    draft.env(
        shell,
        SSH_AUTH_SOCK=f"/tmp/ssh-{rng.getrandbits(40):010x}/agent.{second}",
        HISTFILE=f"/home/{name}/.bash_history",
    )
    draft.connect(first, f"10.20.0.{rng.randrange(4, 40)}", rng.randrange(32_768, 60_999), local_port=22)
    draft.add("logged_in_users", type="user", user=name, tty="pts/1", host="10.20.0.9", time=draft.booted + since, pid=first)  # fmt: skip
    draft.login(name, "10.20.0.9", draft.booted + since, pid=first)
    for _ in range(rng.randrange(3)):
        target = f"{rng.choice(TARGETS)}{rng.randrange(5, 250)}"
        ssh = draft.spawn("ssh", "/usr/bin/ssh", f"ssh {target}", user=name, parent=shell, after_boot_s=since + 30)  # fmt: skip
        draft.connect(ssh, target, 22)
    if rng.random() < 0.3:
        server = draft.spawn("tmux: server", "/usr/bin/tmux", "tmux new -A -s main", user=name, after_boot_s=since)  # fmt: skip
        inner = draft.spawn("bash", "/usr/bin/bash", "-bash", user=name, parent=server, after_boot_s=since)
        client = draft.spawn("psql", "/usr/bin/psql", f"psql -h db-replica.internal.example -U {name} web", user=name, parent=inner, after_boot_s=since + 9)  # fmt: skip
        draft.connect(client, "10.20.40.17", 5432)
