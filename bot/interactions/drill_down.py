"""Look deeper: a modal with every differing row of one host and query, paged, from the stored report."""

from __future__ import annotations

import msgspec

from bot import views
from bot.errors import DiffyError
from bot.interactions.interaction import Interaction, stored
from bot.views import actions
from bot.workflows.calls import Press
from bot.workflows.desk import Desk, Tell


class Place(msgspec.Struct, frozen=True):
    """Where in the report the modal stands; travels in its private_metadata, so it is not trusted."""

    run: str
    host: str = ""
    query: str = ""
    page: int = 1
    channel: str = ""


def read_place(metadata: str) -> Place:
    """Return the place; DiffyError when the modal is not ours any more."""
    try:
        return msgspec.json.decode(metadata, type=Place)
    except msgspec.MsgspecError as error:
        raise DiffyError(
            "This window is from another version of Diffy.", "Close it and press again."
        ) from error


def _open(press: Press, desk: Desk, tell: Tell) -> None:
    try:
        _, report = stored(desk, press.value)
        view = views.drill_down(report)
    except DiffyError as error:
        desk.chat.open_view(press.trigger_id, views.modal_error(str(error)))
        return
    desk.chat.open_view(press.trigger_id, view)
    desk.audit(press.user, "drill_down", report.run.target, report.run.id, press.channel)


def _show(press: Press, desk: Desk, place: Place) -> None:
    _, report = stored(desk, place.run)
    desk.chat.update_view(
        press.view_id, views.drill_down(report, host=place.host, query=place.query, page=place.page)
    )


def _pick_host(press: Press, desk: Desk, tell: Tell) -> None:
    _show(press, desk, Place(read_place(press.metadata).run, host=press.value))


def _pick_query(press: Press, desk: Desk, tell: Tell) -> None:
    place = read_place(press.metadata)
    _show(press, desk, Place(place.run, place.host, press.value))


def _turn(step: int, press: Press, desk: Desk) -> None:
    place = read_place(press.metadata)
    _show(press, desk, Place(place.run, place.host, place.query, max(1, place.page + step)))


def _next(press: Press, desk: Desk, tell: Tell) -> None:
    _turn(1, press, desk)


def _previous(press: Press, desk: Desk, tell: Tell) -> None:
    _turn(-1, press, desk)


def _post(press: Press, desk: Desk, tell: Tell) -> None:
    place = read_place(press.metadata)
    run, report = stored(desk, place.run)
    message = views.posted_rows(report, place.host, place.query, place.page, press.user)
    desk.chat.post(run.channel, message, thread=run.message_ts)
    desk.audit(
        press.user, "post_to_thread", report.run.target, run.id, run.channel, f"{place.host} {place.query}"
    )
    desk.chat.update_view(
        press.view_id,
        views.drill_down(report, host=place.host, query=place.query, page=place.page, posted=True),
    )


INTERACTIONS = (
    Interaction(actions.DRILL_DOWN, "analyze", _open),
    Interaction(actions.PICK_HOST, "analyze", _pick_host),
    Interaction(actions.PICK_QUERY, "analyze", _pick_query),
    Interaction(actions.PAGE_NEXT, "analyze", _next),
    Interaction(actions.PAGE_PREVIOUS, "analyze", _previous),
    Interaction(actions.POST_TO_THREAD, "analyze", _post),
)
