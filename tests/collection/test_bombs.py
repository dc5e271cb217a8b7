"""Is the memory bounded that a host's output can cost, whatever it sends?"""

from __future__ import annotations

import subprocess
import sys

import pytest

MOST_MB = 400
"""Peak resident memory in which any output is read: 64 MiB unpacked, its base64, and the interpreter."""

_READ = """
import base64, gzip, hashlib, sys, zlib
from bot.collection import answer
from tests.collection.hosts import AT, HOST, RUN, pack, query
from tests.collection.output import BATCH, LOST, section

def wrapped(packed, parts=3):
    return (b"DIFFY-BEGIN 1 run=run-1\\n" + base64.b64encode(packed) + b"\\nDIFFY-END 1 run=run-1 bytes=%d sha256=%s parts=%d end\\n"
            % (len(packed), hashlib.sha256(packed).hexdigest().encode(), parts))

def bomb():
    packer, out = zlib.compressobj(9, wbits=31), bytearray()
    for _ in range(300):
        out += packer.compress(bytes(1024 * 1024))
    return wrapped(bytes(out) + packer.flush())

def deep():
    return wrapped(gzip.compress(BATCH + section("shared", "q", out=b"[" * 2_000_000) + LOST))

def wide():
    return wrapped(gzip.compress(BATCH + section("shared", "q", out=b'[{"x":' + b'{"x":' * 2_000_000) + LOST))

def long():
    return b"A" * 100 * 1024 * 1024

def claims():
    return b"DIFFY-BEGIN 1 run=run-1\\nAAAA\\nDIFFY-END 1 run=run-1 bytes=999999999999 sha256=" + b"0" * 64 + b" parts=3 pieces=9999 end"

print(answer.read(globals()[sys.argv[1]](), HOST, pack(query("q", "SELECT 1")), AT, run_id=RUN))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM:"))  # ru_maxrss holds the parent's too
print(int(peak.split()[1]) // 1024)
"""


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("bomb", "unpacks to more than 67108864 bytes"),
        ("deep", "its answer is not a list of rows"),
        ("wide", "its answer is not a list of rows"),
        ("long", "larger than 100663296 bytes"),
        ("claims", "are not the script's"),
    ],
)
def test_no_output_costs_more_memory_than_is_said(kind: str, reason: str) -> None:
    """300 MB in 300 kB, brackets without end, 100 MB of noise, a made-up size: a reason, within the stated memory."""
    done = subprocess.run(
        [sys.executable, "-c", _READ, kind], capture_output=True, text=True, check=False, timeout=120
    )

    said, peak_mb = done.stdout.splitlines()
    assert done.returncode == 0
    assert reason in said
    assert int(peak_mb) < MOST_MB
