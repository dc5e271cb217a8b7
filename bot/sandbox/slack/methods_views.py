"""What do the views.* methods do, and when do they refuse? Also the same rules for a view in an acknowledgement."""

from __future__ import annotations

import secrets
from dataclasses import replace

from bot.sandbox.slack.inputs import values_of
from bot.sandbox.slack.kit import Json, check_view, filled
from bot.sandbox.slack.records import View
from bot.sandbox.slack.refusal import Refusal, missing
from bot.sandbox.slack.request import as_text
from bot.sandbox.slack.state import State
from bot.sandbox.slack.workspace import APP_ID, BOT_ID, TEAM_ID

MAX_STACK = 3


def _new_id() -> str:
    return "V" + secrets.token_hex(5).upper()


def _new_hash(state: State) -> str:
    return f"{int(state.clock())}.{secrets.token_hex(4)}"


def show_view(state: State, user: str, spec: Json, *, on: View | None) -> View:
    """Put a checked view in front of a user, on top of ``on`` or alone.

    Raises:
        Refusal: duplicate_external_id, push_limit_reached.
    """
    _check_external_id(state, spec, own="")
    if on is not None and len(state.stack(user)) >= MAX_STACK:
        raise Refusal("push_limit_reached")
    view_id = _new_id()
    view = View(
        id=view_id,
        user=user,
        root=on.root if on else view_id,
        previous=on.id if on else "",
        hash=_new_hash(state),
        spec={**spec, "blocks": filled(spec["blocks"])},
    )
    state.views[view_id] = view
    return view


def replace_view(state: State, view: View, spec: Json) -> View:
    """Put a checked spec into an open view. What the user entered stays where block and action keep their ids."""
    _check_external_id(state, spec, own=view.id)
    whole = {**spec, "blocks": filled(spec["blocks"])}
    ids = {block["block_id"] for block in whole["blocks"]}
    entered = {block_id: values for block_id, values in view.entered.items() if block_id in ids}
    changed = replace(view, spec=whole, hash=_new_hash(state), entered=entered, errors={})
    state.views[view.id] = changed
    return changed


def _check_external_id(state: State, spec: Json, own: str) -> None:
    external_id = spec.get("external_id")
    for other in state.views.values():
        if external_id and other.id != own and other.spec.get("external_id") == external_id:
            raise Refusal("duplicate_external_id")


def echo_view(view: View) -> Json:
    """Return a view as Slack's answers and payloads show it."""
    spec = view.spec
    return {
        "id": view.id,
        "team_id": TEAM_ID,
        "type": "modal",
        "blocks": spec["blocks"],
        "private_metadata": spec.get("private_metadata", ""),
        "callback_id": spec.get("callback_id", ""),
        "state": {"values": values_of(view.blocks, view.entered)},
        "hash": view.hash,
        "title": spec["title"],
        "clear_on_close": spec.get("clear_on_close", False),
        "notify_on_close": spec.get("notify_on_close", False),
        "close": spec.get("close"),
        "submit": spec.get("submit"),
        "previous_view_id": view.previous or None,
        "root_view_id": view.root,
        "app_id": APP_ID,
        "external_id": spec.get("external_id", ""),
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def _needs(args: Json, *names: str) -> None:
    absent = [name for name in names if not args.get(name)]
    if absent:
        raise missing(*absent)


def open_view(state: State, args: Json) -> Json:
    """Open a modal; what the user had open is closed."""
    _needs(args, "trigger_id", "view")
    spec = check_view(args["view"])
    trigger = state.take_trigger(as_text(args, "trigger_id"))
    for view in state.stack(trigger.user):
        del state.views[view.id]
    return {"view": echo_view(show_view(state, trigger.user, spec, on=None))}


def push_view(state: State, args: Json) -> Json:
    """Put a modal on top of the one that the trigger came from."""
    _needs(args, "trigger_id", "view")
    spec = check_view(args["view"])
    trigger = state.take_trigger(as_text(args, "trigger_id"))
    below = state.views.get(trigger.view)
    if below is None:
        raise Refusal("invalid_arguments", ["[ERROR] the trigger comes from no open modal"])
    return {"view": echo_view(show_view(state, trigger.user, spec, on=below))}


def update_view(state: State, args: Json) -> Json:
    """Replace an open modal, only if it still has ``hash`` where one is given."""
    _needs(args, "view")
    view_id, external_id = as_text(args, "view_id"), as_text(args, "external_id")
    if not view_id and not external_id:
        raise missing("view_id")
    spec = check_view(args["view"])
    for view in state.views.values():
        if view.id == view_id or (external_id and view.spec.get("external_id") == external_id):
            if args.get("hash") and as_text(args, "hash") != view.hash:
                raise Refusal("hash_conflict")
            return {"view": echo_view(replace_view(state, view, spec))}
    raise Refusal("not_found")
