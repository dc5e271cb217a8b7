"""Has a process ended? Killed ones take their time on a busy machine, and not every container collects orphans."""

from __future__ import annotations

import time
from pathlib import Path

PATIENCE_S = 30


def ended(pid: int) -> bool:
    """Whether a process is gone, or dead and not yet collected by its parent, or soon will be."""
    give_up = time.monotonic() + PATIENCE_S
    while _runs(pid):
        if time.monotonic() > give_up:
            return False
        time.sleep(0.02)
    return True


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"
