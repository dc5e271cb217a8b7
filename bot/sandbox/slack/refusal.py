"""How does Slack say no to a call?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """A refused call.

    Args:
        code: Slack's error code, such as ``channel_not_found``.
        messages: Lines for ``response_metadata.messages``.
        extra: Further fields of the answer, such as ``needed`` and ``provided``.
        status: HTTP status; Slack answers 200 for all but rate limits.
        retry_after_s: For status 429.
        injected: A test asked for this failure, so it counts as no fault of the caller.
    """

    def __init__(
        self,
        code: str,
        messages: Sequence[str] = (),
        *,
        extra: Mapping[str, Any] | None = None,
        status: int = 200,
        retry_after_s: int = 0,
        injected: bool = False,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.messages = tuple(messages)
        self.extra = dict(extra or {})
        self.status = status
        self.retry_after_s = retry_after_s
        self.injected = injected

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the answer."""
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": list(self.messages)}
        return body


def missing(*names: str) -> Refusal:
    """Return the refusal for arguments that were left out."""
    return Refusal("invalid_arguments", [f"[ERROR] missing required field: {name}" for name in names])
