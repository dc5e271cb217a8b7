"""What does analysing thousands of recorded hosts cost, beside reading and parsing the same bytes?

    python -m benchmarks.analysis            1,000 hosts of 2,000 rows, 5 % and 20 % of them a host's own
    python -m benchmarks.analysis --grow     1,250 to 10,000 hosts: the cost of each doubling
    python -m benchmarks.analysis --profile  where the time goes
    python -m benchmarks.analysis --recorded 10000    the whole of `diffy analyze --recorded`, without SSM

Each figure comes from a process of its own, which reads the files in an order drawn by lot, as hosts answer, folds host by
host, and judges. The floor is the time to read and parse the same files with orjson, measured in the same process before
and after. Times are those that this process had the processor, so that a busy machine says nearly the same; a ratio holds
on any machine, a second does not. The JSON diff is the comparison of each host's rows with one reference host's.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import pstats
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from benchmarks.crowd import Crowd
from benchmarks.detection import NOW
from benchmarks.references import json_diff
from bot import packs
from bot.analysis import Case, Fold, judge_folded
from bot.collection.recorded import from_json, unread
from bot.model import Group, Method, Report, RunInfo

HOSTS = 1_000
GROWTH = (1_250, 2_500, 5_000, 10_000)
DIFFED = 40  # hosts that the JSON diff is measured on; its cost is linear
PACK = packs.load(packs.DEFAULT)


def main(argv: Sequence[str] = ()) -> int:
    """Print the figures that were asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=HOSTS)
    parser.add_argument("--grow", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--recorded", type=int, default=0, metavar="HOSTS")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)  # what a process of its own is given
    chosen = parser.parse_args(list(argv))
    if chosen.folder:
        print(json.dumps(_measure(chosen.folder, profile=chosen.profile)))
    elif chosen.recorded:
        _analyze_recorded(chosen.recorded)
    else:
        print(f"{'hosts':>6} {'own':>4} {'MB':>6} {'floor s':>8} {'whole s':>8} {'whole':>6} {'fold':>6} {'judge':>6}"
              f" {'diff':>6} {'peak MB':>8}   (processor time; ratios to the floor)")  # fmt: skip
        if chosen.grow:
            _grow()
        else:
            for share in (0.05,) if chosen.profile else (0.05, 0.20):
                _line(chosen.hosts, share, profile=chosen.profile)
    return 0


def _grow() -> None:
    former = 0.0
    for count in GROWTH:
        took = _line(count, 0.05)
        if former:
            print(
                f"       twice the hosts cost {2 * took / former:.2f} times as much, measured in floors (2: linear)"
            )
        former = took


def _line(count: int, share: float, *, profile: bool = False) -> float:
    """Print one line; return the ratio to the floor."""
    with tempfile.TemporaryDirectory() as folder:
        Crowd({query.name: query.sql for query in PACK.queries}, share, now=NOW).write(Path(folder), count)
        command = [sys.executable, "-m", "benchmarks.analysis", "--folder", folder]
        done = subprocess.run(
            [*command, *(["--profile"] if profile else [])], stdout=subprocess.PIPE, text=True, check=True
        )
    figures = json.loads(done.stdout.splitlines()[-1])
    floor = figures["floor"]
    print(
        f"{count:6} {share:4.0%} {figures['mb']:6.0f} {floor:8.2f} {figures['whole']:8.2f} {figures['whole'] / floor:6.2f}"
        f" {figures['fold'] / floor:6.2f} {figures['judge'] / floor:6.2f} {figures['diff'] / floor:6.2f}"
        f" {figures['peak']:8.0f}",
        flush=True,
    )
    if profile:
        print("\n".join(done.stdout.splitlines()[:-1]))
    return float(figures["whole"] / floor)


def _measure(folder: Path, *, profile: bool) -> dict[str, float]:
    files = sorted((folder / "hosts").glob("*.json"))
    random.Random("arrival").shuffle(files)
    gc.freeze()
    gc.disable()  # as the worker does: no cycles are made, and looking for them costs time
    before, size = _floor(files)
    fold = Fold()
    started = time.process_time()
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    for path in files:
        fold.add_rows(*unread(path.read_bytes()), path.stem)
    folded = time.process_time()
    report = _judge(fold)
    profiler.disable()
    judged = time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(16)
    if len(report.outliers) != 1 and len(files) > 2:
        print(f"{len(report.outliers)} hosts stand out instead of one", file=sys.stderr)
    after, _ = _floor(files)
    return {
        "mb": size / 1e6,
        "floor": (before + after) / 2,
        "whole": judged - started,
        "fold": folded - started,
        "judge": judged - folded,
        "diff": _diff(files),
        "peak": peak,
    }


def _floor(files: Sequence[Path]) -> tuple[float, int]:
    size = 0
    started = time.process_time()
    for path in files:
        raw = path.read_bytes()
        size += len(raw)
        orjson.loads(raw)
    return time.process_time() - started, size


def _diff(files: Sequence[Path]) -> float:
    few = files[:DIFFED]
    return _timed(lambda: json_diff([from_json(path.read_bytes()) for path in few])) * len(files) / len(few)


def _timed(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _judge(fold: Fold) -> Report:
    hosts = tuple(snapshot.host for snapshot in fold.snapshots)
    run = RunInfo("r-bench", "crowd", Method.PEERS, "for the benchmark", PACK.name, "cli", NOW, NOW)
    case = Case(run, Group("crowd", hosts, known=hosts), (), (), PACK, Method.PEERS)
    return judge_folded(case, fold, range(len(hosts)), ())


def _analyze_recorded(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Crowd({query.name: query.sql for query in PACK.queries}, 0.05, now=NOW).write(Path(folder), count)
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "bot", "analyze", "crowd", "--recorded", folder],
            stdout=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        took = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder, "hosts").iterdir()) / 1e6
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"diffy analyze --recorded: {count} hosts, {size:.0f} MB: {took:.1f} s, of them {used.ru_utime + used.ru_stime:.1f} s"
          f" of processor, peak {used.ru_maxrss / 1024:.0f} MB, exit code {done.returncode}")  # fmt: skip
    print("\n".join(done.stdout.splitlines()[:6]))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
