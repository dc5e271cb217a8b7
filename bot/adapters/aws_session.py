"""How does Diffy reach AWS, and in which words does it report what AWS refuses?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore import exceptions as wrong
from botocore.config import Config
from botocore.credentials import CredentialProvider, CredentialResolver
from botocore.loaders import Loader, create_loader
from botocore.session import get_session

from bot.adapters.aws_calls import Calls
from bot.errors import CollectionError, InventoryError

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_eks import EKSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

ATTEMPTS = 10
"""Of each call, retries with it. Field evidence: Run Command APIs throttle pollers, and fewer gave up too early."""


@dataclass(frozen=True, slots=True)
class Aws:
    """The clients of one account and region. Clients are thread-safe: all runs share them and their rate limiter.

    Those for kinds of targets that many never use are made when first needed: each costs tens of milliseconds.
    """

    autoscaling: AutoScalingClient
    ec2: EC2Client
    ssm: SSMClient
    s3: S3Client
    region: str
    calls: Calls
    make: Callable[[str], Any] = field(repr=False)

    @property
    def cloudformation(self) -> CloudFormationClient:
        client: CloudFormationClient = self.make("cloudformation")
        return client

    @property
    def eks(self) -> EKSClient:
        client: EKSClient = self.make("eks")
        return client

    @property
    def sts(self) -> STSClient:
        client: STSClient = self.make("sts")
        return client


def connect(
    *,
    region: str | None = None,
    attempts: int = ATTEMPTS,
    calls: Calls | None = None,
    credentials: CredentialProvider | None = None,
) -> Aws:
    """Return clients from AWS's standard variables and files, ``AWS_ENDPOINT_URL`` included. Nothing is sent yet.

    Args:
        calls: Counts what these clients ask; a fresh count without it.
        credentials: Used instead of the standard ones.

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
    # S3 takes thousands of reads a second from one prefix, so a refusal there is no word about our rate: the adaptive
    # limiter would go down to half a call a second, and large groups past their deadline (benchmarks/collect.py).
    unhurried = config.merge(Config(retries={"mode": "standard", "total_max_attempts": attempts}))
    calls = calls or Calls()
    with translated(InventoryError):
        core = get_session()
        core.register_component("data_loader", _models(core.get_config_variable("data_path")))
        if credentials is not None:
            core.register_component("credential_provider", CredentialResolver([credentials]))
        session = boto3.session.Session(region_name=region, botocore_session=core)
        session.events.register("before-parameter-build", calls.add)
        session.events.register("needs-retry", calls.attempted)
        lock = threading.Lock()
        made: dict[str, Any] = {}

        def make(service: str) -> Any:
            with lock:  # a session is not thread-safe; its clients are
                if service not in made:
                    made[service] = session.client(service, config=unhurried if service == "s3" else config)  # type: ignore[call-overload]
                return made[service]

        return Aws(
            make("autoscaling"),
            make("ec2"),
            make("ssm"),
            make("s3"),
            session.region_name or "",
            calls,
            make,
        )


@cache
def _models(path: str | None) -> Loader:
    """What botocore knows of each service, read once for all accounts and regions: EC2's alone takes 0.15 s to parse."""
    return create_loader(path)


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
