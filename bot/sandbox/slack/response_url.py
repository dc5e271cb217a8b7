"""What does a post to a response_url do? Five uses, thirty minutes; it answers, replaces or deletes."""

from __future__ import annotations

from dataclasses import replace

from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.methods_chat import MAX_TEXT_POST, check_thread, content_of
from bot.sandbox.slack.records import Message
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.request import as_text
from bot.sandbox.slack.state import RESPONSE_URL_LIFE_S, RESPONSE_URL_USES, ResponseUrl, State
from bot.sandbox.slack.workspace import BOT


def respond(state: State, key: str, body: Json) -> None:
    """Carry out one post to a response_url.

    Raises:
        Refusal: expired_url (unknown, older than 30 minutes, or used five times) and what a message is refused for.
    """
    url = state.response_urls.get(key)
    if url is None or state.clock() - url.born > RESPONSE_URL_LIFE_S:
        raise Refusal("expired_url", status=404)
    if url.uses >= RESPONSE_URL_USES:
        raise Refusal("used_url", status=404)
    url.uses += 1
    source = state.messages.get((url.channel, url.source))
    if body.get("delete_original") and source is not None:
        state.messages[source.channel, source.ts] = replace(source, deleted=True)
        return
    text, blocks = content_of(body, MAX_TEXT_POST)
    if body.get("replace_original") and source is not None:
        state.edit_message(source, text, blocks)
        return
    say(state, url, body, text, blocks)


def say(state: State, url: ResponseUrl, body: Json, text: str, blocks: list[Json]) -> Message:
    """Post an answer: to the user alone, or to the channel where ``response_type`` is in_channel."""
    thread_ts = as_text(body, "thread_ts")
    check_thread(state, state.channels[url.channel], thread_ts)
    only_for = "" if body.get("response_type") == "in_channel" else url.user
    return state.put_message(url.channel, BOT.id, text, blocks, thread_ts=thread_ts, only_for=only_for)
