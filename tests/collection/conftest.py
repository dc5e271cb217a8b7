"""Machines that tests run the script on."""

import shutil
from pathlib import Path

import pytest

from tests.collection.hosts import Machine

SHELLS = [name for name in ("dash", "bash") if shutil.which(name)] or ["sh"]
"""What `sh` is on Debian and Ubuntu, and on Amazon Linux and Red Hat."""


@pytest.fixture(params=SHELLS)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Machine:
    made = Machine(tmp_path, request.param)
    made.install_osquery()
    return made
