"""Does each option of the overflow bring its file into the run's thread?"""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import cast

import pytest

from bot.interactions import INTERACTIONS
from bot.model import Attachment
from bot.views import actions
from bot.views.slack_parts import more
from bot.workflows.calls import Press
from bot.workflows.desk import Desk
from tests.views.examples import REPORT, RESPONDER, RUN, RUN_ID


class Uploads:
    """A desk that has one run with its report, and keeps what is uploaded."""

    def __init__(self) -> None:
        self.files: list[tuple[str, str, Attachment]] = []
        self.audited: list[str] = []
        run = dataclasses.replace(RUN, has_report=True)
        self.services = SimpleNamespace(
            store=SimpleNamespace(run=lambda run_id: run), reports=SimpleNamespace(get=lambda run_id: REPORT)
        )
        self.chat = self

    def upload(self, channel: str, file: Attachment, *, thread: str) -> None:
        self.files.append((channel, thread, file))

    def audit(self, user: str, what: str, target: str, run: str, channel: str) -> None:
        self.audited.append(what)


@pytest.mark.parametrize(
    ("place", "name", "begins"),
    [
        (0, "diffy-r-7f3a91.txt", b"2 of 24 hosts stand out"),
        (1, "diffy-r-7f3a91.html", b"<!DOCTYPE html>"),
        (2, "diffy-r-7f3a91.json", b'{\n  "schema": "diffy.report/1"'),
    ],
)
def test_an_option_brings_its_file(place: int, name: str, begins: bytes) -> None:
    """Into the thread, written down as the person's act."""
    desk = Uploads()
    value = more(RUN_ID)["options"][place]["value"]

    INTERACTIONS[actions.MORE].press(
        Press(RESPONDER, RUN.channel, actions.MORE, value), cast(Desk, desk), lambda message: None
    )

    [(channel, thread, file)] = desk.files
    assert (channel, thread, file.name) == (RUN.channel, RUN.message_ts, name)
    assert file.content.startswith(begins)
    assert desk.audited == [f"file.{name}"]
