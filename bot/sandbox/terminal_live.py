"""How are new and edited messages shown while a person reads and types, without scrolling the screen away?"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from bot.sandbox.slack import LocalSlack, Message
from bot.sandbox.terminal_screen import draw_message, draw_view, numbering, shape_of

LOOK_EVERY_S = 0.25


@dataclass(slots=True)
class Live:
    """Prints what changes, from a thread of its own.

    On a tty an edit of the message printed last is drawn over it. Elsewhere an edit is printed only when more than
    numbers changed: "collecting 17/24" after "collecting 16/24" is not.

    Attributes:
        tty: Whether ``out`` can move its cursor.
        rows: Height of the screen; a higher message is printed anew.
        typing: Returns the prompt and what was typed so far, to put it back after drawing on a tty.
    """

    slack: LocalSlack
    out: TextIO
    tty: bool
    rows: int = 40
    typing: Callable[[], str] = lambda: ""
    _user: str = ""
    _channel: str = ""
    _shown: dict[tuple[str, str], str] = field(default_factory=dict)
    _views: dict[str, str] = field(default_factory=dict)
    _last: tuple[tuple[str, str], int] | None = None
    _seen: int = -1
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def watch(self, user: str, channel: str) -> None:
        """Show what this user sees in this channel from now on; what is there already counts as shown."""
        with self._lock:
            self._user, self._channel = user, channel
            for message in self._visible():
                self._shown[message.channel, message.ts] = shape_of(
                    draw_message(self.slack, message, user=user)
                )

    def start(self) -> None:
        """Begin to look for changes."""
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Show what is left and end the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.catch_up()

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            self.catch_up()

    def print(self, lines: Sequence[str]) -> None:
        """Print lines; what was printed before can no longer be drawn over."""
        with self._lock:
            self._last = None
            self._write(lines)

    def typed(self) -> None:
        """Say that the person ended a line: the cursor is elsewhere, so nothing can be drawn over."""
        with self._lock:
            self._last = None

    def catch_up(self) -> None:
        """Show every change since the last look."""
        with self._lock:
            now = self.slack.changes
            if now == self._seen:
                return
            self._seen = now
            messages = self._visible()
            firsts = numbering(self.slack, self._channel, self._user)
            for message in messages:
                self._show(message, firsts.get(message.ts, 0))
            views = self.slack.views(self._user)
            if views and self._views.get(views[-1].id) != views[-1].hash:
                self._views[views[-1].id] = views[-1].hash
                self.print(draw_view(self.slack, views[-1]))

    def _visible(self) -> list[Message]:
        messages = self.slack.messages(self._channel)
        replies = [reply for message in messages for reply in self.slack.thread(self._channel, message.ts)]
        private = [m for m in self.slack.ephemerals(self._user) if m.channel == self._channel]
        return sorted([*messages, *replies, *private], key=lambda m: float(m.ts))

    def _show(self, message: Message, first: int) -> None:
        lines = draw_message(self.slack, message, user=self._user, first=first)
        if message.thread_ts:
            lines = [f"    {line}" for line in ["↳ in the thread", *lines]]
        key, drawn = (message.channel, message.ts), "\n".join(lines)
        if self.tty:
            before = self._shown.get(key)
            if before == drawn:
                return
            over = self._last is not None and self._last[0] == key and len(lines) < self.rows - 2
            self._shown[key] = drawn
            self._write(lines, over=self._last[1] if over and self._last else 0)
            self._last = (key, len(lines))
        else:
            shape = shape_of(lines)
            if self._shown.get(key) != shape:
                self._shown[key] = shape
                self._write(lines)

    def _write(self, lines: Sequence[str], *, over: int = 0) -> None:
        if self.tty:  # back to the start of the prompt's line, up over what is replaced, and clear from there
            self.out.write("\r" + (f"\x1b[{over}A" if over else "") + "\x1b[J")
        self.out.write("".join(f"{line}\n" for line in lines))
        if self.tty:
            self.out.write(self.typing())
        self.out.flush()
