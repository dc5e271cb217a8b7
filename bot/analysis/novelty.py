"""How surprising is a new thing among hosts whose other new things have an honest origin?

The rate at which new values appear at all tells how little a new one means. A host that shows only such new values as
its process tree explains (a session, a schedule) says nothing of the rate at which unexplained ones appear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.analysis.claims import Proven
from bot.analysis.fold import members
from bot.analysis.rarity import Oddity
from bot.analysis.surprise import bits, seen
from bot.analysis.weighing import Draft
from bot.model import Change


def without_explained(drafts: Sequence[Draft], proven: Mapping[tuple[int, int], Proven]) -> list[Draft]:
    """Return the drafts; the surprise of lone new values is that among the hosts without an explanation for theirs."""
    explained = _explained(drafts, proven)
    if not explained:
        return list(drafts)
    found: list[Draft] = []
    for each in drafts:
        away = each.oddity.novel & explained.get(each.oddity.slot.query.name, 0)
        found.append(replace(each, oddity=_again(each.oddity, away)) if away else each)
    return found


def _explained(drafts: Sequence[Draft], proven: Mapping[tuple[int, int], Proven]) -> dict[str, int]:
    """Return, by query, the hosts whose every lone new value has an origin that lowers it."""
    counts: dict[tuple[str, int], int] = {}
    for (index, host), each in proven.items():
        if _lone(drafts[index]) and (each.own or any(proof.value for proof in each.proofs.values())):
            place = (drafts[index].oddity.slot.query.name, host)
            counts[place] = counts.get(place, 0) + 1
    if not counts:
        return {}
    all_lone: dict[tuple[str, int], int] = {}
    for draft in drafts:
        if _lone(draft):
            place = (draft.oddity.slot.query.name, next(members(draft.oddity.hosts)))
            all_lone[place] = all_lone.get(place, 0) + 1
    found: dict[str, int] = {}
    for (query, host), count in counts.items():
        if count == all_lone[query, host]:
            found[query] = found.get(query, 0) | 1 << host
    return found


def _lone(each: Draft) -> bool:
    oddity = each.oddity
    return oddity.value is not None and oddity.change is Change.ADDED and oddity.hosts.bit_count() == 1


def _again(oddity: Oddity, away: int) -> Oddity:
    """Return the oddity with its surprise taken among the new values that are left; see ``rarity.oddities``."""
    others = oddity.of
    new = (oddity.novel & ~away).bit_count()
    peer = {host: bits(seen(new, others)) for host in oddity.peer_bits} if others > 1 else oddity.peer_bits
    drift = oddity.base_bits
    if drift is not None and not oddity.baseline_seen:
        pool = others + oddity.baseline_of
        drift = bits(seen((new + oddity.new_base) / pool * oddity.baseline_of, oddity.baseline_of))
    return replace(oddity, peer_bits=peer, base_bits=drift)
