"""Steering and deciding over real Socket Mode: join, finish, cancel, accept, schedule, and what is refused with a sentence."""

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
from tests.whole.stage import Stage, buttons, shown, stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Nine hosts that answer alike, but for one that is compromised."""
    with stage(tmp_path_factory.mktemp("many"), fleet="many:9") as up:
        yield up


@pytest.fixture(scope="module")
def clean(many: Stage) -> Stage:
    """The compromised host has been mended."""
    many.aws.remove_rows(many.aws.ids("many-asg")[7], "processes", {"name": "kworkerd"})
    return many


def begun(many: Stage, group: str = "many-asg") -> int:
    """Ask for an analysis; return how many messages were there before."""
    before = len(many.parents())
    many.type(f"analyze {group}")
    return before


def test_a_second_request_joins(many: Stage) -> None:
    """The second person gets a link to the run; one parent message serves both."""
    slow = many.aws.ids("many-asg")[5]
    many.aws.set_host(slow, delay_s=3600)
    before = len(many.parents())
    first = many.type("analyze many-asg")
    many.wait(lambda slack: len(slack.messages(INCIDENT.id)) > before)

    second = many.type("analyze many-asg", user=APPROVER.id)

    many.aws.set_host(slow, delay_s=0)
    many.message_with("drill_down", after=before)
    assert "joined" in second
    assert "joined" not in first
    assert len(many.parents()) == before + 1


@pytest.mark.parametrize(
    ("button", "expected"), [("finish_now", "1 of 9 hosts stands out"), ("cancel_run", "cancelled")]
)
def test_finish_now_and_cancel(many: Stage, button: str, expected: str) -> None:
    """While a slow host is awaited: finish gives the verdict without it, cancel gives none."""
    slow = many.aws.ids("many-asg")[5]
    many.aws.set_host(slow, delay_s=3600)
    before = begun(many)
    running = many.message_with("finish_now", after=before)

    many.press(running, button)

    ended = many.wait(
        lambda slack: (
            m
            if not {"finish_now", "cancel_run"} & buttons(m := slack.message(INCIDENT.id, running.ts))
            else None
        )
    )
    many.aws.set_host(slow, delay_s=0)
    assert "Provisional" in shown(running)
    assert expected in shown(ended)


def test_accepting_needs_the_right_and_a_reason(clean: Stage) -> None:
    """The responder is refused and told whom to ask; the approver accepts, and the message says who did it and when."""
    before = begun(clean)
    parent = clean.message_with("accept_baseline", after=before)

    clean.press(parent, "accept_baseline", user=RESPONDER.id)
    refusal = clean.wait(lambda slack: [m for m in slack.ephemerals(RESPONDER.id) if "may not" in shown(m)])[
        -1
    ]
    clean.press(parent, "accept_baseline", user=APPROVER.id)
    view = clean.view(APPROVER.id)
    without = clean.slack.submit(APPROVER.id, view.id, {"reason": "   "})
    clean.slack.submit(APPROVER.id, view.id, {"reason": "fresh after the deploy"})

    decided = clean.wait(
        lambda slack: (
            m if "accept_baseline" not in buttons(m := slack.message(parent.channel, parent.ts)) else None
        )
    )
    assert APPROVER.id in shown(refusal)
    assert without.errors
    assert "Accepted as baseline version 1" in shown(decided).replace("\n", "")
    assert APPROVER.id in shown(decided)
    assert "version 1" in clean.type("baseline list many-asg")


def test_the_next_analysis_uses_the_baseline(clean: Stage) -> None:
    """Without a method: both, since a baseline exists; it says so."""
    before = begun(clean)

    parent = clean.message_with("run_again", after=before)

    assert "baseline" in shown(parent)
    assert "baseline 1" in shown(parent)


def test_a_schedule_says_nothing_until_something_changed(clean: Stage) -> None:
    """`schedule run`: unchanged renews the age in silence; changed posts one notice, which waits for a person."""
    taken = clean.type("baseline many-asg", user=APPROVER.id)
    before = len(clean.parents(SECOND_INCIDENT.id))
    saved = clean.type(
        f'schedule many-asg "daily 06:00 UTC" --channel #{SECOND_INCIDENT.name}', user=APPROVER.id
    )
    clean.wait(lambda slack: any("in force" in shown(m) for m in slack.messages(INCIDENT.id)))

    clean.type("schedule run many-asg", user=APPROVER.id)
    clean.idle()
    quiet = len(clean.parents(SECOND_INCIDENT.id))
    for host in clean.aws.ids("many-asg"):
        clean.aws.add_rows(
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
    clean.type("schedule run many-asg", user=APPROVER.id)
    notice = clean.message_with("keep_baseline", channel=SECOND_INCIDENT.id, after=quiet)
    clean.press(notice, "keep_baseline", user=APPROVER.id)

    kept = clean.wait(
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
        (BYSTANDER.id, INCIDENT.id, "analyze many-asg", "may not analyse"),
        (GUEST.id, INCIDENT.id, "analyze many-asg", "may not analyse"),
        (RESPONDER.id, INCIDENT.id, "baseline many-asg", "may not change"),
        (RESPONDER.id, SHARED.id, "analyze many-asg", "shared with another organisation"),
        (RESPONDER.id, WITHOUT_BOT.id, "analyze many-asg", "/invite @diffy"),
        (RESPONDER.id, INCIDENT.id, "analyse many-asg", "Did you mean analyze"),
        (RESPONDER.id, INCIDENT.id, "analyze", "Which target"),
        (RESPONDER.id, INCIDENT.id, "analyze many-asg --method nonsense", "no method"),
        (APPROVER.id, INCIDENT.id, "schedule many-asg whenever", "06:00"),
        (RESPONDER.id, INCIDENT.id, "cancel r9999999", "No run r9999999"),
        (RESPONDER.id, INCIDENT.id, "analyze many-asg --pack nope", "no pack"),
    ],
)
def test_bad_input_gets_its_sentence(many: Stage, user: str, channel: str, text: str, expected: str) -> None:
    """Each with what happened and what to do next, to the person alone; nothing is collected."""
    before = len(many.parents(channel))
    answers = len(many.slack.ephemerals(user))

    many.type(text, user=user, channel=channel)

    many.wait(lambda slack: any(expected in shown(m) for m in slack.ephemerals(user)[answers:]))
    assert len(many.parents(channel)) == before


def test_an_unknown_group_gets_near_names(many: Stage) -> None:
    """The message itself says so, with the names that are near."""
    before = begun(many, "many-asgg")

    parent = many.message_with("run_again", after=before)

    assert "many-asg" in shown(parent)
    assert "many-asgg" in shown(parent)


def test_help_status_and_packs_answer_at_once(many: Stage) -> None:
    """All three from memory, to the person alone."""
    assert "analyze <target>" in many.type("help")
    assert "linux-triage" in many.type("packs")
    assert many.type("status")


def test_a_refreshed_connection_loses_nothing(many: Stage) -> None:
    """Slack asks every few hours to reconnect; commands typed after it are answered."""
    many.slack.refresh_sockets()
    many.ready()

    assert many.type("status")


def test_an_answer_whose_edits_are_refused_is_posted_anew(many: Stage) -> None:
    """When Slack refuses every edit of the parent, in every form, the answer comes as a new message: never lost."""
    before = begun(many)
    first = many.wait(lambda slack: slack.messages(INCIDENT.id)[before:])[0]
    many.slack.fail_next("chat.update", "invalid_blocks", 40)

    answer = many.wait(
        lambda slack: next(
            (m for m in slack.messages(INCIDENT.id)[before:] if "run_again" in buttons(m)), None
        )
    )

    assert answer.ts != first.ts
    assert "many-asg" in shown(answer)
