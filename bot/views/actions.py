"""Which names do buttons and modals carry, and what travels with a press? Nothing but opaque ids and a place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Buttons and selects. The value of each is a run's id and nothing else.
DRILL_DOWN = "drill_down"
ACCEPT = "accept_baseline"
RUN_AGAIN = "run_again"
FINISH_NOW = "finish_now"
CANCEL = "cancel_run"
KEEP = "keep_baseline"
MORE = "more"
POST_TO_THREAD = "post_to_thread"
PAGE_NEXT = "page_next"
PAGE_PREVIOUS = "page_previous"
PICK_HOST = "pick_host"
PICK_QUERY = "pick_query"

# Modals.
DRILL_VIEW = "drill_view"
ACCEPT_VIEW = "accept_view"

# Options of the overflow: ``json:<run id>``, ``findings:<run id>``, ``page:<run id>``.
MORE_JSON = "json"
MORE_FINDINGS = "findings"
MORE_PAGE = "page"

ANY = "*"  # the option of a select that means all hosts, or all queries

REASON = "reason"  # block and action of the reason in the accept modal
INCLUDE = "include"  # action of its checkboxes; their blocks are include-0, include-1, …


@dataclass(frozen=True, slots=True)
class DrillPlace:
    """Where a drill-down modal stands. Empty ``host`` or ``query`` means all of them; ``page`` counts from 1."""

    run: str
    host: str = ""
    query: str = ""
    page: int = 1


def to_metadata(place: DrillPlace) -> str:
    """Return a place as a modal's private_metadata."""
    return json.dumps({"run": place.run, "host": place.host, "query": place.query, "page": place.page})


def drill_place(view: Mapping[str, Any]) -> DrillPlace:
    """Return where the modal stands, from its private_metadata; page 1 of everything when that is not ours."""
    held = _metadata(view)
    page = held.get("page")
    return DrillPlace(
        run=_text(held.get("run")),
        host=_text(held.get("host")),
        query=_text(held.get("query")),
        page=page if isinstance(page, int) and page > 0 else 1,
    )


def _metadata(view: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        held = json.loads(view.get("private_metadata") or "{}")
    except (TypeError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
