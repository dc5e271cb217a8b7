"""Makes script output by hand, right or wrong in one place, for tests of its reader."""

from __future__ import annotations

import base64
import gzip
import hashlib

from tests.collection.hosts import RUN


def section(kind: str, name: str, rc: str = "0", out: bytes = b"", err: bytes = b"") -> bytes:
    return f"#diffy {kind} {name} {rc} {len(out)} {len(err)}\n".encode() + out + err


def whole(
    *sections: bytes,
    run: str = RUN,
    end_run: str = RUN,
    parts: int | None = None,
    bytes_: int | None = None,
    digest: str | None = None,
) -> bytes:
    packed = gzip.compress(b"".join(sections), mtime=0)
    return (
        f"DIFFY-BEGIN 1 run={run}\n{base64.b64encode(packed).decode()}\n"
        f"DIFFY-END 1 run={end_run} bytes={len(packed) if bytes_ is None else bytes_} "
        f"sha256={digest or hashlib.sha256(packed).hexdigest()} parts={len(sections) if parts is None else parts} end\n"
    ).encode()


BATCH = section("batch", "-")
LOST = section("lost", "-")
NOTHING = b"[\n\n]\n"
ONE = b'[\n  {"x":"1"}\n]\n'
