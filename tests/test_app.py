"""The bot as a whole, where it cannot start or is disturbed: what it leaves behind."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot import app, packs, ways
from bot.adapters.clock import SystemClock
from bot.adapters.data_folder import DataFolder
from bot.adapters.slack_doors import SocketDoor
from bot.adapters.tinydb_store import TinyDbStore
from bot.errors import DiffyError, InventoryError, SettingsError
from bot.sandbox.slack import LocalSlack
from bot.settings import Settings, read
from bot.workflows.desk import Desk
from tests.workflows.parts import KnownGroups, ScriptedCollector, group, run, until


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack(rate_limits=False) as up:
        yield up


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> ScriptedCollector:
    """A cloud whose hosts never answer."""
    collector = ScriptedCollector({})
    way = ways.Way(KnownGroups(group(2)), collector)
    monkeypatch.setattr(ways, "cloud", lambda *_, **__: way)
    return collector


def settings(slack: LocalSlack, folder: Path, **more: str) -> Settings:
    environ = {"DIFFY_DATA_DIR": str(folder / "data"), "DIFFY_ANALYSTS": "*", "DIFFY_CHANNELS": "*"}
    return read(slack.env | environ | more, cwd=folder, need_slack=True)


def test_where_slack_refuses_the_connection_what_was_taken_up_is_left_to_the_next_start(
    slack: LocalSlack, silent: ScriptedCollector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence; the runs of the former process stay live, and no thread works on without its store."""
    asked = run(channel=slack.channel, pack=packs.DEFAULT, created_at=SystemClock().now())
    with DataFolder.open(tmp_path / "data") as folder, TinyDbStore(folder) as store:
        store.save_run(asked)
    connect = SocketDoor.open

    def late(door: SocketDoor) -> None:
        until(lambda: bool(silent.errands))
        connect(door)

    monkeypatch.setattr(SocketDoor, "open", late)

    with pytest.raises(SettingsError, match="SLACK_APP_TOKEN"):
        app.serve(
            settings(slack, tmp_path, SLACK_APP_TOKEN="-".join(("xapp", "wrong"))), until=threading.Event()
        )

    assert silent.errands[0].leave()
    with DataFolder.open(tmp_path / "data") as folder, TinyDbStore(folder) as store:
        assert [one.id for one in store.live_runs()] == [asked.id]
    assert "goes on by itself" in str(slack.messages(slack.channel)[-1])


@pytest.mark.usefixtures("silent")
def test_a_port_that_is_taken_is_a_sentence(slack: LocalSlack, tmp_path: Path) -> None:
    """Another bot, or anything else, listens there."""
    with socket.create_server(("0.0.0.0", 0)) as other:
        http = {
            "SLACK_APP_TOKEN": "",
            "SLACK_SIGNING_SECRET": "for-tests",
            "PORT": str(other.getsockname()[1]),
        }

        with pytest.raises(SettingsError, match="Address already in use"):
            app.serve(settings(slack, tmp_path, **http), until=threading.Event())


def test_a_folder_is_given_back_where_there_is_no_cloud(
    slack: LocalSlack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No region is set: the next start need not wonder whose the folder is."""

    def refuse(*_: object, **__: object) -> ways.Way:
        raise InventoryError("Diffy does not know which AWS region to ask.", "Set AWS_REGION.")

    monkeypatch.setattr(ways, "cloud", refuse)

    with pytest.raises(DiffyError, match="which AWS region") as caught:
        app.serve(settings(slack, tmp_path), until=threading.Event())

    assert caught.value
    assert not (tmp_path / "data" / "owner.json").exists()
    DataFolder.open(tmp_path / "data").close()


def test_files_that_cannot_be_looked_through_do_not_end_the_bot(caplog: pytest.LogCaptureFixture) -> None:
    """Out of descriptors for a moment: the bot goes on, and looks again a day later."""
    until_then = threading.Event()

    def short() -> tuple[int, int]:
        until_then.set()
        raise OSError(24, "Too many open files")

    services: Any = SimpleNamespace(clock=SystemClock(), forget_old=short)
    desk = cast(Desk, SimpleNamespace(services=services, deciding=threading.Lock()))

    with caplog.at_level(logging.WARNING):
        app._forget_daily(desk, until_then)

    assert "Too many open files" in caplog.text
