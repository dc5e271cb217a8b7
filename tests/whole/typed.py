"""The command line as a person types it: a process of its own, and the report that it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema

from tests.whole.stage import PATIENCE_S, ROOT

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())


def diffy(*arguments: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does, with nothing of this process's settings."""
    passed = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME") or k.startswith("COV")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        env={**passed, "PYTHONPATH": str(ROOT), **env},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The JSON report, valid by its schema."""
    report: dict[str, Any] = json.loads(done.stdout)
    jsonschema.validate(report, SCHEMA)
    return report
