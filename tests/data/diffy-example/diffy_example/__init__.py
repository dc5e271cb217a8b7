"""Machines in racks: `diffy analyze rack:r12 --pack firmware`.

A folder, named by DIFFY_RACKS, stands for a data centre: ``r12/node-1.json`` holds ``[{"part", "version"}]``, and an empty
file is a controller that does not answer.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import UnknownTarget
from bot.model import Answer, Asker, Group, Host, Missed, MissReason, Pack, QueryStatus, Snapshot, Target
from bot.ports import Errand

PACK = Path(__file__).with_name("firmware.json")


def _folder() -> Path:
    return Path(os.environ.get("DIFFY_RACKS", "racks"))


class Racks:
    """A kind of target: which machines are in a rack?"""

    prefix = "rack"
    example = "rack:r12"

    def fits(self, text: str) -> bool:
        """Whether the text can be a rack; asked before anything is read."""
        return re.fullmatch(r"r[0-9]{1,4}", text) is not None

    def resolve(self, target: Target, asker: Asker) -> Group:
        """Name the machines of the rack."""
        rack = target.names[0].removeprefix("rack:")
        if not (_folder() / rack).is_dir():
            raise UnknownTarget(f"There is no rack {rack}.", f"Racks are folders in {_folder()}.")
        hosts = tuple(Host(path.stem, group=rack) for path in sorted((_folder() / rack).glob("*.json")))
        return Group(target.label, hosts, known=hosts)


class Controllers:
    """A collector: asks the controller of each machine."""

    prefixes = ("rack",)

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        """Deliver each machine once, as what it answered or as missed with a reason."""
        for host in group.hosts:
            if errand.stop():
                deliver(Missed(host.id, MissReason.CANCELLED))
                continue
            raw = (_folder() / host.group / f"{host.id}.json").read_text()
            if not raw:
                deliver(Missed(host.id, MissReason.OFFLINE, "its controller does not answer"))
                continue
            rows = tuple(json.loads(raw))
            answers = [
                Answer(query.name, QueryStatus.ROWS if rows else QueryStatus.EMPTY, rows)
                if query.name == "firmware"
                else Answer(query.name, QueryStatus.NOT_RUN, error="controllers know firmware only")
                for query in pack.queries
            ]
            deliver(Snapshot(host, datetime.now(UTC), tuple(answers)))
