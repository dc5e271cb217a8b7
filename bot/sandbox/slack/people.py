"""What can a person do in the workspace: type a command, press, fill in and submit a modal, close it?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.sandbox.slack import payloads
from bot.sandbox.slack.controls import Control, action_of, controls_of, find_control
from bot.sandbox.slack.inputs import CannotDo, entered_by_key, problems_of, values_of
from bot.sandbox.slack.kit import Json, check_view
from bot.sandbox.slack.methods_chat import MAX_TEXT_POST, content_of
from bot.sandbox.slack.methods_views import MAX_STACK, replace_view, show_view
from bot.sandbox.slack.records import (
    Acked,
    Channel,
    CommandResult,
    Message,
    PressResult,
    SubmitResult,
    User,
    View,
)
from bot.sandbox.slack.refusal import Refusal
from bot.sandbox.slack.response_url import say
from bot.sandbox.slack.state import ResponseUrl, State
from bot.sandbox.slack.workspace import SLACKBOT

_NOT_SENT = Acked(True, 0.0)
Deliver = Callable[[str, Json, bool], Acked]


@dataclass(frozen=True, slots=True)
class People:
    """The acts of the members. Each waits for the bot's acknowledgement.

    Attributes:
        deliver: Sends (kind, payload, whether an answer may come with the acknowledgement) to the bot.
        base: Function giving the server's address, for response_urls.
        commands: The slash commands that the app has registered.
    """

    state: State
    deliver: Deliver
    base: Callable[[], str]
    commands: frozenset[str]

    def command(self, user: str, channel: str, command: str, text: str) -> CommandResult:
        """Type a slash command."""
        with self.state.changing():
            who, where = self._member(user, channel)
            if command not in self.commands:
                shown = f"{command} is not a valid command. In Slack, all messages that start with / are commands."
                return CommandResult(Acked(False, 0.0), self._slackbot(user, channel, shown))
            self.state.scopes_used.add("commands")
            trigger_id = self.state.new_trigger(user)
            response_url = self.state.new_response_url(self.base(), user, channel)
            typed = payloads.escape_typed(text.strip(), self.state.users, self.state.channels)
            payload = payloads.slash_command(
                who, where, command, typed, response_url=response_url, trigger_id=trigger_id
            )
        acked = replace(self.deliver("slash_commands", payload, True), trigger_id=trigger_id)
        with self.state.changing():
            if not acked.ok:
                shown = f'{command} failed with the error "{acked.error}"'
                return CommandResult(acked, self._slackbot(user, channel, shown))
            return CommandResult(acked, self._show_answer(user, channel, acked.payload))

    def _show_answer(self, user: str, channel: str, payload: Json | None) -> Message | None:
        if not payload or not (payload.get("text") or payload.get("blocks")):
            return None
        try:
            text, blocks = content_of(payload, MAX_TEXT_POST)
        except Refusal as refusal:
            self.state.log("ack", payload, refusal.body(), injected=False)
            return self._slackbot(user, channel, f'The command failed with the error "{refusal.code}"')
        url = ResponseUrl(user, channel, self.state.clock())
        return say(self.state, url, payload, text, blocks)

    def press(
        self, user: str, channel: str, ts: str, action: str | int, option: Any, *, confirm: bool
    ) -> PressResult:
        """Press something in a message."""
        with self.state.changing():
            who, where = self._member(user, channel)
            message = self.state.messages.get((channel, ts))
            if message is None or message.deleted or message.only_for not in ("", user):
                raise CannotDo(f"{user} sees no message {ts} in {channel}")
            control = find_control(controls_of(message.blocks, user), action, option)
            if "confirm" in control.element and not confirm:
                return PressResult(_NOT_SENT, sent=False)
            trigger_id = self.state.new_trigger(user)
            response_url = self.state.new_response_url(self.base(), user, channel, source=ts)
            act = action_of(control, option, self.state.new_ts())
            payload = payloads.message_action(
                who, where, message, act, response_url=response_url, trigger_id=trigger_id
            )
        return self._pressed(user, channel, payload, trigger_id, control)

    def press_in_view(
        self, user: str, view_id: str, action: str | int, option: Any, *, confirm: bool
    ) -> PressResult:
        """Press or choose something in an open modal."""
        with self.state.changing():
            view = self._view(user, view_id)
            control = find_control(controls_of(view.blocks, user), action, option)
            if "confirm" in control.element and not confirm:
                return PressResult(_NOT_SENT, sent=False)
            act = action_of(control, option, self.state.new_ts())
            if control.kind not in ("button", "overflow"):
                value = {control.action_id: payloads.entry_of(act)}
                view = self._enter(view, {control.block_id: value})
            trigger_id = self.state.new_trigger(user, view.id)
            payload = payloads.view_action(self.state.users[user], view, act, trigger_id=trigger_id)
        return self._pressed(user, "", payload, trigger_id, control)

    def _pressed(
        self, user: str, channel: str, payload: Json, trigger_id: str, control: Control
    ) -> PressResult:
        acked = replace(self.deliver("interactive", payload, False), trigger_id=trigger_id)
        if not acked.ok and channel:
            with self.state.changing():
                self._slackbot(user, channel, f'{control.label} failed with the error "{acked.error}"')
        return PressResult(acked)

    def enter(self, user: str, view_id: str, values: Mapping[str, Any]) -> View:
        """Fill in fields of an open modal without submitting it."""
        with self.state.changing():
            view = self._view(user, view_id)
            return self._enter(view, entered_by_key(view.blocks, values))

    def submit(self, user: str, view_id: str, values: Mapping[str, Any]) -> SubmitResult:
        """Fill in and submit a modal."""
        with self.state.changing():
            view = self._view(user, view_id)
            if "submit" not in view.spec:
                raise CannotDo("this modal has no submit button")
            view = self._enter(view, entered_by_key(view.blocks, values))
            problems = problems_of(view.blocks, values_of(view.blocks, view.entered))
            if problems:
                view = self._with_errors(view, problems)
                return SubmitResult(_NOT_SENT, problems, view, sent=False)
            trigger_id = self.state.new_trigger(user, view.id)
            payload = payloads.view_submission(self.state.users[user], view, trigger_id=trigger_id)
        acked = replace(self.deliver("interactive", payload, True), trigger_id=trigger_id)
        with self.state.changing():
            errors = self._answered(view, acked)
            stack = self.state.stack(user)
            return SubmitResult(acked, errors, stack[-1] if stack else None)

    def _answered(self, view: View, acked: Acked) -> Mapping[str, str]:
        """Do with a modal what the acknowledgement of its submission says. Return the errors to show."""
        present = self.state.views.get(view.id)
        if not acked.ok:
            return {"": "We had some trouble connecting. Try again?"}
        if present is None:
            return {}
        answer = acked.payload or {}
        action = answer.get("response_action")
        try:
            if action is None:
                self.state.views.pop(view.id)
            elif action == "clear":
                self._close_all(view.user)
            elif action == "errors":
                return self._with_errors(present, _named_errors(present, answer)).errors
            elif action == "update":
                replace_view(self.state, present, check_view(answer.get("view")))
            elif action == "push":
                show_view(self.state, view.user, check_view(answer.get("view")), on=present)
            else:
                raise Refusal("invalid_arguments", [f"[ERROR] unsupported response_action: {action}"])
        except Refusal as refusal:
            self.state.log("ack", answer, refusal.body(), injected=False)
            return {"": "We had some trouble connecting. Try again?"}
        return {}

    def close_view(self, user: str, view_id: str) -> Acked:
        """Close a modal (all of the stack where it says clear_on_close). The bot hears of it only where it asked to."""
        with self.state.changing():
            view = self._view(user, view_id)
            cleared = bool(view.spec.get("clear_on_close"))
            self.state.views.pop(view_id)
            if cleared:
                self._close_all(user)
            if not view.spec.get("notify_on_close"):
                return _NOT_SENT
            payload = payloads.view_closed(self.state.users[user], view, cleared=cleared)
        return self.deliver("interactive", payload, False)

    def _close_all(self, user: str) -> None:
        for view in self.state.stack(user):
            del self.state.views[view.id]

    def _member(self, user: str, channel: str) -> tuple[User, Channel]:
        who, where = self.state.users.get(user), self.state.channels.get(channel)
        if who is None or where is None:
            raise CannotDo(f"no such user or channel: {user}, {channel}")
        if who.deleted or user not in where.members:
            raise CannotDo(f"{who.name} is not a member of {where.name}")
        if where.archived:
            raise CannotDo(f"{where.name} is archived")
        return who, where

    def _view(self, user: str, view_id: str) -> View:
        stack = self.state.stack(user)
        if not stack or stack[-1].id != view_id:
            raise CannotDo(
                f"{view_id} is not the modal in front of {user} ({len(stack)} of {MAX_STACK} open)"
            )
        return stack[-1]

    def _enter(self, view: View, entered: Mapping[str, Mapping[str, Json]]) -> View:
        whole = {block: dict(actions) for block, actions in view.entered.items()}
        for block, actions in entered.items():
            whole.setdefault(block, {}).update(actions)
        self.state.views[view.id] = replace(view, entered=whole, errors={})
        return self.state.views[view.id]

    def _with_errors(self, view: View, errors: Mapping[str, str]) -> View:
        self.state.views[view.id] = replace(view, errors=dict(errors))
        return self.state.views[view.id]

    def _slackbot(self, user: str, channel: str, text: str) -> Message:
        return self.state.put_message(channel, SLACKBOT.id, text, [], only_for=user)


def _named_errors(view: View, answer: Json) -> dict[str, str]:
    errors = answer.get("errors")
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not set(errors) <= inputs:
        raise Refusal("invalid_arguments", ["[ERROR] errors must name input blocks of the view"])
    return {block: str(text) for block, text in errors.items()}
