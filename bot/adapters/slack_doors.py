"""Through which door does Slack come in? Socket Mode (outbound only), or signed HTTP on a port."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from waitress.server import create_server

from bot.adapters.slack_chat import said
from bot.errors import ChatError, SettingsError

log = logging.getLogger(__name__)

HTTP_THREADS = 8
PING_S = 2
CLOSING_S = 5.0  # for requests in hand once the door closes; Slack waits 3 s for each
QUIET_S = 0.1  # what was taken just before still arrives


class SocketDoor:
    """Socket Mode: Slack's events arrive over WebSockets that this process opens."""

    def __init__(self, app: App, app_token: str) -> None:
        # its methods carry no types; it notices a connection cut without a word after five silent pings
        self._handler: Any = SocketModeHandler(app, app_token, ping_interval=PING_S)
        self._handler.client.socket_mode_request_listeners = [self._handle]
        self._counting = threading.Lock()
        self._in_hand = 0

    def open(self) -> None:
        """Connect. Raises SettingsError when Slack refuses the app-level token, or cannot be reached."""
        try:
            said(self._handler.connect)
        except ChatError as error:
            raise SettingsError(
                (f"Slack did not accept SLACK_APP_TOKEN or could not be reached: {error.message}",)
            ) from error

    def close(self) -> None:
        """Answer the envelopes in hand, for CLOSING_S at most, and then take no more: answers go over the connection."""
        client = self._handler.client
        _wait_until_quiet(
            lambda: self._in_hand or not client.message_queue.empty(), time.monotonic() + CLOSING_S
        )
        try:
            self._handler.close()
            client.disconnect()  # the one that was being renewed just then
        except AttributeError:  # slack_sdk's client, when Slack closes at the same moment
            log.info("the connection was closed from both sides")

    def _handle(self, client: Any, request: Any) -> None:
        with self._counting:
            self._in_hand += 1
        try:
            self._handler.handle(client, request)
        finally:
            with self._counting:
                self._in_hand -= 1


class HttpDoor:
    """HTTP: Slack posts to /slack/events; Bolt checks each signature. /healthz answers 200 for load balancers.

    Raises:
        SettingsError: The port cannot be listened on.
    """

    def __init__(self, app: App, *, port: int, host: str = "0.0.0.0") -> None:
        slack = SlackRequestHandler(app, path="/slack/events")
        try:
            listening = socket.create_server((host, port))
        except OSError as error:
            raise SettingsError((f"Port {port} cannot be listened on: {error.strerror}.",)) from error
        server: Any = create_server(
            _with_health(slack),
            sockets=[listening],
            threads=HTTP_THREADS,
            ident="diffy",
            asyncore_use_poll=True,  # select() fails from the 1,024th open file on
        )
        self._server = server
        self.port = int(server.effective_port)
        self._thread = threading.Thread(target=server.run, name="http", daemon=True)

    def open(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop accepting; answer the requests in hand, for CLOSING_S at most. Once.

        Only the server's own loop closes what it waits for. Closed from this thread, the loop fails on descriptors that
        are gone, answers are lost, and a thread that wakes the loop writes into whatever has the number by then.
        """
        if not self._thread.is_alive():  # never opened
            self._server.close()
            self._server.task_dispatcher.shutdown(timeout=CLOSING_S)
            return
        server, ends = self._server, time.monotonic() + CLOSING_S
        server.trigger.pull_trigger(self._stop_listening)
        _wait_until_quiet(
            lambda: (
                server.accepting or any(channel.requests for channel in list(server.active_channels.values()))
            ),
            ends,
        )
        server.task_dispatcher.shutdown(timeout=max(0.0, ends - time.monotonic()))
        if server.task_dispatcher.threads:
            log.warning("requests were still being answered after %g s; they are cut off", CLOSING_S)
            server.pull_trigger = lambda: None  # nor may those wake a loop that is gone
        server.trigger.pull_trigger(self._end)
        self._thread.join(CLOSING_S)

    def _stop_listening(self) -> None:
        self._server.asyncore.dispatcher.close(self._server)
        self._server.accepting = False

    def _end(self) -> None:
        for channel in list(self._server.active_channels.values()):
            channel.close_when_flushed = True
        self._server.trigger.close()


def _wait_until_quiet(busy: Callable[[], object], ends: float) -> None:
    """Wait until nothing was in hand for QUIET_S, or until that monotonic time."""
    last = time.monotonic()
    while last + QUIET_S > (now := time.monotonic()) and now < ends:
        time.sleep(0.01)
        if busy():
            last = time.monotonic()


_Wsgi = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


def _with_health(slack: _Wsgi) -> _Wsgi:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/healthz":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok\n"]
        return slack(environ, start_response)

    return answer
