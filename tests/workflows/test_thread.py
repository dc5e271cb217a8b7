"""One parent message, edited with care; an answer finds its place even when the message is gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.errors import ChatError, DiffyError
from bot.model import Attachment, Message, Progress, RunKind, RunState
from bot.workflows.thread import SlackThread
from tests.views import examples
from tests.workflows.parts import ManualClock, MemoryJournal, run

ASKING = Progress(RunState.COLLECTING)
NAMED = Progress(RunState.COLLECTING, targeted=3, known_offline=("i-1",))


@dataclass
class HeldChat:
    """A chat that holds what it is given, and refuses what a test says."""

    refuse_post: str = ""
    refuse_update: str = ""
    posts: list[tuple[str, Message, str]] = field(default_factory=list)
    edits: list[Message] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def post(self, channel: str, message: Message, *, thread: str = "", key: str = "") -> str:
        if self.refuse_post:
            raise ChatError("refused", code=self.refuse_post)
        self.posts.append((channel, message, thread))
        self.keys.append(key)
        return f"{len(self.posts)}.0"

    def update(self, channel: str, ts: str, message: Message) -> None:
        if self.refuse_update:
            raise ChatError("refused", code=self.refuse_update)
        self.edits.append(message)

    def ephemeral(self, channel: str, user: str, message: Message) -> None: ...

    def upload(self, channel: str, file: Attachment, *, thread: str = "", comment: str = "") -> None: ...

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        return "V1"

    def update_view(self, view_id: str, view: Mapping[str, Any]) -> None: ...

    def permalink(self, channel: str, ts: str) -> str:
        return ""


def thread(chat: HeldChat, clock: ManualClock, **more: Any) -> SlackThread:
    return SlackThread(
        chat, clock, edit_every_s=2.5, schedule_of=lambda run: pytest.fail("no schedule"), **more
    )


def test_what_was_posted_before_a_restart_is_not_posted_again() -> None:
    """A journal outlives the thread that wrote it: the parent's place is known, and each reply is there once."""
    chat, clock, journal = HeldChat(), ManualClock(), MemoryJournal()
    asked = run()
    report = examples.REPORT
    before = thread(chat, clock, journal=journal).opened(asked, ASKING)
    thread(chat, clock, journal=journal).detailed(before, report)
    posts = list(chat.posts)

    after = thread(chat, clock, journal=journal).opened(asked, ASKING)
    thread(chat, clock, journal=journal).detailed(after, report)

    assert after.message_ts == before.message_ts
    assert len(posts) > 1
    assert chat.posts == posts


def test_each_post_carries_a_key_of_its_run_and_place() -> None:
    """What is said twice after a crash in between is said under the same key, and so the channel sees it once."""
    chat, clock = HeldChat(), ManualClock()
    asked = run()

    thread(chat, clock).opened(asked, ASKING)
    thread(chat, clock).opened(asked, ASKING)

    assert chat.keys == [f"{asked.id}/parent"] * 2


def test_edits_keep_their_distance_and_skip_what_says_nothing_new() -> None:
    """Offline hosts are named at once; after that one edit in 2.5 s, and none without news."""
    chat, clock = HeldChat(), ManualClock()
    shown = thread(chat, clock)
    opened = shown.opened(run(), ASKING)

    shown.progress(opened, NAMED)
    at_once = len(chat.edits)
    shown.progress(opened, replace(NAMED, answered=1))
    too_soon = len(chat.edits)
    clock.ticks = 3.0
    shown.progress(opened, replace(NAMED, answered=2))
    shown.progress(opened, replace(NAMED, answered=2))

    assert opened.message_ts == "1.0"
    assert (at_once, too_soon, len(chat.edits)) == (1, 1, 2)


def test_many_live_runs_share_slacks_edits() -> None:
    """With ten live runs an edit waits fifteen seconds: Slack grants fifty a minute to all together."""
    chat, clock = HeldChat(), ManualClock()
    shown = thread(chat, clock, live_runs=lambda: 10)
    opened = shown.opened(run(), NAMED)

    clock.ticks = 14.0
    shown.progress(opened, replace(NAMED, answered=1))
    before = len(chat.edits)
    clock.ticks = 15.5
    shown.progress(opened, replace(NAMED, answered=1))

    assert (before, len(chat.edits)) == (0, 1)


def test_an_answer_whose_message_is_gone_is_posted_anew() -> None:
    """Somebody deleted the parent: the verdict is posted as a new message."""
    chat, clock = HeldChat(refuse_update="message_not_found"), ManualClock()
    shown = thread(chat, clock)
    opened = shown.opened(run(), ASKING)

    shown.ended(opened, DiffyError("The credentials have expired.", "Renew them."))

    assert len(chat.posts) == 2


def test_where_diffy_may_not_post_the_person_is_told() -> None:
    """Not in the channel: `/invite @diffy` to the one who asked, and nothing else."""
    told: list[Message] = []
    chat = HeldChat(refuse_post="not_in_channel")
    shown = thread(chat, ManualClock(), tell=told.append)

    with pytest.raises(ChatError) as refused:
        shown.opened(run(), ASKING)
    shown.ended(run(), refused.value)

    assert "/invite @diffy" in told[0].text
    assert len(told) == 1


def test_a_scheduled_run_is_silent_until_it_has_something_to_say() -> None:
    """No parent message, no progress; a failure is said."""
    chat = HeldChat()
    shown = thread(chat, ManualClock())
    scheduled = run(RunKind.REFRESH)

    opened = shown.opened(scheduled, ASKING)
    shown.progress(opened, NAMED)
    silent = len(chat.posts)
    shown.ended(opened, DiffyError("The group is empty."))

    assert silent == 0
    assert len(chat.posts) == 1
