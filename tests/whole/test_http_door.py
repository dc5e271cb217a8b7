"""The whole path over signed HTTP."""

from __future__ import annotations

import contextlib
import random
import socket
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bot.sandbox.aws import EmbeddedAws
from tests.whole.stage import PATIENCE_S, Stage, check, patient_slack, shown

pytestmark = pytest.mark.slow


def free_port() -> int:
    """Below those that the kernel gives to any other program of this machine until the bot listens."""
    given = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(10_000, max(given, 20_000)), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports were taken")


def test_an_analysis_over_signed_http(tmp_path: Path) -> None:
    """Command, verdict, press and modal over HTTP; an unsigned or wrongly signed request is refused."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with (
        EmbeddedAws.start(tmp_path / "aws", fleet="tiny") as aws,
        patient_slack(mode="http") as slack,
    ):
        slack.deliver_to(f"{base}/slack/events")
        up = Stage(aws, slack, tmp_path, {"PORT": str(port)})
        try:
            for _ in range(int(PATIENCE_S * 10)):
                if "ready (HTTP" in up.bot.said():
                    break
                time.sleep(0.1)
            with urllib.request.urlopen(f"{base}/healthz", timeout=60) as healthy:
                health = healthy.read()
            forged = urllib.request.Request(
                f"{base}/slack/events",
                data=b"command=%2Fdiffy&text=status",
                headers={"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=0"},
            )
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(forged, timeout=60)
            refused.value.close()

            up.type(f"analyze {next(iter(aws.groups))}")
            parent = up.message_with("drill_down")
            up.press(parent, "drill_down")
            view = up.view()

            assert health == b"ok\n"
            assert refused.value.code == 401
            assert next(iter(aws.groups)) in shown(parent)
            assert view.title
        finally:
            code = up.bot.terminate()
        assert code == 0
        check(up)
