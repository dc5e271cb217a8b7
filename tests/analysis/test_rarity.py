"""How little is one more thing news where hosts often differ in such things, and how much where they do not?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.analysis import judge
from bot.model import Finding, Query
from tests.analysis.cases import PACK, Rows, case, honest

FILES = Query("web_scripts", "SELECT path, sha256 FROM file JOIN hash USING (path)", "Scripts.", key=("path",), attack=("T1505.003",))  # fmt: skip
UNITS = Query("systemd_units", "SELECT id, load_state FROM systemd_units", "What starts.", key=("id",))
WIDE = replace(PACK, queries=(*(q for q in PACK.queries if q.name != "systemd_units"), FILES, UNITS))
CACHE = "/var/www/app/cache"


def compiled(*numbers: int, version: str = "a") -> list[dict[str, str]]:
    """Return templates that an application has compiled as it needed them."""
    return [{"path": f"{CACHE}/page{number}.php", "sha256": version * 64} for number in numbers]


def on_first(hosts: list[tuple[object, Rows]], query: str) -> Finding | None:
    """Return the finding of that query on the first host, if it is shown."""
    report = judge(case(hosts, pack=WIDE))  # type: ignore[arg-type]
    return next((f for f in report.of_host(report_id(hosts)) if f.query == query), None)


def report_id(hosts: list[tuple[object, Rows]]) -> str:
    """Return the id of the first host."""
    return str(hosts[0][0].id)  # type: ignore[attr-defined]


def test_where_hosts_often_have_other_files_one_more_or_one_less_is_little_news() -> None:
    """Each host has compiled other templates; what the first has or lacks besides is of that kind."""
    varied, alike = honest(10), honest(10)
    for index, (_, rows) in enumerate(varied):
        rows["web_scripts"] = compiled(
            *(n for n in range(12) if (n + index) % 4), *([77] if not index else [])
        )
    for index, (_, rows) in enumerate(alike):
        rows["web_scripts"] = compiled(*range(12), *([77] if not index else []))

    little, much = on_first(list(varied), "web_scripts"), on_first(list(alike), "web_scripts")

    assert much is not None
    assert little is None or little.score < much.score - 2


def test_one_event_on_several_hosts_does_not_make_such_things_ordinary() -> None:
    """Three hosts share one further file: that is one thing that differs, not three."""
    hosts = honest(10)
    for index, (_, rows) in enumerate(hosts):
        rows["web_scripts"] = compiled(
            *range(12), *([55] if index in (3, 4, 5) else []), *([77] if not index else [])
        )

    found = on_first(list(hosts), "web_scripts")

    assert found is not None
    assert found.score > 3


@pytest.mark.parametrize("deployed", [5, 0])
def test_a_release_on_half_of_the_hosts_makes_a_lone_file_no_more_ordinary(deployed: int) -> None:
    """Six files came with it, explained by a template or not: they are one way to differ."""
    hosts = honest(10, deployed=deployed)
    for index, (_, rows) in enumerate(hosts):
        rows["web_scripts"] = compiled(*range(12), *(range(30, 36) if index > 4 else []), *([77] if not index else []))  # fmt: skip

    found = on_first(list(hosts), "web_scripts")

    assert found is not None
    assert found.row["path"].endswith("page77.php")
    assert found.score > 3


def test_units_that_differ_in_a_number_are_of_one_kind() -> None:
    """A tunnel for each customer: one more is little news; a unit of another name is."""
    hosts = honest(10)
    for index, (_, rows) in enumerate(hosts):
        numbers = {(index * 3 + step) % 20 for step in range(4)} | ({90} if not index else set())
        rows["systemd_units"] = [
            {"id": f"tunnel@customer{n}.service", "load_state": "loaded"} for n in sorted(numbers)
        ]
    hosts[1][1]["systemd_units"].append({"id": "helper.service", "load_state": "loaded"})

    report = judge(case(hosts, pack=WIDE))

    told = {f.row["id"]: f.score for f in report.findings if f.query == "systemd_units"}
    assert told["helper.service"] > 4
    assert told.get("tunnel@customer90.service", 0.0) < told["helper.service"] - 1


def test_homes_are_one_family() -> None:
    """People edit their dot files; that one more did on one host says little, a changed file of root's as much as ever."""
    query = Query("startup_files", "SELECT path, sha256 FROM file JOIN hash USING (path)", "Starts.", key=("path",), attack=("T1546.004",))  # fmt: skip
    pack = replace(PACK, queries=(*PACK.queries, query))
    people = "abcdefghij"
    hosts = honest(10)
    for index, (_, rows) in enumerate(hosts):
        rows["startup_files"] = [
            {"path": f"/home/{name}/.bashrc", "sha256": ("b" if at == index else "a") * 64}
            for at, name in enumerate(people)
        ]
        rows["startup_files"].append({"path": "/root/.bashrc", "sha256": ("d" if index == 4 else "c") * 64})

    report = judge(case(hosts, pack=pack))

    told = {f.row["path"]: f.score for f in report.of_host(hosts[4][0].id)}
    assert told["/root/.bashrc"] > 5
    assert told.get("/home/e/.bashrc", 0.0) < told["/root/.bashrc"] - 2
