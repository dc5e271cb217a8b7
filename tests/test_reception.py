"""Who asks is told what became of it, also where something breaks in the background."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.errors import ChatError
from bot.model import Message
from bot.reception import Reception
from bot.workflows.access import Access, Person, Place
from bot.workflows.calls import Call, Press
from bot.workflows.desk import Desk


class Broken:
    """A directory that knows nobody, and cannot learn by a defect."""

    def person(self, user: str) -> Person | None:
        return None

    def place(self, channel: str) -> Place | None:
        return None

    def member(self, channel: str) -> bool | None:
        return None

    def learn(self, user: str, channel: str) -> None:
        raise ZeroDivisionError("by a defect")

    def forget(self, channel: str) -> None: ...


def test_who_was_told_to_wait_is_told_when_it_breaks(caplog: pytest.LogCaptureFixture) -> None:
    """ "One moment" is never the last word: a reference follows, and the log has it."""
    told: list[Message] = []
    desk = cast(Desk, SimpleNamespace())
    with ThreadPoolExecutor(1) as aside:
        reception = Reception(desk, Access(), Broken(), aside)

        at_once = reception.command(Call("U1", "C1", "analyze web-asg"), told.append)

    assert "One moment" in str(at_once)
    assert len(told) == 1
    assert "Something broke" in str(told[0])
    assert "by a defect" in caplog.text


def test_what_cannot_be_told_in_a_modal_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The modal was closed meanwhile."""

    def closed(view_id: str, view: object) -> None:
        raise ChatError("Slack refused the call (not_found).", code="not_found")

    chat: Any = SimpleNamespace(update_view=closed)
    desk = cast(Desk, SimpleNamespace(chat=chat))
    with ThreadPoolExecutor(1) as aside:
        reception = Reception(desk, Access(), Known(), aside)

        reception.press(Press("U1", "", "drill_down", "r1", view_id="V1"), lambda _: None)

    assert "not_found" in caplog.text


class Known(Broken):
    """A directory that cannot reach Slack."""

    def learn(self, user: str, channel: str) -> None:
        raise ChatError("Slack could not be reached.")
