"""What did the operator set, in the environment and in diffy.toml, and what of it is missing or wrong?

Read once at start by the composition root; everything else is handed what it needs. The environment wins over the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from bot.model import ALL, NOWHERE_ELSE, OWN, Account, Places
from bot.setting_source import USER, Source, shown

_CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,}")  # public, private, direct
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")  # S3's rules for bucket names
_DOCUMENT = re.compile(
    r"(?:[A-Za-z0-9_.-]|\{pack\}){3,128}"
)  # SSM's rules for names; {pack}: the pack's name
_VERSION = re.compile(r"[1-9][0-9]{0,8}|\$DEFAULT|\$LATEST")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DOWNLOAD = re.compile(r"https://[A-Za-z0-9._~:/%+{}-]{1,500}")  # no user, no query: no credential fits in
_STORE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,3}-[0-9]{1,2}")
_ACCOUNT_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_ROLE = re.compile(r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}")
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")  # STS ExternalId
_PACKAGE = re.compile(r"[A-Za-z0-9_.:/-]{1,200}")  # a name or an ARN; a version


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
    """How hosts are asked.

    Attributes:
        output_bucket: S3 bucket for answers of any size; empty: answers come in pieces, 4 MiB a host.
        document: The SSM document to send, ``{pack}`` in it for the pack; empty: AWS-RunShellScript.
        document_hash: Sha256 in hex; empty: of what this Diffy builds.
        osquery: ``present`` leaves hosts without it unasked; ``download`` brings it there for the time of a run from
            ``osquery_url``, checked against ``osquery_sha256`` (architecture to hex digest);
            ``distributor`` installs ``osquery_package`` of SSM Distributor, for good.
    """

    deadline_s: float = 300.0
    output_bucket: str = ""
    document: str = ""
    document_version: str = "$DEFAULT"
    document_hash: str = ""
    osquery: str = "present"
    osquery_url: str = ""
    osquery_sha256: Mapping[str, str] = field(default_factory=dict)
    osquery_package: str = ""
    osquery_package_version: str = ""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How many runs at once, when a provisional verdict is shown, how often a message is edited, how long reports stay."""

    max_running: int = 10
    provisional_after_s: float = 60.0
    provisional_share: float = 0.8
    edit_every_s: float = 2.5
    keep_days: int = 90


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that was set. ``warnings``: one sentence for each setting without which something is refused."""

    data_dir: Path
    slack: SlackSettings = SlackSettings()
    access: AccessSettings = AccessSettings()
    collect: CollectSettings = CollectSettings()
    runs: RunSettings = RunSettings()
    places: Places = NOWHERE_ELSE
    warnings: tuple[str, ...] = ()
    packs_dir: Path | None = None  # the operator's own query packs
    store: str = ""  # a plug-in's; empty: Diffy's own


def read(environ: Mapping[str, str], *, cwd: Path, need_slack: bool) -> Settings:
    """Read all settings.

    Args:
        cwd: Where ``diffy.toml`` is looked for and ``.diffy`` lies, unless DIFFY_CONFIG and DIFFY_DATA_DIR say otherwise.
        need_slack: Whether Slack is to be reached (`diffy serve`); the command line leaves Slack's settings unread.

    Raises:
        SettingsError: Its ``problems`` name everything that is missing or wrong; no secret is among it.
    """
    problems: list[str] = []
    env = Source({name: text for name, value in environ.items() if (text := value.strip())}, "", problems)
    tables = _read_file(env, cwd, problems)
    slack = _slack(env, tables["slack"], needed=need_slack)
    rights, collecting, running = tables["access"], tables["collect"], tables["runs"]
    access = AccessSettings(
        analysts=_first(env.ids("DIFFY_ANALYSTS", USER), rights.ids("analysts", USER)),
        approvers=_first(env.ids("DIFFY_APPROVERS", USER), rights.ids("approvers", USER)),
        channels=_first(env.ids("DIFFY_CHANNELS", _CHANNEL), rights.ids("channels", _CHANNEL)),
        guests=_first(rights.ids("guests", USER, everyone=False)),
        shared_channels=_first(rights.ids("shared_channels", _CHANNEL, everyone=False)),
        contact=rights.text("contact"),
    )
    collect = CollectSettings(
        deadline_s=collecting.number("deadline_s", 300.0, least=10, most=3600),
        output_bucket=env.text("DIFFY_OUTPUT_BUCKET", _BUCKET) or collecting.text("output_bucket", _BUCKET),
        document=env.text("DIFFY_DOCUMENT", _DOCUMENT) or collecting.text("document", _DOCUMENT),
        document_version=collecting.text("document_version", _VERSION) or "$DEFAULT",
        document_hash=collecting.text("document_hash", _SHA256),
        osquery=collecting.text("osquery") or "present",
        osquery_url=collecting.text("osquery_url", _DOWNLOAD),
        osquery_sha256=collecting.texts("osquery_sha256", _SHA256, ("x86_64", "aarch64")),
        osquery_package=collecting.text("osquery_package", _PACKAGE),
        osquery_package_version=collecting.text("osquery_package_version", _PACKAGE),
    )
    _check_osquery(collect, collecting)
    if collect.document_hash and "{pack}" in collect.document:
        collecting.wrong(
            "document_hash", "fits one document only, and collect.document holds {pack}: leave it out"
        )
    runs = RunSettings(
        max_running=int(running.number("max_running", 10, least=1, most=100, whole=True)),
        provisional_after_s=running.number("provisional_after_s", 60.0, least=1, most=3600),
        provisional_share=running.number("provisional_share", 0.8, least=0.01, most=1),
        edit_every_s=running.number("edit_every_s", 2.5, least=1, most=60),
        keep_days=int(running.number("keep_days", 90, least=2, most=3650, whole=True)),
    )
    store = env.text("DIFFY_STORE", _STORE)
    data_dir = cwd / Path(env.text("DIFFY_DATA_DIR") or ".diffy").expanduser()
    packs = env.text("DIFFY_PACKS") or tables["packs"].text("folder")
    packs_dir = cwd / Path(packs).expanduser() if packs else None
    if packs_dir is not None and not packs_dir.is_dir():
        problems.append(f"DIFFY_PACKS, or folder in [packs], names {packs_dir}, and there is no such folder.")
    places = _places(tables["aws"])
    for table in tables.values():
        problems += table.unknown()
    if problems:
        raise SettingsError(tuple(problems))
    warnings = (*(_unset_rights(access) if need_slack else ()), *env.misspelt("DIFFY_"))
    return Settings(data_dir, slack, access, collect, runs, places, warnings, packs_dir, store)


def _check_osquery(collect: CollectSettings, table: Source) -> None:
    if collect.osquery not in ("present", "download", "distributor"):
        table.wrong("osquery", f"must be present, download or distributor, and is {shown(collect.osquery)}")
    elif collect.osquery == "download" and not (collect.osquery_url and collect.osquery_sha256):
        table.wrong("osquery", "is download: that needs osquery_url and osquery_sha256")
    elif collect.osquery == "distributor" and not collect.osquery_package:
        table.wrong("osquery", "is distributor: that needs osquery_package")


def _read_file(env: Source, cwd: Path, problems: list[str]) -> dict[str, Source]:
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
    whole = Source(content, "", problems)
    tables = {name: whole.table(name) for name in ("slack", "access", "collect", "runs", "packs", "aws")}
    problems += whole.unknown()
    return tables


def _slack(env: Source, table: Source, *, needed: bool) -> SlackSettings:
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


def _places(table: Source) -> Places:
    """Return the regions and the other accounts that may be asked."""
    accounts: list[Account] = []
    for one in table.tables("accounts"):
        account = Account(
            one.text("name", _ACCOUNT_NAME),
            one.text("id", _ACCOUNT_ID),
            one.text("role_arn", _ROLE),
            one.text("external_id", _EXTERNAL_ID),
        )
        for name in ("name", "id", "role_arn"):
            if not getattr(account, name):
                one.wrong(name, "must be set")
        if account.id and account.role_arn and f"::{account.id}:" not in account.role_arn:
            one.wrong("role_arn", "is a role of another account than id")
        taken = {ALL, OWN, *(known for other in accounts for known in (other.name, other.id))}
        if {account.name, account.id} & taken:
            one.wrong("name", "or id is taken: all and own have a meaning, and each account is set once")
        one.report_unknown()
        accounts.append(account)
    return Places(table.names("regions", _REGION), tuple(accounts))


def _unset_rights(access: AccessSettings) -> tuple[str, ...]:
    consequences = (
        (access.analysts, "DIFFY_ANALYSTS", "nobody may analyse"),
        (access.approvers, "DIFFY_APPROVERS", "nobody may take or accept a baseline, or make a schedule"),
        (access.channels, "DIFFY_CHANNELS", "Diffy answers in no channel"),
    )
    return tuple(f"{name} is not set: {effect}." for ids, name, effect in consequences if not ids)


def _first(*candidates: frozenset[str] | None) -> frozenset[str]:
    return next((ids for ids in candidates if ids is not None), frozenset())
