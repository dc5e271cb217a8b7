"""Does the doctor's text stay text, whatever stands in it?"""

from __future__ import annotations

import json

from bot import views
from bot.model.checkup import Check, Outcome


def test_what_a_host_calls_its_osquery_commands_no_terminal() -> None:
    """Control and bidirectional characters are written out, and a name without end is cut."""
    check = Check("osquery", Outcome.OK, "osquery \x1b[2J\u202e" + "9" * 5000)

    text = views.check_text(check)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text) < 2500


def test_how_to_mend_it_is_one_line_to_copy() -> None:
    """A sentence is wrapped; a command never is."""
    command = "aws ssm create-document " + "--option value " * 20

    lines = views.check_text(Check("document", Outcome.WRONG, "Not there. " * 30, command)).splitlines()

    assert lines[-1] == f"         mend it: {command}"
    assert all(len(line) <= 100 for line in lines[:-1])


def test_all_are_counted_and_told_as_json() -> None:
    """The last line, and the object for pipelines."""
    checks = [
        Check("a", Outcome.OK, "x."),
        Check("b", Outcome.WRONG, "y.", "z"),
        Check("c", Outcome.OK, "x."),
    ]

    told = json.loads(views.checkup_json(checks))

    assert views.checkup_line(checks) == "2 ok, 1 wrong, 0 unknown."
    assert told["checks"][1] == {"name": "b", "outcome": "wrong", "said": "y.", "mend": "z"}
