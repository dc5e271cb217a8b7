"""The nouns of Diffy. Frozen, slotted, valid once built; times are aware UTC."""

from bot.model.baselines import Baseline
from bot.model.hosts import Group, Host, Missed, MissReason, Target, TargetKind
from bot.model.messages import Attachment, Block, Message
from bot.model.packs import Compare, Cost, Pack, Query
from bot.model.reports import (
    BaselineInfo,
    Change,
    Coverage,
    Finding,
    HostStatus,
    HostVerdict,
    Limits,
    LookAlikes,
    Method,
    Quadrant,
    Report,
    RunInfo,
    ScorePart,
    UnknownQuery,
    partly_answered,
)
from bot.model.runs import ENDED, AuditEntry, Progress, Run, RunKind, RunState, Schedule
from bot.model.snapshots import KNOWN, Answer, QueryStatus, Row, Snapshot

__all__ = [
    "ENDED",
    "KNOWN",
    "Answer",
    "Attachment",
    "AuditEntry",
    "Baseline",
    "BaselineInfo",
    "Block",
    "Change",
    "Compare",
    "Cost",
    "Coverage",
    "Finding",
    "Group",
    "Host",
    "HostStatus",
    "HostVerdict",
    "Limits",
    "LookAlikes",
    "Message",
    "Method",
    "MissReason",
    "Missed",
    "Pack",
    "Progress",
    "Quadrant",
    "Query",
    "QueryStatus",
    "Report",
    "Row",
    "Run",
    "RunInfo",
    "RunKind",
    "RunState",
    "Schedule",
    "ScorePart",
    "Snapshot",
    "Target",
    "TargetKind",
    "UnknownQuery",
    "partly_answered",
]
