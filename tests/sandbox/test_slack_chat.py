"""Do the chat methods post, edit and delete as Slack's, and refuse with its codes, as slack_sdk's client sees it?"""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient

from bot.sandbox.slack import LocalSlack
from tests.sandbox.slack_bots import Clock, actions, button, client_of, refusal, section


def test_a_posted_message_is_there_with_its_blocks(slack: LocalSlack, client: WebClient) -> None:
    """chat.postMessage keeps text and blocks, and answers with the ts."""
    answer = client.chat_postMessage(channel=slack.channel, text="hi", blocks=[section("*hi*")])

    (message,) = slack.messages(slack.channel)
    assert answer["ts"] == message.ts
    assert answer["message"]["blocks"][0]["text"]["text"] == "*hi*"
    assert (message.text, message.author) == ("hi", slack.bot_user)
    assert slack.rejected == ()


def test_what_is_posted_again_under_its_client_msg_id_is_the_message_that_is_there(
    slack: LocalSlack, client: WebClient
) -> None:
    """The same ts comes back, with one message in the channel; once that is deleted, Slack says so."""
    key = "0b1f6d6e-6a0c-5c3e-8a52-3f1f0a7d9d11"
    first = client.chat_postMessage(channel=slack.channel, text="once", client_msg_id=key)

    again = client.chat_postMessage(channel=slack.channel, text="once more", client_msg_id=key)

    assert again["ts"] == first["ts"]
    assert [message.text for message in slack.messages(slack.channel)] == ["once"]
    client.chat_delete(channel=slack.channel, ts=first["ts"])
    assert (
        refusal(client.chat_postMessage, channel=slack.channel, text="once", client_msg_id=key)
        == "duplicate_message_not_found"
    )


CHANNELS = {
    "channel_without_bot": "not_in_channel",
    "private_without_bot": "channel_not_found",
    "archived_channel": "is_archived",
}


@pytest.mark.parametrize(("channel", "code"), CHANNELS.items())
def test_posting_where_the_bot_may_not_is_refused(
    slack: LocalSlack, client: WebClient, channel: str, code: str
) -> None:
    """A private channel without the bot looks as if it did not exist."""
    assert refusal(client.chat_postMessage, channel=getattr(slack, channel), text="x") == code
    assert [call.error for call in slack.rejected] == [code]


TEXTS: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({"text": ""}, "no_text"),
    "too long": ({"text": "x" * 40_001}, "msg_too_long"),
    "blocks that are no JSON": ({"text": "x", "blocks": "nope"}, "invalid_blocks_format"),
    "a bad block": ({"text": "x", "blocks": [{"type": "section"}]}, "invalid_blocks"),
    "attachments": ({"text": "x", "attachments": [{"fallback": "x"}]}, "invalid_attachments"),
    "a thread that is not": ({"text": "x", "thread_ts": "1700000000.000001"}, "thread_not_found"),
    "a thread that is no ts": ({"text": "x", "thread_ts": "soon"}, "invalid_thread_ts"),
    "text that is no text": ({"text": {"a": 1}}, "invalid_arguments"),
}


@pytest.mark.parametrize(("args", "code"), TEXTS.values(), ids=TEXTS.keys())
def test_a_message_that_slack_would_not_take_is_refused(
    slack: LocalSlack, client: WebClient, args: dict[str, Any], code: str
) -> None:
    """Nothing is posted then."""
    assert refusal(client.api_call, "chat.postMessage", json={"channel": slack.channel, **args}) == code
    assert slack.messages(slack.channel) == ()


def test_replies_go_under_their_parent_and_not_under_replies(slack: LocalSlack, client: WebClient) -> None:
    """Threads are one level deep."""
    parent = client.chat_postMessage(channel=slack.channel, text="parent")["ts"]
    reply = client.chat_postMessage(channel=slack.channel, text="reply", thread_ts=parent)["ts"]

    nested = refusal(client.chat_postMessage, channel=slack.channel, text="x", thread_ts=reply)

    assert nested == "cannot_reply_to_message"
    assert [message.ts for message in slack.thread(slack.channel, parent)] == [reply]
    assert [message.ts for message in slack.messages(slack.channel)] == [parent]


def test_an_edit_keeps_every_version(slack: LocalSlack, client: WebClient, clock: Clock) -> None:
    """chat.update replaces what is shown; blocks left out stay, an empty list takes them away."""
    ts = client.chat_postMessage(channel=slack.channel, text="one", blocks=[section("a")])["ts"]
    clock.now += 5

    client.chat_update(channel=slack.channel, ts=ts, text="two")
    kept = slack.message(slack.channel, ts)
    client.chat_update(channel=slack.channel, ts=ts, text="three", blocks=[])
    bare = slack.message(slack.channel, ts)

    assert [len(kept.blocks), len(bare.blocks)] == [1, 0]
    assert [version.text for version in bare.versions] == ["one", "two", "three"]
    assert bare.versions[1].at - bare.versions[0].at == 5


def test_edits_that_slack_refuses(slack: LocalSlack, client: WebClient) -> None:
    """Only own messages, only those that are there, only up to 4,000 characters, not in an archived channel."""
    ts = client.chat_postMessage(channel=slack.channel, text="mine")["ts"]
    theirs = slack.say(slack.responder, slack.channel, "theirs").ts
    where = {"channel": slack.channel}

    codes = [
        refusal(client.chat_update, **where, ts="1.000000", text="x"),
        refusal(client.chat_update, **where, ts=theirs, text="x"),
        refusal(client.chat_update, **where, ts=ts, text="x" * 4001),
        refusal(client.chat_delete, **where, ts=theirs),
    ]
    slack.archive(slack.channel)
    codes.append(refusal(client.chat_update, **where, ts=ts, text="x"))

    expected = [
        "message_not_found",
        "cant_update_message",
        "msg_too_long",
        "cant_delete_message",
        "is_inactive",
    ]
    assert codes == expected


def test_an_edit_window_can_close(clock: Clock) -> None:
    """A workspace may forbid edits after some minutes."""
    with LocalSlack(clock=clock, edit_window_s=60) as slack:
        client = client_of(slack)
        ts = client.chat_postMessage(channel=slack.channel, text="one")["ts"]
        clock.now += 61

        code = refusal(client.chat_update, channel=slack.channel, ts=ts, text="two")

    assert code == "edit_window_closed"


def test_a_deleted_message_is_gone(slack: LocalSlack, client: WebClient) -> None:
    """It is shown no more, and has no permalink."""
    ts = client.chat_postMessage(channel=slack.channel, text="x")["ts"]
    link = client.chat_getPermalink(channel=slack.channel, message_ts=ts)["permalink"]

    client.chat_delete(channel=slack.channel, ts=ts)

    assert link == f"https://sandbox.slack.com/archives/{slack.channel}/p{ts.replace('.', '')}"
    assert slack.messages(slack.channel) == ()
    assert slack.message(slack.channel, ts).deleted
    gone = refusal(client.chat_getPermalink, channel=slack.channel, message_ts=ts)
    assert gone == "message_not_found"


def test_an_ephemeral_is_seen_by_one_member_only(slack: LocalSlack, client: WebClient) -> None:
    """Others see nothing, and it cannot be edited with chat.update."""
    answer = client.chat_postEphemeral(channel=slack.channel, user=slack.responder, text="psst")

    stranger = refusal(client.chat_postEphemeral, channel=slack.second_channel, user=slack.guest, text="x")
    edit = refusal(client.chat_update, channel=slack.channel, ts=answer["message_ts"], text="x")

    assert [m.text for m in slack.ephemerals(slack.responder)] == ["psst"]
    assert slack.ephemerals(slack.approver) == slack.messages(slack.channel) == ()
    assert (stranger, edit) == ("user_not_in_channel", "message_not_found")


def test_pings_and_links_of_a_message_are_seen(slack: LocalSlack, client: WebClient) -> None:
    """What Slack would parse is told apart from what it would show as it is."""
    hostile = "<!channel> *x* https://evil.example <@U0RESPOND01> <!date^1^x|y>"
    quoted = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": hostile}]}
    named = {
        "type": "rich_text_section",
        "elements": [
            {"type": "user", "user_id": "U1"},
            {"type": "broadcast", "range": "here"},
            {"type": "usergroup", "usergroup_id": "S1"},
            {"type": "link", "url": "https://a.example"},
        ],
    }
    client.chat_postMessage(
        channel=slack.channel, text="safe", blocks=[{"type": "rich_text", "elements": [quoted]}]
    )
    client.chat_postMessage(channel=slack.channel, text=hostile)
    client.chat_postMessage(
        channel=slack.channel, text="x", blocks=[{"type": "rich_text", "elements": [named]}]
    )

    safe, parsed, meant = slack.messages(slack.channel)

    assert (safe.pings, safe.links) == ((), ())
    assert parsed.pings == ("<!channel>", "<@U0RESPOND01>")
    assert parsed.links == ("https://evil.example",)
    assert meant.pings == ("<@U1>", "<!here>", "<!subteam^S1>")
    assert meant.links == ("https://a.example",)


def test_buttons_are_kept_with_their_ids(slack: LocalSlack, client: WebClient) -> None:
    """What is not named gets an id, what is named keeps it."""
    client.chat_postMessage(channel=slack.channel, text="x", blocks=[actions(button("go", value="1"))])

    (block,) = slack.messages(slack.channel)[0].blocks
    assert block["elements"][0]["action_id"] == "go"
    assert block["block_id"]
