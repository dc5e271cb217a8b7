"""How is the local Slack started, driven and looked at? `LocalSlack` is all that tests and the terminal use."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Literal

from bot.sandbox.slack import workspace
from bot.sandbox.slack.delivery import ACK_TIMEOUT_S, Delivery, SignedHttp, Sockets
from bot.sandbox.slack.people import People
from bot.sandbox.slack.rates import Rates
from bot.sandbox.slack.records import (
    Acked,
    CommandResult,
    Message,
    PressResult,
    SubmitResult,
    View,
)
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.server import Server
from bot.sandbox.slack.sight import Sight
from bot.sandbox.slack.state import SCOPES, TRIGGER_LIFE_S, State


class LocalSlack(Sight):
    """A workspace with one app, strict as Slack is, on 127.0.0.1. Thread-safe; a context manager.

    Args:
        mode: How events reach the bot: "socket", or "http" to the address given to `deliver_to`.
        port: 0 takes a free one.
        clock: Epoch seconds; for triggers, response_urls, rate limits and message times.
        rate_limits: Whether to answer 429 when a method's tier is exceeded.
        ack_timeout_s: Real seconds that the bot has to acknowledge.
        scopes: The scopes that the app was granted; a method outside them answers missing_scope.
        edit_window_s: How long messages may be edited; None is Slack's default, for ever.
        trigger_life_s: How long a trigger_id opens a modal.
    """

    def __init__(
        self,
        *,
        mode: Literal["socket", "http"] = "socket",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        rate_limits: bool = True,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        scopes: frozenset[str] = SCOPES,
        edit_window_s: float | None = None,
        trigger_life_s: float = TRIGGER_LIFE_S,
        commands: frozenset[str] = frozenset({"/diffy"}),
    ) -> None:
        self.bot_token = f"xoxb-{secrets.token_hex(16)}"
        self.app_token = f"xapp-{secrets.token_hex(16)}"
        self.signing_secret = secrets.token_hex(16)
        self.responder = workspace.RESPONDER.id
        self.approver = workspace.APPROVER.id
        self.bystander = workspace.BYSTANDER.id
        self.guest = workspace.GUEST.id
        self.single_channel_guest = workspace.SINGLE_CHANNEL_GUEST.id
        self.deactivated = workspace.LEFT.id
        self.bot_user = workspace.BOT.id
        self.channel = workspace.INCIDENT.id
        self.second_channel = workspace.SECOND_INCIDENT.id
        self.channel_without_bot = workspace.WITHOUT_BOT.id
        self.private_channel = workspace.PRIVATE.id
        self.private_without_bot = workspace.PRIVATE_WITHOUT_BOT.id
        self.shared_channel = workspace.SHARED.id
        self.archived_channel = workspace.ARCHIVED.id
        self._mode, self._port = mode, port
        super().__init__(
            State(
                clock,
                Rates(clock),
                limits_on=rate_limits,
                edit_window_s=edit_window_s,
                trigger_life_s=trigger_life_s,
                scopes=scopes,
            )
        )
        self._sockets = Sockets(self._connected, ack_timeout_s)
        self._http = SignedHttp(self.signing_secret, ack_timeout_s=ack_timeout_s)
        self._server = Server(self._state, self._sockets, self.bot_token, self.app_token)
        self._people = People(self._state, self._deliver, lambda: self._server.base, commands)

    def __enter__(self) -> LocalSlack:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> LocalSlack:
        """Listen. OSError when the port is in use."""
        self._server.start(self._port)
        return self

    def stop(self) -> None:
        """Close all connections and end the server's thread."""
        self._server.stop()

    @property
    def api_url(self) -> str:
        """What SLACK_API_URL must be."""
        return f"{self._server.base}api/"

    @property
    def env(self) -> dict[str, str]:
        """The environment that the bot needs to find this Slack."""
        env = {"SLACK_API_URL": self.api_url, "SLACK_BOT_TOKEN": self.bot_token}
        if self._mode == "socket":
            return env | {"SLACK_APP_TOKEN": self.app_token}
        return env | {"SLACK_SIGNING_SECRET": self.signing_secret}

    def deliver_to(self, url: str) -> None:
        """Send events to this address from now on (HTTP mode): the bot's /slack/events."""
        self._http.url = url

    def verify_url(self) -> bool:
        """Return whether the bot answers Slack's url_verification."""
        return self._server.run(self._http.verify_url())

    # What people do

    def command(self, user: str, channel: str, command: str, text: str = "") -> CommandResult:
        """Type a slash command and wait for the bot's acknowledgement. CannotDo when not a member."""
        return self._people.command(user, channel, command, text)

    def press(
        self,
        user: str,
        channel: str,
        ts: str,
        action: str | int,
        option: Any = None,
        *,
        confirm: bool = True,
    ) -> PressResult:
        """Press a button, or choose from a menu, of a message.

        Args:
            action: The action id, or the number shown in the terminal.
            option: A menu option's value; for several buttons of one action id, the button's value.
            confirm: How the user answers the confirmation dialog, where there is one.

        Raises:
            CannotDo: The user sees no such thing.
        """
        return self._people.press(user, channel, ts, action, option, confirm=confirm)

    def press_in_view(
        self, user: str, view_id: str, action: str | int, option: Any = None, *, confirm: bool = True
    ) -> PressResult:
        """Press or choose something in the modal in front of a user."""
        return self._people.press_in_view(user, view_id, action, option, confirm=confirm)

    def enter(self, user: str, view_id: str, values: Mapping[str, Any]) -> View:
        """Fill in fields of a modal without submitting: {action id or block id: text, option value, or list}."""
        return self._people.enter(user, view_id, values)

    def submit(self, user: str, view_id: str, values: Mapping[str, Any] | None = None) -> SubmitResult:
        """Fill in and submit the modal in front of a user."""
        return self._people.submit(user, view_id, values or {})

    def close_view(self, user: str, view_id: str) -> Acked:
        """Close the modal in front of a user."""
        return self._people.close_view(user, view_id)

    def say(self, user: str, channel: str, text: str, *, thread_ts: str = "") -> Message:
        """Write an ordinary message as a person."""
        with self._state.changing():
            return self._state.put_message(channel, user, text, [], thread_ts=thread_ts)

    # What can go wrong

    def fail_next(self, method: str, error: str, times: int = 1) -> None:
        """Let the next calls of a method fail with one of Slack's codes."""
        with self._state.lock:
            self._state.failures.setdefault(method, []).extend(
                Refusal(error, injected=True) for _ in range(times)
            )

    def rate_limit(self, method: str, retry_after_s: int, times: int = 1) -> None:
        """Let the next calls of a method be answered with 429 and Retry-After."""
        refusal = Refusal("ratelimited", status=429, retry_after_s=retry_after_s, injected=True)
        with self._state.lock:
            self._state.failures.setdefault(method, []).extend([refusal] * times)

    def set_rate_limits(self, on: bool) -> None:
        """Switch the tiers' limits on or off."""
        with self._state.lock:
            self._state.limits_on = on

    def on_call(self, react: Callable[[str], None]) -> None:
        """Call ``react(method)`` after each call that took effect, before the bot is told; to end the bot right there."""
        with self._state.lock:
            self._state.on_call = react

    def drop_sockets(self, *, clean: bool = False) -> None:
        """Cut every connection, with a closing frame or without a word.

        Without a word, slack_sdk's builtin client notices only by its pings: after about five ``ping_interval``.
        """
        self._server.run(self._sockets.drop(clean=clean))

    def refresh_sockets(self, *, warn_first: bool = False, grace_s: float = 0.5) -> None:
        """Ask the bot to reconnect, as Slack does every few hours, then close the old connections."""
        self._server.run(self._sockets.refresh(warn_first=warn_first, grace_s=grace_s))

    def archive(self, channel: str) -> None:
        """Archive a channel."""
        self._change_channel(channel, archived=True)

    def remove_bot(self, channel: str) -> None:
        """Remove the bot from a channel."""
        self._change_channel(channel, without=workspace.BOT.id)

    def _change_channel(self, channel: str, *, archived: bool | None = None, without: str = "") -> None:
        with self._state.changing():
            old = self._state.channels[channel]
            self._state.channels[channel] = replace(
                old,
                archived=old.archived if archived is None else archived,
                members=old.members - {without},
            )

    def _connected(self, connections: int) -> None:
        with self._state.changing():
            self._state.connections = connections

    def _deliver(self, kind: str, payload: dict[str, Any], wants_answer: bool) -> Acked:
        way: Delivery = self._sockets if self._mode == "socket" else self._http
        return self._server.run(way.deliver(kind, payload, wants_answer=wants_answer))
