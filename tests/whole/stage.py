"""A stage for whole-path tests: embedded AWS (a process), a local Slack (threads), and `diffy serve` (a process)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from bot.sandbox import fleet as fleets
from bot.sandbox.aws import EmbeddedAws
from bot.sandbox.slack import LocalSlack, Message, View
from bot.sandbox.slack.workspace import APPROVER, INCIDENT, RESPONDER

ROOT = Path(__file__).parent.parent.parent
PATIENCE_S = 180.0
ACK_S = 15.0  # Slack waits three seconds, and a busy machine is no failure of the code


class Bot:
    """One `diffy serve` process."""

    def __init__(self, env: Mapping[str, str], cwd: Path) -> None:
        self.log = cwd / "bot.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"],
                env={**env, "PYTHONPATH": str(ROOT)},
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def terminate(self) -> int:
        """SIGTERM; return the exit code once drained."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """SIGKILL, as a machine that dies."""
        self.process.kill()
        self.process.wait(30)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class Stage:
    """Everything up, and short ways to act as a person and to wait for what comes."""

    def __init__(self, aws: EmbeddedAws, slack: LocalSlack, folder: Path, extra: Mapping[str, str]) -> None:
        self.aws = aws
        self.slack = slack
        self.folder = folder
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        coverage = {name: value for name, value in os.environ.items() if name.startswith(("COV", "COVERAGE"))}
        self.env: dict[str, str] = {
            **passed,
            **coverage,
            **aws.env,
            **slack.env,
            "DIFFY_DATA_DIR": str(folder / "data"),
            "DIFFY_ANALYSTS": f"{RESPONDER.id},{APPROVER.id}",
            "DIFFY_APPROVERS": APPROVER.id,
            "DIFFY_CHANNELS": "*",
            **extra,
        }
        self.bot = Bot(self.env, folder)

    def ready(self) -> None:
        """Wait until the bot listens."""
        self.slack.wait_connected(1, PATIENCE_S)

    def restart(self) -> None:
        """Start the bot anew on the same data folder, once the former one's connection is gone."""
        self.slack.wait_for(lambda slack: slack.connections == 0, PATIENCE_S)
        self.bot = Bot(self.env, self.folder)
        self.ready()

    def type(self, text: str, *, user: str = RESPONDER.id, channel: str = INCIDENT.id) -> str:
        """Type `/diffy …`; return the answer that only the user sees. Fails when it is not acknowledged."""
        before = {message.ts for message in self.slack.ephemerals(user)}
        result = self.slack.command(user, channel, "/diffy", text)
        assert result.acked.ok, (
            f"not acknowledged: {result.acked.error}; the bot's exit code: {self.bot.process.poll()}, "
            f"connections: {self.slack.connections}\n{self.bot.said()[-3000:]}"
        )
        answer = shown(result.ephemeral) if result.ephemeral else ""
        if "One moment" not in answer:
            return answer
        return str(
            self.wait(
                lambda slack: next(
                    (
                        text
                        for message in slack.ephemerals(user)
                        if message.ts not in before and "One moment" not in (text := shown(message))
                    ),
                    None,
                )
            )
        )

    def press(
        self, message: Message, action: str, *, user: str = RESPONDER.id, option: str | None = None
    ) -> None:
        result = self.slack.press(user, message.channel, message.ts, action, option)
        assert result.acked.ok, result.acked.error

    def wait(self, found: Callable[[LocalSlack], Any], timeout_s: float = PATIENCE_S) -> Any:
        """Wait until something is there; show the bot's log when it never is."""
        try:
            return self.slack.wait_for(found, timeout_s)
        except TimeoutError as error:
            raise AssertionError(f"it never came; the bot's log ends:\n{self.bot.said()[-4000:]}") from error

    def parents(self, channel: str = INCIDENT.id) -> tuple[Message, ...]:
        return self.slack.messages(channel)

    def message_with(self, action: str, *, channel: str = INCIDENT.id, after: int = 0) -> Message:
        """Wait for a message of the channel that carries a button; ``after`` skips the first so many messages."""
        found: Message = self.wait(
            lambda slack: next((m for m in slack.messages(channel)[after:] if action in buttons(m)), None)
        )
        return found

    def idle(self) -> None:
        """Wait until no run is live."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            if "Nothing is going on" in self.type("status"):
                return
            time.sleep(0.25)
        raise AssertionError(f"a run never ended; the bot's log ends:\n{self.bot.said()[-4000:]}")

    def view(self, user: str = RESPONDER.id) -> View:
        found: View = self.wait(lambda slack: (slack.views(user) or (None,))[-1])
        return found


def patient_slack(ack_s: float = ACK_S, mode: Literal["socket", "http"] = "socket") -> LocalSlack:
    """A local Slack that waits longer than Slack does for an acknowledgement, and for the modal after a press."""
    return LocalSlack(mode=mode, ack_timeout_s=ack_s, trigger_life_s=ACK_S)


@contextmanager
def stage(
    folder: Path, *, fleet: str = "tiny", extra: Mapping[str, str] | None = None, ack_s: float = ACK_S
) -> Iterator[Stage]:
    """Bring everything up, and end everything that was started."""
    with EmbeddedAws.start(folder / "aws", fleet=fleet) as aws, patient_slack(ack_s) as slack:
        up = Stage(aws, slack, folder, extra or {})
        try:
            up.ready()
            yield up
            check(up)
        finally:
            if up.bot.process.poll() is None:
                up.bot.process.terminate()
                try:
                    up.bot.process.wait(60)
                except subprocess.TimeoutExpired:
                    up.bot.kill()


def check(up: Stage) -> None:
    """After every whole-path test: no call was the bot's own fault, nothing broke, and nothing leaked.

    Leaked would be a token of Slack's or what a host said, in a command or in a line of the log.
    """
    assert up.slack.rejected == (), "Slack refused calls through the bot's own fault"
    log = up.bot.said()
    assert "Traceback" not in log, log[max(0, log.index("Traceback") - 300) :][:4000]
    tokens = [value for name, value in up.env.items() if name.startswith("SLACK_") and "://" not in value]
    said = ["kworkerd", "/dev/shm/.cache/kw", "203.0.113.66"]  # from the intrusions of tiny and demo
    written = {"a command": json.dumps(up.aws.commands()), "the bot's log": log}
    assert tokens
    for place, text in written.items():
        assert not [word for word in (*tokens, *said) if word in text], place


def planted(up: Stage, group: str = "web-asg") -> list[str]:
    """The instance ids of the group's compromised hosts."""
    ids = up.aws.ids(group)
    return [ids[index] for index in fleets.planted(group)]


def texts(part: Any) -> Iterator[str]:
    """Every text that a reader sees in a block, view or message."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for key, value in part.items():
            if key in (
                "text",
                "elements",
                "rows",
                "fields",
                "blocks",
                "title",
                "label",
                "options",
                "accessory",
                "hint",
            ):
                yield from texts(value)
            elif key in ("user_id", "channel_id", "url"):
                yield str(value)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from texts(one)


def shown(message: Message | View) -> str:
    """All that a message or modal shows, as text."""
    if isinstance(message, View):
        return "\n".join(texts(message.spec))
    return "\n".join([message.text, *texts(list(message.blocks))])


def buttons(message: Message) -> set[str]:
    """The action ids of a message's buttons and menus."""
    return {
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    }
