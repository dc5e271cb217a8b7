"""How does a command reach its hosts, and what becomes of it on each: when, and with which status?"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from bot.sandbox.aws import cloud
from bot.sandbox.aws.agent import KILLED, Agent, Outcome
from bot.sandbox.aws.commands import Command, Invocation
from bot.sandbox.aws.hosts import HostBook, SimulatedHost
from bot.sandbox.aws.spoiling import NOT_UPLOADED, spoil
from bot.sandbox.aws.timeline import Timeline

TRANSIT_S = (0.2, 0.9)
"""How long a command takes to reach an agent that is online."""

RETRY_S = 1.0
"""How often delivery to an agent that is away is tried again."""

LEAST_REAL_TIMEOUT_S = 60.0
"""A script's timeout is divided by the speed, but never below this (or itself): the machine is not faster."""

LOOK_S = 0.2
"""How often a host that takes longer looks whether it still must."""

LATE_S = 40.0
"""How long after its status an upload that is late comes."""

_CANNOT = {"access_denied": "AccessDenied", "undeliverable": "Undeliverable"}


class Delivery:
    """Carries commands to hosts. All changes of invocations happen here, under one lock.

    Args:
        workers: How many scripts run at once; hosts that only wait take none.
    """

    def __init__(self, hosts: HostBook, *, speed: float, seed: int, workers: int) -> None:
        self._hosts = hosts
        self._timeline = Timeline(speed)
        self._agent = Agent()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="agent")
        self._chance = random.Random(seed)
        self._lock = threading.RLock()
        self._told: dict[tuple[Path, str], Outcome] = {}
        self._telling: defaultdict[tuple[Path, str], threading.Lock] = defaultdict(threading.Lock)
        self.speed = speed

    def begin(self, command: Command) -> None:
        """Start to carry a command to its hosts."""
        with self._lock:
            self._advance(command)

    def cancel(self, command: Command, ids: Sequence[str], *, whole: bool) -> None:
        """Cancel what has not ended. A host whose agent is gone stays Cancelling until the command expires."""
        with self._lock:
            command.cancelled = command.cancelled or whole
            for instance_id in ids:
                invocation = command.invocations[instance_id]
                if invocation.details in ("Pending", "Delayed"):
                    self._finish(command, invocation, "Cancelled")
                elif invocation.details == "InProgress":
                    invocation.details = "Cancelling"
                    self._agent.kill(command.command_id, instance_id)
                    host = self._hosts.get(instance_id)
                    if host is not None and host.manner.manner != "die" and self._alive(command, instance_id):
                        self._timeline.later(0.3, lambda i=invocation: self._cancelled(command, i))  # type: ignore[misc]

    def close(self) -> None:
        """Kill what runs and start nothing more."""
        self._timeline.close()
        self._agent.close()
        self._pool.shutdown(cancel_futures=True)

    def _advance(self, command: Command) -> None:
        """Send to as many hosts as MaxConcurrency allows, or to no more once MaxErrors is passed."""
        invocations = list(command.invocations.values())
        waiting = [inv for inv in invocations if not inv.sent and not inv.terminal]
        if command.errors > command.allowed(command.max_errors):
            for invocation in waiting:
                invocation.ended_at, invocation.details = time.time(), "Terminated"
            return
        busy = sum(inv.sent and not inv.terminal for inv in invocations)
        for invocation in waiting[: max(0, command.allowed(command.max_concurrency) - busy)]:
            invocation.sent = True
            transit_s = self._chance.uniform(*TRANSIT_S)
            self._timeline.later(transit_s, lambda inv=invocation: self._arrive(command, inv))  # type: ignore[misc]

    def _arrive(self, command: Command, invocation: Invocation) -> None:
        """The command is at the host's door."""
        with self._lock:
            if invocation.terminal:
                return
            host = self._hosts.get(invocation.instance_id)
            state = cloud.instance_state(command.region, invocation.instance_id)
            if host is None or state in ("", "shutting-down", "terminated"):
                self._finish(command, invocation, "Undeliverable")
            elif host.manner.manner in _CANNOT:
                self._finish(command, invocation, _CANNOT[host.manner.manner])
            elif host.manner.platform != "Linux":
                self._finish(command, invocation, "InvalidPlatform")
            elif host.manner.ping != "Online" or state != "running":
                waited_s = (time.time() - command.requested_at) * self.speed
                if waited_s >= command.delivery_timeout_s:
                    self._finish(command, invocation, "DeliveryTimedOut")
                else:
                    invocation.details = "Delayed"
                    left_s = command.delivery_timeout_s - waited_s
                    self._timeline.later(min(RETRY_S, left_s), lambda: self._arrive(command, invocation))
            else:
                self._accept(command, invocation, host)

    def _accept(self, command: Command, invocation: Invocation, host: SimulatedHost) -> None:
        """The agent has taken the command."""
        invocation.started_at, invocation.details = time.time(), "InProgress"
        if host.manner.manner == "die":
            self._lose(command, invocation)
        elif host.manner.manner == "hang":
            self._timeline.later(
                command.execution_timeout_s,
                lambda: self._report(command, invocation, Outcome(KILLED, b"", b"", True, 0.0)),
            )
        else:
            self._dawdle(command, invocation, host, 0.0)

    def _dawdle(self, command: Command, invocation: Invocation, host: SimulatedHost, waited_s: float) -> None:
        """Run the script once the host has waited as long as it must; that may be changed meanwhile."""
        left_s = host.manner.delay_s - waited_s
        if left_s <= 0:
            self._queue(command, invocation, host)
        elif invocation.details == "InProgress":
            step_s = min(left_s, LOOK_S)
            self._timeline.later(step_s, lambda: self._dawdle(command, invocation, host, waited_s + step_s))

    def _queue(self, command: Command, invocation: Invocation, host: SimulatedHost) -> None:
        with self._lock:
            if invocation.details == "InProgress":
                self._pool.submit(self._run, command, invocation, host).add_done_callback(_complain)

    def _run(self, command: Command, invocation: Invocation, host: SimulatedHost) -> None:
        """Run the script on a worker's thread, upload what it said, report how it ended."""
        if invocation.details != "InProgress":
            return
        manner = host.manner.manner
        timeout_s = max(
            command.execution_timeout_s / self.speed, min(command.execution_timeout_s, LEAST_REAL_TIMEOUT_S)
        )
        outcome = spoil(manner, self._answer(command, host, timeout_s))
        if command.bucket and manner not in NOT_UPLOADED and self._alive(command, invocation.instance_id):
            upload = partial(_upload, command, invocation.instance_id, outcome)
            if manner == "late_output":
                self._timeline.later(LATE_S, upload)
            else:
                upload()
        if manner == "unreported":
            self._lose(command, invocation)
        else:
            self._report(command, invocation, outcome)

    def _answer(self, command: Command, host: SimulatedHost, timeout_s: float) -> Outcome:
        """Run the script; for twins, which would answer alike, once for all of them."""
        run = partial(
            self._agent.run,
            host,
            command.command_id,
            "echo 'cannot start' >&2; exit 1" if host.manner.manner == "fail" else command.script,
            timeout_s=timeout_s,
            working_directory=command.working_directory,
        )
        if host.shared is None or host.manner.manner in ("fail", "no_osquery"):
            return run()
        key = (host.shared, command.script)
        with self._lock:
            telling = self._telling[key]
        with telling:
            if key not in self._told:
                self._told[key] = run()
            return self._told[key]

    def _report(self, command: Command, invocation: Invocation, outcome: Outcome) -> None:
        """The agent tells the service; one whose instance is gone by now tells nothing any more."""
        with self._lock:
            if invocation.details != "InProgress":
                return
            if not self._alive(command, invocation.instance_id):
                self._lose(command, invocation)
                return
            invocation.response_code = outcome.code
            invocation.stdout, invocation.stderr = outcome.stdout, outcome.stderr
            invocation.elapsed_s = outcome.elapsed_s
            details = "Success" if outcome.code == 0 else "Failed"
            self._finish(command, invocation, "ExecutionTimedOut" if outcome.timed_out else details)

    def _lose(self, command: Command, invocation: Invocation) -> None:
        """Nothing more is heard of this host: it stays as it is until the command's total timeout."""
        total_s = command.delivery_timeout_s + command.execution_timeout_s
        gone_s = (time.time() - command.requested_at) * self.speed
        self._timeline.later(max(0.0, total_s - gone_s), lambda: self._expire(command, invocation))

    def _expire(self, command: Command, invocation: Invocation) -> None:
        with self._lock:
            if not invocation.terminal:
                self._finish(command, invocation, "DeliveryTimedOut")

    def _cancelled(self, command: Command, invocation: Invocation) -> None:
        with self._lock:
            if invocation.details == "Cancelling":
                self._finish(command, invocation, "Cancelled")

    def _finish(self, command: Command, invocation: Invocation, details: str) -> None:
        invocation.ended_at, invocation.details = time.time(), details  # in this order: readers take no lock
        self._advance(command)

    @staticmethod
    def _alive(command: Command, instance_id: str) -> bool:
        return cloud.instance_state(command.region, instance_id) == "running"


def _upload(command: Command, instance_id: str, outcome: Outcome) -> None:
    for stream, content in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        if content:
            cloud.upload(command.bucket, command.key(instance_id, stream), content)


def _complain(work: Future[None]) -> None:
    """Say in the log why an agent failed; to the service it looks like one that is gone."""
    if not work.cancelled() and (error := work.exception()):
        logging.getLogger(__name__).error("an agent failed", exc_info=error)
