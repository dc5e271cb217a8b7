"""How is this machine asked? The same script that a host of the fleet runs, here, with `sh`."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bot.collection import answer, script
from bot.collection.pieced import Pieced
from bot.errors import CollectionError
from bot.model import Answer, Asker, Group, Host, Missed, MissReason, Pack, QueryStatus, Snapshot, Target
from bot.ports import Clock, Errand

NAME = "local"
NOT_ROOT = "not asked as root: what osquery may not see, it leaves out without a word"
MOST_OUTPUT = answer.MOST_PACKED
TICK_S = 0.1
GRACE_S = 3.0  # from SIGTERM, after which the script removes its folder, to SIGKILL


class LocalHost:
    """``ports.Inventory`` and ``ports.Collector`` over the machine that Diffy runs on: a group of one host.

    Args:
        environ: What the script may know: PATH and TMPDIR; nothing else of ours reaches it.
        root: Whether osquery sees everything.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        environ: dict[str, str] | None = None,
        root: bool | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        known = os.environ if environ is None else environ
        self._environ = {
            "PATH": known.get("PATH", "/usr/bin:/bin"),
            "TMPDIR": known.get("TMPDIR") or tempfile.gettempdir(),
        }
        self._clock = clock
        self._root = os.geteuid() == 0 if root is None else root
        self._sleep = sleep

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``ports.Inventory``. The host's id is its name, as the kernel has it."""
        name = socket.gethostname() or NAME
        host = Host(name, NAME, hostname=name)
        return Group(NAME, (host,), (), (host,), host.id)

    def collect(
        self, group: Group, pack: Pack, errand: Errand, *, deliver: Callable[[Snapshot | Missed], None]
    ) -> None:
        """See ``ports.Collector``. Without root's rights an empty answer is unknown, so the host is partial.

        Raises:
            CollectionError: The pack cannot be asked, or there is no `sh`.
        """
        shell = shutil.which("sh", path=self._environ["PATH"])
        if shell is None:
            raise CollectionError("There is no sh in PATH.")
        try:
            text = script.build(pack, run_id=errand.asker.run_id, bucket=True)
        except ValueError as error:
            raise CollectionError(f"The pack {pack.name} cannot be asked: {error}.") from error
        for host in group.hosts:
            try:
                with tempfile.TemporaryDirectory(prefix="diffy-local-") as folder:
                    found = self._ask(shell, text, Path(folder), host, pack, errand)
            except OSError as error:
                raise CollectionError(f"The script cannot be run here: {error.strerror or error}.") from error
            deliver(found)

    def _ask(
        self, shell: str, text: str, folder: Path, host: Host, pack: Pack, errand: Errand
    ) -> Snapshot | Missed:
        file, output = folder / "ask.sh", folder / "output"
        file.write_text(text, "utf-8")
        deadline = self._clock.monotonic() + errand.deadline_s
        with output.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - our own script, in a folder that only we can write
                [shell, str(file)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=self._environ,
                start_new_session=True,
            )
            try:
                ending = self._wait(process, output, deadline, errand.stop)
            finally:
                self._end(process)
        if ending is not None:
            return Missed(host.id, *ending)
        with output.open("rb") as printed:
            raw = printed.read(MOST_OUTPUT)
        found = answer.read(raw, host, pack, self._clock.now(), run_id=errand.asker.run_id)
        if isinstance(
            found, Pieced
        ):  # nothing is cut here: whoever prints a piece is not the script that we began
            return Missed(host.id, MissReason.MALFORMED_OUTPUT, "the answer is in pieces")
        if isinstance(found, Missed) or self._root:
            return found
        answers = tuple(
            Answer(item.query, QueryStatus.ERROR, (), NOT_ROOT) if item.status is QueryStatus.EMPTY else item
            for item in found.answers
        )
        return Snapshot(found.host, found.taken_at, answers, found.osquery_version)

    def _wait(
        self, process: subprocess.Popen[bytes], output: Path, deadline: float, stop: Callable[[], bool]
    ) -> tuple[MissReason, str] | None:
        while process.poll() is None:
            if stop():
                return MissReason.CANCELLED, ""
            if self._clock.monotonic() >= deadline:
                return MissReason.DEADLINE, "the script had not ended"
            if output.stat().st_size > MOST_OUTPUT:
                return MissReason.MALFORMED_OUTPUT, f"the script printed more than {MOST_OUTPUT} bytes"
            self._sleep(TICK_S)
        return None

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Leave nothing running: the script clears up at SIGTERM, and all of its process group goes at SIGKILL."""
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(GRACE_S)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
