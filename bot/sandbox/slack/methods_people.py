"""What do the methods tell about the workspace: who am I, who is that, what is this channel?"""

from __future__ import annotations

from bot.sandbox.slack.kit import Json
from bot.sandbox.slack.methods_chat import channel_for_bot, direct_channel
from bot.sandbox.slack.records import User
from bot.sandbox.slack.refusal import Refusal, missing
from bot.sandbox.slack.request import as_flag, as_text
from bot.sandbox.slack.state import State
from bot.sandbox.slack.workspace import BOT, BOT_ID, TEAM_DOMAIN, TEAM_ID


def api_test(state: State, args: Json) -> Json:
    """Echo the arguments, or fail with ``error``."""
    if args.get("error"):
        raise Refusal(as_text(args, "error"))
    return {"args": args}


def auth_test(state: State, args: Json) -> Json:
    """Tell whose token this is."""
    return {
        "url": f"https://{TEAM_DOMAIN}.slack.com/",
        "team": TEAM_DOMAIN,
        "user": BOT.name,
        "team_id": TEAM_ID,
        "user_id": BOT.id,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def conversations_info(state: State, args: Json) -> Json:
    """Tell what kind of conversation this is."""
    if not as_text(args, "channel"):
        raise missing("channel")
    channel = channel_for_bot(state, as_text(args, "channel"))
    body: Json = {
        "id": channel.id,
        "name": channel.name,
        "is_channel": not channel.private,
        "is_group": channel.private and not channel.im,
        "is_im": channel.im,
        "is_mpim": False,
        "is_private": channel.private,
        "is_archived": channel.archived,
        "is_general": False,
        "is_shared": channel.ext_shared,
        "is_ext_shared": channel.ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "is_member": BOT.id in channel.members,
        "context_team_id": TEAM_ID,
    }
    if as_flag(args, "include_num_members"):
        body["num_members"] = len(channel.members)
    return {"channel": body}


def conversations_members(state: State, args: Json) -> Json:
    """List members, a page at a time."""
    if not as_text(args, "channel"):
        raise missing("channel")
    channel = channel_for_bot(state, as_text(args, "channel"))
    limit, cursor = as_text(args, "limit") or "100", as_text(args, "cursor") or "0"
    if not limit.isdecimal() or not 0 < int(limit) <= 1000:
        raise Refusal("invalid_limit")
    if not cursor.isdecimal():
        raise Refusal("invalid_cursor")
    members, start = sorted(channel.members), int(cursor)
    end = start + int(limit)
    return {
        "members": members[start:end],
        "response_metadata": {"next_cursor": str(end) if end < len(members) else ""},
    }


def conversations_open(state: State, args: Json) -> Json:
    """Open the direct conversation with one user."""
    user = state.users.get(as_text(args, "users"))
    if not as_text(args, "users"):
        raise Refusal("users_list_not_supplied")
    if user is None:
        raise Refusal("user_not_found")
    if user.deleted:
        raise Refusal("user_disabled")
    return {"channel": {"id": direct_channel(state, user.id).id}}


def users_info(state: State, args: Json) -> Json:
    """Tell who a member is, guests and deactivated ones too."""
    user = state.users.get(as_text(args, "user"))
    if user is None:
        raise Refusal("user_not_found")
    return {"user": echo_user(user)}


def echo_user(user: User) -> Json:
    """Return a member as users.info shows one."""
    body: Json = {
        "id": user.id,
        "team_id": TEAM_ID,
        "name": user.name,
        "deleted": user.deleted,
        "is_bot": user.is_bot,
        "is_app_user": False,
        "profile": {"real_name": user.real_name, "display_name": user.name, "team": TEAM_ID},
    }
    if not user.deleted:  # Slack leaves these out for a deactivated member
        body |= {
            "real_name": user.real_name,
            "tz": user.tz,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": user.guest != "",
            "is_ultra_restricted": user.guest == "single",
        }
    return body
