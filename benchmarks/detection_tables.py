"""How are the figures of detection read? As text in a terminal, and as the table of docs/detection.md."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tabulate import tabulate

from benchmarks.trials import CLEAN, MAJORITY, ONE, SEVERAL

Cell = Mapping[str, Any]
FULLEST = ("peers", "baseline of 5", "both, of 5")
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"


class Unusable(Exception):
    """A file of figures or a page cannot be used; its text says what happened and what to do next."""


def _is(form: str, least: int, most: int = 10**6) -> Callable[[Cell], bool]:
    """Choose the cells of one form, of groups of that many hosts."""
    return lambda cell: cell.get("form") == form and least <= cell["hosts"] <= most


def text(population: Mapping[str, Any]) -> str:
    """Return all tables of one population for a terminal."""
    lines = [_head(population), "", *_tables(population, "simple", _TABLES, digits=3)]
    if isinstance(population["blind"]["attacks"], dict):
        lines += [
            f"  {attack}: {', '.join(kinds)}" for attack, kinds in population["blind"]["attacks"].items()
        ]
    for method, names in population.get("lost", {}).items():
        if names:
            lines.append(
                f"Not first with {method}: " + ", ".join(f"{name} ×{count}" for name, count in names)
            )
    for method, names in population.get("marked", {}).items():
        if names:
            lines.append(
                f"One-offs of clean hosts marked with {method}: "
                + ", ".join(f"{name} ×{count}" for name, count in names)
            )
    return "\n".join([*lines, _time(population), ""])


def page(result: Mapping[str, Any]) -> str:
    """Return the tables of docs/detection.md, in Markdown: all methods where one host is looked for, else the fullest ones."""
    lines: list[str] = []
    for each in result["populations"]:
        cells = [cell for cell in each["cells"] if cell["form"] == ONE or cell["method"] in FULLEST]
        tables = _tables({**each, "cells": cells}, "github", _TABLES, digits=2)
        lines += [f"### {_head(each)}", "", *tables, "", _time(each), ""]
    return "\n".join(lines)


def show(read: Path, page_file: Path | None) -> None:
    """Print the tables of a file that ``--json`` wrote, or renew a page with them.

    Raises:
        Unusable: The file or the page is missing, cannot be read or written, or is not what it should be.
    """
    try:
        result = json.loads(read.read_text("utf-8"))
        tables = page(result)
    except OSError as error:
        raise Unusable(
            f"{read} cannot be read ({error.strerror}): measure first, with --json {read}."
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Unusable(f"{read} is not a file of figures as this version writes it: measure anew, with --json {read}.") from error  # fmt: skip
    if page_file is None:
        print(tables)
        return
    try:
        page_file.write_text(into(page_file.read_text("utf-8"), tables), "utf-8")
    except OSError as error:
        raise Unusable(f"{page_file} cannot be renewed ({error.strerror}): name a page that is there, such as docs/detection.md.") from error  # fmt: skip
    except UnicodeDecodeError as error:
        raise Unusable(
            f"{page_file} is not text in UTF-8: name a page, such as docs/detection.md."
        ) from error


def into(text: str, tables: str) -> str:
    """Return a page with the tables between its two marks renewed.

    Raises:
        Unusable: The page has no such marks.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise Unusable(f"The page has no place for the tables: write {BEGIN} and {END} where they belong.")
    return f"{before}{begin}\n{tables}{end}{after}"


def _head(population: Mapping[str, Any]) -> str:
    part = f" ({population['share']:g} of the groups)" if population["share"] < 1 else ""
    return f"{population['name'].capitalize()}: {population['attacks']} attacks on {population['kinds']} kinds of group{part}"


def _tables(
    population: Mapping[str, Any], form: str, tables: Sequence[_Table], *, digits: int
) -> Iterator[str]:
    for title, wanted, columns in tables:
        rows = [
            cell
            for cell in (
                *population.get("aims", ()),
                *population["cells"],
                *population["by_oddness"],
                *population["by_kind"],
            )
            if wanted(cell)
        ]
        if rows:
            shown = [[_shown(cell, key, digits) for _, key in columns] for cell in rows]
            yield from (f"{title}", "", tabulate(shown, [name for name, _ in columns], form, disable_numparse=True), "")  # fmt: skip
    blind = population["blind"]
    yield f"No query shows anything of {blind['blind']} of {blind['plantings']} plantings; they are in no figure above."


def _shown(cell: Cell, key: str, digits: int) -> str:
    given = cell.get(key)
    if given is None:
        return "–"
    if isinstance(given, Mapping):
        return f"{given['value']:.{digits}f} ({given['low']:.{digits}f}–{given['high']:.{digits}f})"
    if key == "marked_per_fleet":
        return f"{given:.2f}"
    return f"{given:g}" if isinstance(given, float) else str(given)


def _time(population: Mapping[str, Any]) -> str:
    spent = sorted(population["seconds"].items(), key=lambda item: -item[1])
    total = sum(population["seconds"].values()) or 1.0
    return f"{population['wall_s']:.0f} s, {total:.0f} s of processor time: " + ", ".join(
        f"{what} {took / total:.0%}" for what, took in spent
    )


_Table = tuple[str, Callable[[Cell], bool], Sequence[tuple[str, str]]]
_HOSTS = (("hosts", "hosts"), ("method", "method"), ("trials", "trials"))
_SEVERAL = (("hosts", "hosts"), ("compromised", "compromised"), *_HOSTS[1:])
_FOUND = (
    ("hit@1", "hit_1"),
    ("hit@3", "hit_3"),
    ("mean reciprocal rank", "reciprocal_rank"),
    ("planted rows shown", "planted_shown"),
    ("host marked", "caught"),
    ("findings per clean host", "findings_per_clean"),
    ("clean hosts marked", "clean_marked"),
)
_TABLES: Sequence[_Table] = (
    (
        "What is aimed at.",
        lambda c: "aim" in c,
        (("figure", "aim"), ("aim", "wanted"), ("reached", "reached")),
    ),
    ("One compromised host among others.", _is(ONE, 3), (*_HOSTS, *_FOUND)),
    (
        "The same where fewer hosts show something honest of their own, and where as many do as elsewhere here.",
        lambda c: "odd_share" in c,
        (*_HOSTS[:2], ("hosts with an oddity", "odd_share"), _HOSTS[2], *_FOUND),
    ),
    (
        "The same by kind of group, all sizes together.",
        lambda c: c.get("method") in FULLEST and "kind" in c,
        (("kind", "kind"), *_HOSTS[1:], *_FOUND),
    ),
    (
        "Clean groups.",
        _is(CLEAN, 1),
        (
            *_HOSTS[:2],
            ("groups", "trials"),
            ("hosts marked per group", "marked_per_fleet"),
            ("hosts marked", "clean_marked"),
            ("of those with a one-off", "odd_marked"),
            ("of those without", "plain_marked"),
            ("findings per host", "findings_per_clean"),
            ("said: most changed, or split", "named"),
        ),
    ),
    (
        "Several hosts with the same attack.",
        _is(SEVERAL, 3),
        (
            *_SEVERAL,
            ("all of them first", "all_first"),
            ("share of them first", "share_first"),
            ("of them marked", "caught"),
            ("planted rows shown", "planted_shown"),
            ("clean hosts marked", "clean_marked"),
        ),
    ),
    (
        "Most hosts compromised.",
        _is(MAJORITY, 3),
        (
            *_SEVERAL,
            ("named as such", "named"),
            ("difference shown", "sides_shown"),
            ("a clean host marked", "clean_blamed"),
        ),
    ),
    (
        "One host alone, with a baseline.",
        _is(ONE, 1, 1),
        (*_HOSTS, ("planted rows shown", "planted_shown"), ("host marked", "caught")),
    ),
    (
        "Two hosts.",
        _is(ONE, 2, 2),
        (
            *_HOSTS,
            ("hit@1", "hit_1"),
            ("difference shown", "sides_shown"),
            ("nobody marked", "nobody_marked"),
        ),
    ),
)
