"""Is this call let through the gate, and to which method? Token, scope, injected failures, rate, then the method; all is logged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack import methods_chat, methods_files, methods_people, methods_views
from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.state import State

Method = Callable[[State, Json], Json]


@dataclass(frozen=True, slots=True)
class Entry:
    """One method, and the scopes of which any one lets it through (none: any bot token does)."""

    run: Method
    scopes: tuple[str, ...] = ()


METHODS: dict[str, Entry] = {
    "api.test": Entry(methods_people.api_test),
    "auth.test": Entry(methods_people.auth_test),
    "chat.postMessage": Entry(methods_chat.post_message, ("chat:write",)),
    "chat.postEphemeral": Entry(methods_chat.post_ephemeral, ("chat:write",)),
    "chat.update": Entry(methods_chat.update, ("chat:write",)),
    "chat.delete": Entry(methods_chat.delete, ("chat:write",)),
    "chat.getPermalink": Entry(methods_chat.permalink),
    "conversations.info": Entry(
        methods_people.conversations_info, ("channels:read", "groups:read", "im:read")
    ),
    "conversations.members": Entry(
        methods_people.conversations_members, ("channels:read", "groups:read", "im:read")
    ),
    "conversations.open": Entry(methods_people.conversations_open, ("im:write",)),
    "users.info": Entry(methods_people.users_info, ("users:read",)),
    "views.open": Entry(methods_views.open_view),
    "views.push": Entry(methods_views.push_view),
    "views.update": Entry(methods_views.update_view),
    "files.completeUploadExternal": Entry(methods_files.complete_upload, ("files:write",)),
}
_UPLOAD_URL = "files.getUploadURLExternal"
_CONNECT = "apps.connections.open"


@dataclass(frozen=True, slots=True)
class Gate:
    """Answers Web API calls.

    Attributes:
        open_socket: Returns a new address for a Socket Mode connection.
        base: The server's own address, for upload addresses.
    """

    state: State
    bot_token: str
    app_token: str
    base: str
    open_socket: Callable[[], str]

    def answer(self, method: str, token: str, args: Json) -> tuple[int, Json, dict[str, str]]:
        """Return HTTP status, body and headers of the answer. Thread-safe."""
        with self.state.changing():
            try:
                result = {"ok": True, **self._run(method, token, args)}
            except Refusal as refusal:
                result = refusal.body()
                self.state.log(method, args, result, injected=refusal.injected)
                headers = {"Retry-After": str(refusal.retry_after_s)} if refusal.status == 429 else {}
                return refusal.status, result, headers
            self.state.log(method, args, result, injected=False)
            self.state.on_call(method)
            return 200, result, {}

    def _run(self, method: str, token: str, args: Json) -> Json:
        entries = METHODS | {
            _UPLOAD_URL: Entry(self._upload_url, ("files:write",)),
            _CONNECT: Entry(lambda _state, _args: {"url": self.open_socket()}),
        }
        entry = entries.get(method)
        if entry is None:
            raise Refusal("unknown_method", extra={"req_method": method})
        if method != "api.test":
            self._check_token(method, token)
            self._check_scope(method, entry, args)
        waiting = self.state.failures.get(method)
        if waiting:
            raise waiting.pop(0)
        if self.state.limits_on:
            wait_s = self.state.rates.take(method, str(args.get("channel", "")))
            if wait_s:
                raise Refusal("ratelimited", status=429, retry_after_s=wait_s)
        return entry.run(self.state, args)

    def _upload_url(self, state: State, args: Json) -> Json:
        return methods_files.get_upload_url(state, args, base=self.base)

    def _check_token(self, method: str, token: str) -> None:
        if not token:
            raise Refusal("not_authed")
        if token not in (self.bot_token, self.app_token):
            raise Refusal("invalid_auth")
        if (token == self.app_token) != (method == _CONNECT):
            raise Refusal("not_allowed_token_type")

    def _check_scope(self, method: str, entry: Entry, args: Json) -> None:
        """Find the one scope that this call needs: a private channel needs groups:read, and so on."""
        if not entry.scopes:
            return
        needed = entry.scopes[0]
        if method.startswith("conversations.") and len(entry.scopes) > 1:
            channel = self.state.channels.get(str(args.get("channel", "")))
            if channel is not None:
                needed = "im:read" if channel.im else "groups:read" if channel.private else needed
        if needed not in self.state.scopes:
            provided = ",".join(sorted(self.state.scopes))
            raise Refusal("missing_scope", extra={"needed": needed, "provided": provided})
        self.state.scopes_used.add(needed)
