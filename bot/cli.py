"""What can be typed after `diffy`? serve, analyze, baseline, packs, document, doctor, demo."""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bot import packs, views
from bot.collection import document
from bot.commands.analyze import read_method
from bot.errors import DiffyError, SettingsError
from bot.model.checkup import Outcome
from bot.settings import Settings, read

DONE, STANDS_OUT, NO_ANSWER = 0, 1, 2
TARGET = "a group, instance id, private IP, tag:K=V, stack:NAME or eks:CLUSTER/NODEGROUP; several with commas"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 fine, 1 something stands out, 2 no (whole) answer."""
    arguments = _parser().parse_args(argv)
    _log(serving=arguments.command == "serve", verbose=arguments.verbose)
    try:
        return int(arguments.run(arguments))
    except SettingsError as error:
        print("Diffy cannot start:", *error.problems, sep="\n  - ", file=sys.stderr)
        return NO_ANSWER
    except DiffyError as error:
        print(f"diffy: {error}", file=sys.stderr)
        return NO_ANSWER
    except BrokenPipeError:  # `diffy analyze … | head` is no failure of ours
        sys.stderr.close()
        return NO_ANSWER


def _log(*, serving: bool, verbose: bool) -> None:
    """Log to stderr: what Diffy does while serving, of the libraries only what goes wrong; everything if verbose."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.DEBUG if verbose else logging.WARNING if serving else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    if serving and not verbose:
        logging.getLogger("bot").setLevel(logging.INFO)


def _serve(arguments: argparse.Namespace) -> int:
    from bot.app import serve  # here, so that `diffy packs` needs neither Slack's nor Amazon's libraries

    settings = _settings(need_slack=True)
    for warning in settings.warnings:
        print(f"diffy: {warning}", file=sys.stderr)
    serve(settings)
    return DONE


def _analyze(arguments: argparse.Namespace) -> int:
    from bot import oneshot

    report = oneshot.analyze(
        oneshot.Request(
            target=arguments.target,
            settings=_settings(),
            pack=arguments.pack,
            method=read_method(arguments.method) if arguments.method else None,
            recorded=arguments.recorded,
            baseline=arguments.baseline,
            incident=arguments.incident,
            accounts=arguments.account,
            regions=arguments.region,
        )
    )
    if arguments.json:
        sys.stdout.buffer.write(views.to_json(report) + b"\n")
    else:
        print(views.report_text(report, now=report.run.finished_at))
    sys.stdout.flush()
    return oneshot.exit_code(report, min_coverage=arguments.min_coverage)


def _baseline(arguments: argparse.Namespace) -> int:
    from bot import oneshot
    from bot.adapters import baseline_file

    settings = _settings()
    taken = oneshot.take_baseline(
        oneshot.Request(
            target=arguments.target,
            settings=settings,
            pack=arguments.pack,
            recorded=arguments.recorded,
            take_from=tuple(host for host in arguments.take_from.split(",") if host),
            take_hosts=arguments.hosts,
            accounts=arguments.account,
            regions=arguments.region,
        ),
        author=getpass.getuser(),
    )
    if arguments.out is not None:
        baseline_file.write(arguments.out, taken.baseline, taken.snapshots)
        where = str(arguments.out)
    else:
        where = f"version {oneshot.keep_in_data_folder(settings, taken).version} in {settings.data_dir}"
    print(f"Baseline of {taken.baseline.target} from {', '.join(taken.baseline.hosts)}: {where}")
    if taken.drift is not None:
        print(views.drift_text(taken.drift))
    for host in taken.standing_out:
        print(
            f"Left out: {host} stands out among its peers; name it with --from if that is normal.",
            file=sys.stderr,
        )
    for host in taken.left_out:
        print(f"Left out: {host} did not answer every query.", file=sys.stderr)
    return DONE


def _packs(arguments: argparse.Namespace) -> int:
    if arguments.action == "list":
        print(views.packs_text(tuple(packs.load(name) for name in packs.names())))
        return DONE
    pack = packs.load(arguments.name)
    print(
        msgspec.json.format(msgspec.json.encode(pack)).decode() if arguments.json else views.pack_text(pack)
    )
    return DONE


def _document(arguments: argparse.Namespace) -> int:
    pack = packs.load(arguments.pack)
    try:
        text = document.content(pack)
    except ValueError as error:
        raise DiffyError(f"There can be no document: {error}.") from error
    sys.stdout.write(text)
    sys.stdout.flush()
    print(f"DocumentHash (Sha256): {document.digest(text)}", file=sys.stderr)
    return DONE


def _doctor(arguments: argparse.Namespace) -> int:
    from bot import doctor

    settings = _settings(need_slack=bool(os.environ.get("SLACK_BOT_TOKEN", "").strip()))
    checks = []
    for check in doctor.visit(
        settings, target=arguments.target, pack=arguments.pack, ask_hosts=not arguments.no_ask
    ):
        checks.append(check)
        if not arguments.json:
            print(views.check_text(check), flush=True)
    print(views.checkup_json(checks) if arguments.json else views.checkup_line(checks), flush=True)
    return STANDS_OUT if any(check.outcome is Outcome.WRONG for check in checks) else DONE


def _demo(arguments: argparse.Namespace) -> int:
    try:
        from bot.sandbox import demo
    except ImportError as error:
        raise DiffyError(
            f"The demo needs more than the bot ({error.name}).", "Install diffy[demo]."
        ) from error
    return int(demo.main(once=arguments.once, data_dir=Path(arguments.data_dir)))


def _settings(*, need_slack: bool = False) -> Settings:
    return read(os.environ, cwd=Path.cwd(), need_slack=need_slack)


def _share(text: str) -> float:
    """Read a share: 0.9, or 90%."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: write 0.9 or 90%")
    return number


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hosts")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="diffy", description="Says which hosts of a group stand out, and why."
    )
    parser.add_argument("--verbose", action="store_true", help="log more, to stderr")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="run the Slack bot")
    serve.set_defaults(run=_serve)

    analyze = commands.add_parser("analyze", help="say which hosts of a target stand out")
    analyze.add_argument("target", help=TARGET)
    analyze.add_argument(
        "--method", help="peers, baseline or both; default: both where a baseline exists, else peers"
    )
    analyze.add_argument("--json", action="store_true", help="print a diffy.report/1 object")
    analyze.add_argument("--baseline", type=Path, metavar="FILE", help="compare with this baseline file")
    analyze.add_argument("--incident", default="", metavar="ID", help="noted in the report")
    analyze.add_argument(
        "--min-coverage",
        type=_share,
        default=1.0,
        metavar="SHARE",
        help="exit 0 if this share answered every query",
    )
    analyze.set_defaults(run=_analyze)

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
    baseline.set_defaults(run=_baseline)

    for command in (analyze, baseline):
        command.add_argument(
            "--region", default="", metavar="REGIONS", help="with commas, or all; default: Diffy's own"
        )
        command.add_argument(
            "--account", default="", metavar="NAMES", help="with commas, own, or all; default: Diffy's own"
        )
        command.add_argument(
            "--recorded", type=Path, metavar="DIR", help="read hosts' answers from files, not from SSM"
        )
        command.add_argument(
            "--pack", default=packs.DEFAULT, metavar="NAME", help=f"default: {packs.DEFAULT}"
        )

    pack = commands.add_parser("packs", help="list or show query packs")
    actions = pack.add_subparsers(dest="action", required=True, metavar="list|show")
    actions.add_parser("list", help="list the packs").set_defaults(run=_packs)
    show = actions.add_parser("show", help="show the queries of a pack")
    show.add_argument("name")
    show.add_argument("--json", action="store_true", help="print {name, queries: [{name, sql, …}]}")
    show.set_defaults(run=_packs)

    doctor = commands.add_parser("doctor", help="say what is wrong with the set-up, and what mends it")
    doctor.add_argument("target", nargs="?", default="", help="whose hosts to look at")
    doctor.add_argument("--no-ask", action="store_true", help="do not ask hosts for their osquery's version")
    doctor.add_argument("--pack", default=packs.DEFAULT, metavar="NAME", help=f"default: {packs.DEFAULT}")
    doctor.add_argument("--json", action="store_true", help="print a diffy.checkup/1 object")
    doctor.set_defaults(run=_doctor)

    made = commands.add_parser("document", help="print a pack's SSM document, and its hash to stderr")
    made.add_argument("--pack", default=packs.DEFAULT, metavar="NAME", help=f"default: {packs.DEFAULT}")
    made.set_defaults(run=_document)

    demo = commands.add_parser(
        "demo", help="run everything here: an embedded AWS, a local Slack, and the bot"
    )
    demo.add_argument("--once", action="store_true", help="one analysis and one drill-down, then exit")
    demo.add_argument("--data-dir", default=".demo", metavar="DIR")
    demo.set_defaults(run=_demo)
    return parser
