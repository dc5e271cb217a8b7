"""Who may do what, where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Refused
from bot.workflows.access import Access, Action, Person, Place

MEMBER = Person("U0MEMBER", full_member=True)
GUEST = Person("U0GUEST", full_member=False)
UNKNOWN = Person("U0UNKNOWN", full_member=None)
INCIDENT = Place("C0INCIDENT", shared=False)
SHARED = Place("C0SHARED", shared=True)
UNSEEN = Place("C0UNSEEN", shared=None)
DIRECT = Place("D0DIRECT", shared=False)
ALL = frozenset("*")


def refusal(access: Access, action: Action, person: Person, place: Place) -> Refused:
    """The refusal that the person gets."""
    with pytest.raises(Refused) as caught:
        access.may(action, person, place)
    return caught.value


def test_nothing_configured_refuses_everything() -> None:
    """Each refusal names the setting that is missing."""
    nothing, no_people = Access(), Access(channels=ALL)

    assert "DIFFY_CHANNELS" in refusal(nothing, "analyze", MEMBER, INCIDENT).hint
    assert refusal(nothing, "analyze", MEMBER, INCIDENT).message == "No channel may use Diffy yet."
    assert refusal(no_people, "analyze", MEMBER, INCIDENT).message == "Nobody may analyse yet."
    assert "DIFFY_ANALYSTS" in refusal(no_people, "analyze", MEMBER, INCIDENT).hint
    assert "DIFFY_APPROVERS" in refusal(no_people, "change", MEMBER, INCIDENT).hint


def test_the_star_means_full_members_and_internal_channels() -> None:
    """Guests and shared channels are refused in any case unless named."""
    access = Access(analysts=ALL, approvers=ALL, channels=ALL)

    access.may("analyze", MEMBER, INCIDENT)
    access.may("change", MEMBER, INCIDENT)

    assert "Guests may not analyse" in refusal(access, "analyze", GUEST, INCIDENT).message
    assert "Guests may not change" in refusal(access, "change", GUEST, INCIDENT).message
    assert "another organisation" in refusal(access, "analyze", MEMBER, SHARED).message


def test_the_star_waits_for_what_is_not_known_yet() -> None:
    """Not in the cache yet: never let in on a guess, and told to try again."""
    access = Access(analysts=ALL, channels=ALL)

    assert "Try again" in refusal(access, "analyze", UNKNOWN, INCIDENT).hint
    assert "Try again" in refusal(access, "analyze", MEMBER, UNSEEN).hint


def test_named_ones_need_nothing_else_to_be_known() -> None:
    """A named person in a named channel works at once after a start, guest or shared or not."""
    access = Access(
        analysts=frozenset({"U0GUEST", "U0UNKNOWN"}), channels=frozenset({"C0SHARED", "C0UNSEEN", "D0DIRECT"})
    )

    for person in (GUEST, UNKNOWN):
        for place in (SHARED, UNSEEN, DIRECT):
            access.may("analyze", person, place)


def test_guests_and_shared_channels_may_be_covered_by_the_star() -> None:
    """The lists `guests` and `shared_channels` let the star cover exactly those, and give no right by themselves."""
    exempt = Access(
        analysts=ALL, channels=ALL, guests=frozenset({"U0GUEST"}), shared_channels=frozenset({"C0SHARED"})
    )
    narrow = replace(exempt, analysts=frozenset({"U0OTHER"}))
    elsewhere = replace(exempt, channels=frozenset({"C0INCIDENT"}))

    exempt.may("analyze", GUEST, SHARED)

    assert refusal(narrow, "analyze", GUEST, SHARED).message == "You may not analyse."
    assert "this channel" in refusal(elsewhere, "analyze", GUEST, SHARED).message


def test_a_direct_message_has_to_be_named() -> None:
    """Nobody else sees what is asked there, so the star does not cover it."""
    access = Access(analysts=ALL, channels=ALL)

    assert "direct message" in refusal(access, "analyze", MEMBER, DIRECT).message


def test_the_rights_do_not_imply_each_other() -> None:
    """An analyst may not change a baseline, and an approver may not analyse, unless listed for it."""
    access = Access(
        analysts=frozenset({"U0MEMBER"}),
        approvers=frozenset({"U0APPROVER"}),
        channels=frozenset({"C0INCIDENT"}),
    )

    access.may("analyze", MEMBER, INCIDENT)
    access.may("change", Person("U0APPROVER"), INCIDENT)

    assert refusal(access, "change", MEMBER, INCIDENT).hint == "Ask <@U0APPROVER> (setting: DIFFY_APPROVERS)."
    assert refusal(access, "analyze", Person("U0APPROVER", full_member=True), INCIDENT).hint == (
        "Ask <@U0MEMBER> (setting: DIFFY_ANALYSTS)."
    )


def test_a_refusal_says_whom_to_ask() -> None:
    """The operator's contact, else at most three who have the right, else whoever runs Diffy; and where it works."""
    many = Access(analysts=frozenset({"U0A", "U0B", "U0C", "U0D"}), channels=frozenset({"C0INCIDENT"}))
    reachable = Access(analysts=frozenset({"U0A"}), channels=ALL, contact="#security-help")

    assert refusal(many, "analyze", MEMBER, INCIDENT).hint == (
        "Ask <@U0A> or <@U0B> or <@U0C> (setting: DIFFY_ANALYSTS)."
    )
    assert refusal(many, "analyze", MEMBER, SHARED).hint == (
        "Use it in <#C0INCIDENT>. Ask whoever runs Diffy here (setting: DIFFY_CHANNELS)."
    )
    assert (
        refusal(reachable, "analyze", MEMBER, INCIDENT).hint
        == "Ask #security-help (setting: DIFFY_ANALYSTS)."
    )
