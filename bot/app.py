"""Which parts make the bot? The composition root: the one place that chooses real adapters."""

from __future__ import annotations

import contextlib
import logging
import secrets
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bot import packs
from bot.adapters.aws_inventory import AwsInventory
from bot.adapters.aws_session import connect
from bot.adapters.aws_ssm import SsmCollector
from bot.adapters.clock import SystemClock
from bot.adapters.data_folder import DataFolder
from bot.adapters.judge_process import JudgeProcess
from bot.adapters.recorded import RecordedFolder
from bot.adapters.report_files import ReportFiles
from bot.adapters.schedule import CronScheduler
from bot.adapters.slack_chat import SlackChat, make_client
from bot.adapters.slack_directory import SlackDirectory
from bot.adapters.slack_doors import HttpDoor, SocketDoor
from bot.adapters.slack_listener import make_app
from bot.adapters.snapshot_files import SnapshotFiles
from bot.adapters.tinydb_store import TinyDbStore
from bot.errors import DiffyError
from bot.interactions import INTERACTIONS, VIEWS
from bot.model import Run
from bot.ports import Collector, Inventory
from bot.reception import Reception
from bot.settings import Settings
from bot.workflows.desk import Desk, Tell, schedule_of
from bot.workflows.presenting import Presenter
from bot.workflows.runs import Runs
from bot.workflows.scheduled import fire
from bot.workflows.services import Services
from bot.workflows.thread import SlackThread

log = logging.getLogger(__name__)

ASIDE = 12  # threads for presses and first meetings: short work that may wait for Slack
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # no letter that reads as a digit


def new_run_id() -> str:
    """Return a fresh id such as `r7k2m9xq`; short enough to type."""
    return "r" + "".join(secrets.choice(ALPHABET) for _ in range(7))


@contextlib.contextmanager
def open_services(
    settings: Settings, *, recorded: RecordedFolder | None = None, lock: bool = True
) -> Iterator[Services]:
    """Open the data folder and join the core to its adapters; close them at the end.

    Args:
        recorded: Read hosts from this folder instead of AWS.
        lock: False only reads the data folder, beside a bot that owns it.
    """
    folder = DataFolder.open(settings.data_dir, lock=lock)
    clock = SystemClock()
    inventory: Inventory
    collector: Collector
    if recorded is not None:
        inventory = collector = recorded
    else:
        aws = connect()
        inventory = AwsInventory(aws)
        collector = SsmCollector(aws, output_bucket=settings.output_bucket or None, clock=clock)
    with contextlib.ExitStack() as closing:
        closing.callback(folder.close)
        store = TinyDbStore(folder)
        closing.callback(store.close)
        judge = JudgeProcess(folder)
        closing.callback(judge.close)
        yield Services(
            store=store,
            snapshots=SnapshotFiles(folder),
            reports=ReportFiles(folder),
            inventory=inventory,
            collector=collector,
            judge=judge,
            clock=clock,
            load_pack=packs.load,
            pace=settings.pace,
        )


def serve(settings: Settings, *, until: threading.Event | None = None) -> None:
    """Run the bot until SIGTERM or SIGINT (or ``until`` is set), then drain.

    Raises:
        DiffyError: It cannot start: settings, data folder, Slack.
    """
    until = until or _on_signals()
    with open_services(settings) as services:
        client = make_client(settings.bot_token, base_url=settings.slack_api_url)
        chat = SlackChat(client)
        runs = Runs(services)
        scheduler = CronScheduler(services.clock)

        def presenter_for(run: Run, tell: Tell | None) -> Presenter:
            return SlackThread(
                chat,
                services.clock,
                edit_every_s=services.pace.edit_every_s,
                tell=tell,
                schedule_of=lambda run: schedule_of(services.store, run),
            )

        desk = Desk(services, runs, scheduler, chat, new_run_id, presenter_for, packs.names)
        directory = SlackDirectory(client, services.clock)
        with ThreadPoolExecutor(ASIDE, thread_name_prefix="aside") as aside:
            reception = Reception(desk, settings.access, directory, aside)
            app = make_app(
                client,
                reception,
                signing_secret="" if settings.app_token else settings.signing_secret,
                actions=lambda: list(INTERACTIONS),
                views=list(VIEWS),
            )
            chat.know_workspace()
            door = (
                SocketDoor(app, settings.app_token)
                if settings.app_token
                else HttpDoor(app, port=settings.port)
            )
            for run in runs.take_up(lambda run: presenter_for(run, None)):
                log.info("run %s was cut off and has been ended with a message", run.id)
            _learn_known(directory, settings)
            scheduler.start(
                lambda schedule_id, late: fire(desk, schedule_id, late=late), services.store.schedules()
            )
            door.open()
            log.info("ready (%s)", "Socket Mode" if settings.app_token else f"HTTP on port {settings.port}")
            until.wait()
            log.info("draining")
            scheduler.stop()
            runs.drain()
            door.close()
    log.info("stopped")


def _learn_known(directory: SlackDirectory, settings: Settings) -> None:
    """Learn who is named in the settings, so that their first command is answered from memory."""
    names = [*settings.access.users_named(), *settings.access.channels_named()]

    def learn() -> None:
        for name in names:
            try:
                directory.learn(name if name[0] in "UW" else "", name if name[0] in "CGD" else "")
            except DiffyError as error:
                log.warning("Slack did not say who %s is: %s", name, error)
                return

    threading.Thread(target=learn, name="learn", daemon=True).start()


def _on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
