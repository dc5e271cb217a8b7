"""Which kinds of group does nobody see who tunes the analysis?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from benchmarks.held import work_messages, work_nodes, work_objects, work_people, work_training
from benchmarks.known.kinds import Kind, build

KINDS: Mapping[str, Kind] = {
    "node": partial(build, "node", "amazon", work_nodes.lay_node),
    "runner": partial(build, "runner", "debian", work_nodes.lay_runner),
    "bastion": partial(build, "bastion", "amazon", work_people.lay_bastion),
    "training": partial(
        build, "training", "debian", work_training.lay_training, types=("g5.12xlarge", "g5.24xlarge")
    ),
    "messages": partial(
        build,
        "messages",
        "amazon",
        work_messages.lay_messages,
        types=("m6i.xlarge", "m6a.xlarge", "r6i.xlarge"),
    ),
    "objects": partial(
        build, "objects", "debian", work_objects.lay_objects, types=("d3.2xlarge", "d3.4xlarge")
    ),
}
"""Kinds of group by name: size, seed, chance -> hosts."""
