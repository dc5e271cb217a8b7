"""What becomes of a script's output on a host that does not behave, before the service sees it?"""

from __future__ import annotations

from dataclasses import replace

from bot.sandbox.aws.agent import STDOUT_LIMIT, Outcome

REBOOT = 194  # the agent takes this exit code for a wish to reboot
NOT_UPLOADED = frozenset({"lost_output", "overlong"})
_GARBAGE = b"\x00\xff\xfe\x1b[2J{]not an answer\r\n" * 40
_TWO_BYTES = "é".encode()


def spoil(manner: str, outcome: Outcome) -> Outcome:
    """Return the outcome as a host of that manner (``hosts.MANNERS``) has it; as it was for any other manner."""
    stdout = outcome.stdout
    match manner:
        case "garbage":
            stdout = _GARBAGE
        case "empty":
            stdout = b""
        case "cut":
            stdout = stdout[: len(stdout) // 2]
        case "overlong":  # odd before, so that the cut, at an odd place, halves a character
            first = stdout[:1_000]
            stdout = first + b"." * (len(first) % 2) + _TWO_BYTES * STDOUT_LIMIT
        case "lie":
            stdout = _lie(stdout)
        case "swapped":
            stdout = stdout.replace(b" run=", b" run=other-")
        case "reboot":
            outcome = replace(outcome, code=REBOOT)
    stderr = outcome.stderr
    if outcome.code != 0:
        stderr += f"failed to run commands: exit status {outcome.code}".encode()
    return replace(outcome, stdout=stdout, stderr=stderr)


def _lie(stdout: bytes) -> bytes:
    """Change one character in the middle of the packed answer for another that base64 knows."""
    at = len(stdout) // 2
    return stdout[:at] + (b"B" if stdout[at : at + 1] == b"A" else b"A") + stdout[at + 1 :]
