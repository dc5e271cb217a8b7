"""Is text that an attacker wrote made safe to show, without hiding what it was?"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hostile import clean, defang, label, said, size, visible

anything = st.text(st.characters(codec=None), max_size=200)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("nc -lvnp 4444", "nc -lvnp 4444"),
        ("a\nb\tc\rd", "a b c d"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("evil\u202egpj.exe", "evil\\u202egpj.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("blank\u3164", "blank\\u3164"),
        ("lone\ud800", "lone\\ud800"),
        ("straße 漢字 😀", "straße 漢字 😀"),
    ],
)
def test_what_cannot_be_seen_is_written_out(raw: str, shown: str) -> None:
    """Control, bidi, zero-width and other invisible characters are shown by their code; the rest stays."""
    assert visible(raw) == shown


def test_combining_marks_do_not_smear_over_other_lines() -> None:
    """At most three marks stay on a letter; the others are written out."""
    shown = visible("e" + "\u0301" * 5)

    assert shown == "e" + "\u0301" * 3 + "\\u0301\\u0301"


@pytest.mark.parametrize("text", ["x" * 3000, "😀" * 3000, "\u202e" * 3000])
def test_a_long_text_is_cut_and_says_how_much_is_missing(text: str) -> None:
    """The cut text fits the limit and ends with the number of characters left out."""
    shown = clean(text, 100)

    assert size(shown) <= 100
    kept, _, more = shown.partition("…(")
    left_out = int(more.removesuffix(" more)"))
    assert left_out + sum(visible(c) == visible(text[0]) for c in text[: 3000 - left_out]) == 3000
    assert kept == visible(text[: 3000 - left_out])


def test_a_limit_without_room_to_say_so_is_a_defect() -> None:
    """A caller cannot ask for a cut that would hide how much was cut."""
    with pytest.raises(ValueError, match="no room"):
        clean("x", 10)


@given(text=anything, limit=st.integers(24, 120))
def test_clean_text_is_bounded_visible_and_one_line(text: str, limit: int) -> None:
    """For any text, the result fits, is one line, encodes as UTF-8 and holds nothing invisible."""
    shown = clean(text, limit)

    assert size(shown) <= limit
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert shown.encode("utf-8").decode("utf-8") == shown


@given(text=anything)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """Text that passed once passes again unchanged, so that layers may both clean."""
    once = clean(text, 4000)

    assert clean(once, 4000) == once


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("see https://evil.example/x.sh now", "see hxxps[:]//evil[.]example/x.sh now"),
        ("HTTP://EVIL.EXAMPLE", "HXXP[:]//EVIL[.]EXAMPLE"),
        ("stratum+tcp://pool.evil.example:3333", "stratum+tcp[:]//pool[.]evil[.]example:3333"),
        ("evil.com and www.evil.example", "evil[.]com and www[.]evil[.]example"),
        ("mailto:a@evil.example", "mailto[:]a@evil[.]example"),
        ("auditd.service in /etc/x.conf", "auditd.service in /etc/x.conf"),
        ("libssl.so.3 3.0.2-0ubuntu1.12 10.0.1.17", "libssl.so.3 3.0.2-0ubuntu1.12 10.0.1.17"),
        ("/tmp/x.sh", "/tmp/x.sh"),
    ],
)
def test_addresses_are_defanged_and_other_names_are_not(raw: str, shown: str) -> None:
    """Web addresses and bare domains are no longer links; units, versions, addresses and paths stay readable."""
    assert defang(raw) == shown


@given(text=anything | st.sampled_from(["https://a.b.example/c", "www.x.example", "http://[.]"]))
def test_defanging_twice_is_defanging_once(text: str) -> None:
    """Layers may both defang."""
    once = defang(text)

    assert defang(once) == once


@pytest.mark.parametrize(
    "raw", ["<!channel>", "<@U0VICTIM>", "*bold*", "_it_", "`x`", ":tada:", "&lt;!here&gt;"]
)
def test_a_label_holds_no_markup(raw: str) -> None:
    """A name for a place where Slack parses markup keeps nothing that begins markup."""
    shown = label(raw)

    assert not set(shown) & set("<>*`:&~!")
    assert not shown.startswith("_")
    assert not shown.endswith("_")


def test_a_label_of_an_ordinary_name_is_the_name() -> None:
    """Group names as people give them are not changed."""
    assert label("web-asg_prod/eu (blue)") == "web-asg_prod/eu (blue)"


def test_said_cleans_then_defangs() -> None:
    """Host text for a sentence is both visible and no link."""
    assert said("x\u202e https://evil.example", 100) == "x\\u202e hxxps[:]//evil[.]example"
