"""Which times does a person mean by "weekdays 7:30", or by five cron fields?

Pure: words to five cron fields, and fields to sets of numbers. Cron counts days of the week from Sunday = 0 (7 is Sunday too).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.errors import UsageError

HINT = (
    'Times are UTC. For example: "daily 06:00 UTC", "weekdays 7:30", "every monday 06:00", "every 6 hours", "hourly",'
    ' or cron\'s five fields, "0 6 * * 1-5".'
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAY_NAMES = {day[:3]: number for number, day in enumerate(_DAYS)}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = {month: number for number, month in enumerate(_MONTHS, 1)}
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}  # days of a month, where not 31
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")  # what phones make of "-"
_QUOTES = dict.fromkeys(map(ord, "\"'`“”„‘’‚«»"), " ")
_ALIASES = {  # crontab(5)
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
# Words for (day of the month, day of the week).
_PERIODS = {
    "day": ("*", "*"),
    "daily": ("*", "*"),
    "weekday": ("*", "1-5"),
    "weekdays": ("*", "1-5"),
    "weekend": ("*", "0,6"),
    "weekends": ("*", "0,6"),
    "week": ("*", "1"),
    "weekly": ("*", "1"),
    "month": ("1", "*"),
    "monthly": ("1", "*"),
}
_OFTEN = re.compile(r"(?:hourly|every(?: (\d{1,2}))? ?(hours?|h|minutes?|mins?))(?: at)?(?: :?(\d{2}))?")
_TIME = r"(?:at )?(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>am|pm)?"
_WHEN = r"(?:every |each |on )?(?:weekly (?:on )?)?(?P<days>[a-z]+(?:(?:,| and |-)[a-z]+)*)"
_ON_DAYS = (re.compile(rf"{_WHEN}(?: {_TIME})?"), re.compile(rf"{_TIME} {_WHEN}"))
_ITEM = re.compile(r"(\*|[0-9]{1,4}|[a-z]{3})(?:-([0-9]{1,4}|[a-z]{3}))?(?:/([0-9]{1,4}))?")


@dataclass(frozen=True, slots=True)
class CronFields:
    """Five fields as sets of numbers; ``weekdays`` 0 (Sunday) to 6.

    ``either_day``: cron fires when the day of the month *or* the day of the week fits, if both fields are restricted
    (crontab(5)); otherwise both must fit.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool


def to_cron(words: str) -> str:
    """Return five cron fields for what was typed; dashes, quotes and capitals as phones make them are understood.

    A period without a time means midnight, a week without a day Monday, a month without a day the first.

    Raises:
        UsageError: Not understood, or not a time that ever comes; the hint has examples.
    """
    text = words.translate(_DASHES).translate(_QUOTES).lower()
    text = re.sub(r"\b(?:utc|gmt)\b|(?<=\d)z\b", " ", text)
    text = re.sub(r" ?([,-]) ?", r"\1", " ".join(text.split()))
    text = _ALIASES.get(text, text)
    looks_like_cron = re.match(r"[\d*/,-]+ [\d*/,-]+( |$)", text)
    cron = text if looks_like_cron else _often(text) or _on_days(text)
    if cron is None:
        raise UsageError(f'"{" ".join(words.split())[:80]}" is not a time that Diffy understands.', HINT)
    parse(cron)
    return cron


def parse(cron: str) -> CronFields:
    """Return the fields as numbers; UsageError when one is out of bounds or the date never comes."""
    fields = cron.lower().split()
    if len(fields) != 5:
        raise UsageError(f'"{cron}" has {len(fields)} fields, and cron takes five.', HINT)
    minute, hour, day, month, weekday = fields
    weekdays = {number % 7 for number in _numbers("day of the week", weekday, 0, 7, _DAY_NAMES)}
    parsed = CronFields(
        _numbers("minute", minute, 0, 59, {}),
        _numbers("hour", hour, 0, 23, {}),
        _numbers("day of the month", day, 1, 31, {}),
        _numbers("month", month, 1, 12, _MONTH_NAMES),
        tuple(sorted(weekdays)),
        either_day=not day.startswith("*") and not weekday.startswith("*"),
    )
    longest = max(_LONGEST.get(number, 31) for number in parsed.months)
    if not parsed.either_day and min(parsed.days) > longest:
        raise UsageError(f'"{cron}" names a date that never comes.', HINT)
    return parsed


def _numbers(name: str, field: str, least: int, most: int, names: Mapping[str, int]) -> tuple[int, ...]:
    """Return what a field stands for, sorted: ``*``, ``5``, ``1-5``, ``*/6``, ``mon-fri``, and lists of these."""
    found: set[int] = set()
    for item in field.split(","):
        parts = _ITEM.fullmatch(item)
        if parts is None:
            raise UsageError(f'"{item}" is not something cron takes as {name}.', HINT)
        first, last, step = parts.groups()
        if first == "*":
            low, high = least, most
        else:
            low = _number(name, first, least, most, names)
            high = _number(name, last, least, most, names) if last else most if step else low
        if low > high or step == "0" or (first == "*" and last):
            raise UsageError(f'"{item}" is not something cron takes as {name}.', HINT)
        found.update(range(low, high + 1, int(step or 1)))
    return tuple(sorted(found))


def _number(name: str, text: str, least: int, most: int, names: Mapping[str, int]) -> int:
    number = names.get(text, int(text) if text.isdecimal() else -1)
    if not least <= number <= most:
        raise UsageError(f'"{text}" is not a {name}: it goes from {least} to {most}.', HINT)
    return number


def _often(text: str) -> str | None:
    """Understand "hourly", "every 6 hours", "every 15 minutes", "hourly at :30"."""
    found = _OFTEN.fullmatch(text)
    if found is None:
        return None
    count, unit, minute = int(found[1] or 1), found[2] or "hour", int(found[3] or 0)
    whole, name = (24, "hours") if unit.startswith("h") else (60, "minutes")
    if count == 0 or whole % count:
        even = ", ".join(str(number) for number in range(1, whole) if whole % number == 0)
        what = "A day" if name == "hours" else "An hour"
        raise UsageError(f"{what} cannot be divided evenly into {count} {name}.", f"Evenly go {even} {name}.")
    every = "*" if count == 1 else f"*/{count}"
    return f"{minute} {every} * * *" if name == "hours" else f"{every} * * * *"


def _on_days(text: str) -> str | None:
    """Understand a period or days of the week, with a time before or after it."""
    for form in _ON_DAYS:
        found = form.fullmatch(text)
        if found is None:
            continue
        period = _PERIODS.get(found["days"]) or _weekdays(found["days"])
        time = _time(found["hour"], found["minute"], found["half"])
        if period is not None and time is not None:
            return f"{time[1]} {time[0]} {period[0]} * {period[1]}"
    return None


def _weekdays(text: str) -> tuple[str, str] | None:
    """Understand "monday", "mon and thu", "sat,sun", "fri-mon"; None when a word is no day."""
    days: set[int] = set()
    for item in re.split(r",| and ", text):
        ends = [_weekday(word) for word in item.split("-")]
        known = [end for end in ends if end is not None]
        if len(known) != len(ends) or len(ends) > 2:
            return None
        days.update((known[0] + step) % 7 for step in range((known[-1] - known[0]) % 7 + 1))
    return "*", ",".join(map(str, sorted(days)))


def _weekday(word: str) -> int | None:
    stem = word.removesuffix("s")
    return next((number for number, day in enumerate(_DAYS) if len(stem) > 2 and day.startswith(stem)), None)


def _time(hour: str | None, minute: str | None, half: str | None) -> tuple[int, int] | None:
    """Return (hour, minute), midnight when none was named; None when there is no such time."""
    hours, minutes = int(hour or 0), int(minute or 0)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half == "pm" else 0)
    return (hours, minutes) if hours < 24 and minutes < 60 else None
