"""Honest one-offs of people: what they do on a host at this moment, and what they left there."""

from __future__ import annotations

import random

from benchmarks.attacks import Host
from benchmarks.known import moves, scene
from benchmarks.known.sessions import below, session

FORMER = ("mkoch", "jdoe", "asmith", "pnovak", "tlee")


def remote_editor(host: Host, rng: random.Random) -> None:
    """An engineer's editor works on this host from afar: its server and a shell run in the home folder."""
    user, age_s = rng.choice((scene.login(host), "deploy")), rng.randrange(200, 20_000)
    uid, home = scene.uid_of(host, user), f"/home/{user}"
    sshd = moves.bare_session(host, user=user, address=f"10.20.200.{rng.randrange(9, 90)}", age_s=age_s, number=rng.randrange(40, 900))  # fmt: skip
    commit = f"{rng.getrandbits(160):040x}"
    folder = f"{home}/.vscode-server"
    server = f"{folder}/cli/servers/Stable-{commit}/server"
    port, younger = rng.randrange(33_000, 46_000), age_s - 4
    moves.program(host, f"{folder}/code-{commit}", age_s=age_s + 20)
    moves.program(host, f"{server}/node", age_s=age_s + 20)
    for path in (f"{folder}/code-{commit}", f"{server}/node"):
        host.change("file", {"path": path}, uid=uid, gid=uid)
    moves.run(host, "/usr/bin/bash", "bash", uid=uid, parent=sshd, cwd=home, age_s=age_s)
    command = moves.run(host, f"{folder}/code-{commit}", f"{folder}/code-{commit} command-shell --cli-data-dir {folder}/cli --parent-process-id {sshd} --on-host=127.0.0.1 --on-port", uid=uid, cwd=home, age_s=younger)  # fmt: skip
    scene.listen(host, command, port, "127.0.0.1")
    start = moves.run(host, scene.shell(host), f"sh {server}/bin/code-server --accept-server-license-terms --start-server --enable-remote-auto-shutdown --socket-path=/tmp/code-{commit[:8]}", name="sh", uid=uid, parent=command, cwd=home, age_s=younger)  # fmt: skip
    main = moves.run(host, f"{server}/node", f"{server}/node {server}/out/server-main.js --accept-server-license-terms --start-server --enable-remote-auto-shutdown --socket-path=/tmp/code-{commit[:8]}", uid=uid, parent=start, cwd=home, age_s=younger)  # fmt: skip
    for kind in ("fileWatcher", "extensionHost --transformURIs --useHostProxy=false", "ptyHost --logsLevel 2"):  # fmt: skip
        child = moves.run(host, f"{server}/node", f"{server}/node {server}/out/bootstrap-fork --type={kind}", uid=uid, parent=main, cwd=home, age_s=younger)  # fmt: skip
    if rng.random() < 0.6:
        moves.run(host, "/usr/bin/bash", f"/usr/bin/bash --init-file {server}/out/vs/workbench/contrib/terminal/common/scripts/shellIntegration-bash.sh", uid=uid, parent=child, cwd=home, age_s=younger // 2)  # fmt: skip
    scene.put(host, f"/tmp/code-{commit[:8]}", kind="socket", uid=uid, mode="0755", age_s=younger)


def disk_space_search(host: Host, rng: random.Random) -> None:
    """A disk is nearly full, and on-call looks for what fills it."""
    shell = session(host, rng, minutes=rng.randrange(2, 40))
    age_s = rng.randrange(5, 110)
    below(host, shell, "/usr/bin/du", f"du -xh --max-depth={rng.randrange(2, 6)} {rng.choice(('/', '/var'))}", age_s=age_s)  # fmt: skip
    uid = scene.uid_of(host, scene.login(host))
    for path, line in (("/usr/bin/sort", "sort -rh"), ("/usr/bin/head", f"head -{rng.choice((20, 30, 50))}")):
        moves.run(host, path, line, uid=uid, parent=shell, age_s=age_s)


def home_of_former_operator(host: Host, rng: random.Random) -> None:
    """An operator left, the account was removed, the home folder stayed with files of a uid that has no name."""
    name, uid = rng.choice(FORMER), moves.free_uid(host, rng.randrange(1_004, 1_012))
    old = rng.randrange(200, 900) * moves.DAY_S
    files = (".bashrc", ".profile", ".bash_logout") if scene.debian(host) else (".bashrc", ".bash_profile", ".bash_logout")  # fmt: skip
    for file in files:
        scene.put(host, f"/home/{name}/{file}", "skeleton", uid=uid, age_s=old)
    scene.put(host, f"/home/{name}/.ssh/known_hosts", name, uid=uid, mode="0600", age_s=old - 9 * moves.DAY_S)
    scene.put(host, f"/home/{name}/.bash_history", name, uid=uid, mode="0600", age_s=old - 90 * moves.DAY_S)
    for tool in rng.sample(("tail-all", "restart-app", "clean-logs"), rng.randrange(3)):
        scene.put(host, f"/home/{name}/bin/{tool}", f"{name} {tool}", uid=uid, mode="0755", age_s=old - 30 * moves.DAY_S)  # fmt: skip


def shell_settings_changed(host: Host, rng: random.Random) -> None:
    """An operator made the shell more comfortable: prompt, aliases, history with times."""
    user = rng.choice((scene.login(host), scene.login(host), "root"))
    home, uid = ("/root", "0") if user == "root" else (f"/home/{user}", scene.uid_of(host, user))
    age_s = rng.randrange(2, 150) * moves.DAY_S
    scene.put(host, f"{home}/.bashrc", f"aliases {rng.random()}", uid=uid, age_s=age_s)
    for name in rng.sample((".bash_aliases", ".vimrc", ".inputrc", ".tmux.conf", ".screenrc"), rng.randrange(4)):  # fmt: skip
        scene.put(host, f"{home}/{name}", f"{user} {name}", uid=uid, age_s=age_s)


ONE_OFFS = (
    remote_editor,
    disk_space_search,
    home_of_former_operator,
    shell_settings_changed,
)
