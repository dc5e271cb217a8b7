"""What does a command line do that honest ones seldom do?

Patterns read what a command does, not what it is called; each is bounded, since the text is hostile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.analysis.places import HIDDEN, HONEST_HIDDEN, OF_A_HOME, WORLD_WRITABLE, Trait
from bot.model import Row

MOST = 4096  # characters of a command line that are read

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
            r"\b(?:curl|wget)\b.{0,200}[;&|)]\s{0,3}(?:sudo )?(?:(?:ba|da|z|k)?sh\s+/|chmod\s+(?:\+x|a\+x|[0-7]?7\d\d)\b)",
            3.5,
            "downloads something and runs it",
            "T1105",
        ),
        (
            r"\b(?:curl|wget)\b.{0,200}https?://\d{1,3}(?:\.\d{1,3}){3}\b",
            1.5,
            "fetches from an address without a name",
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
            r"\b(?:R|reverse)[:=]\s?(?:socks|\d)|\bssh\b.{0,200}\s-\w{0,8}[RLD]\s{0,3}\S{0,100}\d|\bsocks5?:",
            2.5,
            "opens a tunnel",
            "T1090",
        ),
        (r"LD_PRELOAD=", 3.0, "preloads a library", "T1574.006"),
        (r"StrictHostKeyChecking[= ]no", 1.0, "connects without checking the other side", "T1021.004"),
        (
            r"\b(?:setenforce\s+0|auditctl\s+-e\s*0|iptables\s+-F|history\s+-c|HISTFILE=/dev/null|unset\s+HISTFILE)",
            3.0,
            "switches off what guards the host",
            "T1562",
        ),
        (r"\bmkfifo\b|\bmknod\b", 2.0, "builds a pipe for a shell", "T1059.004"),
        (r"\b(?:tcpdump|tshark|dumpcap|ettercap|bettercap)\b", 1.5, "records network traffic", "T1040"),
        (
            r"\bjournalctl\b.{0,80}--vacuum-time[= ]?\d+ ?(?:s|sec|seconds?|m|min|minutes?|h|hours?)\b",
            2.5,
            "throws away logs that are minutes or hours old",
            "T1070.002",
        ),
        (r"\bssm\s+(?:start-session|send-command)\b", 2.0, "commands other hosts", "T1021.007"),
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


_LOCKS = re.compile(r"^/(?:run|var)/lock/")
"""Where jobs keep the locks by which they do not run twice; what runs from there is read elsewhere."""


def read_commands(row: Row) -> Iterator[Trait]:
    """Yield the traits of every column that holds a command."""
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
        text = row.get(column, "")[:MOST]
        if not text:
            continue
        for pattern, bits, words, attack in _COMMANDS:
            if pattern.search(text):
                yield Trait(bits, words, attack)
        paths = [part for part in re.split(r"[\s=\"'(|;&>]+", text) if "/" in part]
        if any(WORLD_WRITABLE.match(path) and not _LOCKS.match(path) for path in paths):
            yield Trait(1.5, "names a file in a folder that everybody may write to")
        hidden = [path for path in paths if HIDDEN.search(path) and not HONEST_HIDDEN.search(path)]
        if hidden:
            yield Trait(0.5 if all(map(OF_A_HOME.match, hidden)) else 1.5, "names a hidden file", "T1564.001")
