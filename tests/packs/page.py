"""What does docs/pack.md say? It is written from the pack and the scenarios: ``python -m tests.packs.page``."""

from __future__ import annotations

from pathlib import Path

from bot.model import Compare, Pack, Query
from bot.sandbox.fleet.scenarios import Scenario, scenarios
from tests.packs.asking import pack

PAGE = Path(__file__).parents[2] / "docs" / "pack.md"

HEAD = """\
# The query pack `{name}`

{description} It has {count} queries. `diffy packs show {name}` prints them; the file is `bot/packs/{name}.json`.
This page is written from it by `python -m tests.packs.page`, and a test checks that both agree.

## The form of a pack

A pack is JSON: `name`, `description`, `queries`. A query has

| field | meaning |
|---|---|
| `name` | small letters, digits and `_`; answers are kept by it |
| `sql` | one statement on one line, without a semicolon |
| `why` | why a responder cares, one sentence |
| `key` | columns that name a thing (a path, a package); empty: the whole compared row is the fact |
| `ignore` | columns that are shown and never compared (pid, times, sizes) |
| `compare` | `facts`; `expect_empty`: any row at all is notable; `context`: explains other facts, is never judged |
| `attack` | MITRE ATT&CK techniques that a difference may show |
| `cost` | `fast`, `medium`, `slow`: slow ones run in a process of their own |
| `telling` | 5 (sharp) to 1 (background): what is kept first when not all answers fit |
| `timeout_s`, `max_rows`, `max_bytes` | when the query is given up, how many rows are read, and the size beyond which its answer is not kept |

The columns that are neither key nor ignored are the value of the fact.

## Packs of your own, and of osquery's

`DIFFY_PACKS` (or `folder` in `[packs]`) names a folder of packs: files `*.json` and `*.conf`, in this form or in osquery's. `diffy packs list` shows what came of it and names each file that could not be taken; a name that is taken already is refused. Choose one with `--pack NAME`. Files are read when Diffy starts.

`diffy packs import FILE --out mine.json` turns a pack of osquery's, or an `osquery.conf` with its schedule and packs, into this form, so that it can be sharpened by hand: comments, continued lines and stray commas are read; every query that cannot be asked is named with the reason (not for Linux, an events table, several statements, no SELECT, a table that answers nothing without a path). What it chooses: the whole row is the fact, except for columns that change by themselves (pids, times, sizes); `why` is the description, `attack` the techniques that it names; `cost` is slow for tables that hash or walk files, medium for joins and for what is asked once a day. Discovery queries and shards are ignored, and said. An imported pack keeps osquery's file name as its name (`--name` gives another): result logs find its queries by it.

`diffy packs show NAME --osquery` prints a pack in osquery's form, for osqueryd to run as snapshots.

## Rules for its SQL

- It is written for osquery 5.8.1 and later (checked against the published schema of 5.23.1), and it runs on plain SQLite tables of osquery's schema as well, with no function of osquery's own and whether columns are typed or all text: so it can be asked of recorded data.
- One row is one fact that healthy twins share. Pids, times, sizes and counts are shown at most. A port of the ephemeral range stays a value, since a back door may wait on one: the analysis knows such ports.
- Nothing is lost in a join: a file without a hash, a process without a path, a socket whose process hides all have their row.
- `%%` does not go into hidden folders in osquery, so hidden names are asked for one by one.
- A table that osquery reads for one user only is joined with `users`; tables that need a path are given one.
- Environments are read by the names of a few variables; the rest may hold secrets.

## The queries

"""

BLIND = """
## What no query shows

- What a rootkit hides from every interface of the kernel: answers come from the host itself. Traces that often stay are asked: a taint flag, a socket without a process, a mount over `/proc`.
- What ended before the question was asked and left nothing on disk. Event tables need a running osqueryd and are not asked.
- Firewall rules of nftables that the iptables interface does not show.
- Files that are neither run nor among those above, and the content of databases and of application data.
- Anything inside a container's own file system.
- More, and what to do instead: [scenarios.md](scenarios.md).
"""


def render() -> str:
    """Return the whole page."""
    return _head(pack()) + _queries(pack()) + _scenarios() + BLIND + _blind_scenarios()


def _head(about: Pack) -> str:
    return HEAD.format(name=about.name, description=about.description, count=len(about.queries))


def _queries(about: Pack) -> str:
    lines = ["| query | what it shows | ATT&CK | cost | telling | judged as |", "|---|---|---|---|---|---|"]
    lines += [_query(query) for query in about.queries]
    return "\n".join(lines) + "\n"


def _query(query: Query) -> str:
    judged = {Compare.FACTS: "facts", Compare.EXPECT_EMPTY: "any row is notable", Compare.CONTEXT: "context"}
    cells = (f"`{query.name}`", query.why, ", ".join(query.attack), query.cost.value, str(query.telling))
    return f"| {' | '.join((*cells, judged[query.compare]))} |"


def _scenarios() -> str:
    lines = [
        "",
        "## Which query shows which intrusion",
        "",
        "Shown on every kind of simulated host, by test. All that changes beside them: [scenarios.md](scenarios.md).",
        "",
    ]
    lines += ["| intrusion | ATT&CK | shown by |", "|---|---|---|"]
    lines += [_scenario(each) for each in scenarios() if each.kind == "malicious" and each.shown_by]
    return "\n".join(lines) + "\n"


def _scenario(each: Scenario) -> str:
    note = f" ({each.note})" if each.note else ""
    return f"| {each.title}{note} | {each.technique} | {', '.join(f'`{name}`' for name in each.shown_by)} |"


def _blind_scenarios() -> str:
    return "".join(
        f"- {each.title} ({each.technique}): {each.note}\n"
        for each in scenarios()
        if each.expected == "blind"
    )


if __name__ == "__main__":
    PAGE.write_text(render(), "utf-8")
