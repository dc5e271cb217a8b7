"""How do a channel, a message with its thread, and a modal look as text?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.sandbox.slack import File, LocalSlack, Message, View, controls_of
from bot.sandbox.terminal_blocks import Page, draw_blocks
from bot.sandbox.terminal_text import clean, columns, from_mrkdwn, wrapped

WIDTH = 100


def rule(title: str, width: int = WIDTH) -> str:
    """Return a line across the screen with a title in it."""
    start = f"── {title} "
    return start + "─" * max(0, width - columns(start))


def draw_message(slack: LocalSlack, message: Message, *, user: str, first: int = 0) -> list[str]:
    """Return one message: who and when, its blocks (or its text, where it has none), its files.

    Args:
        first: The number of its first button; 0 shows no numbers.
    """
    page = Page(slack.name_of, WIDTH - 2, first=first, user=user)
    at = datetime.fromtimestamp(float(message.ts), UTC)
    edits = len(message.versions) - 1
    marks = [
        f"edited {edits}×" if edits else "",
        "only you can see this" if message.only_for else "",
        f"notifies {', '.join(map(slack.name_of, message.pings))}"
        if message.pings and not message.only_for
        else "",
    ]
    head = f"{slack.name_of(message.author).lstrip('@')}  {at:%H:%M:%S}"
    head = "  ".join([head, *(f"({mark})" for mark in marks if mark)])
    body = draw_blocks(message.blocks, page)
    if not body and message.text:
        body = wrapped(from_mrkdwn(message.text, slack.name_of), page.width)
    body += [_file_line(file) for file in slack.files() if file.id in message.files]
    return [head, *(f"  {line}".rstrip() for line in body)]


def _file_line(file: File) -> str:
    return f"📎 {clean(file.name)} — {clean(file.title)} ({file.length:,} bytes)"


def draw_thread(slack: LocalSlack, message: Message, *, user: str) -> list[str]:
    """Return the replies under a message, set in; empty when there are none."""
    firsts = numbering(slack, message.channel, user)
    lines: list[str] = []
    for reply in slack.thread(message.channel, message.ts):
        drawn = draw_message(slack, reply, user=user, first=firsts.get(reply.ts, 0))
        lines += [f"    {line}" for line in drawn]
    return lines


def draw_channel(slack: LocalSlack, channel: str, *, user: str, threads: bool) -> list[str]:
    """Return a channel: each message, with its thread or the number of replies; the newest with buttons is numbered."""
    lines = [rule(slack.name_of(channel))]
    firsts = numbering(slack, channel, user)
    for message in slack.messages(channel):
        lines += draw_message(slack, message, user=user, first=firsts.get(message.ts, 0))
        replies = len(slack.thread(channel, message.ts))
        if replies and threads:
            lines += draw_thread(slack, message, user=user)
        elif replies:
            lines.append(f"  ↳ {replies} {'reply' if replies == 1 else 'replies'} (type: threads)")
    return lines


def numbering(slack: LocalSlack, channel: str, user: str) -> dict[str, int]:
    """Return the first number of each message that can be pressed now, by ts, oldest first.

    These are the newest message that has something to press, itself or in its thread, and then its replies.
    """
    private = [message for message in slack.ephemerals(user) if message.channel == channel]
    for message in sorted([*slack.messages(channel), *private], key=lambda m: float(m.ts), reverse=True):
        firsts: dict[str, int] = {}
        number = 1
        for one in (message, *slack.thread(channel, message.ts)):
            count = len(controls_of(one.blocks, user))
            if count:
                firsts[one.ts] = number
                number += count
        if firsts:
            return firsts
    return {}


def draw_view(slack: LocalSlack, view: View) -> list[str]:
    """Return an open modal with its fields, what was filled in, and how to leave it."""
    page = Page(slack.name_of, WIDTH - 2, first=1, user=view.user, entered=view.entered, errors=view.errors)
    ways = [
        f"{word} ({clean(view.spec[word]['text'])})" if view.spec.get(word) else default
        for word, default in (("submit", ""), ("close", "close"))
    ]
    body = draw_blocks(view.blocks, page)
    general = [f"! {clean(view.errors[''])}"] if "" in view.errors else []
    return [
        f"╭{rule(clean(view.title), WIDTH - 1)}",
        *(f"│ {line}".rstrip() for line in [*body, *general]),
        f"╰{rule(' · '.join(way for way in ways if way), WIDTH - 1)}",
    ]


def shape_of(lines: Sequence[str]) -> str:
    """Return lines with every number made alike: a message whose shape stays has only made progress."""
    text = "\n".join(line for line in lines[1:])  # the head holds the time and the count of edits
    shape = "".join("0" if ch.isdigit() else ch for ch in text)
    while "00" in shape:
        shape = shape.replace("00", "0")
    return shape.replace("█", "").replace("░", "")
