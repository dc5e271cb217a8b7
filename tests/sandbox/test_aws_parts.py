"""The parts of the embedded AWS that need no server: cuts, sums and the clock."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from bot.sandbox.aws.agent import cut, merged
from bot.sandbox.aws.commands import Command, Invocation, describe_command
from bot.sandbox.aws.timeline import Timeline


class TestCuts:
    """Output as the API returns it."""

    def test_a_cut_can_split_a_character(self) -> None:
        """The limit is in bytes; the half that is left becomes a replacement character."""
        text = cut("é".encode() * 50, 50)

        assert text == "é" * 15 + "--output truncated--"
        assert cut("aé".encode() * 20, 50).startswith("aé" * 10)
        assert cut(b"x" * 50, 50) == "x" * 50

    def test_both_streams_share_the_list(self) -> None:
        """Under a heading, and what is too much of either is marked."""
        assert merged(b"out", b"") == "out"
        assert merged(b"out", b"err") == "out\n----------ERROR-------\nerr"
        long_error = merged(b"out", b"e" * 3000)
        long_output = merged(b"o" * 3000, b"err")
        assert (len(long_error), long_error[-25:]) == (2500, "ee\n---Error truncated----")
        assert (len(long_output), long_output[-24:]) == (2500, "o\n---Output truncated---")


def _command(*details: str, **more: Any) -> Command:
    command = Command(
        command_id="c",
        account="1",
        region="us-east-1",
        script="true",
        requested_at=0.0,
        delivery_timeout_s=60,
        execution_timeout_s=60,
        max_concurrency="50",
        max_errors="0",
        parameters={},
        targets=(),
        by_id=(),
        **more,
    )
    for number, detail in enumerate(details):
        command.invocations[f"i-{number}"] = Invocation(
            f"i-{number}", "", 0.0, detail, sent=detail != "Pending"
        )
    return command


class TestSums:
    """A whole command's status."""

    @pytest.mark.parametrize(
        ("details", "status", "shown"),
        [
            (["Pending", "Pending"], "Pending", "Pending"),
            (["Success", "Pending"], "InProgress", "InProgress"),
            (["Success", "Success"], "Success", "Success"),
            (["Success", "Failed", "DeliveryTimedOut"], "Failed", "Failed"),
            (["Success", "ExecutionTimedOut"], "TimedOut", "ExecutionTimedOut"),
            (["DeliveryTimedOut", "AccessDenied"], "TimedOut", "DeliveryTimedOut"),
            (["Success", "AccessDenied"], "Failed", "Incomplete"),
            ([], "Success", "NoInstancesInTag"),
        ],
    )
    def test_the_worst_host_decides(self, details: list[str], status: str, shown: str) -> None:
        """Once all have ended."""
        told = describe_command(_command(*details))

        assert (told["Status"], told["StatusDetails"]) == (status, shown)

    def test_a_cancelled_command_is_cancelling_until_all_have_ended(self) -> None:
        """Then it is Cancelled."""
        assert describe_command(_command("InProgress", "Cancelled", cancelled=True))["Status"] == "Cancelling"
        assert describe_command(_command("Success", "Cancelled", cancelled=True))["Status"] == "Cancelled"

    @pytest.mark.parametrize(("limit", "hosts"), [("0", 0), ("0%", 0), ("1%", 1), ("50%", 2), ("7", 7)])
    def test_limits_are_counts_or_shares(self, limit: str, hosts: int) -> None:
        """A share above none is at least one host."""
        assert _command("Pending", "Pending", "Pending", "Pending").allowed(limit) == hosts


class TestTimeline:
    """The simulated service's clock."""

    def test_steps_happen_in_the_order_of_their_times(self) -> None:
        """Whatever order they were given in, and even after one failed."""
        timeline = Timeline(speed=100)
        seen: list[str] = []
        done = threading.Event()

        def end() -> None:
            seen.append("last")
            done.set()

        timeline.later(6, end)
        timeline.later(4, lambda: seen.append("second"))
        timeline.later(2, lambda: seen.append("first"))
        timeline.later(0, lambda: next(iter([])))

        done.wait(30)
        timeline.close()

        assert seen == ["first", "second", "last"]

    def test_what_is_due_after_the_end_never_happens(self) -> None:
        """Closing forgets it."""
        timeline = Timeline(speed=1)
        seen: list[str] = []
        timeline.later(3600, lambda: seen.append("late"))

        timeline.close()

        assert seen == []
