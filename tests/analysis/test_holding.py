"""What the others have in the place of a difference is part of the finding."""

from __future__ import annotations

from bot.analysis import judge
from bot.masking import MASK
from bot.model import Finding, Held, Pack, Query, Report
from tests.analysis.cases import case, honest


def only(report: Report, query: str, host: str) -> Finding:
    """Return the one finding of that query on that host."""
    return next(one for one in report.of_host(host) if one.query == query)


def test_a_changed_value_is_shown_beside_what_each_other_host_and_snapshot_has() -> None:
    """Most have one value, one has a third: both are counted, the commonest first."""
    hosts = honest(10)
    for index, value in ((0, "0"), (1, "1")):
        for row in hosts[index][1]["kernel_controls"]:
            if row["name"] == "kernel.randomize_va_space":
                row["current_value"] = value

    finding = only(judge(case(hosts, baseline=honest(3, 9, first=300))), "kernel_controls", hosts[0][0].id)

    assert finding.others == (Held({"current_value": "2"}, 8, 3), Held({"current_value": "1"}, 1, 0))


def test_where_the_others_have_nothing_that_is_said() -> None:
    """A new account: nothing is there on the others and in the baseline."""
    hosts = honest(10)
    hosts[0][1]["users"].append({"username": "toor", "uid": "0", "shell": "/bin/bash"})

    finding = only(judge(case(hosts, baseline=honest(3, 9, first=300))), "users", hosts[0][0].id)

    assert finding.others == (Held(None, 9, 3),)


def test_a_secret_of_another_host_is_masked_by_the_name_beside_it() -> None:
    """The value stands alone in the finding; whether it is a secret its row decides."""
    query = Query("env", "SELECT key, value FROM process_envs", "Why.", key=("key",))
    name, pack = "SERVICE_TOKEN", Pack("p", "P.", (query,))
    hosts = [
        (host, {"env": [{"key": name, "value": "one" if n else "other"}]})
        for n, (host, _) in enumerate(honest(6))
    ]

    report = judge(case(hosts, pack=pack))

    assert {held.row["value"] for finding in report.findings for held in finding.others if held.row} == {MASK}
    assert report.findings


def test_how_many_queries_each_host_was_asked_is_part_of_the_coverage() -> None:
    """A quiet report says how much was looked at."""
    asked = case(honest(4))

    assert judge(asked).coverage.queries == len(asked.pack.queries)
