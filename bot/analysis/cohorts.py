"""Which hosts ought to look alike, by what the cloud says of them?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.analysis.fold import members
from bot.model import LookAlikes, Snapshot

_AGE_BANDS_H = (6, 48, 24 * 14, 24 * 90)  # fresh boot; first days; two weeks; a quarter


def age_band(snapshot: Snapshot, now: datetime) -> str:
    """Return how old the host is, roughly; empty when its launch time is not known."""
    launched = snapshot.host.launch_time
    if launched is None:
        return ""
    hours = (now - launched).total_seconds() / 3600
    for band, limit in enumerate(_AGE_BANDS_H):
        if hours < limit:
            return f"age {band}"
    return f"age {len(_AGE_BANDS_H)}"


def anchors(snapshots: Sequence[Snapshot], now: datetime) -> dict[str, dict[str, int]]:
    """Return, per kind of metadata, its values and the mask of the snapshots that have each."""
    several = _several(snapshots)
    looks: dict[str, Callable[[Snapshot], str]] = {
        "group": lambda s: _group(s) if several else "",
        "template": lambda s: _template(s, several=several),  # each group counts its own versions
        "image": lambda s: s.host.image_id,
        "zone": lambda s: s.host.zone,
        "type": lambda s: s.host.instance_type,
        "osquery": lambda s: s.osquery_version,
        "age": lambda s: age_band(s, now),
    }
    found: dict[str, dict[str, int]] = {}
    for label, look in looks.items():
        masks: dict[str, int] = {}
        for index, snapshot in enumerate(snapshots):
            value = look(snapshot)
            if value:
                masks[value] = masks.get(value, 0) | 1 << index
        if masks:
            found[label] = masks
    return found


def _group(snapshot: Snapshot) -> str:
    """Return the host's own group, with where it is: accounts and regions can have groups of one name."""
    host = snapshot.host
    return "/".join(filter(None, (host.account, host.region, host.group))) if host.group else ""


def _several(snapshots: Sequence[Snapshot]) -> bool:
    return len({_group(snapshot) for snapshot in snapshots} - {""}) > 1


def _template(snapshot: Snapshot, *, several: bool) -> str:
    version = snapshot.host.template_version
    return f"{_group(snapshot)} {version}" if several and version else version


def cohorts_of(count: int, found: dict[str, dict[str, int]]) -> list[tuple[int, ...]]:
    """Return, for each of the first ``count`` snapshots, the masks of the cohorts it belongs to; equal ones are one object."""
    group = (1 << count) - 1
    everyone = sorted(
        {
            mask & group
            for kind in found.values()
            for mask in kind.values()
            if mask & group != group and (mask & group).bit_count() > 1
        }
    )
    met: dict[tuple[int, ...], tuple[int, ...]] = {}
    mine: list[list[int]] = [[] for _ in range(count)]
    for place, mask in enumerate(everyone):
        for index in members(mask):
            mine[index].append(place)
    return [met.setdefault(tuple(places), tuple([everyone[place] for place in places])) for places in mine]


def label(snapshot: Snapshot) -> str:
    """Return what the cloud calls this host's like: its template version, else its image, else nothing."""
    host = snapshot.host
    if host.template_version:
        return f"template {host.template_version}"
    return host.image_id


def _label_among(snapshot: Snapshot, *, several: bool) -> str:
    group = _group(snapshot)
    return ", ".join(filter(None, (group, label(snapshot)))) if several else label(snapshot)


def lookalikes(snapshots: Sequence[Snapshot], apart: set[str]) -> tuple[LookAlikes, ...]:
    """Return the hosts by label, largest first; those that stand out are set apart."""
    by_label: dict[str, list[str]] = {}
    several = _several(snapshots)
    for snapshot in snapshots:
        if snapshot.host.id not in apart:
            by_label.setdefault(_label_among(snapshot, several=several) or "alike", []).append(
                snapshot.host.id
            )
    order = Counter({name: len(hosts) for name, hosts in by_label.items()})
    found = [
        LookAlikes(name, tuple(sorted(by_label[name])))
        for name, _ in sorted(order.items(), key=lambda item: (-item[1], item[0]))
    ]
    if apart:
        found.append(LookAlikes("apart", tuple(sorted(apart))))
    return tuple(found)
