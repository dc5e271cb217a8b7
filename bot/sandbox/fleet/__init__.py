"""What state are the simulated hosts in? Believable Linux fleets, table by table, the same for the same seed."""

from bot.sandbox.fleet.database import write_database
from bot.sandbox.fleet.hosts import SimHost, build, build_group, planted
from bot.sandbox.fleet.identity import GroupPlan, HostPlan, Identity, invent, plan
from bot.sandbox.fleet.intrusions import HOSTILE_NAME, Planted
from bot.sandbox.fleet.recording import answer, record

__all__ = [
    "HOSTILE_NAME",
    "GroupPlan",
    "HostPlan",
    "Identity",
    "Planted",
    "SimHost",
    "answer",
    "build",
    "build_group",
    "invent",
    "plan",
    "planted",
    "record",
    "write_database",
]
