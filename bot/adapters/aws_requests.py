"""What does a SendCommand say besides what is to run: to which bucket, within which time, under which comment?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.collection.sending import BATCH

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import SendCommandRequestTypeDef

PREFIX = "diffy"  # keys in the bucket: PREFIX/RUN/COMMAND/HOST/…/stdout
COMMENT_LIMIT = 100  # characters of a command's comment
_SHORTEST_DELIVERY_S, _LONGEST_DELIVERY_S = 30, 600  # 30: SSM's own least


def sending(
    what: dict[str, Any], bucket: str | None, run_id: str, pack: str, deadline_s: float
) -> SendCommandRequestTypeDef:
    """Return the request of the command that asks, without its hosts.

    Args:
        what: The document and its parameters (``collection.document.request``).
        bucket: Where the agents put their whole output; None leaves it to the API.
    """
    request: SendCommandRequestTypeDef = {
        "Comment": f"diffy {run_id} {pack}"[:COMMENT_LIMIT],
        "TimeoutSeconds": int(min(max(deadline_s, _SHORTEST_DELIVERY_S), _LONGEST_DELIVERY_S)),
        "MaxConcurrency": str(BATCH),
        "MaxErrors": "100%",  # the default, 0, ends the command for all after one host's failure
        **what,  # type: ignore[typeddict-item]
    }
    if bucket:
        request["OutputS3BucketName"] = bucket
        request["OutputS3KeyPrefix"] = f"{PREFIX}/{run_id}"
    return request


def bare(request: SendCommandRequestTypeDef) -> SendCommandRequestTypeDef:
    """Return a copy whose output goes to no bucket."""
    copy = request.copy()
    copy.pop("OutputS3BucketName", None)
    copy.pop("OutputS3KeyPrefix", None)
    return copy
