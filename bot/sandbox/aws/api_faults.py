"""Which API calls are refused although they are right: throttled, or made with expired credentials?"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as a service words it."""

    status: int
    code: str
    message: str


_THROTTLED = {
    "ssm": Refusal(400, "ThrottlingException", "Rate exceeded"),
    "autoscaling": Refusal(400, "Throttling", "Rate exceeded"),
    "ec2": Refusal(503, "RequestLimitExceeded", "Request limit exceeded."),
    "s3": Refusal(503, "SlowDown", "Please reduce your request rate."),
    "sts": Refusal(400, "Throttling", "Rate exceeded"),
}
_EXPIRED = {
    "ssm": Refusal(400, "ExpiredTokenException", "The security token included in the request is expired"),
    "autoscaling": Refusal(403, "ExpiredToken", "The security token included in the request is expired"),
    "ec2": Refusal(400, "RequestExpired", "Request has expired."),
    "s3": Refusal(400, "ExpiredToken", "The provided token has expired."),
    "sts": Refusal(403, "ExpiredToken", "The security token included in the request is expired"),
}


class ApiFaults:
    """What the API refuses for now, and how often it was called. Thread-safe."""

    def __init__(self, seed: int) -> None:
        self._lock = threading.Lock()
        self._chance = random.Random(seed)
        self._throttle: dict[str, float] = {}
        self._expired = False
        self._calls: Counter[str] = Counter()

    def set(self, changes: Mapping[str, object]) -> None:
        """Change what is refused.

        Args:
            changes: ``throttle``: action name, or ``*``, to how many of its next calls are refused (1 or
                more), or to the share of them (below 1); this replaces what was set before.
                ``expired_credentials``: true or false.

        Raises:
            ValueError: Another key, or a value of another kind.
        """
        unknown = changes.keys() - {"throttle", "expired_credentials"}
        throttle = changes.get("throttle")
        if unknown or not isinstance(throttle, Mapping | None):
            raise ValueError(f"cannot set {', '.join(sorted(unknown)) or 'throttle'}")
        with self._lock:
            if throttle is not None:
                self._throttle = {str(action): float(amount) for action, amount in throttle.items()}
            if "expired_credentials" in changes:
                self._expired = bool(changes["expired_credentials"])

    def judge(self, service: str, action: str) -> Refusal | None:
        """Count a call, and say how it is refused, if it is."""
        with self._lock:
            self._calls[action or service] += 1
            if self._expired:
                return _EXPIRED.get(service)
            key = action if action in self._throttle else "*"
            amount = self._throttle.get(key, 0.0)
            if amount >= 1:
                self._throttle[key] = amount - 1
                return _THROTTLED.get(service)
            return _THROTTLED.get(service) if self._chance.random() < amount else None

    def forget_calls(self) -> None:
        """Count from nothing again."""
        with self._lock:
            self._calls.clear()

    def calls(self) -> dict[str, int]:
        """How often each action was called."""
        with self._lock:
            return dict(sorted(self._calls.items()))


def as_xml(service: str, refusal: Refusal) -> str:
    """The refusal in the XML of a service that speaks it."""
    error = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
    if service == "s3":
        return f'<?xml version="1.0" encoding="UTF-8"?><Error>{error}<RequestId>sandbox</RequestId></Error>'
    if service == "ec2":
        return f"<Response><Errors><Error>{error}</Error></Errors><RequestID>sandbox</RequestID></Response>"
    return f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error><RequestId>sandbox</RequestId></ErrorResponse>"
