"""How are the figures of detection read? As text in a terminal, and as the table of docs/detection.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tabulate import tabulate

from benchmarks.trials import CLEAN, MAJORITY, ONE, SEVERAL

Cell = Mapping[str, Any]
_Column = tuple[str, Callable[[Cell], str]]


def text(population: Mapping[str, Any]) -> str:
    """Return all tables of one population for a terminal."""
    return "\n".join(_sections(population, "simple", brief=False))


def page(result: Mapping[str, Any]) -> str:
    """Return the tables of docs/detection.md, in Markdown."""
    return "\n".join(line for each in result["populations"] for line in _sections(each, "github", brief=True))


def _sections(population: Mapping[str, Any], form: str, *, brief: bool) -> list[str]:
    cells = population["cells"]
    lines = [
        f"{'**' if brief else ''}{population['name'].capitalize()}: {population['attacks']} attacks on {population['kinds']} "
        f"kinds of group{'**' if brief else ''}",
        "",
    ]
    for title, wanted, columns in _TABLES:
        rows = [cell for cell in cells if wanted(cell)]
        if rows:
            table = [[show(cell) for _, show in columns] for cell in rows]
            lines += [
                title,
                "",
                tabulate(table, [name for name, _ in columns], form, disable_numparse=True),
                "",
            ]
    blind = population["blind"]
    lines.append(
        f"No query shows anything of {blind['blind']} of {blind['plantings']} plantings; they are in no figure above."
    )
    if isinstance(blind["attacks"], dict) and blind["attacks"] and not brief:
        lines += [f"  {attack}: {', '.join(kinds)}" for attack, kinds in blind["attacks"].items()]
    for method, names in population.get("lost", {}).items():
        if names:
            lines.append(
                f"Not first with {method}: " + ", ".join(f"{name} ×{count}" for name, count in names)
            )
    spent = sorted(population["seconds"].items(), key=lambda item: -item[1])
    total = sum(population["seconds"].values()) or 1.0
    lines.append(
        f"{population['wall_s']:.0f} s, {total:.0f} s of processor time: "
        + ", ".join(f"{what} {took / total:.0%}" for what, took in spent)
    )
    return [*lines, ""]


def _figure(name: str) -> Callable[[Cell], str]:
    def show(cell: Cell) -> str:
        given = cell.get(name)
        if given is None:
            return "–"
        if not isinstance(given, Mapping):
            return f"{given:.2f}"
        digits = 3
        return f"{given['value']:.{digits}f} [{given['low']:.{digits}f}, {given['high']:.{digits}f}]"

    return show


def _plain(name: str) -> Callable[[Cell], str]:
    return lambda cell: str(cell[name])


def _median(cell: Cell) -> str:
    given = cell["findings_per_clean"]
    return "–" if given is None else f"{given:g}"


_HOSTS: Sequence[_Column] = (("hosts", _plain("hosts")), ("method", _plain("method")), ("trials", _plain("trials")))  # fmt: skip
_TABLES: Sequence[tuple[str, Callable[[Cell], bool], Sequence[_Column]]] = (
    (
        "One compromised host among others.",
        lambda c: c["form"] == ONE and c["hosts"] > 2,
        (
            *_HOSTS,
            ("hit@1", _figure("hit_1")),
            ("hit@3", _figure("hit_3")),
            ("mean reciprocal rank", _figure("reciprocal_rank")),
            ("planted rows shown", _figure("planted_shown")),
            ("host marked", _figure("caught")),
            ("findings per clean host", _median),
            ("clean hosts marked", _figure("clean_marked")),
        ),
    ),
    (
        "Clean groups.",
        lambda c: c["form"] == CLEAN,
        (
            *_HOSTS[:2],
            ("groups", _plain("trials")),
            ("hosts marked per group", _figure("marked_per_fleet")),
            ("hosts marked", _figure("clean_marked")),
            ("findings per host", _median),
            ("said: most changed, or split", _figure("named")),
        ),
    ),
    (
        "Several hosts with the same attack.",
        lambda c: c["form"] == SEVERAL,
        (
            ("hosts", _plain("hosts")),
            ("compromised", _plain("compromised")),
            *_HOSTS[1:],
            ("all of them first", _figure("all_first")),
            ("share of them first", _figure("share_first")),
            ("of them marked", _figure("caught")),
            ("planted rows shown", _figure("planted_shown")),
            ("clean hosts marked", _figure("clean_marked")),
        ),
    ),
    (
        "Most hosts compromised.",
        lambda c: c["form"] == MAJORITY,
        (
            ("hosts", _plain("hosts")),
            ("compromised", _plain("compromised")),
            *_HOSTS[1:],
            ("named as such", _figure("named")),
            ("difference shown", _figure("sides_shown")),
            ("a clean host marked", _figure("clean_blamed")),
        ),
    ),
    (
        "One host alone, with a baseline.",
        lambda c: c["form"] == ONE and c["hosts"] == 1,
        (*_HOSTS, ("planted rows shown", _figure("planted_shown")), ("host marked", _figure("caught"))),
    ),
    (
        "Two hosts.",
        lambda c: c["form"] == ONE and c["hosts"] == 2,
        (
            *_HOSTS,
            ("hit@1", _figure("hit_1")),
            ("difference shown", _figure("sides_shown")),
            ("nobody marked", _figure("nobody_marked")),
        ),
    ),
)
