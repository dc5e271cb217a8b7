"""Does an answer of 3 MB, packed, come back whole, and at what cost? Run: python -m benchmarks.large_answer

Against the embedded AWS, with real shells, sixty times faster than life. AWS itself takes one to a few seconds a command,
of which four are on their way at once.
"""

from __future__ import annotations

import base64
import os
import random
import sys
import tempfile
import time
from pathlib import Path

from bot.adapters.aws_inventory import AwsInventory
from bot.adapters.aws_session import connect
from bot.adapters.aws_ssm import SsmCollector
from bot.adapters.clock import SystemClock
from bot.collection import script
from bot.model import Asker, Missed, Pack, Query, SentCommand, Snapshot, Target, TargetKind
from bot.ports import Errand
from bot.sandbox.aws.embedded import BUCKET, EmbeddedAws

ROWS, ROW_BYTES = 1_500, 2_000
PACK = Pack("large", "one large answer", (Query("crontab", "SELECT path, command FROM crontab", "size"),))


def main() -> int:
    """Print a line for each way, and return 1 when anything is not whole."""
    noise = [base64.b64encode(random.Random(n).randbytes(ROW_BYTES)).decode() for n in range(ROWS)]
    wrong = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        EmbeddedAws.start(Path(folder), fleet="tiny", speed=60.0) as embedded,
    ):
        os.environ |= embedded.env
        aws = connect()
        name = next(iter(embedded.groups))
        for host in embedded.ids(name)[:1]:
            embedded.add_rows(host, "crontab", [{"path": "/large", "command": text} for text in noise])
        for bucket in (BUCKET, None):
            group = AwsInventory(aws).resolve(Target(TargetKind.GROUP, (name,)), Asker("run-1", "benchmark"))
            found: list[Snapshot | Missed] = []
            sent: list[SentCommand] = []
            before, began = aws.calls.by_name(), time.monotonic()
            errand = Errand(Asker("run-1", "benchmark"), 600.0, note=sent.append)
            SsmCollector(aws, output_bucket=bucket, clock=SystemClock()).collect(
                group, PACK, errand, deliver=found.append
            )
            took = time.monotonic() - began
            calls = {
                key: count - before.get(key, 0)
                for key, count in aws.calls.by_name().items()
                if count > before.get(key, 0) and key.startswith(("ssm:", "s3:"))
            }
            came = sorted(
                row["command"]
                for outcome in found
                if isinstance(outcome, Snapshot)
                for answer in outcome.answers
                for row in answer.rows
            )
            whole = came == sorted(noise) and len(found) == len(group.hosts)
            time.sleep(3)
            left = len(list(Path(folder).glob("hosts/*/tmp/*")))
            wrong += not whole or left > 0
            print(
                f"{'with a bucket' if bucket else 'without'}: {ROWS * ROW_BYTES / 1e6:.1f} MB of noise,"
                f" {'whole' if whole else 'NOT WHOLE'}; {len(sent)} commands, {took:.1f} s, left on hosts: {left};"
                f" {', '.join(f'{key} {count}' for key, count in sorted(calls.items()))}"
            )
    print(f"a piece holds {script.PIECE_BYTES} bytes; most without a bucket: {script.MOST_KEPT}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
