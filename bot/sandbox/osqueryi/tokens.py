"""Where do the words of an SQL text begin and end, which tables does each SELECT read, and which patterns does it ask for?"""

from __future__ import annotations

import re

TYPE_CHECKING = False  # as typing has it, which takes long to import: the shell must start quickly
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
      |(?P<string>'(?:[^']|'')*')
      |(?P<name>"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*)
      |(?P<number>\d[\w.]*|\.\d[\w.]*)
      |(?P<other>\|\||<=|>=|<>|!=|==|.)""",
    re.VERBOSE | re.DOTALL,
)
_ENDS_OPERAND = frozenset(
    {
        "AND",
        "OR",
        "GROUP",
        "ORDER",
        "LIMIT",
        "HAVING",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "JOIN",
        "LEFT",
        "CROSS",
        "INNER",
        "NATURAL",
        "ON",
        "WHERE",
        "THEN",
        "ELSE",
        "END",
        "WHEN",
        "AS",
        "ASC",
        "DESC",
        "ESCAPE",
        "OFFSET",
        "WINDOW",
        ",",
        ")",
        ";",
    }
)
_ENDS_FROM = frozenset(
    {"WHERE", "GROUP", "ORDER", "LIMIT", "HAVING", "UNION", "EXCEPT", "INTERSECT", "WINDOW", ";"}
)
_NO_ALIAS = _ENDS_FROM | frozenset(
    {
        "JOIN",
        "LEFT",
        "RIGHT",
        "FULL",
        "CROSS",
        "INNER",
        "OUTER",
        "NATURAL",
        "ON",
        "USING",
        "INDEXED",
        "NOT",
        ",",
        ")",
        "(",
        ".",
    }
)


class Token:
    """One word or sign. ``text`` is as written; ``word`` is upper case, or the bare name for a quoted one."""

    __slots__ = ("kind", "text", "word")

    def __init__(self, kind: str, text: str, word: str) -> None:
        self.kind = kind
        self.text = text
        self.word = word


def tokenize(sql: str) -> list[Token]:
    """Split into tokens that join up to the very same text again; white space and comments are kept."""
    return [
        Token(str(match.lastgroup), match.group(), match.group().upper()) for match in _TOKEN.finditer(sql)
    ]


def statements(sql: str) -> Iterator[str]:
    """The statements of a text without their semicolons; those that hold nothing but space and comments are left out."""
    part: list[Token] = []
    for token in [*tokenize(sql), Token("other", ";", ";")]:
        if token.word != ";":
            part.append(token)
            continue
        if any(token.kind != "space" for token in part):
            yield "".join(token.text for token in part)
        part = []


def bare(name: str) -> str:
    """A name without its quotes, in lower case."""
    return name.strip('"`[]').lower()


class _Select:
    """One SELECT while it is read: the tables of its FROM by alias."""

    __slots__ = ("depth", "in_from", "tables")

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.tables: dict[str, str] = {}
        self.in_from = False


def loosen_likes(sql: str, required: Mapping[str, Collection[str]]) -> str:
    """Turn each ``column LIKE pattern`` over a table's required columns into what osquery makes of it.

    osquery hands such a pattern to the table, which looks it up on disk; to SQLite it is a constraint like
    an equality. So ``a LIKE b`` becomes a range that an index can serve, and a match by osquery's own
    wildcards. Other uses of LIKE stay as they are.

    Args:
        sql: One statement.
        required: Table name to the columns of which one must be constrained.
    """
    tokens = [token for token in tokenize(sql) if token.kind != "space"]
    texts = [token.text for token in tokens]
    owner = _scopes(tokens)
    for at, token in enumerate(tokens):
        if token.word != "LIKE" or token.kind != "name" or at == 0 or tokens[at - 1].kind != "name":
            continue
        qualified = at >= 3 and tokens[at - 2].text == "." and tokens[at - 3].kind == "name"
        column = bare(tokens[at - 1].text)
        if tokens[at - 1].word == "NOT" or not _is_required(
            owner[at], bare(tokens[at - 3].text) if qualified else "", column, required
        ):
            continue
        end = _operand_end(tokens, at + 1)
        if end < len(tokens) and tokens[end].word == "ESCAPE":
            continue
        start = at - 3 if qualified else at - 1
        left = "".join(token.text for token in tokens[start:at])
        right = " ".join(token.text for token in tokens[at + 1 : end])
        texts[start:end] = [""] * (end - start)
        texts[start] = (
            f"({left} BETWEEN sandbox_low({right}) AND sandbox_high({right})"
            f" AND sandbox_like({right}, CAST({left} AS BLOB)))"
        )
    return " ".join(text for text in texts if text)


def names(sql: str) -> frozenset[str]:
    """Every bare name in a statement, in lower case: tables, columns, words."""
    return frozenset(bare(token.text) for token in tokenize(sql) if token.kind == "name")


def _is_required(
    select: _Select | None, alias: str, column: str, required: Mapping[str, Collection[str]]
) -> bool:
    if select is None:
        return False
    tables = [select.tables.get(alias, "")] if alias else list(select.tables.values())
    return any(column in required.get(table, ()) for table in tables)


def _scopes(tokens: list[Token]) -> list[_Select | None]:
    """For each token the SELECT that it stands in."""
    owner: list[_Select | None] = []
    open_selects: list[_Select] = []
    depth = 0
    for at, token in enumerate(tokens):
        if token.text == "(":
            depth += 1
        elif token.text == ")":
            depth -= 1
        while open_selects and open_selects[-1].depth > depth:
            open_selects.pop()
        if token.word == "SELECT":
            if open_selects and open_selects[-1].depth == depth:
                open_selects.pop()  # the next part of a UNION
            open_selects.append(_Select(depth))
        select = open_selects[-1] if open_selects else None
        owner.append(select)
        if select is None or select.depth != depth:
            continue
        if token.word == "FROM":
            select.in_from = True
        elif token.word in _ENDS_FROM:
            select.in_from = False
        before = tokens[at - 1].word if at else ""
        if select.in_from and token.kind == "name" and before in ("FROM", "JOIN", ","):
            select.tables[_alias(tokens, at)] = bare(token.text)
    return owner


def _alias(tokens: list[Token], at: int) -> str:
    after = tokens[at + 1 : at + 3]
    if after and after[0].word == "AS":
        after = after[1:]
    if after and after[0].kind == "name" and after[0].word not in _NO_ALIAS:
        return bare(after[0].text)
    return bare(tokens[at].text)


def _operand_end(tokens: list[Token], start: int) -> int:
    depth = 0
    for at in range(start, len(tokens)):
        token = tokens[at]
        if depth == 0 and token.word in _ENDS_OPERAND and token.kind in ("name", "other"):
            return at
        depth += {"(": 1, ")": -1}.get(token.text, 0)
    return len(tokens)
