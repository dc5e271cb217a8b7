"""Each step between rarity and score is a part in words, and their sum is the score."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.analysis.adding import Steps, parts_of
from bot.analysis.places import Trait
from bot.analysis.rarity import Oddity
from bot.analysis.semantics import Kind
from bot.analysis.slots import Slot
from bot.model import Change, Quadrant, Query, ScorePart, summing_to

SLOT = Slot(Query("t", "SELECT a FROM t", "Why."), ("a",), ("1",), {}, 0, 0b1111)


def oddity(change: Change = Change.ADDED, *, seen: int = 0, of: int = 0) -> Oddity:
    """Return what one of four hosts has, beside a baseline of ``of`` snapshots of which ``seen`` have it."""
    return Oddity(SLOT, ("1",), None, 0b1, change, Quadrant.RARE, {}, None, seen, of, 0, 3)


def said(one: Oddity, **changed: object) -> list[str]:
    """Return the parts as lines, of three bits among peers and one for what it is."""
    steps: dict[str, object] = {
        "peer": 3.0,
        "drift": None,
        "by_trait": False,
        "surprise": 3.0,
        "base": 1.0,
        "kind_bits": 1.0,
        "causes": (),
        "lowered": 0.0,
        "score": 4.0,
    }
    parts = parts_of(one, Kind.CRON, (), Steps(**(steps | changed)))  # type: ignore[arg-type]
    return [f"{part.bits:+.1f} {part.label}" for part in parts]


@pytest.mark.parametrize(
    ("one", "changed", "lines"),
    [
        (oddity(), {}, ["+3.0 on only 1 of 4 hosts", "+1.0 a new scheduled job"]),
        (
            oddity(Change.REMOVED, of=1),
            {"drift": 1.0, "surprise": 3.5, "score": 4.5},
            [
                "+3.0 missing on only 1 of 4 hosts",
                "+0.5 new: missing in none of 1 baseline snapshot (half of 1.0)",
                "+1.0 a missing scheduled job",
            ],
        ),
        (
            oddity(seen=2, of=3),
            {"drift": 0.5, "surprise": 1.0, "kind_bits": 0.5, "score": 1.5},
            [
                "+3.0 on only 1 of 4 hosts",
                "-2.0 the baseline has it, so rarity counts for 1 bit at most",
                "+1.0 a new scheduled job",
                "-0.5 too ordinary for what it is to count in full",
            ],
        ),
        (
            oddity(),
            {"surprise": 0.5, "score": 1.5},
            [
                "+3.0 on only 1 of 4 hosts",
                "-2.5 many rows changed at once here, which is likely one change",
                "+1.0 a new scheduled job",
            ],
        ),
        (
            oddity(),
            {"causes": (ScorePart("fresh", -7.0),), "lowered": -6.0, "score": 0.0},
            [
                "+3.0 on only 1 of 4 hosts",
                "+1.0 a new scheduled job",
                "-7.0 fresh",
                "+1.0 honest causes take off no more than this",
                "+2.0 a score ends at 0",
            ],
        ),
        (
            oddity(),
            {"by_trait": True},
            ["+3.0 on only 1 of 4 hosts, judged by the first reason below", "+1.0 a new scheduled job"],
        ),
        (
            oddity(),
            {"peer": 1.0, "surprise": 1.0, "kind_bits": 0.5, "score": 1.5},
            [
                "+1.0 on only 1 of 4 hosts, where hosts often differ",
                "+1.0 a new scheduled job",
                "-0.5 too ordinary for what it is to count in full",
            ],
        ),
    ],
)
def test_each_step_is_said(one: Oddity, changed: dict[str, object], lines: list[str]) -> None:
    """What is halved, capped or scaled is said where it happens, and nothing else."""
    assert said(one, **changed) == lines


def test_each_further_trait_counts_half() -> None:
    """The first reason counts in full, the next for half, as the score has them."""
    steps = Steps(3.0, None, False, 3.0, 0.0, 5.0, (), 0.0, 8.0)

    parts = parts_of(oddity(), Kind.FILE, (Trait(4.0, "one"), Trait(2.0, "two")), steps)

    assert [(part.label, part.bits) for part in parts[1:]] == [("one", 4.0), ("two", 1.0)]


@given(bits=st.lists(st.floats(-20, 20), max_size=12), digits=st.integers(1, 2))
def test_rounded_parts_still_sum_to_the_rounded_total(bits: list[float], digits: int) -> None:
    """What rounding leaves over is no part of its own and is not lost."""
    total = sum(bits)

    parts = summing_to(total, [ScorePart("x", each) for each in bits], digits=digits)

    assert not parts or round(sum(part.bits for part in parts), 6) == round(total, digits)
    assert all(part.bits for part in parts)
