"""How does an engineer who is logged in to a jump host show: sshd, a shell, tmux, agents, forwards, an editor's server?"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.known.work_estate import moments_ago, program, zone_net
from benchmarks.known.work_people import INSIDE, OPEN, WORDS, Habits, habits
from bot.sandbox.fleet.draft import UDP, Draft, digest

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SHELLS = {"bash": ("/usr/bin/bash", "-bash"), "zsh": ("/usr/bin/zsh", "-zsh")}
FORWARDED = (
    ("10.20.40.17", 5432),
    ("10.20.41.22", 6379),
    ("10.20.50.21", 9090),
    ("10.20.50.22", 3000),
    ("10.20.18.77", 443),
)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Who logged in, the number of the first session, and how many terminals the host had before."""

    name: str
    session: int
    seats: int


def open_sshd(draft: Draft, cmdline: str, since: int) -> int:
    """Accept a connection: the listener starts a process that has root's rights; return its pid."""
    listener = next(int(row["pid"]) for row in draft.tables["processes"] if row["name"] == "sshd" and row["parent"] == "1")  # fmt: skip
    return draft.spawn(
        "sshd", "/usr/sbin/sshd", cmdline, parent=listener, unit="ssh.service", after_boot_s=since
    )


def lay_terminal(draft: Draft, who: Terminal) -> int:
    """Log an engineer in, once to three times; return how many terminals the host has now."""
    rng, usual, seats = draft.rng, habits(who.name), who.seats
    longest = moments_ago(draft, 60_000)
    _manager(draft, who.name, longest)
    tmux = _tmux(draft, who.name, usual, longest) if usual.tmux and rng.random() < 0.7 else 0
    for number in range(rng.choice((1, 1, 1, 2, 3))):
        since = rng.randrange(longest, draft.now - draft.booted - 1)
        way = rng.random()
        first = open_sshd(draft, f"sshd: {who.name} [priv]", since)
        address = usual.from_address if rng.random() < 0.85 else f"10.20.200.{rng.randrange(4, 250)}"
        draft.connect(first, address, draft.ephemeral(), local_port=22)
        scope = f"session-{who.session + number}.scope"
        draft.unit(scope, f"Session {who.session + number} of User {who.name}", state="transient", fragment=f"/run/systemd/transient/{scope}")  # fmt: skip
        if way < 0.35:
            _passes_through(draft, who.name, first, since)
            continue
        tty = f"pts/{seats}"
        seats += 1
        second = draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {who.name}@{tty}", user=who.name, parent=first, unit="ssh.service", after_boot_s=since)  # fmt: skip
        shell = _shell(draft, who.name, usual, second, since)
        when = draft.booted + since
        draft.add("logged_in_users", type="user", user=who.name, tty=tty, host=address, time=when, pid=first)
        draft.login(who.name, address, when, pid=first)
        draft.tables["last"][-1]["tty"] = tty
        if usual.forwards_agent:
            path = f"/tmp/ssh-{''.join(rng.choices(LETTERS, k=10))}"
            draft.file(path, mode="0700", uid=draft.uid(who.name), kind="directory", changed=when)
            draft.file(f"{path}/agent.{second}", mode="0755", uid=draft.uid(who.name), kind="socket", changed=when)  # fmt: skip
            draft.env(shell, SSH_AUTH_SOCK=f"{path}/agent.{second}")
        if way < 0.5:
            _forward(draft, second)
        if tmux and rng.random() < 0.6:
            draft.spawn("tmux: client", "/usr/bin/tmux", "tmux a", user=who.name, parent=shell, cwd=f"/home/{who.name}", after_boot_s=since)  # fmt: skip
        elif way < 0.9:
            _does(draft, who.name, shell, since)
    if usual.editor_server and rng.random() < 0.6:
        _editor(draft, who.name, longest)
    if usual.mosh and rng.random() < 0.6:
        _mosh(draft, who.name, usual, longest)
    return seats


def _shell(draft: Draft, name: str, usual: Habits, parent: int, since: int) -> int:
    path, line = SHELLS[usual.shell]
    program(draft, path, f"{usual.shell} of the image")
    shell = draft.spawn(usual.shell, path, line, user=name, parent=parent, cwd=f"/home/{name}", after_boot_s=since)  # fmt: skip
    if usual.history:
        draft.env(shell, HISTFILE=usual.history)
    return shell


def _manager(draft: Draft, name: str, since: int) -> None:
    """Start the user's own systemd, as logind does at the first login."""
    uid, path = draft.uid(name), "/usr/lib/systemd/systemd"
    draft.add("mounts", device="tmpfs", device_alias="tmpfs", path=f"/run/user/{uid}", type="tmpfs", flags=f"rw,nosuid,nodev,relatime,mode=700,uid={uid},gid={uid}")  # fmt: skip
    draft.unit(f"user@{uid}.service", f"User Manager for UID {uid}", state="static", fragment="/lib/systemd/system/user@.service")  # fmt: skip
    first = draft.spawn("systemd", path, "/lib/systemd/systemd --user", user=name, unit=f"user@{uid}.service", after_boot_s=since)  # fmt: skip
    draft.spawn("(sd-pam)", path, "(sd-pam)", user=name, parent=first, unit=f"user@{uid}.service", after_boot_s=since)  # fmt: skip
    if draft.rng.random() < 0.25:
        draft.spawn("dbus-daemon", "/usr/bin/dbus-daemon", "/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only", user=name, parent=first, unit=f"user@{uid}.service", after_boot_s=since)  # fmt: skip


def _tmux(draft: Draft, name: str, usual: Habits, since: int) -> int:
    """Keep windows open under tmux, whoever of their owners is looking."""
    rng, uid = draft.rng, draft.uid(name)
    program(draft, "/usr/bin/tmux")
    server = draft.spawn("tmux: server", "/usr/bin/tmux", rng.choice(("tmux", "tmux new -s work", "tmux new -A -s main")), user=name, cwd=f"/home/{name}", after_boot_s=since)  # fmt: skip
    draft.file(f"/tmp/tmux-{uid}/default", mode="0660", uid=uid, kind="socket", changed=draft.booted + since)
    for _ in range(rng.randrange(1, 5)):
        shell = _shell(draft, name, usual, server, since)
        if rng.random() < 0.6:
            _does(draft, name, shell, since)
    return server


def _does(draft: Draft, name: str, shell: int, since: int) -> None:
    """Run one of the things that engineers have open in a terminal."""
    rng, zone = draft.rng, zone_net(draft)
    what = rng.choices(OPEN, weights=[each.weight for each in OPEN])[0]
    port = rng.choice((8_080, 8_443, 9_999, 18_080))
    inside = rng.choice(INSIDE)
    words = {"inside": inside, "word": rng.choice(WORDS), "user": name, "port": port, "zone": zone + rng.randrange(4), "pod": f"{rng.getrandbits(36):09x}-{rng.getrandbits(20):05x}"}  # fmt: skip
    path = what.path.format(**words)
    own = path.startswith("/home/")
    program(draft, path, "k9s 0.32.7" if own else "", uid=draft.uid(name) if own else 0)
    since = rng.randrange(since, draft.now - draft.booted)
    pid = draft.spawn(path.rpartition("/")[2], path, what.line.format(**words), user=name, parent=shell, cwd=f"/home/{name}", after_boot_s=since, threads=what.threads)  # fmt: skip
    if what.to:
        net = what.to.format(**words)
        known = {"10.20.18": "10.20.18.77", "10.20.40": "10.20.40.17", "10.20.41": "10.20.41.22"}
        draft.connect(pid, known.get(net, f"{net}.{4 + int(digest(inside, 4), 16) % 240}"), what.port)  # fmt: skip
    if what.hears:
        _hear(draft, pid, port if what.hears < 0 else what.hears)


def _hear(draft: Draft, pid: int, port: int) -> None:
    """Bind a local port unless somebody else has it: the second one is told so, and stays without."""
    if not any(row["port"] == str(port) for row in draft.tables["listening_ports"]):
        draft.listen(pid, port, "127.0.0.1")


def _passes_through(draft: Draft, name: str, first: int, since: int) -> None:
    """Jump on to a host inside, or forward a port, without a terminal here."""
    second = draft.spawn("sshd", "/usr/sbin/sshd", f"sshd: {name}", user=name, parent=first, unit="ssh.service", after_boot_s=since)  # fmt: skip
    if draft.rng.random() < 0.7:
        draft.connect(second, f"10.20.{zone_net(draft) + draft.rng.randrange(4)}.{draft.rng.randrange(4, 250)}", 22)  # fmt: skip
    else:
        _forward(draft, second)


def _forward(draft: Draft, sshd: int) -> None:
    """Carry a port: mostly to a server inside, now and then back from here to the laptop."""
    rng = draft.rng
    address, port = rng.choice(FORWARDED)
    for _ in range(rng.randrange(1, 4)):
        draft.connect(sshd, address, port)
    if rng.random() < 0.12:
        _hear(draft, sshd, rng.choice((3_000, 5_000, 9_003, 19_222)))


def _editor(draft: Draft, name: str, since: int) -> None:
    """Run the server of an editor on a laptop: Node under a hidden folder of the home."""
    rng, uid = draft.rng, draft.uid(name)
    build = digest(f"editor {rng.choice((1, 1, 2))}", 40)
    home = f"/home/{name}/.vscode-server"
    node = f"{home}/cli/servers/Stable-{build}/server/node"
    for path in (node, f"{home}/code-{build}"):
        program(draft, path, f"editor {build} {path[-4:]}", uid=uid)
    command = draft.spawn(f"code-{build[:9]}", f"{home}/code-{build}", f"{home}/code-{build} command-shell --cli-data-dir {home}/cli --parent-process-id {rng.randrange(9_000, 90_000)} --on-host=127.0.0.1 --on-port", user=name, after_boot_s=since, threads=9)  # fmt: skip
    draft.listen(command, draft.ephemeral(), "127.0.0.1")
    server = draft.spawn("node", node, f"{node} {home}/cli/servers/Stable-{build}/server/out/server-main.js --connection-token=remotessh --accept-server-license-terms --start-server --enable-remote-auto-shutdown --socket-path=/tmp/code-{rng.getrandbits(64):016x}", user=name, parent=command, after_boot_s=since, threads=11)  # fmt: skip
    for kind in ("extensionHost --transformURIs", "fileWatcher", "ptyHost --logsLevel")[
        : rng.randrange(1, 4)
    ]:
        draft.spawn("node", node, f"{node} {home}/cli/servers/Stable-{build}/server/out/bootstrap-fork --type={kind}", user=name, parent=server, after_boot_s=since, threads=13)  # fmt: skip


def _mosh(draft: Draft, name: str, usual: Habits, since: int) -> None:
    rng = draft.rng
    path = "/usr/bin/mosh-server"
    program(draft, path)
    server = draft.spawn("mosh-server", path, "mosh-server new -s -c 256 -l LANG=en_US.UTF-8", user=name, after_boot_s=since)  # fmt: skip
    taken = {row["port"] for row in draft.tables["listening_ports"]}
    draft.listen(server, next(port for port in range(60_001, 61_000) if str(port) not in taken), draft.ip, UDP)  # fmt: skip
    shell = _shell(draft, name, usual, server, since)
    if rng.random() < 0.5:
        _does(draft, name, shell, since)
