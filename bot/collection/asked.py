"""What does the tracker remember of a command, and of a host that has no outcome yet? And when does it look again?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.collection.conversation import Fetch
from bot.collection.statuses import Ended, silence
from bot.model import Missed

FIRST_POLL_S, SLOWEST_POLL_S, POLL_GROWTH = 1.0, 12.0, 1.4
GRACE_S = 60.0  # an invocation may stay invisible so long after SendCommand
LASTING_FAILURES = 2  # in a row, before a command is given up
FIRST_READ_S, SLOWEST_READ_S = 1.0, 5.0


@dataclass(slots=True)
class AskedCommand:
    """One SendCommand that asked; ``seen``: when each host was last listed."""

    hosts: tuple[str, ...]
    sent_at: float
    poll_at: float
    delay_s: float = FIRST_POLL_S
    seen: dict[str, float] = field(default_factory=dict)
    failures: int = 0

    def poll_later(self, now: float, jitter: Callable[[], float]) -> None:
        """Have it listed again, each time a little later than the time before."""
        self.poll_at = now + self.delay_s * (0.75 + jitter() / 2)
        self.delay_s = min(SLOWEST_POLL_S, self.delay_s * POLL_GROWTH)

    def unlisted(self, now: float) -> tuple[str, ...]:
        """Return the hosts that SSM has not listed for longer than it may take."""
        return tuple(host for host in self.hosts if now - self.seen.get(host, self.sent_at) > GRACE_S)

    def failed(self, *, lasting: bool) -> bool:
        """Note that it could not be listed; return whether it is to be given up."""
        self.failures = self.failures + 1 if lasting else 0
        return self.failures >= LASTING_FAILURES


@dataclass(slots=True)
class SilentHost:
    """One host that has no outcome yet. ``ended`` is set once SSM is through with it and its output is sought."""

    command: str = ""
    details: str = ""
    ended: Ended | None = None
    url: str = ""
    from_bucket: bool = False
    give_up_at: float = math.inf
    read_at: float = math.inf
    delay_s: float = FIRST_READ_S
    trouble: str = ""

    @property
    def silence(self) -> str:
        """How far the host had come, for when it is given up."""
        return silence(self.command, self.details, ended=self.ended is not None)

    def read_again(self, outcome: Missed, now: float) -> Fetch | Missed | None:
        """Come back later (None); when patience is over, take what the API kept, and after that the outcome."""
        if now + self.delay_s <= self.give_up_at:
            self.read_at = now + self.delay_s
            self.delay_s = min(SLOWEST_READ_S, self.delay_s * 2)
            return None
        if self.from_bucket and self.ended is not None and self.ended.api:
            self.from_bucket = False
            self.trouble = self.trouble or "nothing whole reached the output bucket"
            return Fetch(outcome.host, self.command, "", from_bucket=False)
        detail = "; ".join(part for part in (outcome.detail, self.trouble) if part)
        return Missed(outcome.host, outcome.reason, detail)
