"""What does one durable write cost, and does it stay so at 10,000 runs? `python -m benchmarks.store`"""

from __future__ import annotations

import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.adapters.data_folder import DataFolder, write_atomically
from bot.adapters.snapshot_files import SnapshotFiles
from bot.adapters.tinydb_store import TinyDbStore
from bot.model import Answer, QueryStatus, RunState
from tests.fakes.samples import a_run, a_snapshot, an_entry

STEPS = (100, 1_000, 10_000)
DIGESTS = tuple(f"{number:064x}" for number in range(24))


def main() -> None:
    """Print medians and worst cases in milliseconds, and their ratio to the smallest store."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "data"
        with DataFolder.open(path) as folder, TinyDbStore(folder) as store:
            floor = _median_ms(lambda _: write_atomically(path / "floor", b"x" * 4096), 100)
            print(f"floor: one atomic 4 kB file, on disk          {floor:8.2f} ms")
            _grow(store, path)
            _together(store)
            _snapshots(folder)
        started = time.perf_counter()
        with DataFolder.open(path) as folder, TinyDbStore(folder) as store:
            print(f"open with {STEPS[-1]:,} runs                        {_ms(started):8.1f} ms")
            print(
                f"the 10 newest runs                            {_median_ms(lambda _: store.recent_runs(10), 50):8.3f} ms"
            )
            print(
                f"one of the oldest runs by id                  {_median_ms(lambda _: store.run('r00007'), 50):8.3f} ms"
            )


def _grow(store: TinyDbStore, path: Path) -> None:
    first = 0.0
    number = 0
    for step in STEPS:
        while number < step - 50:
            number += 1
            _life(store, number)
        times = []
        while number < step:
            number += 1
            started = time.perf_counter()
            _life(store, number)
            times.append(_ms(started) / 4)  # four writes
        median = statistics.median(times)
        first = first or median
        size = (path / "diffy.json").stat().st_size / 1000
        print(
            f"a write at {step:>6,} runs: median {median:6.2f} ms, worst {max(times):6.2f} ms,"
            f" {median / first:.2f} × the first; diffy.json {size:.0f} kB"
        )


def _life(store: TinyDbStore, number: int) -> None:
    run = a_run(number)
    store.save_run(run)
    store.save_run(replace(run, state=RunState.COLLECTING, message_ts="1754200000.000100"))
    store.save_run(replace(run, state=RunState.DONE, snapshots=DIGESTS, has_report=True))
    store.audit(an_entry(number))


def _together(store: TinyDbStore) -> None:
    def work(thread: int) -> None:
        for number in range(50):
            store.save_run(a_run(20_000 + thread, message_ts=str(number)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(10)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"ten threads, 50 writes each: a write          {_ms(started) / 500:8.2f} ms (group commit)")


def _snapshots(folder: DataFolder) -> None:
    rows = tuple(
        {"pid": str(n), "path": f"/usr/lib/tool{n}", "cmdline": f"tool{n} --serve /var/{n}"}
        for n in range(4_000)
    )
    base = a_snapshot()
    files = SnapshotFiles(folder)
    busy = [
        replace(base, answers=(Answer("processes", QueryStatus.ROWS, ({"n": str(i)}, *rows)),))
        for i in range(20)
    ]
    digests: list[str] = []
    put = _median_ms(lambda i: digests.append(files.put(busy[i])), 20)
    print(f"store a snapshot of 4,001 rows                {put:8.2f} ms")
    print(
        f"read it again, verified                       {_median_ms(lambda i: files.get(digests[i]), 20):8.2f} ms"
    )


def _median_ms(work: Callable[[int], object], times: int) -> float:
    taken = []
    for number in range(times):
        started = time.perf_counter()
        work(number)
        taken.append(_ms(started))
    return statistics.median(taken)


def _ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
