"""How does a person use the local Slack from a terminal: read the channel, type /diffy, press buttons by number?"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.slack import CannotDo, Control, LocalSlack, Message, View, controls_of, fields_of
from bot.sandbox.slack.inputs import options_of, values_of
from bot.sandbox.slack.kit import Json
from bot.sandbox.terminal_live import Live
from bot.sandbox.terminal_screen import (
    WIDTH,
    draw_channel,
    draw_message,
    draw_thread,
    draw_view,
    numbering,
    rule,
)
from bot.sandbox.terminal_text import clean, wrapped

HELP = """\
  /diffy analyze web-asg   send a slash command (/diffy help lists them)
  1 … n                    press what has this number in the newest message or in the open modal
  key=value                fill in a field of the open modal;  submit · close   leave it
  threads                  show the replies under the messages
  file NAME                show a file that was uploaded
  show                     draw the channel again
  as approver              act as somebody else (responder, approver, bystander, guest)
  in incident-2            go to another channel
  help · quit"""

Ask = Callable[[str], str | None]
"""Shows a prompt and returns the line that was typed; None when there is no more."""


@dataclass(slots=True)
class Terminal:
    """One person at the local Slack.

    Attributes:
        ask: Reads a line.
        live: Shows what changes while the person reads or types.
    """

    slack: LocalSlack
    ask: Ask
    live: Live
    user: str = ""
    channel: str = ""
    _done: bool = False

    def __post_init__(self) -> None:
        self.user = self.user or self.slack.responder
        self.channel = self.channel or self.slack.channel

    def run(self) -> None:
        """Show the channel and do as the person says, until quit or the end of input."""
        self._say(f"{HELP}\n{rule(self.slack.name_of(self.channel))}")
        self.live.watch(self.user, self.channel)
        self.live.start()
        try:
            while not self._done:
                line = self.ask(self.prompt)
                if line is None:
                    break
                self.live.typed()
                self.obey(line.strip())
        finally:
            self.live.stop()

    @property
    def prompt(self) -> str:
        """Who acts, and where."""
        return f"{self.slack.name_of(self.user)[1:]} in {self.slack.name_of(self.channel)}> "

    def obey(self, line: str) -> None:
        """Do one line. What cannot be done is said, never raised."""
        word, _, rest = line.partition(" ")
        plain: dict[str, Callable[[], None]] = {
            "": lambda: None,
            "help": lambda: self._say(HELP),
            "show": self._show,
            "threads": self._threads,
            "submit": self._submit,
            "close": self._close,
            "quit": self._quit,
            "exit": self._quit,
        }
        try:
            if line.startswith("/"):
                self._command(word, rest)
            elif line in plain:
                plain[line]()
            elif line.isdecimal():
                self._press(int(line))
            elif word in ("as", "in") and rest:
                self._become(word, rest.strip())
            elif word == "file" and rest:
                self._file(rest.strip())
            elif re.match(r"[\w.-]+=", line):
                self._enter(line)
            else:
                self._say(
                    f"I do not know {clean(line)!r}. Type help, or a command such as /diffy analyze web-asg."
                )
        except CannotDo as error:
            self._say(f"Not possible: {clean(str(error))}")

    def _say(self, text: str) -> None:
        self.live.print([line for part in text.split("\n") for line in wrapped(part, WIDTH)])

    def _quit(self) -> None:
        self._done = True

    def _command(self, word: str, rest: str) -> None:
        result = self.slack.command(self.user, self.channel, word, rest)
        if result.acked.ok and result.ephemeral is None:
            self._say(f"(acknowledged in {result.acked.ack_s * 1000:.0f} ms)")
        self.live.catch_up()

    def _view(self) -> View | None:
        views = self.slack.views(self.user)
        return views[-1] if views else None

    def _press(self, number: int) -> None:
        view = self._view()
        if view is not None:
            control = _numbered(controls_of(view.blocks, self.user), number, number)
            option, confirm = self._choose(control), self._confirmed(control.element)
            self.slack.press_in_view(self.user, view.id, control.number, option, confirm=confirm)
        else:
            message, own = self._message_with(number)
            control = _numbered(controls_of(message.blocks, self.user), own, number)
            option, confirm = self._choose(control), self._confirmed(control.element)
            self.slack.press(self.user, self.channel, message.ts, own, option, confirm=confirm)
        self.live.catch_up()

    def _message_with(self, number: int) -> tuple[Message, int]:
        """Return the message that shows a number, and which of its own controls that is."""
        firsts = numbering(self.slack, self.channel, self.user)
        fitting = [(ts, first) for ts, first in firsts.items() if first <= number]
        if not fitting:
            raise CannotDo(f"there is no [{number}] here")
        ts, first = fitting[-1]
        return self.slack.message(self.channel, ts), number - first + 1

    def _choose(self, control: Control) -> str | list[str] | None:
        """Let the person choose one option (or several, separated by commas) of a select."""
        if control.kind in ("button", "overflow"):
            return None
        options = options_of(control.element)
        for index, option in enumerate(options, 1):
            self._say(f"  {index}  {clean(option['text']['text'])}")
        typed = self.ask(f"{clean(control.label)}: ") or ""
        values = [_meant(part.strip(), options) for part in typed.split(",") if part.strip()]
        if control.kind in ("multi_static_select", "checkboxes"):
            return values
        if not values:
            raise CannotDo("nothing was chosen")
        return values[0]

    def _confirmed(self, element: Json) -> bool:
        dialog = element.get("confirm")
        if dialog is None:
            return True
        self._say(f"{clean(dialog['title']['text'])}\n{clean(dialog['text']['text'])}")
        yes, no = clean(dialog["confirm"]["text"]), clean(dialog["deny"]["text"])
        return (self.ask(f"y = {yes}, n = {no}: ") or "n").strip().lower() in ("y", "yes")

    def _modal(self) -> View:
        view = self._view()
        if view is None:
            raise CannotDo("no modal is open")
        return view

    def _enter(self, line: str) -> None:
        key, _, value = line.partition("=")
        view = self.slack.enter(self.user, self._modal().id, {key: _entered(value)})
        self.live.print(draw_view(self.slack, view))

    def _submit(self) -> None:
        """Submit the modal; ask first for each needed field that is empty."""
        view = self._modal()
        state = values_of(view.blocks, view.entered)
        given = {}
        for one in fields_of(view.blocks):
            held = [v for name, v in state[one.block_id][one.action_id].items() if name != "type"]
            if one.needed and held in ([None], [""], [[]]):
                given[one.action_id] = _entered(self.ask(f"{clean(one.label)}: ") or "")
        result = self.slack.submit(self.user, view.id, given)
        if result.errors and result.view is not None:
            self.live.print(draw_view(self.slack, result.view))
        for block, error in result.errors.items():
            self._say(f"! {error}" if not block else f"! {block}: {clean(error)}")
        self.live.catch_up()

    def _close(self) -> None:
        self.slack.close_view(self.user, self._modal().id)
        self.live.catch_up()

    def _show(self) -> None:
        self.live.print(draw_channel(self.slack, self.channel, user=self.user, threads=False))
        view = self._view()
        if view is not None:
            self.live.print(draw_view(self.slack, view))

    def _threads(self) -> None:
        for message in self.slack.messages(self.channel):
            replies = draw_thread(self.slack, message, user=self.user)
            if replies:
                head = draw_message(self.slack, message, user=self.user)[:2]
                self.live.print([*head, *replies])

    def _become(self, word: str, name: str) -> None:
        try:
            found = self.slack.find(name)
        except KeyError:
            raise CannotDo(f"nobody and nothing here is called {name}") from None
        if word == "as":
            self.user = found
        else:
            self.channel = found
        self.live.watch(self.user, self.channel)
        self._show()

    def _file(self, name: str) -> None:
        for file in self.slack.files():
            if file.name == name and file.content is not None:
                self._say(clean(file.content.decode(errors="replace")))
                return
        raise CannotDo(f"there is no file {name}")


def _numbered(controls: tuple[Control, ...], number: int, shown: int) -> Control:
    for control in controls:
        if control.number == number:
            return control
    raise CannotDo(f"there is no [{shown}] here")


def _meant(typed: str, options: list[Json]) -> str:
    if typed.isdecimal() and 0 < int(typed) <= len(options):
        return str(options[int(typed) - 1]["value"])
    return typed


def _entered(value: str) -> str | list[str]:
    """Read a typed value: a quoted text as it is, ``a, b`` for several choices only in brackets: ``[a, b]``."""
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return [part.strip() for part in value[1:-1].split(",") if part.strip()]
    if len(value) > 1 and value[0] == value[-1] == '"':
        return shlex.split(value)[0] if "\\" in value else value[1:-1]
    return value
