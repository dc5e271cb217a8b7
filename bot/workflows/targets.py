"""Which target does a typed word mean?"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence

from bot.errors import UsageError
from bot.model import Target, TargetKind

INSTANCE_ID = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")  # EC2's two lengths
GROUP_NAME = re.compile(r"[^\s,<>&`*|]{1,255}")  # AutoScalingGroupName: at most 255 characters


def parse(words: Sequence[str]) -> Target:
    """Return the target that one or several words name.

    One instance id or private IP is that host; several ids, split by spaces or commas, are those hosts; anything
    else is the name of an auto scaling group.

    Raises:
        UsageError: No word, a mixture, or a name that no group can have.
    """
    names = [name for word in words for name in word.split(",") if name]
    if not names:
        raise UsageError("Name a target.", "For example: web-asg, i-0123456789abcdef0 or 10.0.1.5.")
    ids = [name for name in names if INSTANCE_ID.fullmatch(name)]
    if len(ids) == len(names):
        unique = tuple(dict.fromkeys(names))
        return Target(TargetKind.HOST if len(unique) == 1 else TargetKind.HOSTS, unique)
    if len(names) > 1:
        odd = next(name for name in names if name not in ids)
        raise UsageError(
            f"Several targets together can only be instance ids, and {odd!r} is none.",
            "Name one group, or a list of ids such as i-0123456789abcdef0,i-0fedcba9876543210.",
        )
    name = names[0]
    if _is_ip(name):
        return Target(TargetKind.HOST, (name,))
    if name.startswith("i-") and re.fullmatch(r"i-[0-9a-fA-F]+", name):
        raise UsageError(
            f"{name!r} looks like an instance id of the wrong length.",
            "An id is i- and 8 or 17 hexadecimal digits.",
        )
    if not GROUP_NAME.fullmatch(name):
        raise UsageError(
            f"{name[:60]!r} cannot be the name of a group.", "Name a group, an instance id or a private IP."
        )
    return Target(TargetKind.GROUP, (name,))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
