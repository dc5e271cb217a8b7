"""Which parts of a host's text look like a secret, and what is shown instead?

Patterns are bounded and have no nested repetition: hostile text costs linear time. Digests, key digests and paths
stay: they are what a responder compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.model import Row

MASK = "‹masked›"

_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|secret[_-]?key|private[_-]?key|"
    r"auth[_-]?key|encryption[_-]?key|client[_-]?secret|credentials?|session[_-]?key|bearer|webhook)"
)
_VALUE = r"(?:\"[^\"\n]{0,4000}\"|'[^'\n]{0,4000}'|[^\s\"'&;,|<>)}\]]{1,4000})"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]


def _keep_first(found: re.Match[str]) -> str:
    return found.group(1) + MASK


def _assigned(found: re.Match[str]) -> str:
    value = found.group(2).strip("\"'")
    if not value or value.startswith(("/", "$", "%", "‹", "file:", "@/")) or value.lower() in _NOT_SECRET:
        return found.group()
    return found.group(1) + MASK


_NOT_SECRET = frozenset(
    [
        "true",
        "false",
        "yes",
        "no",
        "none",
        "null",
        "auto",
        "prompt",
        "ask",
        "required",
        "optional",
        "never",
        "always",
        "on",
        "off",
        "0",
        "1",
        "file",
        "env",
        "stdin",
    ]
)
_RULES = (
    (
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,20000}?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)"
        ),
        lambda _: MASK,
    ),
    (
        re.compile(r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,256}:)[^\s/@]{1,512}(?=@)", re.IGNORECASE),
        _keep_first,
    ),
    (
        re.compile(
            r"(\b(?:bearer|basic|digest|token|negotiate)\s{1,4})(?=[^\s\"']{0,200}[0-9=])[A-Za-z0-9+=._~:-][A-Za-z0-9+/=._~:-]{7,4000}",
            re.IGNORECASE,
        ),
        _keep_first,
    ),
    (
        re.compile(
            rf"((?<![\w.-])[\w.-]{{0,60}}{_NAME}[\w.-]{{0,40}}[\"']?\s{{0,3}}(?:=|:(?!//))\s{{0,3}})({_VALUE})",
            re.IGNORECASE,
        ),
        _assigned,
    ),
    (
        re.compile(
            rf"((?<![\w-])--?[\w-]{{0,40}}{_NAME}[\w-]{{0,20}}\s{{1,4}})(?!-)({_VALUE})", re.IGNORECASE
        ),
        _assigned,
    ),
    (
        re.compile(
            r"(\b(?:mysql\w{0,12}|mariadb\w{0,12}|mysqldump|sshpass)\b[^\n|;]{0,400}?\s-p)(?=[^\s-])[^\s]{1,400}"
        ),
        _keep_first,
    ),
    (
        re.compile(
            r"(\b(?:curl|wget|http)\b[^\n|;]{0,400}?\s(?:-u|--user)[\s=]{1,3}[^\s:\"']{1,128}:)[^\s\"']{1,400}"
        ),
        _keep_first,
    ),
    (re.compile(r"(\bredis-cli\b[^\n|;]{0,200}?\s-a\s{1,3})\S{1,400}"), _keep_first),
    (re.compile(r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{12,20}\b"), lambda _: MASK),
    (re.compile(r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{8,300}"), lambda _: MASK),
    (
        re.compile(
            r"\b(?:gh[pousr]_[A-Za-z0-9]{16,300}|github_pat_[A-Za-z0-9_]{16,300}|glpat-[A-Za-z0-9_-]{16,100})"
        ),
        lambda _: MASK,
    ),
    (re.compile(r"\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,200}\b"), lambda _: MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{8,2000}\.[A-Za-z0-9_-]{0,1000}"), lambda _: MASK),
    (re.compile(r"\bhttps://hooks\.slack\.com/services/[A-Za-z0-9/]{8,200}"), lambda _: MASK),
)
_HINT = re.compile(
    r"pass|pwd|secret|token|key|cred|sign|bearer|basic|digest|negotiate|webhook|://|xox|xapp|gh[pousr]_|github_pat|glpat|_live_|"
    r"_test_|eyJ|A[KSGIRN][IPDOA]A|\s-[pua]|--user|BEGIN|hooks",
    re.IGNORECASE,
)
_SAFE_COLUMNS = re.compile(
    r"(?:sha\d+|md5|_sha256|hash|fingerprint|digest)$|^(?:rule_details|path|directory|key_file|version|id|uuid)$"
)


def mask_text(text: str) -> str:
    """Return ``text`` with what looks like a secret replaced by ``MASK``; idempotent."""
    if not _HINT.search(text):
        return text
    for pattern, put in _RULES:
        text = pattern.sub(put, text)
    return text


_ENV_NAME = re.compile(rf"{_NAME}|(?:^|_)key$", re.IGNORECASE)


def mask_row(row: Row) -> Row:
    """Return the row with secrets masked; digests and paths stay as they are.

    A row of an environment (columns ``key`` and ``value``) is masked by the variable's name too.
    """
    masked = {c: value if _SAFE_COLUMNS.search(c) else mask_text(value) for c, value in row.items()}
    if "value" in masked and _ENV_NAME.search(row.get("key", "")) and masked["value"]:
        masked["value"] = MASK
    return masked
