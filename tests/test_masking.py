"""What looks like a secret is not shown; everything else stays readable.

Examples are assembled at run time, so that nothing in this file looks like a real secret.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.masking import MASK, mask_row, mask_text

WORD = "Zq7" + "x9Kp" * 4
EXAMPLES = (
    f"curl -H 'Authorization: Bearer {WORD}' https://api.example",
    f"mysqldump -u root -p{WORD} shop",
    f"mysql --password={WORD} shop",
    f"app --db-password {WORD} --verbose",
    f"app --api-key={WORD}",
    f"DB_PASSWORD={WORD} /opt/app/bin/web",
    f"export AWS_SECRET_ACCESS_KEY={WORD}{WORD}",
    f"postgres://shop:{WORD}@db.internal:5432/shop",
    f"curl -u admin:{WORD} https://db.internal",
    f"redis-cli -a {WORD} ping",
    f"sshpass -p{WORD} ssh ubuntu@10.0.0.3",
    f'{{"client_secret": "{WORD}"}}',
    f"token: {WORD}",
    "notify https://hooks.slack.com/" + f"services/T00/B00/{WORD}",
)
STANDALONE = (
    "AK" + "IA" + "Q" * 16,
    "xo" + "xb-" + "1234567890-" + WORD,
    "gh" + "p_" + WORD * 2,
    "ey" + "J" + "hbGciOiJI" + "." + WORD + "." + WORD,
    "sk" + "_live_" + WORD,
)


@pytest.mark.parametrize("text", EXAMPLES)
def test_a_secret_in_a_command_line_is_masked_and_the_rest_stays(text: str) -> None:
    """The value goes, the program and its options stay."""
    shown = mask_text(text)

    assert WORD not in shown
    assert MASK in shown
    assert shown.split()[0].split("=")[0].split(":")[0] == text.split()[0].split("=")[0].split(":")[0]


@pytest.mark.parametrize("token", STANDALONE)
def test_a_token_with_a_known_form_is_masked_wherever_it_stands(token: str) -> None:
    """Tokens that announce themselves need no word beside them."""
    shown = mask_text(f"run --with {token} now")

    assert token not in shown
    assert shown.startswith("run --with ")


def test_a_private_key_block_is_masked_even_when_it_is_cut_off() -> None:
    """Host output is cut at limits; the first half of a key is a secret too."""
    begin = "-----BEGIN " + "RSA PRIVATE " + "KEY-----"

    assert mask_text(f"x {begin}\nMIIE{WORD}") == f"x {MASK}"


@pytest.mark.parametrize(
    "text",
    [
        "/usr/sbin/nginx -g 'daemon off;'",
        "sshd: alice [priv]",
        "/opt/app/bin/web --config /etc/web/prod.yml --release 4.17.2",
        "app --password-file /etc/app/password --token /run/token",
        "/usr/bin/passwd alice",
        "ssh -p 22 ubuntu@10.0.0.3",
        "rsync -p /a /b",
        "https://example.org:8443/path@2",
        "--monkey business",
        "PasswordAuthentication no",
    ],
)
def test_ordinary_command_lines_are_left_alone(text: str) -> None:
    """A mask where no secret is would hide what the responder compares."""
    assert mask_text(text) == text


def test_digests_and_paths_in_a_row_are_left_alone() -> None:
    """Digests of files and of login keys are what is compared."""
    row = {
        "path": "/etc/token=abc",
        "sha256": "a" * 64,
        "key_sha256": "b" * 64,
        "comment": "alice@laptop",
        "cmdline": f"x --token={WORD}",
    }

    shown = mask_row(row)

    assert shown == {**row, "cmdline": f"x --token={MASK}"}


def test_an_environment_row_is_masked_by_the_name_of_its_variable() -> None:
    """The value alone does not say that it is a secret; the variable's name does."""
    assert mask_row({"key": "DB_PASSWORD", "value": "hunter"})["value"] == MASK
    assert mask_row({"key": "LD_PRELOAD", "value": "/tmp/x.so"})["value"] == "/tmp/x.so"
    assert mask_row({"key": "SECRET", "value": ""})["value"] == ""


@given(st.text(max_size=300))
def test_masking_twice_is_masking_once(text: str) -> None:
    """A masked text holds nothing more to mask."""
    once = mask_text(text)

    assert mask_text(once) == once


@given(
    name=st.sampled_from(
        ["password", "API_KEY", "client-secret", "db.token", "AWS_SECRET_ACCESS_KEY", "--passwd"]
    ),
    joint=st.sampled_from(["=", ": ", " = "]),
    secret=st.text(alphabet="ABCDEFGHJKmnpqrstuvwxyz23456789+/_", min_size=8, max_size=60).filter(
        lambda s: not s.startswith("/")
    ),
    around=st.sampled_from(["", "run ", "x; ", "a='b' "]),
)
def test_what_follows_the_name_of_a_secret_never_shows(
    name: str, joint: str, secret: str, around: str
) -> None:
    """Whatever the secret, its name gives it away."""
    assert secret not in mask_text(f"{around}{name}{joint}{secret} --rest")


@pytest.mark.parametrize(
    "piece",
    [
        "password",
        "token=",
        "--pass-",
        "a" * 7,
        "mysql ",
        "curl ",
        "://",
        "-----BEGIN ",
        "bearer ",
        "key-",
        "eyJaaaaaaaaa.",
        "_",
        "'",
    ],
)
def test_hostile_text_comes_to_an_end(piece: str) -> None:
    """A pattern that backtracks without bound would never return from 200 kB of its own beginning."""
    text = piece * (200_000 // len(piece))

    assert mask_text(text).count(piece[:1]) <= text.count(piece[:1]) + MASK.count(piece[:1]) * len(text)
