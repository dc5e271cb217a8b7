"""How do packs in osquery's own form become ours, and ours theirs?"""

from __future__ import annotations

import json

from bot.model import Cost, Pack

_INTERVAL_S = {Cost.FAST: 3600, Cost.MEDIUM: 3600, Cost.SLOW: 14_400}


def to_osquery(pack: Pack) -> str:
    """Return the pack as osqueryd runs it: whole snapshots, hourly, slow queries every four hours."""
    queries = {
        query.name: {
            "query": f"{query.sql};",
            "interval": _INTERVAL_S[query.cost],
            "snapshot": True,
            "description": query.why,
        }
        for query in pack.queries
    }
    return json.dumps({"platform": "linux", "queries": queries}, indent=2)
