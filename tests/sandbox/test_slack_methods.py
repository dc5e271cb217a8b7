"""Does each Web API method do what Slack's does, and refuse with Slack's codes, as seen by slack_sdk's own client?"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.sandbox.slack import LocalSlack
from tests.sandbox.slack_bots import actions, button, client_of, section


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[LocalSlack]:
    with LocalSlack(clock=clock) as slack:
        yield slack


@pytest.fixture
def client(slack: LocalSlack) -> WebClient:
    return client_of(slack)


def refusal(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(*args, **kwargs)
    return str(refused.value.response["error"])


def test_a_posted_message_is_there_with_its_blocks(slack: LocalSlack, client: WebClient) -> None:
    """chat.postMessage keeps text and blocks, and answers with the ts."""
    answer = client.chat_postMessage(channel=slack.channel, text="hi", blocks=[section("*hi*")])

    (message,) = slack.messages(slack.channel)
    assert answer["ts"] == message.ts
    assert answer["message"]["blocks"][0]["text"]["text"] == "*hi*"
    assert (message.text, message.author) == ("hi", slack.bot_user)
    assert slack.rejected == ()


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


TOKENS = {"": "not_authed", "xoxb-wrong": "invalid_auth", "app": "not_allowed_token_type"}


@pytest.mark.parametrize(("token", "code"), TOKENS.items())
def test_a_call_without_the_right_token_is_refused(slack: LocalSlack, token: str, code: str) -> None:
    """The app token opens sockets and nothing else."""
    client = WebClient(token=slack.app_token if token == "app" else token, base_url=slack.api_url)

    assert refusal(client.auth_test) == code


def test_opening_a_socket_needs_the_app_token(slack: LocalSlack, client: WebClient) -> None:
    """apps.connections.open takes an xapp token only, and never is a token logged."""
    bot = refusal(client.apps_connections_open, app_token=slack.bot_token)

    url = client.apps_connections_open(app_token=slack.app_token)["url"]

    assert bot == "not_allowed_token_type"
    assert url.startswith("ws://127.0.0.1:")
    assert not any(token in repr(slack.calls) for token in (slack.app_token, slack.bot_token))


def test_a_missing_scope_is_named(clock: Clock) -> None:
    """A private channel needs groups:read, a public one channels:read; what was needed is counted."""
    scopes = frozenset({"chat:write", "channels:read"})
    with LocalSlack(clock=clock, scopes=scopes) as slack:
        client = client_of(slack)
        client.conversations_info(channel=slack.channel)

        with pytest.raises(SlackApiError) as refused:
            client.conversations_info(channel=slack.private_channel)

        assert refused.value.response["error"] == "missing_scope"
        assert refused.value.response["needed"] == "groups:read"
        assert slack.scopes_used == {"channels:read"}


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    """What the bot is not known to use is not there."""
    assert refusal(client.api_call, "team.info") == "unknown_method"


def test_who_and_where(slack: LocalSlack, client: WebClient) -> None:
    """Guests, deactivated members, bots, shared and private channels are told apart as Slack does."""
    guest = client.users_info(user=slack.guest)["user"]
    single = client.users_info(user=slack.single_channel_guest)["user"]
    left = client.users_info(user=slack.deactivated)["user"]
    member = client.users_info(user=slack.responder)["user"]
    shared = client.conversations_info(channel=slack.shared_channel, include_num_members=True)["channel"]
    private = client.conversations_info(channel=slack.private_channel)["channel"]

    assert [u["is_restricted"] for u in (guest, single, member)] == [True, True, False]
    assert [u["is_ultra_restricted"] for u in (guest, single, member)] == [False, True, False]
    assert (left["deleted"], "is_restricted" in left) == (True, False)
    assert (shared["is_ext_shared"], shared["num_members"], private["is_private"]) == (True, 4, True)
    assert client.auth_test()["user_id"] == slack.bot_user
    assert client.api_test(foo="bar")["args"] == {"foo": "bar"}


def test_lookups_that_find_nothing(slack: LocalSlack, client: WebClient) -> None:
    """Each has its own code."""
    codes = [
        refusal(client.users_info, user="U0NOBODY"),
        refusal(client.conversations_info, channel="C0NOWHERE"),
        refusal(client.conversations_members, channel=slack.channel, cursor="zz"),
        refusal(client.conversations_members, channel=slack.channel, limit=0),
        refusal(client.conversations_open, users=slack.deactivated),
        refusal(client.conversations_open, users="U0NOBODY"),
        refusal(client.api_call, "conversations.open"),
        refusal(client.api_test, error="oops"),
    ]

    assert codes == [
        "user_not_found",
        "channel_not_found",
        "invalid_cursor",
        "invalid_limit",
        "user_disabled",
        "user_not_found",
        "users_list_not_supplied",
        "oops",
    ]


def test_members_come_in_pages(slack: LocalSlack, client: WebClient) -> None:
    """A cursor leads to the rest."""
    pages = [page["members"] for page in client.conversations_members(channel=slack.channel, limit=4)]

    assert [len(page) for page in pages] == [4, 2]
    assert slack.responder in pages[0] + pages[1]


def test_a_direct_message_can_be_opened_and_written_to(slack: LocalSlack, client: WebClient) -> None:
    """By its id, or by the user's."""
    channel = client.conversations_open(users=slack.responder)["channel"]["id"]
    client.chat_postMessage(channel=channel, text="one")

    client.chat_postMessage(channel=slack.responder, text="two")

    assert [m.text for m in slack.messages(channel)] == ["one", "two"]


def test_a_file_arrives_whole_in_the_thread(slack: LocalSlack, client: WebClient) -> None:
    """files_upload_v2's three steps keep the bytes and the title."""
    ts = client.chat_postMessage(channel=slack.channel, text="parent")["ts"]
    content = bytes(range(256))

    client.files_upload_v2(
        channel=slack.channel,
        thread_ts=ts,
        file=content,
        filename="a.bin",
        title="All",
        initial_comment="here",
    )

    (file,) = slack.files(slack.channel)
    (reply,) = slack.thread(slack.channel, ts)
    assert (file.content, file.title, file.shared_in) == (content, "All", reply.ts)
    assert (reply.text, reply.files) == ("here", (file.id,))
    assert slack.rejected == ()


def test_an_upload_that_does_not_fit_together_is_refused(slack: LocalSlack, client: WebClient) -> None:
    """No empty files, the length that was promised, each address once, no completion before the bytes."""
    empty = refusal(client.files_getUploadURLExternal, filename="a", length=0)
    asked = client.files_getUploadURLExternal(filename="a", length=3)
    early = refusal(client.files_completeUploadExternal, files=[{"id": asked["file_id"], "title": "a"}])
    url = asked["upload_url"]

    with pytest.raises(urllib.error.HTTPError) as short:
        urllib.request.urlopen(urllib.request.Request(url, data=b"toolong", method="POST"))
    short.value.close()
    with pytest.raises(urllib.error.HTTPError) as again:
        urllib.request.urlopen(urllib.request.Request(url, data=b"abc", method="POST"))
    again.value.close()

    assert (empty, early) == ("invalid_arguments", "file_not_found")
    assert (short.value.code, again.value.code) == (400, 404)
    assert [call.error for call in slack.rejected][-2:] == ["length_mismatch", "file_not_found"]


BODIES: dict[str, tuple[bytes, str, str]] = {
    "broken JSON": (b"{", "application/json", "invalid_json"),
    "JSON that is no object": (b"[]", "application/json", "json_not_object"),
    "another type": (b"<x/>", "text/xml", "invalid_post_type"),
}


@pytest.mark.parametrize(("body", "kind", "code"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_cannot_be_read_is_refused(slack: LocalSlack, body: bytes, kind: str, code: str) -> None:
    """Before the token is looked at."""
    request = urllib.request.Request(
        slack.api_url + "chat.postMessage", data=body, headers={"Content-Type": kind}
    )

    with urllib.request.urlopen(request) as answer:
        said = json.load(answer)

    assert said == {"ok": False, "error": code}
    assert [call.error for call in slack.rejected] == [code]


def test_methods_that_take_no_json_do_not_see_it(slack: LocalSlack, client: WebClient) -> None:
    """conversations.info reads form fields only."""
    code = refusal(client.api_call, "conversations.info", json={"channel": slack.channel})

    assert code == "invalid_arguments"


def test_the_token_may_come_as_an_argument(slack: LocalSlack) -> None:
    """As form field, though Slack prefers the header; it is not logged."""
    body = f"token={slack.bot_token}&foo=1".encode()

    with urllib.request.urlopen(slack.api_url + "auth.test", data=body) as answer:
        said = json.load(answer)

    assert said["ok"]
    assert slack.bot_token not in repr(slack.calls)


def test_posting_faster_than_one_a_second_is_answered_with_429(
    slack: LocalSlack, client: WebClient, clock: Clock
) -> None:
    """After a small burst; Retry-After says when; other channels and later posts go through."""
    for _ in range(4):
        client.chat_postMessage(channel=slack.channel, text="x")

    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=slack.channel, text="x")
    client.chat_postMessage(channel=slack.second_channel, text="x")
    clock.now += 4
    client.chat_postMessage(channel=slack.channel, text="x")

    assert (refused.value.response.status_code, refused.value.response["error"]) == (429, "ratelimited")
    assert refused.value.response.headers["Retry-After"] == "4"
    assert (len(slack.rate_limited), slack.rejected) == (1, ())


def test_edits_are_limited_by_their_tier_and_limits_can_be_off(slack: LocalSlack, client: WebClient) -> None:
    """chat.update is tier 3: fifty a minute."""
    ts = client.chat_postMessage(channel=slack.channel, text="x")["ts"]
    for _ in range(50):
        client.chat_update(channel=slack.channel, ts=ts, text="x")

    limited = refusal(client.chat_update, channel=slack.channel, ts=ts, text="x")
    slack.set_rate_limits(False)
    client.chat_update(channel=slack.channel, ts=ts, text="free")

    assert limited == "ratelimited"
    assert slack.message(slack.channel, ts).text == "free"


def test_failures_can_be_asked_for(slack: LocalSlack, client: WebClient) -> None:
    """They come in order, once each, and count as nobody's fault; slack_sdk waits out a 429 by itself."""
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    slack.fail_next("chat.postMessage", "internal_error")
    slack.rate_limit("chat.postMessage", 1)

    first = refusal(client.chat_postMessage, channel=slack.channel, text="x")
    client.chat_postMessage(channel=slack.channel, text="x")

    assert first == "internal_error"
    assert [call.error for call in slack.calls] == ["internal_error", "ratelimited", ""]
    assert slack.rejected == ()


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


def test_a_call_without_its_arguments_names_them(slack: LocalSlack, client: WebClient) -> None:
    """invalid_arguments, with the names."""
    client_call: Callable[..., Any] = client.api_call
    for method, name in {
        "chat.postMessage": "channel",
        "chat.postEphemeral": "channel",
        "chat.update": "channel",
        "chat.getPermalink": "channel",
        "conversations.members": "channel",
        "views.open": "trigger_id",
        "views.update": "view",
        "files.getUploadURLExternal": "filename",
        "files.completeUploadExternal": "files",
    }.items():
        with pytest.raises(SlackApiError) as refused:
            client_call(method)

        messages = refused.value.response["response_metadata"]["messages"]
        assert messages[0] == f"[ERROR] missing required field: {name}"
    assert refusal(client_call, "files.completeUploadExternal", params={"files": "x"}) == "invalid_arguments"


def test_two_servers_do_not_share_a_port(slack: LocalSlack) -> None:
    """A port in use is an OSError, and nothing is left running."""
    port = int(slack.api_url.split(":")[2].split("/")[0])

    with pytest.raises(OSError, match="address already in use"):
        LocalSlack(port=port).start()


def test_waiting_for_what_does_not_come_ends(slack: LocalSlack) -> None:
    """With a TimeoutError."""
    with pytest.raises(TimeoutError):
        slack.wait_for(lambda s: s.messages(s.channel), timeout_s=0.01)


def test_buttons_are_kept_with_their_ids(slack: LocalSlack, client: WebClient) -> None:
    """What is not named gets an id, what is named keeps it."""
    client.chat_postMessage(channel=slack.channel, text="x", blocks=[actions(button("go", value="1"))])

    (block,) = slack.messages(slack.channel)[0].blocks
    assert block["elements"][0]["action_id"] == "go"
    assert block["block_id"]
