"""How does a Message reach Slack? Rich first, then plainer, then as a file: an answer is never lost."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from http.client import HTTPException
from json import JSONDecodeError
from typing import Any
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import (
    ConnectionErrorRetryHandler,
    RateLimitErrorRetryHandler,
    ServerErrorRetryHandler,
)

from bot.errors import ChatError
from bot.model import Attachment, Block, Message

log = logging.getLogger(__name__)

REFUSED_SHAPE = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_attachments"}
)
BROKEN_OFF = (HTTPException, JSONDecodeError, UnicodeDecodeError)  # what slack_sdk makes of half an answer
KEYS = uuid.UUID(
    "5d0c4a0e-8f2b-4f5c-9a39-6b1f0c6f2e77"
)  # ours: names become client_msg_ids under it (RFC 9562)
DELETED = frozenset(
    {"duplicate_message_not_found", "duplicate_channel_not_found"}
)  # Slack saw it; it is gone
HINTS = {
    "not_in_channel": "Invite Diffy to the channel (/invite @diffy) and try again.",
    "channel_not_found": "Invite Diffy to the channel (/invite @diffy) and try again.",
    "is_archived": "The channel is archived: ask in another one.",
    "invalid_auth": "The bot token is not valid (SLACK_BOT_TOKEN).",
    "missing_scope": "The app lacks a scope: install it again from manifest.yml.",
    "expired_trigger_id": "Slack gives three seconds to open a window: press again.",
    "ratelimited": "Slack asks for a pause: try again in a minute.",
}


def make_client(token: str, *, base_url: str, timeout_s: int = 20) -> WebClient:
    """Return a client that waits when Slack says so, and tries again when Slack stumbles.

    Args:
        base_url: Slack's API base (GovSlack, a local one); empty for Slack's own.
    """
    client = WebClient(token=token, timeout=timeout_s, base_url=base_url or WebClient.BASE_URL)
    client.retry_handlers = [
        ConnectionErrorRetryHandler(
            max_retry_count=2, error_types=[URLError, ConnectionResetError, *BROKEN_OFF]
        ),
        RateLimitErrorRetryHandler(max_retry_count=4),
        ServerErrorRetryHandler(max_retry_count=2),
    ]
    return client


class SlackChat:
    """Implements ``ports.Chat`` on Slack's Web API. Thread-safe, as WebClient is."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._workspace_url = ""

    def know_workspace(self) -> None:
        """Ask Slack once for the workspace's address, which links to messages begin with."""
        self._workspace_url = str(said(self._client.auth_test).get("url") or "")

    def post(self, channel: str, message: Message, *, thread: str = "", key: str = "") -> str:
        """Post and return the message's ts; see ``ports.Chat``."""
        try:
            return self._post(channel, message, thread, key)
        except ChatError as error:
            if not key or error.code not in DELETED:
                raise
            return self._post(channel, message, thread, f"{key}/again")

    def _post(self, channel: str, message: Message, thread: str, key: str) -> str:
        client_msg_id = str(uuid.uuid5(KEYS, key)) if key else None

        def send(blocks: tuple[Block, ...]) -> str:
            answer = said(
                lambda: self._client.chat_postMessage(
                    channel=channel,
                    text=message.text,
                    blocks=[dict(block) for block in blocks],
                    unfurl_links=False,
                    unfurl_media=False,
                    thread_ts=thread or None,
                    client_msg_id=client_msg_id,
                )
            )
            return str(answer["ts"])

        ts, refused = self._in_some_form(message, send)
        if refused:
            self._send_file(channel, message, thread or ts)
        return ts

    def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message's text and blocks."""

        def send(blocks: tuple[Block, ...]) -> str:
            said(
                lambda: self._client.chat_update(
                    channel=channel, ts=ts, text=message.text, blocks=[dict(block) for block in blocks]
                )
            )
            return ts

        _, refused = self._in_some_form(message, send)
        if refused:
            self._send_file(channel, message, ts)

    def ephemeral(self, channel: str, user: str, message: Message) -> None:
        """Show a message to one member of the channel."""

        def send(blocks: tuple[Block, ...]) -> str:
            said(
                lambda: self._client.chat_postEphemeral(
                    channel=channel, user=user, text=message.text, blocks=[dict(block) for block in blocks]
                )
            )
            return ""

        self._in_some_form(message, send)

    def upload(self, channel: str, file: Attachment, *, thread: str = "", comment: str = "") -> None:
        """Put a file into a channel or thread."""
        said(
            lambda: self._client.files_upload_v2(
                channel=channel,
                filename=file.name,
                title=file.title,
                content=file.content,
                thread_ts=thread or None,
                initial_comment=comment or None,
                request_file_info=False,
            )
        )

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> str:
        """Open a modal; return its view id."""
        answer = said(lambda: self._client.views_open(trigger_id=trigger_id, view=dict(view)))
        return str(answer["view"]["id"])

    def update_view(self, view_id: str, view: Mapping[str, Any]) -> None:
        """Replace a modal's content."""
        said(lambda: self._client.views_update(view_id=view_id, view=dict(view)))

    def permalink(self, channel: str, ts: str) -> str:
        """Return a link built from what is known: Slack's archive links have this form since its beginning."""
        if not ts or not self._workspace_url:
            return ""
        return f"{self._workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"

    def _in_some_form(self, message: Message, send: Callable[[tuple[Block, ...]], str]) -> tuple[str, bool]:
        """Send rich, then plain, then bare text; return what was sent and whether the rich form was refused."""
        refused = False
        forms = [message.blocks, *([message.plain] if message.plain else []), ()]
        for blocks in forms[:-1]:
            try:
                return send(blocks), refused
            except ChatError as error:
                if error.code not in REFUSED_SHAPE:
                    raise
                refused = True
                log.warning("Slack refused the blocks of a message (%s), sending a plainer form", error)
        return send(forms[-1]), refused

    def _send_file(self, channel: str, message: Message, thread: str) -> None:
        if message.file is None:
            return
        try:
            self.upload(channel, message.file, thread=thread)
        except ChatError as error:
            log.warning("the file of a refused message could not be uploaded: %s", error)


def said(call: Callable[[], Any]) -> Any:
    """Call Slack; translate its refusals and silences into ChatError."""
    try:
        return call()
    except SlackApiError as error:
        code = str(error.response.get("error", "")) if error.response is not None else ""
        detail = (
            "; ".join((error.response.get("response_metadata") or {}).get("messages", [])[:3]) if code else ""
        )
        raise ChatError(
            f"Slack refused the call ({code or 'no reason given'}{': ' + detail if detail else ''}).",
            HINTS.get(code, ""),
            code=code,
        ) from error
    except (SlackClientError, OSError, *BROKEN_OFF) as error:
        raise ChatError(
            f"Slack could not be reached ({type(error).__name__}).", "Try again in a minute."
        ) from error
