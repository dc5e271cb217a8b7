"""What does each command of `diffy` do? Typed words (bot/arguments.py) in, output and an exit code out."""

from __future__ import annotations

import argparse
import getpass
import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from bot import arguments as words
from bot import pack_commands, packs, views
from bot.commands.analyze import read_method
from bot.errors import DiffyError, SettingsError
from bot.model import Pack, Report
from bot.model.checkup import Outcome
from bot.settings import Settings, read
from bot.views.formats import Form, rendered

DONE, STANDS_OUT, NO_ANSWER = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 fine, 1 something stands out or reaches --fail-on, 2 no (whole) answer."""
    arguments = words.parse(argv)
    _log(serving=arguments.command == "serve", verbose=arguments.verbose)
    try:
        return COMMANDS[arguments.command](arguments)
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
    from bot.adapters import exported

    files = exported.planned(arguments.report)
    report = oneshot.analyze(
        oneshot.Request(
            target=arguments.target,
            settings=_settings(),
            pack=arguments.pack,
            method=read_method(arguments.method) if arguments.method else None,
            recorded=arguments.recorded,
            logs=arguments.logs,
            baseline=arguments.baseline,
            incident=arguments.incident,
            accounts=arguments.account,
            regions=arguments.region,
        )
    )
    _say_rights(arguments)
    return _show(report, arguments, files)


def _report(arguments: argparse.Namespace) -> int:
    from bot import oneshot
    from bot.adapters import exported

    files = exported.planned(arguments.report)
    return _show(oneshot.stored_report(_settings(), arguments.run), arguments, files)


def _show(report: Report, arguments: argparse.Namespace, files: Mapping[Path, Form]) -> int:
    """Write the files, print the report, say what a gate decided; return the exit code.

    Where a file cannot be written the report is printed all the same: hosts are not asked twice for it.
    """
    from bot import oneshot

    try:
        _write(report, files)
    finally:
        form = Form.JSON if arguments.json else Form(arguments.format)
        sys.stdout.buffer.write(_rendered(report, form) + (b"\n" if form in (Form.JSON, Form.TEXT) else b""))
        sys.stdout.flush()
    if arguments.fail_on is not None:
        said = views.gate_sentence(report, fail_on=arguments.fail_on, min_coverage=arguments.min_coverage)
        print(f"diffy: {said}", file=sys.stderr)
    return oneshot.exit_code(report, min_coverage=arguments.min_coverage, fail_on=arguments.fail_on)


def _write(report: Report, files: Mapping[Path, Form]) -> None:
    from bot.adapters import exported

    exported.write({path: _rendered(report, form) for path, form in files.items()})


def _rendered(report: Report, form: Form) -> bytes:
    return rendered(report, form, _pack_of(report) if form is Form.SARIF else None, version=_version())


def _pack_of(report: Report) -> Pack | None:
    """The pack that was asked, if it is still known."""
    try:
        return pack_commands.shelf(_settings()).load(report.run.pack)
    except DiffyError:
        return None


def _version() -> str:
    try:
        return metadata.version("diffy")
    except metadata.PackageNotFoundError:  # run from its folder, not installed
        return "unreleased"


def _baseline(arguments: argparse.Namespace) -> int:
    from bot import oneshot
    from bot.adapters import baseline_file, exported

    settings = _settings()
    files = exported.planned(arguments.report)
    taken = oneshot.take_baseline(
        oneshot.Request(
            target=arguments.target,
            settings=settings,
            pack=arguments.pack,
            recorded=arguments.recorded,
            logs=arguments.logs,
            baseline=arguments.baseline,
            take_from=tuple(host for host in arguments.take_from.split(",") if host),
            take_hosts=arguments.hosts,
            accounts=arguments.account,
            regions=arguments.region,
        ),
        author=getpass.getuser(),
    )
    if taken.drift is not None:
        _write(taken.drift, files)
        if arguments.fail_on is not None and any(views.reaching(taken.drift, arguments.fail_on)):
            print(views.drift_text(taken.drift))
            said = views.gate_sentence(taken.drift, fail_on=arguments.fail_on, min_coverage=0)
            print(f"diffy: {said} No baseline was taken.", file=sys.stderr)
            return STANDS_OUT
    elif files or arguments.fail_on is not None:
        print("diffy: there is no version before to compare with.", file=sys.stderr)
    if arguments.out is not None:
        baseline_file.write(arguments.out, taken.baseline, taken.snapshots)
        where = str(arguments.out)
    else:
        where = f"version {oneshot.keep_in_data_folder(settings, taken).version} in {settings.data_dir}"
    _say_rights(arguments)
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


def _say_rights(arguments: argparse.Namespace) -> None:
    if arguments.target == "local" and not (arguments.recorded or arguments.logs) and os.geteuid() != 0:
        print(
            "diffy: not run as root, so osquery saw only a part: what came back empty counts as unknown.",
            file=sys.stderr,
        )


def _packs(arguments: argparse.Namespace) -> int:
    match arguments.action:
        case "list":
            pack_commands.print_all(_settings())
        case "show":
            pack_commands.print_one(arguments, _settings())
        case "import":
            pack_commands.bring_in(arguments)
    return DONE


def _document(arguments: argparse.Namespace) -> int:
    pack_commands.print_document(arguments, _settings())
    return DONE


def _plugins(arguments: argparse.Namespace) -> int:
    """List what other packages bring; exit 2 if any of it cannot be used."""
    from bot.adapters import plugins

    found = plugins.installed()
    problems = (*found.problems, *packs.Shelf(None, found.packs).problems)
    print(views.plugins_text(tuple((p.group, p.name, p.package, p.adds) for p in found.found)))
    for sentence in problems:
        print(f"diffy: {sentence}", file=sys.stderr)
    return NO_ANSWER if problems else DONE


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


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "serve": _serve,
    "analyze": _analyze,
    "baseline": _baseline,
    "report": _report,
    "packs": _packs,
    "document": _document,
    "doctor": _doctor,
    "plugins": _plugins,
    "demo": _demo,
}
