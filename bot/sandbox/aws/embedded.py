"""How is the embedded AWS started, steered and ended from another process?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

REGION = "us-east-1"
BUCKET = "diffy-output"
_ROOT = Path(__file__).resolve().parents[3]
_OPENER = build_opener(ProxyHandler({}))  # never through a proxy: it is this machine


class EmbeddedAws:
    """A running embedded AWS. It ends with ``close``, and by itself when this process ends.

    Attributes:
        url: ``http://127.0.0.1:PORT``.
        directory: Holds ``hosts/INSTANCE_ID`` with each host's ``tmp``.
        groups: What was planted: group name to a list, in the order of the plan, of objects with
            ``instance_id``, ``private_ip``, ``launch_template_version``, ``manner``, and what the plan says besides.
    """

    def __init__(self, process: subprocess.Popen[str], ready: Mapping[str, Any], directory: Path) -> None:
        self._process = process
        self.directory = directory
        self.url: str = ready["url"]
        self.groups: dict[str, list[dict[str, Any]]] = ready["groups"]

    @classmethod
    def start(
        cls, directory: Path, *, fleet: str = "demo", seed: int = 7, speed: float = 1.0, port: int = 0
    ) -> Self:
        """Start the process and wait until it answers.

        Args:
            directory: For the hosts' databases and working folders, and the server's log; made if missing.
            fleet: ``demo`` (web-asg and api-asg); ``tiny``: three hosts with few tables, for tests; or
                ``many:N``: N hosts in one group, most of which are twins and answer alike.
            seed: The same seed gives the same instance ids, addresses and rows.
            speed: How many times faster than life the simulated waits are.
            port: 0 takes a free one.

        Raises:
            RuntimeError: The process ended before it was ready; the text holds the end of its log.
        """
        directory.mkdir(parents=True, exist_ok=True)
        log = directory / "aws.log"
        arguments = ["--data", str(directory.resolve()), "--fleet", fleet, "--seed", str(seed)]
        arguments += ["--speed", str(speed), "--port", str(port)]
        with log.open("w") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot.sandbox.aws", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=err,
                text=True,
                cwd=_ROOT,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            _close_pipes(process)
            raise RuntimeError(f"the embedded AWS did not start:\n{log.read_text()[-2000:]}")
        return cls(process, json.loads(line), directory)

    @property
    def env(self) -> dict[str, str]:
        """Environment variables that point boto3 and Diffy here. The credentials are moto's dummies."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "DIFFY_OUTPUT_BUCKET": BUCKET,
        }

    def ids(self, group: str) -> list[str]:
        """The instance ids of a planted group, in the order of the plan."""
        return [host["instance_id"] for host in self.groups[group]]

    def set_host(self, instance_id: str, **manner: object) -> None:
        """Change how a host behaves from now on: the fields of ``hosts.Manner``."""
        self._call("PUT", f"/_sandbox/hosts/{instance_id}", manner)

    def set_api(self, **faults: object) -> None:
        """Change how the API behaves from now on: the fields of ``api_faults.ApiFaults.set``."""
        self._call("PUT", "/_sandbox/api", faults)

    def add_rows(self, instance_id: str, table: str, rows: Sequence[Mapping[str, str]]) -> None:
        """Add rows to a host's osquery table."""
        self._call("POST", f"/_sandbox/hosts/{instance_id}/rows", {"table": table, "add": list(rows)})

    def remove_rows(self, instance_id: str, table: str, where: Mapping[str, str]) -> int:
        """Remove the rows of a host's table that equal ``where``; return how many there were."""
        body = {"table": table, "remove": dict(where)}
        return int(self._call("POST", f"/_sandbox/hosts/{instance_id}/rows", body)["removed"])

    def calls(self) -> dict[str, int]:
        """How often each API action was asked for since the start, refused calls too: ``{"SendCommand": 3}``."""
        counts: dict[str, int] = self._call("GET", "/_sandbox/state", None)["calls"]
        return counts

    def commands(self) -> list[dict[str, Any]]:
        """Every SendCommand since the start, oldest first, whole: what CloudTrail and the command history would keep."""
        sent: list[dict[str, Any]] = self._call("GET", "/_sandbox/commands", None)
        return sent

    def last_answer_at(self) -> float:
        """When the last host so far ended its command, as SSM knows it: seconds since 1970, 0 before any did."""
        return float(self._call("GET", "/_sandbox/state", None)["last_end"])

    @property
    def cpu_s(self) -> float:
        """Seconds of processor time that its process has used, its hosts' scripts not counted. Linux only."""
        words = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the process and everything that it runs. Twice is once."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        _close_pipes(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, method: str, path: str, body: object) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data=data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with _OPENER.open(request, timeout=30) as answer:
                return json.load(answer)
        except HTTPError as error:
            with error:
                raise ValueError(error.read().decode()) from error


def _close_pipes(process: subprocess.Popen[str]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
