"""Who works on a company's jump hosts, and what does each of them have open there?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.fleet.draft import digest

FIRST_UID = 2001
NAMES = ("aisha", "bram", "carla", "dmitri", "elif", "felix", "grace", "hugo", "imani", "jana", "kenji", "lucia", "marek", "nadia", "omar", "petra", "quentin", "rosa", "sven", "tomas", "yusuf")  # fmt: skip
NEWCOMER, LEAVER = "yusuf", "quentin"
"""Who joined, and who left, in the latest change of the configuration: a host that lags has not heard of it."""
ADMINISTRATORS = ("bram", "elif", "imani", "marek", "sven")
INSIDE = tuple(f"{role}-{number:02}.prod.example" for role, most in (("web", 6), ("api", 8), ("db", 3), ("kafka", 3), ("batch", 2), ("mail", 2)) for number in range(1, most + 1))  # fmt: skip
WORDS = ("api", "orders", "ledger", "checkout", "search", "mailer")


@dataclass(frozen=True, slots=True)
class Open:
    """Something in a terminal. ``to`` is where it connects to, as an address without its last number; ``hears`` a local port."""

    path: str
    line: str
    to: str = ""
    port: int = 0
    hears: int = 0
    threads: int = 1
    weight: int = 1


OPEN = (
    Open("/usr/bin/ssh", "ssh {inside}", "10.20.{zone}", 22, weight=9),
    Open("/usr/bin/ssh", "ssh -A {user}@{inside}", "10.20.{zone}", 22, weight=2),
    Open("/usr/bin/ssh", "ssh -o ControlMaster=auto -o ControlPath=/home/{user}/.ssh/cm-%C {inside}", "10.20.{zone}", 22),
    Open("/usr/bin/ssh", "ssh -N -L 15432:10.20.40.17:5432 {inside}", "10.20.{zone}", 22, hears=15_432),
    Open("/usr/bin/ssh", "ssh -D 1080 -N {inside}", "10.20.{zone}", 22, hears=1_080),
    Open("/usr/bin/scp", "scp {inside}:/var/log/{word}/{word}.log .", weight=1),
    Open("/usr/local/bin/kubectl", "kubectl -n {word} logs -f deploy/{word} --tail=200", "10.20.18", 443, threads=11, weight=4),
    Open("/usr/local/bin/kubectl", "kubectl -n {word} exec -it {word}-{pod} -- sh", "10.20.18", 443, threads=10, weight=2),
    Open("/usr/local/bin/kubectl", "kubectl -n {word} port-forward svc/{word} {port}:80", "10.20.18", 443, hears=-1, threads=12, weight=2),
    Open("/usr/lib/postgresql/15/bin/psql", "psql -h 10.20.40.17 -U {user} {word}", "10.20.40", 5432, weight=4),
    Open("/usr/bin/redis-cli", "redis-cli -h 10.20.41.22 monitor", "10.20.41", 6379),
    Open("/usr/bin/vim.basic", "vim {word}.yaml", weight=3),
    Open("/usr/bin/less", "less {word}.log", weight=2),
    Open("/usr/bin/top", "top -c"),
    Open("/usr/bin/watch", "watch -n 5 kubectl get pods -n {word}"),
    Open("/usr/bin/python3.11", "python3 bin/{word}_report.py --since 24h", "10.20.40", 5432),
    Open("/home/{user}/bin/k9s", "k9s --context prod-a", "10.20.18", 443, threads=14, weight=2),
    Open("/usr/bin/rsync", "rsync -avP dumps/ {inside}:/srv/incoming/"),
    Open("/usr/bin/curl", "curl -sN http://{inside}:9090/stream", "10.20.{zone}", 9090),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habits:
    """How a person works: by nature of the name, the same on every host."""

    shell: str
    tmux: bool
    forwards_agent: bool
    editor_server: bool
    mosh: bool
    history: str
    keys: int
    carries_dotfiles: bool
    from_address: str


def habits(name: str) -> Habits:
    """Return the habits of a person."""

    def one_in(count: int, what: str) -> bool:
        return int(digest(f"{name} {what}", 6), 16) % count == 0

    return Habits(
        shell="zsh" if one_in(4, "zsh") else "bash",
        tmux=one_in(2, "tmux"),
        forwards_agent=one_in(2, "agent"),
        editor_server=one_in(6, "editor"),
        mosh=one_in(7, "mosh"),
        history=f"/home/{name}/.history/bash" if one_in(8, "history") else "",
        keys=1 + int(digest(f"{name} keys", 2), 16) % 2,
        carries_dotfiles=one_in(3, "dotfiles"),
        from_address=f"{('203.0.113', '198.51.100', '192.0.2')[int(digest(name, 3), 16) % 3]}.{int(digest(name, 2), 16)}",
    )
