"""What does the doctor see of a Slack workspace?"""

from __future__ import annotations

from slack_sdk import WebClient

from bot.adapters.slack_chat import said
from bot.errors import ChatError
from bot.model.checkup import TokenFacts


class SlackWorkspace:
    """``workflows.checkup.Workspace`` over Slack's Web API."""

    def __init__(self, client: WebClient) -> None:
        self._client = client

    def token(self) -> TokenFacts:
        """Say whose token it is. Its scopes stand in a header of every answer (docs.slack.dev, oauth)."""
        told = said(self._client.auth_test)
        headers = {str(name).lower(): value for name, value in told.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        found = None if scopes is None else frozenset(s.strip() for s in scopes.split(",") if s.strip())
        return TokenFacts(str(told.get("team", "")), str(told.get("user", "")), found)

    def channel(self, channel: str) -> tuple[str, bool]:
        """Return a channel's name as people see it, and whether Diffy is in it."""
        try:
            found = said(lambda: self._client.conversations_info(channel=channel))["channel"]
        except ChatError as error:
            if (
                error.code == "channel_not_found"
            ):  # a private channel without Diffy looks like no channel at all
                return channel, False
            raise
        return f"#{found.get('name', channel)}", bool(found.get("is_member"))
