"""What is handed to the analysis?"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import BaselineInfo, Group, Method, Missed, Pack, RunInfo, Snapshot


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one judgement rests on. Order within the tuples never changes the report.

    Attributes:
        group: The targeted hosts as the cloud describes them.
        snapshots: What the group's hosts answered; of several of one host the newest counts.
        missed: Hosts that did not answer, those of ``group.missed`` included or not.
        method: PEERS ignores the baseline; BASELINE ignores rarity among the hosts.
        baseline: Snapshots that somebody accepted as normal; may hold hosts of the group.
    """

    run: RunInfo
    group: Group
    snapshots: tuple[Snapshot, ...]
    missed: tuple[Missed, ...]
    pack: Pack
    method: Method
    baseline: tuple[Snapshot, ...] = ()
    baseline_info: BaselineInfo | None = None
