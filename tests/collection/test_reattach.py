"""Which commands does a restart follow, and which hosts does it send to anew?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.collection.reattach import look_back, own
from bot.model import SentCommand

NOW = datetime(2026, 3, 1, 3, 0, tzinfo=UTC)


def command(name: str, *, age_s: float = 600, purpose: str = "ask") -> SentCommand:
    return SentCommand(name, (f"i-{name}",), NOW - timedelta(seconds=age_s), purpose=purpose)


def ids(commands: tuple[SentCommand, ...]) -> list[str]:
    return [one.id for one in commands]


def test_a_command_that_was_sent_and_not_noted_is_found_under_the_runs_comment() -> None:
    """Killed between SendCommand and the note: the list closes the gap."""
    assert ids(own([command("a")], [command("a"), command("b")], NOW)) == ["a", "b"]


def test_a_command_that_is_not_known_any_more_is_not_followed() -> None:
    """Its hosts are asked anew; one noted a moment ago counts all the same, since a list lags behind."""
    assert ids(own([command("old"), command("new", age_s=3)], [], NOW)) == ["new"]


def test_what_was_noted_counts_where_the_service_cannot_say() -> None:
    """A policy of before this feature does not allow ListCommands."""
    assert ids(own([command("a")], None, NOW)) == ["a"]


def test_only_what_asks_is_followed() -> None:
    """A part of a kept answer is asked for anew, by its number."""
    assert ids(own([command("a"), command("p", purpose="piece 3")], None, NOW)) == ["a"]


def test_the_look_back_allows_for_clocks_that_differ() -> None:
    """Five minutes before the run began, in the filter's form."""
    assert look_back(NOW) == "2026-03-01T02:55:00Z"
