"""Which failures can a person be told about, and in which words?

DiffyError                  message: what happened; hint: what to do next
├── SettingsError           the start-up settings are missing or wrong (all of them named at once)
├── UsageError              a command was mistyped; carries the usage
├── Refused                 this person may not do this here
├── UnknownTarget           no such group or host; carries near names
├── EmptyTarget             the group exists and has no host that can be asked
├── InventoryError          AWS could not say which hosts there are (credentials, permissions, network)
├── CollectionError         the whole collection could not be started or went on failing
├── AnalysisError           the collected answers could not be judged
├── StoreError              the data folder could not be read or written
│   ├── StoreLocked         another process owns the data folder
│   ├── StoreCorrupt        a file is damaged; nothing was overwritten
│   └── StoreTooNew         a file was written by a newer Diffy
├── NotFound                no such run, report, baseline or schedule
└── ChatError               Slack refused or could not be reached

One host or one query failing is not an exception: it is data (``model.Missed``, ``model.QueryStatus``).
"""

from __future__ import annotations


class DiffyError(Exception):
    """A failure that a person can act on.

    Args:
        message: What happened, one sentence.
        hint: What to do next, one sentence; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class SettingsError(DiffyError):
    """Settings are missing or wrong; ``problems`` names all of them, one sentence each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("Diffy cannot start: " + " ".join(problems))
        self.problems = problems


class UsageError(DiffyError):
    """A command was mistyped."""


class Refused(DiffyError):
    """This person may not do this here."""


class UnknownTarget(DiffyError):
    """No such group or host."""


class EmptyTarget(DiffyError):
    """The target exists and holds no host that can be asked."""


class InventoryError(DiffyError):
    """AWS could not say which hosts there are."""


class CollectionError(DiffyError):
    """The whole collection could not be started, or went on failing."""


class AnalysisError(DiffyError):
    """The collected answers could not be judged."""


class StoreError(DiffyError):
    """The data folder could not be read or written."""


class StoreLocked(StoreError):
    """Another process owns the data folder."""


class StoreCorrupt(StoreError):
    """A stored file is damaged."""


class StoreTooNew(StoreError):
    """A stored file was written by a newer Diffy."""


class NotFound(DiffyError):
    """No such run, report, baseline or schedule."""


class ChatError(DiffyError):
    """Slack refused a call, or could not be reached.

    ``code`` is Slack's own error code (``not_in_channel``, ``invalid_blocks``, …), empty when there was no answer.
    """

    def __init__(self, message: str, hint: str = "", *, code: str = "") -> None:
        super().__init__(message, hint)
        self.code = code
