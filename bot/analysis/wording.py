"""How is a finding said in one line that a tired person understands?

What and where, why it matters, how rare it is, and what the baseline has; it goes on after a host's name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.analysis.places import Trait
from bot.analysis.semantics import Kind
from bot.analysis.things import STRAIGHT, cut, quoted, shown, thing
from bot.model import Change, Query, Row

MOST_REASONS = 2
MOST_COLUMNS = 2  # that are said to differ
_VALUE = 60  # characters of a value that is said beside what is usual
_DIGEST = re.compile(r"[0-9a-f]{32,128}")


def say(
    kind: Kind,
    query: Query,
    change: Change,
    row: Row,
    expected: Row | None,
    traits: Sequence[Trait],
    differ: Mapping[str, tuple[str, str]] = MappingProxyType({}),
) -> str:
    """Return what differs and why it matters, without the counts.

    Args:
        row: The row as shown; for REMOVED the one that others have.
        expected: What is usual in its place, if anything is.
        differ: The columns in which both were judged to differ, with what is here and what is usual, a host's own names
            replaced; none: all that are compared and do.
    """
    runs = kind in (Kind.PROCESS, Kind.PROGRAM, Kind.ENVIRONMENT)
    what = thing(kind, query, row)
    if change is Change.REMOVED:
        text = f"{'does not run' if runs else 'does not have'} {what}"
    else:
        text = f"{'runs' if runs else 'has'} {what}"
        if change is Change.CHANGED and expected is not None:
            text += _instead(row, differ or _compared(row, expected, query), text)
    reasons = _reasons(kind, change, traits)
    return f"{text}: {reasons}" if reasons else text


def _reasons(kind: Kind, change: Change, traits: Sequence[Trait]) -> str:
    words = [trait.words for trait in traits if trait.bits > 0][:MOST_REASONS]
    if not words:  # what speaks for the host; else what is true of other hosts too, and so worth no bits, but still what it means
        words = [trait.words for trait in sorted(traits, key=lambda trait: trait.bits) if trait.bits <= 0][:1]
    if not words and change is Change.CHANGED and kind is Kind.PROGRAM:
        words = ["the program is not the one that others run under this name"]
    elif not words and change is not Change.REMOVED and kind in _MEANS:
        words = [_MEANS[kind]]
    return _joined(words) if words else ""


def _joined(words: Sequence[str]) -> str:
    """Return reasons as a clause: "it lies in /dev and in a hidden place", "its file was deleted, and it mines coins"."""
    first, *more = words
    verb = _verb(first)
    text = f"it {first}" if verb else first
    for word in more:
        other = _verb(word)
        if other and other == verb:
            text += f" and {word.removeprefix(verb + ' ')}"
        elif other and verb:
            text += f" and {word}"
        else:
            text += f", and {'it ' if other else ''}{word}"
    return text


def _verb(words: str) -> str:
    """Return the verb with which words about "it" begin; empty where they stand alone ("its program was deleted")."""
    found = re.match(r"(?:may|would|[a-z]+s)(?= )", words)
    return found.group() if found and found.group() not in ("its", "this", "packages") else ""


_MEANS = {
    Kind.RAW_SOCKET: "it sees passwords and tokens on their way",
    Kind.LOADER: "its code runs inside other programs",
    Kind.CRON: "it starts again and again by itself",
    Kind.UNIT: "it starts by itself",
    Kind.AUTOSTART: "it makes something run by itself, at boot, at login or on an event",
    Kind.MODULE: "code in the kernel can hide anything",
    Kind.USER: "somebody may be able to log in with it",
    Kind.MEMBERSHIP: "an account has the rights of its groups",
    Kind.LOGIN_KEY: "whoever holds the key can log in",
    Kind.SUDO: "it says who may act as root",
    Kind.LOGIN_CONFIG: "it decides who may log in or what is recorded",
    Kind.PRIVILEGED_FILE: "it runs with the rights of its owner, whoever starts it",
    Kind.CERTIFICATE: "its owner is believed about any site",
    Kind.NAMES: "it decides where a name leads",
    Kind.ROUTE: "it decides which way traffic goes",
    Kind.FIREWALL: "it decides which traffic passes",
    Kind.LIBRARY: "its code runs with the rights of whatever uses it",
    Kind.PACKAGE_SOURCE: "software is installed from there",
    Kind.CONTAINER: "it runs beside the host's own programs",
}


def _compared(row: Row, expected: Row, query: Query) -> dict[str, tuple[str, str]]:
    columns = [c for c in sorted(row) if c not in query.ignore and row[c] != expected.get(c, "")]
    return {column: (row[column], expected.get(column, "")) for column in columns}


def _instead(row: Row, differ: Mapping[str, tuple[str, str]], text: str) -> str:
    """Return what is usual in place of the differing columns; a value that is said already is not said again."""
    changed = list(differ)
    if not changed:
        return ""
    column = changed[0]
    here, usual = differ[column]
    if column in _COMMANDS and len(changed) == 1 and len(here) > _VALUE:
        return _other_words(here, usual)
    there = row.get(column) and cut(row[column]).translate(STRAIGHT) in text
    if len(changed) == 1 and column in _IN_THE_TEXT and there:
        return f" instead of {quoted(usual, _VALUE) if column in _COMMANDS and usual else _value(usual)}"
    said = [
        f"{_COLUMNS.get(column, column.replace('_', ' '))} {_value(differ[column][0])} "
        f"instead of {_value(differ[column][1])}"
        for column in changed[:MOST_COLUMNS]
    ]
    more = len(changed) - MOST_COLUMNS
    tail = f" and {more} more {'difference' if more == 1 else 'differences'}" if more > 0 else ""
    return f", with {' and '.join(said) if not tail else ', '.join(said)}{tail}"


def _other_words(command: str, usual: str) -> str:
    """Return in which words a long command differs; what both begin and end with is left out."""
    here, there = command.split(), usual.split()
    while here and there and here[0] == there[0]:
        del here[0], there[0]
    while here and there and here[-1] == there[-1]:
        del here[-1], there[-1]
    if not here and not there:
        return ""
    added, gone = quoted(" ".join(here), _VALUE), quoted(" ".join(there), _VALUE)
    if not there:
        return f", with {added} added"
    return f", with {added} instead of {gone}" if here else f", without {gone}"


_COMMANDS = ("cmdline", "command")
_IN_THE_TEXT = frozenset(
    {
        *_COMMANDS,
        "current_value",
        "version",
        "remote_address",
        "remote_port",
        "port",
        "address",
        "uid",
        "image",
        "value",
    }
)
_COLUMNS = {"sha256": "content", "current_value": "value"}


def _value(value: str) -> str:
    if not value:
        return "nothing"
    return f"{value[:8]}…" if _DIGEST.fullmatch(value) else shown(value, _VALUE)


def counts(*, holders: int, of: int, seen: int | None, baseline_of: int | None, change: Change) -> str:
    """Return how rare it is and what the baseline has: "none of the other 23 hosts has it; not in the baseline".

    Args:
        holders: Hosts that show it, at least 1.
        of: The other hosts whose answer is known.
        seen: How many of the ``baseline_of`` snapshots show the same; None without a baseline.
    """
    gone, whole = change is Change.REMOVED, bool(baseline_of) and seen == baseline_of
    it = "this" if change is Change.CHANGED else "it"
    others, have = (f"the other {of} hosts", "have") if of > 1 else ("the other host", "has")
    if not of:
        where = ("missing on" if gone else "on") + f" all {holders} hosts" if holders > 1 else ""
    elif holders > 1:
        where = f"{'missing ' if gone else ''}on {holders} hosts, "
        where += (
            f"and {others} {have} it"
            if gone
            else f"and on none of the other {of}"
            if of > 1
            else "and not on the other"
        )
    elif gone:
        where = f"{others} {'all ' if of > 1 else ''}{have} it"
    else:
        where = f"none of {others} has {it}" if of > 1 else f"the other host does not have {it}"
    if not baseline_of:
        return where
    if of and whole:
        what = (
            "the baseline lacks it too: the others got it since"
            if gone
            else f"the baseline has {it}: the others have moved on"
        )
    elif whole:
        what = "missing in the baseline too" if gone else "in the baseline"
    elif seen:
        what = f"{'missing in' if gone else 'in'} {seen} of {baseline_of} baseline snapshots"
    else:
        what = "the baseline has it" if gone else "not in the baseline"
    return f"{where}; {what}" if where else what


def perhaps(cause: str) -> str:
    """Return an honest cause that was seen beside the difference: "perhaps honest: it belongs to the session of …"."""
    return f"perhaps honest: {_joined([cause])}" if cause else ""


def also_seen(lead: Kind, query: str, behind: Sequence[tuple[Kind, str, Change]]) -> str:
    """Return what else tells of a finding's thing: "(also seen: 2 connections, program file)"; what says no more is left out.

    Args:
        query: That of the leading fact.
        behind: Kind, query and change of each further fact.
    """
    counted: dict[str, Counter[str]] = {}
    for kind, other, change in behind:
        if kind in _NO_MORE.get(lead, ()) or (kind is lead and other != query):
            continue
        if kind is Kind.PROGRAM and change is not Change.CHANGED:
            continue  # what runs has a file
        word = _ALSO.get(kind, kind.value)
        word = f"more {word}" if kind is lead else f"changed {word}" if change is Change.CHANGED else word
        counted.setdefault(word, Counter())[other] += 1
    said = [_several(max(queries.values()), word) for word, queries in counted.items()]
    return f"(also seen: {', '.join(said)})" if said else ""


def _several(count: int, word: str) -> str:
    if count == 1:
        return f"1 {word}" if word.startswith("more ") else word
    return f"{count} {word}{'es' if word.endswith('s') else 's'}"


_ALSO = {Kind.FILE: "program file", Kind.LOADER: "loaded library"}
_OF_FILES = (Kind.FILE, Kind.PROGRAM, Kind.AUTOSTART, Kind.LOGIN_CONFIG)
_NAME_A_FILE = (
    *_OF_FILES,
    Kind.CRON,
    Kind.UNIT,
    Kind.SUDO,
    Kind.LOGIN_KEY,
    Kind.PRIVILEGED_FILE,
    Kind.LOADER,
)
_OF_PROCESSES = (Kind.LISTENER, Kind.CONNECTION, Kind.RAW_SOCKET, Kind.ENVIRONMENT, Kind.PROGRAM)
_NO_MORE: dict[Kind, frozenset[Kind]] = {
    Kind.PROCESS: frozenset({Kind.LOADER}),
    **dict.fromkeys(_OF_PROCESSES, frozenset({Kind.PROCESS, Kind.LOADER})),
    **dict.fromkeys(_NAME_A_FILE, frozenset(_OF_FILES)),
    Kind.PROGRAM: frozenset({Kind.PROCESS, Kind.LOADER, *_OF_FILES}),
}
"""What adds nothing to what leads: that a program which is connected runs, that a file which is named is there."""


def share(count: int, among: int, facts: int, sharpest: str, why_not: str) -> str:
    """Return what several hosts share: "4 of 30 hosts share these 6 facts, which nothing in AWS explains; …"."""
    return f"{count} of {among} hosts share these {facts} facts, which {why_not}; the sharpest: {sharpest}"
