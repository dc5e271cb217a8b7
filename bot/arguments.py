"""What can be typed after `diffy`, and what is read from it? Words only: bot/cli.py does what they ask for."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from bot import packs

TARGET = "a group, instance id, private IP, tag:K=V, stack:NAME or eks:CLUSTER/NODEGROUP; several with commas; local: this machine"


def parse(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return what was typed; ``command`` is its first word. Ends the process with 2 where it cannot be read."""
    return _parser().parse_args(argv)


def _share(text: str) -> float:
    """Read a share: 0.9, or 90%."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: write 0.9 or 90%")
    return number


def _bits(text: str) -> float:
    """Read a number of bits above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bits: write one above 0, such as 8")
    return number


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hosts")
    return int(text)


def _add_output(command: argparse.ArgumentParser) -> None:
    form = command.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a diffy.report/1 object: --format json")
    form.add_argument(
        "--format",
        choices=("text", "json", "sarif", "csv", "html"),
        default="text",
        help="what is printed; default: text",
    )
    _add_reports(command, "also write the report")


def _add_reports(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument(
        "--report",
        action="append",
        type=Path,
        default=[],
        metavar="FILE",
        help=f"{what} to a .json, .sarif, .csv or .html file; may be repeated",
    )


def _add_gate(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--min-coverage",
        type=_share,
        default=1.0,
        metavar="SHARE",
        help="exit 0 if this share answered every query",
    )
    _add_fail_on(
        command, "exit 1 if a finding or a host reaches this, else not, even if something stands out"
    )


def _add_fail_on(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("--fail-on", type=_bits, metavar="BITS", help=what)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="diffy", description="Says which hosts of a group stand out, and why."
    )
    parser.add_argument("--verbose", action="store_true", help="log more, to stderr")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    commands.add_parser("serve", help="run the Slack bot")

    analyze = commands.add_parser("analyze", help="say which hosts of a target stand out")
    analyze.add_argument("target", help=TARGET)
    analyze.add_argument(
        "--method", help="peers, baseline or both; default: both where a baseline exists, else peers"
    )
    analyze.add_argument("--baseline", type=Path, metavar="FILE", help="compare with this baseline file")
    analyze.add_argument("--incident", default="", metavar="ID", help="noted in the report")
    _add_output(analyze)
    _add_gate(analyze)

    baseline = commands.add_parser("baseline", help="take a baseline of a target")
    baseline.add_argument("target", help=TARGET)
    chosen = baseline.add_mutually_exclusive_group()
    chosen.add_argument(
        "--hosts", type=_count, metavar="N", help="from the N newest hosts (3; all, when recorded)"
    )
    chosen.add_argument(
        "--from", dest="take_from", default="", metavar="IDS", help="from these hosts, with commas"
    )
    baseline.add_argument(
        "--out", type=Path, metavar="FILE", help="write it to a file instead of the data folder"
    )

    baseline.add_argument("--baseline", type=Path, metavar="FILE", help="the version before is in this file")
    _add_reports(baseline, "also write what differs from the version before")
    _add_fail_on(baseline, "exit 1, and take none, if the version before differs by as much")

    for command in (analyze, baseline):
        command.add_argument(
            "--region", default="", metavar="REGIONS", help="with commas, or all; default: Diffy's own"
        )
        command.add_argument(
            "--account", default="", metavar="NAMES", help="with commas, own, or all; default: Diffy's own"
        )
        source = command.add_mutually_exclusive_group()
        source.add_argument(
            "--recorded", type=Path, metavar="DIR", help="read hosts' answers from files, not from SSM"
        )
        source.add_argument(
            "--logs", type=Path, metavar="PATH", help="read osqueryd's result logs: a file or a folder"
        )
        command.add_argument(
            "--pack", default=packs.DEFAULT, metavar="NAME", help=f"default: {packs.DEFAULT}"
        )

    kept = commands.add_parser("report", help="show the report of a run in the data folder again")
    kept.add_argument("run", metavar="RUN_ID", help="as in the last line of its message, such as r5ncgxbe")
    _add_output(kept)
    _add_gate(kept)

    pack = commands.add_parser("packs", help="list or show query packs")
    actions = pack.add_subparsers(dest="action", required=True, metavar="list|show|import")
    actions.add_parser("list", help="list the packs")
    show = actions.add_parser("show", help="show the queries of a pack")
    show.add_argument("name")
    form = show.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print {name, queries: [{name, sql, …}]}")
    form.add_argument(
        "--osquery", action="store_true", help="print it in osquery's form, as snapshot queries"
    )

    take = actions.add_parser("import", help="turn a pack of osquery's, or an osquery.conf, into one of ours")
    take.add_argument("file", type=Path)
    take.add_argument("--name", default="", help="the pack's name; default: the file's")
    take.add_argument("--out", type=Path, metavar="FILE", help="write it to a file (put it into DIFFY_PACKS)")

    doctor = commands.add_parser("doctor", help="say what is wrong with the set-up, and what mends it")
    doctor.add_argument("target", nargs="?", default="", help="whose hosts to look at")
    doctor.add_argument("--no-ask", action="store_true", help="do not ask hosts for their osquery's version")
    doctor.add_argument("--pack", default=packs.DEFAULT, metavar="NAME", help=f"default: {packs.DEFAULT}")
    doctor.add_argument("--json", action="store_true", help="print a diffy.checkup/1 object")

    made = commands.add_parser("document", help="print a pack's SSM document, and its hash to stderr")
    made.add_argument("--pack", default=packs.DEFAULT, metavar="NAME", help=f"default: {packs.DEFAULT}")

    commands.add_parser("plugins", help="list what other installed packages add to Diffy")

    demo = commands.add_parser(
        "demo", help="run everything here: an embedded AWS, a local Slack, and the bot"
    )
    demo.add_argument("--once", action="store_true", help="one analysis and one drill-down, then exit")
    demo.add_argument("--data-dir", default=".demo", metavar="DIR")
    return parser
