"""How is a target typed together with the accounts and regions in which it is meant?"""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.words import Words
from bot.model import Target
from bot.workflows import targets
from bot.workflows.desk import Desk

WHERE = ("region", "account")
"""The options of each command that takes a target."""


def named(plain: Sequence[str], words: Words, desk: Desk) -> Target:
    """Return the target of the plain words, in the places of the options; UsageError where they name none."""
    return targets.parse(
        plain,
        accounts=words.option("account"),
        regions=words.option("region"),
        places=desk.services.places,
    )
