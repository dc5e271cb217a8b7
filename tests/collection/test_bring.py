"""Does a host without osquery get exactly the one that the operator pinned, and lose it again?"""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.collection import script
from bot.model import Missed, MissReason
from tests.collection.hosts import Machine, answers, pack, query

ASKED = pack(query("q", "SELECT 7 AS x"))


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that is served on this machine, and its address."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def bare(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> tuple[Machine, bytes]:
    """A machine without osquery, and the osqueryi that it lacks."""
    monkeypatch.setattr(script, "PLACES", "/nonexistent/osqueryi")
    runner = machine.bin / "osqueryi"
    content = runner.read_bytes()
    runner.unlink()
    return machine, content


def pinned(url: str, content: bytes) -> script.Download:
    return script.Download(url, {os.uname().machine: hashlib.sha256(content).hexdigest()})


def archive(content: bytes, name: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("name", ["", "opt/osquery/bin/osqueryd", "./opt/osquery/bin/osqueryi"])
def test_the_pinned_osquery_answers_and_is_removed(
    bare: tuple[Machine, bytes], shelf: tuple[Path, str], name: str
) -> None:
    """A bare binary, or the one in osquery's own archive; the address may name the architecture."""
    machine, content = bare
    folder, url = shelf
    served = archive(content, name) if name else content
    (folder / f"osquery-{os.uname().machine}").write_bytes(served)

    result = machine.ask(ASKED, download=pinned(f"{url}/osquery-{{arch}}", served))

    assert answers(result)["q"].rows == ({"x": "7"},)
    assert machine.left_behind() == []


def test_another_digest_is_never_run(
    bare: tuple[Machine, bytes], shelf: tuple[Path, str], tmp_path: Path
) -> None:
    """Whoever changes the file on its way does not get to run it as root."""
    machine, _ = bare
    folder, url = shelf
    (folder / "osquery").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")

    result = machine.ask(ASKED, download=pinned(f"{url}/osquery", b"what was reviewed"))

    assert isinstance(result, Missed)
    assert result.reason is MissReason.NO_OSQUERY
    assert "could not be brought: what was downloaded has another sha256" in result.detail
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("served", "why"),
    [(None, "the download failed"), ("etc/passwd", "the archive holds no opt/osquery/bin/osqueryd")],
)
def test_what_cannot_be_had_is_a_reason(
    bare: tuple[Machine, bytes], shelf: tuple[Path, str], served: str | None, why: str
) -> None:
    """No such file, or another archive: the host is missed for lack of osquery, with the cause."""
    machine, content = bare
    folder, url = shelf
    packed = archive(content, served or "x")
    if served:
        (folder / "osquery").write_bytes(packed)

    result = machine.ask(ASKED, download=pinned(f"{url}/osquery", packed))

    assert isinstance(result, Missed)
    assert (result.reason, why in result.detail) == (MissReason.NO_OSQUERY, True)


def test_a_machine_of_another_kind_goes_without(bare: tuple[Machine, bytes]) -> None:
    """Only architectures whose digest is set are served."""
    machine, _ = bare
    other = next(arch for arch in script.ARCHITECTURES if arch != os.uname().machine)

    result = machine.ask(ASKED, download=script.Download("https://example.com/x", {other: "0" * 64}))

    assert isinstance(result, Missed)
    assert "nothing is set for machines of kind" in result.detail


def test_a_host_that_has_osquery_downloads_nothing(machine: Machine, shelf: tuple[Path, str]) -> None:
    """What is installed is used: the address is not even asked."""
    _, url = shelf

    result = machine.ask(ASKED, download=pinned(f"{url}/absent", b""))

    assert answers(result)["q"].rows == ({"x": "7"},)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://user:word@example.com/x",
        "https://example.com/x?signature=1",
        "https://example.com/x'y",
        "https://example.com/$(id)",
    ],
)
def test_an_address_that_could_hold_a_credential_or_a_command_is_refused(url: str) -> None:
    """Parameters of commands are kept for weeks and shown to many."""
    with pytest.raises(ValueError, match="must be a plain https"):
        script.Download(url, {"x86_64": "0" * 64})
