"""Does anything that others can read hold a credential or what a host said: command parameters, comments, S3 keys, logs?

Command parameters and comments are kept for weeks by AWS, keys show in listings, logs are shipped elsewhere.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from bot.sandbox.aws.embedded import BUCKET, REGION
from bot.sandbox.slack.workspace import APPROVER
from tests.whole.stage import Stage, shown, stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def credentials() -> dict[str, str]:
    """Made when the test runs: in no file of the repository, and found only where they leak to."""
    return {
        "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20),
        "AWS_SESSION_TOKEN": secrets.token_hex(40),
    }


@pytest.fixture(scope="module")
def said() -> str:
    return f"canary{secrets.token_hex(8)}"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, credentials: dict[str, str], said: str) -> Iterator[Stage]:
    """A run, a baseline and a run that fails: hosts that answer, that lie, and that fail."""
    with stage(tmp_path_factory.mktemp("leaks"), fleet="many:4", extra=credentials) as running:
        first, second, third, _ = running.aws.ids("many-asg")
        for host in (first, second, third):
            running.aws.add_rows(
                host,
                "processes",
                [
                    {
                        "pid": "777",
                        "name": said,
                        "path": f"/tmp/{said}",
                        "cmdline": f"{said} --password {said}",
                    }
                ],
            )
        running.aws.set_host(second, osquery={"crash_on": "FROM crontab", "noise": True})
        running.aws.set_host(third, manner="lie")
        running.type("analyze many-asg")
        running.message_with("run_again")
        running.type(f"baseline many-asg --from {first}", user=APPROVER.id)
        running.idle()
        running.aws.set_api(expired_credentials=True)
        running.type("analyze many-asg")
        running.idle()
        running.aws.set_api(expired_credentials=False)
        yield running


def secrets_of(up: Stage, credentials: dict[str, str]) -> dict[str, str]:
    """Every secret that the bot was given, by name; Slack's are those of this run's local Slack."""
    slack = {name: up.env[name] for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN") if up.env.get(name)}
    return {**credentials, **slack}


def test_the_canaries_are_alive(up: Stage, credentials: dict[str, str], said: str) -> None:
    """What is looked for was really there: the bot had the secrets, and the channel shows what the host said."""
    assert len(secrets_of(up, credentials)) == 4
    assert credentials.items() <= up.env.items()
    replies = [reply for parent in up.parents() for reply in up.slack.thread(parent.channel, parent.ts)]
    assert any(said in shown(message) for message in (*up.parents(), *replies))


def test_no_command_holds_a_secret_or_what_a_host_said(
    up: Stage, credentials: dict[str, str], said: str
) -> None:
    """All of each SendCommand: parameters, comment, prefix."""
    sent = [json.dumps(command) for command in up.aws.commands()]

    assert len(sent) >= 2
    for canary in (*secrets_of(up, credentials).values(), said, *credentials):
        assert not [command for command in sent if canary in command], canary


def test_no_key_in_the_bucket_holds_a_secret_or_what_a_host_said(
    up: Stage, credentials: dict[str, str], said: str
) -> None:
    """Keys are made of run, command and host."""
    s3 = boto3.client(
        "s3",
        region_name=REGION,
        endpoint_url=up.aws.url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )

    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    assert keys
    for canary in (*secrets_of(up, credentials).values(), said):
        assert not [key for key in keys if canary in key], canary


def test_no_log_line_holds_a_secret_or_what_a_host_said(
    up: Stage, credentials: dict[str, str], said: str
) -> None:
    """The bot's own log, with a run that failed in it."""
    log = up.bot.said()

    assert log
    for canary in (*secrets_of(up, credentials).values(), said):
        assert not [line for line in log.splitlines() if canary in line], canary


def test_no_file_of_the_data_folder_holds_a_secret(up: Stage, credentials: dict[str, str]) -> None:
    """What hosts said belongs there; credentials do not."""
    files = [path for path in Path(up.env["DIFFY_DATA_DIR"]).rglob("*") if path.is_file()]

    assert files
    for name, canary in secrets_of(up, credentials).items():
        assert not [path for path in files if canary.encode() in path.read_bytes()], name
