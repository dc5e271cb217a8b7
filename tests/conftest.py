"""Slow files first, so that two workers end together; the order within a file stays."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files whose tests start several processes before the others."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
