"""Which simulated hosts are there, where do they keep their state, and how does each behave when asked?"""

from __future__ import annotations

import json
import shlex
import shutil
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from bot.sandbox.osqueryi.faults import Faults
from bot.sandbox.osqueryi.shell import FAULTS_SUFFIX

MANNERS = frozenset(
    {
        "",  # answers
        "hang",  # its script never ends: ExecutionTimedOut
        "die",  # its agent is never heard of again after it took the command
        "fail",  # its script ends with an error at once
        "access_denied",  # the caller may not touch it: said per host, later
        "undeliverable",
        "garbage",  # prints bytes that are no answer
        "empty",  # succeeds and prints nothing
        "cut",  # its output breaks off in the middle, in S3 too
        "no_osquery",  # osqueryi is not on its PATH
        "lost_output",  # succeeds, and its upload to S3 fails silently
        "late_output",  # succeeds, and its upload to S3 comes ``LATE_S`` later
        "overlong",  # prints more than the API keeps, which cuts it within a character; not uploaded
        "unreported",  # its script ends and uploads; the agent never says so: DeliveryTimedOut
        "lie",  # one character of its answer is another; length and digest are as before
        "reboot",  # ends with 194, which tells the agent to reboot the host
        "swapped",  # answers with the output of another run
    }
)
PINGS = frozenset({"Online", "ConnectionLost", "absent"})
_ROOT = Path(__file__).resolve().parents[3]
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from bot.sandbox.osqueryi.shell import main; sys.exit(main(sys.argv[1:]))"
)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a host behaves. As built: online, prompt and well.

    Attributes:
        ping: Online, ConnectionLost, or absent (SSM does not know it).
        delay_s: Seconds that its script takes longer, waited for without a worker; set anew, it holds for what waits, too.
        manner: One of ``MANNERS``.
        platform: Linux, Windows or MacOS.
        unseen_s: Seconds that its invocation stays invisible longer than others do.
        clock_ahead_s: Seconds that ``date`` on it is ahead.
        osquery: The fields of ``osqueryi.faults.Faults``.
    """

    ping: str = "Online"
    delay_s: float = 0.0
    manner: str = ""
    platform: str = "Linux"
    unseen_s: float = 0.0
    clock_ahead_s: int = 0
    osquery: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, changes: Mapping[str, Any]) -> Manner:
        """Return the manner with these fields changed; ValueError names what is wrong with them."""
        unknown = changes.keys() - {known.name for known in fields(Manner)}
        if unknown:
            raise ValueError(f"no such field of a host's manner: {', '.join(sorted(unknown))}")
        new = replace(self, **changes)
        if new.manner not in MANNERS:
            raise ValueError(f"no such manner: {new.manner}; there are: {', '.join(sorted(MANNERS))}")
        if new.ping not in PINGS:
            raise ValueError(f"no such ping: {new.ping}; there are: {', '.join(sorted(PINGS))}")
        strange = new.osquery.keys() - {known.name for known in fields(Faults)}
        if strange:
            raise ValueError(f"no such fault of osquery: {', '.join(sorted(strange))}")
        return new


@dataclass(slots=True)
class SimulatedHost:
    """One host: its folder holds its database, its ``bin``, its home, its tmp and a folder per command it runs.

    Hosts with one ``shared`` database are twins until ``own_database`` gives one a copy: they answer alike.
    """

    instance_id: str
    folder: Path
    hostname: str
    private_ip: str
    image_id: str = ""
    platform_name: str = "Debian GNU/Linux"
    platform_version: str = "12"
    manner: Manner = field(default_factory=Manner)
    shared: Path | None = None

    @property
    def database(self) -> Path:
        """The SQLite file with its osquery tables."""
        return self.shared or self.folder / "state.db"

    def own_database(self) -> None:
        """Give it a copy of what it shares, before something of its own is written there."""
        if self.shared is not None:
            shutil.copyfile(self.shared, self.folder / "state.db")
            self.shared = None


class HostBook:
    """The simulated hosts by instance id. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hosts: dict[str, SimulatedHost] = {}
        self._lock = threading.Lock()

    def make(self, instance_id: str, hostname: str, private_ip: str, image_id: str) -> SimulatedHost:
        """Make a host's folder afresh, with ``osqueryi`` in its bin, and register it. Its database is yet to be written."""
        folder = self._folder / instance_id
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("bin", "home", "run", "tmp"):
            (folder / name).mkdir(parents=True)
        wrapper = folder / "bin" / "osqueryi"
        command = " ".join(
            shlex.quote(word) for word in (sys.executable, "-I", "-S", "-c", _START, str(_ROOT))
        )
        wrapper.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        wrapper.chmod(0o755)
        host = SimulatedHost(instance_id, folder, hostname, private_ip, image_id)
        with self._lock:
            self._hosts[instance_id] = host
        return host

    def get(self, instance_id: str) -> SimulatedHost | None:
        with self._lock:
            return self._hosts.get(instance_id)

    def all(self) -> list[SimulatedHost]:
        """Every host, by instance id."""
        with self._lock:
            return [self._hosts[instance_id] for instance_id in sorted(self._hosts)]

    def change(self, instance_id: str, changes: Mapping[str, Any]) -> Manner:
        """Change a host's manner and return it. KeyError: no such host; ValueError: no such manner."""
        with self._lock:
            host = self._hosts[instance_id]
            host.manner = host.manner.changed(changes)
            if host.manner.osquery or host.manner.clock_ahead_s:
                host.own_database()
            _set_clock(host)
            faults = Path(f"{host.database}{FAULTS_SUFFIX}")
            if host.manner.osquery:
                faults.write_text(json.dumps(asdict(Faults(**host.manner.osquery))))
            else:
                faults.unlink(missing_ok=True)
            return host.manner


def _set_clock(host: SimulatedHost) -> None:
    """Put a ``date`` that is wrong before the system's own in the host's PATH, or take it away."""
    date = host.folder / "bin" / "date"
    if host.manner.clock_ahead_s:
        date.write_text(
            f"#!/bin/sh\nPATH=/usr/bin:/bin\nexec date -d '{host.manner.clock_ahead_s} seconds' \"$@\"\n"
        )
        date.chmod(0o755)
    else:
        date.unlink(missing_ok=True)
