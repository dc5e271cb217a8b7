"""Do the messages look as they looked when somebody last looked at their pictures?"""

from __future__ import annotations

import pytest

from bot.model import Message
from tests.views.examples import APPROVER, RESPONDER
from tests.views.golden import FOLDER, SHOWN, as_json
from tests.views.slack_rules import problems_of_message, problems_of_view


@pytest.mark.parametrize("name", SHOWN)
def test_each_message_is_as_accepted_and_taken_by_slack(name: str) -> None:
    """Each example equals its golden file and breaks no rule; `python -m tests.views.golden` renews them."""
    shown = SHOWN[name]()

    assert as_json(shown) == (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    who = frozenset({RESPONDER, APPROVER})
    problems = (
        problems_of_message(shown, may_mention=who)
        if isinstance(shown, Message)
        else problems_of_view(shown, may_mention=who)
    )
    assert problems == []


def test_no_golden_file_is_left_without_its_message() -> None:
    """A message that is gone takes its golden file with it."""
    assert {path.stem for path in FOLDER.glob("*.json")} == set(SHOWN)
