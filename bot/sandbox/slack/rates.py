"""May this call be made now, or in how many seconds? (slackapi/java-slack-sdk, metadata/web-api/rate_limit_tiers.json)"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

WINDOW_S = 60.0
TIER = {1: 1, 2: 20, 3: 50, 4: 100}  # calls a minute and method, at least
POST_BURST = 4  # chat.postMessage: one a second and channel, with a small burst
_OPEN_CONNECTIONS = 10  # apps.connections.open is tier 1, yet ten connections at once are allowed
METHOD_TIER = {
    "chat.update": 3,
    "chat.delete": 3,
    "chat.postEphemeral": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "conversations.open": 3,
    "conversations.info": 3,
    "conversations.members": 4,
    "users.info": 4,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
}


@dataclass(slots=True)
class Rates:
    """Remembers the calls of the last minute. Not thread-safe: its owner holds the lock."""

    clock: Callable[[], float]
    _calls: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def take(self, method: str, channel: str) -> int:
        """Count one call; 0 when it may be made, else the seconds to wait before the next try (Retry-After)."""
        if method == "chat.postMessage":
            return self._take(f"{method} {channel}", POST_BURST, float(POST_BURST))
        if method == "apps.connections.open":
            return self._take(method, _OPEN_CONNECTIONS, WINDOW_S)
        tier = METHOD_TIER.get(method)
        return self._take(method, TIER[tier], WINDOW_S) if tier else 0

    def _take(self, key: str, allowed: int, window_s: float) -> int:
        now, calls = self.clock(), self._calls[key]
        while calls and calls[0] <= now - window_s:
            calls.popleft()
        if len(calls) >= allowed:
            return max(1, math.ceil(calls[0] + window_s - now))
        calls.append(now)
        return 0
