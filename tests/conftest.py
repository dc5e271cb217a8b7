"""Slow files first, so that two workers end together, the order within a file stays; and no example is timed or left to chance."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure of the code: neither a slow example, nor that making them takes long. Nothing is kept:
# the checkout may be read-only. The same commit tries the same examples, so that a gate does not fail by luck; who looks
# for more says `pytest --hypothesis-profile=explore`.
settings.register_profile(
    "explore", deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
settings.register_profile("repeatable", settings.get_profile("explore"), derandomize=True)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files whose tests start several processes before the others."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
