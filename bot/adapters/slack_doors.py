"""Through which door does Slack come in? Socket Mode (outbound only), or signed HTTP on a port."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from waitress.server import create_server

log = logging.getLogger(__name__)

HTTP_THREADS = 8
PING_S = 2


class SocketDoor:
    """Socket Mode: Slack's events arrive over WebSockets that this process opens."""

    def __init__(self, app: App, app_token: str) -> None:
        # its methods carry no types; it notices a connection cut without a word after five silent pings
        self._handler: Any = SocketModeHandler(app, app_token, ping_interval=PING_S)

    def open(self) -> None:
        """Connect. Raises slack_sdk's errors when the app-level token is refused."""
        self._handler.connect()

    def close(self) -> None:
        """Stop taking envelopes; those taken are answered."""
        try:
            self._handler.close()
        except AttributeError:  # slack_sdk's client, when Slack closes at the same moment
            log.info("the connection was closed from both sides")


class HttpDoor:
    """HTTP: Slack posts to /slack/events; Bolt checks each signature. /healthz answers 200 for load balancers."""

    def __init__(self, app: App, *, port: int, host: str = "0.0.0.0") -> None:
        slack = SlackRequestHandler(app, path="/slack/events")
        server: Any = create_server(
            _with_health(slack), host=host, port=port, threads=HTTP_THREADS, ident="diffy"
        )
        self._server = server
        self.port = int(self._server.effective_port)
        self._thread = threading.Thread(target=self._server.run, name="http", daemon=True)

    def open(self) -> None:
        """Serve in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop accepting; requests in hand are answered."""
        self._server.close()
        self._server.task_dispatcher.shutdown(timeout=5)


_Wsgi = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


def _with_health(slack: _Wsgi) -> _Wsgi:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/healthz":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"ok\n"]
        return slack(environ, start_response)

    return answer
