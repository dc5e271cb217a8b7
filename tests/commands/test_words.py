"""Words as people and phones type them."""

from __future__ import annotations

import pytest

from bot.commands import COMMANDS, look_up
from bot.commands.analyze import read_method
from bot.commands.words import channel_id, sort_out, split, whole_number
from bot.errors import UsageError
from bot.model import Method


@pytest.mark.parametrize("dash", ["--", "—", "–", "−", "-", "―"])
def test_every_dash_a_phone_makes_begins_an_option(dash: str) -> None:
    """Phones turn two hyphens into one long dash; all of them mean an option."""
    words = sort_out(split(f"web-asg {dash}method peers"), options=("method",), usage="")

    assert words.plain == ("web-asg",)
    assert words.option("method") == "peers"


@pytest.mark.parametrize(("left", "right"), [('"', '"'), ("“", "”"), ("„", "“"), ("‘", "’"), ("«", "»")])
def test_every_quote_a_phone_makes_groups_words(left: str, right: str) -> None:
    """Curly quotes group words as straight ones do."""
    words = split(f"schedule web-asg {left}daily 06:00 UTC{right}")

    assert words == ("schedule", "web-asg", "daily 06:00 UTC")


def test_an_apostrophe_is_no_open_quote() -> None:
    """A single apostrophe does not swallow the rest, nor raise."""
    assert split("analyze web-asg --incident it's") == ("analyze", "web-asg", "--incident", "it's")


def test_slack_links_turn_back_to_what_was_typed() -> None:
    """Slack turns web.example into a link by itself; the target is what was typed."""
    assert split("analyze <http://web.example|web.example>") == ("analyze", "web.example")


def test_what_slack_escapes_is_read_as_typed() -> None:
    """Slack escapes & < > in a command; nothing is unescaped twice."""
    assert split("analyze a&amp;b &lt;x&gt; &amp;lt;") == ("analyze", "a&b", "<x>", "&lt;")


def test_options_may_be_written_bare_after_the_target() -> None:
    """`analyze web-asg incident SEC-1` needs no dashes; a target called like an option stays a target."""
    bare = sort_out(split("web-asg incident SEC-1"), options=("incident",), usage="")
    named_so = sort_out(split("incident"), options=("incident",), usage="")

    assert bare.option("incident") == "SEC-1"
    assert named_so.plain == ("incident",)


def test_an_unknown_option_gets_the_nearest_one() -> None:
    """The suggestion names the option that was probably meant, and the usage."""
    with pytest.raises(UsageError, match="Did you mean --method") as caught:
        sort_out(split("web-asg --metod peers"), options=("method", "pack"), usage="analyze <target>")

    assert "analyze <target>" in caught.value.hint


def test_an_option_without_value_says_so() -> None:
    """Neither the end nor another option is taken for a value."""
    for text in ("web-asg --pack", "web-asg --pack --method peers"):
        with pytest.raises(UsageError, match="--pack needs a value"):
            sort_out(split(text), options=("method", "pack"), usage="")


def test_cluster_is_another_word_for_peers() -> None:
    """The predecessor's word is understood; a wrong one gets a suggestion."""
    assert read_method("Cluster") is Method.PEERS
    with pytest.raises(UsageError, match="Did you mean baseline"):
        read_method("basline")


def test_a_wrong_command_gets_a_suggestion() -> None:
    """`/diffy analyse` is one letter off; an empty text is help."""
    with pytest.raises(UsageError, match="Did you mean analyze"):
        look_up("analyse web-asg")
    assert look_up("")[0] is COMMANDS["help"]
    assert look_up("ANALYZE web-asg")[0] is COMMANDS["analyze"]


def test_a_channel_is_read_from_slacks_markup() -> None:
    """`should_escape` turns #ops into <#C…|ops>; a name alone cannot be trusted to mean a channel."""
    assert channel_id("<#C0INCIDENT|incident>") == "C0INCIDENT"
    assert channel_id("C0INCIDENT") == "C0INCIDENT"
    with pytest.raises(UsageError, match="is not a channel"):
        channel_id("#ops")


def test_numbers_have_bounds() -> None:
    """A number out of bounds, or no number, names the bounds."""
    assert whole_number("3", "hosts", least=1, most=50) == 3
    for wrong in ("0", "51", "many", "-1", "３３３"):
        with pytest.raises(UsageError, match="from 1 to 50"):
            whole_number(wrong, "hosts", least=1, most=50)
