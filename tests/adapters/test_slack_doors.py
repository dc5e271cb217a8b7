"""The HTTP door: what is in hand when it closes is answered, and closing breaks nothing."""

from __future__ import annotations

import http.client
import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from slack_bolt import Ack, App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.signature import SignatureVerifier

from bot.adapters import slack_doors
from bot.adapters.slack_doors import HttpDoor
from tests.workflows.parts import until

WAIT_S = 30
SIGNED_WITH = "for-tests"
COMMAND = b"command=%2Fdiffy&text=status&user_id=U1&channel_id=C1&team_id=T1"


@pytest.fixture
def app() -> App:
    known = AuthorizeResult(
        enterprise_id=None, team_id="T1", bot_id="B1", bot_user_id="U2", bot_token="for-tests"
    )
    # Else Bolt itself would give up a listener that takes three seconds.
    return App(signing_secret=SIGNED_WITH, authorize=lambda: known, process_before_response=True)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What threads raised, and what was logged with an exception."""
    found: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info or record.levelno >= logging.ERROR:
                found.append(record.getMessage())

    monkeypatch.setattr(threading, "excepthook", lambda args: found.append(repr(args.exc_value)))
    handler = Handler()
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


def test_a_command_in_hand_is_answered_while_the_door_closes(
    app: App, broken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_doors, "CLOSING_S", float(WAIT_S))
    reached, go_on = threading.Event(), threading.Event()

    @app.command("/diffy")
    def slow(ack: Ack) -> None:
        reached.set()
        assert go_on.wait(WAIT_S)
        ack(text="done")

    door = HttpDoor(app, port=0, host="127.0.0.1")
    door.open()
    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(send_command, door.port)
        assert reached.wait(WAIT_S)
        ending = threads.submit(door.close)
        refused_within(door.port, WAIT_S)
        in_hand_while_closing = not answer.done() and not ending.done()
        go_on.set()

        assert in_hand_while_closing
        assert answer.result(WAIT_S) == (200, "done")
        ending.result(WAIT_S)
    assert not [thread for thread in threading.enumerate() if thread.name == "http"]
    assert broken == []


def test_a_request_that_never_ends_holds_the_door_for_a_limited_time(
    app: App, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_doors, "CLOSING_S", 0.3)
    reached, go_on = threading.Event(), threading.Event()

    @app.command("/diffy")
    def stuck(ack: Ack) -> None:
        reached.set()
        assert go_on.wait(WAIT_S)
        ack()

    door = HttpDoor(app, port=0, host="127.0.0.1")
    door.open()
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(send_command, door.port)
        assert reached.wait(WAIT_S)
        door.close()
        with pytest.raises(http.client.RemoteDisconnected):
            answer.result(WAIT_S)
        go_on.set()

    assert "still being answered after 0.3 s" in caplog.text
    assert not [thread for thread in threading.enumerate() if thread.name == "http"]


def test_closing_among_requests_breaks_nothing_and_ends_every_thread(app: App, broken: list[str]) -> None:
    """A client is refused or cut off before it was read, or it is answered."""
    before = set(threading.enumerate())
    outcomes: list[str] = []
    for _ in range(15):
        door = HttpDoor(app, port=0, host="127.0.0.1")
        door.open()
        stop = threading.Event()
        clients = [threading.Thread(target=hammer, args=(door.port, stop, outcomes)) for _ in range(3)]
        answered = outcomes.count("answered")
        for client in clients:
            client.start()
        until(lambda answered=answered: outcomes.count("answered") > answered)  # type: ignore[misc]
        door.close()
        stop.set()
        for client in clients:
            client.join(WAIT_S)

    assert outcomes.count("answered") >= 15
    assert set(outcomes) <= {"answered", "refused", "cut off"}
    assert not [
        thread
        for thread in set(threading.enumerate()) - before
        if thread.name.startswith(("http", "waitress"))
    ]
    assert broken == []


def test_a_door_that_was_never_opened_leaves_nothing(app: App) -> None:
    """Slack or the store refused before: its port is free again, and its threads are gone."""
    before = set(threading.enumerate())
    door = HttpDoor(app, port=0, host="127.0.0.1")

    door.close()

    HttpDoor(app, port=door.port, host="127.0.0.1").close()
    assert set(threading.enumerate()) <= before


def hammer(port: int, stop: threading.Event, outcomes: list[str]) -> None:
    while not stop.wait(0.001):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=WAIT_S) as answer:
                outcomes.append("answered" if answer.read() == b"ok\n" else "garbled")
        except ConnectionResetError:
            outcomes.append("cut off")
        except urllib.error.URLError as error:
            cut_off = isinstance(error.reason, ConnectionResetError | BrokenPipeError)
            refused = isinstance(error.reason, ConnectionRefusedError)
            outcomes.append("cut off" if cut_off else "refused" if refused else repr(error.reason))


def send_command(port: int) -> tuple[int, str]:
    now = str(int(time.time()))
    signature = SignatureVerifier(SIGNED_WITH).generate_signature(timestamp=now, body=COMMAND)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": now,
        "X-Slack-Signature": str(signature),
    }
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)) as connection:
        connection.request("POST", "/slack/events", COMMAND, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def refused_within(port: int, timeout_s: float) -> None:
    ends = time.monotonic() + timeout_s
    while time.monotonic() < ends:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1) as answer:
                answer.read()
        except OSError:
            return
        time.sleep(0.01)
    raise AssertionError("the door still takes requests")
