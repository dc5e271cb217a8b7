"""By which way are hosts found and asked: files, this machine, a plug-in, or AWS? And where is Diffy's truth kept?

What the bot, the command line and the doctor share of the composition. Amazon's libraries are imported only where a way
leads to AWS: they take longer to load than recorded hosts take to read.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot import packs
from bot.adapters import plugins
from bot.adapters.plugins import Plugins, Routed
from bot.collection import script
from bot.collection.document import Pinned
from bot.model import ApiUse
from bot.ports import Clock, Collector, Inventory, Store
from bot.settings import Settings
from bot.workflows.services import Pace, no_use

if TYPE_CHECKING:
    from bot.adapters.aws_places import AwsPlaces
    from bot.adapters.aws_session import Aws
    from bot.adapters.data_folder import DataFolder

log = logging.getLogger(__name__)

ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"  # no letter that reads as a digit


def new_run_id() -> str:
    """Return a fresh id such as `r7k2m9xq`; short enough to type."""
    return "r" + "".join(secrets.choice(ALPHABET) for _ in range(7))


@dataclass(frozen=True, slots=True)
class Additions:
    """What the operator and other packages add to Diffy: packs, kinds of target, collectors, stores."""

    shelf: packs.Shelf
    plugins: Plugins


def open_additions(settings: Settings) -> Additions:
    """Load plug-ins and packs once; what could not be taken is logged, and stops nothing."""
    found = plugins.installed()
    plugins.register(found)
    shelf = packs.Shelf(settings.packs_dir, found.packs)
    for sentence in (*found.problems, *shelf.problems, *shelf.notes):
        log.warning("%s", sentence)
    return Additions(shelf, found)


def open_store(
    settings: Settings, folder: DataFolder, found: Plugins
) -> contextlib.AbstractContextManager[Store]:
    """Return the store as set: Diffy's own in the data folder, or a plug-in's; NotFound where nobody brings that one."""
    if settings.store:
        return found.store(settings.store).open(settings.data_dir)
    from bot.adapters.tinydb_store import TinyDbStore

    return contextlib.closing(TinyDbStore(folder))


def pace(settings: Settings) -> Pace:
    """Return how long things may take, as set."""
    runs = settings.runs
    return Pace(
        deadline_s=settings.collect.deadline_s,
        provisional_after_s=runs.provisional_after_s,
        provisional_share=runs.provisional_share,
        edit_every_s=runs.edit_every_s,
        max_running=runs.max_running,
    )


@dataclass(frozen=True, slots=True)
class Way:
    """Where hosts are found, how they are asked, and what a run asked of the cloud for it."""

    inventory: Inventory
    collector: Collector
    api_use: Callable[[str], ApiUse] = no_use


def recorded(folder: Path) -> Way:
    """Answers that were recorded, one file a host."""
    from bot.adapters.recorded import RecordedFolder

    hosts = RecordedFolder(folder)
    return Way(hosts, hosts)


def logged(path: Path) -> Way:
    """Result logs of osqueryd: a file or a folder."""
    from bot.adapters.osquery_logs import OsqueryLogs

    hosts = OsqueryLogs(path)
    return Way(hosts, hosts)


def here(clock: Clock) -> Way:
    """The machine that this runs on."""
    from bot.adapters.local_host import LocalHost

    host = LocalHost(clock)
    return Way(host, host)


def cloud(settings: Settings, found: Plugins, clock: Clock, *, at_once: bool) -> Way:
    """Plug-ins for the targets that are theirs, and AWS for all others.

    Args:
        at_once: Make AWS's clients now, so that what is wrong with its settings is said now; else at the first target
            that is no plug-in's, by the one thread that asks.
    """
    reached: list[AwsPlaces] = []

    def aws() -> tuple[Inventory, Collector]:
        if not reached:
            reached.append(aws_places(settings, clock))
        return reached[0], reached[0]

    def used(run_id: str) -> ApiUse:
        return reached[0].api_use(run_id) if reached else no_use(run_id)

    if at_once:
        aws()
    routed = Routed(found, aws)
    return Way(routed, routed, used)


def aws_places(settings: Settings, clock: Clock) -> AwsPlaces:
    """Return the inventory and collector of every account and region that is set. Nothing is sent yet."""
    from bot.adapters.aws_places import AwsPlaces
    from bot.adapters.aws_session import connect

    return AwsPlaces(connect(), settings.places, lambda aws: over_ssm(aws, settings, clock, install=True))


def over_ssm(aws: Aws, settings: Settings, clock: Clock, *, install: bool) -> Collector:
    """Return what asks the hosts of one account and region.

    Args:
        install: Whether SSM Distributor may bring osquery, where that is set.
    """
    from bot.adapters.aws_distributor import distributed
    from bot.adapters.aws_ssm import SsmCollector

    asked = settings.collect
    package = distributed(asked.osquery, asked.osquery_package, asked.osquery_package_version)
    return SsmCollector(
        aws,
        output_bucket=asked.output_bucket or None,
        clock=clock,
        pinned=pinned_document(settings),
        download=download_of(settings),
        package=package if install else None,
    )


def pinned_document(settings: Settings) -> Pinned | None:
    """Return the operator's own SSM document, if one is set."""
    asked = settings.collect
    if not asked.document:
        return None
    return Pinned(asked.document, asked.document_version, asked.document_hash, download_of(settings))


def download_of(settings: Settings) -> script.Download | None:
    """Return from where hosts without osquery bring it, if that is set."""
    asked = settings.collect
    return script.download(asked.osquery, asked.osquery_url, asked.osquery_sha256)
