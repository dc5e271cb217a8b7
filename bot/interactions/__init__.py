"""One file per kind of button or modal. These tables are the whole list."""

from __future__ import annotations

from bot.interactions import decide, drill_down, run_control
from bot.interactions.interaction import Interaction
from bot.views import actions

INTERACTIONS: dict[str, Interaction] = {
    interaction.action: interaction
    for interaction in (*drill_down.INTERACTIONS, *run_control.INTERACTIONS, *decide.INTERACTIONS)
}

SUBMISSIONS = {actions.ACCEPT_VIEW: decide}
VIEWS = (actions.DRILL_VIEW, actions.ACCEPT_VIEW)

__all__ = ["INTERACTIONS", "SUBMISSIONS", "VIEWS", "Interaction"]
