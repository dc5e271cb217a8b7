"""Machines that tests run the script on."""

from pathlib import Path

import pytest

from tests.collection.hosts import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.install_osquery()
    return made
