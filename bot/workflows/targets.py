"""Which target does a typed word mean?"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.errors import UsageError
from bot.model import ALL, NOWHERE_ELSE, OWN, Places, Target, TargetKind

INSTANCE_ID = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")  # EC2's two lengths
GROUP_NAME = re.compile(r"[^\s,:<>&`*|]{1,255}")  # AutoScalingGroupName: at most 255 characters, no colon
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2}")
MOST_TOGETHER = 50
_TAG = re.compile(
    r"[^=<>&`*?\\|,]{1,128}=(?!.* @ )[^<>&`*?\\|,]{0,256}"
)  # EC2's lengths; * and ? would match more
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}|arn:aws[\w-]*:cloudformation:[\w:/-]{1,500}")
_NODE_GROUP = re.compile(r"[A-Za-z0-9][\w-]{0,99}/[\w-]{1,63}")


@dataclass(frozen=True, slots=True)
class Form:
    """How a target with a prefix is typed.

    Attributes:
        example: Shown where one is typed wrongly.
        fits: Whether the text after the colon can be one; asked before any service is reached.
    """

    prefix: str
    example: str
    fits: Callable[[str], bool]


FORMS: dict[str, Form] = {
    form.prefix: form
    for form in (
        Form("tag", "tag:Role=web", lambda text: bool(_TAG.fullmatch(text))),
        Form("stack", "stack:web-production", lambda text: bool(_STACK.fullmatch(text))),
        Form("eks", "eks:CLUSTER/NODEGROUP", lambda text: bool(_NODE_GROUP.fullmatch(text))),
    )
}
"""By prefix. Another package's kind is added at start, by whoever loads its entry point, with ``register``."""


def register(form: Form) -> None:
    """Let targets with this prefix be typed; the inventory must know it too.

    Raises:
        ValueError: The prefix is taken, or is no word of small letters.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", form.prefix) or form.prefix in FORMS:
        raise ValueError(f"{form.prefix!r} cannot be the prefix of another kind of target")
    FORMS[form.prefix] = form


def parse(
    words: Sequence[str], *, accounts: str = "", regions: str = "", places: Places = NOWHERE_ELSE
) -> Target:
    """Return the target that one or several words name, split by spaces or commas.

    One instance id or private IP is that host against its group; several ids are those hosts; ``tag:``, ``stack:``
    and ``eks:`` name hosts by what they carry or belong to; anything else is the name of an auto scaling group.
    Several words together are the union, once each and sorted, so that their order does not make another target.

    Args:
        accounts: Names or ids with commas, ``own``, or ``all``; empty: the bot's own.
        regions: Regions with commas, or ``all``; empty: the bot's own.
        places: What the settings allow.

    Raises:
        UsageError: No word, too many, or one that cannot name anything; an account or region that is not set.
    """
    target = _parse(words)
    return replace(target, accounts=_accounts(accounts, places), regions=_regions(regions, places))


def _accounts(typed: str, places: Places) -> tuple[str, ...]:
    by_word = {OWN: OWN, ALL: ALL}
    for account in places.accounts:
        by_word |= {account.name: account.name, account.id: account.name}
    found = {by_word.get(word, "") or _refuse_account(word, places) for word in _listed(typed)}
    return (ALL,) if ALL in found else tuple(sorted(found))


def _refuse_account(word: str, places: Places) -> str:
    names = [account.name for account in places.accounts]
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    meant = f" Did you mean {near[0]}?" if near else ""
    known = (
        f"The accounts are {', '.join((OWN, *names))}."
        if names
        else "No other account is set up: [[aws.accounts]]."
    )
    raise UsageError(f"There is no account {word[:40]!r}.{meant}", known)


def _regions(typed: str, places: Places) -> tuple[str, ...]:
    found = set(_listed(typed.lower()))
    if ALL in found:
        if not places.regions:
            raise UsageError("Which regions are all is not set.", "Name them, or set regions in [aws].")
        return (ALL,)
    for word in sorted(found):
        if not REGION.fullmatch(word):
            raise UsageError(f"{word[:40]!r} is not a region.", "For example: --region eu-west-1,us-east-1.")
        if places.regions and word not in places.regions:
            raise UsageError(
                f"The region {word} is not one that Diffy may ask.",
                f"The regions are {', '.join(places.regions)}.",
            )
    return tuple(sorted(found))


def _listed(typed: str) -> list[str]:
    return [word for word in (part.strip() for part in typed.split(",")) if word]


def _parse(words: Sequence[str]) -> Target:
    names = tuple(sorted({name.strip() for word in words for name in word.split(",") if name.strip()}))
    if not names:
        raise UsageError(
            "Name a target.", "For example: web-asg, i-0123456789abcdef0, 10.0.1.5 or tag:Role=web."
        )
    if len(names) == 1:
        return one(names[0])
    if len(names) > MOST_TOGETHER and not all(map(INSTANCE_ID.fullmatch, names)):
        raise UsageError(
            f"{len(names)} targets together are too many.", f"Name {MOST_TOGETHER} at most, or a tag."
        )
    kinds = {one(name).kind if not INSTANCE_ID.fullmatch(name) else TargetKind.HOSTS for name in names}
    return Target(TargetKind.HOSTS if kinds == {TargetKind.HOSTS} else TargetKind.SEVERAL, names)


def one(name: str) -> Target:
    """Return the target that a single word names; UsageError where it cannot name anything."""
    if INSTANCE_ID.fullmatch(name) or _is_ip(name):
        return Target(TargetKind.HOST, (name,))
    if re.fullmatch(r"i-[0-9a-fA-F]+", name):
        raise UsageError(
            f"{name!r} looks like an instance id of the wrong length.",
            "An id is i- and 8 or 17 hexadecimal digits.",
        )
    prefix, colon, text = name.partition(":")
    if colon:
        return _prefixed(prefix, text)
    if not GROUP_NAME.fullmatch(name):
        raise UsageError(
            f"{name[:60]!r} cannot be the name of a group.", "Name a group, an instance id or a private IP."
        )
    return Target(TargetKind.GROUP, (name,))


def _prefixed(prefix: str, text: str) -> Target:
    form = FORMS.get(prefix.lower())
    if form is None:
        near = difflib.get_close_matches(prefix.lower(), FORMS, n=1, cutoff=0.5)
        meant = f" Did you mean {near[0]}:?" if near else ""
        raise UsageError(
            f"There is no kind of target {prefix[:40]!r}.{meant}",
            f"The kinds are {', '.join(f'{known}:' for known in sorted(FORMS))}; a group has no colon in its name.",
        )
    if not form.fits(text):
        raise UsageError(f"{text[:60]!r} cannot follow {form.prefix}:.", f"For example: {form.example}.")
    return Target(TargetKind.PREFIXED, (f"{form.prefix}:{text}",))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
