"""Which shell script does a host run, and what is in it?

A script is a header, which holds all that differs from run to run as shell variables, and a body.

The queries are asked most telling first. Those that are quick share one ``osqueryi``; slow ones, and quick ones that a
crash or a hang of the shared process left without an answer, run each in a process of its own under ``timeout``.
``answer`` reads what the script prints. The shell text is ``kept.sh`` (later pieces of an answer, and its removal) and
``ask.sh``.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from bot.model import Cost, Pack, Query

STDOUT_LIMIT = 23_900
"""Bytes of output that surely come back without a bucket: GetCommandInvocation returns 24,000 characters at most."""

PIECE_BYTES = (STDOUT_LIMIT - 400) * 3 // 4
"""Bytes of a packed answer that fit: base64 makes 4 of 3; 400 are for the two lines around it."""

MOST_KEPT = 4 * 1024 * 1024
"""Bytes of a packed answer without a bucket: 239 pieces, a command each. More needs a bucket."""

FURTHER_TIMEOUT_S = (
    60  # for the agent: a piece takes a moment, a drop waits at most 10 s for a cancelled script
)

KEEP_S = 900  # an answer that nobody fetches is removed from the host after so long

VERSION_QUERY = Query(
    "diffy_version", "SELECT version FROM osquery_info", "Which osquery answered.", telling=6
)
"""Asked before the pack's own queries: answers of different osquery versions are not alike."""

BATCH_S = 40  # for all quick queries together; what is left then runs one by one
KILL_AFTER_S = 5  # from SIGTERM to SIGKILL
BUDGET_S = 150  # no further query is begun that could end after this
EXECUTION_TIMEOUT_S = BUDGET_S + 90  # for the agent: the script ends by itself well before
TOOLS = "awk base64 cat cut date gzip head mktemp mv rm sha256sum sleep tail timeout tr wc"
PLACES = "/usr/bin/osqueryi /opt/osquery/bin/osqueryi /usr/local/bin/osqueryi"
FLAGS = (
    "--json --disable_database --ephemeral --config_path=/dev/null --disable_extensions --logger_min_stderr=2"
)
MOST_RAW = 48 * 1024 * 1024  # bytes of all answers of one host, uncompressed
MOST_OF_ONE = 32 * 1024 * 1024  # bytes that one osqueryi may print
MEMORY_KB = 2 * 1024 * 1024  # of address space for each osqueryi (ulimit -v); not tried on the real one
ERR_BYTES = 32 * 1024  # of each process's stderr


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that differs from run to run: a shell variable of the script, a parameter of the SSM document.

    Attributes:
        name: The document's parameter.
        shell: The script's variable.
        pattern: What a value must look like, whole, in words that Java's and Go's expressions share (SSM checks with
            the one, the agent with the other). It may let through no quote, so that a value stays a value in shell.
    """

    name: str
    shell: str
    pattern: str
    why: str


VARIABLES = (
    Variable(
        "Act", "act", "^(ask|piece|drop)$", "Ask osquery, print a piece of what was kept, or remove it."
    ),
    Variable("RunId", "run", "^[A-Za-z0-9_.-]{1,64}$", "Comes back in the answer's first and last line."),
    Variable(
        "Budget", "budget", "^[0-9]{1,9}$", "Most bytes of a packed answer; 0: the bucket takes it whole."
    ),
    Variable("PieceBytes", "piece", "^[0-9]{1,9}$", "Bytes of a piece; 0: the whole answer in one."),
    Variable("PieceNumber", "number", "^[0-9]{1,6}$", "Which piece, from 1; 0 when asking."),
)

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_URL = re.compile(r"(?:https://|http://127\.0\.0\.1:)[A-Za-z0-9._~:/%+{}-]{1,500}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
ARCHITECTURES = ("x86_64", "aarch64")
_SQL_TOKEN = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|(?:--[^\n]*|/\*.*?\*/|\s)+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Download:
    """Where hosts without osquery may take it from, for the time of a script.

    Attributes:
        url: https, without credentials; ``{arch}`` becomes x86_64 or aarch64. A bare osqueryd or osqueryi, or a tar.gz
            that holds opt/osquery/bin/osqueryd.
        sha256: Hex digest by architecture; hosts of another one go without.

    Raises:
        ValueError: The address or a digest cannot be sent safely.
    """

    url: str
    sha256: Mapping[str, str]

    def __post_init__(self) -> None:
        if not _URL.fullmatch(self.url):
            raise ValueError("the address of osquery must be a plain https:// one, without user, ? or #")
        if not self.sha256 or not all(
            arch in ARCHITECTURES and _SHA256.fullmatch(digest) for arch, digest in self.sha256.items()
        ):
            raise ValueError("osquery's sha256 must be 64 hex digits for x86_64, aarch64 or both")


def download(mode: str, url: str, sha256: Mapping[str, str]) -> Download | None:
    """Return what the operator set: None unless ``mode`` is ``download``."""
    return Download(url, sha256) if mode == "download" else None


def order(pack: Pack) -> tuple[Query, ...]:
    """Return the queries as they are asked and kept: most telling first, then quickest, then as in the pack."""
    costs = list(Cost)
    ranked = sorted(pack.queries, key=lambda query: (-query.telling, costs.index(query.cost)))
    return (VERSION_QUERY, *ranked)


def shared(pack: Pack) -> tuple[Query, ...]:
    """Return the queries of the shared process in order; the SQL of the n-th (from 0) stands on line 2n + 2."""
    return tuple(query for query in order(pack) if query.cost is not Cost.SLOW)


def statement(query: Query) -> str:
    """Return the query as one SQL line that prints at most one row more than its cap.

    Raises:
        ValueError: The name or the SQL cannot be sent safely: several statements, a line break within a literal,
            or ``{{``, which SSM would take for a parameter.
    """
    if not _NAME.fullmatch(query.name):
        raise ValueError(f"{query.name!r} is not a query name: letters, digits and _ . - only, 64 at most")
    sql = _SQL_TOKEN.sub(_one_space, query.sql).strip().rstrip("; ")
    bare = _SQL_TOKEN.sub(" ", sql)
    if not sql or ";" in bare or not sql.isprintable() or "{{" in sql or "}}" in sql:
        raise ValueError(
            f"the SQL of {query.name!r} must be one statement without line breaks in it or braces"
        )
    return f"SELECT * FROM ({sql}) LIMIT {query.max_rows + 1};"  # noqa: S608 - the operator's own SQL, for osquery


def build(pack: Pack, *, run_id: str, bucket: bool, download: Download | None = None) -> str:
    """Return the script that asks.

    Args:
        run_id: Comes back in the answer's first and last line, so that no other run's output is taken for it.
        bucket: Whether all that is printed comes back; else the first piece is printed, and the rest kept.
        download: From where to bring osquery to hosts without it; None leaves them unasked.

    Raises:
        ValueError: A query or the run id cannot be sent safely.
    """
    return header(run_id=run_id, bucket=bucket) + body(pack, download)


def piece(run_id: str, number: int) -> str:
    """Return the script that prints a piece of what the run's first script kept; pieces are counted from 1."""
    return header(run_id=run_id, bucket=False, act="piece", number=number) + kept()


def drop(run_id: str) -> str:
    """Return the script that removes what the run's first script kept; it prints nothing."""
    return header(run_id=run_id, bucket=False, act="drop") + kept()


def header(*, run_id: str, bucket: bool, act: str = "ask", number: int = 0) -> str:
    """Return what differs from command to command, as shell assignments; see ``values``."""
    return assignments(values(run_id=run_id, bucket=bucket, act=act, number=number))


def values(*, run_id: str, bucket: bool, act: str = "ask", number: int = 0) -> dict[str, str]:
    """Return what differs from command to command: the value of each of ``VARIABLES`` by its name.

    Args:
        act: ``ask``, ``piece`` or ``drop``: the body does either.
        number: Of the piece, from 1; 0 otherwise.

    Raises:
        ValueError: The run id cannot be sent safely.
    """
    budget, size = (0, 0) if bucket else (MOST_KEPT, PIECE_BYTES)
    found = {
        "Act": act,
        "RunId": run_id,
        "Budget": str(budget),
        "PieceBytes": str(size),
        "PieceNumber": str(number),
    }
    for variable in VARIABLES:
        if not re.fullmatch(variable.pattern, found[variable.name]) or found[variable.name].endswith("\n"):
            what = "a run id" if variable.name == "RunId" else f"a value of {variable.name}"
            raise ValueError(f"{found[variable.name]!r} is not {what}")
    return found


def assignments(found: Mapping[str, str]) -> str:
    """Return one shell assignment a line. No pattern of ``VARIABLES`` lets a quote or a line break through."""
    return "".join(f"{variable.shell}='{found[variable.name]}'\n" for variable in VARIABLES)


def body(pack: Pack, download: Download | None = None) -> str:
    """Return what is the same for every run of a pack.

    Raises:
        ValueError: A query cannot be sent safely.
    """
    names = [query.name for query in order(pack)]
    if len(set(names)) < len(names):
        raise ValueError(f"pack {pack.name!r} has two queries of one name")
    plan = "\n".join(
        f"{query.name}|{int(query.cost is Cost.SLOW)}|{query.timeout_s}|{min(query.max_bytes, MOST_OF_ONE)}|{statement(query)}"
        for query in order(pack)
    )
    reserved = _list_of_lost(names)
    filled = {
        "TOOLS": TOOLS,
        "PLACES": PLACES,
        "FLAGS": FLAGS,
        "FILE_BLOCKS": str(MOST_OF_ONE // 512),
        "BRING": "1" if download else "",
        "BRINGING": _bringing(download),
        "MEMORY_KB": str(MEMORY_KB),
        "ERR_BYTES": str(ERR_BYTES),
        "LOST_BYTES": str(reserved),
        "KILL_AFTER_S": str(KILL_AFTER_S),
        "BATCH_S": str(BATCH_S),
        "BUDGET_S": str(BUDGET_S),
        "KEEP_S": str(KEEP_S),
        "MOST_RAW": str(MOST_RAW),
        "END": f"DIFFY_PLAN_{hashlib.sha256(plan.encode()).hexdigest()[:24]}",
        "PLAN": plan,
    }
    return re.sub(r"@([A-Z_]+)@", lambda found: filled[found[1]], kept() + _shell("ask.sh"))


def kept() -> str:
    """Return the body of the scripts that print a piece, or remove what was kept; see ``piece`` and ``drop``."""
    return _shell("kept.sh")


def _bringing(download: Download | None) -> str:
    if download is None:
        return ""
    filled = {"URL": download.url} | {
        f"SHA_{arch.upper()}": download.sha256.get(arch, "") for arch in ARCHITECTURES
    }
    return re.sub(r"@([A-Z0-9_]+)@", lambda found: filled[found[1]], _shell("bring.sh"))


def _shell(name: str) -> str:
    """Return a shell text without its comments."""
    text = (resources.files(__package__) / name).read_text("utf-8")
    return "".join(
        f"{line}\n" for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    )


def _list_of_lost(names: Sequence[str]) -> int:
    """Return the bytes kept free for the list of what did not fit, as if nothing had; sizes are drawn unalike."""
    listed = "\n".join(f"{name} {10_000 + index * 7919 % 89_989}" for index, name in enumerate(names))
    return max(len(zlib.compress(listed.encode(), 9)) + 60, len(listed) // 4)


def _one_space(found: re.Match[str]) -> str:
    return found[0] if found[0][0] in "'\"" else " "
