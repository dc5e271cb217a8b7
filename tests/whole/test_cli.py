"""The command line on real parts: over the embedded SSM, over recorded answers, with baseline files and exit codes."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bot import packs
from bot.sandbox import fleet
from bot.sandbox.aws import EmbeddedAws
from tests.collection.hosts import Machine
from tests.whole.stage import ROOT
from tests.whole.typed import diffy, report_of

PACK: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(packs.load(packs.DEFAULT)))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recorded answers: web-asg with its two intrusions and one host that is missing, api-asg clean."""
    folder = tmp_path_factory.mktemp("recorded")
    for plan in fleet.plan():
        hosts = fleet.build(plan.name, fleet.invent(plan, seed=3), 3)
        fleet.record(hosts, plan.name, folder / plan.name, PACK)
    return folder


def compromised() -> set[str]:
    plan = next(plan for plan in fleet.plan() if plan.name == "web-asg")
    identities = fleet.invent(plan, seed=3)
    return {identities[index].instance_id for index in fleet.planted("web-asg")}


def test_recorded_answers_name_the_compromised_hosts(recorded: Path, tmp_path: Path) -> None:
    """Exit 1; both hosts first; every planted row is in a finding of its host; the missing host is missed."""
    done = diffy("analyze", "web-asg", "--recorded", str(recorded / "web-asg"), "--json", cwd=tmp_path)

    report = report_of(done)
    assert done.returncode == 1, done.stderr
    assert {host["id"] for host in report["hosts"] if host["outlier"]} == compromised()
    assert {host["id"] for host in report["hosts"][:2]} == compromised()
    assert [missed["reason"] for missed in report["coverage"]["missed"]] == ["not_recorded"]
    assert list(tmp_path.iterdir()) == []


def test_shipped_result_logs_say_the_same(recorded: Path, tmp_path: Path) -> None:
    """The same answers as one log of osqueryd, snapshots and differences in turn: the same hosts stand out."""
    source = recorded / "web-asg"
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "asg.json").write_bytes((source / "asg.json").read_bytes())
    with gzip.open(logs / "osqueryd.results.log.gz", "wt") as log:
        for file in sorted((source / "hosts").iterdir()):
            content = json.loads(file.read_text())
            for number, (name, rows) in enumerate(content["queries"].items()):
                head = {
                    "hostIdentifier": content["host"],
                    "unixTime": 1_790_000_000,
                    "epoch": 0,
                    "counter": 0,
                }
                said = {"diffResults": {"added": rows, "removed": []}} if number % 2 else {"snapshot": rows}
                log.write(json.dumps({**head, "name": f"pack_linux-triage_{name}", **said}) + "\n")

    done = diffy("analyze", "web-asg", "--logs", "logs", "--json", cwd=tmp_path)
    taken = diffy("baseline", "web-asg", "--logs", "logs", "--out", "b.json", cwd=tmp_path)

    report = report_of(done)
    assert done.returncode == 1, done.stderr
    assert {host["id"] for host in report["hosts"] if host["outlier"]} == compromised()
    assert [missed["reason"] for missed in report["coverage"]["missed"]] == ["not_recorded"]
    assert taken.returncode == 0, taken.stderr


def test_this_machine_is_compared_with_its_own_baseline(tmp_path: Path) -> None:
    """`local` runs the fleet's script here: no peers, so a baseline is needed; a changed row is found against it."""
    machine = Machine(tmp_path)
    machine.install_osquery()
    user = {"name": "users", "sql": "SELECT 'root' AS username", "why": "Who may log in."}
    pack_file = tmp_path / "packs" / "mine.json"
    pack_file.parent.mkdir()
    pack_file.write_text(json.dumps({"name": "mine", "description": "d", "queries": [user]}))
    env = {"PATH": f"{machine.bin}:{os.environ['PATH']}", "TMPDIR": str(machine.tmp), "DIFFY_PACKS": "packs"}
    alone = diffy("analyze", "local", "--pack", "mine", cwd=tmp_path, **env)
    taken = diffy("baseline", "local", "--pack", "mine", "--out", "b.json", cwd=tmp_path, **env)
    same = diffy("analyze", "local", "--pack", "mine", "--baseline", "b.json", "--json", cwd=tmp_path, **env)
    user["sql"] += " UNION ALL SELECT 'eve'"
    pack_file.write_text(json.dumps({"name": "mine", "description": "d", "queries": [user]}))

    changed = diffy(
        "analyze", "local", "--pack", "mine", "--baseline", "b.json", "--json", cwd=tmp_path, **env
    )

    assert alone.returncode == 2
    assert "has no peers" in alone.stderr
    assert taken.returncode == 0, taken.stderr
    assert report_of(same)["findings"] == []
    assert [f["row"] for f in report_of(changed)["findings"]] == [{"username": "eve"}]
    assert machine.left_behind() == []


def test_planted_rows_are_in_the_findings(recorded: Path, tmp_path: Path) -> None:
    """Each planted row fragment is found in a finding of that host, as collected."""
    plan = next(plan for plan in fleet.plan() if plan.name == "web-asg")
    identities = fleet.invent(plan, seed=3)

    report = report_of(
        diffy("analyze", "web-asg", "--recorded", str(recorded / "web-asg"), "--json", cwd=tmp_path)
    )

    for index, traces in fleet.planted("web-asg").items():
        mine = [f for f in report["findings"] if identities[index].instance_id in f["hosts"]]
        for trace in traces:
            assert any(shows(f, trace) for f in mine), trace


def shows(finding: dict[str, Any], trace: fleet.Planted) -> bool:
    """Whether a planted row fragment stands in a finding, or in what else is seen of the same thing."""
    return any(
        fact["query"] == trace.query
        and any(trace.row.items() <= row.items() for row in (fact["row"], *fact["rows"]))
        for fact in (finding, *finding["also"])
    )


def test_one_host_against_a_baseline_of_one_lists_the_planted_facts(recorded: Path, tmp_path: Path) -> None:
    """The original case: each planted, security-relevant fact is listed and called tentative."""
    plan = next(plan for plan in fleet.plan() if plan.name == "web-asg")
    identities = fleet.invent(plan, seed=3)
    index, traces = next(iter(fleet.planted("web-asg").items()))
    clean = next(
        i
        for i, host in enumerate(plan.hosts)
        if i not in fleet.planted("web-asg") and host.template_version == plan.hosts[index].template_version
    )
    for name, one in (("clean", clean), ("suspect", index)):
        source = recorded / "web-asg" / "hosts" / f"{identities[one].instance_id}.json"
        (tmp_path / name / "hosts").mkdir(parents=True)
        (tmp_path / name / "hosts" / source.name).write_bytes(source.read_bytes())
    taken = diffy("baseline", "web-asg", "--recorded", "clean", "--out", "one.json", cwd=tmp_path)

    done = diffy(
        "analyze", "web-asg", "--recorded", "suspect", "--baseline", "one.json", "--json", cwd=tmp_path
    )

    report = report_of(done)
    assert taken.returncode == 0, taken.stderr
    assert report["run"]["method"] in ("baseline", "both")
    for trace in traces:
        found = [f for f in report["findings"] if shows(f, trace)]
        assert found, trace
        assert all(f["tentative"] for f in found)


def test_a_clean_group_exits_0_and_a_partial_one_2(recorded: Path, tmp_path: Path) -> None:
    """0: nothing stands out and every host answered; 2 when one did not; 0 again when enough is enough."""
    folder = tmp_path / "api"
    (folder / "hosts").mkdir(parents=True)
    for source in (recorded / "api-asg" / "hosts").iterdir():
        (folder / "hosts" / source.name).write_bytes(source.read_bytes())
    (folder / "asg.json").write_bytes((recorded / "api-asg" / "asg.json").read_bytes())
    whole = diffy("analyze", "api-asg", "--recorded", "api", cwd=tmp_path)
    next((folder / "hosts").iterdir()).unlink()

    partial = diffy("analyze", "api-asg", "--recorded", "api", cwd=tmp_path)
    enough = diffy("analyze", "api-asg", "--recorded", "api", "--min-coverage", "90%", cwd=tmp_path)

    assert (whole.returncode, partial.returncode, enough.returncode) == (0, 2, 0), whole.stdout + whole.stderr


def test_a_baseline_file_travels(recorded: Path, tmp_path: Path) -> None:
    """Taken here, used there: both methods at once, and the report names the baseline."""
    taken = diffy(
        "baseline", "api-asg", "--recorded", str(recorded / "api-asg"), "--out", "b.json.gz", cwd=tmp_path
    )

    done = diffy(
        "analyze",
        "api-asg",
        "--recorded",
        str(recorded / "api-asg"),
        "--baseline",
        "b.json.gz",
        "--json",
        cwd=tmp_path,
    )

    assert taken.returncode == 0, taken.stderr
    assert report_of(done)["run"]["method"] == "both"
    assert report_of(done)["baseline"]["version"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("analyze", "web-asg", "--recorded", "nowhere"), "nowhere"),
        (("analyze", "web-asg", "--baseline", "nowhere.json"), "nowhere.json"),
        (("analyze", "web-asg", "--logs", "nowhere"), "nowhere"),
        (("analyze", "web-asg", "--method", "magic", "--recorded", "."), "magic"),
        (("analyze", "web-asg", "--pack", "nope", "--recorded", "."), "nope"),
        (("analyze", "tag:Role"), "tag:Role=web"),
        (("analyze", "web-asg", "--account", "prod"), "no account 'prod'"),
        (("baseline", "web-asg", "--region", "mars"), "not a region"),
        (("packs", "show", "nope"), "nope"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    """What happened and what to do next, on stderr; no traceback."""
    done = diffy(*arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_packs_are_shown_as_data(tmp_path: Path) -> None:
    """`packs show --json` prints the name and the SQL of each query."""
    shown = json.loads(diffy("packs", "show", "linux-triage", "--json", cwd=tmp_path).stdout)

    assert shown["name"] == "linux-triage"
    assert all(query["name"] and query["sql"] for query in shown["queries"])
    assert "linux-triage" in diffy("packs", "list", cwd=tmp_path).stdout


def test_a_pack_of_osquerys_is_imported_and_used(tmp_path: Path) -> None:
    """`packs import` writes it in our form and names what it left out; DIFFY_PACKS makes it one of the packs."""
    source = ROOT / "tests" / "data" / "packs" / "it-checks.conf"
    (tmp_path / "mine").mkdir()

    done = diffy("packs", "import", str(source), "--name", "it", "--out", "mine/it.json", cwd=tmp_path)
    shown = diffy("packs", "show", "it", "--json", cwd=tmp_path, DIFFY_PACKS="mine")
    nothing = diffy("packs", "import", str(ROOT / "README.md"), cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "Left out: launchd: it is for darwin" in done.stderr
    assert json.loads(shown.stdout) == json.loads((tmp_path / "mine" / "it.json").read_text())
    assert nothing.returncode == 2
    assert "is not a pack of osquery's" in nothing.stderr


@pytest.mark.slow
def test_the_command_line_asks_hosts_over_ssm(tmp_path: Path) -> None:
    """Real boto3, the real script on each host; without credentials a sentence and exit 2."""
    with EmbeddedAws.start(tmp_path / "aws", fleet="many:9") as aws:
        region = aws.env["AWS_DEFAULT_REGION"]
        *_, compromised, offline = aws.ids("many-asg")
        aws.set_host(offline, ping="ConnectionLost")
        done = diffy("analyze", "many-asg", "--region", region, "--json", cwd=tmp_path, **aws.env)
        keyless = {k: v for k, v in aws.env.items() if "KEY" not in k}
        without = diffy(
            "analyze",
            "many-asg",
            cwd=tmp_path,
            **keyless,
            AWS_EC2_METADATA_DISABLED="true",
            HOME=str(tmp_path),
        )
        unknown = diffy("analyze", "many-asgg", cwd=tmp_path, **aws.env)

    report = report_of(done)
    assert done.returncode == 1, done.stderr
    assert {host["id"] for host in report["hosts"] if host["outlier"]} == {compromised}
    assert [missed["reason"] for missed in report["coverage"]["missed"]] == ["offline"]
    assert report["run"]["target"] == f"many-asg @ {region}"
    assert report["run"]["api_calls"] >= 6  # group, instances, registrations, send, one page, one answer
    assert without.returncode == 2
    assert "credentials" in without.stderr
    assert unknown.returncode == 2
    assert "many-asg" in unknown.stderr
