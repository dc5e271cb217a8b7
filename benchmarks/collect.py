"""What does asking 100, 300 and 1,000 hosts over SSM cost: calls, seconds after the last answer, memory?

The command line runs in a process of its own against the embedded AWS, which runs in another: 5 % of the hosts fail in
mixed ways, every hundredth carries a planted process, a fifth of all API calls is refused. Loopback only, and it ends by
itself: each run has a deadline.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

from bot.sandbox.aws import EmbeddedAws
from bot.sandbox.aws.plans import is_planted

SIZES = (100, 300, 1_000)
THROTTLED = 0.2
FAILING_EVERY = 20  # 5 %
FAULTS: tuple[dict[str, Any], ...] = (
    {"manner": "empty"},
    {"manner": "cut"},
    {"manner": "lie"},
    {"ping": "ConnectionLost"},
    {"manner": "fail"},
    {"manner": "access_denied"},
    {"manner": "undeliverable"},
    {"manner": "garbage"},
    {"manner": "no_osquery"},
    {"ping": "absent"},
)
LONGEST_S = 900
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run.

    Attributes:
        calls: API calls that the emulator counted, refused ones too.
        wall_s: From the start of the command to its end.
        after_last_s: From the last host's end, as SSM knows it, to the end of the command.
        peak_mb: Largest resident memory of the command's process.
        emulator_s: Seconds of processor time of the emulator meanwhile.
        answered, missed, unaccounted: Hosts.
        planted, found: Hosts with the planted process, and those of them that stand out in the report.
    """

    size: int
    calls: int
    wall_s: float
    after_last_s: float
    peak_mb: float
    emulator_s: float
    answered: int
    missed: int
    unaccounted: int
    planted: int
    found: int
    by_action: dict[str, int]


def measure(size: int, folder: Path, *, throttled: float = THROTTLED) -> Figures:
    """Ask one fleet of that size once.

    Raises:
        RuntimeError: The command could not say anything; the text holds the end of what it wrote to stderr.
        subprocess.TimeoutExpired: It took longer than ``LONGEST_S``.
    """
    with EmbeddedAws.start(folder / "aws", fleet=f"many:{size}") as aws:
        ids = aws.ids("many-asg")
        planted = {host for at, host in enumerate(ids) if is_planted(at)}
        sound = [host for host in ids if host not in planted]
        for host, fault in zip(sound[::FAILING_EVERY], cycle(FAULTS), strict=False):
            aws.set_host(host, **fault)
        aws.set_api(throttle={"*": throttled})
        before, cpu = sum(aws.calls().values()), aws.cpu_s
        began = time.time()
        report, peak_mb = _ask(aws, folder)
        ended = time.time()
        calls = aws.calls()
        last = aws.last_answer_at()
        hosts = {host["id"]: host for host in report["hosts"]}
        return Figures(
            size=size,
            calls=sum(calls.values()) - before,
            wall_s=ended - began,
            after_last_s=ended - last,
            peak_mb=peak_mb,
            emulator_s=aws.cpu_s - cpu,
            answered=sum(host["status"] in ("answered", "partial") for host in hosts.values()),
            missed=sum(host["status"] == "missed" for host in hosts.values()),
            unaccounted=len(set(ids) - hosts.keys()),
            planted=len(planted),
            found=sum(bool(hosts[host]["outlier"]) for host in planted if host in hosts),
            by_action=calls,
        )


def _ask(aws: EmbeddedAws, folder: Path) -> tuple[dict[str, Any], float]:
    """Run the command line; return its report and its peak memory in MB."""
    out, err = folder / "report.json", folder / "stderr.txt"
    env = {
        **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ},
        **aws.env,
        "PYTHONPATH": str(_ROOT),
        "DIFFY_DATA_DIR": str(folder / "data"),
    }
    with out.open("wb") as report, err.open("wb") as words:
        process = subprocess.Popen(
            [sys.executable, "-c", _COMMAND, "analyze", "many-asg", "--json"],
            env=env,
            cwd=folder,
            stdout=report,
            stderr=words,
        )
        try:
            process.wait(LONGEST_S)
        finally:
            process.kill()
            process.wait()
    text = err.read_text(errors="replace")
    try:
        found: dict[str, Any] = json.loads(out.read_bytes())
        return found, int(text.rpartition("peak_kb=")[2]) / 1024
    except ValueError:
        raise RuntimeError(f"no report:\n{text[-3000:]}") from None


_COMMAND = """
import resource, sys
from bot.cli import main
try:
    code = main()
finally:
    print(f"peak_kb={resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}", file=sys.stderr, flush=True)
raise SystemExit(code)
"""


def main(sizes: Sequence[int] = SIZES) -> int:
    """Print one line a size, and how each figure grows."""
    print(
        f"{'hosts':>6}{'calls/host':>12}{'run s':>8}{'after last s':>14}{'peak MB':>9}{'emulator CPU s':>16}"
        f"{'answered':>10}{'missed':>8}{'lost':>6}{'planted found':>15}"
    )
    made = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="diffy-bench-") as folder:
            one = measure(size, Path(folder))
        made.append(one)
        print(
            f"{one.size:>6}{one.calls / one.size:>12.2f}{one.wall_s:>8.1f}{one.after_last_s:>14.1f}{one.peak_mb:>9.0f}"
            f"{one.emulator_s:>16.1f}{one.answered:>10}{one.missed:>8}{one.unaccounted:>6}{one.found:>10} of {one.planted}",
            flush=True,
        )
    first, last = made[0], made[-1]
    print(
        f"From {first.size} to {last.size} hosts (x{last.size / first.size:.0f}): calls x{last.calls / first.calls:.1f}, "
        f"run x{last.wall_s / first.wall_s:.1f}, after the last answer x{last.after_last_s / max(first.after_last_s, 0.1):.1f}, "
        f"memory x{last.peak_mb / first.peak_mb:.1f}"
    )
    print(f"Calls at {last.size}: " + ", ".join(f"{name} {count}" for name, count in last.by_action.items()))
    return 0 if all(one.unaccounted == 0 and one.found == one.planted for one in made) else 1


if __name__ == "__main__":
    raise SystemExit(main([int(size) for size in sys.argv[1:]] or SIZES))
