"""Look deeper: a modal with every differing row of one host and query, paged, from the stored report."""

from __future__ import annotations

from dataclasses import replace

from bot import views
from bot.errors import DiffyError
from bot.interactions.interaction import Interaction, stored
from bot.views import DrillPlace, actions, drill_place
from bot.workflows.calls import Press
from bot.workflows.desk import Desk, Tell


def read_place(press: Press) -> DrillPlace:
    """Return where the modal stands; it travels in the modal, so it is not trusted."""
    return drill_place({"private_metadata": press.metadata})


def _open(press: Press, desk: Desk, tell: Tell) -> None:
    try:
        _, report = stored(desk, press.value)
        view = views.drill_down(report)
    except DiffyError as error:
        desk.chat.open_view(press.trigger_id, views.modal_error(str(error)))
        return
    desk.chat.open_view(press.trigger_id, view)
    desk.audit(press.user, "drill_down", report.run.target, report.run.id, press.channel)


def _show(press: Press, desk: Desk, place: DrillPlace) -> None:
    _, report = stored(desk, place.run)
    desk.chat.update_view(
        press.view_id, views.drill_down(report, host=place.host, query=place.query, page=place.page)
    )


def _pick_host(press: Press, desk: Desk, tell: Tell) -> None:
    _show(press, desk, DrillPlace(read_place(press).run, host=_chosen(press)))


def _pick_query(press: Press, desk: Desk, tell: Tell) -> None:
    place = read_place(press)
    _show(press, desk, DrillPlace(place.run, place.host, _chosen(press)))


def _chosen(press: Press) -> str:
    return "" if press.value == actions.ANY else press.value


def _turn(step: int, press: Press, desk: Desk) -> None:
    place = read_place(press)
    _show(press, desk, replace(place, page=max(1, place.page + step)))


def _next(press: Press, desk: Desk, tell: Tell) -> None:
    _turn(1, press, desk)


def _previous(press: Press, desk: Desk, tell: Tell) -> None:
    _turn(-1, press, desk)


def _post(press: Press, desk: Desk, tell: Tell) -> None:
    place = read_place(press)
    run, report = stored(desk, place.run)
    message = views.posted_rows(report, place.host, place.query, place.page, press.user)
    desk.chat.post(run.channel, message, thread=run.message_ts)
    desk.audit(
        press.user, "post_to_thread", report.run.target, run.id, run.channel, f"{place.host} {place.query}"
    )


INTERACTIONS = (
    Interaction(actions.DRILL_DOWN, "analyze", _open),
    Interaction(actions.PICK_HOST, "analyze", _pick_host),
    Interaction(actions.PICK_QUERY, "analyze", _pick_query),
    Interaction(actions.PAGE_NEXT, "analyze", _next),
    Interaction(actions.PAGE_PREVIOUS, "analyze", _previous),
    Interaction(actions.POST_TO_THREAD, "analyze", _post),
)
