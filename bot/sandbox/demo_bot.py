"""How is the bot run beside the demo: with which environment, and how is it ended for sure?"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, TypeVar

from bot.sandbox.slack import LocalSlack

LOG = "bot.log"
DRAIN_S = 10.0  # given to SIGTERM before SIGKILL
_LOOK_EVERY_S = 0.3
_LOG_TAIL = 15
_CHECKOUT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "PYTHONWARNINGS", "PYTHONFAULTHANDLER")

_Found = TypeVar("_Found")


class DemoFailed(Exception):
    """The demo could not be shown; the message is for a person."""


def bot_environment(slack: LocalSlack, aws: Mapping[str, str], data_dir: Path) -> dict[str, str]:
    """Return all that the bot is given: who may do what here, where Slack and AWS are, and nothing of the caller's own.

    The caller's AWS profile must not be found, so its files are named away.
    """
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PYTHONPATH": str(_CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **aws,
        **slack.env,
        "DIFFY_DATA_DIR": str(data_dir),
        "DIFFY_ANALYSTS": f"{slack.responder},{slack.approver}",
        "DIFFY_APPROVERS": slack.approver,
        "DIFFY_CHANNELS": f"{slack.channel},{slack.second_channel},{slack.private_channel}",
    }


@dataclass(frozen=True, slots=True)
class BotProcess:
    """The bot, in a process group of its own; a context manager that ends it."""

    process: subprocess.Popen[bytes]
    log: Path
    _log_file: BinaryIO

    @classmethod
    def start(cls, command: Sequence[str], env: Mapping[str, str], data_dir: Path) -> BotProcess:
        """Start the bot in ``data_dir``; all it prints goes to ``data_dir/bot.log``."""
        log = data_dir / LOG
        log_file = log.open("wb")
        process = subprocess.Popen(
            command,
            env=dict(env),
            cwd=data_dir,
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours: the bot gets SIGTERM when the demo ends
        )
        return cls(process, log, log_file)

    def __enter__(self) -> BotProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def wait_for(
        self, slack: LocalSlack, predicate: Callable[[LocalSlack], _Found | None], timeout_s: float, what: str
    ) -> _Found:
        """Wait for something in Slack while the bot lives.

        Raises:
            DemoFailed: The bot ended, or it was not so in time.
        """
        give_up = time.monotonic() + timeout_s
        while time.monotonic() < give_up:
            try:
                return slack.wait_for(predicate, _LOOK_EVERY_S)
            except TimeoutError:
                code = self.process.poll()
                if code is not None:
                    raise DemoFailed(f"The bot ended with exit code {code}. {self._tail()}") from None
        raise DemoFailed(f"The bot did not {what} within {timeout_s:.0f} s. {self._tail()}")

    def settle(self, slack: LocalSlack, quiet_s: float, at_most_s: float = 20.0) -> None:
        """Wait until nothing has changed in Slack for a while."""
        give_up = time.monotonic() + at_most_s
        seen = -1
        while slack.changes != seen and time.monotonic() < give_up:
            seen = slack.changes
            time.sleep(quiet_s)

    def stop(self) -> None:
        """SIGTERM, time to drain, then SIGKILL for it and for what it left behind."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(DRAIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with contextlib.suppress(ProcessLookupError):  # nothing was left
            os.killpg(self.process.pid, signal.SIGKILL)
        self._log_file.close()

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_TAIL:]
        return "\n".join([f"The end of its log ({self.log}):", *(f"  {line}" for line in lines)])
