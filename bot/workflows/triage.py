"""How does one request become one answer? Gather, decide, show: the main job, for Slack and command line alike."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import DiffyError, NotFound
from bot.model import (
    Baseline,
    BaselineInfo,
    Group,
    Method,
    Pack,
    Progress,
    Report,
    Run,
    RunInfo,
    RunState,
)
from bot.ports import JudgeRequest
from bot.workflows.gather import Gathered, gather
from bot.workflows.live import Ending, Live
from bot.workflows.presenting import Presenter
from bot.workflows.services import Services


class Stopped(DiffyError):
    """A person cancelled the run, or the process is going down."""

    def __init__(self, ending: Ending, by: str) -> None:
        if ending is Ending.CANCEL:
            super().__init__("The run was cancelled.")
        else:
            super().__init__("Diffy was stopped while this ran.", "Run it again.")
        self.ending = ending
        self.by = by


def triage(live: Live, services: Services, presenter: Presenter) -> Report:
    """Collect, judge, store and show one analysis; return the report.

    Raises:
        DiffyError: There is no answer; the run's record is not ended yet (``runs`` does that).
    """
    live.save(state=RunState.COLLECTING, started_at=services.clock.now())
    group = services.inventory.resolve(live.run.target, live.asker)
    pack = services.load_pack(live.run.pack)
    baseline = present_baseline(services, group, live.run)
    method, why = choose_method(live.run.method, baseline, group.name)
    live.progress = Progress(
        RunState.COLLECTING,
        targeted=len(group.hosts) + len(group.missed),
        missed=len(group.missed),
        waiting_for=tuple(host.id for host in group.hosts),
        known_offline=tuple(missed.host for missed in group.missed),
    )
    presenter.progress(live.run, live.progress)

    def request(got: Gathered, *, provisional: bool) -> JudgeRequest:
        return judge_request(
            live.run, group, pack, got, method, why, baseline, services=services, provisional=provisional
        )

    got = gather(
        live,
        group,
        pack,
        services=services,
        presenter=presenter,
        judge_so_far=lambda so_far: services.judge.judge(request(so_far, provisional=True)),
    )
    check_stop(live)
    live.save(state=RunState.COMPARING, snapshots=got.in_order())
    live.progress = replace(live.progress, state=RunState.COMPARING)
    presenter.progress(live.run, live.progress)
    report = services.judge.judge(request(got, provisional=False))
    services.reports.put(report)
    live.save(has_report=True)
    presenter.finished(live.run, report)
    return report


def check_stop(live: Live) -> None:
    """Raise Stopped when the run was asked to end without an answer."""
    if live.ending in (Ending.CANCEL, Ending.SHUTDOWN):
        raise Stopped(live.ending, live.stopped_by)


def present_baseline(services: Services, group: Group, run: Run) -> Baseline | None:
    """Return the present baseline of the group, or of the target as it was typed."""
    return services.store.baseline(group.name) or services.store.baseline(run.target.label)


def choose_method(asked: Method | None, baseline: Baseline | None, group: str) -> tuple[Method, str]:
    """Return the method and, in words, why it is that one.

    Raises:
        NotFound: A comparison with a baseline was asked for and there is none.
    """
    if baseline is not None:
        if asked is None:
            return Method.BOTH, "a baseline exists"
        return asked, "as asked"
    if asked is Method.BASELINE:
        raise NotFound(
            f"There is no baseline of {group} yet.",
            f"Compare with its peers (analyze {group} peers), or take one first (baseline {group}).",
        )
    if asked is Method.BOTH:
        return Method.PEERS, "there is no baseline yet, so peers only"
    return Method.PEERS, "as asked" if asked else "there is no baseline yet"


def judge_request(
    run: Run,
    group: Group,
    pack: Pack,
    got: Gathered,
    method: Method,
    why: str,
    baseline: Baseline | None,
    *,
    services: Services,
    provisional: bool = False,
) -> JudgeRequest:
    """Return all that judging needs, by digest. The baseline goes along only where the method uses it."""
    used = baseline if method is not Method.PEERS else None
    now = services.clock.now()
    use = services.api_use(run.id)
    return JudgeRequest(
        run=RunInfo(
            id=run.id,
            target=run.target.label,
            method=method,
            method_reason=why,
            pack=pack.name,
            requested_by=run.requested_by,
            started_at=run.started_at or now,
            finished_at=now,
            incident=run.incident,
            provisional=provisional,
            focus=group.focus,
            api_calls=use.calls,
            api_repeated=use.repeated,
        ),
        group=group,
        snapshots=got.in_order(),
        missed=tuple(sorted(got.missed, key=lambda missed: missed.host)),
        pack=pack,
        method=method,
        baseline=used.snapshots if used else (),
        baseline_info=describe(used) if used else None,
    )


def describe(baseline: Baseline) -> BaselineInfo:
    """Return what a report says of the baseline it compared with."""
    return BaselineInfo(
        baseline.version, baseline.author, baseline.created_at, baseline.renewed_at, baseline.hosts
    )
