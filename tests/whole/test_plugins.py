"""Does a package that was never part of Diffy add to it? It is built, installed and used as a person would."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole.stage import ROOT
from tests.whole.typed import diffy, report_of

EXAMPLE = ROOT / "tests" / "data" / "diffy-example"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages: the example, built from its source, and one that is broken."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(EXAMPLE, folder / "source")
    words = "-m pip install -q --no-deps --no-build-isolation --no-index --disable-pip-version-check --target"
    subprocess.run(
        [sys.executable, *words.split(), folder / "site", folder / "source"],
        check=True,
        capture_output=True,
        timeout=120,
    )
    broken = folder / "site" / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[diffy.targets]\nnope = no_such_module:X\n")
    return folder / "site"


@pytest.fixture
def racks(tmp_path: Path) -> Path:
    """Eight machines: one with other firmware, one whose controller is silent."""
    rack = tmp_path / "racks" / "r12"
    rack.mkdir(parents=True)
    for number in range(8):
        version = "6.6.6" if number == 3 else "1.2.0"
        rows = [{"part": "bios", "version": version}, {"part": "bmc", "version": "4"}]
        (rack / f"node-{number}.json").write_text("" if number == 7 else json.dumps(rows))
    return rack.parent


def test_its_target_collector_and_pack_are_used(site: Path, racks: Path, tmp_path: Path) -> None:
    """A rack is resolved, asked and judged without AWS; the broken package is named and stops nothing."""
    env = {"PYTHONPATH": f"{ROOT}:{site}"}

    done = diffy("analyze", "rack:r12", "--pack", "firmware", "--json", cwd=tmp_path, **env)

    report = report_of(done)
    assert report["run"]["target"] == "rack:r12"
    assert [f["row"] for f in report["findings"] if f["hosts"] == ["node-3"]] == [
        {"part": "bios", "version": "6.6.6"}
    ]
    assert [(m["host"], m["reason"]) for m in report["coverage"]["missed"]] == [("node-7", "offline")]
    assert "plug-in nope of broken (diffy.targets) cannot be loaded: ModuleNotFoundError" in done.stderr


def test_it_is_listed_and_its_errors_are_sentences(site: Path, racks: Path, tmp_path: Path) -> None:
    """As for what is part of Diffy; a broken package makes `diffy plugins` end with 2."""
    for words, code, says in (
        (("plugins",), 2, "diffy-example"),
        (("packs", "list"), 0, "firmware"),
        (("analyze", "rack:x", "--pack", "firmware"), 2, "For example: rack:r12"),
        (("analyze", "rack:r99"), 2, "There is no rack r99"),
    ):
        done = diffy(*words, cwd=tmp_path, PYTHONPATH=f"{ROOT}:{site}")

        assert done.returncode == code, done.stderr
        assert says in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
