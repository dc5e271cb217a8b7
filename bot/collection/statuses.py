"""What does SSM's or EC2's word on one host mean: wait, read its output, or the reason why there is none?

StatusDetails decides (the user guide writes "Delivery Timed Out", the API ``DeliveryTimedOut``); Status only says
whether an unknown detail is final.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Missed, MissReason


@dataclass(frozen=True, slots=True)
class Ended:
    """A host is through with its command.

    Attributes:
        reason: Why it is missed if no whole answer can be read; None when only its output can tell.
        detail: A sentence for that reason.
        api: Whether its output may be there to read.
        bucket: Whether a whole answer may lie in the bucket although AWS thinks it failed.
    """

    reason: MissReason | None
    detail: str = ""
    api: bool = False
    bucket: bool = False


_ENDINGS = {
    "success": Ended(None, api=True, bucket=True),
    "failed": Ended(MissReason.SCRIPT_FAILED, "the script failed on the host", api=True, bucket=True),
    "deliverytimedout": Ended(
        MissReason.DELIVERY_TIMED_OUT,
        "SSM could not deliver the command, or never heard its end",
        bucket=True,
    ),
    "executiontimedout": Ended(
        MissReason.EXECUTION_TIMED_OUT, "the agent stopped the script: it ran too long"
    ),
    "timedout": Ended(MissReason.EXECUTION_TIMED_OUT, "SSM timed the command out", bucket=True),
    "cancelled": Ended(MissReason.CANCELLED, "the command was cancelled in AWS"),
    "terminated": Ended(MissReason.UNDELIVERABLE, "AWS ended the command before this host got it"),
    "undeliverable": Ended(MissReason.UNDELIVERABLE, "SSM cannot deliver to this host"),
    "invalidplatform": Ended(MissReason.NOT_LINUX, "the command is for Linux only"),
    "accessdenied": Ended(MissReason.ACCESS_DENIED, "AWS does not let Diffy send commands to this host"),
}
_GONE = frozenset({"shutting-down", "terminated"})
_STOPPED = frozenset({"stopping", "stopped"})
_FINAL = frozenset({"success", "failed", "timedout", "cancelled"})
_RUNNING = frozenset({"pending", "inprogress", "delayed", "cancelling"})


def ending(status: str, details: str) -> Ended | None:
    """Return how the host ended, or None while it may still answer."""
    plain = _plain(details)
    if plain in _ENDINGS:
        return _ENDINGS[plain]
    final = _plain(status)
    if plain in _RUNNING or final not in _FINAL:
        return None
    return _ENDINGS[final]


def judge(outcome: Missed, ended: Ended, exit_code: int | None) -> Missed:
    """Choose between what the output says and what SSM says: a failed script's own words are the better reason."""
    words = outcome.reason is not MissReason.EMPTY_OUTPUT
    if ended.reason is None or (ended.reason is MissReason.SCRIPT_FAILED and words):
        return outcome
    code = f" (exit code {exit_code})" if exit_code not in (None, 0, -1) else ""
    return Missed(outcome.host, ended.reason, ended.detail + code)


def lost(host: str, state: str, *, refused: bool) -> Missed | None:
    """Return why a host that EC2 was asked about will not answer, or None while it may.

    Args:
        state: EC2's word; empty where it could not say.
        refused: Whether SSM did not take the host's id.
    """
    if state in _GONE:
        return Missed(host, MissReason.GONE, "the instance was terminated")
    if state in _STOPPED:
        return Missed(host, MissReason.UNDELIVERABLE, "the instance was stopped")
    if refused:
        return Missed(host, MissReason.UNDELIVERABLE, "SSM does not take commands for it")
    return None


def silence(command: str, details: str, *, ended: bool) -> str:
    """Say how far a host had come when it was given up; ``details``: what SSM last said of it."""
    if not command:
        return "it had not been asked yet"
    if ended:
        return "it had finished, and its output had not arrived"
    if details.casefold() == "delayed":
        return "its SSM agent could not be reached"
    return f"SSM last said {details}" if details else "SSM had not listed it yet"


def _plain(word: str) -> str:
    return "".join(word.split()).casefold()
