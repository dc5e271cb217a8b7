"""What do `diffy packs` and `diffy document` print and write of the query packs?"""

from __future__ import annotations

import argparse
import sys

import msgspec

from bot import packs, views
from bot.collection import document
from bot.errors import DiffyError
from bot.model import Pack
from bot.settings import Settings


def shelf(settings: Settings) -> packs.Shelf:
    """Return all packs that can be named: Diffy's own, the operator's, other packages'."""
    from bot.adapters import plugins

    return packs.Shelf(settings.packs_dir, plugins.installed().packs)


def print_all(settings: Settings) -> None:
    """List the packs; say on stderr which files and packages could not be taken."""
    from bot.adapters import plugins

    known = shelf(settings)
    print(views.packs_text(tuple(known.load(name) for name in known.names())))
    for sentence in (*plugins.installed().problems, *known.problems, *known.notes):
        print(f"diffy: {sentence}", file=sys.stderr)


def print_one(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print a pack as text, as JSON or in osquery's form."""
    pack = shelf(settings).load(arguments.name)
    if arguments.osquery:
        print(packs.to_osquery(pack))
    else:
        print(_pack_json(pack) if arguments.json else views.pack_text(pack))


def bring_in(arguments: argparse.Namespace) -> None:
    """Write a pack of osquery's in our form; say on stderr what was left out and what is to be known."""
    found = packs.read(arguments.file, name=arguments.name)
    text = _pack_json(found.pack)
    packs.parse(text.encode(), source=str(arguments.file))
    if arguments.out is None:
        print(text)
    else:
        try:
            arguments.out.write_text(text + "\n", "utf-8")
        except OSError as error:
            raise DiffyError(f"{arguments.out} cannot be written: {error.strerror}.") from error
        print(f"Pack {found.pack.name}: {len(found.pack.queries)} queries in {arguments.out}")
    for sentence in found.left_out:
        print(f"Left out: {sentence}", file=sys.stderr)
    for sentence in found.notes:
        print(f"Note: {sentence}", file=sys.stderr)


def print_document(arguments: argparse.Namespace, settings: Settings) -> None:
    """Print a pack's SSM document, and its hash to stderr."""
    from bot import ways

    pack = shelf(settings).load(arguments.pack)
    try:
        text = document.content(pack, ways.download_of(settings))
    except ValueError as error:
        raise DiffyError(f"There can be no document: {error}.") from error
    sys.stdout.write(text)
    sys.stdout.flush()
    print(f"DocumentHash (Sha256): {document.digest(text)}", file=sys.stderr)


def _pack_json(pack: Pack) -> str:
    return msgspec.json.format(msgspec.json.encode(pack)).decode()
