"""Which parts make the bot? The composition root: the one place that chooses real adapters."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from bot import ways
from bot.adapters.clock import SystemClock
from bot.adapters.data_folder import DataFolder
from bot.adapters.journal_files import JournalFiles
from bot.adapters.judge_process import JudgeProcess
from bot.adapters.report_files import ReportFiles
from bot.adapters.schedule import CronScheduler
from bot.adapters.slack_chat import SlackChat, make_client
from bot.adapters.slack_directory import SlackDirectory
from bot.adapters.slack_doors import HttpDoor, SocketDoor
from bot.adapters.slack_listener import make_app
from bot.adapters.snapshot_files import SnapshotFiles
from bot.errors import DiffyError
from bot.interactions import INTERACTIONS, VIEWS
from bot.model import Run
from bot.reception import Reception
from bot.settings import Settings
from bot.workflows.access import EVERYONE, Access
from bot.workflows.ageing import forget_old
from bot.workflows.desk import Desk, Tell, schedule_of
from bot.workflows.presenting import Presenter
from bot.workflows.runs import Runs
from bot.workflows.scheduled import fire
from bot.workflows.services import Services
from bot.workflows.thread import SlackThread

log = logging.getLogger(__name__)

DAY_S = 86_400.0
WAKES_S = 0.5
ASIDE = 12  # threads for presses and first meetings: short work that may wait for Slack


@contextlib.contextmanager
def open_services(
    settings: Settings,
    additions: ways.Additions,
) -> Iterator[Services]:
    """Open the data folder and join the core to its adapters; close them at the end."""
    with contextlib.ExitStack() as closing:
        folder = closing.enter_context(DataFolder.open(settings.data_dir, lock=True))
        clock = SystemClock()
        way = ways.cloud(settings, additions.plugins, clock, at_once=True)
        store = closing.enter_context(ways.open_store(settings, folder, additions.plugins))
        snapshots, reports = SnapshotFiles(folder), ReportFiles(folder)
        kept_for = timedelta(days=settings.runs.keep_days)
        judge = JudgeProcess(folder)
        closing.callback(judge.close)
        yield Services(
            store=store,
            snapshots=snapshots,
            reports=reports,
            inventory=way.inventory,
            collector=way.collector,
            judge=judge,
            clock=clock,
            load_pack=additions.shelf.load,
            pace=ways.pace(settings),
            journal=JournalFiles(folder),
            api_use=way.api_use,
            places=settings.places,
            forget_old=lambda: forget_old(store, snapshots, reports, before=clock.now() - kept_for),
        )


def serve(settings: Settings, *, until: threading.Event | None = None) -> None:
    """Run the bot until SIGTERM or SIGINT (or ``until`` is set), then drain.

    Raises:
        DiffyError: It cannot start: settings, data folder, Slack.
    """
    until = until or _on_signals()
    slack = settings.slack
    access = access_of(settings)
    additions = ways.open_additions(settings)
    with open_services(settings, additions) as services:
        client = make_client(slack.bot_token, base_url=slack.api_url)
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
                live_runs=lambda: len(runs.live()),
                journal=services.journal,
            )

        desk = Desk(services, runs, scheduler, chat, ways.new_run_id, presenter_for, additions.shelf.names)
        directory = SlackDirectory(client, services.clock)
        with ThreadPoolExecutor(ASIDE, thread_name_prefix="aside") as aside:
            reception = Reception(desk, access, directory, aside)
            app = make_app(
                client,
                reception,
                signing_secret="" if slack.app_token else slack.signing_secret,
                actions=lambda: list(INTERACTIONS),
                views=list(VIEWS),
            )
            chat.know_workspace()
            door = SocketDoor(app, slack.app_token) if slack.app_token else HttpDoor(app, port=slack.port)
            try:
                for run in runs.take_up(lambda run: presenter_for(run, None)):
                    log.info(
                        "run %s was cut off: %s",
                        run.id,
                        "ended with a message" if run.ended else "it goes on",
                    )
                _learn_known(directory, access)
                scheduler.start(
                    lambda schedule_id, late: fire(desk, schedule_id, late=late), services.store.schedules()
                )
                door.open()
                log.info("ready (%s)", "Socket Mode" if slack.app_token else f"HTTP on port {slack.port}")
                _forget_daily(desk, until)
                log.info("draining")
            finally:  # also where the door does not open: what was taken up must not work on without its store
                scheduler.stop()
                runs.drain()
                door.close()
    log.info("stopped")


def _forget_daily(desk: Desk, until: threading.Event) -> None:
    """Remove old reports and snapshots now and once a day, until the bot is to end.

    It wakes often: the system may hand a signal to any thread, and Python sees it only when this one, the main one, wakes.
    """
    clock = desk.services.clock
    due = clock.monotonic()
    while not until.wait(WAKES_S):
        if clock.monotonic() < due:
            continue
        due += DAY_S
        try:
            with desk.deciding:
                snapshots, reports = desk.services.forget_old()
            if snapshots or reports:
                log.info("removed for their age: %d snapshots, %d reports", snapshots, reports)
        except (DiffyError, OSError) as error:
            log.warning("what is old was not removed: %s", error)


def access_of(settings: Settings) -> Access:
    """Return the rights, as set."""
    given = settings.access
    return Access(
        analysts=given.analysts,
        approvers=given.approvers,
        channels=given.channels,
        guests=given.guests,
        shared_channels=given.shared_channels,
        contact=given.contact,
    )


def _learn_known(directory: SlackDirectory, access: Access) -> None:
    """Learn who and what is named in the settings, so that their first command is answered from memory."""
    users = (access.analysts | access.approvers) - {EVERYONE}
    channels = access.channels - {EVERYONE}

    def learn() -> None:
        try:
            for user in sorted(users):
                directory.learn(user, "")
            for channel in sorted(channels):
                directory.learn("", channel)
        except DiffyError as error:
            log.warning("Slack did not say who is who yet: %s", error)

    threading.Thread(target=learn, name="learn", daemon=True).start()


def _on_signals() -> threading.Event:
    """Return an event that SIGTERM or SIGINT sets.

    A thread sets it: the handler interrupts the main thread, perhaps where that holds the event's own lock.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=stop.set, name="stop").start())
    return stop
