"""What do the chat.* methods do, and when do they refuse? (docs.slack.dev/reference/methods)"""

from __future__ import annotations

import re
from dataclasses import replace

from bot.sandbox.slack.kit import Json, as_blocks, check_message
from bot.sandbox.slack.records import Channel, Message
from bot.sandbox.slack.refusal import Refusal, missing
from bot.sandbox.slack.request import as_text
from bot.sandbox.slack.state import State
from bot.sandbox.slack.workspace import BOT, BOT_ID, TEAM_DOMAIN, TEAM_ID

MAX_TEXT_POST = 40_000  # Slack cuts above this; here it is refused, because a cut answer is a lost one
MAX_TEXT_UPDATE = 4_000
_TS = re.compile(r"\d{9,11}\.\d{6}")


def channel_for_bot(state: State, channel_id: str) -> Channel:
    """Return a conversation that the bot may know of.

    Raises:
        Refusal: channel_not_found: there is none, or it is private and the bot is not in it.
    """
    channel = state.channels.get(channel_id)
    if channel is None or (channel.private and not state.is_bot_in(channel)):
        raise Refusal("channel_not_found")
    return channel


def channel_for_post(state: State, channel_id: str) -> Channel:
    """Return a conversation that the bot may write to.

    Raises:
        Refusal: channel_not_found, not_in_channel or is_archived.
    """
    if channel_id in state.users and channel_id != BOT.id:
        return direct_channel(state, channel_id)
    channel = channel_for_bot(state, channel_id)
    if not state.is_bot_in(channel):
        raise Refusal("not_in_channel")
    if channel.archived:
        raise Refusal("is_archived")
    return channel


def direct_channel(state: State, user_id: str) -> Channel:
    """Return the direct conversation of the bot and a user, made when first asked for."""
    channel_id = "D" + user_id[1:]
    fresh = Channel(channel_id, "directmessage", frozenset({BOT.id, user_id}), private=True, im=True)
    return state.channels.setdefault(channel_id, fresh)


def check_thread(state: State, channel: Channel, thread_ts: str) -> None:
    """Check that a reply can go there.

    Raises:
        Refusal: invalid_thread_ts, thread_not_found, or cannot_reply_to_message for a reply's own ts.
    """
    if not thread_ts:
        return
    if not _TS.fullmatch(thread_ts):
        raise Refusal("invalid_thread_ts")
    parent = state.messages.get((channel.id, thread_ts))
    if parent is None or parent.deleted:
        raise Refusal("thread_not_found")
    if parent.thread_ts or parent.only_for:
        raise Refusal("cannot_reply_to_message")


def content_of(args: Json, limit: int) -> tuple[str, list[Json]]:
    """Return checked text and blocks of a new message.

    Raises:
        Refusal: no_text, msg_too_long, and what `check_message` raises.
    """
    text = as_text(args, "text")
    blocks = as_blocks(args["blocks"]) if args.get("blocks") not in (None, "") else []
    if args.get("attachments") not in (None, "", [], "[]"):
        raise Refusal("invalid_attachments")  # secondary attachments are legacy; the local Slack knows none
    if not text.strip() and not blocks:
        raise Refusal("no_text")
    if len(text) > limit:
        raise Refusal("msg_too_long")
    check_message(blocks)
    return text, blocks


def echo(message: Message) -> Json:
    """Return a message as Slack's answers and payloads show it."""
    body: Json = {
        "type": "message",
        "user": message.author,
        "ts": message.ts,
        "text": message.text,
        "team": TEAM_ID,
        "blocks": list(message.blocks),
    }
    if message.author == BOT.id:
        body["bot_id"] = BOT_ID
    if message.thread_ts:
        body["thread_ts"] = message.thread_ts
    if len(message.versions) > 1:
        body["edited"] = {"user": message.author, "ts": f"{message.versions[-1].at:.6f}"}
    return body


def post_message(state: State, args: Json) -> Json:
    """Post to a channel, a thread or a person; what comes again under a client_msg_id is the message that is there.

    The argument is known from its errors, duplicate_message_not_found among them, which the method's page lists.
    """
    if not as_text(args, "channel"):
        raise missing("channel")
    channel = channel_for_post(state, as_text(args, "channel"))
    client_id = as_text(args, "client_msg_id")
    if client_id in state.client_ids:
        known = state.messages.get((channel.id, state.client_ids[client_id]))
        if known is None or known.deleted:
            raise Refusal("duplicate_message_not_found")
        return {"channel": channel.id, "ts": known.ts, "message": echo(known)}
    text, blocks = content_of(args, MAX_TEXT_POST)
    thread_ts = as_text(args, "thread_ts")
    check_thread(state, channel, thread_ts)
    message = state.put_message(channel.id, BOT.id, text, blocks, thread_ts=thread_ts)
    if client_id:
        state.client_ids[client_id] = message.ts
    return {"channel": channel.id, "ts": message.ts, "message": echo(message)}


def post_ephemeral(state: State, args: Json) -> Json:
    """Show a message to one member alone."""
    for name in ("channel", "user"):
        if not as_text(args, name):
            raise missing(name)
    channel = channel_for_post(state, as_text(args, "channel"))
    user = as_text(args, "user")
    if user not in channel.members:
        raise Refusal("user_not_in_channel")
    text, blocks = content_of(args, MAX_TEXT_POST)
    thread_ts = as_text(args, "thread_ts")
    check_thread(state, channel, thread_ts)
    message = state.put_message(channel.id, BOT.id, text, blocks, thread_ts=thread_ts, only_for=user)
    return {"message_ts": message.ts}


def _message(state: State, args: Json, ts: str) -> Message:
    """Return the message that the arguments name; ``ts`` is the name of the second."""
    for name in ("channel", ts):
        if not as_text(args, name):
            raise missing(name)
    channel = channel_for_bot(state, as_text(args, "channel"))
    message = state.messages.get((channel.id, as_text(args, ts)))
    if message is None or message.deleted or message.only_for:
        raise Refusal("message_not_found")
    return message


def _own_message(state: State, args: Json, refusal: str) -> Message:
    message = _message(state, args, "ts")
    if message.author != BOT.id:
        raise Refusal(refusal)
    return message


def update(state: State, args: Json) -> Json:
    """Edit. Blocks that are left out stay as they are; an empty list takes them away."""
    message = _own_message(state, args, "cant_update_message")
    if state.channels[message.channel].archived:
        raise Refusal("is_inactive")
    window_s = state.edit_window_s
    if window_s is not None and state.clock() - message.versions[0].at > window_s:
        raise Refusal("edit_window_closed")
    kept = args.get("blocks") in (None, "")
    given = {**args, "text": args.get("text", message.text)}
    text, blocks = content_of({**given, "blocks": list(message.blocks)} if kept else given, MAX_TEXT_UPDATE)
    edited = state.edit_message(message, text, blocks)
    return {"channel": message.channel, "ts": message.ts, "text": text, "message": echo(edited)}


def delete(state: State, args: Json) -> Json:
    """Delete one of the bot's own messages."""
    message = _own_message(state, args, "cant_delete_message")
    state.messages[message.channel, message.ts] = replace(message, deleted=True)
    return {"channel": message.channel, "ts": message.ts}


def permalink(state: State, args: Json) -> Json:
    """Tell a message's address."""
    message = _message(state, args, "message_ts")
    return {"channel": message.channel, "permalink": link_to(message)}


def link_to(message: Message) -> str:
    """Return the address of a message as Slack writes it."""
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    return f"{link}?thread_ts={message.thread_ts}&cid={message.channel}" if message.thread_ts else link
