"""The main job over real Socket Mode: what a channel sees from the command to the verdict and the rows behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.sandbox.slack import Message
from bot.sandbox.slack.workspace import INCIDENT, RESPONDER
from tests.whole.stage import Stage, planted, shown, stage

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The demo's two groups, with two compromised hosts in web-asg and one offline."""
    with stage(tmp_path_factory.mktemp("demo"), fleet="demo") as up:
        yield up


@pytest.fixture(scope="module")
def parent(demo: Stage) -> Message:
    """The message of one analysis of web-asg, once it holds the verdict."""
    ack = demo.type("analyze web-asg")
    assert "web-asg" in ack
    return demo.message_with("drill_down")


def test_analyze_names_the_compromised_hosts_first(demo: Stage, parent: Message) -> None:
    """One parent message, edited to the verdict; a reply for each host that stands out; no ping, no link."""
    hosts = planted(demo)

    text = shown(parent)

    assert len(demo.parents(INCIDENT.id)) == 1
    assert "2 of 24 hosts stand out" in text
    assert "1 did not answer" in text
    assert all(host in text for host in hosts)
    assert len(parent.versions) > 1
    replies = demo.wait(lambda slack: r if len(r := slack.thread(parent.channel, parent.ts)) >= 2 else None)
    everything = [parent, *replies]
    assert {host for host in hosts if any(host in shown(reply) for reply in replies[:2])} == set(hosts)
    assert {ping for message in everything for ping in message.pings} <= {f"<@{RESPONDER.id}>"}
    assert all(message.links == () for message in everything)
    assert any("<!channel> *x*" in shown(message) for message in everything)


def test_drill_down_pages_and_posts_to_the_thread(demo: Stage, parent: Message) -> None:
    """The modal shows stored rows by host and query; "Post to thread" puts them where the others read."""
    host = planted(demo)[0]
    demo.idle()  # the run's own replies are all there
    demo.press(parent, "drill_down")
    view = demo.view()
    replies = len(demo.slack.thread(parent.channel, parent.ts))

    demo.slack.press_in_view(RESPONDER.id, view.id, "pick_host", host)
    demo.wait(lambda slack: host in shown(slack.views(RESPONDER.id)[-1]))
    demo.slack.press_in_view(RESPONDER.id, view.id, "post_to_thread")

    posted = demo.wait(lambda slack: slack.thread(parent.channel, parent.ts)[replies:])
    assert host in shown(posted[-1])
    demo.slack.close_view(RESPONDER.id, view.id)
