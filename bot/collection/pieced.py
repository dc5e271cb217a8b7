"""Which pieces of a large answer are still to come, and is what came whole?"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable

from bot.collection import script
from bot.collection.hostbytes import as_text
from bot.model import Missed, MissReason, Snapshot

_PIECE = re.compile(rb"DIFFY-PIECE 1 run=([A-Za-z0-9_.-]{1,64}) number=(\d{1,4})")
_PIECE_END = re.compile(
    rb"DIFFY-PIECE-END 1 run=([A-Za-z0-9_.-]{1,64}) number=(\d{1,4}) sha256=([0-9a-f]{64}) end"
)


class Pieced:
    """An answer of which only the first piece came; the others are taken in as they come, each checked by its digest.

    Args:
        size: Bytes of the packed answer in all, as the host says.
        digest: Its sha256, hex.
        count: Pieces in all, more than one.
        finish: Reads the joined answer.

    Raises:
        ValueError: The host's numbers contradict each other, or are larger than the script allows.
    """

    def __init__(
        self,
        host: str,
        *,
        run_id: str,
        size: int,
        digest: str,
        count: int,
        first: bytes,
        finish: Callable[[bytes], Snapshot | Missed],
    ) -> None:
        most = script.MOST_KEPT + script.MOST_KEPT // 16  # joint packing is a little larger at the worst
        if size > most or count != -(-size // script.PIECE_BYTES) or len(first) != script.PIECE_BYTES:
            raise ValueError(
                f"{count} pieces of {size} bytes, the first of {len(first)}, are not the script's"
            )
        self.host = host
        self.count = count
        self._run_id = run_id
        self._size = size
        self._digest = digest
        self._got = {1: first}
        self._finish = finish

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the pieces still to come, in order."""
        return tuple(number for number in range(2, self.count + 1) if number not in self._got)

    def take(self, number: int, raw: bytes) -> str:
        """Keep what a command for that piece printed; return why it cannot be used, or nothing."""
        lines = raw.strip().split(b"\n")
        begin, end = _PIECE.fullmatch(lines[0].strip()), _PIECE_END.fullmatch(lines[-1].strip())
        if not raw.strip():
            return "the host printed nothing"
        if begin is None and lines[0].startswith(b"DIFFY-FAIL"):
            return "the host no longer had it"
        if begin is None or end is None or len(lines) != 3:
            return f"it came cut or changed: {as_text(lines[-1], most=80)}"
        asked = (self._run_id.encode(), b"%d" % number)
        if begin.groups() != asked or end.groups()[:2] != asked:
            return "another piece came in its place"
        text = lines[1].strip()
        if hashlib.sha256(text).hexdigest().encode() != end[3]:
            return "its digest does not match"
        try:
            piece = base64.b64decode(text, validate=True)
        except binascii.Error:
            return "its base64 is broken"
        if len(piece) != min(script.PIECE_BYTES, self._size - (number - 1) * script.PIECE_BYTES):
            return f"it holds {len(piece)} bytes"
        self._got[number] = piece
        return ""

    def whole(self) -> Snapshot | Missed:
        """Join and read the pieces, once none is missing."""
        packed = b"".join(self._got[number] for number in sorted(self._got))
        if hashlib.sha256(packed).hexdigest() != self._digest:
            return Missed(
                self.host, MissReason.MALFORMED_OUTPUT, "the digest of the joined pieces does not match"
            )
        return self._finish(packed)
