"""How is the whole thing tried out with nothing but this machine? Embedded AWS, local Slack, the bot as its own process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol, TextIO

from bot.sandbox.demo_bot import BotProcess, DemoFailed, bot_environment
from bot.sandbox.slack import LocalSlack, Message, controls_of
from bot.sandbox.terminal import Terminal
from bot.sandbox.terminal_live import Live
from bot.sandbox.terminal_screen import draw_channel, draw_view, rule

CONNECT_S = 60.0
ANSWER_S = 180.0
QUIET_S = 1.5  # the channel has settled when nothing changed for so long
FINAL_ACTION = "drill_down"  # the bot's last word on a run has this button
RUNNING_ACTION = "cancel_run"  # and while it runs, this one
SEED = 7
BOT_COMMAND = (sys.executable, "-m", "bot", "serve")


class _Aws(Protocol):
    """What the demo needs of an embedded AWS: the environment that leads there."""

    @property
    def env(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True)
class Demo:
    """One showing.

    Attributes:
        aws: Enters to an embedded AWS.
        command: How the bot is started.
        answer_s: Seconds that one analysis may take.
    """

    aws: AbstractContextManager[_Aws]
    data_dir: Path
    out: TextIO
    command: tuple[str, ...] = BOT_COMMAND
    answer_s: float = ANSWER_S

    def run(self, *, once: bool) -> None:
        """Start everything, show it, end everything.

        Raises:
            DemoFailed: The bot died, did not answer in time, or made a call that Slack refuses.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.aws as aws, LocalSlack() as slack:
            env = bot_environment(slack, aws.env, self.data_dir / "diffy")
            try:
                with BotProcess.start(self.command, env, self.data_dir) as bot:
                    bot.wait_for(slack, lambda s: s.connections > 0, CONNECT_S, "connect to Slack")
                    if once:
                        self._once(slack, bot)
                    else:
                        self._interactive(slack)
            except DemoFailed as failure:
                raise DemoFailed(f"{failure}\n{_refused(slack)}".rstrip()) from None
            if slack.rejected:
                raise DemoFailed(_refused(slack))

    def _once(self, slack: LocalSlack, bot: BotProcess) -> None:
        user, channel = slack.responder, slack.channel
        self._print(f"{slack.name_of(user)} types: /diffy analyze web-asg")
        result = slack.command(user, channel, "/diffy", "analyze web-asg")
        if not result.acked.ok:
            raise DemoFailed(f"The bot did not acknowledge the command: {result.acked.error}.")
        if result.text:
            self._print(result.text)
        parent = bot.wait_for(slack, _final_message, self.answer_s, "finish the analysis")
        bot.settle(slack, QUIET_S)
        number = next(c.number for c in controls_of(parent.blocks) if c.action_id == FINAL_ACTION)
        self._print(*draw_channel(slack, channel, user=user, threads=True))
        self._print(rule(f"{slack.name_of(user)} presses [{number}]"))
        pressed = slack.press(user, channel, parent.ts, number)
        if not pressed.acked.ok:
            raise DemoFailed(f"The bot did not acknowledge the press: {pressed.acked.error}.")
        bot.wait_for(slack, lambda s: s.views(user), 10.0, "open the drill-down")
        bot.settle(slack, QUIET_S)
        self._print(*draw_view(slack, slack.views(user)[-1]))

    def _interactive(self, slack: LocalSlack) -> None:
        tty = self.out.isatty()
        terminal = Terminal(slack, _ask, Live(slack, self.out, tty))
        terminal.live.typing = lambda: terminal.prompt + _typed_so_far()
        self._print(f"The bot's log is {self.data_dir / 'bot.log'}")
        terminal.run()

    def _print(self, *lines: str) -> None:
        self.out.write("".join(f"{line}\n" for line in lines))
        self.out.flush()


def _refused(slack: LocalSlack) -> str:
    """Name the calls that Slack refused, with its reasons; empty when there was none."""
    calls = [f"  {call.method}: {call.error} {' '.join(call.reasons)}" for call in slack.rejected]
    return "\n".join([f"Slack refused {len(calls)} calls of the bot:", *calls]) if calls else ""


def _final_message(slack: LocalSlack) -> Message | None:
    for message in slack.messages(slack.channel):
        actions = {control.action_id for control in controls_of(message.blocks)}
        if FINAL_ACTION in actions and RUNNING_ACTION not in actions:
            return message
    return None


def _ask(prompt: str) -> str | None:
    try:
        return input(prompt)
    except EOFError:
        return None


def _typed_so_far() -> str:
    readline = sys.modules.get("readline")  # there where input() edits lines
    return str(readline.get_line_buffer()) if readline is not None else ""


def main(*, once: bool, data_dir: Path) -> int:
    """Run the demo: interactively, or one analysis and one drill-down.

    Returns:
        0 when all went well, 1 with a sentence on stderr when not, 130 on Ctrl-C.
    """
    from bot.sandbox.aws import EmbeddedAws

    data_dir = data_dir.resolve()
    before = signal.signal(signal.SIGTERM, _end)
    try:
        if not once and sys.stdin.isatty():
            import readline  # noqa: F401 - gives input() its line editing
        aws = EmbeddedAws.start(data_dir / "aws", fleet="demo", seed=SEED)
        Demo(aws, data_dir, sys.stdout, BOT_COMMAND).run(once=once)
    except (DemoFailed, RuntimeError) as failure:  # RuntimeError: the embedded AWS did not start
        sys.stderr.write(f"The demo failed. {failure}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    """Let SIGTERM end what was started, as Ctrl-C does."""
    os.write(2, b"\n")
    raise KeyboardInterrupt
