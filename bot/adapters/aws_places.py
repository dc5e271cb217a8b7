"""Which accounts and regions does a request reach, and how is each asked? One inventory and one collector a place."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from bot.adapters.aws_calls import asking_for
from bot.adapters.aws_inventory import AwsInventory
from bot.adapters.aws_roles import RoleProvider
from bot.adapters.aws_session import Aws, connect
from bot.adapters.aws_targets import RESOLVERS, Resolver
from bot.errors import DiffyError, EmptyTarget, InventoryError, UnknownTarget
from bot.model import (
    ALL,
    OWN,
    ApiUse,
    Asker,
    Group,
    Host,
    Missed,
    MissReason,
    Pack,
    Places,
    SentCommand,
    Snapshot,
    Target,
    TargetKind,
)
from bot.ports import Collector, Errand

AT_ONCE = 8  # places whose hosts are looked up at the same time

Deliver = Callable[[Snapshot | Missed], None]


@dataclass(frozen=True, slots=True)
class Place:
    """An account by its name, and a region; empty: the bot's own."""

    account: str = ""
    region: str = ""

    @property
    def label(self) -> str:
        """As ``SentCommand.place`` holds it: ``account/region``; empty for the bot's own."""
        return f"{self.account}/{self.region}" if self.account or self.region else ""


@dataclass(frozen=True, slots=True)
class _Site:
    inventory: AwsInventory
    collector: Collector


class AwsPlaces:
    """``ports.Inventory`` and ``ports.Collector`` over every account and region that the settings name.

    Args:
        own: The clients of the bot's own account and region.
        collector: Makes the collector of one place.
        kinds: How targets with a prefix are resolved.
    """

    def __init__(
        self,
        own: Aws,
        places: Places,
        collector: Callable[[Aws], Collector],
        kinds: Mapping[str, Resolver] = RESOLVERS,
    ) -> None:
        self._own = own
        self._places = places
        self._make = collector
        self._kinds = kinds
        self._lock = threading.Lock()
        self._sites: dict[Place, _Site] = {}

    def resolve(self, target: Target, asker: Asker) -> Group:
        """See ``ports.Inventory``. Hosts carry their account and region.

        Each place that was named must hold the target; of ``all`` it is enough that one does. A place that cannot be
        asked refuses the whole: an answer about the rest would read as one about everything.
        """
        places = self._named(target)
        bare = replace(target, accounts=(), regions=())
        with ThreadPoolExecutor(min(AT_ONCE, len(places)), thread_name_prefix="resolve") as pool:
            answers = list(pool.map(lambda place: self._resolve(place, bare, asker), places))
        absent = [answer for answer in answers if isinstance(answer, DiffyError)]
        found = [answer for answer in answers if isinstance(answer, Group)]
        if absent and (not found or ALL not in (*target.accounts, *target.regions)):
            raise absent[0]
        if target.kind is TargetKind.HOST and len(found) > 1:
            raise UnknownTarget(
                f"{target.names[0]} is in {len(found)} accounts or regions.",
                "Name one of them with --account and --region.",
            )
        return Group(
            f"{found[0].name}{target.place_label}",
            _in_order(host for group in found for host in group.hosts),
            tuple(sorted((miss for group in found for miss in group.missed), key=lambda miss: miss.host)),
            _in_order(host for group in found for host in group.known),
            found[0].focus,
        )

    def collect(self, group: Group, pack: Pack, errand: Errand, *, deliver: Deliver) -> None:
        """See ``ports.Collector``. Places are asked side by side; answers are delivered from the calling thread.

        A place where nothing can be sent is the reason of its hosts, unless it is so in every place.
        """
        parts: dict[Place, list[Host]] = {}
        for host in group.hosts:
            parts.setdefault(Place(host.account, host.region), []).append(host)
        jobs = {place: replace(group, hosts=tuple(hosts)) for place, hosts in parts.items()}
        if len(jobs) == 1:
            ((place, part),) = jobs.items()
            self._collect(place, part, pack, errand, deliver)
        elif jobs:
            _SideBySide(jobs, errand, deliver).run(
                lambda place, inner, put: self._collect(place, jobs[place], pack, inner, put)
            )

    def api_use(self, run_id: str) -> ApiUse:
        """Return what a run has asked so far, in all places."""
        return self._own.calls.of_run(run_id)

    def _resolve(self, place: Place, target: Target, asker: Asker) -> Group | DiffyError:
        try:
            group = self._site(place).inventory.resolve(target, asker)
        except (UnknownTarget, EmptyTarget) as absent:
            return absent
        except InventoryError as error:
            if not place.label:
                raise
            raise InventoryError(f"In {place.label}: {error.message}", error.hint) from error

        def here(host: Host) -> Host:
            return replace(host, account=place.account, region=place.region)

        return replace(group, hosts=tuple(map(here, group.hosts)), known=tuple(map(here, group.known)))

    def _collect(self, place: Place, part: Group, pack: Pack, errand: Errand, deliver: Deliver) -> None:
        def note(sent: SentCommand) -> None:
            errand.note(replace(sent, place=place.label))

        sent = tuple(one for one in errand.sent if one.place == place.label)
        with asking_for(errand.asker):
            self._site(place).collector.collect(
                part, pack, replace(errand, sent=sent, note=note), deliver=deliver
            )

    def _named(self, target: Target) -> tuple[Place, ...]:
        every = ("", *(account.name for account in self._places.accounts))
        accounts = every if ALL in target.accounts else target.accounts or ("",)
        regions = self._places.regions or ("",) if ALL in target.regions else target.regions or ("",)
        return tuple(
            dict.fromkeys(
                Place("" if account == OWN else account, "" if region == self._own.region else region)
                for account in accounts
                for region in regions
            )
        )

    def _site(self, place: Place) -> _Site:
        with self._lock:
            if place not in self._sites:
                aws = self._connect(place)
                self._sites[place] = _Site(AwsInventory(aws, self._kinds), self._make(aws))
            return self._sites[place]

    def _connect(self, place: Place) -> Aws:
        if not place.label:
            return self._own
        region = place.region or self._own.region
        if not place.account:
            return connect(region=region, calls=self._own.calls)
        for account in self._places.accounts:
            if account.name == place.account:
                return connect(
                    region=region, calls=self._own.calls, credentials=RoleProvider(account, self._own)
                )
        raise InventoryError(
            f"There is no account {place.account} in the settings any more.", "See [[aws.accounts]]."
        )


class _SideBySide:
    """Asks several places in threads of their own and hands each host's outcome on, once, from one thread."""

    def __init__(self, jobs: Mapping[Place, Group], errand: Errand, deliver: Deliver) -> None:
        self._jobs = jobs
        self._errand = errand
        self._deliver = deliver
        self._arrivals: queue.SimpleQueue[tuple[Place, Snapshot | Missed | Exception | None]] = (
            queue.SimpleQueue()
        )
        self._broken = threading.Event()
        self._noting = threading.Lock()

    def run(self, collect: Callable[[Place, Errand, Deliver], None]) -> None:
        """Return when each place is done; raise what broke off, or the first refusal where every place refused."""
        for place in self._jobs:
            threading.Thread(
                target=self._one, args=(place, collect), name=f"collect-{place.label}", daemon=True
            ).start()
        silent = {place: {host.id for host in part.hosts} for place, part in self._jobs.items()}
        failed: dict[Place, DiffyError] = {}
        defect: Exception | None = None
        going = set(self._jobs)
        while going:
            place, arrival = self._arrivals.get()
            if arrival is None:
                going.discard(place)
            elif isinstance(arrival, DiffyError):
                failed[place] = arrival
            elif isinstance(arrival, Exception):
                defect = defect or arrival
                self._broken.set()
            else:
                host = arrival.host if isinstance(arrival, Missed) else arrival.host.id
                silent[place].discard(host)
                self._deliver(arrival)
        if defect is not None:
            raise defect
        if len(failed) == len(self._jobs) and all(
            len(silent[place]) == len(part.hosts) for place, part in self._jobs.items()
        ):
            raise next(iter(failed.values()))
        for place, error in failed.items():
            for host in sorted(silent[place]):
                self._deliver(Missed(host, MissReason.UNDELIVERABLE, f"{place.label}: {error.message}"))

    def _one(self, place: Place, collect: Callable[[Place, Errand, Deliver], None]) -> None:
        try:
            errand = replace(self._errand, stop=self._stop, note=self._note)
            collect(place, errand, lambda outcome: self._arrivals.put((place, outcome)))
        except Exception as error:  # noqa: BLE001 - a thread's failure must reach the caller, or it waits for ever
            self._arrivals.put((place, error))
        finally:
            self._arrivals.put((place, None))

    def _stop(self) -> bool:
        return self._broken.is_set() or self._errand.stop()

    def _note(self, sent: SentCommand) -> None:
        with self._noting:
            self._errand.note(sent)


def _in_order(hosts: Iterable[Host]) -> tuple[Host, ...]:
    return tuple(sorted(hosts, key=lambda host: host.id))
