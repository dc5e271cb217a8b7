"""How does text become HTML that no host can add to? The pieces of which the report's page is made."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from bot.hostile import clean
from bot.model import Finding, SharedFact
from bot.views.words import plural

NAME_LIMIT = 80
MOST_NAMED = 50  # host names in one list

_TECHNIQUE = re.compile(r"T(\d{4})(?:\.(\d{3}))?")


def written(text: str) -> str:
    """Return our own words, or text that is cleaned already, as HTML text: safe in an element and in an attribute."""
    return html.escape(text, quote=True)


def host_text(text: str, limit: int) -> str:
    """Return host text as HTML text: what cannot be seen is written out, at most ``limit`` characters."""
    return written(clean(text, limit))


def code(text: str, limit: int = NAME_LIMIT) -> str:
    """Return host text as a piece of code; its letters cannot reorder what stands around it."""
    return f"<code>{host_text(text, limit)}</code>"


def codes(names: Sequence[str], most: int = MOST_NAMED) -> str:
    """Return names as pieces of code with commas: "a, b and 12 more"."""
    shown = ", ".join(code(name) for name in names[:most])
    more = len(names) - most
    return f"{shown} and {more:,} more" if more > 0 else shown


def listed_hosts(names: Sequence[str], most: int = 6, at_all: int = 400) -> str:
    """Return a few names, and the rest behind a fold, ``at_all`` in all at most."""
    if len(names) <= most:
        return codes(names, most)
    return (
        f"<details><summary>{plural(len(names), 'host')}: {codes(names[:most], most)}, …</summary>"
        f"<p>{codes(names, at_all)}</p></details>"
    )


def techniques(finding: Finding | SharedFact) -> str:
    """Return the finding's ATT&CK techniques, as links to attack.mitre.org where they are well formed."""
    return " ".join(_technique(one) for one in finding.attack)


def _technique(name: str) -> str:
    found = _TECHNIQUE.fullmatch(name)
    if found is None or not name.isascii():
        return f'<span class="tag">{host_text(name, 40)}</span>'
    path = "/".join(part for part in found.groups() if part)
    return f'<a class="tag" href="https://attack.mitre.org/techniques/T{path}/" rel="noreferrer">{name}</a>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, kind: str, caption: str = "") -> str:
    """Return a table of finished HTML cells; the first cell of each row is its header."""
    told = f"<caption>{caption}</caption>" if caption else ""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f'<table class="{kind}">{told}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def terms(pairs: Iterable[tuple[str, str]], *, kind: str) -> str:
    """Return a list of terms and what they are; pairs without a second part are left out."""
    inner = "".join(f"<div><dt>{written(term)}</dt><dd>{told}</dd></div>" for term, told in pairs if told)
    return f'<dl class="{kind}">{inner}</dl>'


def section(name: str, title: str, body: str, *, lead: str = "") -> str:
    """Return a section that has a heading and a name to link to; nothing when it has no body."""
    if not body:
        return ""
    told = f'<p class="lead">{lead}</p>' if lead else ""
    return f'<section id="{name}"><h2>{written(title)}</h2>{told}{body}</section>\n'
