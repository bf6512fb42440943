"""A sandbox on real ports that several tests share."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from mockserver.core.errors import AddressUnavailable, InvalidValue, ServerUnreachable
from mockserver.live import LiveSandbox
from mockserver.testing.live import LiveLeanplum, LiveServer, serving

ANYWHERE = ("127.0.0.1", 0)


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with serving(None, ANYWHERE) as server:
        yield server


@pytest.fixture
def live(server: LiveServer) -> Iterator[LiveLeanplum]:
    live = server.begin()
    yield live
    server.end(live)


def test_a_delivery_from_beginning_to_end(live: LiveLeanplum) -> None:
    inbox = live.inbox("503*2,200")
    assert isinstance(live.add_postback(inbox.url + "?user={{User ID}}"), int)
    (delivery,) = live.trigger("email.click", user_id="ada")
    assert delivery.state == "pending"
    assert [attempt.number for attempt in live.advance("1h")] == [2]
    assert [attempt.number for attempt in live.run_until_idle()] == [3]
    assert [request.status for request in inbox.wait_for(3)] == [503, 503, 200]
    assert [request.query for request in inbox.requests] == 3 * [{"user": "ada"}]
    assert [item.state for item in live.deliveries] == ["delivered"]


def test_an_inbox_changes_its_behaviour(live: LiveLeanplum) -> None:
    inbox = live.inbox()
    live.add_postback(inbox.url)
    live.trigger("email.click")
    inbox.behave("404")
    live.trigger("email.click")
    assert [item.state for item in live.deliveries] == ["delivered", "rejected"]


def test_inboxes_have_urls_of_their_own(live: LiveLeanplum) -> None:
    assert live.inbox().url != live.inbox().url


def test_channels_and_types_of_a_rule(live: LiveLeanplum) -> None:
    inbox = live.inbox()
    live.add_postback(inbox.url, "messageEvents", ["Push Notification"])
    live.add_postback(inbox.url, "abTestEvents")
    assert live.trigger("email.click") == []
    assert len(live.trigger("push.open")) == 1
    assert len(live.trigger("ab-test.enter")) == 1


def test_the_clock_moves_in_units_as_that_of_the_other_fixture_does(live: LiveLeanplum) -> None:
    inbox = live.inbox("503,200")
    live.add_postback(inbox.url)
    live.trigger("email.click")
    assert [attempt.number for attempt in live.advance(hours=1)] == [2]  # type: ignore[call-arg]


def test_what_ended_leaves_nothing_behind(server: LiveServer) -> None:
    first = server.begin()
    first.add_postback(first.inbox("hang").url)
    server.end(first)
    second = server.begin()
    assert (second.deliveries, second.app_id != first.app_id) == ([], True)
    server.end(second)


def test_somebody_elses_sandbox_keeps_what_is_not_of_the_test() -> None:
    with LiveSandbox() as sandbox:
        kept = sandbox.sandbox.add_postback("https://partner.example/")
        with serving(sandbox.url, ANYWHERE) as server:
            assert server.url == sandbox.url
            live = server.begin()
            live.add_postback(live.inbox("503").url)
            live.trigger("email.click")
            server.end(live)
        assert sandbox.sandbox.ledger.rules() == [kept]
        assert [app.app_id for app in sandbox.sandbox.ledger.apps()] == ["YOUR_APP_ID"]
        assert sandbox.sandbox.inboxes.names() == []
        # What was pending is gone as well.
        assert sandbox.sandbox.deliveries == []


def test_nobody_answers() -> None:
    with pytest.raises(ServerUnreachable), serving("http://127.0.0.1:1", ANYWHERE):
        pass
    with pytest.raises(InvalidValue), serving("nowhere", ANYWHERE):
        pass


def test_an_address_that_is_taken() -> None:
    with (
        socket.create_server(ANYWHERE) as taken,
        pytest.raises(AddressUnavailable),
        serving(None, taken.getsockname()),
    ):
        pass
