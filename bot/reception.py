"""Who is let in, and who answers? Each command, press and submission passes here, decided from memory.

What Slack is not yet known to say of a user or channel is asked in the background; the person is told so, and the
request goes on by itself when the answer is there.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from bot import views
from bot.commands import COMMANDS, look_up
from bot.errors import DiffyError, Refused, UsageError
from bot.interactions import INTERACTIONS, SUBMISSIONS
from bot.model import Message
from bot.views.actions import drill_place
from bot.workflows.access import Access, Action, Person, Place
from bot.workflows.calls import Call, Press, Submission
from bot.workflows.desk import Desk, Tell

log = logging.getLogger(__name__)


class Directory(Protocol):
    """What is known of users and channels."""

    def person(self, user: str) -> Person | None: ...

    def place(self, channel: str) -> Place | None: ...

    def member(self, channel: str) -> bool | None: ...

    def learn(self, user: str, channel: str) -> None: ...

    def forget(self, channel: str) -> None: ...


class Reception:
    """Authorises and dispatches. ``aside`` runs what must not hold an acknowledgement back."""

    def __init__(self, desk: Desk, access: Access, directory: Directory, aside: ThreadPoolExecutor) -> None:
        self._desk = desk
        self._access = access
        self._directory = directory
        self._aside = aside

    def command(self, call: Call, tell: Tell) -> Message:
        """Answer a command, at once and from memory; the answer is seen by the caller alone."""
        if _needs_no_right(call.text):
            return self._answer(call, tell)
        if self._known(call.user, call.channel):
            self._aside.submit(self._renew, call.user, call.channel)
            return self._answer(call, tell)
        self._aside.submit(
            self._learn_then, call.user, call.channel, tell, lambda: tell(self._answer(call, tell))
        )
        return views.one_moment()

    def press(self, press: Press, tell: Tell) -> None:
        """Perform a press in the background. Inside a modal, what goes wrong is shown in the modal."""
        if press.view_id and not press.channel:
            tell = self._into(press.view_id)
        self._aside.submit(
            self._learn_then,
            press.user,
            press.channel,
            tell,
            lambda: self._guarded(press.user, tell, lambda: self._press(press, tell)),
        )

    def submit(self, submission: Submission) -> Mapping[str, str]:
        """Check a submitted modal; perform it in the background. The channel is that of its run."""
        handler = SUBMISSIONS.get(submission.callback)
        if handler is None:
            return {}
        errors: Mapping[str, str] = handler.check(submission)
        if errors:
            return errors
        try:
            run = self._desk.services.store.run(_run_of(submission.metadata))
        except DiffyError as error:
            return {next(iter(submission.values), ""): str(error)}

        def say(message: Message) -> None:
            self._desk.chat.ephemeral(run.channel, submission.user, message)

        def perform() -> None:
            self._allow("change", submission.user, run.channel, submission.callback)
            handler.submit(submission, self._desk)

        self._aside.submit(
            self._learn_then,
            submission.user,
            run.channel,
            say,
            lambda: self._guarded(submission.user, say, perform),
        )
        return {}

    def _answer(self, call: Call, tell: Tell) -> Message:
        name = ""
        try:
            command, words = look_up(call.text)
            name = command.name
            right = command.right(words)
            if right is not None:
                self._allow(right, call.user, call.channel, call.text)
                if self._directory.member(call.channel) is False:
                    self._directory.forget(call.channel)  # it may be invited the next moment
                    return views.not_in_channel(call.channel)
            return command.answer(call, words, self._desk, tell)
        except UsageError as error:
            return views.usage(f"/diffy {COMMANDS[name or 'help'].usage}", problem=str(error))
        except Refused as error:
            return views.refusal(error)
        except DiffyError as error:
            return views.failure(error)
        except Exception as error:  # noqa: BLE001 - the listener's broad catch: a person gets a reference, the log the rest
            return self._unknown(error)

    def _press(self, press: Press, tell: Tell) -> None:
        interaction = INTERACTIONS[press.action]
        self._allow(interaction.right, press.user, self._channel_of(press), press.action)
        interaction.press(press, self._desk, tell)

    def _into(self, view_id: str) -> Tell:
        def show(message: Message) -> None:
            self._desk.chat.update_view(view_id, views.modal_error(message.text))

        return show

    def _channel_of(self, press: Press) -> str:
        """A press inside a modal carries no channel: it is that of the modal's run."""
        if press.channel or not press.metadata:
            return press.channel
        return self._desk.services.store.run(_run_of(press.metadata)).channel

    def _allow(self, right: Action, user: str, channel: str, what: str) -> None:
        person = self._directory.person(user) or Person(user)
        place = self._directory.place(channel) or Place(channel)
        try:
            self._access.may(right, person, place)
        except Refused as refused:
            self._desk.audit(user, "refused", "", "", channel, f"{right}: {what} ({refused.message})")
            raise

    def _known(self, user: str, channel: str) -> bool:
        return self._directory.person(user) is not None and self._directory.place(channel) is not None

    def _renew(self, user: str, channel: str) -> None:
        """Ask Slack again about what was learned long ago, for the next time."""
        with contextlib.suppress(DiffyError):  # what is remembered still holds
            self._directory.learn(user, channel)

    def _learn_then(self, user: str, channel: str, tell: Tell, go_on: Callable[[], None]) -> None:
        """Learn, then go on. Nobody looks at what such a thread raises: it is told and logged here."""
        try:
            try:
                self._directory.learn(user, channel)
            except DiffyError as error:
                tell(views.failure(error))
            else:
                go_on()
        except Exception as error:
            log.exception("an answer could not be given")
            with contextlib.suppress(DiffyError):
                tell(self._unknown(error))

    def _guarded(self, user: str, tell: Tell, perform: Callable[[], None]) -> None:
        """Perform; what goes wrong reaches the person who pressed."""
        try:
            perform()
        except Refused as error:
            tell(views.refusal(error))
        except DiffyError as error:
            log.info("a press by %s failed: %s", user, error)
            tell(views.failure(error))
        except Exception as error:  # noqa: BLE001 - as above
            tell(self._unknown(error))

    def _unknown(self, error: Exception) -> Message:
        reference = secrets.token_hex(4)
        log.error("unexpected failure %s", reference, exc_info=error)
        return views.failure(error, reference)


def _needs_no_right(text: str) -> bool:
    try:
        command, words = look_up(text)
    except UsageError:
        return True
    return command.right(words) is None


def _run_of(metadata: str) -> str:
    return drill_place({"private_metadata": metadata}).run
