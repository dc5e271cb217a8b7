"""Does Slack take whatever a report holds, and is nobody pinged by it?"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import views
from bot.errors import ChatError, UnknownTarget
from bot.model import Message, Progress, Report, RunState
from tests.views import examples
from tests.views.examples import APPROVER, BASELINE, NOW, RESPONDER, RUN, SCHEDULE
from tests.views.reports import NASTY, crowded, hostile, names, reports
from tests.views.slack_rules import problems_of_message, problems_of_view

ACTORS = frozenset({RESPONDER, APPROVER})
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "report.schema.json").read_text())
FEW = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


def messages_of(report: Report) -> list[Message]:
    """Return every message that Diffy makes of a report."""
    rest = views.rest_reply(report)
    baseline = dataclasses.replace(
        BASELINE, target=report.run.target, hosts=tuple(host.id for host in report.hosts)
    )
    chosen = tuple(host.host for host in report.hosts if host.host)
    waiting = tuple(host.id for host in report.hosts[:7])
    return [
        views.verdict(report, RUN, now=NOW),
        views.verdict(report, RUN, now=NOW, decided=views.accepted_text(BASELINE)),
        views.provisional(report, RUN, Progress(RunState.COLLECTING, 24, 20, 1, waiting_for=waiting)),
        *(views.host_reply(report, host.id) for host in report.hosts[:3]),
        *([rest] if rest else []),
        views.posted_rows(report, "", "", 1, RESPONDER),
        views.notice(report, RUN, SCHEDULE, baseline, NOW, late=True),
        views.baseline_proposal(report, RUN, chosen, BASELINE, report.outliers, NOW),
        views.accepted(baseline, left=waiting),
        views.baseline_taken(baseline, NOW),
        views.baseline_taken(baseline, NOW, drift=report, left=waiting),
        views.baseline_list([baseline] * 30, NOW),
    ]


@FEW
@given(report=reports())
def test_every_message_of_any_report_is_taken_by_slack_and_pings_nobody(report: Report) -> None:
    """No text, number of hosts or length makes a message that Slack refuses, or one that mentions or links."""
    for message in messages_of(report):
        problems = problems_of_message(message, may_mention=ACTORS)

        assert problems == []


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_far_too_much_of_everything_still_fits(text: str) -> None:
    """1,000 hosts, 400 findings and long or hostile text in every field stay within the limits of each message."""
    report = crowded(text)

    for message in messages_of(report):
        assert problems_of_message(message, may_mention=ACTORS) == []
    for page in (1, 300):
        assert problems_of_view(views.drill_down(report, page=page)) == []
    assert (
        problems_of_view(views.drill_down(report, host=report.hosts[450].id, query=report.findings[3].query))
        == []
    )
    assert problems_of_view(views.accept_modal(report, RUN, BASELINE)) == []


@FEW
@given(report=reports(), page=st.integers(-1, 40), data=st.data())
def test_every_modal_of_any_report_is_taken_by_slack(report: Report, page: int, data: st.DataObject) -> None:
    """Whatever host, query and page is asked for, the drill-down and the accept modal stay within a view's limits."""
    host = data.draw(st.sampled_from(["", "i-none", *(one.id for one in report.hosts[:5])]))
    query = data.draw(st.sampled_from(["", "none", *(finding.query for finding in report.findings[:5])]))

    drill = views.drill_down(report, host=host, query=query, page=page)
    accept = views.accept_modal(report, RUN, data.draw(st.none() | st.just(BASELINE)))

    assert problems_of_view(drill) == []
    assert problems_of_view(accept) == []


@FEW
@given(report=reports())
def test_every_report_is_valid_json_by_its_schema_and_ascii(report: Report) -> None:
    """The JSON of any report follows docs/report.schema.json and holds no byte that could steer a terminal."""
    raw = views.to_json(report)

    jsonschema.validate(json.loads(raw), SCHEMA, cls=jsonschema.Draft202012Validator)
    assert all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in raw)


@FEW
@given(report=reports(), width=st.integers(0, 200))
def test_no_control_character_of_a_host_reaches_a_terminal_or_a_file(report: Report, width: int) -> None:
    """Terminal text and the findings file hold no control characters but line ends, whatever the host wrote."""
    for text in (
        views.report_text(report, width=width, now=NOW),
        views.findings_file(report).content.decode(),
    ):
        assert not {
            character for character in text if ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0
        } - {"\n"}
        assert "\u202e" not in text


@FEW
@given(words=hostile, name=names, number=st.integers(0, 400))
def test_messages_without_a_report_are_taken_by_slack_too(words: str, name: str, number: int) -> None:
    """Acks, progress, errors, lists and usage stay valid with any target, reason and error text."""
    run = dataclasses.replace(
        RUN, target=dataclasses.replace(RUN.target, names=(name,)), incident=words, pack=name, error=words
    )
    ids = tuple(f"{name}{index}" for index in range(number))
    schedule = dataclasses.replace(SCHEDULE, target=run.target, words=words, last_result=words)
    baselines = [dataclasses.replace(BASELINE, target=name, reason=words, template_versions=(words,))]
    made = [
        views.ack(run, group_size=number),
        views.joined(run, "https://example.slack.com/archives/C1/p1"),
        views.not_in_channel(words),
        views.refusal(words, "<@U0LEAD>"),
        views.failure(UnknownTarget(words, words), "e-1"),
        views.failure(ChatError(words, code=words)),
        views.failure(RuntimeError(words), words),
        *(
            views.progress(run, Progress(state, number, number // 2, 1, 2, ids, ids))
            for state in (RunState.QUEUED, RunState.COLLECTING, RunState.COMPARING, RunState.DONE)
        ),
        views.ended(run, sentence=words, hint=words),
        views.schedule_saved(schedule, NOW),
        views.schedule_removed(schedule),
        views.schedule_list([schedule] * 40, NOW),
        views.status([(run, Progress(RunState.QUEUED, place=number))] * 30, [run] * 30, [schedule] * 30, NOW),
        views.baseline_list(baselines * 40, NOW),
        views.help([(name, words)] * 40),
        views.usage(name, words, problem=words),
    ]

    for message in made:
        assert problems_of_message(message, may_mention=ACTORS) == []
    assert problems_of_view(views.modal_error(UnknownTarget(words, words))) == []


def test_the_rules_see_what_slack_would_refuse() -> None:
    """The checker itself is not blind: each broken rule is named."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "<!channel> https://evil.example"}}
    header = {"type": "header", "text": {"type": "plain_text", "emoji": False, "text": "x" * 151}}
    ping = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "channel"}]}],
    }

    found = problems_of_message(Message("see https://evil.example <!here>", (section, header, ping)))

    assert "mrkdwn" in found
    assert "151 characters where 150 are taken" in found
    assert "broadcast in a paragraph" in found
    assert any(problem.startswith("top-level text could be parsed") for problem in found)


def test_the_example_names_the_hostile_process_as_it_is_and_links_nothing() -> None:
    """A process named like a mention and a link is shown literally in its box, and defanged outside of it."""
    message = views.host_reply(examples.REPORT, examples.SHELL.id)

    raw = json.dumps(message.blocks, ensure_ascii=False)
    assert "name=<!channel> *x* https://evil.example" in raw
    assert "as www-data, command line “<!channel> *x* hxxps[:]//evil[.]example -- " in raw
    assert problems_of_message(message, may_mention=ACTORS) == []
