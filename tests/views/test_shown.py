"""Do messages, files and terminal text say what a responder needs, in the order they need it?"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest

from bot import views
from bot.errors import ChatError, CollectionError, UsageError
from bot.model import Compare, Cost, Message, Pack, Progress, Query, RunKind, RunState, Target, TargetKind
from bot.views.slack_parts import spoken
from bot.views.slack_run import bar
from tests.views.examples import (
    BASELINE,
    CHANGED,
    CLEAN,
    FINDINGS,
    HOSTS,
    MINER,
    NOW,
    OFFLINE,
    PROVISIONAL,
    QUIET,
    REPORT,
    RUN,
    RUN_ID,
    SCHEDULE,
    SHELL,
    SO_FAR,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
PACK = Pack(
    "linux-triage",
    "What a responder looks at.",
    (Query("crontab", "SELECT 1", "Cron.", compare=Compare.FACTS, cost=Cost.FAST),),
)


def words_of(message: Message) -> str:
    """Return everything a message says, in reading order."""
    return "\n".join(spoken(block) for block in message.blocks)


def test_the_verdict_comes_first_and_every_run_id_is_there() -> None:
    """Header, text and plain form begin with the verdict; the run id stands in the text and in the blocks."""
    message = views.verdict(REPORT, RUN, now=NOW)

    assert (
        message.blocks[0]["text"]["text"]
        == "🔴 2 of 24 hosts stand out; 1 did not answer; 1 answered in part"
    )
    assert message.text.startswith("web-asg: 2 of 24 hosts stand out")
    assert RUN_ID in message.text
    assert RUN_ID in words_of(message)
    assert message.plain[0]["text"]["text"].startswith("🔴 2 of 24 hosts stand out")
    assert message.plain[-1] == message.blocks[-1]


def test_the_verdict_names_hosts_gaps_and_what_it_rests_on() -> None:
    """Top hosts with address, zone, template and launch time; the silent host with its reason; peers and baseline."""
    said = words_of(views.verdict(REPORT, RUN, now=NOW))

    assert said.index(SHELL.id) < said.index(MINER.id) < said.index(OFFLINE.id)
    assert "10.0.1.58 · us-east-1a · template 13 · launched 2026-11-22 09:18 UTC" in said
    assert "offline, its SSM agent lost the connection" in said
    assert "suid_bin timed out" in said
    assert "baseline 3 (6 days old, 3 hosts)" in said
    assert "22 other hosts and 3 baseline snapshots" in said
    assert "Against the baseline: 8 new and rare, 1 missing here." in said
    assert "at most 5.5 bits" in said
    assert "12 on template 12, 9 on template 13, 2 apart" in said


def test_a_host_that_was_asked_for_leads_even_if_others_are_sharper() -> None:
    """One host against its group: that host first among those that stand out."""
    report = dataclasses.replace(REPORT, run=dataclasses.replace(REPORT.run, focus=MINER.id))

    assert [host.id for host in views.top_hosts(report)] == [MINER.id, SHELL.id]


def test_hosts_with_the_same_sharpest_finding_are_told_together() -> None:
    """Seven hosts with one story take one paragraph and one reply, and none of them is left out of the count."""
    hosts = tuple(dataclasses.replace(host, outlier=True, reason="has x") for host in REPORT.hosts[:7])
    other = dataclasses.replace(REPORT.hosts[7], outlier=True, reason="has y")
    report = dataclasses.replace(REPORT, hosts=(*hosts, other))

    said = words_of(views.verdict(report, RUN, now=NOW))

    assert [host.id for host in views.top_hosts(report)] == [hosts[0].id, other.id]
    assert said.count("has x") == said.count("has y") == 1
    assert f"{hosts[4].id} and 2 more:  has x" in said
    assert "7 hosts with the same sharpest finding · 10.0." in said
    assert "more hosts that stand out" not in said


def test_joiners_are_counted_and_a_single_host_run_says_so() -> None:
    """Those who joined stand beside who asked."""
    run = dataclasses.replace(RUN, joined=("U0OTHER",), target=Target(TargetKind.HOST, (MINER.id,)))

    assert "and 1 other" in words_of(views.verdict(REPORT, run, now=NOW))
    assert "and 1 other" in words_of(views.progress(run, PROVISIONAL))
    assert "against its own group" in words_of(views.progress(run, PROVISIONAL))


def test_a_provisional_verdict_is_marked_and_names_who_is_silent() -> None:
    """The reader sees that it may change, and silent hosts are not called missing."""
    coverage = dataclasses.replace(SO_FAR.coverage, missed=REPORT.coverage.missed)
    message = views.provisional(dataclasses.replace(SO_FAR, coverage=coverage), RUN, PROVISIONAL)

    assert message.blocks[0]["text"]["text"] == "⏳ So far, 2 of 20 hosts stand out"
    assert "Provisional, this may change. 20 of 24 hosts have answered, 3 are still silent: " in words_of(
        message
    )
    assert [element["action_id"] for element in message.blocks[-1]["elements"]] == [
        "finish_now",
        "cancel_run",
    ]


@pytest.mark.parametrize(
    ("answered", "missed", "shown"),
    [(0, 0, "□" * 24 + "  0/24"), (17, 1, "■" * 17 + "□" * 6 + "✕  17/24"), (24, 0, "■" * 24 + "  24/24")],
)
def test_the_bar_counts_answered_silent_and_missed(answered: int, missed: int, shown: str) -> None:
    """Full, light and crossed cells, and the same in digits."""
    assert bar(Progress(RunState.COLLECTING, 24, answered, missed)) == shown


@pytest.mark.parametrize("kind", RunKind)
def test_the_ack_names_what_will_run(kind: RunKind) -> None:
    """Each kind of run says its target, its pack and against what."""
    run = dataclasses.replace(RUN, kind=kind, take_from=("i-1",) if kind is RunKind.BASELINE else ())

    said = words_of(views.ack(run, group_size=24))

    assert "web-asg (24 hosts)" in said
    assert "linux-triage" in said
    assert RUN_ID in said


def test_an_unforeseen_error_shows_its_reference_and_not_itself() -> None:
    """The text of an unknown exception never reaches Slack; a known one keeps its hint and Slack's code."""
    unknown = words_of(views.failure(ValueError("password=hunter2"), "e-91c2"))
    known = words_of(views.failure(CollectionError("AWS credentials have expired.", "Renew them."), "e-2"))
    slack = words_of(views.failure(ChatError("Slack refused.", code="invalid_blocks")))

    assert "hunter2" not in unknown
    assert "e-91c2" in unknown
    assert "AWS credentials have expired. Renew them." in known
    assert "invalid_blocks" in slack
    assert "✏️" in words_of(views.failure(UsageError("No such word.")))


@pytest.mark.parametrize("state", [RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED])
def test_a_run_without_verdict_says_why_and_offers_to_run_again(state: RunState) -> None:
    """Failed, cancelled and cut off all end in a message with Run again."""
    message = views.ended(dataclasses.replace(RUN, state=state, decided_by="U0LEAD"), sentence="It ended.")

    assert "no verdict" in message.blocks[0]["text"]["text"]
    assert "It ended." in words_of(message)
    assert message.blocks[-1]["elements"][0]["action_id"] == "run_again"


def test_a_reply_shows_counts_techniques_and_the_usual_value() -> None:
    """Findings of one host with where else they are seen, ATT&CK ids, the row, and what is usual in its place."""
    said = words_of(views.host_reply(REPORT, MINER.id))

    assert (
        "none of the other 22 hosts has it; not in the baseline\nT1053.003, T1105 · crontab · 13.1 bits"
        in said
    )
    assert "Of the other 22 hosts 21 have value 0 and 1 has value 4096." in said
    assert "name=kernel.tainted  current_value=12289\nusual: current_value=0" in said
    assert "the other 22 hosts all have it; the baseline has it" in said


def test_hosts_without_findings_and_strangers_get_an_answer_too() -> None:
    """A quiet host shows nothing that differs, one with a small difference does not stand out, a stranger is no part."""
    assert "shows nothing that differs" in words_of(views.host_reply(REPORT, QUIET[0].id))
    assert "does not stand out: 1 smaller difference" in words_of(views.host_reply(REPORT, QUIET[3].id))
    assert "is not part of this run" in words_of(views.host_reply(REPORT, "i-stranger"))


def test_the_rest_is_one_list_and_a_file_or_nothing() -> None:
    """What the host replies leave over comes once, with the file; a clean report leaves nothing."""
    rest = views.rest_reply(REPORT)

    assert rest is not None
    assert rest.file is not None
    assert rest.file.name == "diffy-r-7f3a91.txt"
    assert "2 smaller differences on 2 other hosts" in words_of(rest)
    assert views.rest_reply(CLEAN) is None


def test_more_than_five_outliers_are_counted_in_the_parent_and_listed_in_the_rest() -> None:
    """Nobody who stands out is left unsaid."""
    hosts = tuple(dataclasses.replace(host, outlier=True) for host in REPORT.hosts[:8])
    extra = tuple(dataclasses.replace(FINDINGS[0], hosts=(host.id,)) for host in hosts)
    report = dataclasses.replace(REPORT, hosts=hosts, findings=extra)

    rest = views.rest_reply(report)

    assert "3 more hosts that stand out" in words_of(views.verdict(report, RUN, now=NOW))
    assert rest is not None
    assert "3 more hosts that stand out" in words_of(rest)


def test_the_pages_of_the_drill_down_hold_every_row_once() -> None:
    """Turning all pages shows each finding's row, the rows behind it, and those of what else is seen of it, exactly once."""
    more = dataclasses.replace(FINDINGS[0], rows=({"name": "second"}, {"name": "third"}))
    report = dataclasses.replace(REPORT, findings=(more, *FINDINGS[1:]))

    every = [
        spoken({"type": "rich_text", "elements": [element]})
        for page in range(1, 5)
        for block in views.drill_down(report, page=page)["blocks"]
        if block["type"] == "rich_text"
        for element in block["elements"]
        if element["type"] == "rich_text_preformatted"
    ]

    boxes = [box for box in every if "bits together" not in box]
    assert len(boxes) == sum(1 + len(fact.rows) for finding in report.findings for fact in finding.facts)
    assert len(every) - len(boxes) == len(FINDINGS)
    assert boxes[1] == "name  second"
    assert "No row differs" in str(views.drill_down(CLEAN))
    assert "Pick another" in str(views.drill_down(REPORT, query="none"))


def test_a_query_whose_rows_stand_behind_another_finding_can_be_picked() -> None:
    """The modal offers it, shows its rows alone, and says with what they were found."""
    view = views.drill_down(REPORT, query="outbound_sockets")

    shown = str(view["blocks"])
    assert "outbound sockets (1)" in shown
    assert "2 differing rows on " in shown
    assert "198.51.100.3" in shown
    assert "It: runs “/dev/shm/.k/kworker" in shown
    assert "bits together" not in shown


def test_what_differs_from_a_baseline_is_counted_by_rows() -> None:
    """A finding that tells of a thing by several rows counts with each, and each has its line."""
    report = dataclasses.replace(REPORT, findings=tuple(f for f in FINDINGS if f.also))

    message = views.baseline_taken(BASELINE, NOW, drift=report)

    words = words_of(message)
    assert "3 added" in words
    assert all(name in words for name in ("PROCESSES", "OUTBOUND SOCKETS", "TMP EXECUTABLES"))


def test_a_notice_lists_what_changed_and_waits_for_a_person() -> None:
    """Added, missing and changed rows with their hosts; Accept and Keep; a late one says so; a decided one has no more to decide."""
    run = dataclasses.replace(RUN, id="r-9d20e4")
    message = views.notice(CHANGED, run, SCHEDULE, BASELINE, NOW, late=True)
    decided = views.notice(CHANGED, run, SCHEDULE, BASELINE, NOW, decided=views.kept_text("U0LEAD", "today"))

    said = words_of(message)
    assert (
        message.blocks[0]["text"]["text"] == "🔔 web-asg changed: 2 added, 1 removed, 1 changed on 23 hosts"
    )
    assert "+ port=9100" in said
    assert "- path=/etc/cron.d/logship" in said
    assert "was version=3.0.2-0ubuntu1.10" in said
    assert "on all 23 hosts" in said
    assert "so it ran late, once" in said
    assert [one["action_id"] for one in message.blocks[-1]["elements"][:3]] == [
        "drill_down",
        "accept_baseline",
        "keep_baseline",
    ]
    assert [one["action_id"] for one in decided.blocks[-1]["elements"]] == ["drill_down", "more"]
    assert "Present baseline kept by U0LEAD on today" in words_of(decided)


def test_a_notice_names_hosts_that_would_stand_out() -> None:
    """A change that only some hosts show is not lost among the group's."""
    report = dataclasses.replace(CHANGED, hosts=REPORT.hosts, notes=("A note.",))

    said = words_of(views.notice(report, RUN, SCHEDULE, BASELINE, NOW))

    assert f"2 hosts would stand out: {SHELL.id}, {MINER.id}" in said
    assert "Note: A note." in said


def test_a_proposal_says_what_differs_or_that_nothing_can_be_compared() -> None:
    """First baseline, no comparison, nothing different, and somebody standing out each have their sentence."""
    hosts = HOSTS[:3]
    first = words_of(views.baseline_proposal(None, RUN, hosts, None, (), NOW))
    blind = words_of(views.baseline_proposal(None, RUN, hosts, BASELINE, (), NOW))
    same = words_of(views.baseline_proposal(CLEAN, RUN, hosts, BASELINE, (), NOW))
    odd = words_of(views.baseline_proposal(CHANGED, RUN, hosts, BASELINE, REPORT.outliers, NOW))

    assert "this would be the first" in first
    assert "could not be compared" in blind
    assert "Nothing differs from version 3 (6 days old)" in same
    assert "2 of 3 chosen hosts stand out" in odd
    assert "2 added, 1 removed, 1 changed" in odd


def test_empty_lists_say_how_to_begin() -> None:
    """No baseline, no schedule and nothing running are sentences, not blank messages."""
    assert "/diffy baseline" in words_of(views.baseline_list([], NOW))
    assert "/diffy schedule" in words_of(views.schedule_list([], NOW))
    assert "Nothing is going on" in words_of(views.status([], [], [], NOW))
    assert "linux-triage  What a responder looks at. 1 query." in words_of(views.packs([PACK]))


def test_the_terminal_gets_the_verdict_first_then_hosts_findings_and_gaps() -> None:
    """The same words as in Slack, as plain text."""
    said = views.report_text(REPORT, now=NOW)

    assert said.startswith("2 of 24 hosts stand out; 1 did not answer; 1 answered in part\n")
    assert (
        said.index("STANDS OUT") < said.index("9 findings, sharpest first") < said.index("Did not answer: ")
    )
    assert "usual: name=kernel.tainted" in said
    assert f"Run {RUN_ID}, pack linux-triage" in said
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) <= 100
    assert views.report_text(CLEAN, now=NOW).startswith("Nothing stands out in 6 of 6 hosts\n")


def test_a_long_list_of_findings_ends_on_the_terminal_with_a_count() -> None:
    """Nothing is cut silently."""
    report = dataclasses.replace(REPORT, findings=FINDINGS * 6)

    assert "14 more findings: see --json" in views.report_text(report, now=NOW)


def test_packs_are_tables_on_the_terminal() -> None:
    """One line a pack, one a query."""
    assert "linux-triage" in views.packs_text([PACK])
    assert "crontab" in views.pack_text(PACK)


def test_the_json_is_valid_by_its_schema_and_the_schema_is_closed() -> None:
    """The example report validates; an unknown field at a named level does not."""
    report = json.loads(views.to_json(REPORT))

    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
    assert report["findings"][0]["row"]["remote_port"] == "4444"
    assert report["hosts"][-1]["rank"] == 0
    for level in (
        report,
        report["run"],
        report["coverage"],
        report["hosts"][0],
        report["findings"][0],
        report["limits"],
    ):
        level["surprise"] = 1
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
        del level["surprise"]
    assert views.json_file(REPORT).name == "diffy-r-7f3a91.json"


def test_the_findings_file_holds_every_row_and_the_parts_of_each_score() -> None:
    """Hosts, missed, unknown queries, findings with rows, usual values and score parts, all as text."""
    said = views.findings_file(REPORT).content.decode()

    for finding in FINDINGS:
        assert finding.hosts[0] in said
    assert "DID NOT ANSWER" in said
    assert "suid_bin timed out" in said
    assert (
        " +5.5  on only 1 of 23 hosts\n      +1.4  new: in none of 3 baseline snapshots (half of 2.8)" in said
    )
    assert "usual: 0" in said
