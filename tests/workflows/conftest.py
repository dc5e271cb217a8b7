"""Runs that are drained when their test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bot.workflows.runs import Runs
from bot.workflows.services import Services


@pytest.fixture
def started() -> Iterator[Callable[[Services], Runs]]:
    """Make Runs, and drain each at the end."""
    made: list[Runs] = []

    def make(given: Services) -> Runs:
        made.append(Runs(given))
        return made[-1]

    yield make
    for one in made:
        one.drain()
