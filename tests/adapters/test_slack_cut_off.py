"""Slack's answer breaks off in the middle: a sentence, not a defect, and asked again where that helps."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

import pytest
from slack_bolt import Respond

from bot.adapters.slack_chat import SlackChat, make_client
from bot.adapters.slack_listener import _teller
from bot.errors import ChatError
from bot.model import Message

WHOLE = b'{"ok":true,"ts":"1.0"}'


def broken_off(half: bytes, head: bytes) -> bytes:
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n" + head + b"\r\n" + half
    )


COUNTED = broken_off(b'{"ok":tr', b"Content-Length: 22\r\n")
UNCOUNTED = broken_off(b'{"ok":tr', b"")
GARBLED = b"HTP!\r\n\r\n"
FINE = broken_off(WHOLE, b"Content-Length: 22\r\n")


class Speaker:
    """Answers each connection with the next of its answers, then with the last one again."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)
        self.heard = 0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}/api/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._door.accept()
            with connection:
                read_whole(connection)
                self.heard += 1
                if not self.url:
                    return
                connection.sendall(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])

    def close(self) -> None:
        port, self.url = self._door.getsockname()[1], ""
        with socket.create_connection(("127.0.0.1", port)) as last:
            last.sendall(b"GET / HTTP/1.1\r\n\r\n")
        self._thread.join()
        self._door.close()


def read_whole(connection: socket.socket) -> None:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between two attempts."""
    monkeypatch.setattr("slack_sdk.http_retry.handler.time.sleep", lambda _: None)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("answer", [COUNTED, UNCOUNTED, GARBLED], ids=["counted", "uncounted", "garbled"])
def test_an_answer_that_breaks_off_is_a_sentence(answer: bytes) -> None:
    """Whatever the library makes of it, who asked can be told."""
    with closing(Speaker(answer)) as slack:
        chat = SlackChat(make_client("xoxb-for-tests", base_url=slack.url))

        with pytest.raises(ChatError, match="could not be reached"):
            chat.update("C1", "1.0", Message("text"))


@pytest.mark.usefixtures("quick")
def test_an_answer_that_broke_off_once_is_asked_for_again() -> None:
    """As after a connection that was reset: an answer to a responder does not fail over it."""
    with closing(Speaker(COUNTED, FINE)) as slack:
        chat = SlackChat(make_client("xoxb-for-tests", base_url=slack.url))

        ts = chat.post("C1", Message("text"), key="r1/parent")
        heard = slack.heard

    assert (ts, heard) == ("1.0", 2)


@pytest.mark.usefixtures("quick")
def test_a_private_answer_whose_receipt_breaks_off_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Telling never raises: it happens in threads where nobody would hear of it."""
    with closing(Speaker(COUNTED)) as slack:
        tell = _teller(Respond(response_url=slack.url, proxy=None, ssl=None))

        tell(Message("text"))

    assert "could not be delivered: IncompleteRead" in caplog.text
