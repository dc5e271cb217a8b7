"""Do tokens, scopes, limits, lookups and uploads behave as Slack's, as slack_sdk's client sees it?"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot.sandbox.slack import LocalSlack
from tests.sandbox.slack_bots import Clock, client_of, refusal

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
