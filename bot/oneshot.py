"""How does the command line run one analysis or take one baseline? The same workflows, in one process, in memory."""

from __future__ import annotations

import gc
import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from bot import packs, ways
from bot.adapters import baseline_file, plugins
from bot.adapters.clock import SystemClock
from bot.adapters.data_folder import DataFolder
from bot.adapters.local_host import NAME as LOCAL
from bot.adapters.memory import InlineJudge, MemoryReports, MemorySnapshots, MemoryStore
from bot.adapters.report_files import ReportFiles
from bot.adapters.snapshot_files import SnapshotFiles
from bot.collection.recorded import digest
from bot.errors import DiffyError, NotFound, UsageError
from bot.model import Baseline, Method, Progress, Report, Run, RunKind, RunState, Snapshot, Target
from bot.settings import Settings
from bot.views.gate import conclusive, coverage_share, reaching, unnamed
from bot.workflows import targets
from bot.workflows.live import Ending, Live
from bot.workflows.proposal import Proposal
from bot.workflows.rebaseline import EVERY_HOST, baseline_of, propose
from bot.workflows.services import Services
from bot.workflows.triage import triage

if TYPE_CHECKING:
    from tqdm import tqdm


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked on the command line."""

    target: str
    settings: Settings
    pack: str = packs.DEFAULT
    method: Method | None = None
    recorded: Path | None = None
    logs: Path | None = None
    baseline: Path | None = None
    incident: str = ""
    take_from: tuple[str, ...] = ()
    take_hosts: int | None = None
    accounts: str = ""
    regions: str = ""

    def named(self) -> Target:
        """The target; UsageError where the words name none."""
        if self.recorded is not None and (self.accounts or self.regions):
            raise UsageError(
                "Recorded answers are in no account or region.", "Leave --account and --region out."
            )
        return targets.parse(
            [self.target], accounts=self.accounts, regions=self.regions, places=self.settings.places
        )

    @property
    def here(self) -> bool:
        """Whether the machine that this runs on is meant."""
        return self.target == LOCAL and self.recorded is None and self.logs is None


def analyze(request: Request) -> Report:
    """Collect and judge; return the report. Raises DiffyError when there is none."""
    services = _services(request, keep=False)
    if request.here and (request.method is Method.PEERS or services.store.baseline(LOCAL) is None):
        raise NotFound(
            "One machine has no peers, and there is no baseline to compare it with.",
            "Take one while it is well (diffy baseline local --out FILE), then name it with --baseline FILE.",
        )
    gc.set_threshold(
        100_000, 50, 100
    )  # rows hold no cycles: looking for some as often as usual takes a tenth of the time
    live = _live(request, services, RunKind.ANALYZE)
    with _interruptible(live), _Bar() as bar:
        report = triage(live, services, bar)
    live.end(RunState.DONE, services.clock.now())
    return report


@dataclass(frozen=True, slots=True)
class Taken:
    """A baseline with its snapshots, and who was left out of it, with why."""

    baseline: Baseline
    snapshots: tuple[Snapshot, ...]
    drift: Report | None
    left_out: tuple[str, ...]
    standing_out: tuple[str, ...]


def take_baseline(request: Request, *, author: str) -> Taken:
    """Take a baseline. Hosts that stand out or answered in part are left out, unless named in ``take_from``.

    Raises:
        DiffyError: No host is left to take, or nothing could be collected.
    """
    services = _services(request, keep=True)
    live = _live(request, services, RunKind.BASELINE)
    with _interruptible(live), _Bar() as bar:
        proposal = propose(live, services, bar)
    out = {verdict.id for verdict in proposal.standing_out} - set(request.take_from)
    kept = [(h, d) for h, d in zip(proposal.chosen, proposal.digests, strict=True) if h.id not in out]
    if not kept:
        raise DiffyError(
            f"Every chosen host stands out among its peers ({', '.join(sorted(out))}).",
            "Look at them first (diffy analyze), then name those that are normal with --from.",
        )
    baseline = baseline_of(
        live.run,
        target=proposal.group.name,
        hosts=tuple(host for host, _ in kept),
        digests=tuple(name for _, name in kept),
        author=author,
        reason="taken on the command line",
        services=services,
    )
    live.end(RunState.DONE, services.clock.now())
    snapshots = tuple(services.snapshots.get(name) for _, name in kept)
    baseline = replace(baseline, snapshots=tuple(digest(snapshot) for snapshot in snapshots))
    return Taken(baseline, snapshots, proposal.drift, proposal.left_out, tuple(sorted(out)))


def keep_in_data_folder(settings: Settings, taken: Taken) -> Baseline:
    """Store a taken baseline as the next version in the data folder; return it as stored.

    Raises:
        StoreLocked: The bot owns the folder; take the baseline in Slack, or write it to a file.
    """
    with (
        closing(DataFolder.open(settings.data_dir, lock=True)) as folder,
        ways.open_store(settings, folder, plugins.installed()) as store,
    ):
        snapshots = SnapshotFiles(folder)
        present = store.baseline(taken.baseline.target)
        baseline = replace(
            taken.baseline,
            version=(present.version if present else 0) + 1,
            snapshots=tuple(snapshots.put(snapshot) for snapshot in taken.snapshots),
        )
        store.add_baseline(baseline)
        return baseline


def _services(request: Request, *, keep: bool) -> Services:
    """Join the core to its adapters. What was typed is checked first, before any service is reached.

    Args:
        keep: Whether snapshots are read once more after they were judged.
    """
    additions = ways.open_additions(request.settings)
    for sentence in (*additions.plugins.problems, *additions.shelf.problems):
        print(f"diffy: {sentence}", file=sys.stderr)
    additions.shelf.load(request.pack)
    request.named()
    snapshots = MemorySnapshots(keep=keep)
    find_baseline = _baseline_source(request, snapshots)
    clock = SystemClock()
    if request.recorded is not None:
        way = ways.recorded(request.recorded)
    elif request.logs is not None:
        way = ways.logged(request.logs)
    elif request.here:
        way = ways.here(clock)
    else:
        way = ways.cloud(request.settings, additions.plugins, clock, at_once=False)
    return Services(
        store=MemoryStore(find_baseline),
        snapshots=snapshots,
        reports=MemoryReports(),
        inventory=way.inventory,
        collector=way.collector,
        judge=InlineJudge(snapshots),
        clock=clock,
        load_pack=additions.shelf.load,
        pace=replace(
            ways.pace(request.settings), provisional_after_s=math.inf, provisional_share=math.inf
        ),  # not shown
        api_use=way.api_use,
        places=request.settings.places,
    )


def _baseline_source(request: Request, held: MemorySnapshots) -> Callable[[str], Baseline | None]:
    """Return the function that finds a target's baseline: in the file that was named, else in the data folder."""
    if request.baseline is not None:
        baseline, snapshots = baseline_file.read(request.baseline)
        named = replace(baseline, snapshots=tuple(held.put(snapshot) for snapshot in snapshots))
        return lambda target: named
    found: dict[str, Baseline | None] = {}

    def find(target: str) -> Baseline | None:
        if target not in found:
            found[target] = _from_data_folder(request.settings, target, held)
        return found[target]

    return find


def _from_data_folder(settings: Settings, target: str, held: MemorySnapshots) -> Baseline | None:
    if not settings.data_dir.is_dir():
        return None
    with (
        closing(DataFolder.open(settings.data_dir, lock=False)) as folder,
        ways.open_store(settings, folder, plugins.installed()) as store,
    ):
        baseline = store.baseline(target)
        if baseline is None:
            return None
        files = SnapshotFiles(folder)
        return replace(
            baseline, snapshots=tuple(held.put(files.get(digest)) for digest in baseline.snapshots)
        )


def _live(request: Request, services: Services, kind: RunKind) -> Live:
    take_hosts = request.take_hosts
    if take_hosts is None:
        take_hosts = EVERY_HOST if request.recorded or request.logs else 3
    run = Run(
        id=ways.new_run_id(),
        kind=kind,
        target=request.named(),
        pack=request.pack,
        requested_by="command line",
        created_at=services.clock.now(),
        method=request.method,
        incident=request.incident,
        take_from=request.take_from,
        take_hosts=take_hosts,
    )
    services.store.save_run(run)
    return Live(run, services.store)


@contextmanager
def _interruptible(live: Live) -> Iterator[None]:
    """Ctrl-C and SIGTERM cancel the run, so that commands sent to hosts are cancelled too and no temporary file stays.

    A thread asks: the handler interrupts the main thread, perhaps where that holds the run's own lock.
    """

    def cancel(number: int, frame: FrameType | None) -> None:
        threading.Thread(target=live.ask_to_stop, args=(Ending.CANCEL, "command line"), name="stop").start()

    former = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class _Bar:
    """A progress bar on a terminal; silence elsewhere. Implements ``Presenter``."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *failure: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def opened(self, run: Run, progress: Progress) -> Run:
        return run

    def progress(self, run: Run, progress: Progress) -> None:
        if not sys.stderr.isatty():
            return
        if self._bar is None:
            from tqdm import tqdm  # only here: a pipeline shows no bar

            self._bar = tqdm(total=progress.targeted, unit="host", leave=False, file=sys.stderr)
        self._bar.set_description(progress.state.value)
        self._bar.update(progress.answered + progress.missed - self._bar.n)

    def provisional(self, run: Run, report: Report, progress: Progress) -> None:
        self.progress(run, progress)

    def finished(self, run: Run, report: Report) -> None:
        return

    def detailed(self, run: Run, report: Report) -> None:
        return

    def proposed(self, run: Run, proposal: Proposal) -> Run:
        return run

    def taken(self, run: Run, baseline: Baseline, proposal: Proposal) -> None:
        return

    def unchanged(self, run: Run, baseline: Baseline) -> None:
        return

    def left(self, run: Run, progress: Progress) -> None:
        return

    def ended(self, run: Run, error: DiffyError) -> None:
        return


def stored_report(settings: Settings, run_id: str) -> Report:
    """Return the report of a run that the bot's data folder holds; NotFound where it holds none."""
    if not settings.data_dir.is_dir():
        raise NotFound(
            f"There is no data folder {settings.data_dir}.",
            "Set DIFFY_DATA_DIR to the bot's; the command line itself keeps no reports.",
        )
    with closing(DataFolder.open(settings.data_dir, lock=False)) as folder:
        return ReportFiles(folder).get(run_id)


def exit_code(report: Report, *, min_coverage: float, fail_on: float | None = None) -> int:
    """Return 1 if something stands out; else 0 if enough hosts answered every query; else 2.

    Something stands out as well where it is as sharp, but no host can be named for it. With ``fail_on``, 1 if a
    finding or a host reaches that many bits instead. 2 as well where nothing could be compared: a gate must not pass
    because hosts were silent or alone.
    """
    if fail_on is not None:
        stop = any(reaching(report, fail_on))
    else:
        marked = bool(report.outliers) or any(finding.outlying for finding in report.findings)
        stop = marked or unnamed(report)
    if stop:
        return 1
    return 0 if conclusive(report) and coverage_share(report) >= min_coverage else 2
