"""How does a group get a baseline? Choose hosts, collect, show what differs, and accept, or let a person decide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from bot.errors import DiffyError, EmptyTarget, UsageError
from bot.model import (
    Baseline,
    Group,
    Host,
    HostStatus,
    Method,
    Progress,
    Report,
    Run,
    RunState,
    partly_answered,
)
from bot.views.words import MISSED
from bot.workflows.gather import Gathered, begin, gather
from bot.workflows.live import Live
from bot.workflows.presenting import Presenter
from bot.workflows.proposal import Proposal
from bot.workflows.services import Services
from bot.workflows.stopping import check_stop
from bot.workflows.triage import judge_request, present_baseline

WITNESSES = 50  # hosts asked in all, so that the chosen ones can be seen beside peers: one batch of SSM
RECENT = 200  # runs looked back on for a notice that still waits
EVERY_HOST = 0  # as a number of hosts: all of the group
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def choose_hosts(group: Group, *, count: int, named: tuple[str, ...] = ()) -> tuple[Host, ...]:
    """Return the hosts a baseline is taken from: those named, else the newest of the newest template version.

    Raises:
        UsageError: A named host does not belong to the group.
        EmptyTarget: No host of the group can be asked.
    """
    if not group.hosts:
        raise EmptyTarget(f"No host of {group.name} can be asked now.", "Try again when one is in service.")
    if named:
        by_id = {host.id: host for host in group.hosts}
        strangers = [host for host in named if host not in by_id]
        if strangers:
            raise UsageError(
                f"{strangers[0]} is not a host of {group.name} that can be asked now.",
                f"Hosts: {', '.join(sorted(by_id)[:5])}{' …' if len(by_id) > 5 else ''}.",
            )
        return tuple(by_id[host] for host in dict.fromkeys(named))
    if count == EVERY_HOST:
        return group.hosts
    newest = max(group.hosts, key=lambda host: (_version(host), _launched(host))).template_version
    candidates = [host for host in group.hosts if host.template_version == newest]
    candidates.sort(key=lambda host: (_launched(host), host.id), reverse=True)
    return tuple(candidates[:count])


def propose(live: Live, services: Services, presenter: Presenter, *, witnesses: bool = True) -> Proposal:
    """Collect the chosen hosts, with peers beside them as witnesses, and say what speaks against them.

    Args:
        witnesses: Whether to ask further hosts of the group too, so that an odd one among the chosen shows.
    """
    run = live.save(state=RunState.COLLECTING, started_at=live.run.started_at or services.clock.now())
    group = begin(live, services)
    pack = services.load_pack(run.pack)
    chosen = choose_hosts(group, count=run.take_hosts, named=run.take_from)
    asked = _asked(group, chosen, witnesses=witnesses)
    live.progress = Progress(RunState.COLLECTING, targeted=len(asked.hosts))
    presenter.progress(live.run, live.progress)
    got = gather(live, asked, pack, services=services, presenter=presenter, judge_so_far=None)
    check_stop(live)
    live.progress = replace(live.progress, state=RunState.COMPARING)
    live.save(state=RunState.COMPARING)
    presenter.progress(live.run, live.progress)
    partial = partly_answered(got.unknown)
    taken = [h for h in chosen if h.id in got.digests and (h.id not in partial or h.id in run.take_from)]
    if not taken:
        ids = {host.id for host in chosen}
        reasons = dict.fromkeys(MISSED[one.reason] for one in got.missed if one.host in ids)
        why = f" ({'; '.join(reasons)})" if reasons else ""
        raise EmptyTarget(
            f"None of the chosen hosts of {group.name} answered every query{why}, so no baseline was taken.",
            "Choose others (baseline <target> --from i-…), or analyze the group to see what each host said.",
        )
    present = _present_before(services, group, run)
    request = judge_request(
        live.run,
        asked,
        pack,
        got,
        Method.PEERS,
        "to see whether a chosen host stands out",
        None,
        services=services,
    )
    peers = services.judge.judge(request)
    ids = {host.id for host in taken}
    drift = None
    if present is not None:
        drift = _drift(
            live.run,
            asked,
            pack_name=pack.name,
            hosts=taken,
            got_digests=got.digests,
            present=present,
            services=services,
        )
    services.judge.forget(live.run.id)
    digests = tuple(got.digests[host.id] for host in taken)
    live.save(snapshots=digests)
    return Proposal(
        group=group,
        chosen=tuple(taken),
        digests=digests,
        present=present,
        peers=peers,
        drift=drift,
        standing_out=tuple(v for v in peers.hosts if v.outlier and v.id in ids),
        left_out=tuple(host.id for host in chosen if host.id not in ids),
    )


def _present_before(services: Services, group: Group, run: Run) -> Baseline | None:
    """Return the present baseline, or the one before it when a former process took the present one in this very run."""
    present = present_baseline(services, group, run)
    if present is None or present.run != run.id:
        return present
    return services.store.baseline(present.target, present.version - 1) if present.version > 1 else None


def _drift(
    run: Run,
    group: Group,
    *,
    pack_name: str,
    hosts: Iterable[Host],
    got_digests: dict[str, str],
    present: Baseline,
    services: Services,
) -> Report:
    """Compare the chosen hosts, and only them, with the present baseline."""
    chosen = tuple(sorted(hosts, key=lambda host: host.id))
    request = judge_request(
        run,
        Group(group.name, chosen, known=chosen),
        services.load_pack(pack_name),
        Gathered({host.id: got_digests[host.id] for host in chosen}),
        Method.BASELINE,
        "what differs from the present baseline",
        present,
        services=services,
    )
    return services.judge.judge(request)


def baseline_of(
    run: Run,
    *,
    target: str,
    hosts: tuple[Host, ...],
    digests: tuple[str, ...],
    author: str,
    reason: str,
    services: Services,
) -> Baseline:
    """Make, store and return the next version of a target's baseline; a run has one, however often this is asked."""
    present = services.store.baseline(target)
    if present is not None and present.run == run.id:
        return present
    now = services.clock.now()
    baseline = Baseline(
        target=target,
        version=(present.version if present else 0) + 1,
        hosts=tuple(host.id for host in hosts),
        snapshots=digests,
        pack=run.pack,
        author=author,
        created_at=now,
        renewed_at=now,
        reason=reason,
        run=run.id,
        images=tuple(sorted({host.image_id for host in hosts if host.image_id})),
        template_versions=tuple(sorted({host.template_version for host in hosts if host.template_version})),
    )
    services.store.add_baseline(baseline)
    return baseline


def acceptable(report: Report, *, also: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split the hosts that answered into (taken, left out), each sorted; the doubtful ones are left out.

    Args:
        also: Hosts named one by one by the person who accepts; they are taken nevertheless.
    """
    left_out = {verdict.id for verdict in report.doubtful} - set(also)
    answered = {verdict.id for verdict in report.hosts if verdict.status is not HostStatus.MISSED}
    return tuple(sorted(answered - left_out)), tuple(sorted(left_out))


def _asked(group: Group, chosen: tuple[Host, ...], *, witnesses: bool) -> Group:
    """Return the part of the group that is asked: the chosen hosts, and the newest others up to WITNESSES."""
    ids = {host.id for host in chosen}
    others = [host for host in group.hosts if host.id not in ids] if witnesses else []
    others.sort(key=lambda host: (_version(host), _launched(host), host.id), reverse=True)
    hosts = tuple(sorted((*chosen, *others[: max(0, WITNESSES - len(chosen))]), key=lambda host: host.id))
    return Group(group.name, hosts, known=hosts)


def _version(host: Host) -> int:
    return int(host.template_version) if host.template_version.isdecimal() else -1


def _launched(host: Host) -> datetime:
    return host.launch_time or _LONG_AGO


def take(live: Live, services: Services, presenter: Presenter) -> RunState:
    """Take a baseline as its run asks; return WAITING when a person must decide first, else DONE."""
    proposal = propose(live, services, presenter)
    services.reports.put(proposal.peers)
    live.save(has_report=True)
    if proposal.standing_out:
        shown = presenter.proposed(live.run, proposal)
        live.save(message_ts=shown.message_ts)
        return RunState.WAITING
    run = live.run
    baseline = baseline_of(
        run,
        target=proposal.group.name,
        hosts=proposal.chosen,
        digests=proposal.digests,
        author=run.requested_by,
        reason="taken by command",
        services=services,
    )
    presenter.taken(run, baseline, proposal)
    return RunState.DONE


def refresh(live: Live, services: Services, presenter: Presenter) -> RunState:
    """Collect a scheduled target anew and compare; say something only when something changed.

    Returns:
        DONE when nothing changed (the baseline's age is renewed), WAITING when a person must accept or keep.
    """
    proposal = propose(live, services, presenter, witnesses=False)
    services.reports.put(proposal.drift or proposal.peers)
    live.save(has_report=True)
    present = proposal.present
    if present is not None and not proposal.changed and not proposal.left_out:
        services.store.renew_baseline(present.target, present.version, services.clock.now())
        presenter.unchanged(live.run, present)
        _remember(live.run, "nothing changed", services)
        return RunState.DONE
    waiting = _waiting_on_the_same(live.run, proposal, services)
    if waiting is not None and not live.run.missed_tick:
        _remember(live.run, f"the same as run {waiting.id}, which still waits for a person", services)
        return RunState.DONE
    shown = presenter.proposed(live.run, proposal)
    live.save(message_ts=shown.message_ts, channel=shown.channel)
    _remember(live.run, f"changed, run {live.run.id} waits for a person", services)
    return RunState.WAITING


def _waiting_on_the_same(run: Run, proposal: Proposal, services: Services) -> Run | None:
    """Return the run whose notice said the same and still waits: it is not said twice."""
    if proposal.drift is None:
        return None
    for former in services.store.recent_runs(RECENT):
        if former.requested_by == run.requested_by and former.state is RunState.WAITING:
            try:
                report = services.reports.get(former.id)
            except DiffyError:
                return None
            return former if _differences(report) == _differences(proposal.drift) else None
    return None


def _differences(report: Report) -> frozenset[tuple[str, str, str]]:
    facts = (fact for finding in report.findings for fact in finding.facts)
    return frozenset((fact.query, fact.change.value, fact.why) for fact in facts)


def _remember(run: Run, result: str, services: Services) -> None:
    """Note on the schedule what its last run found."""
    services.store.note_schedule(
        run.requested_by.removeprefix("schedule:"), fired_at=services.clock.now(), result=result
    )
