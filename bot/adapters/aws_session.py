"""How does Diffy reach AWS, how often did it ask, and in which words does it report what AWS refuses?"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import boto3
from botocore import exceptions as wrong
from botocore.config import Config

from bot.errors import CollectionError, InventoryError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

ATTEMPTS = 10
"""Of each call, retries with it. Field evidence: Run Command APIs throttle pollers, and fewer gave up too early."""


class Calls:
    """Counts what was asked of AWS, as ``service:Operation``; each call once, however often it was retried."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: Counter[str] = Counter()

    def add(self, model: Any, **_: object) -> None:
        """Count one call (botocore's ``before-parameter-build`` event)."""
        with self._lock:
            self._by_name[f"{model.service_model.endpoint_prefix}:{model.name}"] += 1

    def by_name(self) -> dict[str, int]:
        with self._lock:
            return dict(self._by_name)

    @property
    def total(self) -> int:
        with self._lock:
            return self._by_name.total()


@dataclass(frozen=True, slots=True)
class Aws:
    """The clients of one account and region. Clients are thread-safe: all runs share them and their rate limiter."""

    autoscaling: AutoScalingClient
    ec2: EC2Client
    ssm: SSMClient
    s3: S3Client
    region: str
    calls: Calls


def connect(*, region: str | None = None, attempts: int = ATTEMPTS) -> Aws:
    """Return clients from AWS's standard variables and files, ``AWS_ENDPOINT_URL`` included. Nothing is sent yet.

    Raises:
        InventoryError: No region, or an unknown profile.
    """
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        connect_timeout=5,
        read_timeout=30,
        max_pool_connections=20,
        user_agent_extra="diffy",
    )
    calls = Calls()
    with translated(InventoryError):
        session = boto3.session.Session(region_name=region)
        session.events.register("before-parameter-build", calls.add)
        return Aws(
            session.client("autoscaling", config=config),
            session.client("ec2", config=config),
            session.client("ssm", config=config),
            session.client("s3", config=config),
            session.region_name or "",
            calls,
        )


class Kind(Enum):
    """What sort of trouble AWS has with us."""

    CREDENTIALS = "credentials"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    OTHER = "other"

    @property
    def lasting(self) -> bool:
        """Whether asking again soon would end the same way."""
        return self in (Kind.CREDENTIALS, Kind.DENIED)


@dataclass(frozen=True, slots=True)
class Trouble:
    """AWS's refusal in our words."""

    kind: Kind
    message: str
    hint: str


AwsError = (wrong.ClientError, wrong.BotoCoreError)

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
_UNKNOWN = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "AuthFailure",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
        "InvalidSignatureException",
        "IncompleteSignature",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})
_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"}
)
_RENEW = "Renew them (aws sso login, or a new session) or give Diffy an instance or task role."


def code(error: Exception) -> str:
    """Return AWS's error code, empty when the error is not an answer of AWS."""
    return (
        str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, wrong.ClientError) else ""
    )


def explain(error: Exception) -> Trouble:
    """Return what went wrong with a call, as a sentence and what to do."""
    if isinstance(error, wrong.ClientError):
        return _answered(error)
    if isinstance(error, (wrong.NoCredentialsError, wrong.PartialCredentialsError)):
        hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE, or give Diffy a role."
        return Trouble(Kind.CREDENTIALS, "Diffy has no AWS credentials.", hint)
    if isinstance(
        error,
        (
            wrong.CredentialRetrievalError,
            wrong.SSOError,
            wrong.TokenRetrievalError,
            wrong.RefreshWithMFAUnsupportedError,
        ),
    ):
        return Trouble(Kind.CREDENTIALS, f"Diffy's AWS credentials could not be loaded: {error}.", _RENEW)
    if isinstance(error, wrong.ProfileNotFound):
        return Trouble(Kind.CREDENTIALS, f"{error}.", "Set AWS_PROFILE to a profile of ~/.aws/config.")
    if isinstance(error, wrong.NoRegionError):
        return Trouble(Kind.CREDENTIALS, "Diffy does not know which AWS region to ask.", "Set AWS_REGION.")
    if isinstance(error, (wrong.HTTPClientError, wrong.ConnectionError)):
        hint = "Check the network, the proxy and AWS_ENDPOINT_URL."
        return Trouble(Kind.UNREACHABLE, f"AWS cannot be reached: {error}", hint)
    return Trouble(Kind.OTHER, f"AWS could not be asked: {error}", "")


def _answered(error: wrong.ClientError) -> Trouble:
    name, said = code(error), str(error.response.get("Error", {}).get("Message", ""))
    if name in _EXPIRED:
        return Trouble(Kind.CREDENTIALS, "Diffy's AWS credentials have expired.", _RENEW)
    if name in _UNKNOWN:
        return Trouble(Kind.CREDENTIALS, f"AWS does not accept Diffy's credentials ({name}).", _RENEW)
    if name in _DENIED:
        hint = "Compare Diffy's role with deploy/template.yaml, or ask `diffy doctor`."
        return Trouble(Kind.DENIED, f"AWS does not allow Diffy to call {error.operation_name}: {said}", hint)
    if name in _THROTTLED:
        return Trouble(
            Kind.OTHER, "AWS keeps refusing because of too many requests.", "Try again in a minute."
        )
    hint = "Ask `diffy doctor` what is wrong with the document." if name.startswith("InvalidDocument") else ""
    return Trouble(Kind.OTHER, f"AWS refused {error.operation_name} ({name}): {said}", hint)


@contextmanager
def translated(into: type[InventoryError | CollectionError]) -> Iterator[None]:
    """Turn what boto3 raises inside into one of our errors."""
    try:
        yield
    except AwsError as error:
        trouble = explain(error)
        raise into(trouble.message, trouble.hint) from error
