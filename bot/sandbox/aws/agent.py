"""How does the SSM agent of a simulated host run a script, cut its output and upload it?"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.aws.embedded import REGION
from bot.sandbox.aws.hosts import SimulatedHost
from bot.sandbox.osqueryi.shell import DATABASE

STDOUT_LIMIT, STDERR_LIMIT = 24_000, 8_000  # GetCommandInvocation: botocore's model, agent's pluginutil.go
MERGED_LIMIT = 2_500  # ListCommandInvocations with Details: agent's iohandler.go
CUT_MARK = b"--output truncated--"
KILLED = 137
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a script ended. ``code`` is its exit code; 137 when it was killed."""

    code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool
    elapsed_s: float


class Agent:
    """Runs scripts for all hosts, each in a process group of its own, and can end them all."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, str], subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def run(
        self,
        host: SimulatedHost,
        command_id: str,
        script: str,
        *,
        timeout_s: float,
        working_directory: str = "",
    ) -> Outcome:
        """Run the script with ``sh`` in a folder that is removed afterwards, and wait for it.

        Whatever it leaves running is killed with it: its whole process group.
        """
        folder = host.folder / "run" / command_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "_script.sh").write_text(script)
        began = time.monotonic()
        try:
            with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as err:
                process = self._begin(host, command_id, folder, working_directory, out.fileno(), err.fileno())
                timed_out = False
                try:
                    code = process.wait(timeout_s)
                except subprocess.TimeoutExpired:
                    timed_out = True
                self._end(process)
                code = process.wait()
            with self._lock:
                self._running.pop((command_id, host.instance_id), None)
            return Outcome(
                KILLED if code < 0 else code,
                (folder / "stdout").read_bytes(),
                (folder / "stderr").read_bytes(),
                timed_out,
                time.monotonic() - began,
            )
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def kill(self, command_id: str, instance_id: str) -> None:
        """Kill what this command runs on this host, if anything."""
        with self._lock:
            process = self._running.get((command_id, instance_id))
        if process is not None:
            self._end(process)

    def close(self) -> None:
        """Kill everything, now and from now on."""
        with self._lock:
            self._closed = True
            processes = list(self._running.values())
        for process in processes:
            self._end(process)

    def _begin(
        self, host: SimulatedHost, command_id: str, folder: Path, working_directory: str, out: int, err: int
    ) -> subprocess.Popen[bytes]:
        own = host.folder / ("installed" if host.manner.manner == "no_osquery" else "bin")
        path = f"{own}:{SYSTEM_PATH}"
        process = subprocess.Popen(
            ["sh", str(folder / "_script.sh")],
            cwd=working_directory or folder,
            env={
                "PATH": path,
                "HOME": str(host.folder / "home"),
                "TMPDIR": str(host.folder / "tmp"),
                "AWS_SSM_INSTANCE_ID": host.instance_id,
                "AWS_SSM_REGION_NAME": REGION,
                DATABASE: str(host.database),
            },
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        with self._lock:
            self._running[(command_id, host.instance_id)] = process
            closed = self._closed
        if closed:
            self._end(process)
        return process

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return


def cut(output: bytes, limit: int) -> str:
    """Output as the API returns it: at most ``limit`` bytes, the end of which is the agent's mark when it was longer.

    Bytes that are not UTF-8, and a character that the cut splits, become U+FFFD.
    """
    if len(output) > limit:
        output = output[: limit - len(CUT_MARK)] + CUT_MARK
    return output.decode("utf-8", "replace")


def merged(stdout: bytes, stderr: bytes) -> str:
    """Both streams in one text, as ListCommandInvocations shows them with Details."""
    text = stdout
    if len(text) > MERGED_LIMIT:
        mark = b"\n---Output truncated---"
        text = text[: MERGED_LIMIT - len(mark)] + mark
    elif stderr:
        heading, mark = b"\n----------ERROR-------\n", b"\n---Error truncated----"
        text += heading + stderr
        if len(text) > MERGED_LIMIT:
            text = text[: MERGED_LIMIT - len(mark)] + mark
    return text.decode("utf-8", "replace")
