"""Write the default pack's SSM document into deploy/: ssm-document.json, and the same text inside template.yaml.

Run it as `python -m deploy.renew` after the pack or the script has changed; a test fails until then.
"""

from __future__ import annotations

import re
from pathlib import Path

from bot import packs
from bot.collection import document

FOLDER = Path(__file__).parent
PLACE = re.compile(r"(?<=      Content: \|\n).*?(?=\n\nOutputs:)", re.DOTALL)


def main() -> None:
    """Write both files."""
    text = document.content(packs.load(packs.DEFAULT))
    indented = "\n".join(" " * 8 + line for line in text.splitlines())
    template = (FOLDER / "template.yaml").read_text("utf-8")
    (FOLDER / "ssm-document.json").write_text(text, "utf-8")
    (FOLDER / "template.yaml").write_text(PLACE.sub(lambda _: indented, template, count=1), "utf-8")


if __name__ == "__main__":
    main()
