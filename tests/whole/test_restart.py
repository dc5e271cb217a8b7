"""kill -9 while collecting and while writing, then a new start; and SIGTERM, which leaves what runs to the next one."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.sandbox.slack.workspace import APPROVER, INCIDENT
from tests.whole.stage import Stage, buttons, shown, stage
from tests.whole.typed import diffy

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Three hosts, one of which is slow when a test says so."""
    with stage(tmp_path_factory.mktemp("tiny"), fleet="tiny") as up:
        yield up


def group(up: Stage) -> str:
    return next(iter(up.aws.groups))


def take(up: Stage) -> None:
    """Ask for a baseline of a host that is sound: the newest one is compromised, and would wait for a person."""
    sound = next(h["instance_id"] for h in up.aws.groups[group(up)] if h["launch_template_version"] == "1")
    up.type(f"baseline {group(up)} --from {sound}", user=APPROVER.id)


def test_kill_9_while_collecting_goes_on_in_the_same_message(tiny: Stage) -> None:
    """After the restart the same message ends in the verdict, and Cancel worked all the while."""
    slow = tiny.aws.ids(group(tiny))[0]
    tiny.aws.set_host(slow, delay_s=3600)
    before = len(tiny.parents())
    tiny.type(f"analyze {group(tiny)}")
    running = tiny.message_with("cancel_run", after=before)

    tiny.bot.kill()
    tiny.restart()
    tiny.aws.set_host(slow, delay_s=0)

    tiny.wait(lambda slack: "drill_down" in buttons(slack.message(INCIDENT.id, running.ts)))
    assert len(tiny.parents()) == before + 1
    assert "did not answer" not in shown(tiny.slack.message(INCIDENT.id, running.ts))


@pytest.mark.parametrize("moment_s", [0.0, 0.05, 0.2, 0.6])
def test_what_was_accepted_survives_kill_9_while_writing(tiny: Stage, moment_s: float) -> None:
    """Killed at a moment of the next write: the store opens, and each baseline that was announced is there."""
    tiny.idle()  # what the last kill cut off goes on, and a second request would join it
    before = len(tiny.parents())
    take(tiny)
    tiny.wait(lambda slack: any("in force" in shown(m) for m in slack.messages(INCIDENT.id)[before:]))
    take(tiny)
    time.sleep(moment_s)
    tiny.bot.kill()

    tiny.restart()

    announced = {
        int(found[1])
        for m in tiny.parents()
        if (found := re.match(r"Baseline (\d+) of .* is in force", m.text))
    }
    listed = {int(number) for number in re.findall(r"version (\d+)", tiny.type("baseline list"))}
    assert announced
    assert announced <= listed, listed


def test_a_schedule_fires_and_what_was_missed_while_down_runs_once(tiny: Stage) -> None:
    """Every minute: APScheduler fires it in silence; due while the bot was down, it runs once at the start, and says so."""
    take(tiny)
    tiny.idle()
    tiny.type(f'schedule {group(tiny)} "* * * * *"', user=APPROVER.id)
    for _ in range(240):
        if "nothing changed" in (status := tiny.type("status")) or "waits for a person" in status:
            break
        time.sleep(0.5)
    fired = status
    tiny.bot.kill()
    before = len(tiny.parents())
    _let_fires_pass(tiny.folder / "data" / "diffy.json")

    tiny.restart()

    late = tiny.wait(
        lambda slack: [m for m in slack.messages(INCIDENT.id)[before:] if "down when" in shown(m)]
    )
    tiny.type(f"schedule remove {group(tiny)}", user=APPROVER.id)
    assert "last " in fired
    assert len(late) == 1
    assert "Nothing is scheduled" in tiny.type("schedule list")


def _let_fires_pass(store: Path) -> None:
    """Age the only schedule by three minutes, as if the bot had been down that long when it fell due."""
    tables = json.loads(store.read_text())
    (schedule,) = tables["schedules"].values()
    due = datetime.fromisoformat(schedule["next_fire_at"]) - timedelta(minutes=3)
    schedule["next_fire_at"] = due.isoformat()
    store.write_text(json.dumps(tables))


def test_sigterm_leaves_a_live_run_to_the_next_start_and_exits_0(tiny: Stage) -> None:
    """Its message says that it goes on by itself; the next start finishes it there, and no host is asked twice."""
    slow = tiny.aws.ids(group(tiny))[0]
    tiny.aws.set_host(slow, delay_s=3600)
    before, calls = len(tiny.parents()), tiny.aws.calls()
    tiny.type(f"analyze {group(tiny)}")
    running = tiny.message_with("cancel_run", after=before)
    tiny.wait(lambda slack: len(slack.message(INCIDENT.id, running.ts).versions) > 1)

    code = tiny.bot.terminate()

    left = tiny.slack.message(INCIDENT.id, running.ts)
    assert code == 0
    assert "goes on by itself" in shown(left)
    tiny.restart()
    tiny.aws.set_host(slow, delay_s=0)
    tiny.wait(lambda slack: "drill_down" in buttons(slack.message(INCIDENT.id, running.ts)))
    assert tiny.aws.calls()["SendCommand"] == calls["SendCommand"] + 1
    assert tiny.aws.calls().get("CancelCommand", 0) == calls.get("CancelCommand", 0)


def test_a_second_process_gets_a_sentence(tiny: Stage) -> None:
    """The data folder has one owner; the second exits 2 and says whose it is."""
    second = diffy("serve", cwd=tiny.folder, **tiny.env)

    assert second.returncode == 2
    assert str(tiny.bot.process.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_a_start_with_wrong_settings_names_all_of_them(tmp_path: Path) -> None:
    """Missing tokens, a wrong port and a wrong id in one go, exit 2, and no secret echoed."""
    done = diffy("serve", cwd=tmp_path, PORT="many", DIFFY_ANALYSTS="not-an-id")

    assert done.returncode == 2
    for name in ("SLACK_BOT_TOKEN", "PORT", "DIFFY_ANALYSTS"):
        assert name in done.stderr


def test_a_damaged_or_newer_store_is_left_alone(tmp_path: Path, tiny: Stage) -> None:
    """Either gives a sentence and exit 2; not a byte of the folder changes."""
    data = tmp_path / "data"
    env = {**tiny.env, "DIFFY_DATA_DIR": str(data)}
    data.mkdir(mode=0o700)
    (data / "diffy.json").write_text('{"runs": {"1": ')
    damaged = diffy("serve", cwd=tmp_path, **env)
    untouched = (data / "diffy.json").read_text()
    (data / "diffy.json").unlink()
    (data / "layout.json").write_text('{"layout": 99}')
    newer = diffy("serve", cwd=tmp_path, **env)

    assert newer.returncode == 2
    assert "newer" in newer.stderr
    assert (data / "layout.json").read_text() == '{"layout": 99}'
    assert damaged.returncode == 2
    assert untouched == '{"runs": {"1": '
    assert "diffy.json" in damaged.stderr
    assert "Traceback" not in damaged.stderr + newer.stderr
