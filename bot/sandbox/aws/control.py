"""How does another process make the embedded AWS misbehave, or change a host, while it runs?"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bot.sandbox.aws.api_faults import ApiFaults
from bot.sandbox.aws.hosts import HostBook
from bot.sandbox.osqueryi import database


class Control:
    """Answers what is under ``/_sandbox/``:

    * ``GET /_sandbox/state``: the groups as planted, each host's manner, how often each action was called,
      and when the last host ended
    * ``GET /_sandbox/commands``: every SendCommand since the start, whole, as AWS was asked
    * ``PUT /_sandbox/hosts/ID``: fields of ``hosts.Manner``
    * ``POST /_sandbox/hosts/ID/rows``: ``{"table", "add": [rows], "remove": {column: value}}``; removing comes first
    * ``PUT /_sandbox/api``: see ``api_faults.ApiFaults.set``
    """

    def __init__(
        self,
        hosts: HostBook,
        faults: ApiFaults,
        groups: Mapping[str, Any],
        sent: Callable[[], Sequence[Mapping[str, Any]]] = tuple,
        last_end: Callable[[], float] = float,
    ) -> None:
        self._hosts = hosts
        self._faults = faults
        self._groups = groups
        self._sent = sent
        self._last_end = last_end

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Return the HTTP status and the body; what is wrong with a request stands in ``error``."""
        try:
            return self._answer(method, path.split("/")[2:], json.loads(body) if body else {})
        except (KeyError, ValueError, TypeError) as error:
            return 400, {"error": str(error)}

    def _answer(self, method: str, parts: list[str], body: Any) -> tuple[int, Any]:
        match method, parts:
            case "GET", ["state"]:
                hosts = {host.instance_id: asdict(host.manner) for host in self._hosts.all()}
                calls, last_end = self._faults.calls(), self._last_end()
                return 200, {"groups": self._groups, "hosts": hosts, "calls": calls, "last_end": last_end}
            case "GET", ["commands"]:
                return 200, self._sent()
            case "PUT", ["api"]:
                self._faults.set(body)
                return 200, {}
            case "PUT", ["hosts", instance_id] if self._hosts.get(instance_id):
                return 200, asdict(self._hosts.change(instance_id, body))
            case "POST", ["hosts", instance_id, "rows"] if host := self._hosts.get(instance_id):
                host.own_database()
                removed = 0
                if "remove" in body:
                    removed = database.remove_rows(host.database, body["table"], body["remove"])
                database.add_rows(host.database, body["table"], body.get("add", []))
                return 200, {"removed": removed, "added": len(body.get("add", []))}
        return 404, {"error": f"nothing at {method} /_sandbox/{'/'.join(parts)}"}
