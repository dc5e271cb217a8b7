"""Where do the report files go that a pipeline names, and what do they never take the place of?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.adapters.data_folder import write_atomically
from bot.errors import StoreError, UsageError
from bot.views.formats import HEAD_BYTES, SUFFIXES, Form, is_ours


def planned(paths: Sequence[Path]) -> dict[Path, Form]:
    """Return each file with its form, by its suffix. Called before any host is asked.

    Raises:
        UsageError: A suffix names no form, the folder is not there or may not be written, or something is there
            already that is no report of Diffy's in that form. An empty file, and a former report, are replaced.
    """
    return {path: _form(path) for path in paths}


def write(files: Mapping[Path, bytes]) -> None:
    """Write each file whole or not at all, readable by its owner only; StoreError when that fails."""
    for path, content in files.items():
        try:
            write_atomically(path, content)
        except StoreError as error:
            raise StoreError(error.message, "Name another file with --report.") from error


def _form(path: Path) -> Form:
    form = SUFFIXES.get(path.suffix.lower())
    if form is None:
        known = ", ".join(list(SUFFIXES)[:-1])
        raise UsageError(
            f"{path} names no form of a report.",
            f"End it with {known} or {list(SUFFIXES)[-1]}.",
        )
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder} for {path.name}.", "Make it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"The folder {folder} cannot be written.", "Name a file elsewhere.")
    if (path.exists() or path.is_symlink()) and not _replaceable(path, form):
        raise UsageError(
            f"{path} is there already, and is no {form.value} report of Diffy's.",
            "Name another file, or remove this one.",
        )
    return form


def _replaceable(path: Path, form: Form) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return False
    return not head or is_ours(head, form)
