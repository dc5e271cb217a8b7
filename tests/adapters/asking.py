"""What tests of hosts that are read from files ask, and how they gather what came of each."""

from __future__ import annotations

from collections.abc import Callable

from bot.adapters.osquery_logs import OsqueryLogs
from bot.adapters.recorded import RecordedFolder
from bot.model import Asker, Group, Missed, Pack, Query, Snapshot, Target, TargetKind
from bot.ports import Errand

PACK = Pack("p", "", tuple(Query(name, "SELECT 1", "why") for name in ("users", "crontab", "mounts")))
ASKER = Asker("r", "U0RESPOND01")
GROUP = Target(TargetKind.GROUP, ("anything",))


def collect(
    source: RecordedFolder | OsqueryLogs,
    group: Group,
    *,
    deadline_s: float = 60,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Snapshot | Missed]:
    """What was delivered, by host."""
    found: list[Snapshot | Missed] = []
    source.collect(group, PACK, Errand(ASKER, deadline_s, stop), deliver=found.append)
    return {item.host if isinstance(item, Missed) else item.host.id: item for item in found}
