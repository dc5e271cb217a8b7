"""In which forms can a report be written, and how is a file known again as one of them?"""

from __future__ import annotations

from enum import StrEnum

from bot.model import Pack, Report
from bot.views.report_csv import COLUMNS, to_csv
from bot.views.report_html import GENERATOR, to_html
from bot.views.report_json import to_json
from bot.views.report_sarif import to_sarif
from bot.views.terminal import report_text

HEAD_BYTES = 1_024  # enough of a file to know it again


class Form(StrEnum):
    """A form of a report."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    CSV = "csv"
    HTML = "html"


SUFFIXES = {".json": Form.JSON, ".sarif": Form.SARIF, ".csv": Form.CSV, ".html": Form.HTML}

_MARKS = {
    Form.JSON: (b'"schema": "diffy.report/',),
    Form.SARIF: (b'"version": "2.1.0"', b'"name": "Diffy"'),
    Form.CSV: (",".join(COLUMNS).encode(),),
    Form.HTML: (GENERATOR.encode(),),
}


def rendered(report: Report, form: Form, pack: Pack | None, *, version: str) -> bytes:
    """Return the report in that form; equal reports give equal bytes.

    Args:
        pack: What was asked, for SARIF's rules; None when it is no longer known.
        version: Diffy's own.
    """
    if form is Form.JSON:
        return to_json(report)
    if form is Form.SARIF:
        return to_sarif(report, pack, version=version)
    if form is Form.CSV:
        return to_csv(report)
    if form is Form.HTML:
        return to_html(report, version=version)
    return report_text(report, now=report.run.finished_at).encode("utf-8", "backslashreplace")


def is_ours(head: bytes, form: Form) -> bool:
    """Whether a file that begins so was written by ``rendered`` in that form; ``head`` is its first ``HEAD_BYTES``."""
    return all(mark in head for mark in _MARKS[form])
