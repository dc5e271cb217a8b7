"""Does the demo show one analysis and one drill-down, say clearly what failed, and leave nothing running?"""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.sandbox import demo, demo_bot
from bot.sandbox.demo import Demo
from bot.sandbox.demo_bot import DemoFailed

SMALL_BOT = Path(__file__).with_name("terminal_bot.py")


@dataclass
class Elsewhere:
    """An AWS that is never asked."""

    env: dict[str, str] = field(default_factory=lambda: {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    ended: bool = False


@contextmanager
def no_aws(aws: Elsewhere) -> Iterator[Elsewhere]:
    try:
        yield aws
    finally:
        aws.ended = True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "QUIET_S", 0.2)


def run_demo(data_dir: Path, mode: str = "", answer_s: float = 30.0) -> str:
    out = io.StringIO()
    command = (sys.executable, str(SMALL_BOT), mode)
    Demo(no_aws(Elsewhere()), data_dir, out, command, answer_s).run(once=True)
    return out.getvalue()


def is_running(data_dir: Path) -> bool:
    """Look for a process that works in the folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data_dir:
                return True
        except OSError:
            continue
    return False


def test_one_analysis_and_one_drill_down_are_printed(tmp_path: Path) -> None:
    """The transcript holds command, acknowledgement, result, thread and modal; the bot is ended."""
    transcript = run_demo(tmp_path)

    assert "@responder types: /diffy analyze web-asg" in transcript
    assert "Running: analyze web-asg" in transcript
    assert "▍1 of 2 hosts stands out" in transcript
    assert "[1] Look deeper" in transcript
    assert "web-1 stands out" in transcript
    assert "processes: +1 row" in transcript
    assert not is_running(tmp_path)


def test_the_bot_is_given_nothing_of_the_callers_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the caller's AWS profile nor another Slack token reaches it."""
    for name in ("AWS_PROFILE", "SLACK_SIGNING_SECRET", "DIFFY_CONFIG", "HOME"):
        monkeypatch.setenv(name, "mine")

    run_demo(tmp_path)

    given = set((tmp_path / "environment.txt").read_text().splitlines())
    assert given.isdisjoint({"AWS_PROFILE", "SLACK_SIGNING_SECRET", "DIFFY_CONFIG", "HOME"})
    assert {
        "AWS_ENDPOINT_URL",
        "SLACK_API_URL",
        "SLACK_APP_TOKEN",
        "DIFFY_DATA_DIR",
        "DIFFY_CHANNELS",
    } <= given


FAILURES = {
    "dies": "The bot ended with exit code 2",
    "mute": "The bot did not finish the analysis within 1 s",
    "rude": "Slack refused 1 calls of the bot",
    "deaf": "The bot did not acknowledge the command: operation_timeout",
}


@pytest.mark.parametrize(("mode", "said"), FAILURES.items())
def test_a_bot_that_fails_is_said_and_ended(tmp_path: Path, mode: str, said: str) -> None:
    """With one clear sentence, and the end of its log where that helps."""
    with pytest.raises(DemoFailed) as failure:
        run_demo(tmp_path, mode, answer_s=1.0 if mode == "mute" else 30.0)

    assert said in str(failure.value)
    assert not is_running(tmp_path)
    if mode == "dies":
        assert "No settings at all." in str(failure.value)
    if mode == "rude":
        assert "must be less than 151 characters" in str(failure.value)


def test_a_bot_that_ignores_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time to drain."""
    monkeypatch.setattr(demo_bot, "DRAIN_S", 0.3)

    run_demo(tmp_path, "stubborn")

    assert not is_running(tmp_path)


def test_the_interactive_demo_reads_lines_until_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input is the terminal; its end is the end."""
    lines = iter(["help"])

    def read(prompt: str) -> str:
        try:
            return next(lines)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", read)
    out, aws = io.StringIO(), Elsewhere()

    Demo(no_aws(aws), tmp_path, out, (sys.executable, str(SMALL_BOT))).run(once=False)

    assert f"The bot's log is {tmp_path / 'bot.log'}" in out.getvalue()
    assert "quit" in out.getvalue()
    assert aws.ended
    assert not is_running(tmp_path)


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """An embedded AWS and a bot in place of the real ones, for `main`."""
    aws = Elsewhere()
    started = SimpleNamespace(start=lambda folder, **more: no_aws(aws))
    monkeypatch.setitem(sys.modules, "bot.sandbox.aws", SimpleNamespace(EmbeddedAws=started))
    monkeypatch.setattr(demo, "BOT_COMMAND", (sys.executable, str(SMALL_BOT)))
    return aws


def test_main_ends_with_zero(tmp_path: Path, planted: Elsewhere, capsys: pytest.CaptureFixture[str]) -> None:
    """And has printed the transcript; the old handler of SIGTERM is back."""
    before = signal.getsignal(signal.SIGTERM)

    code = demo.main(once=True, data_dir=tmp_path)

    assert code == 0
    assert "1 of 2 hosts stands out" in capsys.readouterr().out
    assert planted.ended
    assert signal.getsignal(signal.SIGTERM) == before


def test_main_says_what_failed(
    tmp_path: Path, planted: Elsewhere, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with exit code 1."""
    monkeypatch.setattr(demo, "BOT_COMMAND", (sys.executable, str(SMALL_BOT), "dies"))

    code = demo.main(once=True, data_dir=tmp_path)

    assert code == 1
    assert capsys.readouterr().err.startswith("The demo failed. The bot ended with exit code 2.")
    assert planted.ended


def test_main_ends_everything_on_sigterm(
    tmp_path: Path, planted: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Ctrl-C: exit code 130, nothing left running."""

    def interrupted(prompt: str) -> str:
        signal.raise_signal(signal.SIGTERM)
        return "not reached"

    monkeypatch.setattr("builtins.input", interrupted)

    code = demo.main(once=False, data_dir=tmp_path)

    assert code == 130
    assert planted.ended
    assert not is_running(tmp_path)


def test_the_log_is_kept(tmp_path: Path) -> None:
    """What the bot prints is in bot.log."""
    with pytest.raises(DemoFailed):
        run_demo(tmp_path, "dies")

    assert (tmp_path / demo_bot.LOG).read_text() == f"No settings at all.{os.linesep}"
