"""What does the tracker remember of a command, and of a host that has no outcome yet?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from bot.collection.statuses import Ended

FIRST_POLL_S = 1.0
FIRST_READ_S = 1.0


@dataclass(slots=True)
class AskedCommand:
    """One SendCommand that asked; ``seen``: when each host was last listed."""

    hosts: tuple[str, ...]
    sent_at: float
    poll_at: float
    delay_s: float = FIRST_POLL_S
    seen: dict[str, float] = field(default_factory=dict)
    failures: int = 0


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
