"""The doctor over the embedded AWS and a local Slack: one right set-up, and broken ones, word by word.

The outputs are kept in tests/golden/doctor_*.txt; DIFFY_GOLDEN=write renews them. Read them before you accept a change.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from bot import cli, packs
from bot.collection import document
from bot.sandbox.aws import EmbeddedAws
from bot.sandbox.aws.embedded import BUCKET
from bot.sandbox.slack.local import LocalSlack
from bot.sandbox.slack.state import SCOPES
from bot.workflows import mending
from tests.adapters.aws import dummy
from tests.whole.stage import ROOT

pytestmark = pytest.mark.slow
GOLDEN = ROOT / "tests" / "golden"
NAME = f"Diffy-{packs.DEFAULT}"
CONTENT = document.content(packs.load(packs.DEFAULT))
Doctor = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An AWS as deploy/template.yaml leaves it."""
    with EmbeddedAws.start(tmp_path_factory.mktemp("aws"), fleet="tiny", speed=20.0) as running:
        s3, ssm, ec2 = (client(running, service) for service in ("s3", "ssm", "ec2"))
        ssm.create_document(Name=NAME, Content=CONTENT, DocumentType="Command", DocumentFormat="JSON")
        tag(running, ec2.create_tags)
        encrypt(s3)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        blocks = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(blocks, True))
        rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "diffy/"}, "Expiration": {"Days": 14}}
        s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration={"Rules": [rule]})
        yield running


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


def client(embedded: EmbeddedAws, service: str) -> Any:
    session = boto3.Session(
        aws_access_key_id="testing", aws_secret_access_key="testing", region_name="us-east-1"
    )
    return session.client(service, endpoint_url=embedded.url)  # type: ignore[call-overload]


def ids(embedded: EmbeddedAws) -> list[str]:
    return embedded.ids(next(iter(embedded.groups)))


def tag(embedded: EmbeddedAws, change: Callable[..., Any], *, hosts: int = 3) -> None:
    change(Resources=ids(embedded)[:hosts], Tags=[{"Key": "diffy", "Value": "enabled"}])


def encrypt(s3: Any) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [rule]})


@pytest.fixture
def doctor(
    embedded: EmbeddedAws,
    slack: LocalSlack,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> Doctor:
    """Run the command here, in little time; settings can be changed by name."""
    dummy(monkeypatch)
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("DIFFY_", "SLACK_"))]:
        if name != "DIFFY_GOLDEN":
            monkeypatch.delenv(name)

    def visit(*arguments: str, **env: str) -> tuple[int, str]:
        right = {"DIFFY_DOCUMENT": "Diffy-{pack}", "DIFFY_CHANNELS": slack.channel}
        for name, value in (embedded.env | slack.env | right | env).items():
            monkeypatch.setenv(name, value)
        code = cli.main(["doctor", next(iter(embedded.groups)), *arguments])
        return code, capsys.readouterr().out

    return visit


def same_as_kept(name: str, text: str) -> bool:
    text = re.sub(r"\b[0-9a-f]{12}…", "0123456789ab…", text)  # hashes change with each word of the script
    kept = GOLDEN / f"doctor_{name}.txt"
    if os.environ.get("DIFFY_GOLDEN") == "write":
        kept.write_text(text)
    assert text == kept.read_text()
    return True


def test_a_right_set_up(doctor: Doctor) -> None:
    """Nothing is wrong and nothing unknown; the hosts were asked over the document itself."""
    code, text = doctor()

    assert code == 0
    assert same_as_kept("right", text)


def test_no_document(doctor: Doctor) -> None:
    """The command makes it."""
    code, text = doctor("--no-ask", DIFFY_DOCUMENT="Diffy-of-nobody")

    assert code == 1
    assert same_as_kept("no_document", text)


def test_another_text_under_the_documents_name(doctor: Doctor, embedded: EmbeddedAws) -> None:
    """Somebody made a document of the same name that does something else: nothing is run, and it is said."""
    ssm = client(embedded, "ssm")
    other = CONTENT.replace("umask 077", "umask 022")
    ssm.create_document(Name="Changed", Content=other, DocumentType="Command", DocumentFormat="JSON")

    code, text = doctor(DIFFY_DOCUMENT="Changed")

    assert code == 1
    assert same_as_kept("other_document", text)


def test_a_version_that_is_not_there(doctor: Doctor, tmp_path: Path) -> None:
    """The newest is named."""
    (tmp_path / "diffy.toml").write_text('[collect]\ndocument_version = "7"\n')

    code, text = doctor("--no-ask")

    assert code == 1
    assert "has no version 7; the newest is 1." in text
    assert '[collect] document_version = "1"' in text


def test_an_open_bucket(doctor: Doctor, embedded: EmbeddedAws) -> None:
    """Made by hand, without anything: each lack has its command."""
    client(embedded, "s3").create_bucket(Bucket="made-by-hand")

    code, text = doctor("--no-ask", DIFFY_OUTPUT_BUCKET="made-by-hand")

    assert code == 1
    assert same_as_kept("open_bucket", text)


def test_no_bucket(doctor: Doctor) -> None:
    """The stack makes it with all that belongs to it."""
    code, text = doctor("--no-ask", DIFFY_OUTPUT_BUCKET="nobodys-bucket")

    assert code == 1
    assert same_as_kept("no_bucket", text)


def test_hosts_that_cannot_be_asked(doctor: Doctor, embedded: EmbeddedAws) -> None:
    """Not registered, offline, without the tag: named, each for its own reason."""
    first, second, third = ids(embedded)
    embedded.set_host(first, ping="absent")
    embedded.set_host(second, ping="ConnectionLost")
    ec2 = client(embedded, "ec2")
    tag(embedded, ec2.delete_tags)
    ec2.create_tags(Resources=[first, second], Tags=[{"Key": "diffy", "Value": "enabled"}])

    code, text = doctor("--no-ask")
    embedded.set_host(first, ping="Online")
    embedded.set_host(second, ping="Online")
    tag(embedded, ec2.create_tags)

    assert code == 1
    assert f"{third}." in text
    assert same_as_kept("hosts", text)
    assert (GOLDEN / "doctor_hosts.txt").read_text() in (ROOT / "docs" / "operations.md").read_text()


def test_a_host_without_osquery(doctor: Doctor, embedded: EmbeddedAws) -> None:
    """Found by asking, over the same way as a run."""
    first = ids(embedded)[0]
    embedded.set_host(first, manner="no_osquery")

    code, text = doctor()
    embedded.set_host(first, manner="")

    assert code == 1
    assert f"1 of 3 hosts did not answer: {first} (no osquery)." in " ".join(text.split())


def test_a_scope_and_two_channels_are_missing(
    doctor: Doctor, slack: LocalSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is good, the app was installed from an older manifest, and nobody invited the bot."""
    with LocalSlack(scopes=SCOPES - {"files:write", "groups:read"}) as older:
        channels = ",".join((older.channel, older.channel_without_bot, older.private_without_bot))

        code, text = doctor("--no-ask", **older.env, DIFFY_CHANNELS=channels)

    assert code == 1
    assert same_as_kept("slack", text)


def test_a_wrong_token(doctor: Doctor) -> None:
    """Slack refuses it: no scope and no channel is looked at."""
    code, text = doctor("--no-ask", SLACK_BOT_TOKEN="xoxb-of-nobody")

    assert code == 1
    assert "Slack refused the call (invalid_auth)." in text
    assert "slack scopes" not in text


def test_expired_credentials(doctor: Doctor, embedded: EmbeddedAws) -> None:
    """Nothing else of AWS can be known; Slack still can."""
    embedded.set_api(expired_credentials=True)

    code, text = doctor()
    embedded.set_api(expired_credentials=False)

    assert code == 1
    assert same_as_kept("expired", text)


def test_json_holds_the_same(doctor: Doctor) -> None:
    """For a pipeline: each check with its outcome, and the same exit code."""
    code, text = doctor("--no-ask", "--json", DIFFY_DOCUMENT="Diffy-of-nobody")

    told = json.loads(text)
    assert code == 1
    assert told["schema"] == "diffy.checkup/1"
    (wrong,) = [check for check in told["checks"] if check["outcome"] == "wrong"]
    assert wrong["name"] == "document"
    assert wrong["mend"] == mending.create_document("Diffy-of-nobody", packs.DEFAULT)
