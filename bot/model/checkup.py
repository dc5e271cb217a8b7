"""What the doctor looked at, and what it says of each: plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended. Unknown is neither: it could not be looked at."""

    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        said: One sentence: what is there, or what is wrong.
        mend: The command or the page that mends it, empty when nothing is wrong.
    """

    name: str
    outcome: Outcome
    said: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """As whom AWS knows us. ``principal`` is the ARN of the user or role itself, of an assumed role without session."""

    arn: str
    account: str
    region: str
    principal: str


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What SSM knows of a document. ``version`` is empty when the one asked for is not there; None: no document."""

    version: str
    newest: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Right:
    """An action on a resource, as IAM names both; ``tags`` are those of the resource that its policy looks at."""

    action: str
    resource: str = "*"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """What S3 says of a bucket; None where it did not let us look, with why in ``unseen`` by the field's name."""

    readable: bool | None = None
    encryption: str | None = None
    versioned: bool | None = None
    closed: bool | None = None
    forgets: bool | None = None
    unseen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """Whose Slack token it is, and which scopes it was given; None when Slack did not tell."""

    team: str
    user: str
    scopes: frozenset[str] | None
