"""How quickly is a command acknowledged while ten analyses run? Slack gives up after 3 s; the aim is under 0.3 s.

The embedded AWS is in a process of its own, as the real one is elsewhere; the bot is another; this one plays Slack and
the people. On two cores all of them share the machine, so the figure holds what a busy small machine gives.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bot.sandbox.slack.workspace import APPROVER, INCIDENT, RESPONDER
from tests.whole.stage import Stage, stage

RUNNING = 10
COMMANDS = 60


def main(argv: Sequence[str] = ()) -> int:
    """Start ten analyses of ten different targets, then type further commands while they run; print the figures."""
    with tempfile.TemporaryDirectory() as folder, stage(Path(folder), fleet="demo") as up:
        up.slack.set_rate_limits(False)
        hosts = [*up.aws.ids("web-asg"), *up.aws.ids("api-asg")]
        targets = [
            "web-asg",
            "api-asg",
            *(f"{a},{b}" for a, b in zip(hosts[::2], hosts[1::2], strict=False)),
        ][:RUNNING]
        idle = [_ack(up, "help") for _ in range(20)]
        first = [_ack(up, f"analyze {target}") for target in targets]
        busy, running = [], []
        for number in range(COMMANDS):
            running.append(
                sum("finish_now" in str(m.blocks) or "cancel_run" in str(m.blocks) for m in up.parents())
            )
            busy.append(_ack(up, ("status", "help", "packs", "analyze web-asg")[number % 4], APPROVER.id))
        print("acknowledgements, s              median      max")
        for name, figures in (
            ("idle: help", idle),
            ("the ten analyses", first),
            (f"{COMMANDS} further commands", busy),
        ):
            print(f"{name:28} {statistics.median(figures):8.3f} {max(figures):8.3f}")
        print(f"analyses still running at each further command: from {max(running)} to {min(running)}")
    return 0


def _ack(up: Stage, text: str, user: str = RESPONDER.id) -> float:
    result = up.slack.command(user, INCIDENT.id, "/diffy", text)
    if not result.acked.ok:
        print(f"not acknowledged: {text}: {result.acked.error}", file=sys.stderr)
    return float(result.acked.ack_s)


if __name__ == "__main__":
    raise SystemExit(main())
