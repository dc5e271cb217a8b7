"""How does an event reach the bot, and how is its acknowledgement read? Over its WebSockets, or as a signed HTTP post."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType, web

from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.records import Acked
from bot.sandbox.slack.workspace import APP_ID

ACK_TIMEOUT_S = 3.0
_TIMED_OUT = "operation_timeout"
_FAILED = "dispatch_failed"


class Delivery(Protocol):
    """A way to the bot. Called on the server's event loop."""

    async def deliver(self, kind: str, payload: Json, *, wants_answer: bool) -> Acked:
        """Send one payload (``slash_commands`` or ``interactive``) and wait for its acknowledgement."""
        ...


@dataclass(slots=True)
class Sockets:
    """Socket Mode: each envelope goes to any one of the open connections.

    Attributes:
        changed: Called with the number of open connections whenever it changes.
    """

    changed: Callable[[int], None]
    ack_timeout_s: float = ACK_TIMEOUT_S
    _tickets: set[str] = field(default_factory=set)
    _open: list[web.WebSocketResponse] = field(default_factory=list)
    _waiting: dict[str, asyncio.Future[Json | None]] = field(default_factory=dict)
    _transports: dict[int, asyncio.Transport] = field(default_factory=dict)
    _turn: int = 0

    def new_address(self, ws_base: str) -> str:
        """Return an address that opens one connection, once."""
        ticket = secrets.token_urlsafe(24)
        self._tickets.add(ticket)
        return f"{ws_base}link/?{urlencode({'ticket': ticket, 'app_id': APP_ID})}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Hold one connection until either side closes it."""
        try:
            self._tickets.remove(request.query.get("ticket", ""))
        except KeyError:
            return web.Response(status=403, text="invalid or used ticket")
        socket = web.WebSocketResponse(heartbeat=15.0)
        await socket.prepare(request)
        if request.transport is not None:
            self._transports[id(socket)] = request.transport
        self._open.append(socket)
        self.changed(len(self._open))
        try:
            await socket.send_json(self._hello())
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._take_ack(message.data)
        finally:
            self._forget(socket)
        return socket

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self._open:
            self._open.remove(socket)
            self._transports.pop(id(socket), None)
            self.changed(len(self._open))

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._open),
            "debug_info": _debug_info(),
            "connection_info": {"app_id": APP_ID},
        }

    def _take_ack(self, data: str) -> None:
        """Read ``{"envelope_id": …, "payload": …}``; anything else, and a late one, is dropped as Slack drops it."""
        try:
            answer = json.loads(data)
        except ValueError:
            return
        waiting = self._waiting.get(answer.get("envelope_id", "")) if isinstance(answer, dict) else None
        if waiting is not None and not waiting.done():
            payload = answer.get("payload")
            waiting.set_result(payload if isinstance(payload, dict) else None)

    async def deliver(self, kind: str, payload: Json, *, wants_answer: bool) -> Acked:
        if not self._open:
            return Acked(False, 0.0, error=_FAILED)
        self._turn += 1
        socket = self._open[self._turn % len(self._open)]
        envelope_id = secrets.token_hex(16)
        waiting: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = waiting
        started = time.monotonic()
        envelope = {
            "envelope_id": envelope_id,
            "type": kind,
            "accepts_response_payload": wants_answer,
            "payload": payload,
        }
        try:
            await socket.send_json(envelope)
            answer = await asyncio.wait_for(waiting, self.ack_timeout_s)
        except TimeoutError:
            return Acked(False, time.monotonic() - started, error=_TIMED_OUT)
        except ConnectionError:
            return Acked(False, time.monotonic() - started, error=_FAILED)
        finally:
            del self._waiting[envelope_id]
        return Acked(True, time.monotonic() - started, answer if wants_answer else None)

    async def refresh(self, *, warn_first: bool, grace_s: float) -> None:
        """Ask each present connection to be replaced, as Slack does every few hours, then close it."""
        old = tuple(self._open)
        for reason in ("warning", "refresh_requested") if warn_first else ("refresh_requested",):
            for socket in old:
                if not socket.closed:
                    await socket.send_json(
                        {"type": "disconnect", "reason": reason, "debug_info": _debug_info()}
                    )
            await asyncio.sleep(grace_s)
        for socket in old:
            await socket.close()
            self._forget(socket)

    async def drop(self, *, clean: bool) -> None:
        """Cut every connection: with a closing frame, or without a word as a broken network does."""
        for socket in tuple(self._open):
            transport = self._transports.get(id(socket))
            if clean:
                await socket.close()
            elif transport is not None:
                transport.abort()
            self._forget(socket)


def _debug_info() -> Json:
    return {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18060}


@dataclass(slots=True)
class SignedHttp:
    """HTTP delivery to the bot's request URL; ``url`` is set once the bot listens."""

    signing_secret: str
    url: str = ""
    ack_timeout_s: float = ACK_TIMEOUT_S

    async def deliver(self, kind: str, payload: Json, *, wants_answer: bool) -> Acked:
        form = payload if kind == "slash_commands" else {"payload": json.dumps(payload)}
        started = time.monotonic()
        try:
            status, answer = await self._post(urlencode(form), "application/x-www-form-urlencoded")
        except TimeoutError:
            return Acked(False, time.monotonic() - started, error=_TIMED_OUT)
        except (ClientError, OSError):
            return Acked(False, time.monotonic() - started, error=_FAILED)
        ack_s = time.monotonic() - started
        if status != 200:
            return Acked(False, ack_s, error=_FAILED)
        return Acked(True, ack_s, answer if wants_answer else None)

    async def verify_url(self) -> bool:
        """Return whether the bot answers url_verification with the challenge."""
        challenge = secrets.token_urlsafe(32)
        body = json.dumps({"type": "url_verification", "token": "", "challenge": challenge})
        status, answer = await self._post(body, "application/json")
        return status == 200 and answer is not None and answer.get("challenge") == challenge

    async def _post(self, body: str, content_type: str) -> tuple[int, Json | None]:
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(self.signing_secret, timestamp, body),
        }
        limit = ClientTimeout(total=self.ack_timeout_s)
        async with (
            ClientSession(timeout=limit) as session,
            session.post(self.url, data=body.encode(), headers=headers) as response,
        ):
            text = await response.text()
            if not text:
                return response.status, None
            try:
                answer = json.loads(text) if response.content_type == "application/json" else {"text": text}
            except ValueError:
                answer = {"text": text}
            return response.status, answer if isinstance(answer, dict) else {"text": text}


def signature(secret: str, timestamp: str, body: str) -> str:
    """Return Slack's request signature: HMAC-SHA256 over ``v0:timestamp:body`` (docs.slack.dev, verifying requests)."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"
