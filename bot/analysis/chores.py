"""Does a scheduled command do no more than look, tidy up or report?

Each of its programs is one that starts no other, fetches nothing and writes nowhere but to a log. What a name does not
settle (a script of the site's own, an interpreter, a pipe into mail) is not called a chore.
"""

from __future__ import annotations

import re
import shlex
from itertools import pairwise

MOST = 1024  # characters of a command that are read
_LOOKS = frozenset(
    "[ basename cat cut date df dirname du echo egrep expr false fgrep free fstrim grep head hostname iostat id logger ls lsblk "
    "mpstat nproc ntpq ntpstat printf ps pwd sar seq sleep sort stat sync tail test tr true uname uniq updatedb uptime vmstat w wc "
    "who".split()
)
"""They start nothing else and write nothing but their output (GNU coreutils, procps, sysstat, util-linux), save with these:"""
_ELSEWHERE = {
    "sort": re.compile(r"^(?:-\w*[oT]|--(?:o|comp|te))"),  # into a file; through a program of one's choice
    "logger": re.compile(r"^(?:-\w*[nuf]|--(?:server|socket|file))"),  # to another host; what a file holds
    "updatedb": re.compile(r"^(?:-o|--output)"),
    "sar": re.compile(r"^-\w*o"),
    "date": re.compile(r"^(?:-\w*s|--set)"),
    "hostname": re.compile(r"^(?:[^-]|-\w*F|--file)"),
    "uniq": re.compile(r"^[^-]"),
}
_WRAPS = re.compile(r"^(?:nice|ionice|chrt|timeout|flock|chronic|time)$")
_OPTION = re.compile(
    r"^(?:-\w[\w=.]*|--[\w-]+(?:=\S+)?|[\d.]+[smhd]?|/(?:run|var/lock|var/run|run/lock)/[\w.-]+)$"
)
"""Of what wraps: options, their numbers and times, the file of a lock."""
_SYSTEM = re.compile(r"^(?:/usr)?/s?bin/")
_RUNS_TEXT = re.compile(r"[`\n\r\\{}]|\$\(|[<>]\(|<<")
_INTO = re.compile(r"^(?:/dev/null|&\d)$")
_INTO_LOG = re.compile(r"^/var/log/(?!.*\.\.)[\w./-]+\.log$")
_ACTS = frozenset(("-exec", "-execdir", "-ok", "-okdir", "-fprint", "-fprint0", "-fprintf", "-fls"))
_OLD = re.compile(r"^\+\d{1,5}$")
_CONTROLS = frozenset(
    ("restart", "reload", "try-restart", "reload-or-restart", "is-active", "is-failed", "reset-failed")
)
_REFRESHES = frozenset(("update", "makecache", "clean", "autoclean", "check-update"))


def is_chore(command: str) -> bool:
    """Whether a command line for a shell only looks, tidies up what is old, or reports; False where that is not plain to see."""
    if not command or len(command) > MOST or _RUNS_TEXT.search(command):
        return False
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars="();&|<>")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return False
    steps: list[list[str]] = [[]]
    for word in words:
        if word in ("&&", "||", ";", "|"):
            steps.append([])
        else:
            steps[-1].append(word)
    return all(_is_step(step) for step in steps)


def _is_step(words: list[str]) -> bool:
    arguments = _without_redirections(words)
    if arguments is None:
        return False
    while arguments and _WRAPS.match(_name(arguments[0])):
        arguments = arguments[1:]
        while arguments and _OPTION.match(arguments[0]):
            arguments = arguments[1:]
    if not arguments:
        return False
    name, rest = _name(arguments[0]), arguments[1:]
    if name == "find":
        old = any(word.endswith(("time", "min")) and _OLD.match(after) for word, after in pairwise(rest))
        return not _ACTS.intersection(rest) and ("-delete" not in rest or old)
    if name == "systemctl":
        plain = [word for word in rest if not word.startswith("-")]
        return len(plain) == len(rest) > 1 and plain[0] in _CONTROLS
    if name in ("apt", "apt-get", "dnf", "yum"):
        plain = [word for word in rest if not re.match(r"^-(?:q+|y|yq|qy|-quiet|-assumeyes)$", word)]
        return len(plain) == 1 and plain[0] in _REFRESHES
    elsewhere = _ELSEWHERE.get(name)
    return name in _LOOKS and not (elsewhere and any(map(elsewhere.match, rest)))


def _name(word: str) -> str:
    """Return the name of a program of the system's; empty for one that lies elsewhere."""
    if "/" not in word:
        return word
    return word.rpartition("/")[2] if _SYSTEM.match(word) else ""


def _without_redirections(words: list[str]) -> list[str] | None:
    """Return the words without what sends output to nowhere or onto a log; None when it goes anywhere else."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if not set(word) & set("();&|<>"):
            kept.append(word)
            at += 1
            continue
        target = words[at + 1] if at + 1 < len(words) else ""
        if word in (">&", "&>", ">", ">>"):
            into = target if word != ">&" else f"&{target}"
            if not (_INTO.match(into) or (word == ">>" and _INTO_LOG.match(target))):
                return None
            if kept and kept[-1] in ("1", "2"):
                kept.pop()
            at += 2
        else:
            return None
    return kept
