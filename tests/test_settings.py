"""What a start accepts, refuses and warns about."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.settings import Settings, read

SLACK = {"SLACK_BOT_TOKEN": "xoxb-testing", "SLACK_APP_TOKEN": "xapp-testing"}


def problems_of(environ: dict[str, str], cwd: Path, *, need_slack: bool = True) -> tuple[str, ...]:
    """What a start with these settings says, one sentence each."""
    with pytest.raises(SettingsError) as caught:
        read(environ, cwd=cwd, need_slack=need_slack)
    return caught.value.problems


def from_toml(text: str, cwd: Path) -> Settings:
    """The settings of a diffy.toml with this text."""
    (cwd / "diffy.toml").write_text(text, "utf-8")
    return read({}, cwd=cwd, need_slack=False)


def test_everything_has_a_default_but_the_tokens(tmp_path: Path) -> None:
    """Two tokens are enough to start; all else is as documented."""
    settings = read(SLACK, cwd=tmp_path, need_slack=True)

    assert settings.data_dir == tmp_path / ".diffy"
    assert (settings.slack.bot_token, settings.slack.app_token) == ("xoxb-testing", "xapp-testing")
    assert (settings.slack.api_url, settings.slack.port) == ("", 3000)
    assert (settings.collect.deadline_s, settings.collect.output_bucket) == (300.0, "")
    assert settings.runs.max_running == 10
    assert settings.runs.provisional_after_s == 60.0
    assert settings.runs.provisional_share == 0.8
    assert settings.runs.edit_every_s == 2.5
    assert settings.runs.keep_days == 90


def test_each_missing_right_is_a_warning(tmp_path: Path) -> None:
    """Diffy starts with nothing configured, refuses everything, and says which settings are missing."""
    warnings = read(SLACK, cwd=tmp_path, need_slack=True).warnings

    assert warnings == (
        "DIFFY_ANALYSTS is not set: nobody may analyse.",
        "DIFFY_APPROVERS is not set: nobody may take or accept a baseline, or make a schedule.",
        "DIFFY_CHANNELS is not set: Diffy answers in no channel.",
    )
    assert read({}, cwd=tmp_path, need_slack=False).warnings == ()


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    """One start, one list: nobody mends settings one failed start at a time."""
    (tmp_path / "diffy.toml").write_text("[runs]\nmax_running = 0\n[acces]\n", "utf-8")
    environ = {
        "SLACK_BOT_TOKEN": "xoxp-not-shown",
        "PORT": "http",
        "DIFFY_CHANNELS": "#incidents",
        "DIFFY_OUTPUT_BUCKET": "Not_A_Bucket",
        "SLACK_API_URL": "http://slack.example/api",
    }

    problems = problems_of(environ, tmp_path)

    assert [problem.split()[0] for problem in problems] == [
        "acces",
        "SLACK_BOT_TOKEN",
        "SLACK_API_URL",
        "PORT",
        "SLACK_APP_TOKEN",
        "DIFFY_CHANNELS",
        "DIFFY_OUTPUT_BUCKET",
        "runs.max_running",
    ]
    assert "not-shown" not in " ".join(problems)
    assert problems[0] == "acces in diffy.toml is not a setting: access was probably meant."
    assert (
        problems[5]
        == 'DIFFY_CHANNELS takes ids of channels (they begin with C, G or D), and holds "#incidents".'
    )


def test_no_token_at_all(tmp_path: Path) -> None:
    """Both ways to receive commands are named."""
    problems = problems_of({"SLACK_BOT_TOKEN": "  "}, tmp_path)

    assert len(problems) == 2
    assert problems[0].startswith("SLACK_BOT_TOKEN is not set")
    assert "SLACK_SIGNING_SECRET" in problems[1]


def test_http_needs_the_signing_secret_only(tmp_path: Path) -> None:
    """Without an app token Slack's signed HTTP is used, on PORT."""
    environ = {"SLACK_BOT_TOKEN": "xoxb-testing", "SLACK_SIGNING_SECRET": "testing", "PORT": "8080"}

    slack = read(environ, cwd=tmp_path, need_slack=True).slack

    assert (slack.app_token, slack.signing_secret, slack.port) == ("", "testing", 8080)


def test_the_command_line_does_without_slack(tmp_path: Path) -> None:
    """`diffy analyze` must not fail over a token that it does not use."""
    settings = read({"SLACK_BOT_TOKEN": "nonsense", "PORT": "x"}, cwd=tmp_path, need_slack=False)

    assert settings.slack.bot_token == ""


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    """Neither in a repr nor in a problem, not even when put into the wrong variable."""
    environ = SLACK | {"SLACK_SIGNING_SECRET": "hush-hush"}
    settings = read(environ, cwd=tmp_path, need_slack=True)
    swapped = {"SLACK_BOT_TOKEN": "xapp-hush", "SLACK_APP_TOKEN": "xoxb-hush", "DIFFY_ANALYSTS": "xoxb-hush"}

    problems = problems_of(swapped, tmp_path)

    assert "testing" not in repr(settings)
    assert "hush" not in repr(settings)
    assert len(problems) == 3
    assert "hush" not in " ".join(problems)


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://slack-gov.com/api", "https://slack-gov.com/api/"),
        ("http://127.0.0.1:9876/api/", "http://127.0.0.1:9876/api/"),
        ("http://localhost:9876", "http://localhost:9876/"),
        ("http://slack.example/api/", None),
        ("slack.com/api/", None),
        ("https://[::1/api", None),
        ("ftp://127.0.0.1/", None),
    ],
)
def test_slacks_address(tmp_path: Path, address: str, kept: str | None) -> None:
    """GovSlack, or a local Slack; a token never travels unencrypted to another machine."""
    environ = SLACK | {"SLACK_API_URL": address}

    if kept is None:
        (problem,) = problems_of(environ, tmp_path)
        assert problem.startswith("SLACK_API_URL must be an https:// address")
    else:
        assert read(environ, cwd=tmp_path, need_slack=True).slack.api_url == kept


def test_rights_from_the_environment_win_over_the_file(tmp_path: Path) -> None:
    """List by list: a list that the environment does not name stays as the file has it."""
    (tmp_path / "diffy.toml").write_text(
        '[access]\nanalysts = ["U0FILE"]\napprovers = ["U0FILE"]\nchannels = "C0FILE, C0TWO"\n'
        'guests = ["W0GUEST"]\nshared_channels = ["C0SHARED"]\ncontact = "the on-call"\n',
        "utf-8",
    )

    access = read({"DIFFY_ANALYSTS": " U0ENV ,*, "}, cwd=tmp_path, need_slack=False).access

    assert access.analysts == {"U0ENV", "*"}
    assert access.approvers == {"U0FILE"}
    assert access.channels == {"C0FILE", "C0TWO"}
    assert access.guests == {"W0GUEST"}
    assert access.shared_channels == {"C0SHARED"}
    assert access.contact == "the on-call"


def test_the_file_sets_everything_else(tmp_path: Path) -> None:
    """Each table of diffy.toml."""
    settings = from_toml(
        '[slack]\napi_url = "https://slack-gov.com/api/"\nport = 8080\n'
        '[collect]\ndeadline_s = 120\noutput_bucket = "diffy-output"\n'
        f'document = "Diffy"\ndocument_version = "4"\ndocument_hash = "{"0a" * 32}"\n'
        "[runs]\nmax_running = 3\nprovisional_after_s = 20\nprovisional_share = 0.5\nedit_every_s = 3.5\nkeep_days = 30\n",
        tmp_path,
    )
    slack = read(SLACK, cwd=tmp_path, need_slack=True).slack

    assert (slack.api_url, slack.port) == ("https://slack-gov.com/api/", 8080)
    assert (settings.collect.deadline_s, settings.collect.output_bucket) == (120, "diffy-output")
    assert (settings.collect.document, settings.collect.document_version) == ("Diffy", "4")
    assert settings.collect.document_hash == "0a" * 32
    assert (settings.runs.max_running, settings.runs.provisional_after_s) == (3, 20)
    assert (settings.runs.provisional_share, settings.runs.edit_every_s) == (0.5, 3.5)
    assert settings.runs.keep_days == 30


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        (
            "[runs]\nmax_runing = 3",
            "runs.max_runing in diffy.toml is not a setting: max_running was probably meant.",
        ),
        ("[runs]\nmax_running = 2.5", 'runs.max_running must be a whole number from 1 to 100, and is "2.5".'),
        (
            "[runs]\nmax_running = true",
            'runs.max_running must be a whole number from 1 to 100, and is "True".',
        ),
        ("[runs]\nedit_every_s = nan", 'runs.edit_every_s must be a number from 1 to 60, and is "nan".'),
        (
            '[collect]\ndeadline_s = "300"',
            'collect.deadline_s must be a number from 10 to 3600, and is "300".',
        ),
        (
            f'[collect]\ndocument = "Diffy-{{pack}}"\ndocument_hash = "{"0a" * 32}"',
            "collect.document_hash fits one document only, and collect.document holds {pack}: leave it out.",
        ),
        ('[collect]\ndocument_version = "new"', 'collect.document_version is not a valid name: "new".'),
        (
            '[collect]\nosquery = "perhaps"',
            'collect.osquery must be present, download or distributor, and is "perhaps".',
        ),
        (
            '[collect]\nosquery = "download"',
            "collect.osquery is download: that needs osquery_url and osquery_sha256.",
        ),
        (
            '[collect]\nosquery = "distributor"',
            "collect.osquery is distributor: that needs osquery_package.",
        ),
        (
            '[collect]\nosquery_url = "https://user:word@example.com/x"',
            "collect.osquery_url is not a valid name: something else.",
        ),
        (
            '[collect]\nosquery_sha256 = { arm = "0" }',
            "collect.osquery_sha256 must be a table with a valid text for x86_64 and aarch64, or one of them.",
        ),
        ("[collect]\noutput_bucket = 3", "collect.output_bucket must be text in quotes, and is a number."),
        ("[access]\ncontact = 2026-08-03", "access.contact must be text in quotes, and is a date."),
        ("[access]\nanalysts = [3]", "access.analysts must be a list of ids in quotes, and is a list."),
        (
            '[access]\nguests = "*"',
            'access.guests takes ids of users (they begin with U or W), and holds "*"; * does not count here: name each.',
        ),
        ("access = 3", "access in diffy.toml must be a table: [access]."),
        ("[slack]\nbot_token = 'x'", "slack.bot_token in diffy.toml is not a setting."),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, toml: str, problem: str) -> None:
    """Each sentence names the setting, what it takes, and what was found."""
    (tmp_path / "diffy.toml").write_text(toml, "utf-8")

    assert problems_of({}, tmp_path, need_slack=False) == (problem,)


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    """Not TOML, not text, a folder, or not there though it was named."""
    (tmp_path / "bad.toml").write_text("[runs\n", "utf-8")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.toml").mkdir()

    sentences = {
        name: problems_of({"DIFFY_CONFIG": name}, tmp_path, need_slack=False)
        for name in ("bad.toml", "bytes.toml", "folder.toml", "none.toml")
    }

    assert all(len(problems) == 1 and name in problems[0] for name, problems in sentences.items())
    assert "is not valid TOML" in sentences["bad.toml"][0]
    assert "is not valid TOML" in sentences["bytes.toml"][0]
    assert "could not be read" in sentences["folder.toml"][0]
    assert "there is no such file" in sentences["none.toml"][0]


def test_paths_may_be_named(tmp_path: Path) -> None:
    """DIFFY_CONFIG and DIFFY_DATA_DIR, relative ones from where Diffy was started."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "my.toml").write_text("[runs]\nmax_running = 2", "utf-8")

    settings = read(
        {"DIFFY_CONFIG": "etc/my.toml", "DIFFY_DATA_DIR": "/srv/diffy"}, cwd=tmp_path, need_slack=False
    )

    assert settings.runs.max_running == 2
    assert settings.data_dir == Path("/srv/diffy")


def test_a_folder_of_packs_is_named_by_the_environment_or_the_file(tmp_path: Path) -> None:
    """Relative to where Diffy was started; one that is not there is a problem, not an empty folder."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "diffy.toml").write_text('[packs]\nfolder = "mine"', "utf-8")

    settings = read({}, cwd=tmp_path, need_slack=False)
    with pytest.raises(SettingsError) as caught:
        read({"DIFFY_PACKS": "gone"}, cwd=tmp_path, need_slack=False)

    assert settings.packs_dir == tmp_path / "mine"
    assert any("gone, and there is no such folder" in problem for problem in caught.value.problems)


def test_a_misspelt_variable_is_a_warning(tmp_path: Path) -> None:
    """A right that was given under a wrong name would otherwise just be missing."""
    environ = SLACK | {
        "DIFFY_ANALYST": "*",
        "DIFFY_APPROVERS": "*",
        "DIFFY_CHANNELS": "*",
        "DIFFY_XYZZY": "1",
    }

    warnings = read(environ, cwd=tmp_path, need_slack=True).warnings

    assert warnings == (
        "DIFFY_ANALYSTS is not set: nobody may analyse.",
        "DIFFY_ANALYST is not a setting: DIFFY_ANALYSTS was probably meant.",
    )


def test_places_are_read(tmp_path: Path) -> None:
    """Regions and other accounts, with the role that is taken there; the external id is not in any representation."""
    settings = from_toml(
        '[aws]\nregions = ["eu-west-1", "us-east-1"]\n[[aws.accounts]]\nname = "prod"\nid = "210987654321"\n'
        'role_arn = "arn:aws:iam::210987654321:role/diffy-reader"\nexternal_id = "not-shown"\n',
        tmp_path,
    )

    (account,) = settings.places.accounts
    assert settings.places.regions == ("eu-west-1", "us-east-1")
    assert (account.name, account.id, account.external_id) == ("prod", "210987654321", "not-shown")
    assert account.role_arn.endswith("role/diffy-reader")
    assert "not-shown" not in repr(settings)


def test_each_wrong_account_is_named(tmp_path: Path) -> None:
    """Missing, mismatched, taken and unknown names, all at once."""
    (tmp_path / "diffy.toml").write_text(
        '[aws]\nregions = ["mars"]\n'
        '[[aws.accounts]]\nname = "all"\nid = "210987654321"\nrole_arn = "arn:aws:iam::111111111111:role/x"\n'
        '[[aws.accounts]]\nname = "prod"\nid = "1"\nrole = "x"\n',
        "utf-8",
    )

    problems = problems_of({}, tmp_path, need_slack=False)

    assert [problem.split()[0] for problem in problems] == [
        "aws.accounts[0].role_arn",
        "aws.accounts[0].name",
        "aws.accounts[1].id",
        "aws.accounts[1].id",
        "aws.accounts[1].role_arn",
        "aws.accounts[1].role",
        "aws.regions",
    ]
