"""Who listens? One aiohttp server on 127.0.0.1, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox.slack.api import Gate
from bot.sandbox.slack.delivery import Sockets
from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.methods_files import MAX_FILE_BYTES, take_upload
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.request import read_request
from bot.sandbox.slack.response_url import respond
from bot.sandbox.slack.state import State

HOST = "127.0.0.1"  # nothing here may be reached from elsewhere
_Result = TypeVar("_Result")


@dataclass(slots=True)
class Server:
    """The event loop, its thread, and the routes: /api/METHOD, /upload/v1/KEY, /actions/KEY, /link/."""

    state: State
    sockets: Sockets
    bot_token: str
    app_token: str
    base: str = ""
    _gate: Gate | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _runner: web.AppRunner | None = None

    def start(self, port: int) -> None:
        """Listen, and return once connections are taken. OSError when the port is in use."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="local-slack", daemon=True)
        self._thread.start()
        try:
            self.run(self._listen(port))
        except OSError:
            self._end_loop()
            raise

    def stop(self) -> None:
        """Close every connection and end the thread."""
        self.run(self._close())
        self._end_loop()

    def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run something on the server's loop from another thread and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join()
        self._loop.close()

    async def _listen(self, port: int) -> None:
        app = web.Application(client_max_size=MAX_FILE_BYTES)
        app.add_routes(
            [
                web.post("/api/{method}", self._api),
                web.get("/api/{method}", self._api),
                web.post("/upload/v1/{key}", self._upload),
                web.post("/actions/{key:.+}", self._respond),
                web.get("/link/", self.sockets.serve),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.base = f"http://{HOST}:{bound}/"
        ws_base = f"ws://{HOST}:{bound}/"
        self._gate = Gate(
            self.state,
            self.bot_token,
            self.app_token,
            self.base,
            lambda: self.sockets.new_address(ws_base),
        )

    async def _close(self) -> None:
        await self.sockets.drop(clean=True)
        if self._runner is not None:
            await self._runner.cleanup()

    async def _api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            token, args = await read_request(request, method)
        except Refusal as refusal:
            with self.state.changing():
                self.state.log(method, {}, refusal.body(), injected=False)
            return web.json_response(refusal.body())
        assert self._gate is not None
        status, body, headers = self._gate.answer(method, token, args)
        if body.get("error") not in ("not_authed", "invalid_auth"):
            headers = {**headers, "X-OAuth-Scopes": ",".join(sorted(self.state.scopes))}
        return web.json_response(body, status=status, headers=headers)

    async def _upload(self, request: web.Request) -> web.Response:
        content = await request.read()
        if request.content_type == "multipart/form-data":
            return web.Response(status=400, text="send the bytes themselves")
        with self.state.changing():
            try:
                file = take_upload(self.state, request.match_info["key"], content)
            except Refusal as refusal:
                self.state.log("upload", {"length": len(content)}, refusal.body(), injected=False)
                return web.Response(status=refusal.status, text=refusal.code)
        return web.Response(text=f"OK - {file.length}")

    async def _respond(self, request: web.Request) -> web.Response:
        body: Json = {}
        try:
            _, body = await read_request(request, "response_url")
            with self.state.changing():
                respond(self.state, request.match_info["key"], body)
                self.state.log("response_url", body, {"ok": True}, injected=False)
        except Refusal as refusal:
            with self.state.changing():
                self.state.log("response_url", body, refusal.body(), injected=False)
            status = 400 if refusal.status == 200 else refusal.status
            return web.json_response(refusal.body(), status=status)
        return web.Response(text="ok")
