"""What holds for every subcommand, button, decision and dependency."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from bot.adapters import plugins
from bot.commands import COMMANDS
from bot.interactions import INTERACTIONS, SUBMISSIONS, VIEWS
from bot.views import actions

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_subcommand_is_explained(name: str) -> None:
    """Usage, a summary of one sentence, and a line in the README."""
    command = COMMANDS[name]

    assert command.usage.startswith(name)
    assert command.summary.endswith(".")
    assert f"/diffy {name}" in (ROOT / "README.md").read_text()


def test_each_button_that_is_drawn_is_answered() -> None:
    """Every action id of the views has an interaction, and the other way round."""
    not_actions = {
        "DRILL_VIEW",
        "ACCEPT_VIEW",
        "MORE_JSON",
        "MORE_FINDINGS",
        "MORE_PAGE",
        "ANY",
        "REASON",
        "INCLUDE",
    }
    drawn = {
        value
        for name, value in vars(actions).items()
        if name.isupper() and isinstance(value, str) and name not in not_actions
    }

    assert drawn == set(INTERACTIONS)
    assert {actions.DRILL_VIEW, actions.ACCEPT_VIEW} == set(VIEWS)
    assert set(SUBMISSIONS) <= set(VIEWS)


def test_each_dependency_has_a_reason() -> None:
    """docs/decisions names every library, and bounds it from below."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = (ROOT / "docs" / "decisions" / "0002-dependencies.md").read_text()
    everything = [
        *project["dependencies"],
        *(d for extra in project["optional-dependencies"].values() for d in extra),
    ]

    for dependency in everything:
        name = re.split(r"[\[><=]", dependency)[0]
        assert ">=" in dependency, f"{dependency} has no lower bound"
        assert name in reasons or name.startswith("types-") or name.endswith("-stubs"), (
            f"{name} has no reason"
        )


@pytest.mark.parametrize("lock", ["run", "demo", "dev", "bench"])
def test_locks_are_pinned_hashed_and_name_no_index(lock: str) -> None:
    """Builds repeat, from whichever index a person uses."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    pinned = re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,-]+\])?==", text, re.MULTILINE)

    assert pinned
    assert text.count("--hash=sha256:") >= len(pinned)
    assert "://" not in text
    assert "--index-url" not in text
    assert "--find-links" not in text


def test_locks_hold_every_dependency() -> None:
    """A dependency that was added without `make lock` shows here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]

    for lock, wanted in (
        ("run", project["dependencies"]),
        ("demo", [*project["dependencies"], *extras["demo"]]),
        ("dev", [*project["dependencies"], *extras["demo"], *extras["dev"]]),
        ("bench", [*project["dependencies"], *extras["demo"], *extras["dev"], *extras["bench"]]),
    ):
        text = (ROOT / "requirements" / f"{lock}.lock").read_text()
        for dependency in wanted:
            name = re.split(r"[\[><=]", dependency)[0].lower()
            assert re.search(rf"^{re.escape(name)}(\[[a-z0-9,-]+\])?==", text, re.MULTILINE), (
                f"{name} is not in {lock}.lock"
            )


def test_procfile_knows_both_doors() -> None:
    """worker: Socket Mode; web: HTTP."""
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())

    assert lines == {"worker": "diffy serve", "web": "diffy serve"}


def test_each_decision_is_listed() -> None:
    """docs/decisions/README.md links every page, in order."""
    folder = ROOT / "docs" / "decisions"
    pages = sorted(page.name for page in folder.glob("[0-9]*.md"))

    assert re.findall(r"\]\((\d+[^)]+\.md)\)", (folder / "README.md").read_text()) == pages


def test_the_example_of_a_plug_in_is_what_its_page_shows() -> None:
    """Every block of code in docs/plugins.md stands word for word in the package that a test installs."""
    page = (ROOT / "docs" / "plugins.md").read_text()
    example = ROOT / "tests" / "data" / "diffy-example"
    source = "".join(
        path.read_text() for path in sorted(example.rglob("*")) if path.suffix in (".py", ".toml")
    )
    blocks = re.findall(r"```(?:python|toml)\n(.*?)```", page, re.DOTALL)

    assert len(blocks) == 4
    for block in blocks:
        assert block in source
    for group in plugins.GROUPS:
        assert f"| `{group}` |" in page


def test_reading_recorded_answers_loads_neither_amazons_nor_slacks_libraries() -> None:
    """They take longer to load than a small group takes to judge: a pipeline that reads files does without."""
    heavy = ["boto3", "botocore", "slack_sdk", "slack_bolt", "apscheduler", "tinydb"]
    look = f"import sys, bot.cli, bot.oneshot; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_no_file_is_too_long_to_hold_in_the_head() -> None:
    """About 300 lines a file; a little over is tolerated, a lot is not."""
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "bot").rglob("*.py")
        if (lines := len(path.read_text().splitlines())) > 360
    }

    assert long == {}
