"""Which commands of a former process are this run's, and may be followed instead of asking their hosts again?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.model import SentCommand

ASK = "ask"  # the purpose of the command that asks; further ones are sent anew when they are needed
SKEW = timedelta(minutes=5)  # the controller's clock beside the service's
SURELY_LISTED = timedelta(minutes=2)  # a command that is not listed after that is not known any more


def look_back(since: datetime) -> str:
    """Return the value of ListCommands' filter InvokedAfter for a run that began then: UTC, to the second."""
    return (since - SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")


def own(
    noted: Iterable[SentCommand], listed: Iterable[SentCommand] | None, now: datetime
) -> tuple[SentCommand, ...]:
    """Return the commands to follow: those that were noted, and those that were sent and not noted any more.

    Args:
        noted: What the run's journal holds; only what asks is followed.
        listed: What the service knows under the run's comment; None where it could not say.
        now: Aware UTC. What was noted lately counts though it is not listed: a list lags behind.
    """
    mine = [command for command in noted if command.purpose == ASK]
    if listed is None:
        return tuple(mine)
    known = {command.id: command for command in listed}
    kept = [command for command in mine if command.id in known or now - command.sent_at < SURELY_LISTED]
    found = [command for name, command in known.items() if name not in {command.id for command in mine}]
    return (*kept, *found)
