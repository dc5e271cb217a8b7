"""What did the operator set, in the environment and in diffy.toml, and what of it is missing or wrong?

Read once at start by the composition root; everything else is handed what it needs. The environment wins over the file.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.errors import SettingsError

_USER = re.compile(r"[UW][A-Z0-9]{2,}")  # user ids begin with U, of Enterprise Grid also with W
_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")  # public, private, direct
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # S3's rules for bucket names
_DOWNLOAD = re.compile(r"https://[A-Za-z0-9._~:/%+{}-]{1,500}")  # no user, no query: no credential fits in
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PACKAGE = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")  # a name or an ARN; a version
EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """How to reach Slack. With an app token: Socket Mode; else HTTP on ``port``, checked by the signing secret."""

    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api_url: str = ""  # empty: Slack's own
    port: int = 3000


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who may do what and where: ids, or ``*`` (see workflows.access)."""

    analysts: frozenset[str] = frozenset()
    approvers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    guests: frozenset[str] = frozenset()
    shared_channels: frozenset[str] = frozenset()
    contact: str = ""


@dataclass(frozen=True, slots=True)
class CollectSettings:
    """How hosts are asked. ``output_bucket``: S3 bucket for answers of any size; empty: in pieces, 4 MiB a host.

    ``osquery``: ``present`` leaves hosts without it unasked; ``download`` brings it there for the time of a run from
    ``osquery_url``, checked against ``osquery_sha256`` (architecture to hex digest);
    ``distributor`` installs ``osquery_package`` of SSM Distributor, for good.
    """

    deadline_s: float = 300.0
    output_bucket: str = ""
    osquery: str = "present"
    osquery_url: str = ""
    osquery_sha256: Mapping[str, str] = field(default_factory=dict)
    osquery_package: str = ""
    osquery_package_version: str = ""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How many runs at once, when a provisional verdict is shown, how often a parent message is edited."""

    max_running: int = 10
    provisional_after_s: float = 60.0
    provisional_share: float = 0.8
    edit_every_s: float = 2.5


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was set. ``warnings``: one sentence for each setting without which something is refused."""

    data_dir: Path
    slack: SlackSettings = SlackSettings()
    access: AccessSettings = AccessSettings()
    collect: CollectSettings = CollectSettings()
    runs: RunSettings = RunSettings()
    warnings: tuple[str, ...] = ()


def read(environ: Mapping[str, str], *, cwd: Path, need_slack: bool) -> Settings:
    """Read all settings.

    Args:
        cwd: Where ``diffy.toml`` is looked for and ``.diffy`` lies, unless DIFFY_CONFIG and DIFFY_DATA_DIR say otherwise.
        need_slack: Whether Slack is to be reached (`diffy serve`); the command line leaves Slack's settings unread.

    Raises:
        SettingsError: Its ``problems`` name everything that is missing or wrong; no secret is among it.
    """
    problems: list[str] = []
    env = _Source({name: text for name, value in environ.items() if (text := value.strip())}, "", problems)
    tables = _read_file(env, cwd, problems)
    slack = _slack(env, tables["slack"], needed=need_slack)
    rights, collecting, running = tables["access"], tables["collect"], tables["runs"]
    access = AccessSettings(
        analysts=_first(env.ids("DIFFY_ANALYSTS", _USER), rights.ids("analysts", _USER)),
        approvers=_first(env.ids("DIFFY_APPROVERS", _USER), rights.ids("approvers", _USER)),
        channels=_first(env.ids("DIFFY_CHANNELS", _CHANNEL), rights.ids("channels", _CHANNEL)),
        guests=_first(rights.ids("guests", _USER, everyone=False)),
        shared_channels=_first(rights.ids("shared_channels", _CHANNEL, everyone=False)),
        contact=rights.text("contact"),
    )
    collect = CollectSettings(
        deadline_s=collecting.number("deadline_s", 300.0, least=10, most=3600),
        output_bucket=env.text("DIFFY_OUTPUT_BUCKET", _BUCKET) or collecting.text("output_bucket", _BUCKET),
        osquery=collecting.text("osquery") or "present",
        osquery_url=collecting.text("osquery_url", _DOWNLOAD),
        osquery_sha256=collecting.texts("osquery_sha256", _SHA256, ("x86_64", "aarch64")),
        osquery_package=collecting.text("osquery_package", _PACKAGE),
        osquery_package_version=collecting.text("osquery_package_version", _PACKAGE),
    )
    _check_osquery(collect, collecting)
    runs = RunSettings(
        max_running=int(running.number("max_running", 10, least=1, most=100, whole=True)),
        provisional_after_s=running.number("provisional_after_s", 60.0, least=1, most=3600),
        provisional_share=running.number("provisional_share", 0.8, least=0.01, most=1),
        edit_every_s=running.number("edit_every_s", 2.5, least=1, most=60),
    )
    data_dir = cwd / Path(env.text("DIFFY_DATA_DIR") or ".diffy").expanduser()
    for table in tables.values():
        problems += table.unknown()
    if problems:
        raise SettingsError(tuple(problems))
    warnings = (*(_unset_rights(access) if need_slack else ()), *env.misspelt("DIFFY_"))
    return Settings(data_dir, slack, access, collect, runs, warnings)


class _Source:
    """The environment, or one table of diffy.toml: takes values out, notes what is wrong with them, knows what was asked.

    Args:
        where: What goes before a name in a sentence: "" for the environment, "access." for a table.
    """

    def __init__(self, values: Mapping[str, Any], where: str, problems: list[str]) -> None:
        self._values = values
        self._where = where
        self._problems = problems
        self._asked: list[str] = []

    def wrong(self, name: str, what: str) -> None:
        """Note a problem with the value of that name; ``what`` must not repeat the value of a secret."""
        self._problems.append(f"{self._where}{name} {what}.")

    def text(self, name: str, form: re.Pattern[str] | None = None) -> str:
        """Return the text, empty when it is not set."""
        value = self._take(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(name, f"must be text in quotes, and is {_kind(value)}")
            return ""
        if form is not None and not form.fullmatch(value):
            self.wrong(name, f"is not a valid name: {_shown(value)}")
            return ""
        return value

    def texts(self, name: str, form: re.Pattern[str], keys: tuple[str, ...]) -> dict[str, str]:
        """Return a table of texts under these keys; empty when it is not set."""
        value = self._take(name)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(
            key in keys and isinstance(text, str) and form.fullmatch(text) for key, text in value.items()
        ):
            self.wrong(name, f"must be a table with a valid text for {' and '.join(keys)}, or one of them")
            return {}
        return value

    def secret(self, name: str, prefix: str) -> str:
        """Return a token; one with another prefix is a problem, and is never shown."""
        value = self.text(name)
        if not value.startswith(prefix):
            if value:
                self.wrong(name, f"does not begin with {prefix}: another kind of token was put there")
            return ""
        return value

    def url(self, name: str) -> str:
        """Return an address ending in a slash; unencrypted only to this machine, since a token goes with every call."""
        value = self.text(name)
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            host = parts.hostname or ""
        except ValueError:
            host = ""
        local = host in ("localhost", "::1") or host.startswith("127.")
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            self.wrong(name, "must be an https:// address (http:// only on this machine)")
            return ""
        return value.rstrip("/") + "/"

    def number(self, name: str, default: float, *, least: float, most: float, whole: bool = False) -> float:
        """Return a number within bounds. Text is read as a number in the environment only."""
        value = self._take(name)
        if value is None:
            return default
        if not self._where:
            value = int(value) if re.fullmatch(r"[0-9]{1,9}", value) else value
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            kind = "a whole number" if whole else "a number"
            self.wrong(name, f"must be {kind} from {least:g} to {most:g}, and is {_shown(str(value))}")
            return default
        return value

    def ids(self, name: str, form: re.Pattern[str], *, everyone: bool = True) -> frozenset[str] | None:
        """Return Slack ids from a list, or from text with commas; None when it is not set."""
        value = self._take(name)
        if value is None:
            return None
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            self.wrong(name, f"must be a list of ids in quotes, and is {_kind(value)}")
            return None
        found = frozenset(word.strip() for word in words) - {""}
        bad = sorted(
            word for word in found if not form.fullmatch(word) and not (everyone and word == EVERYONE)
        )
        if bad:
            what = (
                "users (they begin with U or W)" if form is _USER else "channels (they begin with C, G or D)"
            )
            star = "" if everyone else "; * does not count here: name each"
            self.wrong(name, f"takes ids of {what}, and holds {', '.join(map(_shown, bad))}{star}")
        return found

    def table(self, name: str) -> _Source:
        """Return a table of the file, empty when it is not there."""
        value = self._take(name)
        if value is not None and not isinstance(value, dict):
            self._problems.append(f"{name} in diffy.toml must be a table: [{name}].")
            value = None
        return _Source(value or {}, f"{name}.", self._problems)

    def unknown(self) -> list[str]:
        """Return a sentence for each name that nobody asked for, with the name that was probably meant."""
        return [
            f"{self._where}{name} in diffy.toml is not a setting{_near(name, self._asked)}."
            for name in self._values
            if name not in self._asked
        ]

    def misspelt(self, prefix: str) -> list[str]:
        """Return a sentence for each name with the prefix that is nearly the name of a setting."""
        strangers = (name for name in self._values if name.startswith(prefix) and name not in self._asked)
        return [f"{name} is not a setting{near}." for name in strangers if (near := _near(name, self._asked))]

    def _take(self, name: str) -> Any:
        self._asked.append(name)
        return self._values.get(name)


def _read_file(env: _Source, cwd: Path, problems: list[str]) -> dict[str, _Source]:
    named = env.text("DIFFY_CONFIG")
    path = cwd / Path(named or "diffy.toml").expanduser()
    content: dict[str, Any] = {}
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if named:
            problems.append(f"DIFFY_CONFIG names {path}, and there is no such file.")
    except OSError as error:
        problems.append(f"{path} could not be read: {error.strerror}.")
    except ValueError as error:  # not UTF-8, or not TOML; tomllib names the line
        problems.append(f"{path} is not valid TOML: {error}.")
    whole = _Source(content, "", problems)
    tables = {name: whole.table(name) for name in ("slack", "access", "collect", "runs")}
    problems += whole.unknown()
    return tables


def _check_osquery(collect: CollectSettings, table: _Source) -> None:
    if collect.osquery not in ("present", "download", "distributor"):
        table.wrong("osquery", f"must be present, download or distributor, and is {_shown(collect.osquery)}")
    elif collect.osquery == "download" and not (collect.osquery_url and collect.osquery_sha256):
        table.wrong("osquery", "is download: that needs osquery_url and osquery_sha256")
    elif collect.osquery == "distributor" and not collect.osquery_package:
        table.wrong("osquery", "is distributor: that needs osquery_package")


def _slack(env: _Source, table: _Source, *, needed: bool) -> SlackSettings:
    """Return Slack's settings; tokens come from the environment only, so that diffy.toml can be shown to anybody."""
    api_url, port = table.url("api_url"), table.number("port", 3000, least=1, most=65535, whole=True)
    if not needed:
        return SlackSettings()
    slack = SlackSettings(
        bot_token=env.secret("SLACK_BOT_TOKEN", "xoxb-"),
        app_token=env.secret("SLACK_APP_TOKEN", "xapp-"),
        signing_secret=env.secret("SLACK_SIGNING_SECRET", ""),
        api_url=env.url("SLACK_API_URL") or api_url,
        port=int(env.number("PORT", port, least=1, most=65535, whole=True)),
    )
    if not env.text("SLACK_BOT_TOKEN"):
        env.wrong("SLACK_BOT_TOKEN", "is not set: it begins with xoxb- (Slack app, OAuth & Permissions)")
    if not env.text("SLACK_APP_TOKEN") and not slack.signing_secret:
        env.wrong(
            "SLACK_APP_TOKEN",
            "is not set, nor is SLACK_SIGNING_SECRET: set the first (xapp-…) for Socket Mode, or the second for HTTP",
        )
    return slack


def _unset_rights(access: AccessSettings) -> tuple[str, ...]:
    consequences = (
        (access.analysts, "DIFFY_ANALYSTS", "nobody may analyse"),
        (access.approvers, "DIFFY_APPROVERS", "nobody may take or accept a baseline, or make a schedule"),
        (access.channels, "DIFFY_CHANNELS", "Diffy answers in no channel"),
    )
    return tuple(f"{name} is not set: {effect}." for ids, name, effect in consequences if not ids)


def _first(*candidates: frozenset[str] | None) -> frozenset[str]:
    return next((ids for ids in candidates if ids is not None), frozenset())


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f": {near[0]} was probably meant" if near else ""


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "a table",
        str: "text",
    }
    return names.get(type(value), "a date")


def _shown(value: str) -> str:
    """Return the value for a sentence, unless it might be a secret that was put in the wrong place."""
    harmless = re.fullmatch(r"[\w#@*.:/ -]{1,24}", value) and not value.lower().startswith(("xox", "xapp"))
    return f'"{value}"' if harmless else "something else"
