"""Which programs come with a system, and not with whoever runs them?"""

from __future__ import annotations

from pathlib import Path

_PROGRAMS = frozenset(Path(__file__).with_name("programs.txt").read_text("utf-8").split())
"""Names of what Debian, Ubuntu and Amazon Linux, and the packages usual on servers, put into the system's folders."""
AGE_S = 400 * 86_400  # older than any host here


def of_image(path: str) -> bool:
    """Whether a program is one that distributions bring: it came with the image, or with a package long ago."""
    folder, _, name = path.rpartition("/")
    return folder.startswith(("/usr/bin", "/usr/sbin", "/usr/lib", "/bin", "/sbin")) and name in _PROGRAMS
