"""Can what the pages say be typed and set as it stands there?"""

from __future__ import annotations

import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import arguments
from bot.settings import read

ROOT = Path(__file__).parent.parent
PAGES = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "deploy/README.md")),
    *(ROOT / "docs").glob("*.md"),
)
SETTINGS = (ROOT / "bot" / "settings.py").read_text("utf-8")


def commands() -> Iterator[tuple[str, str]]:
    """Every `diffy …` of a block of commands, with its page; comments and what the shell adds are taken off."""
    for page in PAGES:
        text = page.read_text("utf-8").replace("\\\n", " ")
        for line in re.findall(r"^\s{4,}(?:- run: |\$ )?(diffy .*)$", text, re.MULTILINE):
            for part in re.split(r"&&|;", line.split(" #")[0]):
                words = re.split(r"\|\||>", part)[0].strip()
                if words:
                    yield page.name, words


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_each_command_that_is_shown_can_be_typed(page: str, line: str) -> None:
    """No page shows a command or an option that is not there."""
    name, *words = shlex.split(line)

    assert name == "diffy"
    assert arguments.parse(words).command == words[0]


def test_each_module_that_is_to_be_run_is_there() -> None:
    """`python -m …` in the pages and in the docstrings of tests names a module of ours."""
    files = (
        *PAGES,
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "deploy").glob("*.*"),
        *(ROOT / "benchmarks").glob("*.py"),
    )
    named = {
        module
        for file in files
        for module in re.findall(
            r"python -m ((?:bot|tests|benchmarks|deploy)[\w.]*\w)", file.read_text("utf-8")
        )
    }

    assert {"deploy.renew", "tests.packs.page", "benchmarks.detection"} <= named
    assert [module for module in sorted(named) if importlib.util.find_spec(module) is None] == []


def test_each_setting_is_explained() -> None:
    """Each variable is in the README or in operations.md, each name of diffy.toml in the example there."""
    read_me, operations = ((ROOT / name).read_text("utf-8") for name in ("README.md", "docs/operations.md"))
    variables = set(re.findall(r'"((?:DIFFY|SLACK)_[A-Z_]+|PORT)"', SETTINGS))
    names = set(re.findall(r'\.(?:text|texts|number|ids|url|names|tables)\(\s*"([a-z_0-9]+)"', SETTINGS))

    assert {name for name in variables if f"`{name}`" not in read_me} == set()
    assert {name for name in names if not re.search(rf"\b{name}\b", operations)} == set()


def test_the_example_of_diffy_toml_can_be_read(tmp_path: Path) -> None:
    """As it stands in operations.md, with its folder of packs there."""
    (example,) = re.findall(
        r"```toml\n(.*?)```", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.DOTALL
    )
    (tmp_path / "diffy.toml").write_text(example, "utf-8")
    (tmp_path / "packs").mkdir()

    settings = read({}, cwd=tmp_path, need_slack=False)

    assert settings.collect.output_bucket == "my-bucket"
    assert settings.places.accounts[0].name == "prod"
    assert settings.warnings == ()
