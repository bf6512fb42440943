"""What a case waits for at a sandbox of others: its own deliveries, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from contracts.conformance.own_deliveries import (
    MOST_STEPS,
    first_attempts_made,
    until_none_is_pending,
)
from contracts.conformance.running import RunningServer
from contracts.conformance.target import Target
from contracts.suite.recorder import Recorder, Untestable
from contracts.suite.subject import Names
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.core.clock import DEFAULT_START_AT, ManualClock, MovableClock
from mockserver.core.models import App
from mockserver.delivery.wiring import SocketOptions
from mockserver.sandbox import Sandbox
from mockserver.time.clocks import RunningClock
from mockserver.web.app import create_app
from mockserver.web.shapes import EventRequest
from tests.contracts.samples import serving

PUSH_OPEN = EventRequest(name="push.open")


@contextmanager
def shared(clock: MovableClock) -> Iterator[tuple[Sandbox, Target]]:
    """Serve a sandbox in which somebody else's delivery is tried again in half an hour."""
    with Sandbox(sockets=SocketOptions(), clock=clock) as sandbox:
        sandbox.put_app(App("theirs"))
        sandbox.inbox("theirs").behave("503")
        sandbox.add_postback(sandbox.inbox("theirs").url, app_id="theirs")
        sandbox.trigger("push.open", app_id="theirs")
        sandbox.advance(timedelta(minutes=30))
        with serving(create_app(sandbox)) as url:
            yield sandbox, Target(RunningServer(url), Recorder(), Names("own"))


def clocks() -> list[MovableClock]:
    return [ManualClock(), RunningClock(DEFAULT_START_AT), RunningClock(DEFAULT_START_AT, 3600)]


@pytest.mark.parametrize("clock", clocks(), ids=["manual", "running", "fast"])
@pytest.mark.parametrize("answer", ["200", "404", "503"])
def test_a_delivery_is_told_after_its_first_attempt(clock: MovableClock, answer: str) -> None:
    with shared(clock) as (_, target):
        for _ in range(5):
            inbox = target.inbox(answer)
            app = target.another_app()
            app.add(inbox.url)
            delivery = app.trigger_one("push.open")
            assert delivery.attempts_made >= 1
            assert [attempt.number for attempt in delivery.attempts][:1] == [1]
            assert len(inbox.requests()) >= 1


@pytest.mark.parametrize("clock", clocks()[:2], ids=["manual", "running"])
def test_idle_is_when_the_case_has_nothing_pending(clock: MovableClock) -> None:
    with shared(clock) as (sandbox, target):
        inbox = target.inbox("503,503,200")
        target.app.add(inbox.url)
        began_at = target.now()
        delivery = target.app.trigger_one("push.open")
        target.until_idle()
        assert target.delivery(delivery.id).state == "delivered"
        assert len(inbox.requests()) == 3
        moved = target.now() - began_at
        assert timedelta(hours=3) <= moved < timedelta(hours=3, minutes=1)
        assert [item.app_id for item in sandbox.deliveries(state="pending")] == ["theirs"]


def test_several_apps_of_a_case_are_all_seen_through() -> None:
    with shared(ManualClock()) as (_, target):
        inboxes = [target.inbox("503,200") for _ in range(3)]
        for inbox in inboxes:
            app = target.another_app()
            app.add(inbox.url)
            app.trigger("push.open")
        target.until_idle()
        assert [len(inbox.requests()) for inbox in inboxes] == [2, 2, 2]


def test_what_is_never_tried_cannot_be_tested() -> None:
    with Sandbox(clock=ManualClock()) as sandbox:
        client = SandboxClient(wire=WsgiWire(create_app(sandbox).wsgi_app))
        sandbox.add_postback("http://127.0.0.1:1/in")
        triggered = client.trigger(PUSH_OPEN)
        first_attempts_made(client, triggered.deliveries, 0)
        untried = list(triggered.deliveries)
        for item in untried:
            item.state, item.attempts_made = "pending", 0
        client.delivery = lambda number: untried[0]  # type: ignore[method-assign]
        with pytest.raises(Untestable, match=r"1 postback had no attempt within 0\.02 s"):
            first_attempts_made(client, untried, 0.02)


def test_one_that_goes_on_for_ever_is_left() -> None:
    with Sandbox(clock=ManualClock()) as sandbox:
        client = SandboxClient(wire=WsgiWire(create_app(sandbox).wsgi_app))
        sandbox.add_postback("http://127.0.0.1:1/in")
        client.trigger(PUSH_OPEN)
        app_id = next(iter(sandbox.ledger.apps())).app_id
        asked: list[object] = []
        until_none_is_pending(client, [app_id], asked.append)
        assert len(asked) == MOST_STEPS
