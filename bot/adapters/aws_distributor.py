"""What does SSM Distributor install on hosts without osquery, and what is said of those it did not help?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import CollectionError
from bot.model import Missed, MissReason, Snapshot

INSTALLER = "AWS-ConfigureAWSPackage"


@dataclass(frozen=True, slots=True)
class Package:
    """A package of SSM Distributor. ``version`` empty: its default one."""

    name: str
    version: str = ""

    @property
    def parameters(self) -> dict[str, list[str]]:
        """Those of the document that installs it."""
        version = {"version": [self.version]} if self.version else {}
        return {"action": ["Install"], "name": [self.name], **version}


def distributed(mode: str, name: str, version: str) -> Package | None:
    """Return what the operator set: None unless ``mode`` is ``distributor``."""
    return Package(name, version) if mode == "distributor" else None


class Second:
    """Delivers hosts that are asked a second time, each once, also when nothing could be sent any more."""

    def __init__(self, lacking: list[Missed], deliver: Callable[[Snapshot | Missed], None]) -> None:
        self._left = {miss.host: miss for miss in lacking}
        self._deliver = deliver

    def deliver(self, outcome: Snapshot | Missed) -> None:
        self._left.pop(outcome.host if isinstance(outcome, Missed) else outcome.host.id, None)
        if isinstance(outcome, Missed) and outcome.reason is MissReason.NO_OSQUERY:
            detail = f"{outcome.detail}, and installing its package did not change that"
            outcome = Missed(outcome.host, outcome.reason, detail)
        self._deliver(outcome)

    def give_up(self, error: CollectionError) -> None:
        for miss in tuple(self._left.values()):
            self._deliver(Missed(miss.host, miss.reason, f"{miss.detail}; asking again failed: {error}"))
