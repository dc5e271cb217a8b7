"""Which part of the embedded AWS answers a request: the sandbox's own controls, Run Command, or moto?"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from bot.sandbox.aws.api_faults import ApiFaults, as_xml
from bot.sandbox.aws.control import Control
from bot.sandbox.aws.requests import AwsError
from bot.sandbox.aws.run_command import RunCommand
from bot.sandbox.aws.simulator import simulate

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
_JSON = "application/x-amz-json-1.1"
_LOOPBACK = re.compile(r"(127\.0\.0\.1|localhost|[\w.-]+\.localhost)(:\d+)?")
_REASONS = {
    200: "200 OK",
    400: "400 Bad Request",
    403: "403 Forbidden",
    404: "404 Not Found",
    503: "503 Service Unavailable",
}


class Application:
    """The WSGI application. ``moto`` answers whatever is not ours.

    It runs scripts for whoever can reach it, so a web page in a browser on this machine must not: requests
    that carry an Origin, or name another host than this machine, are refused.
    """

    def __init__(
        self,
        moto: Callable[[Environ, StartResponse], Iterable[bytes]],
        run_command: RunCommand,
        faults: ApiFaults,
        control: Control,
    ) -> None:
        self._moto = moto
        self._run_command = run_command
        self._faults = faults
        self._control = control

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if "HTTP_ORIGIN" in environ or not _LOOPBACK.fullmatch(environ.get("HTTP_HOST", "")):
            return _answer(start_response, 403, "text/plain", "Only programs on this machine may ask.")
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_sandbox/"):
            status, body = self._control.answer(environ["REQUEST_METHOD"], path, _body(environ))
            return _answer(start_response, status, "application/json", json.dumps(body))
        scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None:
            return self._moto(environ, start_response)
        service, action = scope["service"], _action(environ)
        if refusal := self._faults.judge(service, action):
            if service == "ssm":
                return _refuse(start_response, refusal.status, refusal.code, refusal.message)
            return _answer(start_response, refusal.status, "text/xml", as_xml(service, refusal))
        if service == "ssm" and action in self._run_command.actions:
            try:
                answer = self._run_command.actions[action](
                    scope["region"], json.loads(_body(environ) or b"{}")
                )
            except AwsError as error:
                return _refuse(start_response, 400, error.code, str(error))
            return _answer(start_response, 200, _JSON, json.dumps(answer))
        if action == "SimulatePrincipalPolicy":
            return _answer(start_response, 200, "text/xml", simulate(_body(environ)))
        return self._moto(environ, start_response)


def _action(environ: Environ) -> str:
    """The action's name; for S3, which has none, the HTTP method and ``Object`` or ``Bucket``."""
    if target := environ.get("HTTP_X_AMZ_TARGET", ""):
        return str(target).rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = _body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    kind = "Object" if environ.get("PATH_INFO", "").strip("/").count("/") else "Bucket"
    return f"{str(environ['REQUEST_METHOD']).title()}{kind}"


def _body(environ: Environ) -> bytes:
    content: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return content


def _refuse(start_response: StartResponse, status: int, code: str, message: str) -> Iterable[bytes]:
    return _answer(start_response, status, _JSON, json.dumps({"__type": code, "message": message}))


def _answer(start_response: StartResponse, status: int, kind: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start_response(_REASONS[status], [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
