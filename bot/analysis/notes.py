"""What can and cannot be claimed, in plain sentences?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.analysis.case import Case
from bot.analysis.choosing import Choice
from bot.analysis.fold import members
from bot.analysis.semantics import Kind
from bot.analysis.sides import SIDE
from bot.analysis.things import cut
from bot.analysis.weighing import Weighed
from bot.model import Limits, Method, Quadrant, Snapshot

WEIGHTY = (
    2.0  # bits of what a fact is, from which a split without a baseline is one that an intruder may have made
)
MOST_CHANGES = 5  # changes of most of the group that are told, by the hosts that show them


def notes_of(
    case: Case,
    choice: Choice,
    weighed: Sequence[Weighed],
    hosts: Sequence[Snapshot],
    base: Sequence[Snapshot],
    limits: Limits,
) -> tuple[str, ...]:
    """Return the notes of a report, the most important first."""
    return (
        *_what_it_rests_on(case, hosts, base, limits),
        *_majority(choice, weighed, hosts),
        *_either_side(choice, weighed, hosts),
        *_splits(choice, weighed, hosts, baseline=bool(base)),
        *_stale(case, hosts, base),
        *_versions(hosts),
        *_explained(choice, weighed),
    )


def _what_it_rests_on(
    case: Case, hosts: Sequence[Snapshot], base: Sequence[Snapshot], limits: Limits
) -> Iterator[str]:
    count = len(hosts)
    if case.method is not Method.PEERS and not base:
        yield "There is no baseline to compare with; only the hosts were compared with each other."
    if count == 0:
        yield "No host answered, so nothing can be claimed."
    elif count == 1 and not base:
        yield "Only one host answered and there is no baseline: nothing can be compared."
    elif count == 1:
        yield f"One host against a baseline of {_plural(len(base), 'snapshot')}: what is new is listed; whether it is rare cannot be said."
    elif count == 2 and not base:
        yield "Two hosts without a baseline: where they differ is listed, but which of them is the odd one cannot be said."
    elif limits.tentative:
        more = f" and {_plural(len(base), 'snapshot')} in the baseline" if base else ""
        yield f"With {count} hosts{more} every verdict is tentative: by chance alone one of them looks oddest."


def _majority(choice: Choice, weighed: Sequence[Weighed], hosts: Sequence[Snapshot]) -> Iterator[str]:
    """Say what most of the group shows, the sharpest change first: an honest change of all must not cover that of most."""
    by_hosts: dict[int, list[Weighed]] = {}
    for index in choice.group_wide:
        by_hosts.setdefault(weighed[index].oddity.hosts, []).append(weighed[index])
    variants = {mask: facts for mask, facts in _variants(weighed, len(hosts)) if mask not in by_hosts}
    by_hosts |= variants
    telling: list[tuple[int, list[Weighed]]] = []
    quiet: list[tuple[int, list[Weighed]]] = []
    for item in by_hosts.items():
        (telling if any(each.telling for each in item[1]) else quiet).append(item)
    changes = sorted(
        telling,
        key=lambda item: (
            all(e.oddity.follows for e in item[1]),
            -max(e.score for e in item[1]),
            -item[0].bit_count(),
            item[0],
        ),
    )
    for number, (mask, facts) in enumerate(changes[:MOST_CHANGES]):
        sharpest = min(facts, key=lambda e: (-e.score, e.oddity.slot.query.name))
        holders = mask.bit_count()
        rest = len(hosts) - holders
        said = (
            f"Most of the group changed: {holders} of {len(hosts)} hosts share {_plural(len(facts), 'difference')} "
            f"from the baseline, such as in {sharpest.oddity.slot.query.name}."
            if mask not in variants
            else f"Most of the group changed: {holders} of {len(hosts)} hosts have one of {len(facts)} variants of what the "
            f"baseline does not know, in {sharpest.oddity.slot.query.name} ({sharpest.new_trait})."
        )
        why = " It is a change of the whole group that AWS does not explain, or most hosts are compromised."
        packages = sorted({_package(each) for each in facts} - {""})
        if packages and all(_of_packages(each) for each in facts):
            why = f" Packages changed with it ({cut(', '.join(packages[:3]))}): it looks like an upgrade; check that it was yours."
        others = (
            f" The other {rest} still look like the baseline and are not blamed for it."
            if rest > 1
            else " The other host still looks like the baseline and is not blamed for it."
            if rest
            else ""
        )
        yield said + ("" if number else why + others)
    if quiet:
        count = sum(len(facts) for _, facts in quiet)
        widest = max(quiet, key=lambda item: (len(item[1]), item[0].bit_count(), item[0]))
        where = f"{widest[0].bit_count()} of {len(hosts)} hosts in {widest[1][0].oddity.slot.query.name}"
        verb = "says" if count == 1 else "say"
        yield (
            f"{_plural(count, 'more difference')} from the baseline that most hosts share, such as other connections or "
            f"options ({where}), {verb} nothing by {'itself' if count == 1 else 'themselves'}."
        )


def _variants(weighed: Sequence[Weighed], hosts: int) -> Iterator[tuple[int, list[Weighed]]]:
    """Yield who shows one telling trait that the baseline lacks, where that is most of the group, though in other rows each.

    An intruder's tool runs as the application's account, and that may be another on each host.
    """
    alike: dict[tuple[str, str], list[Weighed]] = {}
    for each in weighed:
        new = each.oddity.quadrant in (Quadrant.NEW_RARE, Quadrant.NEW_COMMON)
        if each.new_trait and new and not each.oddity.explained_by:
            alike.setdefault((each.oddity.slot.query.name, each.new_trait), []).append(each)
    for facts in alike.values():
        together = 0
        for each in facts:
            together |= each.oddity.hosts
        if len(facts) > 1 and 2 * together.bit_count() > hosts:
            yield together, facts


def _of_packages(each: Weighed) -> bool:
    """Whether a package may have brought the difference: programs and libraries, or what says little by itself."""
    return not each.sharp and (each.kind in _PACKAGED or each.evidence_bits < 2.0)


_PACKAGED = frozenset(
    {Kind.PACKAGE, Kind.LIBRARY, Kind.PROGRAM, Kind.PRIVILEGED_FILE, Kind.LOADER, Kind.FILE}
)


def _package(each: Weighed) -> str:
    """Return the name of the package that is at another version, cut; empty for any other difference."""
    columns = each.oddity.slot.columns
    if each.kind is not Kind.PACKAGE or each.oddity.value is None or "name" not in columns:
        return ""
    return cut(each.oddity.value[columns.index("name")], 30)


def _either_side(choice: Choice, weighed: Sequence[Weighed], hosts: Sequence[Snapshot]) -> Iterator[str]:
    """Say of the sharpest fact of a larger side that no baseline tells which side changed."""
    unsure = [weighed[index] for index in choice.shown if weighed[index].oddity.unsure]
    for each in unsure[:1]:
        count = each.oddity.hosts.bit_count()
        what = "what an intruder would leave" if each.sharp else "something"
        worst = "Most of the group may be compromised; without" if each.sharp else "Without"
        yield (
            f"The group is split: {count} of {len(hosts)} hosts have {what}, in {each.oddity.slot.query.name}, and the "
            f"other {len(hosts) - count} do not. {worst} a baseline nobody can say which side changed, so nobody is "
            "marked for it."
        )


def _splits(
    choice: Choice, weighed: Sequence[Weighed], hosts: Sequence[Snapshot], *, baseline: bool
) -> Iterator[str]:
    """One sentence for each of the three sharpest splits; the finding itself holds its facts."""
    found: list[tuple[int, bool, bool]] = []
    for index in choice.shown:
        each = weighed[index]
        if each.oddity.quadrant is Quadrant.NEW_COMMON or each.oddity.unsure or each.oddity.follows:
            continue
        count = each.oddity.hosts.bit_count()
        either = not baseline and count > 1 and SIDE * count >= len(hosts)
        weighty = either and each.evidence_bits >= WEIGHTY and not each.lowered
        marks_all = choice.outliers.issuperset(members(each.oddity.hosts))  # they say it there
        if weighty or (index in choice.bundles and not marks_all):
            found.append((index, either, weighty))
    for index, either, weighty in found[:3]:
        facts = [weighed[other] for other in (index, *choice.bundles.get(index, ()))]
        queries = Counter(each.oddity.slot.query.name for each in facts)
        where = ", ".join(name for name, _ in sorted(queries.items(), key=lambda k: (-k[1], k[0]))[:3])
        count, rest = weighed[index].oddity.hosts.bit_count(), weighed[index].oddity.of
        what = f"{_plural(len(facts), 'fact')} that nothing in AWS explains ({where})."
        if weighty:
            yield (
                f"The group is split: {count} of {len(hosts)} hosts differ from the other {rest} of {len(hosts)} hosts in "
                f"{what} Without a baseline nobody can say which side changed."
            )
        else:
            unsure = (
                " Without a baseline nobody can say whether they or the others changed." if either else ""
            )
            yield f"{count} of {len(hosts)} hosts share {what}{unsure}"


def _stale(case: Case, hosts: Sequence[Snapshot], base: Sequence[Snapshot]) -> Iterator[str]:
    if not base:
        return
    was = {s.host.image_id for s in base} - {""}
    now = {s.host.image_id for s in hosts} - {""}
    if was and now and not was & now:
        yield "The baseline is older than the group's image: no host of the group runs the image it was taken from. Take a new one."
        return
    templates = {s.host.template_version for s in base} - {""}
    newer = sorted({s.host.template_version for s in hosts} - templates - {""})
    if templates and newer:
        yield f"The baseline knows no host of template {', '.join(newer[:3])}; what is common to all its hosts is not held against them."
    if case.baseline_info is not None:
        taken = case.baseline_info.created_at
        launched = [s.host.launch_time for s in hosts if s.host.launch_time is not None]
        if launched and len(launched) == len(hosts) and min(launched) > taken:
            yield "Every host was launched after the baseline was taken."


def _versions(hosts: Sequence[Snapshot]) -> Iterator[str]:
    versions = Counter(s.osquery_version for s in hosts if s.osquery_version)
    if len(versions) > 1:
        said = ", ".join(f"{version} on {count}" for version, count in sorted(versions.items()))
        yield f"The hosts run different versions of osquery ({cut(said)}); what follows from that is not held against them."


def _explained(choice: Choice, weighed: Sequence[Weighed]) -> Iterator[str]:
    """One sentence for all that AWS's own description explains, with a count for each kind of description."""
    kinds: Counter[str] = Counter()
    for label in sorted(choice.explained):
        kinds[label.partition(" ")[0]] += len(choice.explained[label])
    if kinds:
        each = " or ".join(
            f"{kind} ({count})" for kind, count in sorted(kinds.items(), key=lambda k: (-k[1], k[0]))
        )
        verb = "follows" if kinds.total() == 1 else "follow"
        yield f"{_plural(kinds.total(), 'difference')} {verb} the hosts' {each} and are not held against them."


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
