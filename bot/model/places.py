"""Where hosts can be asked: accounts and regions."""

from __future__ import annotations

from dataclasses import dataclass, field

ALL = "all"  # every place that the settings name
OWN = "own"  # the account in which Diffy itself runs


@dataclass(frozen=True, slots=True)
class Account:
    """Another account, as the operator set it: the role that Diffy takes there, and under which condition."""

    name: str
    id: str
    role_arn: str
    external_id: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Places:
    """What the settings name. No regions: any region may be asked."""

    regions: tuple[str, ...] = ()
    accounts: tuple[Account, ...] = ()


NOWHERE_ELSE = Places()
