"""Which Block Kit does Slack take?"""

from bot.sandbox.slack.kit.fill import filled
from bot.sandbox.slack.kit.shapes import Json
from bot.sandbox.slack.kit.surfaces import as_blocks, check_message, check_view

__all__ = ["Json", "as_blocks", "check_message", "check_view", "filled"]
