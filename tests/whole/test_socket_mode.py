"""The main job over real Socket Mode: what a channel sees from the command to the decision."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.sandbox.slack.workspace import (
    APPROVER,
    BYSTANDER,
    GUEST,
    INCIDENT,
    RESPONDER,
    SECOND_INCIDENT,
    SHARED,
    WITHOUT_BOT,
)
from tests.whole.stage import Stage, buttons, planted, shown, stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The demo's two groups, with two compromised hosts in web-asg and one offline."""
    with stage(tmp_path_factory.mktemp("demo"), fleet="demo") as up:
        yield up
        assert up.slack.rejected == (), "Slack refused calls through the bot's own fault"
        assert "Traceback" not in up.bot.said()


def analyzed(demo: Stage, text: str, **where: str) -> tuple[int, str]:
    """Analyse and wait for the verdict; return how many messages were there before, and the ack."""
    before = len(demo.parents(where.get("channel", INCIDENT.id)))
    return before, demo.type(text, **where)


def test_analyze_names_the_compromised_hosts_first(demo: Stage) -> None:
    """One parent message, edited to the verdict; a reply for each host that stands out; no ping, no link."""
    before, ack = analyzed(demo, "analyze web-asg")

    parent = demo.message_with("drill_down", after=before)

    text = shown(parent)
    hosts = planted(demo)
    assert "web-asg" in ack
    assert "2 of 24 hosts stand out" in text
    assert "1 did not answer" in text
    assert all(host in text for host in hosts)
    assert len(parent.versions) > 1
    replies = demo.wait(lambda slack: r if len(r := slack.thread(parent.channel, parent.ts)) >= 2 else None)
    everything = [parent, *replies]
    assert {host for host in hosts if any(host in shown(reply) for reply in replies[:2])} == set(hosts)
    assert {ping for message in everything for ping in message.pings} <= {f"<@{RESPONDER.id}>"}
    assert all(message.links == () for message in everything)
    assert any("<!channel> *x*" in shown(message) for message in everything)


def test_drill_down_pages_and_posts_to_the_thread(demo: Stage) -> None:
    """The modal shows stored rows by host and query; "Post to thread" puts them where the others read."""
    before, _ = analyzed(demo, "analyze web-asg")
    parent = demo.message_with("drill_down", after=before)
    host = planted(demo)[0]
    demo.press(parent, "drill_down")
    view = demo.view()
    replies = len(demo.slack.thread(parent.channel, parent.ts))

    demo.slack.press_in_view(RESPONDER.id, view.id, "pick_host", host)
    demo.wait(lambda slack: host in shown(slack.views(RESPONDER.id)[-1]))
    demo.slack.press_in_view(RESPONDER.id, view.id, "post_to_thread")

    posted = demo.wait(lambda slack: slack.thread(parent.channel, parent.ts)[replies:])
    assert host in shown(posted[-1])
    demo.slack.close_view(RESPONDER.id, view.id)


def test_a_second_request_joins(demo: Stage) -> None:
    """The second person gets a link to the run; one parent message serves both."""
    before, first = analyzed(demo, "analyze web-asg")
    demo.wait(lambda slack: len(slack.messages(INCIDENT.id)) > before)

    second = demo.type("analyze web-asg", user=APPROVER.id)

    demo.message_with("drill_down", after=before)
    assert "joined" in second
    assert "joined" not in first
    assert len(demo.parents()) == before + 1


@pytest.mark.parametrize(("button", "expected"), [("finish_now", "stand out"), ("cancel_run", "cancelled")])
def test_finish_now_and_cancel(demo: Stage, button: str, expected: str) -> None:
    """While a slow host is awaited: finish gives the verdict without it, cancel gives none."""
    slow = demo.aws.ids("web-asg")[5]
    demo.aws.set_host(slow, delay_s=60)
    before, _ = analyzed(demo, "analyze web-asg")
    running = demo.message_with("finish_now", after=before)

    demo.press(running, button)

    ended = demo.wait(
        lambda slack: (
            m
            if not {"finish_now", "cancel_run"} & buttons(m := slack.message(INCIDENT.id, running.ts))
            else None
        )
    )
    demo.aws.set_host(slow, delay_s=0)
    assert "Provisional" in shown(running)
    assert expected in shown(ended)


def test_accepting_needs_the_right_and_a_reason(demo: Stage) -> None:
    """The responder is refused and told whom to ask; the approver accepts, and the message says who did it and when."""
    before, _ = analyzed(demo, "analyze api-asg")
    parent = demo.message_with("accept_baseline", after=before)

    demo.press(parent, "accept_baseline", user=RESPONDER.id)
    refusal = demo.wait(lambda slack: [m for m in slack.ephemerals(RESPONDER.id) if "may not" in shown(m)])[
        -1
    ]
    demo.press(parent, "accept_baseline", user=APPROVER.id)
    view = demo.view(APPROVER.id)
    without = demo.slack.submit(APPROVER.id, view.id, {"reason": "   "})
    demo.slack.submit(APPROVER.id, view.id, {"reason": "fresh after the deploy"})

    decided = demo.wait(
        lambda slack: (
            m if "accept_baseline" not in buttons(m := slack.message(parent.channel, parent.ts)) else None
        )
    )
    assert APPROVER.id in shown(refusal)
    assert without.errors
    assert "Accepted as baseline version 1" in shown(decided).replace("\n", "")
    assert APPROVER.id in shown(decided)
    assert "version 1" in demo.type("baseline list api-asg")


def test_the_next_analysis_uses_the_baseline(demo: Stage) -> None:
    """Without a method: both, since a baseline exists; it says so."""
    before, _ = analyzed(demo, "analyze api-asg")

    parent = demo.message_with("run_again", after=before)

    assert "baseline" in shown(parent)
    assert "baseline 1" in shown(parent)


def test_a_schedule_says_nothing_until_something_changed(demo: Stage) -> None:
    """`schedule run`: unchanged renews the age in silence; changed posts one notice, which waits for a person."""
    taken = demo.type("baseline api-asg", user=APPROVER.id)
    before = len(demo.parents(SECOND_INCIDENT.id))
    saved = demo.type(
        f'schedule api-asg "daily 06:00 UTC" --channel #{SECOND_INCIDENT.name}', user=APPROVER.id
    )
    demo.wait(lambda slack: any("in force" in shown(m) for m in slack.messages(INCIDENT.id)))

    demo.type("schedule run api-asg", user=APPROVER.id)
    demo.idle()
    quiet = len(demo.parents(SECOND_INCIDENT.id))
    for host in demo.aws.ids("api-asg"):
        demo.aws.add_rows(
            host,
            "crontab",
            [
                {
                    "event": "",
                    "minute": "*/5",
                    "hour": "*",
                    "day_of_month": "*",
                    "month": "*",
                    "day_of_week": "*",
                    "command": "/opt/fetch/run.sh",
                    "path": "/etc/cron.d/fetch",
                }
            ],
        )
    demo.type("schedule run api-asg", user=APPROVER.id)
    notice = demo.message_with("keep_baseline", channel=SECOND_INCIDENT.id, after=quiet)
    demo.press(notice, "keep_baseline", user=APPROVER.id)

    kept = demo.wait(
        lambda slack: (
            m if "keep_baseline" not in buttons(m := slack.message(notice.channel, notice.ts)) else None
        )
    )
    assert "baseline" in taken
    assert "daily 06:00 UTC" in saved
    assert quiet == before
    assert "/opt/fetch/run.sh" in shown(notice)
    assert "kept" in shown(kept)


@pytest.mark.parametrize(
    ("user", "channel", "text", "expected"),
    [
        (BYSTANDER.id, INCIDENT.id, "analyze web-asg", "may not analyse"),
        (GUEST.id, INCIDENT.id, "analyze web-asg", "may not analyse"),
        (RESPONDER.id, INCIDENT.id, "baseline web-asg", "may not change"),
        (RESPONDER.id, SHARED.id, "analyze web-asg", "shared with another organisation"),
        (RESPONDER.id, WITHOUT_BOT.id, "analyze web-asg", "/invite @diffy"),
        (RESPONDER.id, INCIDENT.id, "analyse web-asg", "Did you mean analyze"),
        (RESPONDER.id, INCIDENT.id, "analyze", "Which target"),
        (RESPONDER.id, INCIDENT.id, "analyze web-asg --method nonsense", "no method"),
        (APPROVER.id, INCIDENT.id, "schedule web-asg whenever", "06:00"),
        (RESPONDER.id, INCIDENT.id, "cancel r9999999", "No run r9999999"),
        (RESPONDER.id, INCIDENT.id, "analyze web-asg --pack nope", "no pack"),
    ],
)
def test_bad_input_gets_its_sentence(demo: Stage, user: str, channel: str, text: str, expected: str) -> None:
    """Each with what happened and what to do next, to the person alone; nothing is collected."""
    before = len(demo.parents(channel))
    answers = len(demo.slack.ephemerals(user))

    demo.type(text, user=user, channel=channel)

    demo.wait(lambda slack: any(expected in shown(m) for m in slack.ephemerals(user)[answers:]))
    assert len(demo.parents(channel)) == before


def test_an_unknown_group_gets_near_names(demo: Stage) -> None:
    """The message itself says so, with the names that are near."""
    before, _ = analyzed(demo, "analyze web-asgg")

    parent = demo.message_with("run_again", after=before)

    assert "web-asg" in shown(parent)
    assert "web-asgg" in shown(parent)


def test_help_status_and_packs_answer_at_once(demo: Stage) -> None:
    """All three from memory, to the person alone."""
    assert "analyze <target>" in demo.type("help")
    assert "linux-triage" in demo.type("packs")
    assert demo.type("status")


def test_a_refreshed_connection_loses_nothing(demo: Stage) -> None:
    """Slack asks every few hours to reconnect; commands typed after it are answered."""
    demo.slack.refresh_sockets()
    demo.ready()

    assert demo.type("status")


def test_an_answer_whose_edits_are_refused_is_posted_anew(demo: Stage) -> None:
    """When Slack refuses every edit of the parent, in every form, the answer comes as a new message: never lost."""
    before, _ = analyzed(demo, "analyze api-asg")
    first = demo.wait(lambda slack: slack.messages(INCIDENT.id)[before:])[0]
    demo.slack.fail_next("chat.update", "invalid_blocks", 40)

    answer = demo.wait(
        lambda slack: next(
            (m for m in slack.messages(INCIDENT.id)[before:] if "run_again" in buttons(m)), None
        )
    )

    assert answer.ts != first.ts
    assert "api-asg" in shown(answer)
