"""What does a strict, local Slack look like from outside? See `LocalSlack`."""

from bot.sandbox.slack.controls import Control, controls_of
from bot.sandbox.slack.inputs import CannotDo, fields_of
from bot.sandbox.slack.local import LocalSlack
from bot.sandbox.slack.records import (
    Acked,
    Call,
    CommandResult,
    File,
    Message,
    PressResult,
    SubmitResult,
    View,
)

__all__ = [
    "Acked",
    "Call",
    "CannotDo",
    "CommandResult",
    "Control",
    "File",
    "LocalSlack",
    "Message",
    "PressResult",
    "SubmitResult",
    "View",
    "controls_of",
    "fields_of",
]
