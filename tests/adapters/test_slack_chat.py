"""How a message reaches Slack, against the strict local Slack: rich, plainer, bare, or as a file; never lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.adapters.slack_chat import SlackChat, make_client
from bot.adapters.slack_directory import SlackDirectory
from bot.errors import ChatError
from bot.model import Attachment, Message
from bot.sandbox.slack import LocalSlack
from tests.workflows.parts import ManualClock

RICH = ({"type": "header", "text": {"type": "plain_text", "text": "rich"}},)
PLAIN = ({"type": "section", "text": {"type": "plain_text", "text": "plain"}},)
TOO_LONG = tuple({"type": "section", "text": {"type": "plain_text", "text": "x" * 2900}} for _ in range(6))
FILE = Attachment("findings.txt", "All findings", b"everything\n")


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(rate_limits=False) as up:
        yield up


@pytest.fixture
def chat(slack: LocalSlack) -> SlackChat:
    return SlackChat(make_client(slack.bot_token, base_url=slack.api_url))


def test_the_rich_form_is_sent_when_slack_takes_it(slack: LocalSlack, chat: SlackChat) -> None:
    """Blocks as they are, no link unfurled."""
    ts = chat.post(slack.channel, Message("text", RICH, PLAIN))

    assert slack.message(slack.channel, ts).blocks[0]["type"] == "header"
    assert slack.calls[-1].args["unfurl_links"] in (False, "0", "false")


def test_a_refused_form_is_followed_by_a_plainer_one_and_the_file(slack: LocalSlack, chat: SlackChat) -> None:
    """Slack refuses 17,400 characters of blocks: the plain form arrives, with everything as a file in its thread."""
    ts = chat.post(slack.channel, Message("text", TOO_LONG, PLAIN, FILE))

    message = slack.message(slack.channel, ts)
    assert message.blocks[0]["text"]["text"] == "plain"
    assert [file.content for file in slack.files(slack.channel)] == [b"everything\n"]


def test_when_every_form_is_refused_the_bare_text_arrives(slack: LocalSlack, chat: SlackChat) -> None:
    """Rich and plain both refused: text alone."""
    ts = chat.post(slack.channel, Message("bare text", TOO_LONG, TOO_LONG))

    assert slack.message(slack.channel, ts).text == "bare text"
    assert slack.message(slack.channel, ts).blocks == ()


def test_an_edit_falls_back_too(slack: LocalSlack, chat: SlackChat) -> None:
    """chat.update follows the same order."""
    ts = chat.post(slack.channel, Message("before", RICH))

    chat.update(slack.channel, ts, Message("after", TOO_LONG, PLAIN))

    assert slack.message(slack.channel, ts).blocks[0]["text"]["text"] == "plain"


def test_other_refusals_carry_slacks_code_and_a_hint(slack: LocalSlack, chat: SlackChat) -> None:
    """Not in the channel: no plainer form helps; the hint says what does."""
    with pytest.raises(ChatError, match="not_in_channel") as caught:
        chat.post(slack.channel_without_bot, Message("text", RICH))

    assert caught.value.code == "not_in_channel"
    assert "/invite @diffy" in caught.value.hint


def test_a_rate_limit_is_waited_for(slack: LocalSlack, chat: SlackChat) -> None:
    """429 with Retry-After: the message arrives after the pause."""
    slack.rate_limit("chat.postMessage", 1)

    ts = chat.post(slack.channel, Message("patient", RICH))

    assert slack.message(slack.channel, ts).text == "patient"


def test_an_unreachable_slack_is_an_error_in_words() -> None:
    """Nothing listens: a sentence, not a traceback of urllib."""
    nowhere = SlackChat(make_client("xoxb-none", base_url="http://127.0.0.1:9/api/"))

    with pytest.raises(ChatError, match="could not be reached"):
        nowhere.post("C0", Message("text"))


def test_links_are_built_from_memory(slack: LocalSlack, chat: SlackChat) -> None:
    """After one auth.test a link needs no call, and is the one that Slack gives."""
    assert chat.permalink(slack.channel, "1.000200") == ""
    chat.know_workspace()
    ts = chat.post(slack.channel, Message("text"))
    before = len(slack.calls)

    link = chat.permalink(slack.channel, ts)

    assert link == slack.permalink(slack.message(slack.channel, ts))
    assert len(slack.calls) == before


def test_people_and_channels_are_remembered_and_asked_again(slack: LocalSlack) -> None:
    """Guests, shared channels and membership; asked once, answered from memory, asked again after ten minutes."""
    clock = ManualClock()
    directory = SlackDirectory(make_client(slack.bot_token, base_url=slack.api_url), clock)
    assert directory.person(slack.guest) is None

    directory.learn(slack.guest, slack.shared_channel)
    directory.learn(slack.responder, slack.channel_without_bot)
    asked = len(slack.calls)
    directory.learn(slack.responder, slack.channel_without_bot)
    clock.ticks = 700.0
    directory.learn(slack.responder, "")

    guest, responder = directory.person(slack.guest), directory.person(slack.responder)
    shared = directory.place(slack.shared_channel)
    assert guest is not None
    assert guest.full_member is False
    assert responder is not None
    assert responder.full_member is True
    assert shared is not None
    assert shared.shared is True
    assert directory.member(slack.channel_without_bot) is False
    assert len(slack.calls) == asked + 1
