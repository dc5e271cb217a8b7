"""As whom does Diffy enter another account? Under the session name of the person who asked, through one set of clients."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from typing import Any

from botocore.credentials import CredentialProvider, Credentials, DeferredRefreshableCredentials

from bot.adapters.aws_calls import present_asker
from bot.adapters.aws_session import Aws
from bot.model import Account, Asker

MOST_SESSIONS = 200  # remembered in an account
LONGEST_NAME = 64  # STS RoleSessionName: 2 to 64 of [\w+=,.@-]


def session_name(asker: Asker | None) -> str:
    """Return the RoleSessionName that CloudTrail shows in the other account; ``diffy`` where nobody is known to ask."""
    if asker is None:
        return "diffy"
    said = re.sub(r"[^\w+=,.@-]+", "-", asker.requested_by, flags=re.ASCII)
    return f"diffy-{said}"[:LONGEST_NAME]


class RoleProvider(CredentialProvider):
    """botocore's way to be handed credentials: here, those of a role in another account."""

    METHOD = "diffy-role"
    CANONICAL_NAME = "diffy-role"

    def __init__(self, account: Account, own: Aws) -> None:
        super().__init__()
        self._credentials = _EachAskersCredentials(account, own)

    def load(self) -> Credentials:
        """Return the credentials; STS is asked when the first call is signed."""
        return self._credentials


class _EachAskersCredentials(Credentials):
    """Credentials of one role under many session names, chosen when a call is signed, in the thread that calls.

    So one set of clients serves everybody, and with it one adaptive rate limiter for an account, region and service,
    whoever asks (docs/decisions/0016-one-limiter-for-all-askers.md).
    """

    def __init__(self, account: Account, own: Aws) -> None:
        super().__init__("", "", method=RoleProvider.METHOD)
        self._account = account
        self._own = own
        self._lock = threading.Lock()
        self._by_name: OrderedDict[str, DeferredRefreshableCredentials] = OrderedDict()

    def get_frozen_credentials(self) -> Any:
        """Return the present asker's, assumed anew when they near their end."""
        name = session_name(present_asker())
        with self._lock:
            mine = self._by_name.pop(name, None) or DeferredRefreshableCredentials(
                refresh_using=lambda: self._assume(name), method=RoleProvider.METHOD
            )
            self._by_name[name] = mine
            while len(self._by_name) > MOST_SESSIONS:
                self._by_name.popitem(last=False)
        return mine.get_frozen_credentials()

    def _assume(self, name: str) -> dict[str, str]:
        condition = {"ExternalId": self._account.external_id} if self._account.external_id else {}
        answer = self._own.sts.assume_role(
            RoleArn=self._account.role_arn,
            RoleSessionName=name,
            **condition,  # type: ignore[arg-type]
        )
        given = answer["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }
