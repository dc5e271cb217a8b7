"""Times as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.cron_words import parse, to_cron
from bot.errors import UsageError


@pytest.mark.parametrize(
    ("words", "cron"),
    [
        ("daily 06:00 UTC", "0 6 * * *"),
        ("“Daily 06:00 UTC”", "0 6 * * *"),
        ("every day at 6", "0 6 * * *"),
        ("06:00 daily", "0 6 * * *"),
        ("daily", "0 0 * * *"),
        ("daily 6:30 pm", "30 18 * * *"),
        ("daily 12am", "0 0 * * *"),
        ("daily 12pm utc", "0 12 * * *"),
        ("weekdays 7:30", "30 7 * * 1-5"),
        ("every weekday at 07.30", "30 7 * * 1-5"),
        ("weekends 10:00", "0 10 * * 0,6"),
        ("hourly", "0 * * * *"),
        ("hourly at :15", "15 * * * *"),
        ("every hour", "0 * * * *"),
        ("every 6 hours", "0 */6 * * *"),
        ("every 15 minutes", "*/15 * * * *"),
        ("every monday 06:00", "0 6 * * 1"),
        ("Mondays 06:00Z", "0 6 * * 1"),
        ("sunday 6:00", "0 6 * * 0"),
        ("every mon, thu 6:00", "0 6 * * 1,4"),
        ("mon and thurs at 6:00", "0 6 * * 1,4"),
        ("tue – thu 6:00", "0 6 * * 2,3,4"),
        ("fri-mon 6:00", "0 6 * * 0,1,5,6"),
        ("weekly on friday 6:00", "0 6 * * 5"),
        ("weekly", "0 0 * * 1"),
        ("monthly 12:00", "0 12 1 * *"),
        ("@daily", "0 0 * * *"),
        ("0 6 * * 1-5", "0 6 * * 1-5"),
        ("0 6 * * 1–5", "0 6 * * 1-5"),
        ("*/10 6,18 1 JAN-MAR mon", "*/10 6,18 1 jan-mar mon"),
        ("0 0 29 2 *", "0 0 29 2 *"),
    ],
)
def test_words_become_cron(words: str, cron: str) -> None:
    """Words, cron fields, and what a phone makes of either."""
    assert to_cron(words) == cron
    assert to_cron(cron) == cron


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("", "not a time"),
        ("sometimes", "not a time"),
        ("daily 25:00", "not a time"),
        ("daily 06:60", "not a time"),
        ("daily 13pm", "not a time"),
        ("daily 06:00 CET", "not a time"),
        ("moonday 6:00", "not a time"),
        ("mon-tue-wed 6:00", "not a time"),
        ("s 6:00", "not a time"),
        ("every 5 hours", "A day cannot be divided evenly into 5 hours"),
        ("every 0 hours", "A day cannot be divided"),
        ("every 7 minutes", "An hour cannot be divided evenly into 7 minutes"),
        ("* * * *", "has 4 fields"),
        ("0 0 6 * * *", "has 6 fields"),
        ("60 6 * * *", '"60" is not a minute: it goes from 0 to 59'),
        ("0 24 * * *", '"24" is not a hour'),
        ("0 6 0 * *", "day of the month"),
        ("0 6 * 13 *", "month"),
        ("0 6 * * 8", "day of the week"),
        ("0 6 * * moo", "day of the week"),
        ("0 6 * * 5-1", '"5-1" is not something cron takes'),
        ("*/0 6 * * *", '"*/0" is not something cron takes'),
        ("*-5 6 * * *", "is not something cron takes"),
        ("0 6 L * *", "is not something cron takes"),
        ("0 6 1,,2 * *", "is not something cron takes"),
        ("0 0 31 2 *", "never comes"),
        ("0 0 31 4,6,sep *", "never comes"),
    ],
)
def test_what_is_not_understood_gets_examples(words: str, why: str) -> None:
    """The sentence says what is wrong, and the hint how to put it right."""
    with pytest.raises(UsageError) as caught:
        to_cron(words)

    assert why in caught.value.message
    assert "daily 06:00 UTC" in caught.value.hint or "Evenly go 1, 2, 3" in caught.value.hint


@settings(deadline=None)
@given(st.text(max_size=40))
def test_whatever_is_typed_is_cron_or_a_usage_error(words: str) -> None:
    """No input raises anything else, and what is accepted is accepted again as it is written down."""
    try:
        cron = to_cron(words)
    except UsageError:
        return
    assert to_cron(cron) == cron


def test_fields_are_sets_of_numbers() -> None:
    """Lists, ranges, steps and names; Sunday is 0 and 7."""
    fields = parse("*/20 8-10 10/10 jan,dec 5-7")

    assert fields.minutes == (0, 20, 40)
    assert fields.hours == (8, 9, 10)
    assert fields.days == (10, 20, 30)
    assert fields.months == (1, 12)
    assert fields.weekdays == (0, 5, 6)
    assert fields.either_day
    assert not parse("0 0 * * 1").either_day
    assert not parse("0 0 */2 * 1").either_day
