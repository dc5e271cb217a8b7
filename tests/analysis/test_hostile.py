"""Host output is hostile: does any text stop a judgement?"""

from __future__ import annotations

import pytest

from bot.analysis import judge
from tests.analysis.cases import case, honest

NO_NUMBERS = ["²", "٣", "9" * 5_000, "-1", "1e9", "0x10", ""]


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_only_looks_like_a_number_stops_nothing(text: str) -> None:
    """A digit is not always a number: "²" is none, and one of five thousand digits is none that Python reads."""
    hosts = honest(5)
    hosts[0][1]["listening_ports"].append({"port": text, "address": text, "process_path": "/usr/sbin/sshd"})
    hosts[0][1]["kernel_controls"] = [
        {"name": name, "current_value": text} for name in ("kernel.tainted", "kernel.randomize_va_space")
    ]
    hosts[0][1]["host_facts"][0]["uptime_s"] = text

    report = judge(case(hosts))

    assert len(report.hosts) == 5
