"""How does a person's decision become a baseline, or leave things as they are?"""

from __future__ import annotations

from dataclasses import replace

from bot.errors import NotFound, Refused, UsageError
from bot.model import Baseline, Host, Report, Run, RunKind, RunState, TargetKind
from bot.workflows.desk import Desk
from bot.workflows.rebaseline import acceptable, baseline_of


def waiting_run(desk: Desk, run_id: str) -> tuple[Run, Report]:
    """Return a run that can still be decided on, and its report.

    Raises:
        NotFound: No such run, or it has no report.
        Refused: Somebody decided already.
    """
    desk.runs.settle(run_id)
    run = desk.services.store.run(run_id)
    if run.decided_by:
        raise Refused(
            f"<@{run.decided_by}> has decided on this already.", "Run the analysis again to look anew."
        )
    if not run.has_report:
        raise NotFound(f"Run {run_id} has no report.", "Run it again.")
    if not run.ended:
        raise Refused("This run has not ended yet.", "Wait for its verdict.")
    return run, desk.services.reports.get(run_id)


def accept(
    desk: Desk, run_id: str, *, by: str, reason: str, also: tuple[str, ...] = ()
) -> tuple[Run, Report, Baseline, tuple[str, ...]]:
    """Accept a run's snapshots as the target's new baseline; durable when it returns.

    Args:
        reason: Why this is normal; required.
        also: Hosts that stand out or answered in part, and are taken nevertheless, named one by one.

    Returns:
        The decided run, its report, the baseline, and the hosts left out.

    Raises:
        UsageError: No reason, or no host is left to take.
    """
    with desk.deciding:
        return _accept(desk, run_id, by, reason, also)


def _accept(
    desk: Desk, run_id: str, by: str, reason: str, also: tuple[str, ...]
) -> tuple[Run, Report, Baseline, tuple[str, ...]]:
    run, report = waiting_run(desk, run_id)
    if not reason.strip():
        raise UsageError("A baseline needs a reason.", "Say why this is normal.")
    services = desk.services
    hosts: dict[str, tuple[Host, str]] = {}
    for digest in run.snapshots:
        host = services.snapshots.get(digest).host
        hosts[host.id] = (host, digest)
    taken, left_out = acceptable(report, also=also)
    if run.kind is RunKind.REFRESH:  # to accept a notice is to accept what differs
        taken, left_out = tuple(sorted(hosts)), ()
    chosen = [hosts[host] for host in taken if host in hosts]
    if not chosen:
        raise UsageError(
            "No host is left to take: each stands out or answered in part.",
            "Name at least one of them, knowingly.",
        )
    groups = {host.group for host, _ in chosen if host.group}
    union = run.target.kind in (TargetKind.PREFIXED, TargetKind.SEVERAL)
    alone = len(groups) == 1 and not union  # a union is never its only group: the next may bring another
    target = groups.pop() + run.target.place_label if alone else run.target.label
    present = services.store.baseline(target)
    if present is not None and present.run == run.id:  # a crash came between accepting and saying so
        return _decide(desk, run, present.author), report, present, left_out
    baseline = baseline_of(
        run,
        target=target,
        hosts=tuple(host for host, _ in chosen),
        digests=tuple(digest for _, digest in chosen),
        author=by,
        reason=reason.strip(),
        services=services,
    )
    decided = _decide(desk, run, by)
    desk.audit(
        by, "baseline.accepted", baseline.target, run.id, run.channel, f"version {baseline.version}: {reason}"
    )
    return decided, report, baseline, left_out


def keep(desk: Desk, run_id: str, *, by: str) -> tuple[Run, Report]:
    """Keep the present baseline; the run is decided."""
    with desk.deciding:
        run, report = waiting_run(desk, run_id)
        desk.audit(by, "baseline.kept", run.target.label, run.id, run.channel)
        return _decide(desk, run, by), report


def _decide(desk: Desk, run: Run, by: str) -> Run:
    decided = replace(run, decided_by=by, state=RunState.DONE, ended_at=run.ended_at or desk.now())
    desk.services.store.save_run(decided)
    return decided
