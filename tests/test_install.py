"""The bot installs and runs without the sandbox: a fresh environment holds what requirements/run.lock names, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    passed = {
        k: v
        for k, v in os.environ.items()
        if k not in ("PYTHONPATH", "VIRTUAL_ENV") and not k.startswith("COV")
    }
    return subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=passed,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def test_the_wheel_runs_without_the_demo(tmp_path: Path) -> None:
    """Wheel and locked dependencies in a new environment at a path with a space: packs, a named start, no moto."""
    env = tmp_path / "new env"
    python = env / "bin" / "python"
    made = run(sys.executable, "-m", "venv", env, cwd=tmp_path)
    built = run(sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path / "dist", ROOT, cwd=tmp_path)
    lock = ROOT / "requirements" / "run.lock"
    locked = run(python, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock, cwd=tmp_path)
    wheel = next((tmp_path / "dist").glob("diffy-*.whl"))
    installed = run(python, "-m", "pip", "install", "-q", "--no-deps", wheel, cwd=tmp_path)

    packs = run(python, "-m", "bot", "packs", "list", cwd=tmp_path)
    script = run(env / "bin" / "diffy", "packs", "show", "linux-triage", "--json", cwd=tmp_path)
    serve = run(python, "-m", "bot", "serve", cwd=tmp_path)
    demo = run(python, "-m", "bot", "demo", "--once", cwd=tmp_path)
    consistent = run(python, "-m", "pip", "check", cwd=tmp_path)
    moto = run(python, "-c", "import moto", cwd=tmp_path)

    for step in (made, built, locked, installed, packs, script, consistent):
        assert step.returncode == 0, step.stdout + step.stderr
    assert "linux-triage" in packs.stdout
    assert moto.returncode != 0
    assert serve.returncode == 2
    assert "SLACK_BOT_TOKEN" in serve.stderr
    assert demo.returncode == 2
    assert "diffy[demo]" in demo.stderr
