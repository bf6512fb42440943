"""What was added to somebody else's sandbox is gone afterwards, and nothing else is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from mockserver import Sandbox
from mockserver.client.leftovers import Leftovers
from mockserver.client.sandbox_client import SandboxClient
from mockserver.client.wire import WsgiWire
from mockserver.core.errors import ServerUnreachable
from mockserver.core.models import App, DueAttempt
from mockserver.core.outcome import Outcome, OutcomeKind
from mockserver.time.clocks import RunningClock
from mockserver.transport.in_process import CallableTransport
from mockserver.web.app import create_app


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        sandbox.inbox("kept").behave("503")
        yield sandbox


def client_of(sandbox: Sandbox) -> SandboxClient:
    return SandboxClient(wire=WsgiWire(create_app(sandbox)))


def add(sandbox: Sandbox, leftovers: Leftovers, number: int) -> None:
    app_id, inbox = f"app-{number}", sandbox.inbox(f"inbox-{number}")
    leftovers.app(app_id)
    leftovers.inbox(inbox.name)
    sandbox.put_app(App(app_id))
    inbox.behave("503")
    sandbox.add_postback(inbox.url, app_id=app_id)
    sandbox.trigger("email.click", app_id=app_id)


def left(sandbox: Sandbox) -> tuple[list[str], int, int, list[str]]:
    app_ids = [app.app_id for app in sandbox.ledger.apps()]
    return app_ids, len(sandbox.ledger.rules()), len(sandbox.deliveries), sandbox.inboxes.names()


def test_all_of_it_is_removed_and_nothing_else(sandbox: Sandbox) -> None:
    before = left(sandbox)
    leftovers = Leftovers(client_of(sandbox))
    for number in range(3):
        add(sandbox, leftovers, number)
    assert left(sandbox) != before
    assert leftovers.remove() == []
    assert left(sandbox) == before
    assert leftovers.remove() == []


def test_what_was_not_added_in_the_end_is_passed_over(sandbox: Sandbox) -> None:
    leftovers = Leftovers(client_of(sandbox))
    leftovers.app("never")
    leftovers.inbox("never")
    add(sandbox, leftovers, 1)
    assert leftovers.remove() == []
    assert left(sandbox) == (["YOUR_APP_ID"], 0, 0, ["kept"])


def test_what_cannot_be_removed_is_told_and_keeps_nothing_else(sandbox: Sandbox) -> None:
    leftovers = Leftovers(client_of(sandbox))
    add(sandbox, leftovers, 1)
    add(sandbox, leftovers, 2)
    sandbox.delete_app("YOUR_APP_ID")
    (told,) = leftovers.remove()
    assert told.startswith("app app-1 ('app-1' is the only app")
    assert left(sandbox)[3] == ["kept"]


@pytest.mark.parametrize("interrupted_at", range(8))
def test_after_an_interrupt_it_goes_on_where_it_was(
    sandbox: Sandbox, interrupted_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(sandbox)
    leftovers = Leftovers(client)
    for number in range(2):
        add(sandbox, leftovers, number)
    calls = 0

    def exchange(*arguments: Any) -> bytes:
        nonlocal calls
        calls += 1
        if calls == interrupted_at + 1:
            raise KeyboardInterrupt
        return plain(*arguments)

    plain = client._exchange
    monkeypatch.setattr(client, "_exchange", exchange)
    try:
        leftovers.remove()
    except KeyboardInterrupt:
        leftovers.remove()
    assert left(sandbox) == (["YOUR_APP_ID"], 0, 0, ["kept"])


def test_a_server_that_is_gone_is_asked_once(sandbox: Sandbox) -> None:
    client = client_of(sandbox)
    leftovers = Leftovers(client)
    for number in range(3):
        leftovers.app(f"app-{number}")
    asked = 0

    def gone(*_: object) -> bytes:
        nonlocal asked
        asked += 1
        raise ServerUnreachable("gone")

    client._exchange = gone  # type: ignore[assignment]
    assert leftovers.remove() == []
    assert asked == 1
    assert leftovers.remove() == []


def test_an_attempt_under_way_is_waited_for() -> None:
    begun, may_end = threading.Event(), threading.Event()
    made = []

    def slow(attempt: DueAttempt) -> Outcome:
        begun.set()
        may_end.wait(10)
        made.append(attempt)
        return Outcome(OutcomeKind.RESPONSE, status=200)

    with Sandbox(clock=RunningClock(), transport=CallableTransport(slow)) as sandbox:
        client = client_of(sandbox)
        leftovers = Leftovers(client)
        leftovers.app("shop")
        sandbox.put_app(App("shop"))
        sandbox.add_postback("http://partner.test/", app_id="shop")
        sandbox.trigger("email.click", app_id="shop")
        assert begun.wait(10)
        threading.Timer(0.05, may_end.set).start()
        assert leftovers.remove() == []
        assert len(made) == 1
        assert len(sandbox.deliveries) == 0
