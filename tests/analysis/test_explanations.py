"""How do ten attacks read, from the host's tables to the words and the sum behind them?"""

from __future__ import annotations

import re

from tests.analysis.explanations import ATTACKS, GOLDEN, HONEST, explanations


def test_the_explanations_read_as_when_somebody_last_read_them_aloud() -> None:
    """A change of wording, of rarity or of weights is seen in review; `python -m tests.analysis.explanations` renews it."""
    said = explanations()

    assert said == GOLDEN.read_text(encoding="utf-8")
    assert said.count("\n\n") == len(ATTACKS) + len(HONEST) - 1


def test_no_explanation_needs_a_glossary() -> None:
    """The words of the mathematics and of the code stay where they are."""
    said = GOLDEN.read_text(encoding="utf-8").lower()

    terms = "quadrant|slot|prior|cohort|surprise|peer|outlier|entropy|posterior|drift|novelty|trait|fact|lack"
    assert re.findall(rf"\b(?:{terms})s?\b", said) == []
    assert re.search(r"\b(\w+) \1\b", said) is None
