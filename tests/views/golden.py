"""The messages that are kept as pictures in words: `python -m tests.views.golden` writes them to tests/golden/.

Each file pastes into Slack's Block Kit Builder. Look at the drawn picture before accepting a changed one.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot import views
from bot.errors import Refused, UnknownTarget
from bot.model import Message, Progress, RunKind, RunState
from tests.views.examples import (
    APPROVER,
    BASELINE,
    CHANGED,
    CHANNEL,
    CLEAN,
    COLLECTING,
    HOSTS,
    MINER,
    NOW,
    OFFLINE,
    PROVISIONAL,
    REPORT,
    RESPONDER,
    RUN,
    RUN_ID,
    SCHEDULE,
    SHELL,
    SO_FAR,
)

FOLDER = Path(__file__).parents[1] / "golden"

NEXT = dataclasses.replace(
    BASELINE,
    version=4,
    created_at=NOW,
    renewed_at=NOW,
    hosts=tuple(host.id for host in HOSTS[:20]),
    reason="Release 2026.11.2 is out on the whole group",
    run=RUN_ID,
)
_QUEUED = dataclasses.replace(RUN, state=RunState.QUEUED)
_CUT_OFF = dataclasses.replace(RUN, state=RunState.INTERRUPTED)
_SCHEDULED = dataclasses.replace(
    RUN, id="r-9d20e4", requested_by="schedule:s-2b", incident="", kind=RunKind.REFRESH
)
_NO_RIGHT = Refused("You may look at results, but not change a baseline.", "Approvers change baselines.")


def _rest() -> Message:
    rest = views.rest_reply(REPORT)
    assert rest is not None
    return rest


SHOWN: dict[str, Callable[[], Message | Mapping[str, Any]]] = {
    "ack": lambda: views.ack(_QUEUED, group_size=24),
    "joined": lambda: views.joined(RUN, "https://example.slack.com/archives/C0INCIDENT/p1795422619000100"),
    "not_in_channel": lambda: views.not_in_channel(CHANNEL),
    "refusal": lambda: views.refusal(_NO_RIGHT, f"<@{APPROVER}>"),
    "failure": lambda: views.failure(UnknownTarget("There is no group web-agz.", "Near names: web-asg.")),
    "failure_unforeseen": lambda: views.failure(ValueError("secret detail"), "e-91c2"),
    "queued": lambda: views.progress(
        _QUEUED, Progress(RunState.QUEUED, place=2, known_offline=(OFFLINE.id,))
    ),
    "collecting": lambda: views.progress(RUN, COLLECTING),
    "comparing": lambda: views.progress(RUN, Progress(RunState.COMPARING, 24, 23, 1)),
    "provisional": lambda: views.provisional(SO_FAR, RUN, PROVISIONAL),
    "verdict": lambda: views.verdict(REPORT, RUN, now=NOW),
    "verdict_decided": lambda: views.verdict(REPORT, RUN, decided=views.accepted_text(NEXT), now=NOW),
    "verdict_clean": lambda: views.verdict(CLEAN, RUN, now=NOW),
    "interrupted": lambda: views.ended(
        _CUT_OFF, sentence="Diffy was restarted.", hint="Nothing accepted is lost."
    ),
    "reply_shell": lambda: views.host_reply(REPORT, SHELL.id),
    "reply_miner": lambda: views.host_reply(REPORT, MINER.id),
    "reply_rest": _rest,
    "drill_down": lambda: views.drill_down(REPORT, page=2),
    "drill_down_host": lambda: views.drill_down(REPORT, host=MINER.id, query="kernel_controls"),
    "posted_rows": lambda: views.posted_rows(REPORT, MINER.id, "", 1, RESPONDER),
    "accept_modal": lambda: views.accept_modal(REPORT, RUN, BASELINE),
    "accepted": lambda: views.accepted(NEXT, left=(SHELL.id, MINER.id)),
    "notice": lambda: views.notice(CHANGED, _SCHEDULED, SCHEDULE, BASELINE, NOW, late=True),
    "kept": lambda: views.kept(BASELINE, APPROVER, NOW),
    "baseline_proposal": lambda: views.baseline_proposal(
        CHANGED, RUN, (*HOSTS[:2], SHELL), BASELINE, REPORT.outliers[:1], NOW
    ),
    "baseline_taken": lambda: views.baseline_taken(NEXT, NOW, drift=CHANGED, left=(SHELL.id,)),
    "baseline_list": lambda: views.baseline_list([NEXT, BASELINE], NOW),
    "schedule_saved": lambda: views.schedule_saved(SCHEDULE, NOW),
    "status": lambda: views.status([(RUN, COLLECTING)], [_CUT_OFF], [SCHEDULE], NOW),
    "usage": lambda: views.usage(
        "/diffy analyze <target>", "/diffy analyze web-asg", problem="No word: analyse."
    ),
}


def as_json(shown: Message | Mapping[str, Any]) -> str:
    """Return a message or a modal as the JSON that Slack gets, indented."""
    body = {"text": shown.text, "blocks": shown.blocks} if isinstance(shown, Message) else shown
    return json.dumps(body, ensure_ascii=False, indent=1) + "\n"


def main() -> None:
    """Write every golden file anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in SHOWN.items():
        (FOLDER / f"{name}.json").write_text(as_json(make()), encoding="utf-8")


if __name__ == "__main__":
    main()
