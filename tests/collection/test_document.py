"""Can whoever sends the SSM document run anything but the script in it?"""

from __future__ import annotations

import json
import re
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import packs
from bot.collection import document, script
from tests.collection.hosts import pack, query

PACK = packs.load(packs.DEFAULT)
ROOT = Path(__file__).parents[2]


def content() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(document.content(PACK))
    return made


def test_deploy_holds_the_document_of_the_default_pack() -> None:
    """`python -m deploy.renew` writes it, and its copy in the template."""
    kept = (ROOT / "deploy" / "ssm-document.json").read_text()

    assert kept == document.content(PACK)


def test_it_is_a_command_document_for_linux_below_the_limit() -> None:
    """As SSM wants them: one step, on Linux alone, with the timeout of the request."""
    made = content()

    (step,) = made["mainSteps"]
    assert (made["schemaVersion"], step["action"]) == ("2.2", "aws:runShellScript")
    assert step["precondition"] == {"StringEquals": ["platformType", "Linux"]}
    assert step["inputs"]["timeoutSeconds"] == "{{ executionTimeout }}"
    assert len(document.content(PACK).encode()) < document.MOST_BYTES


def test_parameters_stand_in_their_own_assignments_and_nowhere_else() -> None:
    """Each in one line of its own, in single quotes; the script itself holds no place for one."""
    lines = content()["mainSteps"][0]["inputs"]["runCommand"]

    count = len(script.VARIABLES)
    assert lines[:count] == [f"{v.shell}='{{{{ {v.name} }}}}'" for v in script.VARIABLES]
    assert not any("{{" in line or "}}" in line for line in lines[count:])
    assert set(content()["parameters"]) == {v.name for v in script.VARIABLES} | {"executionTimeout"}


def test_the_lines_are_the_script_that_is_sent_otherwise() -> None:
    """With the values put in, both ways run the same bytes."""
    values = script.values(run_id="r7k2m9xq", bucket=True)
    lines = content()["mainSteps"][0]["inputs"]["runCommand"]

    text = (
        "\n".join(re.sub(r"\{\{ (\w+) \}\}", lambda place: values[place[1]], line) for line in lines) + "\n"
    )

    assert text == script.build(PACK, run_id="r7k2m9xq", bucket=True)


@pytest.mark.parametrize("name", [variable.name for variable in script.VARIABLES])
@given(text=st.text(alphabet=string.printable, max_size=40))
def test_a_value_that_a_pattern_lets_through_stays_a_value_in_shell(name: str, text: str) -> None:
    """Whatever is tried: it is refused, or it stands between quotes and ends none of them."""
    pattern = content()["parameters"][name]["allowedPattern"]

    assert pattern.startswith("^")
    assert pattern.endswith("$")
    if re.search(pattern, text):
        assert not set(text) & set("'\"\\`$;&|<>(){} ")
        assert "\n" not in text.removesuffix(
            "\n"
        )  # Java's $ also stands before a last line break: harmless in quotes


def test_a_value_is_what_the_shell_sees() -> None:
    """The assignments, run by sh, give back each value."""
    values = script.values(run_id="run_1.a-b", bucket=False)
    shown = " ".join(f'"${variable.shell}"' for variable in script.VARIABLES)

    done = subprocess.run(
        ["sh", "-c", f"{script.assignments(values)}printf '%s\\n' {shown}"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines() == list(values.values())


def test_a_pinned_request_holds_no_command() -> None:
    """Name, version and hash of the document, and one value for each parameter."""
    values = script.values(run_id="r7k2m9xq", bucket=True)

    asked = document.request(document.Pinned("Diffy-{pack}", "3"), PACK, values)

    assert asked["DocumentName"] == "Diffy-linux-triage"
    assert (asked["DocumentVersion"], asked["DocumentHashType"]) == ("3", "Sha256")
    assert asked["DocumentHash"] == document.digest(document.content(PACK))
    assert set(asked["Parameters"]) == set(content()["parameters"])


def test_a_pack_that_is_too_large_for_a_document_is_refused() -> None:
    """SSM takes 64 KB."""
    many = pack(*(query(f"q{number}", "SELECT '" + "x" * 900 + "'") for number in range(80)))

    with pytest.raises(ValueError, match="are too many"):
        document.content(many)
